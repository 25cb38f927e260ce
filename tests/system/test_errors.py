"""Errors from a run to their routes: counted by cause, ordered, corrected; and how soon."""
import json
import os
import sqlite3
import unittest

from harness import Place, last_json

# A run of one command that fails in as many ways as it is told, and reports as JUnit XML.
MAKE = """
import html, json, sys
rows = [json.loads(line) for line in open("rows.jsonl")]
print("<testsuites><testsuite name='s'>", file=(out := open("out.xml", "w")))
for number, row in enumerate(rows):
    print(f"<testcase name='t{number}' classname='c'><failure>{html.escape(row)}</failure></testcase>", file=out)
print("</testsuite></testsuites>", file=out)
out.close()
sys.exit(1)
"""

KINDS = [
    "src/a{0}.ts({0},5): error TS2345: Argument of type 'A{0}' is not assignable.",
    "Error: Minified React error #31; visit https://react.dev/errors/31\n    at f{0} (src/b{0}.tsx:3:4)",
    "AssertionError: expected {0} to be 4\n    at src/c{0}.test.ts:5:20",
    "Error: connect ECONNREFUSED 127.0.0.1:{0}\n    at connect (src/d{0}.js:3:4)",
]


class Errors(unittest.TestCase):
    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)

    def run_with(self, messages, *more):
        rows = "".join(json.dumps(message) + "\n" for message in messages)
        project = self.place.project({"make.py": MAKE, "rows.jsonl": rows})
        done = self.place.run("run", project, "--command", "python3 make.py", "--results", "out.xml",
                              "--fix", "off", "--heal", "off", "--json", *more)
        self.assertEqual(done.returncode, 1, done.stderr)
        return last_json(done.stdout)

    def errors(self, *words):
        done = self.place.run("errors", *words, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return last_json(done.stdout)

    def test_500_at_once_are_routed_within_a_second(self):
        messages = [KINDS[i % 4].format(1000 + i) for i in range(500)]
        run = self.run_with(messages)
        ledger = sqlite3.connect(os.path.join(self.place.state, "ledger.db"))
        rows = ledger.execute("SELECT noted_ms, routed_ms, queue FROM finding").fetchall()
        waited = sorted(routed - noted for noted, routed, _ in rows)
        spread = max(row[1] for row in rows) - min(row[0] for row in rows)
        print(f"# 500 errors: p50 {waited[249]} ms, p99 {waited[494]} ms until routed, "
              f"all within {spread} ms")
        self.assertEqual(len(rows), 500)
        self.assertLessEqual(waited[494], 1000)
        self.assertLessEqual(spread, 1000)
        queues = [error["route"] for error in run["errors"]]
        for kind, queue in enumerate(("typescript", "react", "test", "general")):
            self.assertEqual({queues[i] for i in range(kind, 500, 4)}, {queue})

    def test_one_cause_is_told_once(self):
        again = "TypeError: Cannot read properties of undefined (reading '{0}')\n    at f (src/api.ts:{0}:4)"
        run = self.run_with([KINDS[0].format(7)] + [again.format(i) for i in range(5)])
        causes = {error["cause"] for error in run["errors"]}
        self.assertEqual(len(causes), 2)
        self.assertEqual([error["occurrences"] for error in run["errors"]], [1] + [5] * 5)
        listed = self.errors("list")["errors"]
        self.assertEqual(sorted(error["occurrences"] for error in listed), [1, 5])
        self.assertEqual([error["priority"] for error in listed],
                         sorted((error["priority"] for error in listed), reverse=True))
        many = next(error for error in listed if error["occurrences"] == 5)
        self.assertEqual(len(many["failures"]), 5)
        self.assertIn("fan-out +8, new +12", many["terms"])
        shown = self.place.run("errors", "show", many["id"][:8])
        self.assertIn(f"{many['priority']} = {many['terms']}", shown.stdout)
        text = self.place.run("runs", "show", "last").stdout
        self.assertEqual(text.count("the same cause as above"), 4, text)
        # What was seen in an earlier run of the project is not new any more.
        again = self.run_with([again.format(9)])["errors"][0]
        self.assertEqual(again["cause"], many["cause"])
        self.assertNotIn("new", again["terms"])

    def test_a_correction_holds_from_the_next_run_on(self):
        message = "Error: the ledger of the shop said no: {0}"
        first = self.run_with([message.format(1)])["errors"][0]
        wanted = "react" if first["label"] != "react" else "test"
        taught = self.errors("teach", first["id"], wanted, "--route", "typescript")
        self.assertEqual(taught["label"], wanted)
        self.assertGreaterEqual(taught["model"]["examples_right"],
                                taught["model"]["examples_right_before"])
        second = self.run_with([message.format(2)])["errors"][0]
        self.assertEqual((second["label"], second["route"]), (wanted, "typescript"))
        # The file belongs to the cause: here that of the whole command.
        row = json.dumps({"id": 1, "message": message.format(3), "file_path": "."}) + "\n"
        said = last_json(self.place.run("classify", input=row).stdout)
        self.assertEqual(said["label"], wanted)
        self.assertIn("corrected by hand", said["why"][0])
        refused = self.place.run("errors", "teach", first["id"], "nonsense")
        self.assertEqual(refused.returncode, 2)

    def test_rules_may_ask_how_a_command_ended(self):
        config = self.place.project({"troupe.yml": "", "error-routing-rules.yml":
                                     "rules:\n  - name: half\n    when: {exit: [75, 143]}\n"
                                     "    class: react\n    route: react\n    priority: 9\n"})
        project = self.place.project({"ends": "exit 75\n", "killed": "kill -TERM $$\n", "fails": "exit 1\n"})
        self.place.run("run", project, "--files-from", "-", "--runner", "command", "--command", "sh {}",
                       "--config", config, "--fix", "off", "--heal", "off", input="ends\nkilled\nfails\n")
        found = {place["file"]: error["route"]["queue"] for error in self.errors("list")["errors"]
                 for place in error["failures"]}
        self.assertEqual(found, {"ends": "react", "killed": "react", "fails": "general"})

    def test_rules_of_a_project_are_asked_first(self):
        config = self.place.project({"troupe.yml": "", "error-routing-rules.yml":
                                     "rules:\n  - name: shop\n    when: {message: [\"/^Error: shop \\\\d+$/\"]}\n"
                                     "    class: react\n    route: test\n    priority: 99\n"
                                     "    examples: {match: [\"Error: shop 12\"], no_match: [\"Error: shop x\"]}\n"})
        self.assertEqual(self.place.run("rules", "test", "--config", config).returncode, 0)
        run = self.run_with(["Error: shop 5", KINDS[0].format(3)], "--config", config)
        self.assertEqual([(error["label"], error["route"]) for error in run["errors"]],
                         [("react", "test"), ("typescript", "typescript")])
        bad = self.place.project({"troupe.yml": "", "error-routing-rules.yml":
                                  "rules:\n  - name: wide\n    when: {message: [\"shop\"]}\n    class: test\n"
                                  "    route: test\n    priority: 9\n"
                                  "  - name: never\n    when: {message: [\"shop 5\", \"/(a+)+$/\"], file: [\"*.c\"]}\n"
                                  "    class: test\n    route: test\n    priority: 9\n"
                                  "  - name: narrow\n    when: {message: [\"my shop\"]}\n    class: test\n"
                                  "    route: test\n    priority: 9\n"
                                  "    examples: {match: [\"Error: my shop\"]}\n"})
        told = self.place.run("rules", "test", "--config", bad)
        self.assertEqual(told.returncode, 1)
        self.assertIn("error-routing-rules.yml:7:5: never: /(a+)+$/ takes too many steps", told.stderr)
        self.assertIn("narrow never wins: whatever it matches, wide (line 2) does", told.stderr)
        self.assertIn("this example of narrow is won by wide", told.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
