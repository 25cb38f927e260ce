"""The dashboard with real processes: its JSON, its stream through a restart, and its pages in Chromium."""
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import unittest

from harness import SOURCE, TROUPE, Place

NODE = str(pathlib.Path(TROUPE).with_name("troupe-node"))
TOKEN = "0123456789abcdef-token"
BUILT = SOURCE / "tools" / "dashboard" / "dist" / "index.html"
BROWSER = pathlib.Path(__file__).with_name("dashboard.mjs")
PLAYWRIGHT = SOURCE / "tests" / "projects" / "planner" / "node_modules" / "playwright-core"


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Dashboard(unittest.TestCase):
    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)
        self.place.state.mkdir(mode=0o700)
        self.endpoint = f"ipc://{self.place.runtime}/coordinator"
        self.port = free_port()
        token = self.place.base / "token"
        token.write_text(TOKEN + "\n")
        token.chmod(0o600)
        self.coordinator = self.start("coordinator", *self.coordinator_args())
        self.start("executor", "--role", "executor", "--connect", self.endpoint)
        self.start("gateway", "--role", "gateway", "--connect", self.endpoint,
                   "--set", f"gateway.listen=127.0.0.1:{self.port}",
                   "--set", f"gateway.dashboard_token_file={token}")
        self.wait_for(lambda: self.get("/api/status")[0] == 200, "no status")

    def coordinator_args(self):
        return ("--role", "coordinator", "--role", "partitioner", "--role", "classifier",
                "--bind", self.endpoint, "--state", str(self.place.state))

    def start(self, name, *args):
        log = open(self.place.base / f"{name}.log", "a+")
        process = subprocess.Popen([NODE, *args, "--name", f"{name}-{self.place.base.name}"],
                                   env=self.place.env, stderr=log)
        self.addCleanup(log.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def wait_for(self, condition, what, seconds=60):
        until = time.monotonic() + seconds
        while not condition():
            logs = "".join(path.read_text()[-2000:] for path in self.place.base.glob("*.log"))
            self.assertLess(time.monotonic(), until, f"{what}\n{logs}")
            time.sleep(0.05)

    def get(self, path, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            headers = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}", **headers})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except OSError:
            return 0, ""
        finally:
            connection.close()

    def rows(self, view, query=""):
        status, text = self.get(f"/api/{view}?{query}")
        self.assertEqual(status, 200, text)
        return json.loads(text)["rows"]

    def run_project(self, files):
        project = self.place.project({**files, "list": "\n".join(files) + "\n"})
        return self.place.run("run", project, "--files-from", project / "list", "--runner",
                              "command", "--command", "sh {}", "--cluster", self.endpoint)

    def stream(self, last):
        """One answer of the stream, as a browser takes it: ([event, ...], id)."""
        status, text = self.get("/events", Last_Event_ID=str(last))
        if status != 200:
            return [], last  # the coordinator is away; a browser comes again, too
        fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
        return json.loads(fields.get("data", "[]")), int(fields.get("id", last))

    def test_the_stream_has_every_event_once_through_a_kill_of_the_coordinator(self):
        self.run_project({f"t{i}.sh": "exit 0\n" for i in range(20)})
        heard, last = self.stream(0)
        self.coordinator.kill()
        self.coordinator.wait()
        self.assertEqual(self.stream(last), ([], last))
        self.start("coordinator", *self.coordinator_args())
        self.wait_for(lambda: self.get("/api/status")[0] == 200, "no status again")
        self.run_project({f"t{i}.sh": f"exit {i % 2}\n" for i in range(20)})
        end = self.rows("head")[0]["no"]
        while last < end:
            more, last = self.stream(last)
            heard += more
        self.assertEqual([event["no"] for event in heard], list(range(1, end + 1)))
        told = self.place.run("events", "--json", "--limit", "100000").stdout.splitlines()
        self.assertEqual([json.loads(line) for line in told], heard)
        done = [event for event in heard if event["kind"] == "file-done"]
        self.assertEqual([sum(e["value"] == status for e in done) for status in (1, 2)], [30, 10])

    def test_a_stream_hears_of_a_change_soon(self):
        last = self.rows("head")
        last = last[0]["no"] if last else 0
        began = time.monotonic()
        run = subprocess.Popen([TROUPE, "submit", str(self.place.project({"a.sh": "exit 0\n"})),
                                "--cluster", self.endpoint], env=self.place.env,
                               stdout=subprocess.DEVNULL)
        events, _ = self.stream(last)
        self.assertEqual(events[0]["kind"], "run-accepted")
        lag = time.time() * 1000 - events[0]["at_ms"]
        print(f"# heard {lag:.0f} ms after it was accepted", file=sys.stderr)
        self.assertLess(time.monotonic() - began, 10)
        run.wait()

    def test_strangers_see_nothing_of_the_ledger(self):
        for path in ("/api/runs", "/api/status", "/events"):
            self.assertEqual(self.get(path, Authorization="Bearer no")[0], 401, path)
        self.assertEqual(self.get("/api/nix")[0], 404)
        self.assertEqual(self.get("/api/files?after=99999999999")[0], 503)

    @unittest.skipUnless(BUILT.exists() and PLAYWRIGHT.exists() and shutil.which("chromium"),
                         "needs tools/dashboard/build, the packages of the planner and a chromium")
    def test_its_pages_in_a_chromium(self):
        bad = "echo '<img src=x onerror=alert(1)> expected 4 to be 5'; exit 1\n"
        self.run_project({**{f"t{i}.sh": "exit 0\n" for i in range(30)}, "bad.sh": bad})
        profile = self.place.base / "tmp"
        profile.mkdir()
        done = subprocess.run(["node", str(BROWSER), f"http://127.0.0.1:{self.port}/", TOKEN,
                               str(PLAYWRIGHT), shutil.which("chromium")], timeout=240, text=True,
                              capture_output=True,
                              env=dict(os.environ, TMPDIR=str(profile)))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
