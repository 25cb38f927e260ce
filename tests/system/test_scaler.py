#!/usr/bin/env python3
"""test_scaler.py - a real cluster that starts its executors on an ECS, which is moto's, and ends them.

Prints TAP.  moto starts no containers: each task that it has been asked for is played by a real
executor here, as the container would be.
"""
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

import sqs_harness as harness

TROUPE = os.environ.get("TROUPE", str(harness.SOURCE / "build" / "troupe"))
IDLE_MS = 3000


class Place:
    def __init__(self, moto, subnet):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="troupe-scaler-"))
        self.endpoint = f"tcp://127.0.0.1:{harness.free_port()}"
        self.project = self.folder / "project"
        self.project.mkdir(mode=0o755)
        self.folder.chmod(0o755)
        (self.folder / "ledger").mkdir()
        self.env = dict(os.environ, AWS_ACCESS_KEY_ID=moto.key, AWS_SECRET_ACCESS_KEY=moto.secret,
                        XDG_STATE_HOME=str(self.folder / "state"))
        self.processes = {}
        self.options = ["--set", "cost.instance=fargate-spot", "--set", "scaling.cluster=team",
                        "--set", f"scaling.subnets={subnet}", "--set", f"scaling.region={harness.REGION}",
                        "--set", f"scaling.endpoint={moto.endpoint}", "--set", "scaling.instances_max=2",
                        "--set", "scaling.decide_ms=500", "--set", f"executor.idle_stop_ms={IDLE_MS}",
                        "--set", "cost.slots=1"]

    def start(self, name, *arguments):
        log = open(self.folder / f"{name}.log", "ab")
        self.processes[name] = subprocess.Popen(
            [harness.NODE, "--name", name, "--state", str(self.folder / "ledger"), *arguments, *self.options],
            env=self.env, stdout=log, stderr=log)
        log.close()

    def executor(self, name):
        self.start(name, "--role", "executor", "--connect", self.endpoint)

    def submit(self, count):
        for i in range(count):
            script = self.project / f"t{i}.sh"
            script.write_text(f"echo {i} >>{self.project}/ran\nsleep 0.2\n")
        listing = self.folder / "list"
        listing.write_text("".join(f"t{i}.sh\n" for i in range(count)))
        done = subprocess.run(
            [TROUPE, "submit", str(self.project), "--cluster", self.endpoint, "--files-from", str(listing),
             "--runner", "command", "--command", "sh {}"], env=self.env, capture_output=True, text=True,
            timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def query(self, sql, *values):
        with sqlite3.connect(f"file:{next((self.folder / 'ledger').rglob('*.db'))}?mode=ro", uri=True) as db:
            return db.execute(sql, values).fetchone()

    def close(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()


def until(what, patience, ready):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        found = ready()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {patience} s: {what}")


def tasks_of(ecs):
    return ecs.list_tasks(cluster="team", startedBy="troupe")["taskArns"]


def starts_and_ends(place, ecs):
    """Work comes: tasks within 10 s, the run through them, executors gone when idle, each job once."""
    place.start("coordinator", "--role", "coordinator", "--role", "partitioner", "--bind", place.endpoint)
    place.start("scaler", "--role", "scaler", "--connect", place.endpoint)
    time.sleep(2)
    assert tasks_of(ecs) == [], "started without work"
    began = time.monotonic()
    run = place.submit(30)
    tasks = until("a task", 10, lambda: tasks_of(ecs))
    print(f"# {time.monotonic() - began:.1f} s from submit to {len(tasks)} tasks")
    for i in range(len(tasks)):
        place.executor(f"executor-{i}")
    until("the run's end", 120, lambda: place.query("SELECT verdict FROM run WHERE id = ?", run)[0] == 1)
    assert len(tasks_of(ecs)) <= 2, "more than scaling.instances_max"
    for i in range(len(tasks)):
        assert place.processes[f"executor-{i}"].wait(IDLE_MS / 1000 + 15) == 0
    slot_us, usd = place.query("SELECT slot_us, usd FROM run WHERE id = ?", run)
    assert slot_us >= 30 * 200000, slot_us
    hour = 4 * 0.012144 + 8 * 0.0013335
    assert abs(usd - slot_us / 3.6e9 * hour) < 1e-9, usd


def arrives_as_they_leave(place):
    """Jobs that come just when an idle executor ends: each runs, once, on it or on the next."""
    runs = []
    for i in range(6):
        name = f"late-{i}"
        (place.project / "ran").unlink(missing_ok=True)
        place.executor(name)
        # Looks are a second apart, and the executor takes some time to start: one of these hits.
        time.sleep(IDLE_MS / 1000 + 1 + i * 0.5)
        run = place.submit(1)
        runs.append(run)
        place.executor(f"{name}-next")
        until("the late run's end", 60, lambda: place.query("SELECT verdict FROM run WHERE id = ?", run)[0])
        assert place.query("SELECT verdict, tests_passed, tests_lost FROM run WHERE id = ?", run) == (1, 1, 0)
        for each in (name, f"{name}-next"):
            assert place.processes[each].wait(IDLE_MS / 1000 + 20) == 0, each
    infra = [place.query("SELECT sum(infra), sum(attempts) FROM job JOIN run ON run.no = job.run"
                         " WHERE run.id = ?", run) for run in runs]
    assert all(row == (0, 1) for row in infra), f"an executor ended with work: {infra}"


def main():
    if not harness.into_venv():
        print("1..0 # SKIP moto and boto3 cannot be had")
        return 0
    import boto3
    moto = harness.Moto()
    as_us = {"endpoint_url": moto.endpoint, "region_name": harness.REGION,
             "aws_access_key_id": moto.key, "aws_secret_access_key": moto.secret}
    place = Place(moto, boto3.client("ec2", **as_us).describe_subnets()["Subnets"][0]["SubnetId"])
    ok = True
    print("1..2")
    try:
        ecs = boto3.client("ecs", **as_us)
        ecs.create_cluster(clusterName="team")
        ecs.register_task_definition(
            family="troupe-executor", networkMode="awsvpc", requiresCompatibilities=["FARGATE"],
            cpu="4096", memory="8192", containerDefinitions=[{"name": "executor", "image": "troupe", "memory": 8192}])
        cases = [("executors_are_started_for_work_and_end_when_idle", lambda: starts_and_ends(place, ecs)),
                 ("what_arrives_as_an_executor_leaves_runs_once", lambda: arrives_as_they_leave(place))]
        for number, (name, case) in enumerate(cases, 1):
            try:
                case()
                print(f"ok {number} - {name}")
            except Exception as error:  # told, and the next
                ok = False
                print(f"not ok {number} - {name}\n# {error!r}")
                for log in sorted(place.folder.glob("*.log")):
                    print(f"# {log.name}: " + log.read_text(errors="replace")[-1500:].replace("\n", "\n#   "))
            sys.stdout.flush()
    finally:
        place.close()
        moto.close()
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
