"""Real vitest suites: the same verdict and the same status for every test as vitest's own report,
and never green where nothing proves it."""
import collections
import json
import pathlib
import subprocess
import unittest

from harness import SOURCE, Place, balanced, last_json

PLANNER = SOURCE / "tests" / "projects" / "planner"
FALSE_GREEN = SOURCE / "tests" / "projects" / "false-green"


def installed(project):
    if not (project / "node_modules" / "vitest").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=project,
                       check=True, timeout=300)
    return project


def vitest_report(project, place):
    """{(file, test): status} out of vitest's own JSON report."""
    out = place.base / "vitest.json"
    subprocess.run(["node", "node_modules/vitest/vitest.mjs", "run", "--reporter=json",
                    f"--outputFile={out}"], cwd=project, capture_output=True, timeout=300)
    rows = {}
    for result in json.loads(out.read_text())["testResults"]:
        name = str(pathlib.Path(result["name"]).relative_to(project))
        seen = collections.Counter()
        for test in result["assertionResults"]:
            full = " > ".join([*filter(None, test["ancestorTitles"]), test["title"]])
            seen[full] += 1
            if seen[full] > 1:
                full += f" #{seen[full]}"
            status = test["status"]
            rows[name, full] = "skipped" if status in ("pending", "todo") else status
    return rows


