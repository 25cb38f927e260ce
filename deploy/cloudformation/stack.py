#!/usr/bin/env python3
"""stack.py - everything that a cluster needs in an account, as one CloudFormation template.

    deploy/cloudformation/stack.py              writes deploy/cloudformation/troupe.yml
    deploy/cloudformation/stack.py --check      1 when that file is not what it would write

Tasks, services, rights and the machines of executors are those of ../ecs/documents.py, the queues
those of ../../config/distributed-queues.yml; what is here holds them together.
"""
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "ecs"))
import documents  # noqa: E402  it lies in the next folder

OUT = HERE / "troupe.yml"
REPAIR = ("fixer", "validator", "healer")  # only with the parameter of that name
KEYS = [*documents.ROLES, "executor", "client"]  # who has one of make-keys


# ---- texts ----

def ref(name):
    return {"Ref": name}


def of(name, attribute):
    return {"Fn::GetAtt": [name, attribute]}


def sub(text):
    return {"Fn::Sub": text} if "${" in text else text


def word(role):
    """sqs_bridge: SqsBridge"""
    return "".join(part.capitalize() for part in re.split(r"[-_.]", role))


# What documents.py leaves open, and a name that is unique in an account; the rest of a text stays.
NAMES = [("${AWS_REGION}", "${AWS::Region}"), ("${AWS_ACCOUNT}", "${AWS::AccountId}"),
         ("${TROUPE_TAG}", "${Tag}"), ("${TROUPE_EFS}", "${Projects}"), ("${TROUPE_SUBNET}", "${Subnet}"),
         ("${TROUPE_SECURITY_GROUP}", "${Inside}"), ("${TROUPE_VOLUME}", "${Ledger}"),
         ("${TROUPE_ZONE}", "${Zone}"), ("${TROUPE_AMI}", "${ExecutorImage}"),
         ("${TROUPE_PACKAGE_SHA256}", "${ExecutorPackageSha256}"), ("${TROUPE_PACKAGE}", "${ExecutorPackage}")]
OURS = re.compile(r"(?<![\w./-])troupe(?=-(?:jobs|executor|machine|start)\b)|(?<=cluster=)troupe\b"
                  r"|(?<=cluster/)troupe\b|(?<=CLUSTER=)troupe\b|\btroupe(?=\.internal\b)"
                  r"|(?<=task-definition/)troupe\b|(?<=role/)troupe\b|(?<=task=)troupe\b"
                  r"|(?<=awslogs-group\": \"/)troupe\b|(?<=queue=)troupe\b|(?<=dead_letter=)troupe\b")


def local(text):
    for name, ours in NAMES:
        text = text.replace(name, ours)
    return sub(OURS.sub("${Name}", text))


# ---- requests of AWS as resources ----

ODD = {"efsVolumeConfiguration": "EFSVolumeConfiguration", "fileSystemId": "FilesystemId"}


