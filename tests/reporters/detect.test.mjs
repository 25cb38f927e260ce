// Which runners are found in which project.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { detect } from '../../tools/reporters/auto/detect.mjs'

const manifest = (fields) => JSON.stringify(fields)
const devDependencies = (...names) => Object.fromEntries(names.map((name) => [name, '1']))

const CASES = {
  'nothing': [{}, []],
  'a package without tests': [{ 'package.json': '{}' }, []],
  'a package.json that is none': [{ 'package.json': '[', 'pytest.ini': '' }, ['pytest']],
  'vitest by its dependency': [{ 'package.json': manifest({ devDependencies: devDependencies('vitest') }) }, ['vitest']],
  'vitest where jest is left over': [{ 'package.json': manifest({ devDependencies: devDependencies('vitest', 'jest') }) }, ['vitest']],
  'both where both are configured': [{ 'package.json': manifest({ devDependencies: devDependencies('vitest', 'jest') }), 'jest.config.ts': '' }, ['vitest', 'jest']],
  'jest by its dependency': [{ 'package.json': manifest({ devDependencies: devDependencies('jest') }) }, ['jest']],
  'jest by its key': [{ 'package.json': manifest({ jest: { preset: 'x' } }) }, ['jest']],
  'no types, lint and browsers beside vitest': [{ 'package.json': manifest({ scripts: { test: 'vitest run', lint: 'eslint .' }, devDependencies: devDependencies('vitest', 'typescript', 'eslint', '@playwright/test') }), 'tsconfig.json': '{}', 'eslint.config.js': '', 'playwright.config.ts': '' }, ['vitest']],
  'browsers where npm test runs them': [{ 'package.json': manifest({ scripts: { test: 'vitest run && playwright test' } }) }, ['vitest', 'playwright']],
  'browsers alone': [{ 'package.json': '{}', 'playwright.config.ts': '' }, ['playwright']],
  'a script that only has the word in it': [{ 'package.json': manifest({ scripts: { test: 'node my-vitest.js ./jest/run' } }) }, []],
  'pytest in pyproject': [{ 'pyproject.toml': '[tool.pytest.ini_options]\n' }, ['pytest']],
  'pytest by a test alone': [{ 'tests/test_a.py': '' }, ['pytest']],
  'no pytest by a test beside vitest': [{ 'package.json': manifest({ devDependencies: devDependencies('vitest') }), 'tests/test_a.py': '' }, ['vitest']],
  'languages side by side': [{ 'package.json': manifest({ devDependencies: devDependencies('vitest') }), 'pytest.ini': '', 'go.mod': '', 'a/b/x_test.go': '', 'Cargo.toml': '' }, ['vitest', 'pytest', 'go', 'cargo']],
  'go without tests': [{ 'go.mod': '' }, []],
  'ctest that is configured': [{ 'build/CTestTestfile.cmake': '', 'build/CMakeCache.txt': '' }, ['ctest']],
  'ctest that is not yet': [{ 'CMakeLists.txt': 'enable_testing()' }, ['ctest']],
  'npm workspaces': [{ 'package.json': manifest({ workspaces: ['packages/*', '!packages/no'], devDependencies: devDependencies('vitest', 'jest') }), 'packages/a/package.json': manifest({ scripts: { test: 'vitest run' } }), 'packages/b/package.json': manifest({ jest: {} }), 'packages/no/package.json': manifest({ jest: {} }), 'packages/node_modules/x/package.json': manifest({ jest: {} }) }, ['packages/a: vitest', 'packages/b: jest']],
  'yarn workspaces': [{ 'package.json': manifest({ workspaces: { packages: ['libs/**'] } }), 'libs/a/b/package.json': manifest({ jest: {} }), 'libs/package.json': manifest({ jest: {} }) }, ['libs/a/b: jest']],
  'pnpm workspaces': [{ 'package.json': manifest({ devDependencies: devDependencies('vitest') }), 'pnpm-workspace.yaml': "# all\npackages:\n  - 'apps/*'\n  # and\n  - tools\ncatalog:\n  - no\n", 'apps/web/package.json': manifest({ devDependencies: devDependencies('vitest') }), 'tools/package.json': manifest({ devDependencies: devDependencies('vitest') }), 'no/package.json': manifest({ jest: {} }) }, ['apps/web: vitest', 'tools: vitest']],
  'a workspace whose root runs all': [{ 'package.json': manifest({ workspaces: ['packages/*'] }), 'vitest.workspace.ts': '', 'packages/a/package.json': manifest({ devDependencies: devDependencies('vitest') }), 'packages/b/package.json': manifest({ jest: {} }) }, ['vitest', 'packages/b: jest']],
}

for (const [name, [files, expected]] of Object.entries(CASES)) {
  test(`detect: ${name}`, () => {
    const dir = mkdtempSync(join(tmpdir(), 'troupe-detect-'))
    try {
      for (const [file, text] of Object.entries(files)) {
        mkdirSync(dirname(join(dir, file)), { recursive: true })
        writeFileSync(join(dir, file), text)
      }
      assert.deepEqual(detect(dir).map((one) => one.dir ? `${one.dir}: ${one.runner}` : one.runner), expected)
    } finally {
      rmSync(dir, { recursive: true })
    }
  })
}
