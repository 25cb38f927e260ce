#!/usr/bin/env python3
"""documents.py - what a cluster on ECS and EC2 consists of, from one table.

    deploy/ecs/documents.py [DIR]     writes each document as a JSON file; default: ./ecs

A document is the request of one AWS operation, so `aws ecs register-task-definition
--cli-input-json file://ecs/task-coordinator.json` takes it as it is.  ${TROUPE_…} and ${AWS_…} are
filled in from the environment.  check.py holds all of them against the models of AWS.
"""
import base64
import json
import os
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
REGION = "${AWS_REGION}"
ACCOUNT = "${AWS_ACCOUNT}"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/troupe:${{TROUPE_TAG}}"
COORDINATOR = "tcp://coordinator.troupe.internal:7070"
OWN = "/tmp/troupe"  # only its owner can enter
PROJECTS = {"sourceVolume": "projects", "containerPath": "/projects"}

# What runs beside the executors has to know what those cost, and how many slots each has.
COST = "--set cost.instance=fargate-spot --set cost.slots=4"

# role: CPU units, MiB that are kept for it, MiB at most, port, whether it runs code of projects, more
# options.  Those that run no code of projects fit together on a t4g.small, with the rest on a t4g.large.
ROLES = {
    "coordinator": (512, 384, 1024, 7070, False, "--bind tcp://0.0.0.0:7070"
                    f" --state /var/lib/troupe --set security.allow_dir={OWN}/allow {COST}"),
    "partitioner": (128, 64, 256, None, False, ""),
    "classifier": (128, 128, 256, None, False, ""),
    "fixer": (256, 512, 2048, None, True, ""),
    "validator": (256, 1024, 4096, None, True, ""),
    "healer": (128, 512, 1024, None, True, ""),
    "monitor": (128, 64, 128, 9477, False, "--set monitor.listen=0.0.0.0:9477"),
    "gateway": (128, 128, 256, 8080, False, "--set gateway.listen=0.0.0.0:8080"
                " --set gateway.checkouts=/projects --set gateway.mirrors=/projects/.mirrors"
                " --set gateway.secret_file=/tmp/troupe/webhook-secret"
                " --set gateway.token_file=/tmp/troupe/token"),
    "sqs_bridge": (128, 96, 256, None, False, f"--set sqs.region={REGION} --set sqs.queue=troupe-jobs"
                   " --set sqs.dead_letter=troupe-jobs-dead"),
    "scaler": (128, 64, 128, None, False, f"--set scaling.region={REGION} --set scaling.cluster=troupe"
               " --set scaling.task=troupe-executor --set scaling.subnets=${TROUPE_SUBNET}"
               f" --set scaling.security_groups=${{TROUPE_SECURITY_GROUP}} {COST}"),
}
# An executor as a task of Fargate: the scaler starts it, it ends itself, and before Spot takes it away
# what it has.  CPU units and MiB are those of cost.vcpus and cost.memory_gb.
EXECUTOR = (4096, 8192, "--set executor.slots=4 --set executor.idle_stop_ms=45000 --set executor.warned_ms=95000")
# What a container has by default and an executor does not need.  Fargate adds none, so those that are
# not here (SETUID, SETGID, KILL) are what is left.
NOT_NEEDED = ["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "MKNOD", "NET_BIND_SERVICE",
              "NET_RAW", "SETFCAP", "SETPCAP", "SYS_CHROOT"]


OPEN = re.compile(r"\$\{((?:TROUPE|AWS)_\w+)\}")


def fill(text):
    return OPEN.sub(lambda found: os.environ.get(found[1], found[0]), text)


# ---- tasks ----

def files(role):
    """Files of OWN, and the variable that each comes in; make-keys made their content."""
    found = {f"{role}.cert_secret": "TROUPE_KEY", "coordinator.cert": "TROUPE_COORDINATOR"}
    if role == "gateway":
        found.update({"webhook-secret": "TROUPE_WEBHOOK", "token": "TROUPE_TOKEN"})
    return found


def variables(role):
    """What a task must not see after its start."""
    return [*files(role).values()] + (["TROUPE_ALLOW"] if role == "coordinator" else [])


def command(role, options):
    """Secrets of ECS are variables: they become files, and go from the environment."""
    link = "" if role == "coordinator" else f" --connect {COORDINATOR}"
    config = f"security: {{key_file: {OWN}/{role}.cert_secret, server_key_file: {OWN}/coordinator.cert}}"
    lines = ["set -eu", "umask 077", f"mkdir {OWN}", f"echo '{config}' >{OWN}/troupe.yml"]
    lines += [f"printf '%s\\n' \"${variable}\" >{OWN}/{name}" for name, variable in files(role).items()]
    if role == "coordinator":  # the public keys of all others, as a packed tar in base64
        lines += [f"mkdir {OWN}/allow", f'printf %s "$TROUPE_ALLOW" | base64 -d | tar -xz -C {OWN}/allow']
    if role == "executor":  # a volume of Fargate is root's alone
        lines.insert(1, "chmod 1777 /tmp")
    unset = "".join(f" -u {variable}" for variable in variables(role))
    lines.append(f"exec env{unset} troupe-node --role {role} --config {OWN}{link} {options}".rstrip())
    return "\n".join(lines)


