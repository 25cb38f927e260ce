"""Jobs out of a queue, through real processes: servers that others made, faults, and kill -9.

Servers: moto, which checks signatures as AWS does, and ElasticMQ, if java and mvn are there.  Both
are installed once, into ~/.cache/troupe-test-sqs.  TROUPE_NODE and SQS_DRIVE name the programs
under test; without them those in build/ are taken.  Prints TAP; what cannot be installed is skipped.
"""
import datetime
import json
import os
import random
import statistics
import subprocess
import sys
import time

from sqs_harness import (NODE, REGION, SEED, Cluster, Drive, ElasticMq, Moto, Proxy, elasticmq_jars,
                         into_venv)

FAULTS = 0.3
LATENCIES = 100   # messages, one after another
LATENCY_MS = 500  # for 99 of 100
PATIENCE_S = 60   # for a campaign


# ---- TAP ----

class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0

    def run(self, name, test, *args):
        self.count += 1
        began = time.monotonic()
        try:
            told = test(*args)
            print(f"ok {self.count} - {name}" + (f": {told}" if told else ""))
        except Exception as error:  # a failed test must not end the others
            self.failed += 1
            print(f"not ok {self.count} - {name}")
            print(f"# {type(error).__name__} {error}".replace("\n", "\n# "))
            trace = error.__traceback__
            while trace:
                print(f"#   {trace.tb_frame.f_code.co_name}:{trace.tb_lineno}")
                trace = trace.tb_next
        print(f"# {time.monotonic() - began:.1f} s", flush=True)

    def skip(self, name, why):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {why}", flush=True)


def same(found, expected, what=""):
    assert found == expected, f"{what}: {found!r} is not {expected!r}"


# ---- signatures ----

def random_request(rng):
    def text(alphabet, most, least=0):
        return "".join(rng.choice(alphabet) for _ in range(rng.randint(least, most)))
    anything = "abcXYZ019-_.~ !*'();:@&=+$,/?%#[]äß€𝄞"
    segments = ["", ".", "..", "a", "b%20c", "d~e", "f:g@h", "i+j", "k=l", "%E2%82%AC"]
    path = "/" + "/".join(rng.choice(segments) for _ in range(rng.randint(0, 6)))
    query = {text(anything, 8, 1): text(anything, 12) for _ in range(rng.randint(0, 5))}
    names = rng.sample(["Content-Type", "X-Amz-Target", "x-one", "X-Two", "ACCEPT"],
                       rng.randint(0, 5))
    # No tabs: of them AWS says nothing.
    headers = {name: "v" + text("ab  c,;=\"", 20) for name in names}
    host = rng.choice(["sqs.us-east-1.amazonaws.com", "localhost:4566", "127.0.0.1"])
    return (rng.choice(["GET", "POST", "PUT", "DELETE"]), host, path, query, headers,
            text(anything, 200).encode())


def signed_by_botocore(request, credentials, region, service, when):
    from botocore import auth, awsrequest
    method, host, path, query, headers, body = request
    aws = awsrequest.AWSRequest(method, f"https://{host}{path}", dict(headers), body, query)
    signer = (auth.S3SigV4Auth if service == "s3" else auth.SigV4Auth)(credentials, service, region)
    stamp = datetime.datetime.fromtimestamp(when, datetime.timezone.utc)
    aws.context["timestamp"] = stamp.strftime("%Y%m%dT%H%M%SZ")
    aws.headers["X-Amz-Date"] = aws.context["timestamp"]
    if credentials.token:
        aws.headers["X-Amz-Security-Token"] = credentials.token
    text = signer.string_to_sign(aws, signer.canonical_request(aws))
    names = signer.signed_headers(signer.headers_to_sign(aws))
    return (aws.context["timestamp"],
            f"AWS4-HMAC-SHA256 Credential={signer.scope(aws)}, SignedHeaders={names}, "
            f"Signature={signer.signature(text, aws)}")