def resource(value, key=""):
    """The API begins names with a small letter, CloudFormation with a large one."""
    if isinstance(value, dict):
        if key == "options":
            return {name: local(f'/{text[1:]}') if text == "/troupe" else local(text)
                    for name, text in value.items()}
        return {ODD.get(name, name[0].upper() + name[1:]): resource(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [resource(inner) for inner in value]
    return local(value) if isinstance(value, str) else value


ODD_TASKS = {"executor": documents.executor_task, "canary": documents.canary_task}


def task(role):
    request = ODD_TASKS[role]() if role in ODD_TASKS else documents.task(role)
    found = resource(request)
    found["Family"] = sub(f"${{Name}}-{role}")
    found["ExecutionRoleArn"] = of("Start", "Arn")
    container = found["ContainerDefinitions"][0]
    if role == "coordinator":
        container["Image"] = sub(container["Image"]["Fn::Sub"].replace("${Tag}", "${TagCoordinator}"))
    container["LogConfiguration"]["Options"]["awslogs-group"] = ref("Logs")
    for secret in container["Secrets"]:
        variable = secret["Name"]
        owner = "client" if role == "canary" else role
        name = f"Aws{word(role)}" if variable.startswith("AWS_") else f"Secret{word(owner)}"
        secret["ValueFrom"] = sub(f"${{{name}}}:{variable}::")
    return {"Type": "AWS::ECS::TaskDefinition", "Properties": found}


def service(role):
    found = resource(documents.service(role))
    found["Cluster"] = ref("Cluster")
    found["ServiceName"] = sub(f"${{Name}}-{role}")
    found["TaskDefinition"] = ref(f"Task{word(role)}")
    found["DesiredCount"] = {"Fn::If": ["Runs", 1, 0]}
    found["CapacityProviderStrategy"][0]["CapacityProvider"] = ref("MachineProvider")
    # Others start when the coordinator has been tried: a stack with a wrong image fails early.
    return {"Type": "AWS::ECS::Service", "Properties": found,
            "DependsOn": "Providers" if role == "coordinator" else "ServiceCoordinator"}


def repaired(role, made):
    return {"Condition": "Repairs", **made} if role in REPAIR else made


def statements(role):
    """Queues and the cluster by what they are here, all else by its name."""
    found = json.loads(json.dumps(documents.USERS[role]))

    def replace(value):
        if isinstance(value, dict):
            return {name: replace(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [replace(inner) for inner in value]
        if ":sqs:" in value:
            return of(queue_resource(value.rpartition(":")[2]), "Arn")
        if value.startswith("arn:") and value.endswith(":cluster/troupe"):
            return of("Cluster", "Arn")
        if value.endswith(":role/troupe-start"):
            return of("Start", "Arn")
        if value.endswith("task-definition/troupe-executor"):
            return local(value.replace("/troupe-", "/${Name}-") + ":*")
        return value
    return replace(found)


# ---- queues ----

def queue_resource(name):
    return "Queue" + word(name.removeprefix("troupe-"))


def read_queues():
    """The file of the queues, whose form `troupe queue apply` has checked: name, then keys."""
    found = {}
    for line in (ROOT / "config" / "distributed-queues.yml").read_text().splitlines():
        text = line.split("#")[0].rstrip()
        if re.fullmatch(r"  [\w.-]+:", text):
            found[text.strip()[:-1]] = {}
        elif pair := re.fullmatch(r"    (\w+): (\S+)", text):
            found[[*found][-1]][pair[1]] = pair[2]
        elif text and text != "queues:":
            raise SystemExit(f"distributed-queues.yml: not a name, nor `key: value`: {line}")
    return found


QUEUE_KEYS = {"visibility_s": "VisibilityTimeout", "retention_s": "MessageRetentionPeriod",
              "wait_s": "ReceiveMessageWaitTimeSeconds", "delay_s": "DelaySeconds",
              "size_max": "MaximumMessageSize"}


def queues():
    found = {}
    for name, keys in read_queues().items():
        properties = {"QueueName": local(name), "SqsManagedSseEnabled": True}
        for key, value in keys.items():
            if key in QUEUE_KEYS:
                properties[QUEUE_KEYS[key]] = int(value)
        if name.endswith(".fifo"):
            properties["FifoQueue"] = True
        if "deduplicate" in keys:
            properties["ContentBasedDeduplication"] = keys["deduplicate"] == "true"
        if "dead_letter" in keys:
            properties["RedrivePolicy"] = {"deadLetterTargetArn": of(queue_resource(keys["dead_letter"]), "Arn"),
                                           "maxReceiveCount": int(keys["receives_max"])}
        found[queue_resource(name)] = {"Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain",
                                       "UpdateReplacePolicy": "Retain", "Properties": properties}
    return found


# ---- who may do what ----

def role_for(service_name, policies, managed=()):
    found = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": service_name}, "Action": "sts:AssumeRole"}]}}
    if policies:
        found["Policies"] = [{"PolicyName": "all", "PolicyDocument": {"Version": "2012-10-17", "Statement": policies}}]
    if managed:
        found["ManagedPolicyArns"] = [sub(f"arn:${{AWS::Partition}}:iam::aws:policy/{name}") for name in managed]
    return {"Type": "AWS::IAM::Role", "Properties": found}


def rights():
    secrets = [ref(f"Secret{word(role)}") for role in KEYS]
    # By their name: by what they are, the right to start tasks would need itself.
    secrets.append(sub("arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${Name}/aws-*"))
    repository = sub("arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/troupe")
    found = {
        "Start": role_for("ecs-tasks.amazonaws.com", [
            {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secrets},
            {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
            {"Effect": "Allow", "Resource": repository, "Action": [
                "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"]},
            {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
             "Resource": of("Logs", "Arn")}]),
        "MachineRole": role_for("ec2.amazonaws.com", [
            {"Effect": "Allow", "Action": "ec2:AttachVolume", "Resource": [
                sub("arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:volume/${Ledger}")]},
            {"Effect": "Allow", "Action": "ec2:AttachVolume",
             "Resource": sub("arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:instance/*"),
             "Condition": {"StringEquals": {"aws:ResourceTag/troupe": ref("Name")}}},
            {"Effect": "Allow", "Action": "ec2:DescribeVolumes", "Resource": "*"},
            {"Effect": "Allow", "Action": "route53:ChangeResourceRecordSets",
             "Resource": sub("arn:${AWS::Partition}:route53:::hostedzone/${Zone}")}],
            ["service-role/AmazonEC2ContainerServiceforEC2Role"]),
        "MachineProfile": {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [ref("MachineRole")]}},
    }
    for role in documents.USERS:
        name = word(role)
        found[f"User{name}"] = {"Type": "AWS::IAM::User", "Properties": {"Policies": [
            {"PolicyName": "all", "PolicyDocument": {"Version": "2012-10-17", "Statement": statements(role)}}]}}
        # Raise the serial to get another key: the old one is deleted when the new one is in its secret.
        found[f"Key{name}"] = {"Type": "AWS::IAM::AccessKey", "Properties": {
            "UserName": ref(f"User{name}"), "Serial": ref("KeySerial")}}
        found[f"Aws{name}"] = {"Type": "AWS::SecretsManager::Secret", "Properties": {
            "Name": sub(f"${{Name}}/aws-{role}"), "Description": f"What {role} signs with; made by the stack",
            "SecretString": sub(
                f'{{"AWS_ACCESS_KEY_ID":"${{Key{name}}}","AWS_SECRET_ACCESS_KEY":"${{Key{name}.SecretAccessKey}}"}}')}}
    for role in KEYS:
        # Without a value: production-deploy puts what make-keys made into it.
        found[f"Secret{word(role)}"] = {"Type": "AWS::SecretsManager::Secret", "Properties": {
            "Name": sub(f"${{Name}}/{role}"), "Description": f"The key of {role}, put there by production-deploy"}}
    return found


# ---- where it runs ----

def ingress(port, source, what):
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "Description": what, **source}


def place():
    from_inside = {"SourceSecurityGroupId": ref("Inside")}
    keep = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    return {
        "Inside": {"Type": "AWS::EC2::SecurityGroup", "Properties": {
            "GroupDescription": "Troupe: everything that belongs to it", "VpcId": ref("Vpc"),
            "SecurityGroupIngress": [ingress(8080, {"CidrIp": ref("WebhookFrom")}, "webhooks")]}},
        **{f"Inside{port}": {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": {
            "GroupId": ref("Inside"), **ingress(port, from_inside, what)}}
           for port, what in ((7070, "links to the coordinator"), (9477, "Prometheus"), (2049, "NFS"))},
        "Zone": {"Type": "AWS::Route53::HostedZone", "Properties": {
            "Name": sub("${Name}.internal"), "VPCs": [{"VPCId": ref("Vpc"), "VPCRegion": ref("AWS::Region")}]}},
        "Projects": {"Type": "AWS::EFS::FileSystem", **keep, "Properties": {
            "Encrypted": True, "LifecyclePolicies": [{"TransitionToIA": "AFTER_30_DAYS"}]}},
        "ProjectsHere": {"Type": "AWS::EFS::MountTarget", "Properties": {
            "FileSystemId": ref("Projects"), "SubnetId": ref("Subnet"), "SecurityGroups": [ref("Inside")]}},
        "Ledger": {"Type": "AWS::EC2::Volume", "DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Snapshot",
                   "Properties": {"AvailabilityZone": ref("SubnetZone"), "Size": 10, "VolumeType": "gp3",
                                  "Encrypted": True, "Tags": [{"Key": "troupe", "Value": ref("Name")}]}},
        "Artifacts": {"Type": "AWS::S3::Bucket", **keep, "Properties": {
            "BucketEncryption": {"ServerSideEncryptionConfiguration": [
                {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]},
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True, "BlockPublicPolicy": True, "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True},
            "LifecycleConfiguration": {"Rules": [
                {"Id": "old", "Status": "Enabled", "ExpirationInDays": 30,
                 "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}]}}},
        "ArtifactsTls": {"Type": "AWS::S3::BucketPolicy", "Properties": {
            "Bucket": ref("Artifacts"), "PolicyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Deny", "Principal": "*", "Action": "s3:*",
                 "Resource": [of("Artifacts", "Arn"), sub("${Artifacts.Arn}/*")],
                 "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}}},
        "Logs": {"Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete",
                 "Properties": {"LogGroupName": sub("/${Name}"), "RetentionInDays": 14}},
    }


def user_data(name):
    """Without comments: a template that is sent as it is may have 51,200 bytes."""
    text = (HERE.parent / "ecs" / name).read_text()
    return {"Fn::Base64": local(re.sub(r"^ *#(?!!).*\n|^\n", "", text, flags=re.M))}


def machine():
    """One machine for all roles but executors, made again when it is lost; its volume stays."""
    return {
        "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": ref("Name")}},
        "MachineTemplate": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": {
            "ImageId": ref("MachineImage"), "InstanceType": ref("MachineType"),
            "IamInstanceProfile": {"Arn": of("MachineProfile", "Arn")},
            "UserData": user_data("machine.sh"),
            "InstanceInitiatedShutdownBehavior": "terminate",
            "MetadataOptions": {"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": True, "SubnetId": ref("Subnet"),
                                   "Groups": [ref("Inside")], "DeleteOnTermination": True}],
            "TagSpecifications": [{"ResourceType": "instance", "Tags": [
                {"Key": "troupe", "Value": ref("Name")}, {"Key": "Name", "Value": sub("${Name}-machine")}]}]}}},
        "Machines": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {
            "MinSize": "1", "MaxSize": "1", "VPCZoneIdentifier": [ref("Subnet")],
            "LaunchTemplate": {"LaunchTemplateId": ref("MachineTemplate"),
                               "Version": of("MachineTemplate", "LatestVersionNumber")}},
            # Never two at a time: the ledger is at one of them.
            "UpdatePolicy": {"AutoScalingRollingUpdate": {"MinInstancesInService": 0, "MaxBatchSize": 1}}},
        "MachineProvider": {"Type": "AWS::ECS::CapacityProvider", "Properties": {
            "Name": sub("${Name}-machine"), "AutoScalingGroupProvider": {
                "AutoScalingGroupArn": ref("Machines"), "ManagedTerminationProtection": "DISABLED",
                "ManagedScaling": {"Status": "DISABLED"}}}},
        "Providers": {"Type": "AWS::ECS::ClusterCapacityProviderAssociations", "Properties": {
            "Cluster": ref("Cluster"), "CapacityProviders": ["FARGATE", "FARGATE_SPOT", ref("MachineProvider")],
            "DefaultCapacityProviderStrategy": [{"CapacityProvider": ref("MachineProvider"), "Weight": 1}]}},
    }


def executors():
    """The alternative to Fargate: as many Spot machines as a parameter says.  None of them is ever
    chosen to be stopped; a new number of them takes what the group has too many only after a drain."""
    data = documents.launch_template()["LaunchTemplateData"]
    data = resource({name: value for name, value in data.items()
                     if name not in ("UserData", "InstanceMarketOptions", "InstanceType")})
    data["UserData"] = user_data("executor.sh")
    return {
        "ExecutorTemplate": {"Type": "AWS::EC2::LaunchTemplate", "Condition": "OnMachines",
                             "Properties": {"LaunchTemplateData": data}},
        "ExecutorMachines": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Condition": "OnMachines", "Properties": {
            "MinSize": "0", "MaxSize": "16", "DesiredCapacity": ref("ExecutorMachinesWanted"),
            "NewInstancesProtectedFromScaleIn": True, "CapacityRebalance": True,
            "VPCZoneIdentifier": [ref("Subnet")],
            "MixedInstancesPolicy": {
                "InstancesDistribution": {"OnDemandBaseCapacity": 0, "OnDemandPercentageAboveBaseCapacity": 0,
                                          "SpotAllocationStrategy": "price-capacity-optimized"},
                "LaunchTemplate": {
                    "LaunchTemplateSpecification": {"LaunchTemplateId": ref("ExecutorTemplate"),
                                                    "Version": of("ExecutorTemplate", "LatestVersionNumber")},
                    "Overrides": [{"InstanceType": kind} for kind in ("c7g.xlarge", "c6g.xlarge", "m7g.xlarge")]}}}},
    }


# ---- what wakes somebody ----

def alarm(what, metric, **more):
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": {
        "AlarmDescription": what, "Namespace": metric[0], "MetricName": metric[1], "Period": 300,
        "EvaluationPeriods": 1, "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching", "AlarmActions": [ref("Alarms")], "OKActions": [ref("Alarms")], **more}}


