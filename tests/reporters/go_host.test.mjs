// Run by run.sh, which copies the module these tests work on.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { Host } from './host.mjs'

const WORK = process.env.TROUPE_TEST_WORK ?? new URL('.work', import.meta.url).pathname
const DIR = join(WORK, 'go')
const skip = spawnSync('go', ['version']).status === 0 ? false : 'no go here'
const SOUND = ['bk1', 'k1', 'kinds']

const RED = {
  'red/build': ['error'],
  'red/exits': ['', 'TestA: passed', 'TestB: failed'],
  'red/goexit': ['', 'TestA: failed'],
  'red/hangs': ['timeout'],
  'red/killed': ['worker-died', 'TestA: passed'],
  'red/main': ['no-tests'],
  'red/panics': ['', 'TestA: passed', 'TestB: failed'],
}

async function withHost(use) {
  const host = new Host(DIR, { runner: 'go', env: { GOFLAGS: '-mod=mod' } })
  try {
    await host.ready()
    await use(host)
  } finally {
    await host.close()
  }
}

const rows = (host, id, file) => host.of('test', id, file).map(({ test, status }) => `${test}: ${status}`)
const endOf = (host, id, file) => {
  const ends = host.of('end', id, file)
  assert.equal(ends.length, 1, file)
  return ends[0]
}

// `go test -v`, whose lines are made for people.
function judgedByGo(file) {
  const { stdout } = spawnSync('go', ['test', '-v', '-count=1', `./${file}`], { cwd: DIR, encoding: 'utf8' })
  const plain = { PASS: 'passed', FAIL: 'failed', SKIP: 'skipped' }
  return [...stdout.matchAll(/^ *--- (PASS|FAIL|SKIP): (\S+) \(\d/gm)].map(([, status, name]) => `${name.split('/').join(' > ')}: ${plain[status]}`).sort()
}

test('go: lists packages with tests; each status is that of go test', { skip }, () => withHost(async (host) => {
  assert.deepEqual(await host.list(1), [...SOUND, ...Object.keys(RED)].sort())
  const { unhandled } = await host.run(2, SOUND)
  assert.deepEqual(unhandled, [])
  assert.deepEqual(host.of('end', 2).map(({ file, reason }) => [file, reason]), SOUND.map((file) => [file, '']))
  assert.deepEqual(rows(host, 2, 'k1'), ['TestK1: passed'])
  // It prints a line that looks like a result.
  assert.deepEqual(rows(host, 2, 'kinds').sort(), judgedByGo('kinds').filter((row) => row !== 'TestPasses: failed'))
  const failed = host.of('test', 2).find(({ test }) => test === 'TestFails')
  assert.deepEqual([failed.line, failed.at], [11, 'kinds/kinds_test.go'])
  assert.match(failed.message, /want 1, got 2/)
}))

test('go: nothing that looks green is', { skip }, () => withHost(async (host) => {
  const files = Object.keys(RED)
  await host.run(1, [...files, 'k1', 'helpers', 'nowhere', '../go/k1', 'k1/...'], 20_000)
  const found = Object.fromEntries(files.map((file) => [file, [endOf(host, 1, file).reason, ...rows(host, 1, file)]]))
  assert.deepEqual(found, RED)
  assert.match(endOf(host, 1, 'red/build').message, /undefined: nowhere/)
  assert.equal(endOf(host, 1, 'k1').reason, '')
  for (const file of ['helpers', 'nowhere', '../go/k1', 'k1/...']) assert.equal(endOf(host, 1, file).reason, 'not-found')
}))
