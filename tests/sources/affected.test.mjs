// Run by run.sh: which tests a change may reach.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { Importers } from '../../tools/sources/typescript/affected.mjs'
import { Projects } from '../../tools/sources/typescript/project.mjs'

const WORK = process.env.TROUPE_TEST_WORK ?? new URL('.work', import.meta.url).pathname
const ts = createRequire(join(WORK, 'v5/package.json'))('typescript')
const FILES = {
  'tsconfig.json': '{"compilerOptions": {"module": "esnext", "moduleResolution": "bundler", "paths": {"@/*": ["./src/*"]}}, "include": ["src"]}',
  'src/a.ts': "export * from './b'\nexport const a = 1\n",
  'src/b.ts': "import './a'\nexport const b = 1\n",
  'src/c.ts': "export const c = () => import('./a')\n",
  'src/near.test.ts': "import { a } from './a'\n",
  'tests/far.test.ts': "import { c } from '../src/c'\n",
  'tests/aliased.spec.tsx': "import { b } from '@/b'\n",
  'tests/other.test.ts': "import { join } from 'node:path'\n",
  'node_modules/x/index.test.js': "import '../../src/a'\n",
}

test('the importers of a change, nearest first, with cycles and aliases, never what is installed', () => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'troupe-source-')))
  try {
    for (const [path, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(dir, path)), { recursive: true })
      writeFileSync(join(dir, path), text)
    }
    const reached = (file, max) => new Importers(new Projects(ts, dir)).tests([join(dir, file)], max)
    assert.deepEqual(reached('src/c.ts', 9), ['tests/far.test.ts'])
    assert.deepEqual(new Set(reached('src/a.ts', 9)), new Set(['src/near.test.ts', 'tests/far.test.ts', 'tests/aliased.spec.tsx']))
    assert.equal(reached('src/a.ts', 9)[0], 'src/near.test.ts')
    assert.equal(reached('src/a.ts', 1).length, 1)
    assert.deepEqual(reached('tests/other.test.ts', 9), ['tests/other.test.ts'])
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
