// Run by run.sh, which makes the environment these tests work in.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Host } from './host.mjs'

const WORK = process.env.TROUPE_TEST_WORK ?? new URL('.work', import.meta.url).pathname
const DIR = join(WORK, 'pytest')
const PYTHON = join(DIR, '.venv/bin/python')
const skip = existsSync(PYTHON) ? false : 'no pytest here'
const ODD = 'tests/test_odd+(name) [1]$a.py'
const SOUND = ['tests/check_bk1.py', 'tests/test_fork.py', 'tests/test_k1.py', 'tests/test_kinds.py', ODD].sort()

const RED = {
  'red/test_empty.py': ['no-tests'],
  'red/test_exits.py': ['worker-died', 'test_a: passed'],
  'red/test_exits_at_import.py': ['worker-died'],
  'red/test_hangs.py': ['timeout'],
  'red/test_import.py': ['error'],
  'red/test_interrupted.py': ['worker-died', 'test_a: passed'],
  'red/test_killed.py': ['worker-died', 'test_a: passed'],
  'red/test_pytest_exit.py': ['worker-died', 'test_a: passed'],
  'red/test_sys_exit_at_import.py': ['worker-died'],
  'red/test_syntax.py': ['error'],
}

async function withHost(env, use) {
  const host = new Host(DIR, { runner: 'pytest', env })
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

// pytest's own JUnit report: "name: status", each once.
function judgedByPytest(files) {
  const out = join(mkdtempSync(join(tmpdir(), 'troupe-')), 'junit.xml')
  spawnSync(join(DIR, '.venv/bin/pytest'), ['--maxfail=0', `--junit-xml=${out}`, ...files], { cwd: DIR })
  const script = `import json, sys, xml.etree.ElementTree as tree
worst = {}
for case in tree.parse(sys.argv[1]).iter("testcase"):
    kinds = {child.tag for child in case}
    status = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
    key = case.get("classname") + "." + case.get("name")
    worst[key] = max(worst.get(key, ""), status, key=["", "passed", "skipped", "failed"].index)
print(json.dumps(worst))`
  return JSON.parse(execFileSync('python3', ['-c', script, out], { encoding: 'utf8' }))
}

test('pytest: lists exactly', { skip }, () => withHost({}, async (host) => {
  assert.deepEqual(await host.list(1), [...SOUND, ...Object.keys(RED).filter((file) => file !== 'red/test_empty.py')].sort())
}))

test('pytest: each status is that of pytest\'s own report', { skip }, () => withHost({}, async (host) => {
  const expected = judgedByPytest(['tests/test_kinds.py', 'tests/test_k1.py', 'tests/check_bk1.py'])
  const { unhandled } = await host.run(2, SOUND, 60_000)
  assert.deepEqual(unhandled, [])
  const ours = {}
  for (const { file, test: name, status } of host.of('test', 2)) ours[`${file.replace(/\.py$/, '').replaceAll('/', '.')}.${name.replace(/ > (?=\w+(\[|$))/g, '.').replace('TestOuter > ', 'TestOuter.')}`] = status
  for (const [name, status] of Object.entries(expected)) assert.equal(ours[name], status, name)
  assert.equal(host.of('test', 2, 'tests/test_kinds.py').length, Object.keys(expected).length - 2)
  for (const file of SOUND) {
    const end = endOf(host, 2, file)
    assert.deepEqual([end.reason, end.complete, end.tests], ['', true, end.collected], file)
  }
  const failed = host.of('test', 2).find(({ test }) => test === 'test_equal[2-3]')
  assert.equal(failed.line, 13)
  assert.match(failed.message, /assert 2 == 3/)
}))

test('pytest: runs the file asked for and no other', { skip }, () => withHost({}, async (host) => {
  for (const [id, file] of ['tests/test_k1.py', ODD].entries()) {
    await host.run(id + 1, [file])
    assert.deepEqual(host.of('end', id + 1).map((end) => [end.file, end.tests, end.reason]), [[file, 1, '']])
  }
  await host.run(9, ['tests/test_nowhere.py'])
  assert.equal(endOf(host, 9).reason, 'not-found')
}))

test('pytest: nothing that looks green is', { skip }, () => withHost({}, async (host) => {
  const files = Object.keys(RED)
  await host.run(1, [...files, 'tests/test_k1.py'], 3000)
  const found = Object.fromEntries(files.map((file) => [file, [endOf(host, 1, file).reason, ...rows(host, 1, file)]]))
  assert.deepEqual(found, RED)
  assert.equal(endOf(host, 1, 'tests/test_k1.py').reason, '', 'the neighbour is not harmed')
}))

test('pytest: what is broken outside of tests is red', { skip }, async () => {
  await withHost({ BROKEN: 'configure' }, async (host) => {
    await host.run(1, ['tests/test_k1.py', 'tests/check_bk1.py'])
    assert.deepEqual(host.of('end', 1).map(({ reason }) => reason), ['error', 'error'])
    assert.match(host.of('end', 1)[0].message, /configure raises/)
  })
  await withHost({ BROKEN: 'finish' }, async (host) => {
    const { unhandled } = await host.run(1, ['tests/test_k1.py'])
    assert.equal(unhandled.length, 1)
  })
})
