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

# role: CPU units, MiB, port, whether it runs code of projects, more options
ROLES = {
    "coordinator": (1024, 1024, 7070, False, "--bind tcp://0.0.0.0:7070"
                    " --state /var/lib/troupe --set security.allow_dir=/run/allow"),
    "partitioner": (256, 256, None, False, ""),
    "classifier": (256, 256, None, False, ""),
    "fixer": (1024, 2048, None, True, ""),
    "validator": (2048, 4096, None, True, ""),
    "healer": (512, 512, None, True, ""),
    "monitor": (128, 128, 9477, False, "--set monitor.listen=0.0.0.0:9477"),
    "gateway": (256, 256, 8080, False, "--set gateway.listen=0.0.0.0:8080"
                " --set gateway.checkouts=/projects --set gateway.mirrors=/projects/.mirrors"
                " --set gateway.secret_file=/tmp/troupe/webhook-secret"
                " --set gateway.token_file=/tmp/troupe/token"),
    "sqs_bridge": (256, 256, None, False, f"--set sqs.region={REGION} --set sqs.queue=troupe-jobs"
                   " --set sqs.dead_letter=troupe-jobs-dead"),
}


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


def command(role):
    """Secrets of ECS are variables: they become files, on memory, and go from the environment."""
    link = "" if role == "coordinator" else f" --connect {COORDINATOR}"
    config = f"security: {{key_file: {OWN}/{role}.cert_secret, server_key_file: {OWN}/coordinator.cert}}"
    lines = ["set -eu", "umask 077", f"rm -rf {OWN} && mkdir {OWN}", f"echo '{config}' >{OWN}/troupe.yml"]
    lines += [f"printf '%s\\n' \"${variable}\" >{OWN}/{name}" for name, variable in files(role).items()]
    unset = "".join(f" -u {variable}" for variable in files(role).values())
    lines.append(f"exec env{unset} troupe-node --role {role} --config {OWN}{link} {ROLES[role][4]}".rstrip())
    return "\n".join(lines)


def secrets(role):
    """From one secret a role, a JSON object with a member for each variable."""
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:troupe/{role}-${{TROUPE_SECRET_{role.upper()}}}"
    names = list(files(role).values())
    if role == "sqs_bridge":
        names += ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
    return [{"name": name, "valueFrom": f"{secret}:{name}::"} for name in names]


def container(role):
    cpu, memory, port, runs_code, _ = ROLES[role]
    mounts = [PROJECTS] if runs_code or role == "gateway" else []
    if role == "coordinator":
        mounts = [{"sourceVolume": "ledger", "containerPath": "/var/lib/troupe"},
                  {"sourceVolume": "allow", "containerPath": "/run/allow", "readOnly": True}]
    found = {
        "name": role,
        "image": IMAGE,
        "essential": True,
        "cpu": cpu,
        "memory": memory,
        "entryPoint": ["sh", "-c"],
        "command": [command(role)],
        "secrets": secrets(role),
        "mountPoints": mounts,
        "readonlyRootFilesystem": True,
        "stopTimeout": 15,
        "healthCheck": {"command": ["CMD-SHELL", "troupe health --live --quiet"
                                    f" --config {OWN} --cluster {COORDINATOR}"],
                        "interval": 10, "timeout": 5, "retries": 3, "startPeriod": 15},
        "linuxParameters": {
            "capabilities": {"drop": ["ALL"]},
            "tmpfs": [{"containerPath": "/tmp", "size": 64}]},
        "logConfiguration": {"logDriver": "awslogs", "options": {
            "awslogs-group": "/troupe", "awslogs-region": REGION, "awslogs-stream-prefix": role}},
    }
    if port:
        found["portMappings"] = [{"containerPort": port, "protocol": "tcp"}]
    if runs_code:  # as in compose.yaml: who tests is somebody else than who has the key
        found["user"] = "root"
        found["linuxParameters"]["capabilities"]["add"] = ["SETUID", "SETGID", "KILL"]
        found["linuxParameters"]["tmpfs"] = [{"containerPath": "/tmp", "size": 1024,
                                              "mountOptions": ["exec"]}]
    else:
        found["dockerSecurityOptions"] = ["no-new-privileges"]
    return found


def volumes(role):
    """The ledger is SQLite with a write-ahead log, which no network file system may hold: it is on
    the disk of the one machine that has the attribute.  Code to test may come by EFS."""
    if role == "coordinator":
        return [{"name": "ledger", "host": {"sourcePath": "/var/lib/troupe"}},
                {"name": "allow", "host": {"sourcePath": "/var/lib/troupe-allow"}}]
    if ROLES[role][3] or role == "gateway":
        return [{"name": "projects", "efsVolumeConfiguration": {
            "fileSystemId": "${TROUPE_EFS}", "transitEncryption": "ENABLED"}}]
    return []


def task(role):
    found = {
        "family": f"troupe-{role}",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["EC2"],
        "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/troupe-start",
        "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        "containerDefinitions": [container(role)],
        "volumes": volumes(role),
    }
    if role == "coordinator":
        found["placementConstraints"] = [{"type": "memberOf",
                                          "expression": "attribute:troupe.ledger == true"}]
    return found


def service(role):
    found = {
        "cluster": "troupe",
        "serviceName": f"troupe-{role}",
        "taskDefinition": f"troupe-{role}",
        "desiredCount": 1,
        "launchType": "EC2",
        # The old one goes first: two coordinators on one ledger must not be.
        "deploymentConfiguration": {"minimumHealthyPercent": 0, "maximumPercent": 100,
                                    "deploymentCircuitBreaker": {"enable": True, "rollback": True}},
        "networkConfiguration": {"awsvpcConfiguration": {
            "subnets": ["${TROUPE_SUBNET}"], "securityGroups": ["${TROUPE_SECURITY_GROUP}"]}},
    }
    if role in ("coordinator", "monitor"):
        found["serviceRegistries"] = [{"registryArn": f"${{TROUPE_REGISTRY_{role.upper()}}}"}]
    return found


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


def bridge_policy():
    return {
        "PolicyName": "troupe-sqs-bridge",
        "Description": "What Troupe's sqs_bridge does: take jobs, give unusable ones away.",
        "PolicyDocument": policy([
            {"Effect": "Allow", "Resource": queue("troupe-jobs"),
             "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility",
                        "sqs:GetQueueAttributes", "sqs:GetQueueUrl"]},
            {"Effect": "Allow", "Resource": queue("troupe-jobs-dead"),
             "Action": ["sqs:SendMessage", "sqs:GetQueueUrl"]}]),
    }


def documents():
    """{file name: (service, operation, request)}; every role has a task and a service."""
    found = {}
    for role in ROLES:
        found[f"task-{role}.json"] = ("ecs", "RegisterTaskDefinition", task(role))
        found[f"service-{role}.json"] = ("ecs", "CreateService", service(role))
    found["launch-template-executor.json"] = ("ec2", "CreateLaunchTemplate", launch_template())
    found["policy-sqs-bridge.json"] = ("iam", "CreatePolicy", bridge_policy())
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
