#!/usr/bin/env python3
"""`troupe run --fix apply` as a user says it: the command runs again behind what it has mended, its
verdict is of the files as they are then, and the page says what was decided."""
import json
import unittest

from harness import Place, last_json
from test_vitest import PLANNER, installed

RIGHT = """export interface Item { name: string, cents: number }
export const total = (items: Item[]) => items.reduce((sum, item) => sum + item.cents, 0)
"""
FILES = {
    "package.json": '{"type":"module"}\n',
    "tsconfig.json": '{"compilerOptions":{"strict":true,"noEmit":true,"module":"esnext","moduleResolution":"bundler",'
                     '"skipLibCheck":true,"types":[]},"include":["src"]}\n',
    "src/total.ts": RIGHT.replace("item.cents", "item.cent"),
    "src/total.test.ts": "import { expect, it } from 'vitest'\nimport { total } from './total'\n"
                         "it('adds', () => { expect(total([{ name: 'a', cents: 2 }])).toBe(2) })\n",
}
# Two faults, and an expectation that nothing can meet.
SEVERAL = {
    "src/range.ts": """export const days = (from: number, to: number) => to - from
export function isLong(count: number): boolean {
  return count >= 7
}
export const label = (count: number) => `${count} days`
""",
    "src/range.test.ts": """import { describe, expect, it } from 'vitest'
import { days, isLong, label } from './range'
describe('a range # of days', () => {
  it('counts both ends', () => expect(days(1, 3)).toBe(3))
  it('is one day', () => expect(days(4, 4)).toBe(1))
  it.each([[6, false], [7, false], [8, true]])('of %i days is long: %s', (count, long) => expect(isLong(count)).toBe(long))
  it('has a label', () => expect(label(2)).toBe('zwei Tage'))
})
""",
}
# The machine may be busy: sources get longer than they do by default.
PATIENT = ("--set", "fixer.source_timeout_ms=200000", "--set", "coordinator.remedy_ms_max=400000")


class Run(unittest.TestCase):
    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)

    def test_ends_green_behind_its_own_fix(self):
        project = self.place.project(FILES)
        (project / "node_modules").symlink_to(installed(PLANNER) / "node_modules")
        out = self.place.base / "report"
        done = self.place.run("run", project, "--runner", "vitest,tsc", "--fix", "apply", "--heal", "off", "--workers",
                              "1", "--report", out, "--json", *PATIENT, timeout=840)
        self.assertTrue(done.stdout, done.stderr)
        self.assertEqual((project / "src/total.ts").read_text(), RIGHT, done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), 1, "one object, however many runs")
        result = last_json(done.stdout)
        self.assertEqual((done.returncode, result["verdict"]), (0, "passed"), done.stderr)
        self.assertIn("running again", done.stderr)
        applied = [fix for fix in result["fixes"] if fix["status"] == "applied"]
        self.assertGreaterEqual(len(applied), 1)
        self.assertEqual({fix["diff"].splitlines()[-1] for fix in applied}, {"+" + RIGHT.splitlines()[-1]})
        self.assertEqual(json.loads((out / "report.json").read_text())["fixes"], result["fixes"])
        page = (out / "index.html").read_text()
        self.assertEqual(page.count("</i>made</td>"), len(applied))
        self.assertEqual(self.place.left_over(), [])

    def test_mends_several_causes_of_one_file_one_after_the_other(self):
        project = self.place.project({"package.json": FILES["package.json"], "tsconfig.json": FILES["tsconfig.json"], **SEVERAL})
        (project / "node_modules").symlink_to(installed(PLANNER) / "node_modules")
        done = self.place.run("run", project, "--runner", "vitest", "--fix", "apply", "--heal", "off", "--workers", "1",
                              "--json", *PATIENT, timeout=840)
        self.assertTrue(done.stdout, done.stderr)
        source = (project / "src/range.ts").read_text()
        self.assertIn("to - from + 1", source, done.stderr)
        self.assertIn("count > 7", source, done.stderr)
        result = last_json(done.stdout)
        self.assertEqual((result["verdict"], result["tests"]["failed"]), ("failed", 1), "a stale test stays as it is")
        self.assertEqual((project / "src/range.test.ts").read_text(), SEVERAL["src/range.test.ts"])
        applied = [fix for fix in result["fixes"] if fix["status"] == "applied"]
        self.assertEqual(len(applied), 2)
        for fix in applied:
            self.assertIn("of the failing tests, others have another cause", fix["reason"])


if __name__ == "__main__":
    unittest.main()