def secrets(role):
    """From one secret a role, a JSON object with a member for each variable."""
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:troupe/{role}-${{TROUPE_SECRET_{role.upper()}}}"
    names = variables(role)
    if role in USERS:
        names += ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
    return [{"name": name, "valueFrom": f"{secret}:{name}::"} for name in names]


def container(role, options):
    """What is the same wherever it runs."""
    return {
        "name": role,
        "image": IMAGE,
        "essential": True,
        "entryPoint": ["sh", "-c"],
        "command": [command(role, options)],
        "secrets": secrets(role),
        "readonlyRootFilesystem": True,
        "stopTimeout": 15,
        "healthCheck": {"command": ["CMD-SHELL", "troupe health --live -q"
                                    f" --config {OWN} --cluster {COORDINATOR}"],
                        "interval": 10, "startPeriod": 15},
        "logConfiguration": {"logDriver": "awslogs", "options": {
            "awslogs-group": "/troupe", "awslogs-region": REGION, "awslogs-stream-prefix": role}},
    }


def machine_container(role):
    cpu, reserved, memory, port, runs_code, options = ROLES[role]
    mounts = [PROJECTS] if runs_code or role == "gateway" else []
    if role == "coordinator":
        mounts = [{"sourceVolume": "ledger", "containerPath": "/var/lib/troupe"}]
    found = {
        **container(role, options), "cpu": cpu, "memoryReservation": reserved, "memory": memory,
        "mountPoints": mounts,
        "linuxParameters": {
            "capabilities": {"drop": ["ALL"]},
            "tmpfs": [{"containerPath": "/tmp", "size": 64}]},
    }
    if port:
        found["portMappings"] = [{"containerPort": port, "hostPort": port, "protocol": "tcp"}]
    if runs_code:  # as in compose.yaml: who tests is somebody else than who has the key
        found["user"] = "root"
        found["linuxParameters"]["capabilities"]["add"] = ["SETUID", "SETGID", "KILL"]
        found["linuxParameters"]["tmpfs"] = [{"containerPath": "/tmp", "size": 1024,
                                              "mountOptions": ["exec"]}]
    else:
        found["dockerSecurityOptions"] = ["no-new-privileges"]
    return found


def projects():
    return {"name": "projects", "efsVolumeConfiguration": {
        "fileSystemId": "${TROUPE_EFS}", "transitEncryption": "ENABLED"}}


def volumes(role):
    """The ledger is SQLite with a write-ahead log, which no network file system may hold: it is on
    the disk of the one machine that has the attribute.  Code to test may come by EFS."""
    if role == "coordinator":
        return [{"name": "ledger", "host": {"sourcePath": "/var/lib/troupe"}}]
    return [projects()] if ROLES[role][4] or role == "gateway" else []


ARM = {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}


def task(role):
    """Bridged: a task with a network interface of its own would need one of the few that a small
    machine has, and one hop more keeps it from the machine's metadata."""
    found = {
        "family": f"troupe-{role}",
        "networkMode": "bridge",
        "requiresCompatibilities": ["EC2"],
        "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/troupe-start",
        "runtimePlatform": ARM,
        "containerDefinitions": [machine_container(role)],
        "volumes": volumes(role),
    }
    if role == "coordinator":
        found["placementConstraints"] = [{"type": "memberOf",
                                          "expression": "attribute:troupe.ledger == true"}]
    return found


def executor_task():
    """On Fargate, where no namespaces are to be had: tests are somebody else than who has the key, as
    in compose.yaml.  No role: what runs tests must not find credentials."""
    cpu, memory, options = EXECUTOR
    return {
        "family": "troupe-executor",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": str(cpu),
        "memory": str(memory),
        "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/troupe-start",
        "runtimePlatform": ARM,
        "containerDefinitions": [{
            **container("executor", options), "user": "root", "memory": memory, "stopTimeout": 110,
            "linuxParameters": {"capabilities": {"drop": NOT_NEEDED}},
            "mountPoints": [PROJECTS, {"sourceVolume": "tmp", "containerPath": "/tmp"}]}],
        "volumes": [projects(), {"name": "tmp"}],
    }


CANARY = """umask 022
mkdir -p /projects/.canary
chown 10001 /projects/.canary
echo 'test "$(cat marker)" = canary' >/projects/.canary/t.sh
printf canary >/projects/.canary/marker
printf 't.sh\\n' >/tmp/list
exec env -u TROUPE_KEY -u TROUPE_COORDINATOR XDG_STATE_HOME=/tmp/troupe troupe submit /projects/.canary --wait --timeout 10m \\
    --runner command --command 'sh {}' --files-from /tmp/list --config """ + OWN + " --cluster " + COORDINATOR


