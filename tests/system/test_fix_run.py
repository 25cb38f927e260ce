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


if __name__ == "__main__":
    unittest.main()
