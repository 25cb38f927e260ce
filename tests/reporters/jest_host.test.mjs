// Run by run.sh, which installs the project these tests work on.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { Host } from './host.mjs'

const WORK = process.env.TROUPE_TEST_WORK ?? new URL('.work', import.meta.url).pathname
const DIR = join(WORK, 'jest')
const ODD = 'src/odd+(name) [1].$a.test.js'
const SOUND = ['src/bk1.test.js', 'src/k1.test.js', 'src/kinds.test.js', 'src/left-open.test.js', ODD].sort()

// What must come out for each file; of those that jest does not judge, the reason alone decides.
const RED = {
  'red/after-all.test.js': ['error', 'a: passed'],
  'red/after-each.test.js': ['', 'a: failed'],
  'red/before-all.test.js': ['', 'a: failed'],
  'red/empty.test.js': ['error'],
  'red/exits.test.js': ['worker-died', 'a: passed'],
  'red/hangs.test.js': ['timeout'],
  'red/import.test.js': ['error'],
  'red/interrupted.test.js': ['worker-died', 'a: passed'],
  'red/killed.test.js': ['worker-died', 'a: passed'],
  'red/no-tests.test.js': ['error'],
  'red/syntax.test.js': ['error'],
  'red/waits.test.js': ['timeout'],
}

