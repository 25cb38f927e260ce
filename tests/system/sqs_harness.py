"""What test_sqs.py drives: servers that others made, a proxy of its own, and a cluster."""
import collections
import http.client
import http.server
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
NODE = os.environ.get("TROUPE_NODE", str(SOURCE / "build" / "troupe-node"))
DRIVE = os.environ.get("SQS_DRIVE", str(SOURCE / "build" / "tests" / "actors" / "sqs_drive"))
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"),
                     "troupe-test-sqs")
PACKAGES = ["moto[server]==5.2.5", "boto3==1.44.5"]
ELASTICMQ = "1.6.9"
REGION = "us-east-1"
SEED = int(os.environ.get("SQS_SEED", "7"))


# ---- installing ----

def into_venv():
    """Goes on under a python that has moto and boto3; False: it cannot be had."""
    python = CACHE / "venv" / "bin" / "python"
    mark = CACHE / "venv" / "complete"
    wanted = "\n".join(PACKAGES)
    if not mark.exists() or mark.read_text() != wanted:
        shutil.rmtree(CACHE / "venv", ignore_errors=True)
        steps = [[sys.executable, "-m", "venv", str(CACHE / "venv")],
                 [str(python), "-m", "pip", "install", "--quiet", *PACKAGES]]
        for step in steps:
            done = subprocess.run(step, capture_output=True, text=True)
            if done.returncode:
                print("# " + done.stderr.strip().replace("\n", "\n# "))
                return False
        mark.write_text(wanted)
    if sys.prefix != str(CACHE / "venv"):
        sys.stdout.flush()
        os.execv(python, [str(python), *sys.argv])
    return True


def elasticmq_jars():
    """The folder of ElasticMQ's jars; None: it cannot be had."""
    folder = CACHE / f"elasticmq-{ELASTICMQ}"
    if (folder / "complete").exists():
        return folder
    if not shutil.which("java") or not shutil.which("mvn"):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pom.xml").write_text(f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>test</groupId><artifactId>test</artifactId>
  <version>1</version><packaging>pom</packaging>
  <dependencies><dependency><groupId>org.elasticmq</groupId>
    <artifactId>elasticmq-server_3</artifactId><version>{ELASTICMQ}</version>
  </dependency></dependencies></project>""")
    done = subprocess.run(["mvn", "-q", "-B", "dependency:copy-dependencies",
                           f"-DoutputDirectory={folder}/jars"], cwd=folder, capture_output=True)
    if done.returncode:
        return None
    (folder / "complete").touch()
    return folder


# ---- servers ----

def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A process that listens on a port of 127.0.0.1."""

    def __init__(self, command, env=None, patience=60):
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [str(part).replace("PORT", str(self.port)) for part in command],
            env=dict(os.environ, **(env or {})), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        until = time.monotonic() + patience
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if time.monotonic() > until or self.process.poll() is not None:
                    self.close()
                    raise
                time.sleep(0.1)

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


class Moto(Server):
    name = "moto"

    def __init__(self):
        # The three requests that make a user are let through; after them signatures count.
        super().__init__([pathlib.Path(sys.prefix, "bin", "moto_server"), "-H", "127.0.0.1", "-p",
                          "PORT"], {"INITIAL_NO_AUTH_ACTION_COUNT": "3"})
        import boto3
        iam = boto3.client("iam", endpoint_url=self.endpoint, region_name=REGION,
                           aws_access_key_id="x", aws_secret_access_key="x")
        iam.create_user(UserName="troupe")
        key = iam.create_access_key(UserName="troupe")["AccessKey"]
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        iam.put_user_policy(UserName="troupe", PolicyName="all", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [everything]}))
        self.key, self.secret = key["AccessKeyId"], key["SecretAccessKey"]


