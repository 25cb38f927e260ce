"""Links with keys over real processes: who is let in, who is not, and who is put out again."""
import json
import os
import pathlib
import re
import signal
import socket
import stat
import subprocess
import threading
import time
import unittest

from harness import TROUPE, Place, balanced, last_json

NODE = str(pathlib.Path(TROUPE).parent / "troupe-node")
SECRET = "the-word-that-nobody-else-may-read"


def own_address():
    """An address of this machine that is not loopback; None without one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
            address = probe.getsockname()[0]
        except OSError:
            return None
    return None if address.startswith("127.") else address


def free_port(address):
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


class Tap(threading.Thread):
    """Passes one connection after the other on to a port and keeps all bytes."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port = port
        self.seen = bytearray()
        self.listener = socket.create_server(("127.0.0.1", 0))

    @property
    def endpoint(self):
        return f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"

    def pump(self, source, sink):
        try:
            while data := source.recv(65536):
                self.seen += data
                sink.sendall(data)
        except OSError:
            pass
        for side in (source, sink):
            try:
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def run(self):
        while True:
            near, _ = self.listener.accept()
            far = socket.create_connection(("127.0.0.1", self.port))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self.pump, args=pair, daemon=True).start()


class Curve(unittest.TestCase):
    address = "127.0.0.1"
    mode = "on"

    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)
        self.keys = self.place.base / "keys"
        self.allow = self.place.base / "allow"
        self.allow.mkdir()
        self.place.state.mkdir(mode=0o700)
        self.logs = self.place.base / "logs"
        self.logs.mkdir()
        self.endpoint = f"tcp://{self.address}:{free_port(self.address)}"
        self.nodes = {}
        self.new_key("coordinator", "coordinator,partitioner,classifier", allow=False)

    # ---- the vocabulary ----

    def keys_do(self, *args, want=0):
        done = self.place.run("keys", *args)
        self.assertEqual(done.returncode, want, done.stderr)
        return done

    def new_key(self, name, roles="", allow=True):
        more = ["--role", roles] if roles else []
        self.keys_do("new", name, "--dir", self.keys, *more)
        if allow:
            self.keys_do("allow", self.keys / f"{name}.cert", "--dir", self.allow)

    def secret(self, name):
        return self.keys / f"{name}.cert_secret"

    def sets(self, key=None, **more):
        values = {"curve": self.mode, "server_key_file": self.keys / "coordinator.cert"}
        if key:
            values["key_file"] = self.secret(key)
        values.update(more)
        flat = []
        for name, value in values.items():
            flat += ["--set", f"security.{name}={value}"]
        return flat

    def node(self, name, *args):
        log = open(self.logs / name, "a", encoding="utf-8")
        self.addCleanup(log.close)
        process = subprocess.Popen([NODE, *map(str, args), "--set", "log.level=debug"],
                                   env=self.place.env, stderr=log, cwd=self.place.base)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.nodes[name] = process
        return process

    def coordinator(self, **more):
        return self.node("coordinator", "--role", "coordinator", "--role", "partitioner",
                         "--role", "classifier", "--state", self.place.state, "--bind", self.endpoint,
                         *self.sets("coordinator", allow_dir=self.allow, **more))

    def executor(self, name, key=None, log=None, role="executor", endpoint=None, **more):
        extra = ["--state", self.place.base / "other"] if role == "coordinator" else []
        (self.place.base / "other").mkdir(exist_ok=True)
        return self.node(log or name, "--role", role, "--name", name, "--connect",
                         endpoint or self.endpoint, *extra, *self.sets(key or name, **more))

    def log(self, name):
        return (self.logs / name).read_text()

    def expect_log(self, name, text, seconds=10, count=1):
        """Waits for the text; returns after how long it came."""
        begin = time.monotonic()
        while len(re.findall(text, self.log(name))) < count:
            if time.monotonic() > begin + seconds:
                self.fail(f"{text!r} is not in the log of {name}:\n{self.log(name)}")
            time.sleep(0.02)
        return time.monotonic() - begin

    def refuse_log(self, name, text, seconds=2):
        time.sleep(seconds)
        self.assertIsNone(re.search(text, self.log(name)), self.log(name))

    def run_jobs(self, count, *sets, cluster=None):
        names = [f"job-{i}" for i in range(count)]
        project = self.place.project({"job.sh": f"echo {SECRET}; sleep 0.02; case $1 in *-3) exit 1;; esac",
                                      "list": "\n".join(names) + "\n"})
        project.chmod(0o755)
        return self.place.run("run", project, "--runner", "command", "--command", "sh job.sh {}",
                              "--files-from", project / "list", "--json", "--cluster",
                              cluster or self.endpoint, *sets)

    def health(self, *sets):
        return self.place.run("health", "--live", "--cluster", self.endpoint, "--timeout", "2s",
                              *sets)

    # ---- the stories ----

    def test_a_run_over_links_with_keys(self):
        self.new_key("worker", "executor")
        self.new_key("laptop")
        self.coordinator()
        self.executor("worker")
        self.expect_log("coordinator", "link up peer=worker")
        done = self.run_jobs(20, *self.sets("laptop"))
        self.assertEqual(done.returncode, 1, done.stderr)
        result = last_json(done.stdout)
        self.assertEqual(result["tests"]["failed"], 1)
        self.assertEqual(result["tests"]["passed"], 19)
        self.assertTrue(balanced(result["tests"]))
        self.assertIn("link up peer=laptop/", self.log("coordinator"))
        for process in self.nodes.values():
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(timeout=15), 0)

    def test_strangers_stay_outside(self):
        self.new_key("worker", "executor", allow=False)
        self.coordinator()
        self.expect_log("coordinator", "started")
        self.executor("worker")
        self.expect_log("coordinator", "connection refused .*not allowed")
        self.expect_log("worker", "our key is not allowed there")
        self.assertEqual(self.health(*self.sets("worker")).returncode, 4)
        self.assertNotIn("link up", self.log("coordinator"))
        # Let in later, it comes by itself.
        self.keys_do("allow", self.keys / "worker.cert", "--dir", self.allow)
        self.expect_log("coordinator", "link up peer=worker")

    def test_without_a_key_nobody_comes_in(self):
        self.coordinator()
        self.expect_log("coordinator", "started")
        plain = self.health("--set", "security.curve=off", "--set", "security.insecure=true")
        self.assertEqual(plain.returncode, 4, plain.stderr)
        self.assertNotIn("link up", self.log("coordinator"))
        # A client that has to use keys and has none says so.
        none = self.health("--set", f"security.curve={self.mode}")
        self.assertEqual(none.returncode, 3, none.stderr)
        self.assertIn("key_file", none.stderr)

    def test_a_server_with_another_key_is_not_believed(self):
        self.new_key("worker", "executor")
        self.new_key("mallory", "coordinator")
        self.coordinator()
        self.executor("worker", server_key_file=self.keys / "mallory.cert")
        self.refuse_log("coordinator", "link up", 3)
        self.refuse_log("worker", "link up", 0)

    def test_a_key_gives_no_other_name(self):
        self.new_key("worker", "executor")
        self.coordinator()
        told = self.executor("boss", key="worker")
        self.assertEqual(told.wait(timeout=10), 3)
        self.assertIn("the key in", self.log("boss"))
        # One that lies about the name of its key.
        forged = self.secret("worker")
        forged.write_text(forged.read_text().replace('"worker"', '"boss"'))
        self.executor("boss", key="worker", log="liar")
        self.expect_log("coordinator", "hello refused peer=boss .*key does not allow the name")
        self.assertNotIn("link up", self.log("coordinator"))

    def test_a_key_gives_no_other_role(self):
        self.new_key("worker", "executor")
        self.coordinator()
        self.executor("worker", role="partitioner")
        self.expect_log("coordinator", "link down peer=worker .*does not allow the role partitioner")
        self.expect_log("coordinator", "hello refused peer=worker .*a role that it took")
        self.refuse_log("coordinator", "(?s)link up peer=worker.*link up peer=worker", 3)
        # The list decides, and when it is mended the peer comes back.
        self.keys_do("allow", self.keys / "worker.cert", "--dir", self.allow,
                     "--role", "partitioner")
        self.expect_log("coordinator", "link up peer=worker", count=2)

    def test_a_revoked_key_loses_its_link(self):
        self.new_key("worker", "executor")
        self.new_key("other", "executor")
        self.coordinator()
        self.executor("worker")
        self.executor("other")
        self.expect_log("coordinator", "link up peer=worker")
        self.expect_log("coordinator", "link up peer=other")
        self.keys_do("revoke", "worker", "--dir", self.allow)
        took = self.expect_log("coordinator", "link down peer=worker .*no longer allowed", 2)
        told = self.expect_log("worker", "link down peer=coordinator", 2)
        print(f"revoked: link down after {took:.2f} s, told after {took + told:.2f} s")
        self.refuse_log("coordinator", "(?s)link up peer=worker.*link up peer=worker", 3)
        self.assertNotIn("link down peer=other", self.log("coordinator"))

    def test_revoked_in_the_middle_of_a_run(self):
        self.new_key("worker", "executor")
        self.new_key("spare", "executor")
        self.new_key("laptop")
        self.coordinator()
        self.executor("worker")
        self.executor("spare")
        self.expect_log("coordinator", "link up peer=spare")
        self.expect_log("coordinator", "link up peer=worker")
        timer = threading.Timer(1.5, self.keys_do, ("revoke", "worker", "--dir", self.allow))
        timer.start()
        done = self.run_jobs(120, *self.sets("laptop"))
        timer.join()
        result = last_json(done.stdout)
        self.assertEqual(result["files"]["done"], 120, done.stderr)
        self.assertEqual(result["files"]["lost"], 0)
        self.assertIn("link down peer=worker", self.log("coordinator"))

    def test_a_rotated_key_comes_back_by_itself(self):
        self.new_key("worker", "executor")
        self.coordinator()
        self.executor("worker")
        self.expect_log("coordinator", "link up peer=worker")
        before = self.secret("worker").read_text()
        done = self.keys_do("rotate", "worker", "--dir", self.keys, "--json",
                            "--set", f"security.allow_dir={self.allow}")
        after = self.secret("worker").read_text()
        self.assertNotEqual(before, after)
        self.assertNotIn(re.search('secret-key = "(.*)"', after)[1], done.stdout + done.stderr)
        self.expect_log("coordinator", "link down peer=worker", 3)
        self.expect_log("coordinator", "link up peer=worker", 10, count=2)
        # The old one is worth nothing any more.
        self.nodes["worker"].kill()
        self.secret("worker").write_text(before)
        self.executor("worker", log="old")
        self.expect_log("old", "our key is not allowed there")

    def test_node_start_joins_by_a_list_of_seeds(self):
        self.new_key("worker", "executor")
        self.coordinator()
        self.expect_log("coordinator", "started")
        port = self.endpoint.rsplit(":", 1)[1]
        seeds = f"tcp://{self.address}:1,tcp://{socket.gethostname()}:9,{self.endpoint}"
        log = open(self.logs / "worker", "w", encoding="utf-8")
        self.addCleanup(log.close)
        node = self.place.start("node", "start", "--role", "executor", "--join", seeds,
                                *self.sets("worker"), stderr=log)
        self.addCleanup(node.wait)
        self.addCleanup(node.kill)
        self.expect_log("coordinator", "link up peer=worker")
        names = pathlib.Path(f"/proc/{node.pid}/cmdline").read_text().split("\0")
        self.assertIn(f"tcp://{self.address}:{port}", names)
        node.send_signal(signal.SIGTERM)
        self.assertEqual(node.wait(timeout=15), 0)

    def test_a_lost_list_lets_nobody_in(self):
        self.new_key("worker", "executor")
        self.coordinator()
        self.executor("worker")
        self.expect_log("coordinator", "link up peer=worker")
        self.allow.rename(self.place.base / "gone")
        self.expect_log("coordinator", "link down peer=worker .*no longer allowed", 2)
        (self.place.base / "gone").rename(self.allow)
        self.expect_log("coordinator", "link up peer=worker", count=2)