def canary_task():
    """A client that submits a test and waits for its verdict: its exit code is the gate of a deployment.
    Starting an executor on Fargate is part of it."""
    found = executor_task()
    inside = container("client", "")
    start = inside["command"][0].rpartition("\n")[0]
    del inside["healthCheck"]
    found.update(family="troupe-canary", cpu="256", memory="512", containerDefinitions=[{
        **inside, "user": "root", "memory": 512, "command": ["chmod 1777 /tmp\n" + start + "\n" + CANARY],
        "linuxParameters": {"capabilities": {
            "drop": [name for name in NOT_NEEDED if name != "CHOWN"] + ["SETUID", "SETGID", "KILL"]}},
        "mountPoints": [PROJECTS, {"sourceVolume": "tmp", "containerPath": "/tmp"}]}])
    return found


def service(role):
    return {
        "cluster": "troupe",
        "serviceName": f"troupe-{role}",
        "taskDefinition": f"troupe-{role}",
        "desiredCount": 1,
        "capacityProviderStrategy": [{"capacityProvider": "troupe-machine", "weight": 1}],
        # The old one goes first: two coordinators on one ledger must not be.
        "deploymentConfiguration": {"minimumHealthyPercent": 0, "maximumPercent": 100,
                                    "deploymentCircuitBreaker": {"enable": True, "rollback": True}},
    }


# ---- machines for executors ----

def launch_template():
    """Machines that may vanish at any time and that may do nothing in the account: no role."""
    script = fill((HERE / "executor.sh").read_text())
    return {
        "LaunchTemplateName": "troupe-executor",
        "LaunchTemplateData": {
            "ImageId": "${TROUPE_AMI}",
            "InstanceType": "c7g.xlarge",
            "UserData": base64.b64encode(script.encode()).decode(),
            "InstanceMarketOptions": {"MarketType": "spot", "SpotOptions": {
                "SpotInstanceType": "one-time", "InstanceInterruptionBehavior": "terminate"}},
            "InstanceInitiatedShutdownBehavior": "terminate",
            "MetadataOptions": {"HttpEndpoint": "enabled", "HttpTokens": "required",
                                "HttpPutResponseHopLimit": 1, "InstanceMetadataTags": "disabled"},
            "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": False,
                                   "SubnetId": "${TROUPE_SUBNET}",
                                   "Groups": ["${TROUPE_SECURITY_GROUP}"], "DeleteOnTermination": True}],
            "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {
                "VolumeType": "gp3", "VolumeSize": 30, "Encrypted": True, "DeleteOnTermination": True}}],
            "TagSpecifications": [{"ResourceType": "instance",
                                   "Tags": [{"Key": "Name", "Value": "troupe-executor"}]}],
        },
    }


# ---- who may do what ----

def policy(statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def queue(name):
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


# The roles that talk to AWS, each as a user of its own, and what each may do.
USERS = {
    "sqs_bridge": [
        {"Effect": "Allow", "Resource": queue("troupe-jobs"),
         "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility",
                    "sqs:GetQueueAttributes", "sqs:GetQueueUrl"]},
        {"Effect": "Allow", "Resource": queue("troupe-jobs-dead"),
         "Action": ["sqs:SendMessage", "sqs:GetQueueUrl"]}],
    "scaler": [
        {"Effect": "Allow", "Action": ["ecs:RunTask"],
         "Resource": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/troupe-executor",
         "Condition": {"ArnEquals": {"ecs:cluster": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/troupe"}}},
        # It has no resource of its own that could be named: the cluster is the condition.
        {"Effect": "Allow", "Action": ["ecs:ListTasks"], "Resource": "*",
         "Condition": {"ArnEquals": {"ecs:cluster": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/troupe"}}},
        {"Effect": "Allow", "Action": ["iam:PassRole"],
         "Resource": f"arn:aws:iam::{ACCOUNT}:role/troupe-start",
         "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}}],
}


def user_policy(role):
    return {"PolicyName": f"troupe-{role.replace('_', '-')}",
            "Description": f"What Troupe's {role} does.",
            "PolicyDocument": policy(USERS[role])}


def documents():
    """{file name: (service, operation, request)}; every role has a task and a service."""
    found = {}
    for role in ROLES:
        found[f"task-{role}.json"] = ("ecs", "RegisterTaskDefinition", task(role))
        found[f"service-{role}.json"] = ("ecs", "CreateService", service(role))
    found["task-executor.json"] = ("ecs", "RegisterTaskDefinition", executor_task())
    found["task-canary.json"] = ("ecs", "RegisterTaskDefinition", canary_task())
    found["launch-template-executor.json"] = ("ec2", "CreateLaunchTemplate", launch_template())
    for role in USERS:
        found[f"policy-{role.replace('_', '-')}.json"] = ("iam", "CreatePolicy", user_policy(role))
    return found


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "ecs")
    folder.mkdir(parents=True, exist_ok=True)
    missing = set(OPEN.findall((HERE / "executor.sh").read_text()))
    for name, (_, _, request) in documents().items():
        text = json.dumps(request, indent=2) + "\n"
        missing |= set(OPEN.findall(text))
        (folder / name).write_text(fill(text))
    print(f"{len(documents())} documents in {folder}")
    for name in sorted(missing - set(os.environ)):
        print(f"not filled in: {name}")


if __name__ == "__main__":
    main()