def alarms():
    def dimensions(**pairs):
        return [{"Name": name, "Value": value} for name, value in pairs.items()]
    coordinator = dimensions(ClusterName=ref("Cluster"), ServiceName=of("ServiceCoordinator", "Name"))
    subscribers = [{"SubscriptionType": "EMAIL", "Address": ref("AlarmMail")}]
    return {
        "Alarms": {"Type": "AWS::SNS::Topic", "Properties": {
            "Subscription": [{"Protocol": "email", "Endpoint": ref("AlarmMail")}]}},
        "AlarmDead": alarm("Messages that are no jobs, or that failed again and again",
                           ("AWS/SQS", "ApproximateNumberOfMessagesVisible"), Statistic="Maximum",
                           Dimensions=dimensions(QueueName=of("QueueJobsDead", "QueueName"))),
        "AlarmOld": alarm("A job has waited for 15 minutes: the bridge or the coordinator does not take any",
                          ("AWS/SQS", "ApproximateAgeOfOldestMessage"), Statistic="Maximum", Threshold=900,
                          Dimensions=dimensions(QueueName=of("QueueJobs", "QueueName"))),
        "AlarmCoordinator": alarm("No coordinator has run for five minutes", ("AWS/ECS", "CPUUtilization"),
                                  Statistic="SampleCount", Threshold=1, ComparisonOperator="LessThanThreshold",
                                  TreatMissingData="breaching", Dimensions=coordinator),
        "AlarmMemory": alarm("The coordinator nears its memory's end", ("AWS/ECS", "MemoryUtilization"),
                             Statistic="Maximum", Threshold=90, EvaluationPeriods=3, Dimensions=coordinator),
        "Budget": {"Type": "AWS::Budgets::Budget", "Properties": {
            "Budget": {"BudgetName": sub("${Name}-month"), "BudgetType": "COST", "TimeUnit": "MONTHLY",
                       "BudgetLimit": {"Amount": ref("BudgetUsd"), "Unit": "USD"}},
            "NotificationsWithSubscribers": [
                {"Notification": {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN",
                                  "Threshold": share}, "Subscribers": subscribers} for share in (50, 80, 100)]}},
    }


