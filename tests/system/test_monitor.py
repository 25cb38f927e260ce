"""A real cluster as a monitor shows it, and as a real Prometheus sees it."""
import http.client
import pathlib
import re
import signal
import subprocess
import time
import unittest

from harness import SOURCE, TROUPE, Place, free_port
from prometheus import Prometheus, programs

HELP = re.compile(r"# HELP ([a-z_]+) [A-Z].*\.")
TYPE = re.compile(r"# TYPE ([a-z_]+) (gauge|counter)")
SAMPLE = re.compile(r'(([a-z_]+)(?:\{[a-z]+="[^"]+"(?:,[a-z]+="[^"]+")*\})?) (\d+(?:\.\d+)?)')
NODE = str(pathlib.Path(TROUPE).with_name("troupe-node"))
FOLDER, WHY_NOT = programs()


class Monitor(unittest.TestCase):
    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)
        self.place.state.mkdir(mode=0o700)
        self.endpoint = f"ipc://{self.place.runtime}/coordinator"
        self.port = free_port()
        self.monitor = self.start("--role", "monitor", "--connect", self.endpoint,
                                  "--set", f"monitor.listen=127.0.0.1:{self.port}",
                                  "--set", "monitor.processes_ms=500",
                                  "--set", "monitor.stale_ms=6000")

    def start(self, *args):
        process = subprocess.Popen([NODE, *args, "--name", self.name(args[1])],
                                   env=self.place.env, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def name(self, role):
        return f"{role}-{self.place.base.name}"

    def coordinator(self):
        return self.start("--role", "coordinator", "--bind", self.endpoint, "--state",
                          str(self.place.state), "--set", "cost.instance=fargate-spot")

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
        if FOLDER:
            check = subprocess.run([FOLDER / "promtool", "check", "metrics"], input=text, text=True,
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

    def labels(self, role, **more):
        return tuple(sorted({"role": role, "node": self.name(role), **more}.items()))

    def shown(self, name, role):
        return f'{name}{{role="{role}",node="{self.name(role)}"}}'

    def wait_until(self, right, seconds=20):
        until = time.monotonic() + seconds
        self.wait_for("/health/live", 200)
        while not right(self.metrics()):
            self.assertLess(time.monotonic(), until, self.metrics())
            time.sleep(0.2)

    def test_every_process_is_shown_until_it_has_been_gone_for_a_while(self):
        self.coordinator()
        partitioner = self.start("--role", "partitioner", "--connect", self.endpoint)
        up = self.shown("troupe_process_up", "partitioner")
        rss = self.shown("troupe_process_resident_memory_bytes", "partitioner")
        self.wait_until(lambda figures: figures.get(up) == 1)
        figures = self.metrics()
        for role in ("coordinator", "partitioner", "monitor"):
            self.assertEqual(figures[self.shown("troupe_process_up", role)], 1)
            self.assertGreater(
                figures[self.shown("troupe_process_resident_memory_bytes", role)], 500_000)
        self.wait_until(lambda figures:  # of links it looks at now and then
                        figures[self.shown("troupe_links", "coordinator")] == 2 and
                        figures[self.shown("troupe_links_began_total", "coordinator")] >= 2)
        partitioner.kill()
        self.wait_until(lambda figures: figures.get(up) == 0)
        self.assertNotIn(rss, self.metrics())
        self.wait_until(lambda figures: up not in figures)

    def test_one_that_stands_still_is_down(self):
        self.coordinator()
        partitioner = self.start("--role", "partitioner", "--connect", self.endpoint)
        up = self.shown("troupe_process_up", "partitioner")
        self.wait_until(lambda figures: figures.get(up) == 1)
        partitioner.send_signal(signal.SIGSTOP)
        self.wait_until(lambda figures: figures.get(up) == 0)
        partitioner.send_signal(signal.SIGCONT)
        self.wait_until(lambda figures: figures.get(up) == 1)

    @unittest.skipUnless(FOLDER, f"no prometheus: {WHY_NOT}")
    def test_prometheus_sees_a_run_go_on(self):
        self.coordinator()
        self.start("--role", "partitioner", "--connect", self.endpoint)
        executor = self.start("--role", "executor", "--connect", self.endpoint)
        names = [f"job-{i}" for i in range(40)]
        project = self.place.project({"job.sh": "sleep 0.25", "list": "\n".join(names) + "\n"})
        prometheus = Prometheus(FOLDER, self.place.base, f"127.0.0.1:{self.port}",
                                SOURCE / "deploy" / "alerts.yml")
        self.addCleanup(prometheus.close)
        prometheus.wait_for('up{job="troupe"}', lambda seen: list(seen.values()) == [1])
        roles = ("coordinator", "executor", "monitor", "partitioner")
        prometheus.wait_for("troupe_process_up", lambda seen: seen == {
            self.labels(role): 1 for role in roles})
        run = subprocess.Popen(
            [TROUPE, "run", str(project), "--runner", "command", "--command", "sh job.sh {}",
             "--files-from", str(project / "list"), "--cluster", self.endpoint, "--json"],
            env=self.place.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(run.kill)
        prometheus.wait_for("troupe_runs_open", lambda seen: list(seen.values()) == [1])
        prometheus.wait_for("troupe_work_open", lambda seen:
                            seen[self.labels("executor")] == 1 and
                            seen[self.labels("coordinator")] > 0)
        handled = "troupe_messages_handled_total"
        before = prometheus.query(handled)[self.labels("executor")]
        prometheus.wait_for(handled, lambda seen: seen[self.labels("executor")] > before)
        out, err = run.communicate(timeout=100)
        self.assertEqual(run.returncode, 0, out + err)
        prometheus.wait_for("troupe_work_open", lambda seen: set(seen.values()) == {0})
        sent = prometheus.query("troupe_link_bytes_total")
        self.assertGreater(sent[self.labels("coordinator", direction="sent")], 1000)
        self.assertGreater(sent[self.labels("executor", direction="received")], 1000)
        self.assertGreater(
            prometheus.query("troupe_process_cpu_seconds_total")[self.labels("executor")], 0)
        executor.kill()
        prometheus.wait_for('troupe_process_up{role="executor"}', lambda seen: seen == {
            self.labels("executor"): 0})
        prometheus.wait_for('ALERTS{alertname="TroupeProcessDown"}', lambda seen: len(seen) == 1)

    @unittest.skipUnless(FOLDER, f"no promtool: {WHY_NOT}")
    def test_what_is_deployed_is_sound(self):
        for what in (["check", "config", "prometheus.yml"], ["test", "rules", "alerts_test.yml"]):
            done = subprocess.run([FOLDER / "promtool", *what], cwd=SOURCE / "deploy", text=True,
                                  capture_output=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_alerts_name_figures_that_there_are(self):
        self.coordinator()
        self.wait_for("/health/ready", 200)
        self.wait_until(lambda figures: self.shown("troupe_process_up", "coordinator") in figures)
        there = {name.split("{")[0] for name in self.metrics()}
        asked = set(re.findall(r"\btroupe_\w+", (SOURCE / "deploy" / "alerts.yml").read_text()))
        self.assertEqual(asked - there, set())

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