def test_signatures():
    from botocore.credentials import Credentials
    rng = random.Random(SEED)
    count = 0
    for token in ("", "FwoGZXIvYXdzE//token=="):
        credentials = Credentials("AKIDEXAMPLE", "wJalr/XUtnFEMI+K7MDENG", token or None)
        drive = Drive(credentials.access_key, credentials.secret_key, token)
        for _ in range(100):
            request = random_request(rng)
            method, host, path, query, headers, body = request
            region = rng.choice(["us-east-1", "eu-central-1"])
            service = rng.choice(["sqs", "sqs", "iam", "service"])
            when = rng.randrange(0, 2**32)
            pairs = [text for pair in [*query.items(), *headers.items()] for text in pair]
            date, header = drive.do("sign", method, host, path, region, service, when, body,
                                    len(query), *pairs)
            same((date, header), signed_by_botocore(request, credentials, region, service, when),
                 request)
            count += 1
        drive.close()
    return f"{count} requests"


# ---- the role ----

def test_refuses_to_start():
    """Without a queue, and without credentials: exit code 3 and a sentence."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and k != "HOME"}
    for sets, sentence in (([], "sqs.region and sqs.queue"),
                           (["sqs.region=r", "sqs.queue=q"], "AWS_ACCESS_KEY_ID"),
                           (["sqs.region=r", "sqs.queue=a b"], "names or URLs"),
                           (["sqs.region=r", "sqs.queue=q", "sqs.dead_letter=q"], "itself"),
                           (["sqs.region=r", "sqs.queue=q", "sqs.endpoint=ftp://x"], "http")):
        command = [NODE, "--role", "sqs_bridge"]
        command += [part for text in sets for part in ("--set", text)]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=20)
        same(done.returncode, 3, done.stderr)
        assert sentence in done.stderr, done.stderr


BAD = ["", " ", "no json", "[]", "{}", '{"dir":"relative","files":["a"]}',
       '{"dir":"/tmp","files":["../a"]}', '{"dir":"/tmp","file":["a"]}',
       '{"dir":"/tmp","dir":"/"}', '{"dir":"/tmp","runner":"command","command":"true"}',
       '{"dir":"/tmp","env":{"A":"x\\ny"}}', "[" * 5000]


class Story:
    """A queue, its dead letters, and a cluster that takes its jobs; one for each test."""

    def __init__(self, server, name, **sets):
        import boto3
        proxy = sets.pop("proxy", None)
        self.server = server
        self.boto = boto3.client("sqs", endpoint_url=server.endpoint, region_name=REGION,
                                 aws_access_key_id=server.key, aws_secret_access_key=server.secret)
        self.url = self.boto.create_queue(QueueName=name)["QueueUrl"]
        self.dead_url = self.boto.create_queue(QueueName=name + "-dead")["QueueUrl"]
        self.cluster = Cluster(proxy or server, name, name + "-dead", **sets)
        self.drive = Drive()

    def body(self, name, **more):
        """The job that runs the file `name` of the cluster's project."""
        text, = self.drive.do("job", more.get("run", ""), str(self.cluster.project), "command",
                              "sh job.sh {}", f"OUT={self.cluster.out}\nFROM=queue\n", name)
        return text

    def send(self, bodies):
        """{id of the message: its place}"""
        sent = {}
        for at in range(0, len(bodies), 10):
            entries = [{"Id": str(i), "MessageBody": body}
                       for i, body in enumerate(bodies[at:at + 10])]
            answer = self.boto.send_message_batch(QueueUrl=self.url, Entries=entries)
            assert len(answer["Successful"]) == len(entries), answer
            sent.update((item["MessageId"], at + int(item["Id"]))
                        for item in answer["Successful"])
        return sent

    def left(self):
        """Messages in the queue, waiting or hidden."""
        counts = self.boto.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])
        return sum(int(counts["Attributes"][f"ApproximateNumberOfMessages{kind}"])
                   for kind in ("", "NotVisible", "Delayed"))

    def dead(self):
        """{id of the message: (body, reason)}; one may lie there twice."""
        found, empty = {}, 0
        while empty < 2:
            answer = self.boto.receive_message(QueueUrl=self.dead_url, MaxNumberOfMessages=10,
                                               MessageAttributeNames=["All"]).get("Messages", [])
            empty = 0 if answer else empty + 1
            for message in answer:
                told = {name: value["StringValue"]
                        for name, value in message["MessageAttributes"].items()}
                found[told["troupe.message"]] = (message["Body"], told["troupe.reason"])
        return found

    def wait(self, what, patience=PATIENCE_S, act=lambda: None):
        until = time.monotonic() + patience
        while not what():
            assert time.monotonic() < until, (
                f"{self.left()} messages are left, {len(self.cluster.executed())} files were "
                f"executed; the bridge says: {self.cluster.log('sqs_bridge')[-1500:]}")
            act()
            time.sleep(0.1)

    def check(self, names, sent, bad):
        """One run for each message, no other; the rest are dead letters."""
        executed = self.cluster.executed()
        same(sorted(executed), sorted(names), "executed")
        rows = self.cluster.ledger("SELECT run.id, job.file, run.verdict FROM run "
                                   "JOIN job ON job.run = run.no")
        same(sorted(file for _, file, _ in rows), sorted(names), "files of runs")
        same({verdict for _, _, verdict in rows}, {1}, "verdicts")
        same(len({run for run, _, _ in rows}), len(names), "runs")
        dead = self.dead()
        same(sorted(body for body, _ in dead.values()), sorted(bad), "dead letters")
        assert all(message in sent for message in dead), dead
        assert all(reason for _, reason in dead.values()), dead
        for name in self.cluster.commands:
            assert self.server.secret not in self.cluster.log(name), "a secret in a log"
        return sum(len(times) for times in executed.values()) - len(names)

    def close(self):
        self.drive.close()
        self.cluster.close()


