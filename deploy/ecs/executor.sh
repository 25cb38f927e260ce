#!/bin/bash
# executor.sh - user data of a machine that is one executor: Debian 12, arm64.
#
# Its image holds /root/troupe, which is what make-keys made for executors: user data would be the
# wrong place for a key, since all on the machine and many in the account can read it.
set -euo pipefail

package=${TROUPE_PACKAGE}
package_sha256=${TROUPE_PACKAGE_SHA256}
coordinator=tcp://coordinator.troupe.internal:7070
efs=${TROUPE_EFS}.efs.${AWS_REGION}.amazonaws.com

# A machine that cannot work costs money: it goes.
trap 'shutdown -h now' ERR
[ -f /root/troupe/executor.cert_secret ]
chmod -R go= /root/troupe

export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --yes --no-install-recommends ca-certificates curl git libcurl4 libgumbo1 libjansson4 \
    libmicrohttpd12 libmsgpackc2 libpcre2-8-0 libseccomp2 libsqlite3-0 libssl3 libstdc++6 libyaml-0-2 libzmq5 \
    nfs-common
curl --fail --silent --show-error --location --retry 5 --output /root/troupe.tar "$package"
echo "$package_sha256  /root/troupe.tar" | sha256sum --check --quiet
tar -C / --no-same-owner -xf /root/troupe.tar
mkdir -p /projects
mount -t nfs4 -o nfsvers=4.1,hard,timeo=600,retrans=2,noresvport "$efs":/ /projects

sed -i 's,/run/troupe/,/root/troupe/,' /root/troupe/troupe.yml
# By its name the scaler finds it, to terminate it when it has drained.
cat >/etc/systemd/system/troupe-executor.service <<END
[Unit]
After=network-online.target
Wants=network-online.target

[Service]
ExecStart=/opt/troupe/bin/troupe-node --role executor --name executor/$(cloud-init query instance_id) --config /root/troupe \
    --connect $coordinator --set executor.slots=$(nproc) \
    --set executor.notices_url=http://169.254.169.254
# Who has ended in order was to be taken away: it must not take work again.
Restart=on-failure
TimeoutStopSec=15
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload
systemctl enable --now troupe-executor.service
