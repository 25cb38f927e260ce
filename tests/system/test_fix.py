#!/usr/bin/env python3
"""test_fix.py - a real fixer and a real validator, from the text of a failure to the file that is mended.

FIX_DRIVER (tests/system/fix_driver.c) plays the coordinator.  Only git, sh and grep are needed:
the job is a command, and the candidate is given, but for one test with a TypeScript that is
installed for tests/sources.
"""
import json
import os
import pathlib
import subprocess
import unittest

import harness

DRIVER = os.environ.get("FIX_DRIVER", str(harness.SOURCE / "build" / "tests/system/fix_driver"))
NODE = pathlib.Path(harness.TROUPE).parent / "troupe-node"
COMPILER = harness.SOURCE / "tests/sources/.work/v5/node_modules"

TEXT = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n"
DIFF = """--- a/src/a.txt
+++ b/src/a.txt
@@ -1,5 +1,5 @@
 one
-two
+zwei
 three
 four
 five
"""


class Fix(unittest.TestCase):
    def setUp(self):
        self.place = harness.Place()
        self.addCleanup(self.place.close)

    def drive(self, runner, file, command="", mode="propose", diff=None, message=""):
        """What the driver said: [(word, number, rest)], with the blocks left out."""
        endpoint = f"ipc://{self.place.runtime}/fix.sock"
        args = [DRIVER, endpoint, str(self.project), runner, file, command, mode]
        if diff is not None:
            path = self.place.base / "candidate.diff"
            path.write_text(diff)
            args.append(str(path))
        node = subprocess.Popen([str(NODE), "--role", "fixer", "--role", "validator", "--name",
                                 "fixer", "--connect", endpoint, "--die-with-parent"],
                                env=self.place.env, stderr=subprocess.PIPE, text=True)
        try:
            done = subprocess.run(args, input=message, env=self.place.env, timeout=300,
                                  capture_output=True, text=True, check=False)
        finally:
            node.kill()
            log = node.communicate(timeout=60)[1]
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr + log)
        lines = [line.split(" ", 2) for line in done.stdout.splitlines() if line[:1] != "|"]
        return [(line[0], int(line[1]), " ".join(line[2:])) for line in lines]

    def make(self, files):
        self.project = self.place.project(files)

    def text(self, name="src/a.txt"):
        return (self.project / name).read_text()

    def validate(self, mode="propose", diff=DIFF, command="grep -q zwei src/a.txt", file="x"):
        (word, index, rest), = self.drive("command", file, command, mode, diff)
        self.assertEqual((word, index), ("validated", 0))
        return rest.strip()

    def test_proves_in_a_copy_and_leaves_the_project_alone(self):
        self.make({"src/a.txt": TEXT})
        self.assertEqual(self.validate(command="grep -q zwei src/a.txt && echo x > src/new"), "passed")
        self.assertEqual(self.text(), TEXT)
        self.assertFalse((self.project / "src/new").exists())

    def test_a_job_that_still_fails_is_no_proof(self):
        self.make({"src/a.txt": TEXT})
        self.assertEqual(self.validate("apply", command="echo because; grep -q drei src/a.txt"),
                         "failed the job ended with code 1")
        self.assertEqual(self.text(), TEXT)

    def test_applies_and_does_so_once(self):
        self.make({"src/a.txt": TEXT})
        before = (self.project / "src/a.txt").stat()
        self.assertEqual(self.validate("apply"), "applied")
        mended = TEXT.replace("two", "zwei")
        self.assertEqual(self.text(), mended)
        after = (self.project / "src/a.txt").stat()
        self.assertEqual((before.st_uid, before.st_mode), (after.st_uid, after.st_mode))
        self.assertEqual(self.validate("apply"), "applied")
        self.assertEqual(self.text(), mended)

    def test_a_change_that_does_not_apply_is_refused(self):
        self.make({"src/a.txt": TEXT.replace("three", "drei")})
        self.assertEqual(self.validate("apply", command="true"),
                         "refused applies: it does not apply to the project")
        self.assertEqual(self.text(), TEXT.replace("three", "drei"))

    def test_the_same_change_elsewhere_is_not_this_one(self):
        # The changed text stands further down already; where it is meant, it does not yet.
        other = TEXT.replace("two", "zwei")
        self.make({"src/a.txt": TEXT + "\n" + other})
        self.assertEqual(self.validate("apply", command="true"), "applied")
        self.assertEqual(self.text(), other + "\n" + other)

    def test_what_the_policy_refuses_is_not_tried(self):
        self.make({"src/a.txt": TEXT, "package.json": "{}\n"})
        diff = "--- a/package.json\n+++ b/package.json\n@@ -1 +1 @@\n-{}\n+{ }\n"
        self.assertTrue(self.validate("apply", diff).startswith("refused no-configuration"))
        self.assertEqual(self.text("package.json"), "{}\n")

    def test_no_link_leads_out_of_the_project(self):
        self.make({"src/b.txt": TEXT})
        outside = self.place.base / "outside"
        outside.mkdir()
        (outside / "a.txt").write_text(TEXT)
        for target, name in ((outside, "link"), (outside / "a.txt", "src/a.txt")):
            (self.project / name).symlink_to(target)
        for name in ("link/a.txt", "src/a.txt"):
            rest = self.validate("apply", DIFF.replace("src/a.txt", name), command="true")
            self.assertTrue(rest.startswith("refused applies"), rest)
        self.assertEqual((outside / "a.txt").read_text(), TEXT)

    def test_a_repository_around_it_does_not_matter(self):
        # In a folder below its top, git leaves out what it takes for paths of the top.
        self.make({"app/src/a.txt": TEXT})
        subprocess.run(["git", "init", "-q", str(self.project)], check=True)
        self.project = self.project / "app"
        head = "diff --git a/src/a.txt b/src/a.txt\nindex 1234567..89abcde 100644\n"
        self.assertEqual(self.validate("apply", head + DIFF), "applied")
        self.assertEqual(self.text(), TEXT.replace("two", "zwei"))

    def test_neither_project_nor_file_name_is_read_by_a_shell(self):
        self.make({"src/a.txt": TEXT})
        name = "$(touch evil);`touch evil`"
        self.assertEqual(self.validate(command="test {} = '" + name + "' && test ! -e evil", file=name),
                         "passed")

    def test_ends_with_crlf_and_without_a_last_line_end(self):
        self.make({})
        (self.project / "src").mkdir(parents=True)
        path = self.project / "src/a.txt"
        path.write_bytes(b"one\r\ntwo")
        diff = ("--- a/src/a.txt\n+++ b/src/a.txt\n@@ -1,2 +1,2 @@\n one\r\n-two\n"
                "\\ No newline at end of file\n+zwei\n\\ No newline at end of file\n")
        (self.place.base / "candidate.diff").write_bytes(diff.encode())
        self.assertEqual(self.validate("apply", diff), "applied")
        self.assertEqual(path.read_bytes(), b"one\r\nzwei")

    def test_without_typescript_there_is_a_reason(self):
        self.make({"src/a.ts": "export const a: number = 'x'\n"})
        (word, count, reason), = self.drive("command", "src/a.ts", "true", message="error")
        self.assertEqual((word, count), ("candidates", 0))
        self.assertIn("no typescript found", reason)

    @unittest.skipUnless(COMPILER.exists(), "tests/sources/run.sh has not been run")
    def test_a_type_error_is_mended(self):
        source = harness.SOURCE / "tests/sources/fixtures/project"
        files = {str(path.relative_to(source)): path.read_text()
                 for path in source.rglob("*") if path.is_file()}
        files["src/total.ts"] = files["src/total.ts"].replace("amount.cents", "amount.cent")
        self.make(files)
        (self.project / "node_modules").symlink_to(COMPILER)
        message = "src/total.ts(6,21): error TS2551: Property 'cent' does not exist on type 'Amount'."
        said = self.drive("tsc", "tsconfig.json", "", "apply", message=message)
        self.assertEqual(said[0][:2], ("candidate", 0))
        self.assertIn(("validated", 0, "applied"), [(w, n, r.strip()) for w, n, r in said])
        self.assertIn("amount.cents", self.text("src/total.ts"))

    def test_a_heal_changes_a_test_and_nothing_else(self):
        line = "  await page.getByRole('button', { name: 'Save' }).click()\n"
        self.make({"e2e/a.spec.ts": line})
        diff = ("--- a/e2e/a.spec.ts\n+++ b/e2e/a.spec.ts\n@@ -1 +1 @@\n-" + line + "+"
                + line.replace("Save", "Store"))
        self.assertTrue(self.validate("apply", diff, "grep -q Store {}", "e2e/a.spec.ts").startswith("refused no-tests"))
        self.assertEqual(self.validate("heal", diff, "grep -q Store {}", "e2e/a.spec.ts"), "applied")
        self.assertIn("Store", self.text("e2e/a.spec.ts"))

    def troupe_fix(self, command, *more):
        done = subprocess.run([str(harness.TROUPE), "fix", str(self.project), "--command", command, "--json", *more],
                              env=self.place.env, capture_output=True, text=True, timeout=300, check=False)
        return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr

    def test_a_command_that_passes_needs_no_fix(self):
        self.make({"src/a.txt": TEXT})
        code, said, _ = self.troupe_fix("true")
        self.assertEqual((code, said["status"], said["attempts"]), (0, "nothing_to_fix", 0))

    def test_a_command_without_a_candidate_is_not_fixed(self):
        self.make({"src/a.txt": TEXT})
        code, said, errors = self.troupe_fix("exit 3")
        self.assertEqual((code, said["status"], said["errors_before"]), (1, "not_fixed", 1))
        self.assertIn("typescript", errors)

    def test_the_time_is_kept(self):
        self.make({"src/a.txt": TEXT})
        code, said, _ = self.troupe_fix("sleep 60", "--timeout", "3s")
        self.assertEqual((code, said["status"]), (6, "not_fixed"))
        self.assertLess(said["wall_ms"], 20000)

    @unittest.skipUnless(COMPILER.exists(), "tests/sources/run.sh has not been run")
    def test_the_project_changes_only_when_it_is_to(self):
        wrong = "export function f(x: string): number {\n  return x;\n}\n"
        self.make({"src/a.ts": wrong, "tsconfig.json": '{"compilerOptions": {"strict": true, "types": []}, "include": ["src"]}'})
        (self.project / "node_modules").symlink_to(COMPILER)
        command = "tsc --noEmit -p ."
        code, said, errors = self.troupe_fix(command, "--models", "off")
        self.assertEqual((code, said["status"], said["first_attempt"]), (0, "fixed", True), errors)
        self.assertEqual((said["errors_before"], said["errors_after"], said["applied"]), (1, 0, False))
        self.assertEqual(self.text("src/a.ts"), wrong)
        code, said, errors = self.troupe_fix(command, "--models", "off", "--apply")
        self.assertEqual((code, said["status"], said["applied"]), (0, "fixed", True), errors)
        self.assertIn("return Number(x);", self.text("src/a.ts"))

    @unittest.skipUnless(COMPILER.exists(), "tests/sources/run.sh has not been run")
    def test_a_guess_is_proposed_and_never_applied(self):
        wrong = "interface Size { width: number; depth: number }\nexport const size: Size = { width: 1 };\n"
        self.make({"src/a.ts": wrong, "tsconfig.json": '{"compilerOptions": {"strict": true, "types": []}, "include": ["src"]}'})
        (self.project / "node_modules").symlink_to(COMPILER)
        code, said, errors = self.troupe_fix("tsc --noEmit -p .", "--models", "off", "--apply")
        self.assertEqual((code, said["status"], said["applied"]), (1, "not_fixed", False), errors)
        self.assertEqual(said["candidates"][0]["verdict"], "passed")
        self.assertIn("guess", said["reason"])
        self.assertEqual(self.text("src/a.ts"), wrong)
        code, said, errors = self.troupe_fix("tsc --noEmit -p .", "--models", "off")
        self.assertEqual((code, said["status"]), (0, "fixed"), errors)
        self.assertIn("guess", said["reason"])


if __name__ == "__main__":
    unittest.main()