def test_latency(server):
    """From before it is sent until its command runs, on a cluster that has nothing else to do."""
    story = Story(server, "latency")
    try:
        took = []
        for i in range(LATENCIES + 3):
            name = f"file-{i}"
            body = story.body(name)
            began = time.time()
            story.boto.send_message(QueueUrl=story.url, MessageBody=body)
            path = story.cluster.out / name
            until = time.monotonic() + 20
            while not path.exists() or not path.read_text().endswith("queue\n"):
                assert time.monotonic() < until, story.cluster.log("sqs_bridge")[-1500:]
                time.sleep(0.002)
            took.append((story.cluster.executed()[name][0] - began) * 1000)
            time.sleep(0.02)
        story.wait(lambda: story.left() == 0)
        story.cluster.stop()
    finally:
        story.close()
    took = sorted(took[3:])  # the first ones find the executor cold
    p50, p99 = statistics.median(took), took[int(0.99 * len(took)) - 1]
    assert p99 <= LATENCY_MS, f"p50 {p50:.0f} ms, p99 {p99:.0f} ms, most {took[-1]:.0f} ms"
    return f"p50 {p50:.0f} ms, p99 {p99:.0f} ms, most {took[-1]:.0f} ms of {len(took)}"


def test_campaign(server, messages):
    """30 % of the calls fail, and the bridge and the coordinator are killed again and again."""
    proxy = Proxy(server, FAULTS, 1.5)
    story = Story(server, "campaign", proxy=proxy, **{
        "sqs.visibility_s": 5, "sqs.wait_s": 2, "sqs.backoff_ms": 20, "sqs.backoff_ms_max": 500,
        "sqs.attempts_max": 20, "sqs.counts_ms": 1000})
    rng = random.Random(SEED)
    try:
        names = [f"file-{i}" for i in range(messages)]
        bad = [body for body in BAD if body.strip()]  # SQS takes no empty ones
        bodies = [story.body(name) for name in names] + bad
        rng.shuffle(bodies)
        # The same job twice, by a sender that was not sure, is one run.
        bodies.append(story.body("named", run="01ARZ3NDEKTSV4RRFFQ69G5FAV"))
        bodies.append(bodies[-1])
        sent = story.send(bodies)
        began = time.monotonic()
        next_kill = began + 1

        def kill():
            nonlocal next_kill
            if time.monotonic() > next_kill and sum(story.cluster.kills.values()) < 12:
                story.cluster.kill(rng.choice(["sqs_bridge", "coordinator"]))
                next_kill = time.monotonic() + 1

        story.wait(lambda: sum(story.cluster.kills.values()) >= 8 and story.left() == 0, act=kill)
        story.wait(lambda: len(story.cluster.executed()) == messages + 1)
        took = time.monotonic() - began
        open_runs = "SELECT count(*) FROM run WHERE verdict = 0"
        story.wait(lambda: story.cluster.ledger(open_runs) == [(0,)])
        story.cluster.stop()
        again = story.check(names + ["named"], sent, bad)
        faults = sum(proxy.faults.values()) - proxy.faults["none"]
        kills = story.cluster.kills
        assert faults > 0.2 * sum(proxy.faults.values()), proxy.faults
        return (f"{len(sent)} messages, {len(bad)} of them bad, in {took:.0f} s: {messages + 1} "
                f"runs, {len(bad)} dead letters; {faults} of {sum(proxy.faults.values())} calls "
                f"harmed, {kills['sqs_bridge']} kills of the bridge, {kills['coordinator']} of the "
                f"coordinator, {again} executions repeated")
    finally:
        story.close()
        proxy.close()


