#!/usr/bin/env python3
"""test_console.py - an operator's commands against a real local cluster.

    tests/tools/test_console.py BUILD_DIR [NAME...]        prints TAP

The places and helpers are those of test_cli.py.
"""
import json
import os
import pty
import re
import select
import signal
import stat
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import test_cli  # pylint: disable=wrong-import-position
from test_cli import files, last_json, wait_for  # pylint: disable=wrong-import-position

TESTS = []
CAST = ["classifier", "coordinator", "executor-0", "executor-1", "fixer", "healer", "partitioner",
        "validator"]


def test(function):
    TESTS.append(function)
    return function


def nodes(place, *more):
    return {n["node"]: n for n in last_json(place.troupe("node", "list", "--json", *more))["nodes"]}


def up(place, *more):
    place.troupe("up", "--workers", "2", *more)
    wait_for(lambda: set(nodes(place)) == set(CAST), "the whole cast")


def submit(place, count, seconds, *more):
    given = place.write("list", files(place, count, seconds))
    done = place.troupe("submit", "--files-from", given, "--command", "sh {}", *more)
    return done.stdout.splitlines()[-1]


def audit(place):
    with open(os.path.join(place.state, "audit.log"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def queues(place):
    return last_json(place.troupe("queue", "list", "--json"))["queues"]


@test
def without_a_cluster_operators_are_told_so(place):
    for words in (("node", "list"), ("actor", "list"), ("link", "list"), ("queue", "list"),
                  ("node", "drain", "x"), ("console", "-e", "nodes"), ("submit",)):
        done = place.troupe(*words, want=4)
        assert "no local cluster runs" in done.stderr, done.stderr
    assert not os.path.exists(os.path.join(place.state, "audit.log")), "nobody was asked to change anything"


@test
def wrong_words_exit_2(place):
    for words in (("node",), ("node", "dance"), ("node", "list", "x"), ("node", "drain"),
                  ("node", "drain", "x", "--off", "--stop"), ("node", "start"),
                  ("actor",), ("link", "show"), ("queue", "cancel"), ("queue", "drop", "x"),
                  ("console", "nodes"), ("console", "-e")):
        place.troupe(*words, want=2)


@test
def lists_every_process_with_its_true_figures(place):
    up(place)
    listed = nodes(place)
    for name, node in listed.items():
        assert node["state"] == "ready" and node["version"] and node["actors"] >= 3, node
        # Whoever asks for fixes asks the models itself.
        also = ["models"] if name == "fixer" else []
        assert node["roles"] == [re.sub(r"-\d+$", "", name)] + also, node
        assert 1 << 20 < node["rss_bytes"] < 1 << 30 and node["uptime_ms"] < 60000, node
        with open(f"/proc/{node['pid']}/cmdline", "rb") as file:
            words = file.read().decode().split("\0")
        assert words[words.index("--name") + 1] == name, (name, words)
    assert place.troupe("node", "list", "-q").stdout.splitlines()[0].split()[0] == "NODE"


@test
def a_stopped_process_is_shown_as_silent_and_the_rest_all_the_same(place):
    up(place, "--set", "runtime.silence_ms_max=60s")
    pid = nodes(place)["fixer"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        listed = nodes(place)
        assert listed["fixer"]["state"] == "silent" and set(listed) == set(CAST), listed
        done = place.troupe("actor", "list", "fixer", "--timeout", "5s", want=4)
        assert "fixer does not answer" in done.stderr, done.stderr
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_for(lambda: nodes(place).get("fixer", {}).get("state") == "ready", "it is back")


@test
def actors_count_what_they_handle(place):
    up(place)

    def coordinator():
        [one] = [a for a in last_json(place.troupe("actor", "list", "coordinator", "--json"))["actors"]
                 if a["actor"] == "coordinator"]
        return one
    before = coordinator()
    for _ in range(5):
        place.troupe("status")
    after = coordinator()
    assert after["id"] == before["id"] and after["state"] == "alive" and after["restarts"] == 0
    assert after["handled"] - before["handled"] >= 5, (before, after)
    of_all = last_json(place.troupe("actor", "list", "--json"))["actors"]
    assert {a["node"] for a in of_all} == set(CAST)
    assert sum(a["actor"] == "admin" for a in of_all) == len(CAST)
    done = place.troupe("actor", "list", "nobody", want=9)
    assert "there is no process nobody" in done.stderr


@test
def links_are_those_of_a_star(place):
    up(place)
    others = [n for n in CAST if n != "coordinator"]
    star = {("coordinator", n) for n in others} | {(n, "coordinator") for n in others}

    def links():
        all_links = last_json(place.troupe("link", "list", "--json"))["links"]
        return [x for x in all_links if not x["peer"].startswith("client-")]
    # The figures may be a second old.
    wait_for(lambda: {(x["node"], x["peer"]) for x in links()} == star, "the star", 5.0)
    assert all(x["credit_bytes"] > 0 and x["lost"] == 0 for x in links()), links()


@test
def tables_fit_a_terminal_of_80_columns(place):
    up(place)
    submit(place, 4, "30")  # longer than the questions take
    for words in (("node", "list"), ("actor", "list"), ("link", "list"), ("queue", "list")):
        lines = place.troupe(*words).stdout.splitlines()
        assert len(lines) >= 2 and max(map(len, lines)) <= 80, "\n".join(lines)
        assert re.fullmatch(r"[A-Z ]+", lines[0]), lines[0]


@test
def submit_prints_an_id_and_the_cluster_goes_on_with_it(place):
    up(place)
    submitted = json.loads(submit(place, 3, "0.2", "--json"))
    assert submitted["dir"] == place.project
    run = submitted["run"]
    out = last_json(place.troupe("run", "--resume", run, "--json"))
    assert out["run"] == run and out["verdict"] == "passed" and out["files"]["planned"] == 3
    assert queues(place) == []
    [entry] = audit(place)
    assert entry["operation"] == "submit" and entry["arguments"] == [run, place.project]
    assert entry["result"] == "done" and entry["uid"] == os.getuid() and entry["pid"] > 0, entry
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["ts"])
    assert stat.S_IMODE(os.stat(os.path.join(place.state, "audit.log")).st_mode) == 0o600


@test
def submit_wait_ends_as_run_does(place):
    up(place)
    listing = place.write("list", place.write("red.sh", "exit 1\n") + "\n")
    done = place.troupe("submit", "--wait", "--json", "--files-from", listing, "--command", "sh {}",
                        want=1)
    assert last_json(done)["verdict"] == "failed"
    assert [a["result"] for a in audit(place)] == ["done"], "the submission was done"


@test
def queues_show_what_waits_and_cancel_ends_it(place):
    up(place)
    run = submit(place, 12, "5")
    [row] = wait_for(lambda: [q for q in queues(place) if q["running"] >= 2], "work for both")
    assert row["run"] == run and row["dir"] == place.project
    assert row["waiting"] + row["running"] == 12, row
    assert last_json(place.troupe("queue", "cancel", run, "--json")) == {"run": run, "ended": True}
    assert queues(place) == []
    assert last_json(place.troupe("verify", run, "--json"))["verdict"] == "cancelled"
    place.troupe("queue", "cancel", run, want=9)
    place.troupe("queue", "cancel", "x", want=2)
    assert [(a["operation"], a["result"]) for a in audit(place)] == [
        ("submit", "done"), ("cancel", "done"), ("cancel", "failed 9")]


def workers_of(place, run):
    results = last_json(place.troupe("runs", "show", run, "--json"))["results"]
    return {r["worker"].split("/")[0] for r in results}


@test
def a_drained_executor_gets_nothing_until_it_is_let(place):
    up(place)
    out = last_json(place.troupe("node", "drain", "executor-0", "--json"))
    assert out == {"node": "executor-0", "draining": True, "busy": 0, "stopping": False}, out
    assert nodes(place)["executor-0"]["state"] == "draining"
    run = submit(place, 6, "0.1", "--wait", "--json")
    run = json.loads(run)["run"]
    assert workers_of(place, run) == {"executor-1"}, workers_of(place, run)
    place.troupe("node", "drain", "executor-0", "--off")
    assert nodes(place)["executor-0"]["state"] == "ready"
    place.troupe("node", "drain", "executor-1")
    run = json.loads(submit(place, 6, "0.1", "--wait", "--json"))["run"]
    assert workers_of(place, run) == {"executor-0"}, workers_of(place, run)


@test
def drain_stop_finishes_the_work_then_replaces_the_process(place):
    up(place)
    run = submit(place, 8, "1")
    wait_for(lambda: any(q["running"] for q in queues(place)), "running files")
    before = nodes(place)["executor-0"]
    place.troupe("node", "drain", "executor-0", "--stop", timeout=60)
    after = wait_for(lambda: (n := nodes(place).get("executor-0")) and n["state"] == "ready"
                     and n["pid"] != before["pid"] and n, "another process of the name")
    assert after["incarnation"] != before["incarnation"]
    out = last_json(place.troupe("run", "--resume", run, "--json"))
    assert out["verdict"] == "passed" and out["tests"]["passed"] == 8
    assert all(r["attempts"] == 1 for r in out["results"]), "nothing had to run twice"


@test
def a_drain_that_takes_too_long_says_so_and_goes_on(place):
    up(place)
    submit(place, 2, "20")
    wait_for(lambda: any(q["running"] >= 2 for q in queues(place)), "running files")
    done = place.troupe("node", "drain", "executor-0", "--stop", "--timeout", "1s", want=6)
    assert "has not finished" in done.stderr
    assert nodes(place)["executor-0"]["state"] == "draining"
    assert audit(place)[-1]["result"] == "failed 6"


@test
def a_drained_coordinator_takes_no_runs(place):
    up(place)
    place.troupe("node", "drain", "coordinator")
    listing = place.write("list", files(place, 1))
    done = place.troupe("submit", "--files-from", listing, "--command", "sh {}", want=9)
    assert "drained" in done.stderr
    place.troupe("node", "drain", "coordinator", "--off")
    submit(place, 1, "0", "--wait")


@test
def what_has_no_work_is_not_drained(place):
    up(place)
    place.troupe("node", "drain", "partitioner", want=8)
    place.troupe("node", "drain", "nobody", want=9)
    assert [a["result"] for a in audit(place)] == ["failed 8", "failed 9"]


@test
def the_console_does_what_the_commands_do(place):
    up(place)
    same = {"nodes": ("node", "list"), "queues": ("queue", "list"), "runs": ("queue", "list")}
    for word, command in same.items():
        by_console = place.troupe("console", "-e", word, "--json").stdout
        key = json.loads(by_console)
        assert key.keys() == last_json(place.troupe(*command, "--json")).keys(), word
    script = "# a comment\n\nnodes\nactors coordinator\nlinks coordinator\nstatus\nqueues"
    done = place.troupe("console", "--json", given=script)
    assert [list(json.loads(line))[0] for line in done.stdout.splitlines()] == [
        "nodes", "actors", "links", "epoch", "queues"], done.stdout
    place.troupe("console", given="drain executor-0\ndrain executor-0 off\n")
    assert [a["arguments"] for a in audit(place)] == [["executor-0", "on"], ["executor-0", "off"]]
    assert "drain NODE" in place.troupe("console", "-e", "help").stdout


@test
def the_console_says_what_is_wrong_and_goes_on(place):
    up(place)
    done = place.troupe("console", given="node\ndrain\nnodes\n")
    assert "did you mean nodes?" in done.stderr and "say drain NODE" in done.stderr
    assert "executor-1" in done.stdout
    place.troupe("console", given="nodes\nbogus\n", want=2)
    place.troupe("console", given="x" * 5000 + "\n", want=2)
    place.troupe("console", "-e", "drain executor-0 sideways", want=2)
    assert place.troupe("console", given="quit\nbogus\n").stderr == ""


@test
def the_console_prompts_on_a_terminal_and_an_interrupt_ends_it(place):
    up(place)
    master, slave = pty.openpty()
    console = subprocess.Popen(place.args("console"), env=place.env, stdin=slave, stdout=slave,
                               stderr=slave, start_new_session=True)
    os.close(slave)
    seen = b""

    def until(text):
        nonlocal seen
        end = time.monotonic() + 20
        while text not in seen and time.monotonic() < end:
            if select.select([master], [], [], 0.5)[0]:
                seen += os.read(master, 65536)
        assert text in seen, seen
    until(b"troupe> ")
    os.write(master, b"nodes\n")
    until(b"validator")
    seen = seen.split(b"validator")[-1]
    until(b"troupe> ")
    console.send_signal(signal.SIGINT)
    assert console.wait(timeout=10) == 7
    os.close(master)


@test
def the_console_survives_the_coordinator(place):
    up(place)
    console = place.start("console", "--json", stdin=subprocess.PIPE)
    console.stdin.write("nodes\n")
    console.stdin.flush()
    first = json.loads(console.stdout.readline())
    [pid] = [n["pid"] for n in first["nodes"] if n["node"] == "coordinator"]
    os.kill(pid, signal.SIGKILL)
    console.stdin.write("status\n")
    console.stdin.flush()
    assert json.loads(console.stdout.readline())["epoch"] == 2
    console.stdin.close()
    console.stdin = None
    console.communicate(timeout=20)
    assert console.returncode == 0


@test
def node_start_becomes_a_process_of_the_cluster(place):
    up(place)
    endpoint = last_json(place.troupe("up", "--json"))["endpoint"]
    extra = place.start("node", "start", "--role", "executor", "--join", endpoint, "--name", "extra")
    try:
        node = wait_for(lambda: nodes(place).get("extra"), "the new process")
        assert node["pid"] == extra.pid and node["roles"] == ["executor"], node
        place.troupe("node", "drain", "extra", "--stop")
        assert extra.wait(timeout=20) == 0
    finally:
        extra.kill()
        extra.communicate()
    wait_for(lambda: "extra" not in nodes(place), "it is gone")
    place.troupe("node", "start", "--role", "cook", "--join", endpoint, want=2)


def main():
    test_cli.TESTS[:] = TESTS
    return test_cli.main()


if __name__ == "__main__":
    sys.exit(main())