class Network(Curve):
    """All of it again by an address that leaves the machine, where nothing has to be switched on."""

    address = own_address()
    mode = "auto"

    def setUp(self):
        if not self.address:
            self.skipTest("no address but loopback")
        super().setUp()

    def test_nothing_is_bound_there_without_keys(self):
        for sets, why in (([], "key_file"),
                          (["--set", "security.curve=off"], "security.curve is off"),
                          (self.sets("coordinator"), "allow_dir")):
            node = subprocess.run([NODE, "--role", "partitioner", "--name", "coordinator", "--bind",
                                   self.endpoint, *sets], capture_output=True, text=True,
                                  timeout=10, check=False)
            self.assertEqual(node.returncode, 3, node.stderr)
            self.assertIn(why, node.stderr)
        for sets in ([], ["--set", "security.curve=off"]):
            self.assertEqual(self.health(*sets).returncode, 3)

    def test_insecure_has_to_be_said(self):
        open_ = ["--set", "security.curve=off", "--set", "security.insecure=true"]
        self.node("plain", "--role", "coordinator", "--role", "partitioner", "--state",
                  self.place.state, "--bind", self.endpoint, *open_)
        self.expect_log("plain", "started")
        self.assertEqual(self.health(*open_).returncode, 0)


class Wire(Curve):
    """What an eavesdropper sees; the same check sees the word where there are no keys."""

    def listen_in(self, mode):
        self.mode = mode
        self.new_key("worker", "executor")
        self.new_key("laptop")
        self.coordinator()
        tap = Tap(int(self.endpoint.rsplit(":", 1)[1]))
        tap.start()
        self.expect_log("coordinator", "started")
        self.executor("worker", endpoint=tap.endpoint)
        self.expect_log("coordinator", "link up peer=worker")
        done = self.run_jobs(5, *self.sets("laptop"), cluster=tap.endpoint)
        self.assertEqual(last_json(done.stdout)["tests"]["failed"], 1, done.stderr)
        return bytes(tap.seen)

    def test_nothing_can_be_read(self):
        seen = self.listen_in("on")
        self.assertGreater(len(seen), 5000)
        for word in (SECRET, "job-3", "worker", "laptop"):
            self.assertNotIn(word.encode(), seen)

    def test_without_keys_everything_can(self):
        seen = self.listen_in("off")
        for word in (SECRET, "job-3", "worker"):
            self.assertIn(word.encode(), seen)


