#!/usr/bin/env python3
"""test_stack.py - the CloudFormation template and production-deploy, with moto as the account.

Prints TAP.  moto starts nothing: what a canary's task came to is answered here, in front of it.
"""
import http.client
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.parse

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(SOURCE / "tests" / "system"), str(SOURCE / "deploy" / "cloudformation")]
import sqs_harness as harness  # noqa: E402
import stack  # noqa: E402

TROUPE = os.environ.get("TROUPE", str(SOURCE / "build" / "troupe"))
LINT = "cfn-lint==1.58.0"


class Account(http.server.ThreadingHTTPServer):
    """moto behind a door that knows how canaries end."""
    daemon_threads = True

    def __init__(self, moto):
        super().__init__(("127.0.0.1", 0), Door)
        self.moto = moto
        self.endpoint = f"http://127.0.0.1:{self.server_address[1]}"
        self.canaries = []   # exit codes to come; without one: 0
        self.updates = []    # (Tag, TagCoordinator) of each change of the stack, and canaries between them
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Door(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        server = self.server
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("X-Amz-Target", "").endswith(".DescribeTasks"):
            code = server.canaries.pop(0) if server.canaries else 0
            server.updates.append("canary" if code == 0 else "failed canary")
            return self.reply(200, json.dumps({"tasks": [
                {"lastStatus": "STOPPED", "containers": [{"name": "client", "exitCode": code}]}]}).encode(),
                "application/x-amz-json-1.1")
        form = urllib.parse.parse_qs(body.decode(errors="replace"), keep_blank_values=True)
        if form.get("Action", [""])[0] in ("UpdateStack", "CreateStack"):
            pairs = {form[key][0]: form[key.replace("ParameterKey", "ParameterValue")][0]
                     for key in form if key.endswith(".ParameterKey")}
            server.updates.append((pairs["Tag"], pairs["TagCoordinator"], pairs["Running"]))
            # AWS tells a parameter of SSM by its name; moto tells the value, and then does not take it.
            for key, (value, *_) in form.items():
                if value == "MachineImage":
                    form[key.replace("ParameterKey", "ParameterValue")] = [
                        stack.parameters()["MachineImage"]["Default"]]
            body = urllib.parse.urlencode(form, doseq=True).encode()
        link = http.client.HTTPConnection("127.0.0.1", server.moto.port, timeout=60)
        link.request("POST", self.path, body, {**dict(self.headers), "Content-Length": str(len(body))})
        answer = link.getresponse()
        content = answer.read()
        link.close()
        return self.reply(answer.status, content, answer.headers.get("Content-Type"))

    def reply(self, status, content, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind or "text/plain")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


class Place:
    def __init__(self):
        # Without signatures: the door changes some of the requests.
        self.moto = harness.Server([pathlib.Path(sys.prefix, "bin", "moto_server"), "-H", "127.0.0.1", "-p", "PORT"])
        self.moto.key = self.moto.secret = "x"
        self.account = Account(self.moto)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="troupe-test-stack-"))
        for role in stack.KEYS:
            (self.folder / role).mkdir()
            (self.folder / role / f"{role}.cert_secret").write_text(f"key of {role}\n")
            (self.folder / role / "coordinator.cert").write_text("public key\n")
        (self.folder / "coordinator" / "allow").mkdir()
        (self.folder / "coordinator" / "allow" / "executor.cert").write_text("may play executor\n")
        for name in ("webhook-secret", "token"):
            (self.folder / "gateway" / name).write_text(name)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        self.env.update(AWS_ACCESS_KEY_ID=self.moto.key, AWS_SECRET_ACCESS_KEY=self.moto.secret,
                        AWS_DEFAULT_REGION=harness.REGION, AWS_ENDPOINT_URL=self.account.endpoint, no_proxy="*")
        for role in stack.KEYS:  # moto's CloudFormation makes no secrets
            self.client("secretsmanager").create_secret(Name=f"troupe/{role}")
        self.subnet = self.client("ec2").describe_subnets()["Subnets"][0]

    def client(self, service):
        import boto3
        return boto3.client(service, endpoint_url=self.moto.endpoint, region_name=harness.REGION,
                            aws_access_key_id=self.moto.key, aws_secret_access_key=self.moto.secret)

    def deploy(self, *options):
        self.account.updates.clear()
        return subprocess.run([sys.executable, SOURCE / "deploy" / "production-deploy", "--pause-s", "0.1", *options],
                              env=self.env, capture_output=True, text=True, timeout=280)

    def first(self):
        options = {"Vpc": self.subnet["VpcId"], "Subnet": self.subnet["SubnetId"],
                   "SubnetZone": self.subnet["AvailabilityZone"], "AlarmMail": "team@example.org",
                   "ExecutorImage": "ami-12c6146b", "ExecutorPackage": "https://example.org/troupe.tar",
                   "ExecutorPackageSha256": "0" * 64}
        return ["--secrets", str(self.folder), *(part for key, value in options.items()
                                                 for part in ("--set", f"{key}={value}"))]

    def close(self):
        self.account.shutdown()
        self.account.server_close()
        self.moto.close()
        shutil.rmtree(self.folder)


# ---- the template ----

def the_template_is_what_the_tables_say(_):
    assert stack.OUT.read_text() == stack.text(), "run deploy/cloudformation/stack.py"
    assert len(stack.body()) <= 51200, "too large to be sent without a bucket"


