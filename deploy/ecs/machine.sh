#!/bin/bash
# machine.sh - user data of the machine that has the ledger: Amazon Linux 2023 as ECS offers it.
#
# Whatever it is replaced by finds the same volume and says where it is: others know it by name.
set -euo pipefail

volume=${TROUPE_VOLUME}
zone=${TROUPE_ZONE}
region=${AWS_REGION}

# A machine without a ledger is of no use: the group makes another one.
trap 'shutdown -h now' ERR
dnf install --assumeyes --quiet awscli-2
export AWS_DEFAULT_REGION=$region
imds=http://169.254.169.254/latest
token=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' $imds/api/token)
about() {
    curl -sf -H "X-aws-ec2-metadata-token: $token" "$imds/meta-data/$1"
}
id=$(about instance-id)

# The one before may still have it: a volume is at one machine at a time, which is what keeps two
# coordinators off one ledger.
for _ in $(seq 60); do
    ! aws ec2 attach-volume --volume-id "$volume" --instance-id "$id" --device /dev/xvdf || break
    sleep 5
done
aws ec2 wait volume-in-use --volume-ids "$volume"
disk=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_$(echo "$volume" | tr -d -)
for _ in $(seq 60); do
    [ ! -e "$disk" ] || break
    sleep 1
done
blkid "$disk" || mkfs.ext4 -q "$disk"
mkdir -p /var/lib/troupe
mount "$disk" /var/lib/troupe
chown 10001:10001 /var/lib/troupe
chmod 0700 /var/lib/troupe

aws route53 change-resource-record-sets --hosted-zone-id "$zone" --change-batch "{\"Changes\": [{
    \"Action\": \"UPSERT\", \"ResourceRecordSet\": {\"Name\": \"coordinator.troupe.internal\",
    \"Type\": \"A\", \"TTL\": 10, \"ResourceRecords\": [{\"Value\": \"$(about local-ipv4)\"}]}}]}"

# The attribute comes last: until now no coordinator may be placed here.
cat >>/etc/ecs/ecs.config <<END
ECS_CLUSTER=troupe
ECS_INSTANCE_ATTRIBUTES={"troupe.ledger":"true"}
ECS_CONTAINER_STOP_TIMEOUT=30s
END
