"""A long file in parts, by a real vitest and playwright: the same tests as whole, each once, whoever is killed."""
import collections
import os
import pathlib
import re
import signal
import subprocess
import time
import unittest

from harness import SOURCE, Place, balanced, last_json
from test_vitest import FALSE_GREEN, PLANNER, installed

# Each runs three tenths of a second; some names differ by nothing that a pattern could show.
LONG = """import { beforeAll, describe, expect, test } from 'vitest'
const wait = () => new Promise((resolve) => setTimeout(resolve, 300))
let ready = false
beforeAll(() => { ready = true })
const works = async () => { expect(ready).toBe(true); await wait() }
describe('a (group) $x', () => { for (let i = 0; i < 8; i++) test(`works [${i}] > ok`, works) })
for (let i = 0; i < 8; i++) test(`plain ${i}`, works)
test('same', works)
test('same', works)
test.skip('left out', works)
"""
# Each leans on the one before it.
CHAIN = """import { expect, test } from 'vitest'
const wait = () => new Promise((resolve) => setTimeout(resolve, 300))
let count = 0
for (let i = 10; i < 26; i++) test(`step ${i}`, async () => { expect(10 + count++).toBe(i); await wait() })
"""
SHORT = "import { test } from 'vitest'\ntest('short', () => {})\n"
PACKAGE = '{"type":"module","scripts":{"test":"vitest run"}}'

# A group whose tests need each other, among others; no browser is needed to run them.  They last longer than the
# start of a playwright on a busy machine, or the file would not be worth parts.
SERIAL = """import { expect, test } from '@playwright/test'
const wait = () => new Promise((resolve) => setTimeout(resolve, 2500))
let count = 0
for (let i = 0; i < 12; i++) test(`plain (${i})`, wait)
test.describe.serial('chain', () => {
  for (let i = 0; i < 4; i++) test(`step ${i}`, async () => { expect(count++).toBe(i); await wait() })
})
test.skip('left out', wait)
"""


class Parts(unittest.TestCase):
    """A project of a long file and a short one."""
    LONG_FILE, SHORT_FILE, RUNNER = "long.test.js", "short.test.js", "vitest"

    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)

    def install(self, modules):
        source = installed(FALSE_GREEN) / "node_modules"
        subprocess.run(["cp", "-r", "--reflink=auto", source, modules], check=True)

    def project(self, text, short=SHORT):
        project = self.place.project({"package.json": PACKAGE, self.LONG_FILE: text, self.SHORT_FILE: short})
        if not (project / "node_modules").exists():
            self.install(project / "node_modules")
        return project

    def arguments(self, project, *more):
        return ("run", project, "--json", "--fix", "off", "--heal", "off", "--workers", "3",
                "--runner", self.RUNNER, "--set", "coordinator.batch_boot_ms=100", "--set", "schedule.split=true", *more)

    def finished(self, text, *more):
        done = self.place.run(*self.arguments(self.project(text), *more), timeout=300)
        self.assertTrue(done.stdout, done.stderr)
        return last_json(done.stdout)

    def log(self):
        return (self.place.state / "log" / "coordinator.log").read_text()

    def parts(self, result):
        return len(re.findall(f"{result['run']}.*file={self.LONG_FILE} part=", self.log()))

    def expect_same(self, result, first):
        """Test by test as in the whole run, each once, and the ledger agrees."""
        rows = collections.Counter((r["file"], r["test"], r["status"]) for r in result["results"])
        self.assertEqual(rows, {(r["file"], r["test"], r["status"]): 1 for r in first["results"]})
        self.assertEqual(result["verdict"], first["verdict"])
        self.assertEqual(result["tests"], first["tests"])
        self.assertTrue(balanced(result["tests"]))
        verified = self.place.run("verify", result["run"])
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)