class ElasticMq(Server):
    name = "elasticmq"
    key, secret = "AKIDELASTIC", "secretelastic"

    def __init__(self, folder):
        super().__init__(["java", "-Xmx256m", "-Drest-sqs.bind-port=PORT",
                          "-Drest-sqs.bind-hostname=127.0.0.1", "-Drest-stats.enabled=false",
                          "-Dnode-address.port=PORT", "-cp", f"{folder}/jars/*",
                          "org.elasticmq.server.Main"])


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.calls[self.headers["X-Amz-Target"].split(".")[-1]] += 1
        self.server.act(self, body)

    def reply(self, status, body, kind="application/x-amz-json-1.0"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def reset(self):
        """Ends the connection with RST, so that nothing of the answer arrives."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Both files of the handler hold the connection; a shutdown would send a FIN first.
        os.close(self.connection.detach())
        self.close_connection = True
        self.wfile = open(os.devnull, "wb")

    def log_message(self, *args):
        pass


class Local(http.server.ThreadingHTTPServer):
    """An HTTP server in this process; `act(handler, body)` answers."""
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, act):
        super().__init__(("127.0.0.1", 0), Handler)
        self.act = act
        self.calls = collections.Counter()
        self.endpoint = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, address):
        pass  # the other side went away: that is what these tests are about

    def close(self):
        self.shutdown()
        self.server_close()


class Proxy(Local):
    """Passes requests on, and harms a share of them: before they arrive, or after."""

    def __init__(self, target, share, hang_s=0.0):
        super().__init__(self.pass_on)
        self.target, self.share, self.hang_s = target, share, hang_s
        self.key, self.secret = target.key, target.secret
        self.random = random.Random(SEED)
        self.lock = threading.Lock()
        self.faults = collections.Counter()

    def pass_on(self, handler, body):
        with self.lock:
            harmed = self.random.random() < self.share
            fault = self.random.choice(["500", "503", "reset", "hang", "lost"]) if harmed else ""
            self.faults[fault or "none"] += 1
        if fault in ("500", "503"):
            return handler.reply(int(fault), b"out of order", "text/plain")
        if fault == "reset":
            return handler.reset()
        if fault == "hang":
            time.sleep(self.hang_s)
            return handler.reset()
        link = http.client.HTTPConnection("127.0.0.1", self.target.port, timeout=60)
        link.request("POST", handler.path, body, dict(handler.headers))
        answer = link.getresponse()
        content = answer.read()
        link.close()
        if fault == "lost":
            return handler.reset()
        return handler.reply(answer.status, content, answer.headers.get("Content-Type"))


# ---- the driver ----

def coded(text):
    text = text.encode() if isinstance(text, str) else text
    return text.hex() if text else "-"


def decoded(field):
    return "" if field == "-" else bytes.fromhex(field).decode()


class Drive:
    """The pure parts of the bridge.  Numbers of a command are ints, texts are str or bytes."""

    def __init__(self, key="AKID", secret="secret", token=""):
        env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        env.update(AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret)
        if token:
            env["AWS_SESSION_TOKEN"] = token
        self.process = subprocess.Popen([DRIVE], env=env, text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def do(self, word, *fields):
        parts = [str(f) if isinstance(f, int) else coded(f) for f in fields]
        self.process.stdin.write(" ".join([word, *parts]) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the driver ended: {self.process.stderr.read()}"
        return [decoded(field) for field in line.split()]

    def close(self):
        self.process.stdin.close()
        error = self.process.stderr.read()
        assert self.process.wait(20) == 0, error
        assert not error, error


# ---- the cluster ----

class Cluster:
    """Real processes: a coordinator with the partitioner, executors, and a bridge; any of them can be
    killed, and is started again like a supervisor would."""

    def __init__(self, server, queue, dead, **sets):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="troupe-test-sqs-"))
        self.base.chmod(0o755)
        self.project, self.out = self.base / "project", self.base / "out"
        self.project.mkdir()
        self.out.mkdir()
        self.out.chmod(0o777)
        (self.project / "job.sh").write_text(
            'echo "$(date +%s.%N) $FROM" >> "$OUT/$1"\n')
        self.server = server
        self.logs, self.processes, self.kills = {}, {}, collections.Counter()
        socket_path = f"ipc://{self.base}/socket"
        sets = {"sandbox.writable": self.out, "sqs.endpoint": server.endpoint,
                "sqs.region": REGION, "sqs.queue": queue, "sqs.dead_letter": dead, **sets}
        common = [part for key, value in sets.items() for part in ("--set", f"{key}={value}")]
        self.commands = {
            "coordinator": [NODE, "--role", "coordinator", "--role", "partitioner", "--state",
                            self.base / "state", "--bind", socket_path],
            "executor": [NODE, "--role", "executor", "--name", "executor-0", "--connect",
                         socket_path],
            "sqs_bridge": [NODE, "--role", "sqs_bridge", "--connect", socket_path]}
        for name in self.commands:
            self.commands[name] += common
        (self.base / "state").mkdir(mode=0o700)
        for name in self.commands:
            self.start(name)

    def start(self, name):
        env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        if name == "sqs_bridge":
            env.update(AWS_ACCESS_KEY_ID=self.server.key,
                       AWS_SECRET_ACCESS_KEY=self.server.secret)
        with open(self.base / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                [*map(str, self.commands[name]), "--die-with-parent"], env=env, stderr=log,
                cwd=self.base)

    def kill(self, name):
        process = self.processes[name]
        assert process.poll() is None, f"{name} has ended by itself: {self.log(name)[-2000:]}"
        process.kill()
        process.wait()
        self.kills[name] += 1
        self.start(name)

    def log(self, name):
        return (self.base / f"{name}.log").read_text()

    def executed(self):
        """{file: [when it was started, ...]}"""
        return {path.name: [float(line.split()[0]) for line in path.read_text().splitlines()]
                for path in self.out.iterdir()}

    def ledger(self, question):
        link = sqlite3.connect(self.base / "state" / "ledger.db")
        try:
            return link.execute(question).fetchall()
        finally:
            link.close()

    def stop(self):
        """In order, the bridge first; each ends with code 0."""
        for name in reversed(self.commands):
            self.processes[name].terminate()
            code = self.processes[name].wait(20)
            assert code == 0, f"{name} ended with {code}: {self.log(name)[-2000:]}"

    def close(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(self.base, ignore_errors=True)