# ---- the whole ----

def parameter(kind, what, default=None, **more):
    found = {"Type": kind, "Description": what, **more}
    if default is not None:
        found["Default"] = default
    return found


def parameters():
    return {
        "Name": parameter("String", "Of everything that has a name; another for a second cluster in the account",
                          "troupe", AllowedPattern="[a-z][a-z0-9-]{0,20}"),
        "Tag": parameter("String", "Of the image in the repository troupe"),
        "TagCoordinator": parameter("String", "The coordinator's, which production-deploy changes last"),
        "Running": parameter("String", "no: until the keys are in their secrets", "no", AllowedValues=["yes", "no"]),
        "Vpc": parameter("AWS::EC2::VPC::Id", "Where it runs"),
        "Subnet": parameter("AWS::EC2::Subnet::Id", "A public one, so that no NAT gateway is needed"),
        "SubnetZone": parameter("AWS::EC2::AvailabilityZone::Name", "Of that subnet"),
        "WebhookFrom": parameter("String", "Who reaches the gateway: the addresses of GitHub's webhooks, or of what "
                                 "stands before it", "192.0.2.0/32"),
        "MachineType": parameter("String", "t4g.small without repairs, t4g.large with them", "t4g.small",
                                 AllowedValues=["t4g.small", "t4g.medium", "t4g.large", "m7g.large"]),
        "MachineImage": parameter("AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "What ECS offers",
                                  "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id"),
        "Repair": parameter("String", "Fixer, validator and healer, too", "no", AllowedValues=["yes", "no"]),
        "ExecutorMachinesWanted": parameter("Number", "Spot machines for tests; 0: only what the scaler starts on "
                                            "Fargate", 0, MinValue=0, MaxValue=16),
        "ExecutorImage": parameter("String", "Image of those machines: Debian 12, arm64, with /root/troupe", ""),
        "ExecutorPackage": parameter("String", "URL of the package for them", ""),
        "ExecutorPackageSha256": parameter("String", "Its digest", ""),
        "BudgetUsd": parameter("Number", "A month's, of the whole account", 103, MinValue=1),
        "AlarmMail": parameter("String", "Who is told", AllowedPattern=".+@.+"),
        "KeySerial": parameter("Number", "Raise it, and sqs_bridge and scaler get new keys of AWS", 1, MinValue=1),
    }


