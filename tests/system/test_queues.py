#!/usr/bin/env python3
"""test_queues.py - troupe queue apply and troupe doctor --production against servers that others made:
moto with signatures checked, and ElasticMQ; boto3 looks at what came of it.

Prints TAP.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import sqs_harness as harness

TROUPE = os.environ.get("TROUPE", str(harness.SOURCE / "build" / "troupe"))
QUEUES = """queues:
  jobs:
    visibility_s: 45
    retention_s: 7200
    wait_s: 15
    dead_letter: jobs-dead
    receives_max: 4
  jobs-dead: {MessageRetentionPeriod: 1209600}
  effects.fifo:
    deduplicate: true
    delay_s: 3
    dead_letter: effects-dead.fifo
    receives_max: 2
  effects-dead.fifo: {}
"""


class Place:
    def __init__(self, server):
        import boto3
        self.server = server
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="troupe-test-queues-"))
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        self.env.update(AWS_ACCESS_KEY_ID=server.key, AWS_SECRET_ACCESS_KEY=server.secret)
        self.sqs = boto3.client("sqs", endpoint_url=server.endpoint, region_name=harness.REGION,
                                aws_access_key_id=server.key, aws_secret_access_key=server.secret)

    def apply(self, *options, text=QUEUES, endpoint=None, env=None):
        if text:
            (self.folder / "distributed-queues.yml").write_text(text)
        done = subprocess.run(
            [TROUPE, "queue", "apply", "--json", *(["--config", str(self.folder)] if text else []),
             "--set", f"sqs.region={harness.REGION}", "--set", f"sqs.endpoint={endpoint or self.server.endpoint}",
             *options], env=env or self.env, capture_output=True, text=True, timeout=60)
        assert done.returncode in (0, 1, 3, 9), done.stderr
        lines = done.stdout.splitlines()
        return done.returncode, json.loads(lines[-1]) if lines else None, done.stderr

    def attributes(self, name):
        url = self.sqs.get_queue_url(QueueName=name)["QueueUrl"]
        return self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def states(answer):
    return {queue["queue"]: queue["state"] for queue in answer["queues"]}


def checks_before_anything_is_there(place):
    code, answer, _ = place.apply("--check")
    assert code == 1 and set(states(answer).values()) == {"missing"}, answer
    assert not place.sqs.list_queues().get("QueueUrls"), "a check made a queue"


def makes_all_and_then_finds_nothing_to_do(place):
    code, answer, errors = place.apply()
    assert code == 0 and set(states(answer).values()) == {"created"}, (answer, errors)
    assert "MessageRetentionPeriod is an older name: write retention_s" in errors, errors
    jobs, dead = place.attributes("jobs"), place.attributes("jobs-dead")
    assert (jobs["VisibilityTimeout"], jobs["ReceiveMessageWaitTimeSeconds"]) == ("45", "15"), jobs
    # ElasticMQ keeps messages for ever, and says nothing of it.
    assert jobs.get("MessageRetentionPeriod", "7200") == "7200", jobs
    reasons = {queue["queue"]: queue["reason"] for queue in answer["queues"]}
    assert ("the server has no retention_s" in reasons["jobs"]) == ("MessageRetentionPeriod" not in jobs), reasons
    policy = json.loads(jobs["RedrivePolicy"])
    assert (policy["deadLetterTargetArn"], int(policy["maxReceiveCount"])) == (dead["QueueArn"], 4), policy
    effects = place.attributes("effects.fifo")
    assert effects["FifoQueue"] == effects["ContentBasedDeduplication"] == "true", effects
    code, answer, _ = place.apply()
    assert code == 0 and set(states(answer).values()) == {"same"}, answer
    assert place.apply("--check")[0] == 0


def mends_what_somebody_changed(place):
    url = place.sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    place.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "7"})
    code, answer, _ = place.apply("--check")
    assert code == 1 and states(answer)["jobs"] == "different", answer
    assert [q["reason"] for q in answer["queues"] if q["queue"] == "jobs"] == ["visibility_s 7 is not 45"], answer
    assert place.attributes("jobs")["VisibilityTimeout"] == "7", "a check changed a queue"
    code, answer, _ = place.apply()
    assert code == 0 and states(answer)["jobs"] == "changed", answer
    assert place.attributes("jobs")["VisibilityTimeout"] == "45"


def a_message_read_too_often_is_in_the_dead_letter_queue(place):
    """The policy is not only kept, it works."""
    text = "queues:\n  a: {visibility_s: 0, dead_letter: b, receives_max: 1}\n  b: {}\n"
    assert place.apply(text=text)[0] == 0
    url = {name: place.sqs.get_queue_url(QueueName=name)["QueueUrl"] for name in "ab"}
    place.sqs.send_message(QueueUrl=url["a"], MessageBody="x")
    for _ in range(4):
        place.sqs.receive_message(QueueUrl=url["a"], VisibilityTimeout=0)
    found = place.sqs.receive_message(QueueUrl=url["b"], WaitTimeSeconds=3).get("Messages", [])
    assert [message["Body"] for message in found] == ["x"], found


def the_shipped_queues_can_be_made_through_faults(place):
    proxy = harness.Proxy(place.server, 0.3)
    try:
        code, answer, errors = place.apply(text="", endpoint=proxy.endpoint)
    finally:
        proxy.close()
    assert code == 0, (answer, errors)
    assert set(states(answer)) == {"troupe-jobs", "troupe-jobs-dead"}, answer
    assert sum(proxy.faults.values()) > proxy.faults["none"], "nothing was harmed"


def nobody_there_is_told(place):
    code, answer, _ = place.apply(endpoint=f"http://127.0.0.1:{harness.free_port()}")
    assert code == 1 and sorted(states(answer).values()) == ["failed"] + ["not asked"] * 3, answer


def a_wrong_key_is_told(place):
    code, answer, _ = place.apply(env=dict(place.env, AWS_SECRET_ACCESS_KEY="wrong"))
    assert code == 1 and "status 403" in json.dumps(answer), answer


def doctor(place, *options):
    done = subprocess.run(
        [TROUPE, "doctor", str(place.folder / "project"), "--production", "--json", "--state", str(place.folder / "state"),
         "--set", f"sqs.region={harness.REGION}", "--set", f"sqs.endpoint={place.server.endpoint}",
         "--set", f"scaling.endpoint={place.server.endpoint}", "--set", "scaling.cluster=team", *options],
        env=dict(place.env, AWS_ENDPOINT_URL_S3=place.server.endpoint), capture_output=True, text=True, timeout=120)
    found = {check["name"]: check for check in json.loads(done.stdout.splitlines()[-1])["checks"]}
    return done.returncode, {name: check["status"] for name, check in found.items()}, found


def run_suite(place, failing):
    project = place.folder / "project"
    place.folder.chmod(0o755)
    project.mkdir(exist_ok=True)
    for i in range(20):
        (project / f"t{i}.sh").write_text(f"exit {int(i < failing)}\n")
    (place.folder / "list").write_text("".join(f"t{i}.sh\n" for i in range(20)))
    subprocess.run([TROUPE, "run", str(project), "--runner", "command", "--command", "sh {}", "--fix", "off", "--files-from",
                    str(place.folder / "list"), "--state", str(place.folder / "state")], env=place.env,
                   capture_output=True, timeout=120)


def the_doctor_knows_what_a_team_lacks(place):
    import boto3
    as_us = {"endpoint_url": place.server.endpoint, "region_name": harness.REGION,
             "aws_access_key_id": place.server.key, "aws_secret_access_key": place.server.secret}
    run_suite(place, failing=4)
    place.sqs.delete_queue(QueueUrl=place.sqs.get_queue_url(QueueName="troupe-jobs")["QueueUrl"])
    code, health, found = doctor(place, "--bucket", "artifacts")
    assert code == 1 and {health[name] for name in ("sqs", "ecs", "s3", "github", "suite")} == {"fail"}, found
    assert "troupe-jobs is missing" in found["sqs"]["found"] and "16 of 20" in found["suite"]["found"], found
    assert all(found[name]["advice"] for name in ("sqs", "ecs", "s3", "github", "suite")), found
    place.apply(text="")
    boto3.client("ecs", **as_us).create_cluster(clusterName="team")
    boto3.client("s3", **as_us).create_bucket(Bucket="artifacts")
    run_suite(place, failing=3)
    for name in ("secret", "token"):
        (place.folder / name).write_text(name)
    code, health, found = doctor(place, "--bucket", "artifacts", "--set", f"gateway.secret_file={place.folder}/secret",
                                 "--set", f"gateway.token_file={place.folder}/token")
    assert {health[name] for name in ("sqs", "ecs", "s3", "github", "suite")} == {"ok"}, found


COMMON = [checks_before_anything_is_there, makes_all_and_then_finds_nothing_to_do, mends_what_somebody_changed,
          a_message_read_too_often_is_in_the_dead_letter_queue, the_shipped_queues_can_be_made_through_faults,
          nobody_there_is_told]


def main():
    if not harness.into_venv():
        print("1..0 # SKIP moto and boto3 cannot be had")
        return 0
    os.environ["no_proxy"] = "*"
    failed = count = 0
    jars = harness.elasticmq_jars()
    servers = [(harness.Moto, [*COMMON, a_wrong_key_is_told, the_doctor_knows_what_a_team_lacks])]
    if jars:
        servers.append((lambda: harness.ElasticMq(jars), COMMON))
    for make, cases in servers:
        server = make()
        try:
            place = Place(server)
            for case in cases:
                count += 1
                try:
                    case(place)
                    print(f"ok {count} - {server.name} {case.__name__}")
                except Exception as error:  # told, and the next
                    failed += 1
                    print(f"not ok {count} - {server.name} {case.__name__}\n# {error!r}")
                sys.stdout.flush()
            shutil.rmtree(place.folder, ignore_errors=True)
        finally:
            server.close()
    if not jars:
        count += 1
        print(f"ok {count} - elasticmq # SKIP java or mvn is not there")
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