def test_large_bodies_through_s3(server):
    """They lie in a bucket, as Amazon's extended clients put them; what is not there is a dead letter."""
    import boto3
    s3 = boto3.client("s3", endpoint_url=server.endpoint, region_name=REGION,
                      aws_access_key_id=server.key, aws_secret_access_key=server.secret)
    s3.create_bucket(Bucket="bodies")
    story = Story(server, "bucket", **{"sqs.bucket": "bodies", "sqs.bucket_endpoint": server.endpoint})

    def pointer(key, bucket="bodies"):
        return json.dumps(["software.amazon.payloadoffloading.PayloadS3Pointer",
                           {"s3BucketName": bucket, "s3Key": key}])
    try:
        names = [f"file-{i}" for i in range(20)]
        for name in names:
            body = story.body(name) + 300000 * " "  # more than a message of SQS was allowed for years
            s3.put_object(Bucket="bodies", Key=f"jobs/{name}.json", Body=body.encode())
        bad = [pointer("jobs/none.json"), pointer("jobs/file-0.json", "others")]
        sent = story.send([pointer(f"jobs/{name}.json") for name in names] + bad)
        story.wait(lambda: story.left() == 0 and len(story.cluster.executed()) == len(names))
        story.wait(lambda: not story.cluster.ledger("SELECT 1 FROM run WHERE verdict = 0"))
        story.check(names, sent, bad)
        story.cluster.stop()
    finally:
        story.close()


def test_wrong_key(server):
    """It says so, goes on asking, and nothing secret is told."""
    class Wrong:
        endpoint, key, secret = server.endpoint, server.key, "wrong" + server.secret
    story = Story(server, "wrong", proxy=Wrong)
    try:
        story.wait(lambda: "GetQueueUrl failed reason=REFUSED" in story.cluster.log("sqs_bridge"))
        story.cluster.stop()
        assert server.secret not in story.cluster.log("sqs_bridge")
    finally:
        story.close()


def test_names_are_stable():
    drive = Drive()
    names = {drive.do("run", f"message-{i % 500}", 1700000000000 + i % 500)[0]
             for i in range(1000)}
    same(len(names), 500)
    assert all(len(name) == 26 and set(name) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
               for name in names), names
    drive.close()


def tell(tap, make, *tests):
    """Runs tests against a server, if it starts."""
    try:
        server = make()
    except OSError as error:
        tap.failed += 1
        tap.count += 1
        print(f"not ok {tap.count} - a server starts: {error}")
        return
    try:
        for test, *args in tests:
            name = test.__name__.removeprefix("test_").replace("_", " ")
            tap.run(f"{server.name} {name}", test, server, *args)
    finally:
        server.close()


def main():
    if not into_venv():
        print("1..0 # SKIP moto and boto3 cannot be installed")
        return 0
    os.environ["no_proxy"] = "*"
    tap = Tap()
    for test in (test_signatures, test_names_are_stable, test_refuses_to_start):
        tap.run(test.__name__.removeprefix("test_").replace("_", " "), test)
    tell(tap, Moto, (test_latency,), (test_campaign, 200), (test_large_bodies_through_s3,), (test_wrong_key,))
    folder = elasticmq_jars()
    if folder:
        tell(tap, lambda: ElasticMq(folder), (test_latency,), (test_campaign, 100))
    else:
        tap.skip("elasticmq", "java or mvn is not there, or its jars cannot be fetched")
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