def template():
    resources = {**queues(), **place(), **rights(), **machine(), **executors()}
    for role in documents.ROLES:
        resources[f"Task{word(role)}"] = repaired(role, task(role))
        resources[f"Service{word(role)}"] = repaired(role, service(role))
    resources.update({f"Task{word(role)}": task(role) for role in ODD_TASKS})
    resources.update(alarms())
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Troupe: queues, machines, roles and alarms. Written by stack.py; edit that.",
        "Parameters": parameters(),
        "Conditions": {"Repairs": {"Fn::Equals": [ref("Repair"), "yes"]},
                       "Runs": {"Fn::Equals": [ref("Running"), "yes"]},
                       "OnMachines": {"Fn::Not": [{"Fn::Equals": [ref("ExecutorImage"), ""]}]}},
        "Resources": resources,
        "Outputs": {
            "JobsUrl": {"Description": "Where jobs are sent", "Value": ref("QueueJobs")},
            "ArtifactsBucket": {"Description": "For large things", "Value": ref("Artifacts")},
            "ClusterName": {"Description": "For production-deploy, as the next", "Value": ref("Cluster")},
            "Canary": {"Description": "The task that tries the cluster", "Value": ref("TaskCanary")},
            "SecurityGroup": {"Description": "What that task is in", "Value": ref("Inside")}},
    }


