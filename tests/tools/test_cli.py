#!/usr/bin/env python3
"""test_cli.py - drives the real `troupe` from outside: options, exit codes, JSON, what is left behind.

    tests/tools/test_cli.py BUILD_DIR [NAME...]        prints TAP

BUILD_DIR holds `troupe` and `troupe-node`.  Every test has a state and a runtime directory of its own.
"""
import contextlib
import fcntl
import html.parser
import json
import os
import pty
import re
import select
import shlex
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios
import time
import urllib.parse
import xml.etree.ElementTree

BUILD = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else ""
TROUPE = os.path.join(BUILD, "troupe")
COMMANDS = """
run
fix
generate
verify
partition
simulate
classify
rules
errors
heal
resolve
runs
events
flaky
up
down
status
health
submit
node
actor
link
queue
cost
console
doctor
config
models
keys
bench
completion
version
help
""".split()
TESTS = []


def test(function):
    TESTS.append(function)
    return function


class Skip(Exception):
    """The test needs what this machine has not."""


class Place:
    """A state, a runtime directory and a project of a test's own."""

    def __init__(self, root):
        self.root = root
        self.run_dir = os.path.join(root, "run")
        self.state = os.path.join(root, "state")
        self.project = os.path.join(root, "project")
        for path in (self.run_dir, self.state, self.project):
            os.mkdir(path, 0o700)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("XDG_")}
        self.env.update(XDG_RUNTIME_DIR=self.run_dir, XDG_STATE_HOME=os.path.join(root, "xdg"),
                        XDG_CONFIG_HOME=os.path.join(root, "etc"), LC_ALL="C.UTF-8")

    def write(self, name, text):
        path = os.path.join(self.project, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return name

    def args(self, *args):
        return [TROUPE, args[0], "--state", self.state, *args[1:]]

    def start(self, *args, **more):
        return subprocess.Popen(self.args(*args), env=self.env, cwd=self.project, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def troupe(self, *args, given="", want=0, timeout=60):
        done = subprocess.run(self.args(*args), env=self.env, cwd=self.project, text=True,
                              input=given, capture_output=True, timeout=timeout, check=False)
        assert done.returncode == want, \
            f"{args}: exit {done.returncode}, not {want}\n{done.stdout}\n{done.stderr}"
        if want != 0:
            assert done.stderr.strip(), f"{args}: says nothing about exit {want}"
        return done

    def processes(self):
        """Processes of this place's cluster."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    words = file.read().decode(errors="replace").split("\0")
                # Nodes that only connect name the socket; the supervisor names the state.
                if any(self.root in word for word in words) and "node" in words[0]:
                    found.append((int(pid), words))
        return found

    def pids(self, word):
        return [pid for pid, words in self.processes() if word in words]

    def nothing_is_left(self, within=5.0):
        until = time.monotonic() + within
        left = None
        while time.monotonic() < until:
            left = self.processes() or os.listdir(self.run_dir)
            if not left:
                return
            time.sleep(0.05)
        raise AssertionError(f"left behind: {left}")


def files(place, count, seconds="0"):
    names = [place.write(f"t{i:03}.sh", f"sleep {seconds}\n") for i in range(count)]
    return "".join(n + "\n" for n in names)


BY_COMMAND = ("--files-from", "-", "--command", "sh {}", "--workers", "2")


def last_json(done):
    return json.loads(done.stdout.splitlines()[-1])


def wait_for(condition, what, within=20.0):
    until = time.monotonic() + within
    while time.monotonic() < until:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited in vain for {what}")


def balanced(counts):
    return counts["planned"] == sum(counts[k] for k in
                                    ("passed", "failed", "skipped", "flaky", "lost"))


# ---- help, usage ----

@test
def every_command_has_help_with_examples(place):
    for name in COMMANDS:
        text = place.troupe(name, "--help").stdout
        assert "Examples:" in text and f"troupe {name}" in text, name
        assert place.troupe("help", name).stdout == text, name


@test
def help_lists_every_command(place):
    text = subprocess.run([TROUPE, "--help"], capture_output=True, text=True, check=True).stdout
    assert all(re.search(rf"^  {name} ", text, re.M) for name in COMMANDS)


@test
def wrong_usage_exits_2_and_says_what_was_meant(place):
    done = subprocess.run([TROUPE, "verfy"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "did you mean verify" in done.stderr
    assert "did you mean --workers" in place.troupe("run", "--wokers", "3", want=2).stderr
    for args in (("run", "--workers"), ("run", "--workers", "many"), ("run", "--json=1"),
                 ("run", "a", "b"), ("run", "--runner", "nose"), ("run", "--fix", "perhaps"),
                 ("run", "--command", "true"), ("run", "--runner", "command"),
                 ("run", "--results", "x"), ("run", "--runner", "auto,jest"),
                 ("run", "--runner", "jest,nose"), ("run", "nowhere"),
                 ("run", "--timeout", "soon"), ("verify",), ("verify", "x"), ("runs",), ("config",),
                 ("completion", "tcsh"), ("health",), ("partition",), ("run", "--color", "blue"),
                 ("run", "--cluster", "nonsense"), ("version", "x"), ("generate",), ("generate", "nowhere.ts")):
        place.troupe(*args, want=2)


@test
def generate_says_why_it_cannot(place):
    if not shutil.which("node"):
        raise Skip("node is not there")
    place.write("package.json", "{}")
    place.write("src/a.ts", "export const a = 1\n")
    assert "vitest" in place.troupe("generate", "src/a.ts", want=9).stderr
    assert "not in the project" in place.troupe("generate", "/etc/hosts", "--project", ".", want=2).stderr
    assert sorted(os.listdir(place.project)) == ["package.json", "src"]


@test
def no_arguments_is_wrong_usage(_place):
    done = subprocess.run([TROUPE], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stderr


@test
def version_as_text_and_json(place):
    number = place.troupe("version").stdout.split()[1]
    assert last_json(place.troupe("version", "--json"))["version"] == number


@test
def completion_is_sound_shell(place):
    for shell in ("bash", "zsh", "fish"):
        text = place.troupe("completion", shell).stdout
        assert "files-from" in text and "doctor" in text
        if shutil.which(shell):
            subprocess.run([shell, "-n"], input=text, text=True, check=True)


# ---- configuration ----

@test
def a_bad_configuration_exits_3_with_file_line_and_column(place):
    etc = os.path.join(place.root, "conf")
    os.mkdir(etc)
    with open(os.path.join(etc, "troupe.yml"), "w", encoding="utf-8") as file:
        file.write("run:\n  workers: many\n  wokers: 3\n")
    done = place.troupe("config", "check", "--config", etc, want=3)
    assert "troupe.yml:2:" in done.stderr and "troupe.yml:3:" in done.stderr, done.stderr
    place.troupe("run", "--config", etc, want=3)
    place.troupe("config", "check", "--config", etc + "/none", want=3)
    place.troupe("config", "check", "--set", "run.wokers=3", want=3)


@test
def configuration_shows_what_holds(place):
    shown = json.loads(place.troupe("config", "show", "--json", "--set", "run.workers=7").stdout)
    assert shown["run"]["workers"] == 7
    assert "workers: 7" in place.troupe("config", "show", "--set", "run.workers=7").stdout
    assert "properties" in json.loads(place.troupe("config", "schema").stdout)
    place.troupe("config", "check")


# ---- partition, doctor ----

@test
def partition_keeps_its_contract(place):
    lines = "".join(json.dumps({"file": f"f{i}", "expected_s": i or None}) + "\n" for i in range(9))
    out = last_json(place.troupe("partition", "-", "--workers", "3", given=lines))
    assert sorted(f for w in out["workers"] for f in w) == sorted(f"f{i}" for i in range(9))
    assert len(out["workers"]) == 3
    assert out["expected_makespan_s"] >= out["lower_bound_s"] > 0
    empty = last_json(place.troupe("partition", "--workers", "2"))
    assert empty["workers"] == [[], []]


@test
def partition_names_the_bad_line(place):
    for bad in ("{nonsense", '{"file":3}', '{"file":"a","expected_s":-1}', "[]", '{"file":""}'):
        done = place.troupe("partition", "--workers", "2", given='{"file":"a"}\n' + bad + "\n", want=2)
        assert "line 2" in done.stderr, done.stderr


@test
def simulate_keeps_its_contract(place):
    files = [{"file": f"{i}", "expected_s": i % 4 or None, "actual_s": 1 + i % 5,
              "tests": [(1 + i % 5) / 10] * 10 if i % 3 else None} for i in range(60)]
    given = "".join(json.dumps(file) + "\n" for file in files)
    more = ("--workers", "4", "--boot-s", "1", "--per-file-s", "0.15", "--speed-sd", "0.1", "--seed", "7")
    first = place.troupe("simulate", "-", *more, given=given).stdout
    assert place.troupe("simulate", "-", *more, given=given).stdout == first
    out = json.loads(first)
    assert out["lost"] == out["doubled"] == 0 and len(out["workers"]) == 4
    speeds = [worker["speed"] for worker in out["workers"]]
    assert len(set(speeds)) == 4
    bound = 1 + max((sum(f["actual_s"] for f in files) + 60 * 0.15) / sum(speeds), 5 / max(speeds))
    assert abs(out["lower_bound_s"] - bound) < 1e-6
    assert abs(out["ratio"] - out["makespan_s"] / out["lower_bound_s"]) < 1e-6
    assert 1 <= out["ratio"] < 1.1
    pieces = sum(worker["files"] for worker in out["workers"])
    assert pieces >= 60
    work = sum(worker["busy_s"] * worker["speed"] for worker in out["workers"])
    assert abs(work - sum(f["actual_s"] for f in files) - pieces * 0.15) < 0.01
    whole = json.loads(place.troupe("simulate", "-", *more, "--no-split", given=given).stdout)
    assert sum(worker["files"] for worker in whole["workers"]) == 60
    assert whole["makespan_s"] >= out["makespan_s"]
    cut = json.loads(place.troupe("simulate", "-", *more, "--no-relief", given=given).stdout)
    assert cut["lost"] == cut["doubled"] == 0 and sum(worker["files"] for worker in cut["workers"]) >= 60
    lost = json.loads(place.troupe("simulate", "-", *more, "--kill", "0@20", "--kill", "3@20.5",
                                   "--join", "21", given=given).stdout)
    assert lost["lost"] == lost["doubled"] == 0 and len(lost["workers"]) == 5
    assert out["makespan_s"] < lost["makespan_s"]


@test
def simulate_says_what_is_lost_and_what_is_wrong(place):
    line = '{"file":"a","expected_s":1,"actual_s":2,"tests":[1,1]}\n'
    done = place.troupe("simulate", "--workers", "1", "--kill", "0@1.5", given=line, want=1)
    assert last_json(done)["lost"] == 1
    assert last_json(place.troupe("simulate", "--workers", "1"))["makespan_s"] == 0
    for bad in ("{", "[]", '{"file":"a"}', '{"file":"a","actual_s":-1}', '{"file":"a","actual_s":1e12}',
                '{"file":"a","actual_s":1,"tests":["x"]}', '{"file":"a","actual_s":1,"tests":{}}',
                '{"file":"","actual_s":1}', '{"file":"a","actual_s":1,"expected_s":"soon"}'):
        done = place.troupe("simulate", "--workers", "2", given=line + bad + "\n", want=2)
        assert "line 2" in done.stderr, done.stderr
    for args in (("--workers", "0"), ("--workers", "1.5"), ("--workers", "2", "--kill", "2@1"),
                 ("--workers", "2", "--kill", "1"), ("--workers", "2", "--join", "-1"),
                 ("--workers", "2", "--speed-sd", "nan"), ()):
        place.troupe("simulate", *args, given=line, want=2)


POLICY = {"price_per_hour": 0.36, "slots_per_instance": 2, "start_lag_s": 30, "setup_s": 10,
          "instances_max": 8, "idle_stop_s": 20, "decide_every_s": 10}


def scaled(place, policy, arrivals, **more):
    path = place.write("policy.yml", "".join(f"{key}: {value}\n" for key, value in policy.items()))
    given = "".join(json.dumps({"at_s": at, "cpu_s": cpu}) + "\n" for at, cpu in arrivals)
    return place.troupe("simulate", "--policy", path, "--arrivals", "-", given=given, **more)


@test
def simulate_scales_by_a_policy(place):
    # One instance: 40 s until it works, 50 s of work, 20 s idle: 110 s.
    out = last_json(scaled(place, dict(POLICY, rule="backlog", backlog_s=1000), [(5, 100)]))
    assert abs(out["p50_s"] - 90) < 1e-6 and abs(out["usd"] - 110 * 0.36 / 3600) < 1e-6, out
    assert out["instances_max"] == 1 and out["stopped_busy"] == out["lost"] == 0
    # The second run waits for the first; then there is nothing for 21 s, and another instance starts.
    out = last_json(scaled(place, dict(POLICY, rule="backlog", backlog_s=1000), [(0, 40), (1, 40), (101, 2)]))
    assert abs(out["p50_s"] - 60) < 1e-6 and abs(out["p95_s"] - 79) < 1e-6, out
    assert len(out["workers"]) == 2 and abs(out["makespan_s"] - 142) < 1e-6, out
    # Four within the deadline: 60 s for 480.
    out = last_json(scaled(place, dict(POLICY, rule="deadline", deadline_s=100), [(0, 480)]))
    assert out["instances_max"] == 4 and abs(out["p95_s"] - 100) < 1e-6, out
    cheap, fast = (last_json(scaled(place, dict(POLICY, rule="sqrt", value_per_s=value),
                                    [(300 * i, 500) for i in range(40)])) for value in (1e-5, 1e-2))
    assert cheap["usd"] < fast["usd"] and cheap["p50_s"] > fast["p50_s"]
    for bad in (dict(POLICY), dict(POLICY, rule="sqrt"), dict(POLICY, rule="none", x=1),
                dict(POLICY, rule="sqrt", x=1, y=2), dict(POLICY, rule="sqrt", x="many"),
                dict(POLICY, rule="sqrt", x=1, instances_max=0)):
        assert "policy.yml" in scaled(place, bad, [], want=2).stderr
    place.write("policy.yml", "".join(f"{key}: {value}\n" for key, value in dict(POLICY, rule="sqrt", x=1).items()))
    done = place.troupe("simulate", "--policy", "policy.yml", "--arrivals", "-", given='{"at_s":"now"}\n', want=2)
    assert "line 1" in done.stderr
    place.troupe("simulate", "--arrivals", "-", want=2)
    place.troupe("simulate", "--policy", "policy.yml", want=2)


@test
def cost_optimize_proposes_what_is_cheaper_and_no_slower(place):
    arrivals = "".join(json.dumps({"at_s": 1500 * i, "cpu_s": 600 + 300 * (i * 7 % 11)}) + "\n" for i in range(60))
    paid = ("--set", "cost.instance=fargate-spot", "--set", "scaling.idle_stop_s=300")
    out = last_json(place.troupe("cost", "optimize", "--json", "--arrivals", "-", *paid, given=arrivals))
    assert out["runs"] == 60 and out["saved"] > 0.2, out
    assert out["best"]["p95_s"] <= out["now"]["p95_s"] and out["best"]["usd"] < out["now"]["usd"]
    told = place.troupe("cost", "optimize", "--arrivals", "-", *paid, given=arrivals).stdout
    assert f"scaling.rule={out['best']['rule']}" in told and "executor.idle_stop_ms=" in told
    assert "20 are needed" in place.troupe("cost", "optimize", "--arrivals", "-", *paid, given="", want=9).stderr
    assert "line 1" in place.troupe("cost", "optimize", "--arrivals", "-", *paid, given="{}\n", want=2).stderr
    place.troupe("cost", "optimize", "--arrivals", "-", given=arrivals, want=2)


# ---- selection ----

def git(place, *args):
    subprocess.run(["git", "-c", "user.email=a@example.com", "-c", "user.name=a", *args], cwd=place.project,
                   env=place.env, capture_output=True, check=True)


@test
def changed_since_leaves_out_what_no_change_reaches(place):
    for name, text in (("lib.js", "exports.x = 1\n"), ("a.test.js", "require('./lib')\n"),
                       ("b.test.js", "1\n"), ("notes.md", "\n"), ("package-lock.json", "{}\n")):
        place.write(name, text)
    git(place, "init", "-q")
    git(place, "add", "-A")
    git(place, "commit", "-qm", "all")

    def select(*args, want=0):
        done = place.troupe("run", "--files-from", "-", "--command", "true {}", "--workers", "1", "--fix", "off",
                            "--heal", "off", "--json", *args, given="a.test.js\nb.test.js\n", want=want)
        return last_json(done) if want == 0 else done
    said = select("--changed-since", "HEAD")
    assert said["verdict"] == "passed" and said["files"]["not_affected"] == 2 and not said["results"], said
    place.write("lib.js", "exports.x = 2\n")
    said = select("--changed-since", "HEAD")
    assert [row["file"] for row in said["results"]] == ["a.test.js"] and said["files"]["not_affected"] == 1, said
    why = json.loads(place.troupe("runs", "why", "last", "b.test.js", "--json").stdout)
    assert why["chosen"] is False and why["why"] == "not named by --files-from", why
    assert json.loads(place.troupe("runs", "why", "last", "a.test.js", "--json").stdout)["chosen"] is True
    place.write("package-lock.json", "{ }\n")
    assert len(select("--changed-since", "HEAD")["results"]) == 2
    for bad in ("nowhere", "--output=x", ""):
        assert "--changed-since" in select("--changed-since=" + bad, want=2).stderr
    assert not os.path.exists(os.path.join(place.project, "x"))


# ---- flaky tests ----

@test
def flaky_tests_are_listed_red_when_told_so_and_quarantined(place):
    out = os.path.join(place.root, "out")
    os.mkdir(out, 0o777)
    os.chmod(out, 0o777)
    # Fails each first time, and passes each second.
    place.write("a.sh", f"if [ -e {out}/m ]; then rm {out}/m; else touch {out}/m; exit 1; fi\n")
    place.write("b.sh", "true\n")

    def run(*args, want=0):
        done = place.troupe("run", *BY_COMMAND, "--allow-write", out, "--fix", "off", "--heal", "off", "--json", *args,
                            given="a.sh\nb.sh\n", want=want)
        return json.loads(done.stdout.splitlines()[-1])
    for _ in range(2):
        said = run("--retries", "1")
        assert said["verdict"] == "passed" and said["tests"]["flaky"] == 1, said
    assert run("--retries", "1", "--set", "run.flaky=fail", want=1)["tests"]["flaky"] == 1
    listed = json.loads(place.troupe("flaky", ".", "--json").stdout)
    assert listed["looked_at"] == 2, listed
    assert [(row["file"], row["flaky"], row["events"], row["runs"]) for row in listed["tests"]] == [("a.sh", True, 3, 3)]
    assert "1 of 2 tests are flaky" in place.troupe("flaky", "--runs", "3").stdout
    name = listed["tests"][0]["test"]

    place.write("held", f"# until they are mended\n2999-01-01 a.sh > {name}\n2001-01-01 b.sh > {name}\n")
    said = run("--set", "run.quarantine=held")
    assert said["verdict"] == "passed" and said["tests"]["flaky"] == 1 and said["tests"]["failed"] == 0, said
    os.remove(os.path.join(out, "m"))
    assert run(want=1)["tests"]["failed"] == 1
    place.write("held", "soon a.sh > x\n")
    run_bad = place.troupe("run", *BY_COMMAND, "--set", "run.quarantine=held", given="b.sh\n", want=3)
    assert "held, line 1" in run_bad.stderr, run_bad.stderr
    place.troupe("flaky", "--runs", "0", want=2)
    place.troupe("flaky", "nowhere", want=2)


# ---- reports ----

HOSTILE = ["<img src=x onerror=alert(1)>", "\"><script>document.title='owned'<!--", "a'b&amp;\u202egnp",
           "]]></failure>", "@someone `code` | [x](http:y)"]


class Tags(html.parser.HTMLParser):
    """What a browser made of a page."""

    def __init__(self):
        super().__init__()
        self.tags, self.words = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.words += [value for name, value in attrs if name == "title"]
        assert not any(name.startswith("on") for name, _ in attrs), attrs

    def handle_data(self, data):
        self.words.append(data)


def look_in_a_browser(path):
    done = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "file://" + path],
                          capture_output=True, text=True, timeout=120, check=True)
    page = Tags()
    page.feed(done.stdout)
    return page


def hostile_run(place, *more, env=None):
    """A run of files whose names and words are hostile; its object and the folder of its reports."""
    names = [place.write(f"{i} {name.replace('/', '%')}.sh", f"printf '%s\\n' {shlex.quote(name)} '\033[31mred'; exit 1\n")
             for i, name in enumerate(HOSTILE)]
    names += [place.write("good.sh", "exit 0\n"), place.write("lost.sh", "kill -9 $PPID $$\n")]
    place.env.update(env or {})
    done = place.troupe("run", "--files-from", "-", "--command", "sh {}", "--workers", "2", "--report", "out",
                        "--fix", "off", "--heal", "off", "--json", *more, given="".join(n + "\n" for n in names), want=1)
    return names, last_json(done), os.path.join(place.project, "out")


@test
def reports_say_the_same_in_five_formats(place):
    summary = os.path.join(place.root, "summary.md")
    with open(summary, "w", encoding="utf-8") as file:
        file.write("before\n")
    names, said, out = hostile_run(place, env={"GITHUB_STEP_SUMMARY": summary})
    assert sorted(os.listdir(out)) == ["ctrf.json", "index.html", "junit.xml", "report.json", "sarif.json"]

    def read(name):
        with open(os.path.join(out, name), encoding="utf-8") as file:
            return json.load(file)
    assert read("report.json") == said
    suites = xml.etree.ElementTree.parse(os.path.join(out, "junit.xml")).getroot()
    cases = list(suites.iter("testcase"))
    assert (suites.get("tests"), suites.get("failures"), suites.get("errors")) == ("7", "5", "1"), suites.attrib
    assert len(cases) == 7 and len(list(suites.iter("failure"))) == 5 and len(list(suites.iter("error"))) == 1
    shown = {name.replace("\u202e", "\ufffd") for name in names}
    assert {suite.get("name") for suite in suites} == shown
    results = read("ctrf.json")["results"]
    assert results["summary"]["tests"] == len(results["tests"]) == 7
    assert (results["summary"]["failed"], results["summary"]["passed"], results["summary"]["other"]) == (5, 1, 1)
    assert {test["filePath"] for test in results["tests"]} == set(names)
    assert results["summary"]["stop"] - results["summary"]["start"] == said["wall_ms"]
    (run,) = read("sarif.json")["runs"]
    assert {result["ruleId"] for result in run["results"]} <= {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    uris = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in run["results"]]
    assert sorted(map(urllib.parse.unquote, uris)) == sorted(set(names) - {"good.sh"})
    assert all(re.fullmatch(r"[A-Za-z0-9._~/@+%-]+", uri) for uri in uris)
    with open(summary, encoding="utf-8") as file:
        text = file.read()
    assert text.startswith("before\n## Troupe: failed") and "| files | 7 | 1 | 5 | 0 | 0 | 1 |" in text
    assert "``4 @someone `code`" in text


@test
def hostile_names_stay_text_in_a_browser(place):
    if not shutil.which("chromium"):
        raise Skip("there is no chromium")
    names, _, out = hostile_run(place)
    page = look_in_a_browser(os.path.join(out, "index.html"))
    assert set(page.tags) <= {"html", "head", "meta", "title", "style", "body", "header", "div", "h1", "h2", "h3",
                              "span", "ul", "li", "p", "i", "b", "small", "main", "details", "summary", "pre",
                              "table", "tbody", "tr", "th", "td", "footer"}, set(page.tags)
    assert "project: failed" in page.words, page.words[:20]
    for name in names:
        assert name.replace("\u202e", "\ufffd") in page.words, name
    assert any("red" in word and "\033" not in word for word in page.words)


@test
def a_report_that_cannot_be_written_changes_no_verdict(place):
    place.write("out", "a file is in the way\n")
    _, said, _ = hostile_run(place)
    assert said["verdict"] == "failed"


@test
def classify_keeps_its_contract(place):
    texts = [{"id": 1, "message": "src/a.ts(3,5): error TS2322: Type 'string' is not assignable to type 'number'."},
             {"id": "two", "message": "Error: Invalid hook call. Hooks can only be called inside of the body of a "
                                      "function component.", "file_path": None},
             {"id": [3], "message": "\u001b[31mAssertionError\u001b[0m: expected 1 to be 2", "file_path": "a.test.ts"},
             {"id": None, "message": "npm ERR! code ENOTFOUND"}]
    rows = [json.loads(line) for line in
            place.troupe("classify", given="".join(json.dumps(t) + "\n" for t in texts)).stdout.splitlines()]
    assert [row["id"] for row in rows] == [text["id"] for text in texts]
    assert [row["label"] for row in rows] == ["typescript", "react", "test", "general"], rows
    for row in rows:
        assert list(row) == ["id", "label", "confidence", "priority", "route", "why", "cause"], row
        assert 0 <= row["confidence"] <= 1 and 0 <= row["priority"] <= 100 and row["why"]
        assert row["route"]["queue"] and row["route"]["model"]


@test
def classify_answers_a_bad_line_in_its_place(place):
    good = '{"id":1,"message":"x"}\n'
    for bad in ("{nonsense", "[]", '{"message":"no id"}', '{"id":1}', '{"id":1,"message":2}',
                '{"id":1,"message":"x","file_path":3}', '{"id":1,"message":"x","exit":256}'):
        done = place.troupe("classify", given=good + bad + "\n" + good, want=1)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert ["error" in row for row in rows] == [False, True, False], done.stdout
        assert rows[1]["line"] == 2 and "1 lines" in done.stderr


@test
def classify_goes_by_the_rules_beside_the_configuration(place):
    etc = os.path.join(place.root, "etc")
    os.mkdir(etc)
    path = os.path.join(etc, "error-routing-rules.yml")
    with open(path, "w", encoding="utf-8") as file:
        file.write("rules: nonsense\n")
    with open(os.path.join(etc, "troupe.yml"), "w", encoding="utf-8"):
        pass
    done = place.troupe("classify", "--config", etc, given="", want=3)
    assert path + ":1:" in done.stderr, done.stderr


OLD_PAGE = """<!doctype html><title>Cart</title><h1>Cart</h1><form id=f><label for=n>Name</label><input id=n>
<button id=save class=btn>Save</button><button id=del class=btn>Delete</button></form><p>Done</p>"""
NEW_PAGE = """<!doctype html><title>Cart</title><div class=css-1a2b><h1>Cart</h1><form><div><label for=:r1:>Name</label>
<input id=:r1:></div><div class=css-9z8y><button class=css-77ab>Delete</button><button class=css-77ab>Save</button></div>
</form></div><p>Done</p>"""


@test
def heal_finds_what_a_selector_meant(place):
    pages = [os.path.join(place.project, place.write(name, text)) for name, text in
             (("old.html", OLD_PAGE), ("new.html", NEW_PAGE))]
    ask = ["heal", "--before", pages[0], "--after", pages[1], "--selector"]
    out = last_json(place.troupe(*ask, "#save"))
    assert out["status"] == "healed" and out["match"].endswith("/button[2]"), out
    assert out["selector"] == "page.getByRole('button', { name: 'Save' })", out
    assert 0 < out["confidence"] <= 1 and isinstance(out["alternatives"], list)
    again = last_json(place.troupe("resolve", "--html", pages[1], out["selector"]))
    assert again == {"count": 1, "matches": [{"path": out["match"], "frame": ""}]}, again
    out = last_json(place.troupe(*ask, "page.getByRole('heading')"))
    assert out["status"] == "intact" and out["selector"] == "page.getByRole('heading')", out
    place.write("new.html", "<p>Something else</p>")
    out = last_json(place.troupe(*ask, "#save", want=1))
    assert out["status"] == "refused" and out["match"] is None and out["reason"], out
    assert last_json(place.troupe(*ask, "#save", "--no-abstain"))["status"] == "healed"


@test
def heal_takes_the_errors_of_other_tools(place):
    old = os.path.join(place.project, place.write("old.html", OLD_PAGE))
    new = os.path.join(place.project, place.write("new.html", NEW_PAGE.replace("<button class=css-77ab>Save", "<button name=keep>Save")))
    error = os.path.join(place.project, "error.txt")

    def heal(text, *after, want=0):
        place.write("error.txt", text)
        return place.troupe("heal", "--before", old, *after, "--error", error, want=want)
    out = last_json(heal("Timed out retrying after 4000ms: Expected to find element: `#save`, but never found it.", "--after", new))
    assert (out["tool"], out["asked"], out["status"], out["selector"]) == (
        "cypress", "#save", "healed", "cy.get('button[name=\"keep\"]')"), out
    out = last_json(heal('Unable to locate element: {"method":"xpath","selector":"//*[@id=\'save\']"}', "--after", new))
    assert (out["tool"], out["selector"]) == ("selenium", 'button[name="keep"]'), out
    body = "<body>\n" + NEW_PAGE[NEW_PAGE.index("<div"):] + "\n</body>"
    out = last_json(heal('Unable to find an element by: [id="save"]\n\n' + body))
    assert (out["tool"], out["selector"]) == ("testing-library", "screen.getByRole('button', { name: 'Save' })"), out
    heal('Unable to find an element by: [id="save"]\n\n' + body[:-9] + "...", want=2)
    heal("Error: something else", "--after", new, want=9)


@test
def heal_says_what_is_wrong_with_what_it_was_given(place):
    page = os.path.join(place.project, place.write("page.html", OLD_PAGE))
    place.troupe("heal", want=2)
    place.troupe("heal", "--fingerprints", page, want=2)
    place.troupe("heal", "--snapshot", page, "--cases", page, want=2)
    place.troupe("heal", "--before", page, "--after", page + "x", "--selector", "#save", want=2)
    for bad in ("tr:frobnicate", "xpath=//[", "page.getByText(name)"):
        assert place.troupe("resolve", "--html", page, bad, want=2).stderr.startswith("troupe: "), bad
    place.troupe("resolve", "#save", want=2)


SPEC = """test('cart', async ({ page }) => {
  await page.locator('.css-1qm1lh').click()
  await page.waitForTimeout(500)
  await expect(page.getByRole('button', { name: 'Save' })).toBeVisible()
})
"""
SEEN = {"url": "http://localhost/", "failed": None, "elements": [], "truncated": False, "used": [
    {"locator": "locator('.css-1qm1lh')", "file": "a.spec.ts", "line": 2, "column": 37,
     "element": {"role": "button", "name": "Add", "tag": "button"}}]}


@test
def heal_knows_the_health_of_browser_tests(place):
    """Of runs that the ledger is told were Playwright's: what a browser does is tests/reporters' business."""
    def run(passes):
        place.write("a.spec.ts", "true\n" if passes else "false\n")
        place.write("b.spec.ts", "true\n")
        place.troupe("run", *BY_COMMAND, "--fix", "off", "--heal", "off", given="a.spec.ts\nb.spec.ts\n", want=0 if passes else 1)
    place.troupe("heal", "health", want=9)
    for passes in (True, False, False, True):
        run(passes)
    place.write("a.spec.ts", SPEC)
    assert json.loads(place.troupe("heal", "health", "--json").stdout)["tests"] == [], "no browser tests"
    project = os.path.realpath(place.project)
    with contextlib.closing(sqlite3.connect(os.path.join(place.state, "ledger.db"))) as ledger, ledger:
        ledger.execute("UPDATE run SET runner_found = 'playwright'")
        ledger.execute("INSERT INTO known VALUES (?, 'a.spec.ts', 'cart', ?)", (project, json.dumps(SEEN)))
        for no, run_id, status, diff in ledger.execute(
                "SELECT no, id, 4 - no, '+x' FROM run WHERE no IN (2, 3)").fetchall():
            ledger.execute("INSERT INTO heal VALUES (?, 1, ?, 'a.spec.ts', 2, '#a', '#b', .9, ?, 'because')", (no, status, diff))
    health = json.loads(place.troupe("heal", "health", "--json", "--repair-minutes", "20").stdout)
    assert [(t["file"], t["runs"], t["pass_rate"], t["flips"], t["flip_rate"]) for t in health["tests"]] == [
        ("a.spec.ts", 4, .5, 2, .5), ("b.spec.ts", 4, 1, 0, 0)], health["tests"]
    locators = health["locators"]
    assert (locators["files"], locators["judged"], locators["brittle"], locators["brittle_share"]) == (2, 2, 1, .5), locators
    assert [(p["line"], p["column"], p["kind"], p["text"], p["instead"]) for p in health["places"]] == [
        (2, 14, "generated", ".css-1qm1lh", "getByRole('button', { name: 'Add' })"),
        (3, 14, "sleep", "waitForTimeout", None)], health["places"]
    # One edit for both failures, made once: it was proposed before.
    heals = health["heals"]
    assert (heals["healed"], heals["proposed"], heals["refused"], heals["failures"]) == (1, 0, 0, 2), heals
    assert heals["minutes"] == {"saved": 20, "formula": "healed * repair + proposed * (repair - review)",
                                "repair": 20, "review": 3}, heals
    text = place.troupe("heal", "health", ".").stdout
    for part in ("2 browser tests, 1 of them failed or flipped", "passed  50 % of 4 runs, flipped in 2  a.spec.ts",
                 "1 of 2 locators in 2 files are brittle", "a.spec.ts:2:14  generated  .css-1qm1lh",
                 "called getByRole('button', { name: 'Add' })", "saved 15 minutes"):
        assert part in text, (part, text)
    assert json.loads(place.troupe("heal", "health", "--json", "--runs", "2").stdout)["tests"][0]["runs"] == 2

    with contextlib.closing(sqlite3.connect(os.path.join(place.state, "ledger.db"))) as ledger:
        run_id = ledger.execute("SELECT id FROM run WHERE no = 3").fetchone()[0]
    listed = json.loads(place.troupe("heal", "list", run_id, "--json").stdout)
    assert [(h["number"], h["status"], h["before"], h["after"]) for h in listed["heals"]] == [(1, "healed", "#a", "#b")], listed
    assert json.loads(place.troupe("heal", "list", "--json").stdout) == listed, "the newest that has some"
    assert json.loads(place.troupe("heal", "list", "last", "--json").stdout)["heals"] == []
    assert "No locator was looked for" in place.troupe("heal", "list", "last").stdout
    assert "#b" in place.troupe("heal", "list", run_id).stdout
    shown = json.loads(place.troupe("heal", "show", run_id, "1", "--json").stdout)
    assert shown["diff"] == "+x" and shown["reason"] == "because" and shown["run"] == run_id, shown
    assert "confidence: 90 %" in place.troupe("heal", "show", run_id, "1").stdout
    place.troupe("heal", "show", run_id, "7", want=9)
    for bad in (("show",), ("list", "last", "1"), ("health", "nowhere"), ("health", "--runs", "0"), ("frobnicate",),
                ("health", "--repair-minutes", "x")):
        place.troupe("heal", *bad, want=2)


@test
def resolve_takes_any_html(place):
    for name, text, selector, count in (
            ("deep.html", "<div>" * 300 + "<b>x", "b", 1), ("open.html", "<p><p><table><b>x<td>y", "td", 1),
            ("shadow.html", "<x-a><template shadowrootmode=open><b>in</b></template><b>out</b></x-a>", "b", 2),
            ("bytes.html", "\x00\x01<a href=\"\x7f", "a", 0), ("empty.html", "", "html", 1)):
        page = os.path.join(place.project, place.write(name, text))
        out = last_json(place.troupe("resolve", "--html", page, selector))
        assert out["count"] == count == len(out["matches"]), (name, out)
    page = os.path.join(place.project, place.write("deeper.html", "<div>" * 100000))
    place.troupe("resolve", "--html", page, "b", want=2)


@test
def doctor_tells_what_it_found(place):
    out = last_json(place.troupe("doctor", "--json"))
    assert out["ok"] and {"kernel", "sandbox", "node", "state"} <= {c["name"] for c in out["checks"]}
    assert all(c["status"] in ("ok", "warn", "fail") for c in out["checks"])
    assert "sandbox" in place.troupe("doctor").stdout


# ---- without a cluster ----

@test
def without_a_cluster_questions_exit_4(place):
    place.troupe("status", want=4)
    place.troupe("health", "--live", want=4)
    place.troupe("status", "--cluster", f"ipc://{place.run_dir}/none", "--timeout", "300ms", want=4)
    place.troupe("down")
    place.nothing_is_left()


@test
def without_a_ledger_verify_says_so(place):
    place.troupe("verify", "last", want=9)
    place.troupe("runs", "list", want=9)


# ---- runs ----

@test
def a_run_of_fifty_counts_what_passed_and_failed(place):
    given = files(place, 47)
    given += place.write("red.sh", "echo boom >&2; exit 3\n") + "\n"
    given += place.write("deep/er.sh", "exit 0\n") + "\n"
    given += "missing.sh\n./t000.sh\n\n"
    done = place.troupe("run", *BY_COMMAND, "--json", given=given, want=1)
    out = last_json(done)
    assert out["verdict"] == "failed" and len(out["run"]) == 26
    assert out["files"]["planned"] == 50, out["files"]
    assert out["tests"]["planned"] == 50 and balanced(out["tests"]), out["tests"]
    rows = {r["file"]: r for r in out["results"]}
    assert len(out["results"]) == 50 and list(rows) == sorted(rows)
    assert rows["red.sh"]["status"] == "failed" and rows["deep/er.sh"]["status"] == "passed"
    assert rows["missing.sh"]["status"] in ("failed", "lost")
    errors = {e["file"]: e for e in out["errors"]}
    assert set(errors) == {"red.sh", "missing.sh"} and "boom" in errors["red.sh"]["message"]
    labels = {"typescript", "react", "test", "general"}
    assert all(e["label"] in labels and 0 <= e["confidence"] <= 1 and e["route"] for e in errors.values())
    # Nobody knows how to fix a shell script.
    assert [f["status"] for f in out["fixes"]] == ["none"] * 2 and all(f["reason"] for f in out["fixes"])
    assert out["heals"] == [] and out["cost"]["usd"] == 0
    place.nothing_is_left(0.5)
    check = last_json(place.troupe("verify", out["run"], "--json"))
    assert check["balanced"] and check["planned"] == 50 and check["failed"] == out["tests"]["failed"]
    again = last_json(place.troupe("runs", "show", "last", "--json"))
    for part in ("tests", "results", "errors", "fixes"):
        assert again[part] == out[part], part
    listed = last_json(place.troupe("runs", "list", "--json"))["runs"]
    assert [r["run"] for r in listed] == [out["run"]]
    place.troupe("verify", "01M82Q0MF64B91JAZ6VJFKCE1Z", want=9)


@test
def a_green_run_exits_0_and_reads_well(place):
    done = place.troupe("run", *BY_COMMAND, given=files(place, 5))
    assert "PASSED: 5 tests in 5 files" in done.stdout, done.stdout
    assert "5 planned = 5 passed + 0 failed" in done.stdout
    assert "\x1b" not in done.stdout and not done.stderr, done.stderr
    coloured = place.troupe("run", *BY_COMMAND, "--color", "always", "-q", given=files(place, 2))
    assert "\x1b[" in coloured.stdout


@test
def what_a_test_says_commands_neither_terminal_nor_service(place):
    place.write("::add-mask::x.sh", "printf '\\033]0;pwn\\007\\033[2J\\n ::set-env name=A::b\\n"
                ":\\001:error::c\\na ##[add-mask]d\\nof a::b\\n'; exit 1\n")
    said = place.troupe("run", *BY_COMMAND, given="::add-mask::x.sh\n", want=1).stdout
    assert "set-env name=A::b" in said and "of a::b" in said, said
    assert "\x1b" not in said and "\x07" not in said and "##[" not in said, said
    assert not [line for line in said.splitlines() if line.strip().startswith("::")], said


@test
def naming_no_file_can_not_be_green(place):
    out = last_json(place.troupe("run", *BY_COMMAND, "--json", given="\n", want=9))
    assert out["verdict"] == "error" and out["results"] == []
    place.nothing_is_left()


@test
def files_outside_of_the_project_are_refused(place):
    for path in ("../x.sh", "/etc/passwd", "a/../../b"):
        done = place.troupe("run", *BY_COMMAND, given=f"a.sh\n{path}\n", want=2)
        assert "line 2" in done.stderr


@test
def a_time_limit_exits_6(place):
    given = files(place, 4, "30")
    out = last_json(place.troupe("run", *BY_COMMAND, "--json", "--timeout", "1s", given=given, want=6))
    assert out["files"]["lost"] == 4 and balanced(out["tests"])
    place.nothing_is_left()


@test
def a_change_of_the_tree_is_told(place):
    given = place.write("touch.sh", "sleep 1\n") + "\n"
    run = place.start("run", *BY_COMMAND, "--json", stdin=subprocess.PIPE)
    run.stdin.write(given)
    run.stdin.close()
    run.stdin = None
    wait_for(lambda: place.pids("executor"), "an executor")
    time.sleep(0.3)
    place.write("other.txt", "new\n")
    out, err = run.communicate(timeout=30)
    assert run.returncode == 0 and "changed while the tests ran" in err, err
    assert json.loads(out.splitlines()[-1])["tree_changed"] is True


def start_slow(place, *more):
    """A run that would take about 15 s, with at least one result in the ledger."""
    listing = place.write("list", files(place, 60, "0.5"))
    run = place.start("run", "--files-from", listing, "--command", "sh {}", "--workers", "2", *more)

    def any_result():
        done = subprocess.run(place.args("runs", "show", "last", "--json"), env=place.env,
                              capture_output=True, text=True, check=False)
        return done.returncode == 0 and json.loads(done.stdout)["results"]
    wait_for(any_result, "a first result")
    return run


@test
def sigint_cancels_and_exits_7(place):
    run = start_slow(place, "--json")
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=20)
    assert run.returncode == 7, (run.returncode, err)
    result = json.loads(out.splitlines()[-1])
    assert result["ended"] == "cancelled" and result["files"]["lost"] > 0, result["files"]
    assert balanced(result["tests"]) and result["tests"]["passed"] > 0
    place.nothing_is_left()


@test
def sigint_twice_ends_at_once(place):
    run = start_slow(place)
    # The coordinator sleeps, so the first one cannot take effect.
    [pid] = place.pids("coordinator")
    os.kill(pid, signal.SIGSTOP)
    run.send_signal(signal.SIGINT)
    time.sleep(0.3)
    run.send_signal(signal.SIGINT)
    begin = time.monotonic()
    _, err = run.communicate(timeout=5)
    assert run.returncode == 7 and time.monotonic() - begin < 1, err
    os.kill(pid, signal.SIGCONT)
    place.nothing_is_left(15)


@test
def a_killed_client_leaves_nothing_and_its_run_can_be_resumed(place):
    run = start_slow(place)
    run.kill()
    run.communicate()
    place.nothing_is_left(15)
    before = last_json(place.troupe("runs", "show", "last", "--json"))
    out = last_json(place.troupe("run", "--resume", "last", "--json"))
    assert out["run"] == before["run"] and out["verdict"] == "passed"
    assert out["tests"] == {**out["tests"], "planned": 60, "passed": 60} and len(out["results"]) == 60
    kept = {r["file"]: r["duration_ms"] for r in before["results"]}
    after = {r["file"]: r["duration_ms"] for r in out["results"]}
    assert all(after[f] == d for f, d in kept.items()), "a result that was committed ran again"
    assert last_json(place.troupe("verify", "last", "--json"))["balanced"]
    # Of a closed run the verdict comes again.
    again = last_json(place.troupe("run", "--resume", out["run"], "--json"))
    assert again["results"] == out["results"]
    place.nothing_is_left()


@test
def killed_processes_are_started_again(place):
    run = start_slow(place, "--json")
    for role in ("coordinator", "executor", "partitioner"):
        old = place.pids(role)
        os.kill(old[0], signal.SIGKILL)
        wait_for(lambda role=role, old=old: len(place.pids(role)) == len(old)
                 and old[0] not in place.pids(role), f"a new {role}")
    out, err = run.communicate(timeout=60)
    assert run.returncode == 0, (run.returncode, out[-300:], err)
    result = json.loads(out.splitlines()[-1])
    assert result["tests"]["passed"] == 60 and len(result["results"]) == 60
    place.nothing_is_left()


@test
def a_killed_supervisor_is_replaced(place):
    run = start_slow(place, "--json")
    [old] = place.pids("--supervise")
    os.kill(old, signal.SIGKILL)
    wait_for(lambda: place.pids("--supervise") not in ([], [old]), "a new supervisor")
    out, err = run.communicate(timeout=60)
    assert run.returncode == 0, (run.returncode, err)
    assert len(json.loads(out.splitlines()[-1])["results"]) == 60
    place.nothing_is_left()


# ---- a cluster that stays ----

@test
def up_run_status_health_down(place):
    up = last_json(place.troupe("up", "--workers", "2", "--json"))
    assert up["started"] and up["workers"] == 2
    assert last_json(place.troupe("up", "--workers", "2", "--json"))["started"] is False
    wait_for(lambda: last_json(place.troupe("status", "--json"))["slots_idle"] == 2, "two slots")
    place.troupe("health", "--live")
    place.troupe("health", "--ready")
    before = sorted(pid for pid, _ in place.processes())
    for _ in range(2):
        begin = time.monotonic()
        place.troupe("run", *BY_COMMAND, given=files(place, 6))
        assert time.monotonic() - begin < 4, "a warm cluster was slow"
    assert sorted(pid for pid, _ in place.processes()) == before
    done = place.troupe("run", *BY_COMMAND, "--allow-write", "/tmp", given=files(place, 1))
    assert "--allow-write has no effect" in done.stderr
    status = last_json(place.troupe("status", "--json"))
    assert status["runs_open"] == 0
    place.troupe("up", "--workers", "3")
    wait_for(lambda: len(place.pids("executor")) == 3, "a third executor")
    assert place.troupe("run", *BY_COMMAND, "--cluster", up["endpoint"], given=files(place, 2))
    place.troupe("down")
    place.nothing_is_left(0.5)


@test
def keep_leaves_the_cluster(place):
    place.troupe("run", *BY_COMMAND, "--keep", given=files(place, 2))
    assert place.pids("--supervise")
    place.troupe("down")
    place.nothing_is_left(0.5)


@test
def a_kept_cluster_ends_when_nobody_uses_it(place):
    place.troupe("run", *BY_COMMAND, "--keep", "--set", "run.keep_idle_ms=300",
                 given=files(place, 2))
    place.nothing_is_left(10)


@test
def two_clients_share_a_cluster(place):
    listing = place.write("list", files(place, 10, "0.2"))
    args = ("run", "--files-from", listing, "--command", "sh {}", "--workers", "2", "--json")
    runs = [place.start(*args) for _ in range(3)]
    for run in runs:
        out, err = run.communicate(timeout=60)
        assert run.returncode == 0, err
        assert json.loads(out.splitlines()[-1])["tests"]["passed"] == 10
    place.nothing_is_left()


@test
def an_idle_cluster_is_cheap(place):
    place.troupe("up", "--workers", "2")
    time.sleep(1)

    def ticks():
        total = 0
        for pid, _ in place.processes():
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                total += sum(map(int, file.read().rsplit(")", 1)[1].split()[11:13]))
        return total
    begin = ticks()
    time.sleep(4)
    share = (ticks() - begin) / os.sysconf("SC_CLK_TCK") / 4
    pss = 0
    for pid, _ in place.processes():
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            pss += int(re.search(r"^Pss:\s+(\d+)", file.read(), re.M)[1])
    place.troupe("down")
    assert share < 0.02, f"{share:.1%} of a core"
    # Sanitizers have memory of their own.
    assert pss < 80 * 1024 or "asan" in BUILD, f"{pss} kB"


@test
def secrets_do_not_reach_the_cluster(place):
    place.env["AWS_SECRET_ACCESS_KEY"] = "hunter2"
    place.troupe("up", "--workers", "1")
    for pid, _ in place.processes():
        with open(f"/proc/{pid}/environ", "rb") as file:
            assert b"hunter2" not in file.read(), pid
    place.troupe("down")


@test
def directories_are_closed_to_others(place):
    os.chmod(place.state, 0o755)
    place.troupe("up", "--workers", "1")
    for path in (place.state, os.path.join(place.run_dir, "troupe")):
        assert os.stat(path).st_mode & 0o077 == 0, path
    place.troupe("down")
    place.nothing_is_left()


# ---- on a terminal ----

@test
def a_terminal_shows_one_status_line(place):
    listing = place.write("list", files(place, 6, "0.3") + place.write("red.sh", "exit 1\n") + "\n")
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    env = {**place.env, "TERM": "xterm-256color"}
    env.pop("NO_COLOR", None)
    run = subprocess.Popen(place.args("run", "--files-from", listing, "--command", "sh {}"), env=env,
                           cwd=place.project, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    seen = b""
    while select.select([master], [], [], 30)[0]:
        try:
            chunk = os.read(master, 65536)
        except OSError:
            break
        if not chunk:
            break
        seen += chunk
    assert run.wait(timeout=10) == 1
    text = seen.decode()
    assert "\r\x1b[2K" in text and "/7 files" in text, text
    assert "\x1b[1;97;41m FAILED " in text, text[-800:]
    assert text.count("red.sh") >= 2


def main():
    if not os.access(TROUPE, os.X_OK):
        print("usage: test_cli.py BUILD_DIR [NAME...]", file=sys.stderr)
        return 2
    wanted = [t for t in TESTS if not sys.argv[2:] or t.__name__ in sys.argv[2:]]
    print(f"1..{len(wanted)}", flush=True)
    failed = 0
    for number, function in enumerate(wanted, 1):
        root = tempfile.mkdtemp(prefix="tcli-")
        place = Place(root)
        problem = skipped = None
        try:
            function(place)
        except Skip as reason:
            skipped = reason
        except Exception as error:  # one test must not end the others
            problem = error
            failed += 1
        finally:
            subprocess.run(place.args("down"), env=place.env, capture_output=True, check=False)
        print("ok" if problem is None else "not ok", number, "-",
              function.__name__.replace("_", " "), f"# SKIP {skipped}" if skipped else "", flush=True)
        if problem is not None:
            for line in f"{type(problem).__name__}: {problem}".splitlines()[:30]:
                print("#", line, flush=True)
        shutil.rmtree(root, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
