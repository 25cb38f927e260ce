// Run by run.sh, which configures the project these tests work on.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Host } from './host.mjs'

const WORK = process.env.TROUPE_TEST_WORK ?? new URL('.work', import.meta.url).pathname
const DIR = join(WORK, 'ctest')
const skip = existsSync(join(DIR, 'build/CTestTestfile.cmake')) ? false : 'no cmake here'

const EXPECTED = {
  'badsetup': 'failed', 'bk1': 'passed', 'blocked': 'failed', 'disabled': 'skipped', 'expected': 'passed', 'fails': 'failed',
  'forges': 'passed', 'k1': 'passed', 'killed': 'failed', 'missing': 'failed', 'needs': 'passed', 'odd name [1].*': 'passed', 'segv': 'failed',
  'setup': 'passed', 'skips': 'skipped', 'timeout': 'failed',
}

async function withHost(use) {
  const host = new Host(DIR, { runner: 'ctest' })
  try {
    await host.ready()
    await use(host)
  } finally {
    await host.close()
  }
}

test('ctest: each status is that of ctest', { skip }, () => withHost(async (host) => {
  const files = Object.keys(EXPECTED)
  assert.deepEqual(await host.list(1), [...files, 'hangs', 'kills'].sort())
  const { unhandled } = await host.run(2, files)
  assert.deepEqual(unhandled, [])
  assert.deepEqual(Object.fromEntries(host.of('test', 2).map(({ file, status }) => [file, status]).sort()), EXPECTED)
  assert.ok(host.of('end', 2).every(({ reason, tests }) => reason === '' && tests === 1))
  const { stdout } = spawnSync('ctest', ['--test-dir', 'build', '-E', 'hangs|kills'], { cwd: DIR, encoding: 'utf8' })
  const [, failed] = stdout.split('The following tests FAILED:')
  assert.deepEqual([...failed.matchAll(/\d+ - (\S+)/g)].map(([, name]) => name).sort(), files.filter((name) => EXPECTED[name] === 'failed'))
  assert.match(host.of('test', 2, 'fails')[0].message, /out\na < b/)
}))

test('ctest: runs the test asked for, and what it needs, and no other', { skip }, () => withHost(async (host) => {
  await host.run(1, ['needs', 'k1', 'nowhere'])
  assert.deepEqual(host.of('test', 1).map(({ file, status }) => [file, status]).sort(), [['k1', 'passed'], ['needs', 'passed']])
  assert.equal(host.of('end', 1, 'nowhere')[0].reason, 'not-found')
}))

test('ctest: what hangs is lost, and so is what takes ctest with it', { skip }, () => withHost(async (host) => {
  await host.run(1, ['kills', 'hangs', 'k1'], 3000)
  assert.deepEqual(Object.fromEntries(host.of('end', 1).map(({ file, reason }) => [file, reason])), { kills: 'worker-died', hangs: 'timeout', k1: '' })
}))