# ---- YAML ----

def scalar(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    plain = re.fullmatch(r"[A-Za-z/][\w./-]*", value) and value.lower() not in ("yes", "no", "true", "false", "null",
                                                                               "on", "off", "y", "n")
    return value if plain else json.dumps(value)


def lines(value, depth=0):
    """Plain YAML: maps and lists in blocks, texts of several lines as they are."""
    pad = "  " * depth
    pairs = value.items() if isinstance(value, dict) else ((None, inner) for inner in value)
    for name, inner in pairs:
        head = f"{pad}-" if name is None else f"{pad}{scalar(name)}:"
        if isinstance(inner, (dict, list)) and inner:
            below = lines(inner, depth + 1)
            if name is None and isinstance(inner, dict):
                first = next(below)
                yield f"{pad}- {first.strip()}"
            else:
                yield head
            yield from below
        elif isinstance(inner, str) and "\n" in inner:
            yield f"{head} |" + ("" if inner.endswith("\n") else "-")
            yield from (f"{pad}  {line}".rstrip() for line in inner.rstrip("\n").split("\n"))
        else:
            yield f"{head} {scalar(inner) if not isinstance(inner, (dict, list)) else json.dumps(inner)}"


def text():
    return "\n".join(lines(template())) + "\n"


def body():
    """As it is sent."""
    return json.dumps(template(), separators=(",", ":"))


def main():
    if sys.argv[1:] == ["--check"]:
        good = OUT.exists() and OUT.read_text() == text()
        print("the template is up to date" if good else f"{OUT} is old: run {sys.argv[0]}")
        return 0 if good else 1
    OUT.write_text(text())
    print(f"{OUT}: {len(template()['Resources'])} resources, {len(body())} bytes when sent")
    return 0


if __name__ == "__main__":
    sys.exit(main())