# The stories of the base are told by Curve and Network alone.
for _name in [n for n in vars(Curve) if n.startswith("test_")]:
    setattr(Wire, _name, None)


class Command(unittest.TestCase):
    """troupe keys by itself."""

    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)
        self.keys = self.place.base / "keys"
        self.allow = self.place.base / "allow"

    def keys_do(self, *args, want=0):
        done = self.place.run("keys", *args)
        self.assertEqual(done.returncode, want, done.stderr)
        self.assertNotIn("secret-key", done.stdout + done.stderr)
        return done

    def test_a_new_key_is_two_files(self):
        made = last_json(self.keys_do("new", "worker-7", "--role", "executor", "--role",
                                      "partitioner", "--dir", self.keys, "--json").stdout)
        secret = pathlib.Path(made["secret_file"])
        public = pathlib.Path(made["file"])
        self.assertEqual(stat.S_IMODE(secret.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(public.stat().st_mode), 0o644)
        self.assertEqual(stat.S_IMODE(self.keys.stat().st_mode), 0o700)
        self.assertEqual(sorted(made["roles"]), ["executor", "partitioner"])
        self.assertNotIn("secret-key", public.read_text())
        self.assertIn(made["public_key"], secret.read_text())
        self.assertEqual(sorted(os.listdir(self.keys)), ["worker-7.cert", "worker-7.cert_secret"])
        before = secret.read_text()
        again = self.keys_do("new", "worker-7", "--dir", self.keys, want=9)
        self.assertIn("rotate", again.stderr)
        self.assertEqual(secret.read_text(), before)

    def test_the_secret_stays_out_of_the_list(self):
        self.keys_do("new", "a", "--role", "executor", "--dir", self.keys)
        self.keys_do("allow", self.keys / "a.cert_secret", "--dir", self.allow)
        self.assertEqual(os.listdir(self.allow), ["a.cert"])
        self.assertNotIn("secret-key", (self.allow / "a.cert").read_text())
        listed = last_json(self.keys_do("list", "--dir", self.allow, "--json").stdout)["keys"]
        self.assertEqual([(k["name"], k["roles"]) for k in listed], [("a", ["executor"])])
        self.assertIn("a  ", self.keys_do("list", "--dir", self.allow).stdout)
        self.keys_do("revoke", "a", "--dir", self.allow)
        self.keys_do("revoke", "a", "--dir", self.allow, want=9)
        self.assertEqual(os.listdir(self.allow), [])

    def test_what_is_refused(self):
        self.keys_do("new", "../x", "--dir", self.keys, want=2)
        self.keys_do("new", "a b", "--dir", self.keys, want=2)
        self.keys_do("new", "a", "--role", "king", "--dir", self.keys, want=2)
        self.keys_do("new", want=2)
        self.keys_do("list", "x", want=2)
        self.keys_do("revoke", "a", want=2)
        self.keys_do("rotate", "nobody", "--dir", self.keys, want=9)
        (self.place.base / "bad.cert").write_text("curve\n    public-key = \"short\"\n")
        bad = self.keys_do("allow", self.place.base / "bad.cert", "--dir", self.allow, want=9)
        self.assertIn("Z85", bad.stderr)

    def test_one_key_under_two_names_does_not_count(self):
        self.keys_do("new", "a", "--dir", self.keys)
        self.keys_do("allow", self.keys / "a.cert", "--dir", self.allow)
        text = (self.allow / "a.cert").read_text()
        (self.allow / "b.cert").write_text(text.replace('"a"', '"b"'))
        listed = self.keys_do("list", "--dir", self.allow, "--json", want=1)
        self.assertEqual(json.loads(listed.stdout)["keys"], [])
        self.assertIn("several files", listed.stderr)

    def test_a_secret_that_others_may_read_is_not_used(self):
        self.keys_do("new", "a", "--dir", self.keys)
        (self.keys / "a.cert_secret").chmod(0o640)
        done = self.place.run("health", "--live", "--cluster", "tcp://127.0.0.1:9",
                              "--set", "security.curve=on",
                              "--set", f"security.key_file={self.keys}/a.cert_secret",
                              "--set", f"security.server_key_file={self.keys}/a.cert")
        self.assertEqual(done.returncode, 3)
        self.assertIn("chmod 600", done.stderr)


if __name__ == "__main__":
    unittest.main()
