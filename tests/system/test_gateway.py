"""From a signed webhook to a check run and a comment, with real processes and a mock of GitHub."""
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest

from harness import TROUPE, Place
from mock_git import Git
from mock_github import GitHub
from test_vitest import PLANNER, installed

NODE = str(pathlib.Path(TROUPE).with_name("troupe-node"))
SECRET = "a secret of the test"
TOKEN = "ghs_0123456789"
SHA = "0123456789abcdef0123456789abcdef01234567"
PASSES = "import { test, expect } from 'vitest'\ntest('adds', () => expect(1 + 1).toBe(2))\n"
FAILS = ("import { test, expect } from 'vitest'\n"
         "test('says ``` @everyone <b>', () => expect('```\\n@all').toBe(3))\n")


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def payload(sha=SHA, **more):
    pull = {"number": 7, "updated_at": "2024-05-01T12:34:56Z",
            "head": {"sha": sha, "ref": "topic", "repo": {"full_name": "o/r"}},
            "base": {"sha": "f" * 40, "ref": "main"}}
    return json.dumps({"action": "opened", "number": 7, "pull_request": pull,
                       "repository": {"full_name": "o/r"}, **more}).encode()


def signed(body, secret=SECRET):
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


# What tells that the tests are vitest's.
PACKAGE = '{"name":"p","type":"module","devDependencies":{"vitest":"*"}}\n'