def cfn_lint_finds_nothing_but_what_is_planted(_):
    venv = harness.CACHE / f"venv-{LINT}"
    if not (venv / "complete").exists():
        for step in ([sys.executable, "-m", "venv", "--clear", venv],
                     [venv / "bin" / "python", "-m", "pip", "install", "--quiet", LINT]):
            done = subprocess.run(step, capture_output=True, text=True)
            if done.returncode:
                return "cfn-lint cannot be had"
        (venv / "complete").touch()

    def lint(path):
        return subprocess.run([venv / "bin" / "cfn-lint", path], capture_output=True, text=True)
    done = lint(stack.OUT)
    assert done.returncode == 0, done.stdout[-3000:]
    broken = stack.template()
    broken["Resources"]["QueueJobs"]["Properties"]["VisibilityTimeOut"] = 60
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(broken, file)
        file.flush()
        done = lint(file.name)
    assert done.returncode != 0 and "VisibilityTimeOut" in done.stdout, "a wrong key was not found"


def the_coordinator_alone_has_a_tag_of_its_own(_):
    for name, made in stack.template()["Resources"].items():
        if made["Type"] == "AWS::ECS::TaskDefinition":
            (container,) = made["Properties"]["ContainerDefinitions"]
            tag = "${TagCoordinator}" if name == "TaskCoordinator" else "${Tag}"
            assert container["Image"]["Fn::Sub"].endswith("/troupe:" + tag), (name, container["Image"])


def nobody_may_more_than_its_table_says(_):
    resources = stack.template()["Resources"]
    for name, made in resources.items():
        for policy in made["Properties"].get("Policies", []) if made["Type"].startswith("AWS::IAM") else []:
            for statement in policy["PolicyDocument"]["Statement"]:
                actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
                assert not any("*" in action for action in actions), (name, actions)
                # These four have no resources that could be named.
                assert statement["Resource"] != "*" or "Condition" in statement or actions in (
                    ["ecr:GetAuthorizationToken"], ["ec2:DescribeVolumes"]), (name, actions)
    assert "TaskRoleArn" not in json.dumps(resources), "no task may have a role: tests could take it"
    executor = resources["ExecutorTemplate"]["Properties"]["LaunchTemplateData"]
    assert "IamInstanceProfile" not in executor and executor["MetadataOptions"]["HttpTokens"] == "required"


# ---- deployments ----

def a_dry_run_changes_nothing(place):
    done = place.deploy("--tag", "1", "--dry-run", *place.first())
    assert done.returncode == 0 and "would make the stack troupe" in done.stdout, done.stderr
    assert not place.client("cloudformation").list_stacks()["StackSummaries"] and not place.account.updates


def the_first_one_makes_everything_with_keys_before_anything_runs(place):
    done = place.deploy("--tag", "1", *place.first())
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert place.account.updates == [("1", "1", "no"), ("1", "1", "yes"), "canary"], place.account.updates
    secret = json.loads(place.client("secretsmanager").get_secret_value(SecretId="troupe/gateway")["SecretString"])
    assert secret == {"TROUPE_KEY": "key of gateway", "TROUPE_COORDINATOR": "public key",
                      "TROUPE_WEBHOOK": "webhook-secret", "TROUPE_TOKEN": "token"}, secret
    services = place.client("ecs").list_services(cluster="troupe", maxResults=50)["serviceArns"]
    wanted = set(stack.documents.ROLES) - set(stack.REPAIR)
    assert {arn.rpartition("troupe-")[2] for arn in services} >= wanted, services


def its_queues_are_those_of_the_file(place):
    done = subprocess.run([TROUPE, "queue", "apply", "--check", "--json", "--set", f"sqs.region={harness.REGION}",
                           "--set", f"sqs.endpoint={place.moto.endpoint}"], env=place.env, capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def workers_change_first_then_the_coordinator(place):
    done = place.deploy("--tag", "2")
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert place.account.updates == [("2", "1", "yes"), "canary", ("2", "2", "yes"), "canary"], place.account.updates


def a_failed_canary_brings_back_what_was(place):
    place.account.canaries[:] = [0, 1]
    done = place.deploy("--tag", "3")
    assert done.returncode == 1 and "3 was taken back" in done.stderr, done.stdout + done.stderr
    assert place.account.updates == [("3", "2", "yes"), "canary", ("3", "3", "yes"), "failed canary",
                                     ("2", "2", "yes"), "canary"], place.account.updates


def keys_are_put_again_only_when_they_changed(place):
    done = place.deploy("--tag", "2", "--secrets", str(place.folder))
    assert done.returncode == 0 and f"keys: 0 of {len(stack.KEYS)} secrets changed" in done.stdout, done.stdout
    (place.folder / "coordinator" / "allow" / "executor.cert").unlink()
    done = place.deploy("--tag", "2", "--secrets", str(place.folder))
    assert done.returncode == 0 and f"keys: 1 of {len(stack.KEYS)} secrets changed" in done.stdout, done.stdout


CASES = [the_template_is_what_the_tables_say, cfn_lint_finds_nothing_but_what_is_planted,
         the_coordinator_alone_has_a_tag_of_its_own, nobody_may_more_than_its_table_says, a_dry_run_changes_nothing,
         the_first_one_makes_everything_with_keys_before_anything_runs, its_queues_are_those_of_the_file,
         workers_change_first_then_the_coordinator, a_failed_canary_brings_back_what_was,
         keys_are_put_again_only_when_they_changed]


def main():
    if not harness.into_venv():
        print("1..0 # SKIP moto and boto3 cannot be had")
        return 0
    os.environ["no_proxy"] = "*"
    failed = 0
    place = Place()
    print(f"1..{len(CASES)}")
    try:
        for number, case in enumerate(CASES, 1):
            try:
                skipped = case(place)
                print(f"ok {number} - {case.__name__}" + (f" # SKIP {skipped}" if skipped else ""))
            except Exception as error:  # told, and the next
                failed += 1
                print(f"not ok {number} - {case.__name__}\n# " + repr(error).replace("\\n", "\n# "))
            sys.stdout.flush()
    finally:
        place.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
