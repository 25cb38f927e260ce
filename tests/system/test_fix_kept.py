#!/usr/bin/env python3
"""test_fix_kept.py - the fixes that a run leaves in the ledger: looked at, applied, taken back.

A real run with a TypeScript that is installed for tests/sources; then only the command.
"""
import json
import os
import subprocess
import unittest

import harness

COMPILER = harness.SOURCE / "tests/sources/.work/v5/node_modules"
CONFIG = '{"compilerOptions": {"strict": true, "noEmit": true, "types": []}, "include": ["src"]}'
GOOD = "export interface Amount { cents: number }\n\nexport const total = (a: Amount): number => a.cents\n"
BAD = GOOD.replace("a.cents", "a.cent")
HOPELESS = "import { z } from 'no-such-package'\nexport const y: number = z()\n"


@unittest.skipUnless(COMPILER.exists(), "tests/sources/run.sh has not been run")
class Kept(unittest.TestCase):
    def setUp(self):
        self.place = harness.Place()
        self.addCleanup(self.place.close)
        self.project = self.place.project({"src/a.ts": BAD, "tsconfig.json": CONFIG})
        (self.project / "node_modules").symlink_to(COMPILER)
        self.file = self.project / "src/a.ts"

    def run_tests(self, *more):
        done = self.place.run("run", self.project, "--runner", "tsc", "--json", "--workers", "1", *more)
        return json.loads(done.stdout.splitlines()[-1])

    def fix(self, *args, code=0):
        done = self.place.run("fix", *args, "--json")
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout) if done.stdout else done.stderr

    def test_the_life_of_a_fix(self):
        run = self.run_tests()["run"]
        self.assertEqual(self.file.read_text(), BAD, "a proposal changes nothing")
        listed = self.fix("list")
        self.assertEqual(listed["run"], run)
        (row,) = listed["fixes"]
        self.assertEqual((row["status"], row["file"]), ("validated", "tsconfig.json"))
        number = str(row["number"])
        shown = self.fix("show", "last", number)
        self.assertIn("+export const total = (a: Amount): number => a.cents", shown["diff"])
        self.assertEqual(shown["failed_before"], {"failed": 1, "of": 1})
        self.assertEqual(shown["passes_after"], {"passed": 1, "of": 1})
        self.assertEqual(shown["tried"][0]["verdict"], "passed")
        self.assertEqual(self.fix("show", row["error"])["diff"], shown["diff"], "by the id of the failure, too")
        plain = self.place.run("fix", "votes", number).stdout
        self.assertIn("1. tsserver/", plain)
        self.assertIn("not applied", self.fix("revert", number, code=8))

        self.assertTrue(self.fix("apply", number)["changed"])
        self.assertEqual(self.file.read_text(), GOOD)
        self.assertFalse(self.fix("apply", run, number)["changed"], "exactly once")
        self.assertEqual(self.fix("list")["fixes"][0]["status"], "applied")
        self.assertIn("revert it first", self.fix("reject", number, code=8))

        self.file.write_text(GOOD + "export const more = 1\n")
        self.assertIn("edited since", self.fix("revert", number, code=8))
        self.assertIn("more", self.file.read_text())
        self.file.write_text(GOOD)
        self.assertTrue(self.fix("revert", number)["changed"])
        self.assertEqual(self.file.read_text(), BAD)
        self.assertFalse(self.fix("revert", number)["changed"])

        self.assertTrue(self.fix("reject", number)["changed"])
        self.assertIn("rejected", self.fix("apply", number, code=8))
        self.assertEqual(self.file.read_text(), BAD)
        self.assertEqual([path.name for path in (self.project / "src").iterdir()], ["a.ts"])
        audit = [json.loads(line) for line in (self.place.state / "audit.log").read_text().splitlines()]
        self.assertEqual([line["operation"] for line in audit if line["result"] == "done"],
                         ["fix apply", "fix revert", "fix reject"])

    def test_what_was_edited_since_is_left_alone(self):
        self.run_tests()
        self.file.write_text("\n" + BAD)
        self.assertIn("line", self.fix("apply", "1", code=8))
        self.assertEqual(self.file.read_text(), "\n" + BAD)
        self.assertEqual(self.fix("list")["fixes"][0]["status"], "validated")

    def test_the_policy_of_today_holds(self):
        self.run_tests()
        done = self.place.run("fix", "apply", "1", "--set", "validator.lines_max=1")
        self.assertEqual(done.returncode, 8, done.stderr)
        self.assertEqual(self.file.read_text(), BAD)

    def test_what_a_run_applied_is_taken_back(self):
        self.run_tests("--fix", "apply")
        self.assertEqual(self.file.read_text(), GOOD)
        self.assertEqual(self.fix("list")["fixes"][0]["status"], "applied")
        self.file.write_text(GOOD + "// mine\n")
        self.assertIn("edited since", self.fix("revert", "1", code=8))
        self.file.write_text(GOOD)
        self.fix("revert", "1")
        self.assertEqual(self.file.read_text(), BAD)

    def test_a_kill_between_the_files_is_made_good(self):
        # As it is after a kill: noted as begun, one of two files changed.
        two = BAD.replace("total", "whole")
        (self.project / "src/b.ts").write_text(two)
        self.run_tests()
        number = str(self.fix("list")["fixes"][0]["number"])
        before = self.file.read_text(), (self.project / "src/b.ts").read_text()
        self.fix("apply", number)
        after = self.file.read_text(), (self.project / "src/b.ts").read_text()
        self.assertEqual(after, (GOOD, GOOD.replace("total", "whole")))
        subprocess.run(["python3", "-c", "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
                        "c.execute('UPDATE decision SET state = 1'); c.commit()",
                        str(self.place.state / "ledger.db")], check=True)
        (self.project / "src/b.ts").write_text(before[1])
        self.assertEqual(self.fix("list")["fixes"][0]["status"], "applying")
        self.assertIn("apply again", self.fix("revert", number, code=8))
        self.assertTrue(self.fix("apply", number)["changed"])
        self.assertEqual((self.file.read_text(), (self.project / "src/b.ts").read_text()), after)
        self.assertEqual(self.fix("list")["fixes"][0]["status"], "applied")

    def test_without_a_proof_nothing_is_applied(self):
        self.file.write_text(HOPELESS)
        self.run_tests()
        (row,) = self.fix("list")["fixes"]
        self.assertIn(row["status"], ("none", "rejected"))
        self.assertIn("no change was proved", self.fix("apply", str(row["number"]), code=8))
        self.assertEqual(self.file.read_text(), HOPELESS)

    def test_what_there_is_not(self):
        self.run_tests("--fix", "off")
        self.assertEqual(self.fix("list")["fixes"], [])
        self.assertIn("no fix was looked for", self.fix("show", "1", code=9))
        self.assertIn("has no error", self.fix("show", "nonsense", code=9))
        self.assertIn("troupe fix list", self.fix("apply", code=2))


if __name__ == "__main__":
    unittest.main()