class Gateway(unittest.TestCase):
    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)
        self.place.state.mkdir(mode=0o700)
        self.endpoint = f"ipc://{self.place.runtime}/coordinator"
        self.port = free_port()
        self.github = GitHub(TOKEN, {"o/r"})
        self.enterContext(self.github) if hasattr(self, "enterContext") else self.enter()
        self.files = {}
        for name, text in (("secret", SECRET + "\n"), ("token", TOKEN + "\n")):
            self.files[name] = self.place.base / name
            self.files[name].write_text(text)
            self.files[name].chmod(0o600)

    def enter(self):
        self.github.__enter__()
        self.addCleanup(self.github.__exit__)

    # ---- processes ----

    def start(self, name, *args):
        log = open(self.place.base / f"{name}.log", "a+")
        process = subprocess.Popen([NODE, *args, "--name", f"{name}-{self.place.base.name}"],
                                   env=self.place.env, stderr=log)
        self.addCleanup(log.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def log(self, name):
        return (self.place.base / f"{name}.log").read_text()

    def gateway(self, *more):
        sets = {"listen": f"127.0.0.1:{self.port}", "api_url": self.github.url,
                "checkouts": self.place.base / "checkouts", "secret_file": self.files["secret"],
                "token_file": self.files["token"], "retry_ms": 50, "fix": "off", "heal": "off"}
        args = [part for key, value in sets.items() for part in ("--set", f"gateway.{key}={value}")]
        process = self.start("gateway", "--role", "gateway", "--connect", self.endpoint, *args,
                             *more)
        self.wait_for(lambda: self.get("/")[0] == 200, "the gateway does not listen")
        return process

    def coordinator(self, *more):
        return self.start("coordinator", "--role", "coordinator", "--role", "partitioner",
                          "--role", "classifier", "--bind", self.endpoint, "--state",
                          str(self.place.state), *more)

    def executor(self):
        return self.start("executor", "--role", "executor", "--connect", self.endpoint)

    def wait_for(self, condition, what, seconds=60):
        until = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), until, f"{what}\n{self.logs()}")
            time.sleep(0.05)

    def logs(self):
        return "".join(f"{path.name}\n{path.read_text()[-3000:]}"
                       for path in self.place.base.glob("*.log"))

    # ---- requests ----

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()

    def post(self, body, **more):
        headers = {"Content-Type": "application/json", "X-GitHub-Event": "pull_request",
                   "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
                   "X-Hub-Signature-256": signed(body)}
        headers.update({key.replace("_", "-"): value for key, value in more.items()})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("POST", "/webhook", body,
                               {key: value for key, value in headers.items() if value})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer.getheader("Retry-After")
        finally:
            connection.close()

    def checkout(self, files, sha=SHA):
        at = self.place.base / "checkouts" / "o" / "r" / sha
        at.mkdir(parents=True)
        shutil.copytree(installed(PLANNER) / "node_modules", at / "node_modules", symlinks=True)
        (at / "package.json").write_text(PACKAGE)
        for name, text in files.items():
            (at / name).write_text(text)

    def completed(self):
        return [c for c in self.github.checks.values() if c["status"] == "completed"]

    def reported(self, count=1):
        return self.log("gateway").count("msg=reported") >= count

    # ---- tests ----

    def test_a_pull_request_gets_one_check_run_and_one_comment(self):
        self.checkout({"a.test.ts": PASSES, "b.test.ts": FAILS})
        self.coordinator()
        self.executor()
        self.gateway()
        status, text, _ = self.post(payload())
        self.assertEqual(status, 202, text + self.logs())
        again = self.post(payload(), X_GitHub_Delivery="another")
        self.assertEqual(again[:2], (202, text), "the same body is the same run")
        self.wait_for(self.reported, "not reported", 120)
        (check,) = self.github.checks.values()
        (comment,) = self.github.comments.values()
        self.assertEqual((check["name"], check["head_sha"], check["status"], check["conclusion"]),
                         ("troupe", SHA, "completed", "failure"))
        self.assertEqual(check["output"]["title"], "1 of 2 tests failed")
        (annotation,) = check["output"]["annotations"]
        self.assertEqual((annotation["path"], annotation["start_line"]), ("b.test.ts", 2))
        self.assertTrue(comment["body"].startswith("<!-- troupe:pr -->\n"), comment["body"])
        self.assertIn("| 1 | 1 | 0 | 0 | 0 | 2 of 2 |", comment["body"])
        self.assertIn("````says ``` @everyone <b>````", comment["body"])
        page = self.get("/")[1]
        self.assertIn('<span class="v failed">failed</span></td><td>o/r #7</td>', page)
        self.keep(check, comment, page)
        # The next commit of the same pull request: another check run, the same comment.
        other = "89" * 20
        self.checkout({"a.test.ts": PASSES}, other)
        newer = payload(other).replace(b"12:34:56", b"12:40:00").replace(b"opened", b"synchronize")
        self.assertEqual(self.post(newer)[0], 202)
        self.wait_for(lambda: self.reported(2), "not reported", 120)
        self.assertEqual([c["conclusion"] for c in self.github.checks.values()],
                         ["failure", "success"])
        (comment,) = self.github.comments.values()
        self.assertIn("Troupe: 1 of 1 tests passed", comment["body"])
        logs = self.logs()
        self.assertNotIn(TOKEN, logs)
        self.assertNotIn(SECRET, logs)

    def test_a_newer_commit_ends_what_the_older_one_does(self):
        slow = PASSES.replace("() => expect", "async () => { await new Promise((f) => "
                              "setTimeout(f, 60000)); expect").replace("toBe(2)", "toBe(2) }")
        self.checkout({"a.test.ts": slow})
        other = "89" * 20
        self.checkout({"a.test.ts": PASSES}, other)
        self.coordinator()
        self.executor()
        self.gateway()
        self.assertEqual(self.post(payload())[0], 202)
        self.wait_for(lambda: self.github.checks, "not begun")
        newer = payload(other).replace(b"12:34:56", b"12:40:00").replace(b"opened", b"synchronize")
        self.assertEqual(self.post(newer)[0], 202)
        self.wait_for(lambda: self.reported(2), "not reported", 55)
        self.assertEqual({c["head_sha"]: c["conclusion"] for c in self.github.checks.values()},
                         {SHA: "cancelled", other: "success"})
        (comment,) = self.github.comments.values()
        self.assertIn("Troupe: 1 of 1 tests passed", comment["body"])

    def comment(self, text, login, at="2024-05-01T13:00:00Z"):
        event = {"action": "created", "issue": {"number": 7, "pull_request": {"url": "x"}},
                 "comment": {"id": 1, "body": text, "created_at": at,
                             "user": {"login": login, "type": "User"}},
                 "repository": {"full_name": "o/r"}}
        return self.post(json.dumps(event).encode(), X_GitHub_Event="issue_comment")

    def test_who_may_write_gets_a_run_again_by_a_comment_or_a_button(self):
        self.checkout({"a.test.ts": PASSES})
        self.coordinator()
        self.executor()
        self.gateway()
        self.github.may = {"reader": "read", "writer": "write"}
        pull = json.loads(payload())["pull_request"]
        self.github.pulls[7] = dict(pull, state="open")
        for login in ("reader", "stranger"):
            self.assertEqual(self.comment("/troupe rerun", login)[:2],
                             (200, "not run: its author may not write to the repository\n"))
        self.assertEqual(self.comment("I like /troupe rerun", "writer")[:2], (200, "nothing to do\n"))
        self.github.fail("GET", "/permission", 500)
        self.assertEqual(self.comment("/troupe rerun", "writer")[0], 503)
        self.assertEqual(self.github.checks, {})
        status, text, _ = self.comment("/troupe rerun\r\nwhy did it fail?", "writer")
        self.assertEqual(status, 202, text + self.logs())
        self.assertEqual(self.comment("/troupe rerun\r\nwhy did it fail?", "writer")[:2], (202, text))
        self.wait_for(self.reported, "not reported", 120)
        pull["head"]["repo"] = pull["base"]["repo"] = {"id": 1, "url": "x", "name": "r"}
        again = {"action": "rerequested", "repository": {"full_name": "o/r"},
                 "check_run": {"name": "troupe", "head_sha": SHA, "pull_requests": [pull],
                               "completed_at": "2024-05-01T14:00:00Z"}}
        self.assertEqual(self.post(json.dumps(again).encode(), X_GitHub_Event="check_run")[0], 202)
        self.wait_for(lambda: self.reported(2), "not reported", 120)
        self.assertEqual([c["conclusion"] for c in self.github.checks.values()], ["success"] * 2)
        (comment,) = self.github.comments.values()
        self.github.pulls[7]["state"] = "closed"
        self.assertEqual(self.comment("/troupe rerun", "writer", "2024-05-01T15:00:00Z")[:2],
                         (200, "nothing to do\n"))

    def test_all_failures_are_annotated_once_whatever_is_lost(self):
        tests = "".join(f"test('t{i}', () => expect({i}).toBe(-1))\n" for i in range(60))
        self.checkout({"a.test.ts": "import { test, expect } from 'vitest'\n" + tests})
        self.coordinator()
        self.executor()
        self.github.fail("PATCH", "/check-runs/", "late", 2)
        self.gateway()
        self.assertEqual(self.post(payload())[0], 202)
        self.wait_for(self.reported, "not reported", 120)
        (check,) = self.github.checks.values()
        titles = [one["title"] for one in check["output"]["annotations"]]
        self.assertEqual(sorted(titles), sorted(f"t{i}" for i in range(60)))

    @unittest.skipUnless(shutil.which("chromium"), "there is no chromium")
    def test_a_pull_request_comes_back_with_what_was_proved(self):
        """The demo with three of its faults, through the whole cast, a process each."""
        self.coordinator("--set", "coordinator.remedy_ms_max=800000")
        self.executor()
        # The project's own TypeScript, cold and on a busy machine.
        patient = "--set", "fixer.source_timeout_ms=300000"
        for role in ("fixer", "validator", "healer"):
            self.start(role, "--role", role, "--connect", self.endpoint, *patient)
        monitor = free_port()
        self.start("monitor", "--role", "monitor", "--connect", self.endpoint,
                   "--set", f"monitor.listen=127.0.0.1:{monitor}")
        runners = "--set", "run.runner=vitest,tsc,playwright"
        self.gateway("--set", "gateway.fix=propose", "--set", "gateway.heal=propose", *runners)
        self.demo(SHA)
        self.assertEqual(self.post(payload())[0], 202)
        self.wait_for(self.reported, "not reported", 800)
        (first,) = self.completed()
        self.assertEqual(first["conclusion"], "success", first)
        # A redesign, a slip of the pen and a wrong sum.
        broken = "89" * 20
        self.demo(broken, "test-stale-test-id", "typescript-wrong-property", "general-off-by-one")
        newer = payload(broken).replace(b"12:34:56", b"12:40:00").replace(b"opened", b"synchronize")
        self.assertEqual(self.post(newer)[0], 202)
        self.wait_for(lambda: self.reported(2), "not reported", 1500)
        self.assertEqual([c["conclusion"] for c in self.completed()], ["success", "failure"])
        (comment,) = self.github.comments.values()
        body = comment["body"]
        self.keep(self.completed()[1], comment, self.get("/")[1])
        self.assertIn("+                value={currency(median(entries.map((entry) => entry.amountCents)))}",
                      body)
        self.assertIn("+  await page.getByTestId('revenue-export').click", body)
        self.assertIn("dateRange", body)
        seen = self.figures(monitor)
        # Of the types, of the vitest file that fails by the same slip, and of the wrong sum when the
        # search comes to it in time.
        fixes = body.count("**Fix**")
        self.assertGreaterEqual(fixes, 2, body)
        self.assertIn(f'troupe_fixes_total{{status="validated"}} {fixes}\n', seen)
        self.assertIn('troupe_heals_total{status="proposed"} 1\n', seen)
        self.assertIn('troupe_errors_total{label="typescript"}', seen)
        said = subprocess.run([TROUPE, "console", "-e", "status", "--cluster", self.endpoint],
                              env=self.place.env, capture_output=True, text=True, timeout=30).stdout
        self.assertRegex(said, rf"Fixes proved +{fixes}\b")
        self.assertRegex(said, r"Heals proved +1\b")

    def demo(self, sha, *faults):
        at = self.place.base / "checkouts" / "o" / "r" / sha
        shutil.copytree(installed(PLANNER), at, symlinks=True)
        for fault in faults:
            subprocess.run(["git", "apply", f"faults/{fault}.patch"], cwd=at, check=True)

    def figures(self, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/metrics")
        try:
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def keep(self, check, comment, page):
        """For eyes: what a person would see."""
        out = pathlib.Path(TROUPE).parent / "gateway-seen"
        out.mkdir(exist_ok=True)
        (out / "page.html").write_text(page)
        (out / "check.json").write_text(json.dumps(check, indent=1))
        (out / "comment.md").write_text(comment["body"])

    def test_without_a_checkout_the_check_run_fails(self):
        self.coordinator()
        self.executor()
        self.gateway()
        self.assertEqual(self.post(payload())[0], 202)
        self.wait_for(self.reported, "not reported")
        (check,) = self.github.checks.values()
        self.assertEqual(check["conclusion"], "failure")
        self.assertEqual(check["output"]["title"], "nothing could be judged")
        self.assertGreater(len(check["output"]["summary"].split("```")), 2, "no reason")
        print(check["output"]["summary"])

    # ---- code that the gateway fetches ----

    def remote(self):
        folder = self.place.base / "remote"
        folder.mkdir()
        remote = Git(folder, TOKEN)
        remote.__enter__()
        self.addCleanup(remote.__exit__)
        return remote

    def fetching(self, remote, *more):
        sets = {"mirrors": self.place.base / "mirrors", "clone_url": remote.url,
                "setup": f"ln -s {installed(PLANNER) / 'node_modules'} node_modules"}
        args = [part for key, value in sets.items() for part in ("--set", f"gateway.{key}={value}")]
        return self.gateway(*args, *more)

    def code(self, sha, name="o/r"):
        return self.place.base / "checkouts" / name / sha

    def post_commit(self, sha, minute):
        body = payload(sha).replace(b"12:34:56", f"12:{minute}:00".encode())
        self.assertEqual(self.post(body)[0], 202)

    PROJECT = {"package.json": PACKAGE, "a.test.ts": PASSES}

    def test_the_code_of_a_commit_is_fetched_with_the_token_and_without_git(self):
        remote = self.remote()
        hostile = {".gitattributes": "*.ts export-ignore filter=evil\n",
                   ".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = file:///\n',
                   "hooks/post-checkout": "#!/bin/sh\ntouch /tmp/evil\n"}
        first = remote.commit("o/r", {**self.PROJECT, **hostile}, [("out", "/etc/passwd")])
        self.coordinator()
        self.executor()
        self.fetching(remote, "--set", "gateway.checkouts_kept=1")
        self.post_commit(first, 10)
        self.wait_for(self.reported, "not reported", 120)
        self.assertEqual([c["conclusion"] for c in self.completed()], ["success"], self.logs())
        at = self.code(first)
        self.assertEqual(sorted(path.name for path in at.iterdir()), sorted(
            [".gitattributes", ".gitmodules", "a.test.ts", "hooks", "node_modules", "out",
             "package.json"]))
        self.assertEqual((at / "a.test.ts").read_text(), PASSES)
        # The next commit: from the same mirror, and the first goes.
        second = remote.commit("o/r", {**self.PROJECT, "b.test.ts": FAILS})
        self.post_commit(second, 20)
        self.wait_for(lambda: self.reported(2), "not reported", 120)
        self.assertEqual([c["conclusion"] for c in self.completed()], ["success", "failure"])
        self.assertEqual(os.listdir(at.parent), [second])
        # The same commit once more asks nobody.
        asked = len(remote.paths)
        self.post_commit(second, 30)
        self.wait_for(lambda: self.reported(3), "not reported", 120)
        self.assertEqual(len(remote.paths), asked)
        self.assertGreater(remote.refused, 0, "nobody was asked for the token")
        self.assertGreater(len(remote.cmdlines), 5)
        self.assertFalse([line for line in remote.cmdlines if TOKEN.encode() in line])
        self.assertNotIn(TOKEN, self.logs())
        for path in (self.place.base / "mirrors").rglob("*"):
            self.assertFalse(path.is_file() and TOKEN.encode() in path.read_bytes(), path)

    def test_code_that_cannot_be_had_fails_the_check_run_and_says_why(self):
        remote = self.remote()
        small = remote.commit("o/r", self.PROJECT)
        large = remote.commit("o/r", {**self.PROJECT, "large": "x" * (2 << 20)})
        self.coordinator()
        self.executor()
        gateway = self.fetching(remote, "--set", "gateway.checkout_bytes_max=1048576")
        self.post_commit(SHA, 10)
        self.wait_for(self.reported, "not reported")
        self.post_commit(large, 20)
        self.wait_for(lambda: self.reported(2), "not reported")
        gateway.kill()
        gateway.wait()
        more = "--set", "gateway.setup=echo broken; ls / >&2; exit 9"
        self.fetching(remote, *more)
        self.post_commit(small, 30)
        self.wait_for(lambda: self.reported(3), "not reported")
        summaries = [c["output"]["summary"] for c in self.completed()]
        self.assertEqual([c["conclusion"] for c in self.completed()], ["failure"] * 3)
        self.assertIn("the code could not be fetched: ended with code 128", summaries[0])
        self.assertIn("see gateway.checkout_bytes_max", summaries[1])
        self.assertIn("the code could not be set up: ended with code 9", summaries[2])
        self.assertNotIn("work", summaries[2].split())
        for sha in (SHA, large, small):
            self.assertFalse(self.code(sha).exists())

    def test_a_checkout_outlives_the_gateway_and_is_never_seen_half_made(self):
        remote = self.remote()
        sha = remote.commit("o/r", self.PROJECT)
        half = self.code(f".{sha}.new")
        half.mkdir(parents=True)
        (half / "half.test.ts").write_text(FAILS)
        self.coordinator()
        self.executor()
        remote.open.clear()
        gateway = self.fetching(remote)
        self.post_commit(sha, 10)
        self.assertTrue(remote.asked.wait(30), self.logs())
        gateway.send_signal(signal.SIGKILL)
        gateway.wait()
        self.wait_for(lambda: not [p for p in self.place.processes().values() if "git" in p.split()],
                      "git outlives the gateway")
        self.assertFalse(self.code(sha).exists())
        remote.open.set()
        # Killed in the middle of the set-up as well.
        gateway = self.fetching(remote, "--set", "gateway.setup=touch begun; sleep 60")
        self.wait_for(lambda: (half / "begun").exists(), "no set-up")
        self.assertFalse((half / "half.test.ts").exists())
        gateway.send_signal(signal.SIGKILL)
        gateway.wait()
        self.assertFalse(self.code(sha).exists())
        self.fetching(remote)
        self.wait_for(self.reported, "not reported", 120)
        (check,) = self.github.checks.values()
        self.assertEqual(check["conclusion"], "success", check)
        self.assertFalse((self.code(sha) / "begun").exists())
        self.assertEqual(os.listdir(self.code(sha).parent), [sha])

    def test_each_exists_once_whatever_github_answers(self):
        self.github.fail("GET", "check-runs", 502)
        self.github.fail("POST", "/check-runs", "late")
        self.github.fail("PATCH", "/check-runs/", (429, {"Retry-After": "1"}))
        self.github.fail("POST", "/comments", "late")
        self.github.fail("GET", "/comments", 500, 2)
        self.coordinator()
        self.executor()
        self.gateway()
        self.assertEqual(self.post(payload())[0], 202)
        self.wait_for(self.reported, "not reported")
        self.assertEqual(len(self.completed()), 1, self.github.calls)
        self.assertEqual(len(self.github.checks), 1, self.github.calls)
        self.assertEqual(len(self.github.comments), 1, self.github.calls)
        self.assertEqual(self.github.bad, [])

    def test_a_report_outlives_the_gateway_and_the_coordinator(self):
        coordinator = self.coordinator()
        gateway = self.gateway()
        self.assertEqual(self.post(payload())[0], 202)
        self.wait_for(lambda: self.github.checks, "no check run in progress")
        gateway.send_signal(signal.SIGKILL)
        coordinator.send_signal(signal.SIGKILL)
        gateway.wait()
        coordinator.wait()
        self.gateway()
        self.coordinator()
        self.executor()
        self.wait_for(self.reported, "not reported")
        self.assertEqual(len(self.github.checks), 1, self.github.calls)
        self.assertEqual(len(self.completed()), 1)
        self.assertEqual(len(self.github.comments), 1)

    def test_without_a_ledger_github_is_told_to_come_again(self):
        self.gateway("--set", "gateway.submit_ms_max=500")
        self.assertEqual(self.post(payload()), (503, "not now\n", "1"))
        self.assertIn("does not answer", self.get("/")[1])
        self.coordinator()
        self.wait_for(lambda: self.post(payload())[0] == 202, "never taken")

    def test_hostile_webhooks_make_no_run(self):
        self.coordinator()
        self.gateway()
        good = payload()
        deep = b'{"a":' * 50000 + b"1" + b"}" * 50000
        sha1 = "sha1=" + hmac.new(SECRET.encode(), good, hashlib.sha1).hexdigest()
        cases = [
            (401, good, {"X_Hub_Signature_256": None}),
            (401, good, {"X_Hub_Signature_256": signed(good, "another")}),
            (401, good, {"X_Hub_Signature_256": signed(good, "")}),
            (401, good, {"X_Hub_Signature_256": signed(good).upper()}),
            (401, good, {"X_Hub_Signature_256": sha1}),
            (401, good + b" ", {"X_Hub_Signature_256": signed(good)}),
            (400, good, {"X_GitHub_Delivery": None}),
            (400, good, {"X_GitHub_Event": "pull_request ; x"}),
            (400, good, {"Content_Type": "application/x-www-form-urlencoded"}),
            (400, b"", {}),
            (400, b"{nope", {}),
            (400, deep, {}),
            (400, payload(sha="$(id)"), {}),
            *[(400, payload(repository={"full_name": name}), {})
              for name in ("../../etc", "o/..", "o/r/../../x", "-o/r", "o/r;id", "o/$(id)", "o/r\n",
                           "o/r\u0000x", ".mirrors/r", "o/" + "r" * 101)],
            (413, payload(title="A" * (600 << 10)), {}),
            (200, b'{"zen":"x"}', {"X_GitHub_Event": "ping"}),
            (200, good.replace(b'"opened"', b'"closed"'), {}),
            (200, good.replace(b'{"full_name": "o/r"}}, "base"', b'null}, "base"'), {}),
        ]
        for status, body, more in cases:
            try:
                got = self.post(body, **more)[0]
            except (BrokenPipeError, ConnectionResetError):
                got = 413  # it may close before it has all of what is too large
            self.assertEqual(got, status, (body[:80], more))
        self.assertEqual(self.get("/webhook")[0], 405)
        self.assertEqual(self.get("/../../etc/passwd")[0], 404)
        self.assertIn("No pull request yet.", self.get("/")[1])

    def test_secrets_that_others_can_read_are_refused(self):
        self.files["token"].chmod(0o640)
        process = self.start("refused", "--role", "gateway", "--connect", self.endpoint,
                             "--set", f"gateway.checkouts={self.place.base}",
                             "--set", f"gateway.secret_file={self.files['secret']}",
                             "--set", f"gateway.token_file={self.files['token']}")
        self.assertEqual(process.wait(10), 3)
        self.assertTrue(re.search("gateway.token_file: others can read", self.log("refused")))


if __name__ == "__main__":
    unittest.main()
