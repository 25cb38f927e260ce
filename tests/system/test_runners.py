"""Runners that are recognised, and reports of any command, over real processes and in the sandbox."""
import json
import shutil
import unittest

from harness import Place, balanced, last_json

JUNIT = '<testsuite name="s" tests="{tests}"><testcase name="a"/><testcase name="b">{inner}</testcase></testsuite>'
GO = "package {name}\n\nimport \"testing\"\n\nfunc TestIt(t *testing.T) {{ {body} }}\n"


class Runners(unittest.TestCase):
    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)

    def run_project(self, files, *args):
        project = self.place.project(files)
        done = self.place.run("run", project, "--json", "--fix", "off", "--heal", "off",
                              "--workers", "2", *args, timeout=280)
        self.assertTrue(done.stdout, done.stderr)
        result = last_json(done.stdout)
        self.assertTrue(balanced(result["tests"]), result["tests"])
        self.assertEqual(self.place.left_over(), [])
        return done.returncode, result

    def rows(self, result):
        return sorted((row["file"], row["test"], row["status"]) for row in result["results"])

    def test_reports_of_a_command_are_its_tests(self):
        sound = JUNIT.format(tests=2, inner="<skipped/>")
        code, result = self.run_project({"sound.xml": sound}, "--command", "cp sound.xml out.xml",
                                        "--results", "out.xml")
        self.assertEqual(code, 0, result)
        self.assertEqual(self.rows(result), [(".", "s > a", "passed"), (".", "s > b", "skipped")])

    def test_a_report_that_was_cut_is_lost(self):
        code, result = self.run_project({"cut.xml": JUNIT.format(tests=3, inner="")}, "--command",
                                        "cp cut.xml out.xml", "--results", "*.xml")
        self.assertEqual(code, 1, result)
        self.assertEqual(result["files"]["lost"], 1)

    def test_a_report_for_each_file(self):
        files = {"list": "a b\nbad\n", "a b": "", "bad": ""}
        command = 'printf "1..1\\n%s %s\\n" "$([ {} = bad ] && echo not ok || echo ok)" {} >out.tap'
        code, result = self.run_project(files, "--files-from", self.place.base / "project" / "list",
                                        "--command", command, "--results", "out.tap")
        self.assertEqual(code, 1, result)
        self.assertEqual(self.rows(result), [("a b", "a b", "passed"), ("bad", "bad", "failed")])

    def test_nothing_recognised_is_no_success(self):
        code, result = self.run_project({"README": ""})
        self.assertEqual(code, 9, result)
        self.assertEqual(result["verdict"], "error")

    @unittest.skipUnless(shutil.which("go") and shutil.which("ctest") and shutil.which("cmake"),
                         "needs go and cmake")
    def test_two_runners_of_one_project_are_recognised(self):
        files = {"go.mod": "module example.com/two\n\ngo 1.20\n",
                 "a/a_test.go": GO.format(name="a", body=""),
                 "b/b_test.go": GO.format(name="b", body='t.Fatal("no")'),
                 "build/CMakeCache.txt": "",
                 "build/CTestTestfile.cmake": 'add_test(true "/bin/true")\nadd_test(false "/bin/false")\n'}
        code, result = self.run_project(files)
        self.assertEqual(code, 1, json.dumps(result))
        self.assertEqual(self.rows(result), [("a", "TestIt", "passed"), ("b", "TestIt", "failed"),
                                             ("false", "false", "failed"), ("true", "true", "passed")])


if __name__ == "__main__":
    unittest.main()
