#!/usr/bin/env python3
"""test_scaler.py - a real cluster that scales its executors on ECS and EC2, which are moto's.

Prints TAP.  moto starts no containers and no machines: each that it has been asked for is played by a
real executor here, as the container or the machine would be.
"""
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

import fake_machine
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
        self.processes, self.submits = {}, 0
        self.options = ["--set", "cost.instance=fargate-spot", "--set", "scaling.cluster=team",
                        "--set", f"scaling.subnets={subnet}", "--set", f"scaling.region={harness.REGION}",
                        "--set", f"scaling.endpoint={moto.endpoint}", "--set", "scaling.instances_max=2",
                        "--set", "scaling.decide_ms=500", "--set", f"executor.idle_stop_ms={IDLE_MS}",
                        "--set", "cost.slots=1"]

    def start(self, name, *arguments):
        log = open(self.folder / f"{name.replace('/', '-')}.log", "ab")
        self.processes[name] = subprocess.Popen(
            [harness.NODE, "--name", name, "--state", str(self.folder / "ledger"), *arguments, *self.options],
            env=self.env, stdout=log, stderr=log)
        log.close()

    def executor(self, name, **sets):
        """Keys of the section executor, with a fake machine around it."""
        more = [part for key, value in sets.items() for part in ("--set", f"executor.{key}={value}")]
        self.start(name, "--role", "executor", "--connect", self.endpoint, *more)

    def scaler(self, by, target):
        """Instead of the one that there is."""
        self.end("scaler")
        self.start("scaler", "--role", "scaler", "--connect", self.endpoint, "--set", f"scaling.by={by}",
                   "--set", f"scaling.target={target}", "--set", "scaling.metrics=Troupe",
                   "--set", "scaling.metrics_ms=1000", "--set", "scaling.start_lag_s=1",
                   "--set", "scaling.setup_s=1")

    def end(self, name):
        self.processes[name].terminate()
        assert self.processes[name].wait(20) == 0, name

    def submit(self, count, seconds=0.2):
        self.submits += 1  # a shell reads its script while it runs: none is written twice
        for i in range(count):
            script = self.project / f"t{self.submits}-{i}.sh"
            script.write_text(f"echo {i} >>{self.project}/ran\nsleep {seconds}\n")
        listing = self.folder / "list"
        listing.write_text("".join(f"t{self.submits}-{i}.sh\n" for i in range(count)))
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
    place.start("coordinator", "--role", "coordinator", "--role", "partitioner", "--bind", place.endpoint,
                "--set", "coordinator.new_tests_runs=1")  # attempts are counted
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


def verdict(place, run):
    return place.query("SELECT verdict FROM run WHERE id = ?", run)[0]


def infra(place, run):
    return place.query("SELECT sum(infra) FROM job JOIN run ON run.no = job.run WHERE run.id = ?", run)[0]


def follows_in_a_service(place, ecs, cloudwatch):
    """Its desired count follows the work; who works is protected; less is desired when all have drained."""
    ecs.create_service(cluster="team", serviceName="executors", taskDefinition="troupe-executor", desiredCount=0)

    def desired():
        return ecs.describe_services(cluster="team", services=["executors"])["services"][0]["desiredCount"]
    place.scaler("service", "executors")
    run = place.submit(10, 0.5)
    count = until("a task", 10, desired)
    machines = [fake_machine.Machine() for _ in range(count)]
    for i, machine in enumerate(machines):
        place.executor(f"service-{i}", agent_url=machine.endpoint, idle_end="wait")
    until("protection", 10, lambda: all(machine.protected for machine in machines))
    while not verdict(place, run):
        assert all(machine.protected for machine in machines), "one that may work is not protected"
        assert desired() >= count, "less was desired while they worked"
        time.sleep(0.1)
    assert verdict(place, run) == 1
    until("the last protection dropped", IDLE_MS / 1000 + 20, lambda: not any(m.protected for m in machines))
    until("none desired", 40, lambda: desired() == 0)
    for i, machine in enumerate(machines):
        assert place.processes[f"service-{i}"].poll() is None, "it did not wait for its end"
        place.end(f"service-{i}")
        machine.close()
    metrics = {metric["MetricName"] for metric in cloudwatch.list_metrics(Namespace="Troupe")["Metrics"]}
    assert metrics == {"BacklogSeconds", "BacklogSecondsPerInstance", "Slots", "SlotsBusy"}, metrics
    now = time.time()
    points = cloudwatch.get_metric_statistics(
        Namespace="Troupe", MetricName="BacklogSeconds", Dimensions=[{"Name": "Cluster", "Value": "team"}],
        StartTime=now - 600, EndTime=now + 60, Period=60, Statistics=["Maximum"])["Datapoints"]
    assert max(point["Maximum"] for point in points) > 1, points