class Split(Parts):
    def test_parts_are_what_the_whole_is(self):
        first = self.finished(LONG)
        self.assertEqual((first["verdict"], self.parts(first)), ("passed", 0))
        second = self.finished(LONG)
        self.assertGreaterEqual(self.parts(second), 3)
        self.assertIn(f"joined parts={self.parts(second)} tests=19", self.log())
        self.expect_same(second, first)
        off = self.finished(LONG, "--set", "schedule.split=false")
        self.assertEqual(self.parts(off), 0)
        self.expect_same(off, first)
        self.assertEqual(self.place.left_over(), [])

    def test_tests_that_nobody_knows_run_once(self):
        self.finished(LONG)
        changed = LONG.replace("plain ${i}", "other ${i}").replace("i < 8; i++) test(`works", "i < 5; i++) test(`works")
        changed += "test('same', works)\ntest('new', works)\n"
        result = self.finished(changed)
        self.assertGreaterEqual(self.parts(result), 3)
        self.assertEqual(result["tests"]["planned"], 5 + 8 + 3 + 1 + 1 + 1)
        names = [row["test"] for row in result["results"]]
        self.assertEqual(len(names), len(set(names)))
        self.assertIn("same #3", names)
        self.assertIn("joined", self.log())
        self.expect_same(self.finished(changed, "--set", "schedule.split=false"), result)

    def test_a_test_that_fails_fails_once(self):
        self.finished(LONG)
        result = self.finished(LONG + "test('red', () => { throw new Error('red') })\n")
        self.assertEqual(result["verdict"], "failed")
        self.assertIn("runs whole", self.log())
        self.assertEqual([row["test"] for row in result["results"] if row["status"] == "failed"], ["red"])
        self.assertEqual(result["tests"]["planned"], 21)
        self.assertTrue(balanced(result["tests"]))

    def test_tests_that_lean_on_each_other_stay_green_and_are_left_whole(self):
        first = self.finished(CHAIN)
        second = self.finished(CHAIN)
        self.assertGreater(self.parts(second), 0)
        self.expect_same(second, first)
        third = self.finished(CHAIN)
        self.assertEqual(self.parts(third), 0)
        self.expect_same(third, first)

    def victims(self, role):
        return [pid for pid, line in self.place.processes().items()
                if line.startswith("troupe-node") and f"--name {role}" in line]

    def kill_while_in_parts(self, role, runs):
        first = self.finished(LONG)
        for _ in range(runs):
            run = self.place.start(*self.arguments(self.project(LONG)), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
            deadline = time.monotonic() + 120
            while "part=" not in (self.log() if run.poll() is None else "part="):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.02)
            time.sleep(0.8)
            killed = self.victims(role)
            for pid in killed:
                os.kill(pid, signal.SIGKILL)
            out, err = run.communicate(timeout=300)
            result = last_json(out)
            self.assertTrue(killed, err)
            self.expect_same(result, first)
        self.assertEqual(self.place.left_over(), [])

    def test_kill_9_of_an_executor_in_a_part(self):
        self.kill_while_in_parts("executor-1", 2)

    def test_kill_9_of_the_coordinator_between_parts(self):
        self.kill_while_in_parts("coordinator", 2)


class SplitPlaywright(Parts):
    LONG_FILE, SHORT_FILE, RUNNER = "long.spec.js", "short.spec.js", "playwright"

    def install(self, modules):
        modules.mkdir()
        for name in ("@playwright", "playwright", "playwright-core"):
            subprocess.run(["cp", "-r", "--reflink=auto", installed(PLANNER) / "node_modules" / name, modules],
                           check=True)

    def project(self, text, short="import { test } from '@playwright/test'\ntest('short', () => {})\n"):
        return super().project(text, short)

    def test_parts_are_what_the_whole_is_and_serial_tests_stay_together(self):
        first = self.finished(SERIAL)
        self.assertEqual((first["verdict"], first["tests"]["planned"], self.parts(first)), ("passed", 18, 0))
        second = self.finished(SERIAL)
        self.assertGreaterEqual(self.parts(second), 2)
        self.assertIn(f"joined parts={self.parts(second)} tests=17", self.log())
        self.expect_same(second, first)
        self.assertEqual(self.place.left_over(), [])


if __name__ == "__main__":
    unittest.main()
