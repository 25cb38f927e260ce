// Run by run.sh, which copies the package these tests work on.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { Host } from './host.mjs'

const WORK = process.env.TROUPE_TEST_WORK ?? new URL('.work', import.meta.url).pathname
const DIR = join(WORK, 'cargo')
const skip = spawnSync('cargo', ['--version']).status === 0 ? false : 'no cargo here'

const EXPECTED = {
  'empty/src/main.rs': ['', 'no tests: skipped'],
  'src/lib.rs': ['', 'tests > fails: failed', 'tests > ignored: skipped', 'tests > inner > passes: passed', 'tests > panics: passed'],
  'src/lib.rs (doc)': ['', 'src/lib.rs - add (line 3): passed', 'src/lib.rs - add (line 7): failed'],
  'tests/aborts.rs': ['worker-died'],
  'tests/bk1.rs': ['', 'bk1: passed'],
  'tests/exits.rs': ['worker-died'], // cargo calls it a success
  'tests/hangs.rs': ['timeout'],
  'tests/k1.rs': ['', 'k1: passed'],
  'tests/own.rs': ['', 'main: passed'],
}

test('cargo: lists targets with tests, each status is that of cargo, what dies or hangs is lost', { skip }, async () => {
  const host = new Host(DIR, { runner: 'cargo', env: { CARGO_NET_OFFLINE: 'true', RUST_TEST_THREADS: '1' } })
  try {
    await host.ready()
    assert.deepEqual(await host.list(1), Object.keys(EXPECTED))
    await host.run(2, [...Object.keys(EXPECTED), 'nowhere.rs'], 30_000)
    const found = Object.fromEntries(Object.keys(EXPECTED).map((file) => {
      const [end, ...more] = host.of('end', 2, file)
      assert.equal(more.length, 0)
      // How much of what dies was told is chance.
      const rows = end.reason === 'worker-died' ? [] : host.of('test', 2, file).map(({ test: name, status }) => `${name}: ${status}`).sort()
      return [file, [end.reason, ...rows]]
    }))
    assert.deepEqual(found, EXPECTED)
    assert.equal(host.of('end', 2, 'nowhere.rs')[0].reason, 'not-found')
    const failed = host.of('test', 2, 'src/lib.rs').find(({ status }) => status === 'failed')
    assert.deepEqual([failed.at, failed.line], ['src/lib.rs', 24])
    assert.match(failed.message, /the sum/)
  } finally {
    await host.close()
  }
})