def follows_in_a_group(place, ec2, groups):
    """Its capacity follows the work; a machine is terminated, by its name, when it has drained itself."""
    image = ec2.describe_images()["Images"][0]["ImageId"]
    ec2.create_launch_template(LaunchTemplateName="executor", LaunchTemplateData={
        "ImageId": image, "InstanceType": "t4g.small"})
    groups.create_auto_scaling_group(
        AutoScalingGroupName="executors", MinSize=0, MaxSize=4, DesiredCapacity=0,
        LaunchTemplate={"LaunchTemplateName": "executor"},
        AvailabilityZones=[ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"]])

    def machines():
        group = groups.describe_auto_scaling_groups(AutoScalingGroupNames=["executors"])["AutoScalingGroups"][0]
        return [instance["InstanceId"] for instance in group["Instances"]]
    place.scaler("group", "executors")
    run = place.submit(10, 0.5)
    until("a machine", 10, machines)
    found = []
    while not verdict(place, run):
        there = machines()
        assert set(found) <= set(there), "one was terminated while they worked"
        for name in set(there) - set(found):  # more may come while the first ones start
            place.executor(f"executor/{name}", idle_end="wait")
            found.append(name)
        time.sleep(0.2)
    assert (verdict(place, run), infra(place, run)) == (1, 0)
    until("no machine", IDLE_MS / 1000 + 40, lambda: not machines())
    states = [instance["State"]["Name"] for reservation in ec2.describe_instances(InstanceIds=found)["Reservations"]
              for instance in reservation["Instances"]]
    assert set(states) <= {"terminated", "shutting-down"}, states
    for name in found:
        assert place.processes[f"executor/{name}"].poll() is None, "it did not wait for its end"
        place.end(f"executor/{name}")


def ends_its_work_when_warned(place):
    """SIGTERM of Fargate, and a notice of EC2, in the middle of a job: it is ended, once, by whoever had it."""
    machine = fake_machine.Machine()
    for name, sets in (("spot", {"notices_url": machine.endpoint}), ("fargate", {"warned_ms": 60000})):
        place.executor(name, **sets)
        run = place.submit(1, 9)
        until("the job", 20, lambda: place.query(
            "SELECT count(*) FROM job JOIN run ON run.no = job.run WHERE run.id = ? AND job.attempts > 0", run)[0])
        if name == "spot":
            machine.notice = True
        else:
            place.processes[name].terminate()
        late = place.submit(1, 0)
        assert place.processes[name].wait(40) == 0
        assert (verdict(place, run), infra(place, run)) == (1, 0), name
        assert verdict(place, late) == 0, "it took more work"
        place.executor(f"{name}-next")
        until("the late run", 60, lambda: verdict(place, late))
        place.end(f"{name}-next")
    assert machine.strangers == 0
    machine.close()


def main():
    if not harness.into_venv():
        print("1..0 # SKIP moto and boto3 cannot be had")
        return 0
    import boto3
    moto = harness.Moto()
    as_us = {"endpoint_url": moto.endpoint, "region_name": harness.REGION,
             "aws_access_key_id": moto.key, "aws_secret_access_key": moto.secret}
    ec2 = boto3.client("ec2", **as_us)
    place = Place(moto, ec2.describe_subnets()["Subnets"][0]["SubnetId"])
    ok = True
    print("1..5")
    try:
        ecs = boto3.client("ecs", **as_us)
        ecs.create_cluster(clusterName="team")
        ecs.register_task_definition(
            family="troupe-executor", networkMode="awsvpc", requiresCompatibilities=["FARGATE"],
            cpu="4096", memory="8192", containerDefinitions=[{"name": "executor", "image": "troupe", "memory": 8192}])
        cases = [("executors_are_started_for_work_and_end_when_idle", lambda: starts_and_ends(place, ecs)),
                 ("what_arrives_as_an_executor_leaves_runs_once", lambda: arrives_as_they_leave(place)),
                 ("what_is_warned_ends_its_work", lambda: ends_its_work_when_warned(place)),
                 ("a_service_follows_the_work",
                  lambda: follows_in_a_service(place, ecs, boto3.client("cloudwatch", **as_us))),
                 ("a_group_follows_the_work",
                  lambda: follows_in_a_group(place, ec2, boto3.client("autoscaling", **as_us)))]
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