class Vitest(unittest.TestCase):
    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)

    def run_project(self, project, *args):
        done = self.place.run("run", project, "--json", "--fix", "off", "--heal", "off",
                              "--workers", "2", *args, timeout=300)
        self.assertTrue(done.stdout, done.stderr)
        return done, last_json(done.stdout)

    def test_planner_equals_vitest(self):
        project = installed(PLANNER)
        done, result = self.run_project(project)
        self.assertEqual(done.returncode, 0, done.stderr)
        ours = {(row["file"], row["test"]): row["status"] for row in result["results"]}
        theirs = vitest_report(project, self.place)
        self.assertGreater(len(theirs), 300)
        self.assertEqual(ours, theirs)
        self.assertEqual(len(ours), len(result["results"]))
        self.assertEqual(result["tests"]["planned"], len(theirs))
        self.assertTrue(balanced(result["tests"]))
        self.assertEqual(self.place.left_over(), [])

    def test_seeded_fault_is_red_where_it_is(self):
        project = self.place.base / "planner"
        subprocess.run(["cp", "-r", "--reflink=auto", installed(PLANNER), project], check=True)
        patch = PLANNER / "faults" / "general-off-by-one.patch"
        subprocess.run(["patch", "-s", "-p1", "-i", patch], cwd=project, check=True)
        done, result = self.run_project(project)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(result["verdict"], "failed")
        self.assertIn("tests/utils/dateRange.test.ts", {e["file"] for e in result["errors"]})
        theirs = vitest_report(project, self.place)
        ours = {(row["file"], row["test"]): row["status"] for row in result["results"]}
        self.assertEqual(ours, theirs)

    def test_only_what_a_change_reaches(self):
        project = self.place.base / "planner"
        subprocess.run(["cp", "-r", "--reflink=auto", installed(PLANNER), project], check=True)
        git = ["git", "-C", project, "-c", "user.email=a@example.com", "-c", "user.name=a"]
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
            subprocess.run([*git, *words], check=True)
        changed = ("--changed-since", "HEAD", "--set", "run.audit_percent=0")
        done, result = self.run_project(project, *changed)
        self.assertEqual((done.returncode, result["verdict"], result["results"]), (0, "passed", []))
        everything = result["files"]["not_affected"]
        self.assertGreater(everything, 50)
        patch = PLANNER / "faults" / "general-wrong-boundary.patch"
        subprocess.run(["patch", "-s", "-p1", "-i", patch], cwd=project, check=True)
        done, result = self.run_project(project, *changed)
        self.assertEqual(done.returncode, 1, done.stderr)
        files = result["files"]
        self.assertEqual(files["planned"] + files["not_affected"], everything)
        self.assertLess(files["planned"], everything / 2)
        theirs = vitest_report(project, self.place)
        ours = {(row["file"], row["test"]): row["status"] for row in result["results"]}
        chosen = {file for file, _ in ours}
        self.assertEqual(ours, {row: status for row, status in theirs.items() if row[0] in chosen})
        self.assertEqual([row for row, status in theirs.items() if status == "failed" and row not in ours], [])
        why = self.place.run("runs", "why", "last", "tests/utils/budget.test.ts")
        self.assertIn("affected: by src/utils/budget.ts", why.stdout)

    def test_several_runners_share_what_is_named_and_what_changed(self):
        project = self.place.base / "planner"
        subprocess.run(["cp", "-r", "--reflink=auto", installed(PLANNER), project], check=True)
        (project / ".gitignore").write_text("node_modules\n")
        git = ["git", "-C", project, "-c", "user.email=a@example.com", "-c", "user.name=a"]
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
            subprocess.run([*git, *words], check=True)
        names = self.place.base / "names"
        both = ("--runner", "vitest,tsc", "--files-from", names)
        rows = lambda result: {(row["file"], row["status"]) for row in result["results"]}
        names.write_text("tests/utils/sort.test.ts\n")
        done, result = self.run_project(project, *both)
        self.assertEqual((done.returncode, rows(result)), (0, {("tests/utils/sort.test.ts", "passed")}))
        # What no runner takes is red, and hides nothing of what one takes.
        names.write_text("tests/utils/none.test.ts\ntests/utils/sort.test.ts\ntsconfig.json\n")
        done, result = self.run_project(project, *both)
        self.assertEqual((done.returncode, result["verdict"], result["files"]["lost"]), (1, "failed", 1))
        self.assertEqual(rows(result) - {("tests/utils/none.test.ts", "lost")},
                         {("tests/utils/sort.test.ts", "passed"), ("tsconfig.json", "passed")})
        # Types are checked of any change of code, though nobody names what a project of tsc consists of.
        changed = ("--changed-since", "HEAD", "--set", "run.audit_percent=0")
        (project / "README.md").write_text("nothing\n")
        done, result = self.run_project(project, "--runner", "vitest,tsc", *changed)
        self.assertEqual((done.returncode, result["results"]), (0, []))
        path = project / "src/pages/LoginPage.tsx"
        path.write_text(path.read_text() + "\nconst wrong: number = '';\nvoid wrong;\n")
        for more in ((), ("--files-from", names)):
            names.write_text("tests/utils/sort.test.ts\ntsconfig.json\n")
            done, result = self.run_project(project, "--runner", "vitest,tsc", *changed, *more)
            self.assertEqual((done.returncode, result["verdict"]), (1, "failed"))
            self.assertEqual({file for file, status in rows(result) if status == "failed"}, {"tsconfig.json"})
            self.assertNotIn("tests/utils/sort.test.ts", {file for file, _ in rows(result)})

    def test_what_has_passed_with_the_same_inputs_does_not_run_again(self):
        project = self.place.base / "planner"
        subprocess.run(["cp", "-r", "--reflink=auto", installed(PLANNER), project], check=True)
        (project / ".gitignore").write_text("node_modules\n")
        git = ["git", "-C", project, "-c", "user.email=a@example.com", "-c", "user.name=a"]
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
            subprocess.run([*git, *words], check=True)
        cached = ("--set", "run.cache=on", "--set", "run.audit_percent=0")
        _, first = self.run_project(project, *cached)
        self.assertEqual((first["verdict"], first["files"]["cached"]), ("passed", 0))
        done, again = self.run_project(project, *cached)
        self.assertEqual((done.returncode, again["verdict"]), (0, "passed"), done.stderr)
        self.assertGreater(again["files"]["cached"], 50)
        self.assertEqual(sum(1 for file in {row["file"] for row in again["results"] if row.get("cached")}),
                         again["files"]["cached"])
        rows = [{(row["file"], row["test"]): row["status"] for row in result["results"]} for result in (first, again)]
        self.assertEqual(*rows)
        self.assertTrue(balanced(again["tests"]))
        self.assertEqual(self.place.run("verify", "last").returncode, 0)
        patch = PLANNER / "faults" / "general-wrong-boundary.patch"
        subprocess.run(["patch", "-s", "-p1", "-i", patch], cwd=project, check=True)
        done, broken = self.run_project(project, *cached)
        self.assertEqual((done.returncode, broken["verdict"]), (1, "failed"), done.stderr)
        self.assertGreater(broken["files"]["cached"], 0)
        ours = {(row["file"], row["test"]): row["status"] for row in broken["results"]}
        self.assertEqual(ours, vitest_report(project, self.place))
        _, whole = self.run_project(project, *cached, "--no-cache")
        self.assertEqual(whole["files"]["cached"], 0)

    def test_named_files_only(self):
        project = installed(PLANNER)
        names = self.place.base / "names"
        names.write_text("tests/indicators/k1.test.ts\n")
        done, result = self.run_project(project, "--files-from", names)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual({row["file"] for row in result["results"]},
                         {"tests/indicators/k1.test.ts"})

    def test_nothing_looks_green_wrongly(self):
        project = installed(FALSE_GREEN)
        expected = json.loads((FALSE_GREEN / "expected.json").read_text())["files"]
        self.place.env["CI"] = "true"
        done, result = self.run_project(project, "--set", "executor.file_timeout_ms=10000")
        self.assertEqual(done.returncode, 1, done.stderr)
        status = collections.defaultdict(set)
        for row in result["results"]:
            status[row["file"]].add(row["status"])
        told = {error["file"] for error in result["errors"]}
        wrong = {}
        for name, want in expected.items():
            red = bool(status[name] & {"failed", "lost"}) or name in told
            if red != (want["verdict"] in ("failed", "lost")):
                wrong[name] = (want["verdict"], sorted(status[name]))
        self.assertEqual(wrong, {})
        lost = {name for name, want in expected.items() if want["verdict"] == "lost"}
        self.assertEqual({name for name in expected if "lost" in status[name]}, lost)
        self.assertEqual(result["files"]["lost"], len(lost))
        self.assertTrue(balanced(result["tests"]))

    def test_a_project_without_a_runner_says_what_to_do(self):
        project = self.place.project({"package.json": "{}"})
        done, result = self.run_project(project)
        self.assertEqual(done.returncode, 9, done.stderr)
        self.assertEqual(result["verdict"], "error")
        self.assertIn("--command", done.stderr)


if __name__ == "__main__":
    unittest.main()