async function withHost(env, use) {
  const host = new Host(DIR, { runner: 'jest', env })
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

// `jest --json`: file -> ["name: status", …]
async function judgedByJest(files) {
  const args = ['node_modules/jest/bin/jest.js', '--json', '--coverage=false', '--bail=0', '--forceExit', '--runTestsByPath', ...files]
  const text = await new Promise((resolve) => execFile(process.execPath, args, { cwd: DIR }, (_, stdout) => resolve(stdout)))
  return Object.fromEntries(JSON.parse(text).testResults.map(({ name, assertionResults }) => {
    const seen = new Map()
    return [relative(DIR, name), assertionResults.map(({ ancestorTitles, title, status }) => {
      const full = [...ancestorTitles, title].join(' > ')
      seen.set(full, (seen.get(full) ?? 0) + 1)
      const plain = ['passed', 'failed'].includes(status) ? status : 'skipped'
      return `${full}${seen.get(full) > 1 ? ` #${seen.get(full)}` : ''}: ${plain}`
    }).sort()]
  }))
}

test('jest: lists exactly, each status is that of jest\'s own report', () => withHost({}, async (host) => {
  assert.deepEqual(await host.list(1), [...SOUND, ...Object.keys(RED)].sort())
  const expected = await judgedByJest(SOUND)
  const ran = await host.run(2, SOUND, 60_000)
  assert.deepEqual(ran.unhandled, [])
  for (const file of SOUND) {
    assert.deepEqual(rows(host, 2, file).sort(), expected[file], file)
    const end = endOf(host, 2, file)
    assert.deepEqual([end.reason, end.complete, end.tests, end.collected], ['', true, expected[file].length, expected[file].length])
  }
  const [failed] = host.of('test', 2).filter(({ test }) => test === 'fails')
  assert.deepEqual([failed.line, failed.column], [16, 20])
  assert.match(failed.message, /^Error: expect\(received\)\.toEqual[^]*at Object.*\(src\/kinds\.test\.js:16:20\)$/)
  assert.equal(host.of('test', 2).find(({ test }) => test === 'passes the second time').retries, 1)
}))

test('jest: runs the file asked for and no other', () => withHost({}, async (host) => {
  for (const [id, file] of ['src/k1.test.js', ODD].entries()) {
    await host.run(id + 1, [file])
    assert.deepEqual(host.of('end', id + 1).map((end) => [end.file, end.tests, end.reason]), [[file, 1, '']])
  }
  await host.run(9, ['src/nowhere.test.js', '../elsewhere/k1.test.js', 'jest.config.js'])
  assert.deepEqual(host.of('end', 9).map(({ reason }) => reason), ['not-found', 'not-found', 'error'])
}))

test('jest: tests by name in parts are what the whole file is', () => withHost({}, async (host) => {
  await host.list(1)
  assert.ok(host.of('listed', 1)[0].selects)
  const path = join(DIR, 'src/named.test.js')
  const odd = ['a (b) [c] $1 ^.* \\\\d', 'a > b', 'ends', 'ends #2', 'same', 'same', 'x|y', 'é / ü']
  writeFileSync(path, odd.map((name) => `test('${name}', () => {})`).join('\n') + "\ntest('SAME case', () => {})\ntest('same case', () => {})\ntest.skip('left out', () => {})\n")
  try {
    for (const file of ['src/kinds.test.js', 'src/named.test.js']) {
      await host.run(2, [file])
      const whole = rows(host, 2, file)
      const keys = [...new Set(host.of('test', 2, file).map(({ test }) => test.replace(/ #\d+$/, '')))]
      const named = [keys.slice(0, 2), keys.slice(2, 4)]
      const parts = [{ only: named[0] }, { only: named[1] }, { but: named.flat() }]
      for (const [i, choice] of parts.entries()) {
        host.send({ cmd: 'run', id: 10 + i, files: [file], ...choice })
        await host.until({ ev: 'ran', id: 10 + i })
        const end = endOf(host, 10 + i, file)
        assert.deepEqual([end.reason, end.seen, end.tests], ['', whole.length, rows(host, 10 + i, file).length], `${file} ${i}`)
      }
      assert.deepEqual(parts.flatMap((_, i) => rows(host, 10 + i, file)).sort(), whole.sort())
      host.events.length = 0
    }
    host.send({ cmd: 'run', id: 20, files: ['src/named.test.js'], only: ['same case'] })
    await host.until({ ev: 'ran', id: 20 })
    assert.deepEqual(rows(host, 20, 'src/named.test.js'), ['same case: passed'])
    assert.equal(endOf(host, 20, 'src/named.test.js').seen, undefined, 'jest cannot tell the two apart: both have run')
  } finally {
    rmSync(path)
  }
}))

test('jest: nothing that looks green is', () => withHost({}, async (host) => {
  const files = Object.keys(RED)
  await host.run(1, [...files, 'src/k1.test.js'], 8000)
  const found = Object.fromEntries(files.map((file) => [file, [endOf(host, 1, file).reason, ...rows(host, 1, file)]]))
  assert.deepEqual(found, RED)
  assert.equal(endOf(host, 1, 'src/k1.test.js').reason, '', 'the neighbour is not harmed')
}))

test('jest: stays warm, sees what has changed, and is replaced when it died meanwhile', () => withHost({}, async (host) => {
  const path = join(DIR, 'src/changing.test.js')
  const pid = () => Number(host.of('test', ++id)[0].test)
  const text = (status) => `test(String(process.pid), () => expect('${status}').toBe('passed'))\n`
  let id = 0
  const pids = []
  try {
    for (const status of ['passed', 'failed', 'passed']) {
      writeFileSync(path, text(status))
      await host.run(id + 1, ['src/changing.test.js'])
      assert.equal(host.of('test', id + 1)[0].status, status)
      pids.push(pid())
    }
    assert.equal(new Set(pids).size, 1)
    process.kill(pids[0], 'SIGKILL')
    await host.run(id + 1, ['src/changing.test.js'])
    assert.equal(endOf(host, id + 1).reason, '')
    assert.notEqual(pid(), pids[0])
  } finally {
    rmSync(path)
  }
}))

test('jest: a global setup that fails is the failure of every file, a teardown that of the run', async () => {
  await withHost({ BROKEN: 'setup' }, async (host) => {
    await host.run(1, ['src/bk1.test.js', 'src/k1.test.js'])
    assert.deepEqual(host.of('end', 1).map(({ reason }) => reason), ['error', 'error'])
    assert.match(host.of('end', 1)[0].message, /nowhere\.js/)
  })
  await withHost({ BROKEN: 'teardown' }, async (host) => {
    const { unhandled } = await host.run(1, ['src/k1.test.js'])
    assert.match(unhandled[0], /teardown throws/)
  })
})

test('jest: a file of two projects runs in both; workers are numbered by the slot; cancel ends', async () => {
  await withHost({ TWO: '1', TROUPE_SLOT: '3' }, async (host) => {
    assert.deepEqual(await host.list(1), ['src/k1.test.js', 'src/kinds.test.js'])
    await host.run(2, ['src/k1.test.js', 'src/kinds.test.js'])
    assert.deepEqual(rows(host, 2, 'src/k1.test.js'), ['is k1: passed', 'is k1 #2: passed'])
    assert.equal(endOf(host, 2, 'src/kinds.test.js').tests, 11)
    host.send({ cmd: 'run', id: 3, files: ['red/waits.test.js', 'src/k1.test.js'] })
    await host.until({ ev: 'start', id: 3 })
    host.send({ cmd: 'cancel', id: 3 })
    await host.until({ ev: 'ran', id: 3 })
    assert.ok(host.of('end', 3).every(({ reason }) => reason !== ''))
  })
})
