"""Runs of plain commands over real processes: results, exit codes, and what is left behind."""
import os
import signal
import time
import unittest

from harness import Place, balanced, last_json

JOB = 'case "$1" in *bad*) echo "no good" >&2; exit 3;; *slow*) sleep 30;; esac; sleep 0.02'


class CommandRunner(unittest.TestCase):
    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)

    def jobs(self, names):
        project = self.place.project({"job.sh": JOB, "list": "\n".join(names) + "\n"})
        return [project, "--runner", "command", "--command", "sh job.sh {}", "--files-from",
                project / "list", "--workers", "2", "--json"]

    def test_every_job_once_and_nothing_left(self):
        names = [f"job-{i}" for i in range(50)]
        done = self.place.run("run", *self.jobs(names))
        self.assertEqual(done.returncode, 0, done.stderr)
        result = last_json(done.stdout)
        self.assertEqual(result["verdict"], "passed")
        self.assertEqual(sorted(row["file"] for row in result["results"]), sorted(names))
        self.assertEqual({row["status"] for row in result["results"]}, {"passed"})
        self.assertTrue(balanced(result["tests"]), result["tests"])
        self.assertEqual(self.place.left_over(), [])
        check = self.place.run("verify", result["run"], "--json")
        self.assertEqual(check.returncode, 0, check.stderr)
        self.assertTrue(last_json(check.stdout)["balanced"])

    def test_new_tests_run_three_times_and_disagreement_is_flaky(self):
        count = self.place.base / "count"
        count.mkdir()
        count.chmod(0o777)
        job = f'echo x >>{count}/$1; case $1-$(wc -l <{count}/$1) in wavers-2) exit 1;; esac'
        project = self.place.project({"job.sh": job})

        def run(*names, args=()):
            (project / "list").write_text("\n".join(names) + "\n")
            done = self.place.run("run", project, "--runner", "command", "--command", "sh job.sh {}", "--files-from",
                                  project / "list", "--workers", "2", "--allow-write", count, "--json", *args)
            self.assertEqual(done.returncode, 0, done.stderr)
            times = {path.name: len(path.read_text().split()) for path in count.iterdir()}
            return times, last_json(done.stdout)

        self.assertEqual(run("old")[0], {"old": 1}, "everything is new in a first run")
        times, result = run("old", "new", "wavers")
        self.assertEqual(times, {"old": 2, "new": 3, "wavers": 2}, "what passed and failed has been told")
        self.assertEqual({row["file"]: row["status"] for row in result["results"]},
                         {"old": "passed", "new": "passed", "wavers": "flaky"})
        self.assertTrue(balanced(result["tests"]), result["tests"])
        times, _ = run("new", "newer", args=("--set", "coordinator.new_tests_runs=1"))
        self.assertEqual(times, {"old": 2, "new": 4, "wavers": 2, "newer": 1})
        times, _ = run("newest", args=("--set", "coordinator.new_tests_percent=0"))
        self.assertEqual(times["newest"], 1)

    def test_failures_are_told_with_their_output(self):
        done = self.place.run("run", *self.jobs(["a", "bad-1", "b"]))
        self.assertEqual(done.returncode, 1, done.stderr)
        result = last_json(done.stdout)
        self.assertEqual(result["verdict"], "failed")
        self.assertEqual(result["tests"]["failed"], 1)
        self.assertIn("no good", result["errors"][0]["message"])
        self.assertEqual(result["errors"][0]["file"], "bad-1")

    def test_interrupt_cancels_and_cleans_up(self):
        run = self.place.start("run", *self.jobs(["slow-1", "slow-2", "a"]), stdout=-1, stderr=-1)
        time.sleep(2)
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=20)
        self.assertEqual(run.returncode, 7)
        self.assertEqual(self.place.left_over(), [])

    def test_a_killed_command_leaves_nothing(self):
        run = self.place.start("run", *self.jobs(["slow-1", "slow-2"]), stdout=-1, stderr=-1)
        time.sleep(2)
        self.assertGreater(len(self.place.processes()), 3)
        run.kill()
        run.communicate(timeout=20)
        self.assertEqual(self.place.left_over(), [])

    def test_the_run_has_a_time_limit(self):
        done = self.place.run("run", *self.jobs(["slow-1"]), "--timeout", "2s")
        self.assertEqual(done.returncode, 6, done.stderr)
        self.assertNotEqual(done.stderr, "")

    def test_a_resumed_run_counts_nothing_twice(self):
        names = [f"job-{i}" for i in range(150)]
        run = self.place.start("run", *self.jobs(names), stdout=-1, stderr=-1)
        time.sleep(1.5)
        run.kill()
        run.communicate(timeout=20)
        self.assertEqual(self.place.left_over(), [])
        shown = last_json(self.place.run("runs", "list", "--json").stdout)
        again = self.place.run("run", "--resume", shown["runs"][0]["run"], "--json")
        self.assertEqual(again.returncode, 0, again.stderr)
        result = last_json(again.stdout)
        self.assertEqual(sorted(row["file"] for row in result["results"]), sorted(names))

    def test_a_kept_cluster_serves_a_second_run(self):
        first = self.place.run("run", *self.jobs(["a", "b"]), "--keep")
        self.assertEqual(first.returncode, 0, first.stderr)
        before = set(self.place.processes())
        self.assertGreater(len(before), 3)
        second = self.place.run("run", *self.jobs(["a", "b"]), "--keep")
        self.assertEqual(second.returncode, 0, second.stderr)
        self.assertEqual(before, set(self.place.processes()))
        self.assertEqual(self.place.run("health", "--ready").returncode, 0)
        self.assertEqual(self.place.run("down").returncode, 0)
        self.assertEqual(self.place.left_over(), [])
        self.assertEqual(self.place.run("health", "--ready").returncode, 4)

    def test_a_stopped_executor_is_fenced(self):
        names = [f"job-{i}" for i in range(40)]
        args = self.jobs(names) + ["--set", "coordinator.lease_ms=1000",
                                   "--set", "coordinator.beat_ms=250"]
        run = self.place.start("run", *args, stdout=-1, stderr=-1)
        stopped = None
        for _ in range(100):
            executors = [pid for pid, line in self.place.processes().items()
                         if "executor" in line and "--role" in line]
            if executors:
                stopped = min(executors)
                break
            time.sleep(0.02)
        self.assertIsNotNone(stopped)
        time.sleep(0.15)
        os.kill(stopped, signal.SIGSTOP)
        time.sleep(3)
        os.kill(stopped, signal.SIGCONT)
        out, err = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 0, err)
        result = last_json(out)
        self.assertEqual(sorted(row["file"] for row in result["results"]), sorted(names))
        self.assertTrue(balanced(result["tests"]))


if __name__ == "__main__":
    unittest.main()
