"""Prometheus' own words for a real cluster: coordinator and monitor as two processes."""
import http.client
import pathlib
import re
import shutil
import signal
import subprocess
import time
import unittest

from harness import TROUPE, Place, free_port

HELP = re.compile(r"# HELP ([a-z_]+) [A-Z].*\.")
TYPE = re.compile(r"# TYPE ([a-z_]+) (gauge|counter)")
SAMPLE = re.compile(r'(([a-z_]+)(?:\{[a-z]+="[a-z]+"\})?) (\d+(?:\.\d+)?)')
NODE = str(pathlib.Path(TROUPE).with_name("troupe-node"))


class Monitor(unittest.TestCase):
    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)
        self.place.state.mkdir(mode=0o700)
        self.endpoint = f"ipc://{self.place.runtime}/coordinator"
        self.port = free_port()
        self.monitor = self.start("--role", "monitor", "--connect", self.endpoint,
                                  "--set", f"monitor.listen=127.0.0.1:{self.port}")

    def start(self, *args):
        process = subprocess.Popen([NODE, *args, "--name", f"{args[1]}-{self.place.base.name}"],
                                   env=self.place.env, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def coordinator(self):
        return self.start("--role", "coordinator", "--bind", self.endpoint, "--state",
                          str(self.place.state))

    def get(self, path):
        """Status, content type and text; (0, "", "") when nobody listens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type"), answer.read().decode()
        except ConnectionError:
            return 0, "", ""
        finally:
            connection.close()

    def wait_for(self, path, status, seconds=20):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.get(path)[0] == status:
                return
            time.sleep(0.05)
        self.fail(f"{path} never gave {status}: {self.get(path)}")

    def metrics(self):
        """{name and labels: value}, of a text that nobody has anything to say against."""
        status, kind, text = self.get("/metrics")
        self.assertEqual(status, 200)
        self.assertEqual(kind, "text/plain; version=0.0.4; charset=utf-8")
        if shutil.which("promtool"):  # Debian's package prometheus, which also starts a service
            check = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                                   capture_output=True, timeout=30)
            self.assertEqual((check.returncode, check.stdout + check.stderr), (0, ""))
        return self.parse(text)

    def parse(self, text):
        """By the rules of the text format, strictly: each name has its HELP, TYPE and samples."""
        values, helped, typed = {}, set(), {}
        self.assertTrue(text.endswith("\n"))
        for line in text.splitlines():
            if match := HELP.fullmatch(line):
                self.assertNotIn(match[1], helped)
                helped.add(match[1])
            elif match := TYPE.fullmatch(line):
                self.assertIn(match[1], helped)
                self.assertEqual(match[2] == "counter", match[1].endswith("_total"), line)
                typed[match[1]] = match[2]
            else:
                match = SAMPLE.fullmatch(line)
                self.assertTrue(match, line)
                self.assertIn(match[2], typed)
                self.assertNotIn(match[1], values)
                values[match[1]] = float(match[3])
        return values

    def test_it_tells_of_a_coordinator_that_comes_goes_and_comes_back(self):
        self.wait_for("/health/live", 200)
        self.assertEqual(self.get("/health/ready")[0], 503)
        self.assertEqual(self.metrics()["troupe_coordinator_up"], 0)
        coordinator = self.coordinator()
        self.wait_for("/health/ready", 200)
        first = self.metrics()
        self.assertEqual(first["troupe_coordinator_up"], 1)
        self.assertEqual(first['troupe_jobs{state="queued"}'], 0)
        self.assertEqual(first['troupe_jobs{state="leased"}'], 0)
        self.assertEqual(first["troupe_runs_open"], 0)
        self.assertEqual(first["troupe_stale_results_refused_total"], 0)
        self.assertGreaterEqual(first["troupe_coordinator_uptime_seconds"], 0)
        coordinator.kill()
        self.wait_for("/health/ready", 503)
        self.assertNotIn("troupe_runs_open", self.metrics())
        self.coordinator()
        self.wait_for("/health/ready", 200)
        self.assertGreater(self.metrics()["troupe_coordinator_epoch"],
                           first["troupe_coordinator_epoch"])

    def test_it_ends_in_order_and_frees_its_port(self):
        self.wait_for("/health/live", 200)
        self.monitor.send_signal(signal.SIGTERM)
        self.assertEqual(self.monitor.wait(timeout=10), 0)
        self.assertEqual(self.get("/health/live")[0], 0)

    def test_it_says_why_it_cannot_listen(self):
        self.wait_for("/health/live", 200)
        other = self.start("--role", "monitor", "--connect", self.endpoint, "--set",
                           f"monitor.listen=127.0.0.1:{self.port}")
        self.assertEqual(other.wait(timeout=60), 70)
        self.assertIn("cannot listen", other.stderr.read())


if __name__ == "__main__":
    unittest.main()
