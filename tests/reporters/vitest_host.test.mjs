// Run by run.sh, which installs the projects these tests work on.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Host } from './host.mjs'

const WORK = process.env.TROUPE_TEST_WORK ?? new URL('.work', import.meta.url).pathname
const AT_ONCE_MS = 5000
const MODES = {
  v2: ['isolated', 'shared', 'threads'],
  v3: ['isolated', 'shared', 'threads', 'projects'],
  v4: ['isolated', 'shared', 'threads', 'projects'],
}

// `vitest run --reporter=json`: file -> ["name status", …] in the order of the source.
async function judgedByVitest(dir, env) {
  const out = join(mkdtempSync(join(tmpdir(), 'troupe-')), 'report.json')
  const vitest = join(dir, 'node_modules/vitest/vitest.mjs')
  const args = [vitest, 'run', '--maxWorkers=1', '--minWorkers=1', '--reporter=json', `--outputFile=${out}`]
  const v4 = JSON.parse(readFileSync(join(dir, 'node_modules/vitest/package.json'))).version.startsWith('4')
  if (v4) args.splice(args.indexOf('--minWorkers=1'), 1)
  await new Promise((resolve) => execFile(process.execPath, args, { cwd: dir, env: { ...process.env, CI: 'true', ...env } }, resolve))
  return new Map(Object.entries(groupByFile(dir, JSON.parse(readFileSync(out)).testResults)))
}

function groupByFile(dir, results) {
  const files = {}
  for (const { name, status, assertionResults } of results) {
    const entry = files[relative(dir, name)] ??= { failed: false, tests: [] }
    entry.failed ||= status === 'failed'
    entry.tests.push(...assertionResults)
  }
  for (const entry of Object.values(files)) entry.tests = numbered(entry.tests)
  return files
}

function numbered(tests) {
  const seen = new Map()
  return tests.map(({ ancestorTitles, title, status }) => {
    const name = [...ancestorTitles.filter((part, at) => at > 0 || part !== ''), title].join(' > ')
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    const plain = ['passed', 'failed'].includes(status) ? status : 'skipped'
    return `${count > 1 ? `${name} #${count}` : name}: ${plain}`
  }).sort()
}

function judgedByHost(host, id, file) {
  const end = only(host.of('end', id, file))
  const tests = host.of('test', id, file)
  return {
    failed: end.reason !== '' || tests.some(({ status }) => status === 'failed'),
    tests: tests.map(({ test, status }) => `${test}: ${status}`).sort(),
  }
}

// Names that a careless expression would take for others.
const PARTS = `
import { beforeAll, describe, expect, test } from 'vitest'
let ready = 0
beforeAll(() => { ready += 1 })
const fine = () => expect(ready).toBe(1)
describe('a (group) [x]', () => { test('b.c $1 | d?', fine); test('bXc $1 | d', fine) })
describe('a (group)', () => { test('x', fine); test('x > y', fine) })
test('a (group) x y', fine)
test('same', fine)
test('same', fine)
test('same as before', fine)
test('SAME', fine)
test('two\\nlines', fine)
test.skip('left out', fine)
test.todo('later')
describe('outer', () => describe('inner', () => { test('deep', fine); test.each([1, 2])('each %i', fine) }))
`

function only(events) {
  assert.equal(events.length, 1, JSON.stringify(events))
  return events[0]
}

async function withHost(dir, options, use) {
  const host = new Host(dir, options)
  try {
    await host.ready()
    await use(host)
  } finally {
    await host.close()
  }
}

for (const [version, modes] of Object.entries(MODES)) {
  const dir = join(WORK, version)

  for (const mode of modes) {
    test(`${version}, ${mode}: each status is that of vitest's own report`, async () => {
      const env = { SUITE_MODE: mode }
      const expected = await judgedByVitest(dir, env)
      await withHost(dir, { env }, async (host) => {
        const files = await host.list(1)
        assert.deepEqual(files, [...expected.keys()].sort())
        await host.run(2, files, 30_000)
        for (const [file, verdict] of expected) assert.deepEqual(judgedByHost(host, 2, file), verdict, file)
        const order = host.events.filter(({ ev }) => ev === 'end').map(({ file }) => file)
        if (mode !== 'shared') assert.deepEqual(order, files, 'files end in the order asked for')
      })
    })
  }

  describe(version, () => {
    const value = join(dir, 'src/value.js')

    test('announces itself', async () => {
      await withHost(dir, {}, async (host) => {
        const ready = await host.ready()
        assert.equal(ready.runner, 'vitest')
        assert.equal(`v${ready.version.split('.')[0]}`, version)
        assert.equal(ready.serial, false)
      })
      await withHost(dir, { env: { SUITE_MODE: 'single' } }, async (host) => {
        assert.equal((await host.ready()).serial, true)
      })
    })

    test('gives a failure its text and position, a retry its number', async () => {
      await withHost(dir, {}, async (host) => {
        await host.run(1, ['src/kinds.test.js'])
        const find = (name) => only(host.of('test', 1).filter((event) => event.test === name))
        const failed = find('fails')
        assert.match(failed.message, /^AssertionError: expected \{ a: 1 \} to deeply equal \{ a: 2 \}/)
        assert.match(failed.message, /src\/kinds\.test\.js:4:/)
        assert.doesNotMatch(failed.message, /\u001B/)
        assert.equal(failed.line, 4)
        assert.equal(find('passes the second time').retries, 1)
      })
    })

    test('runs those tests of a file that it is told, each in exactly one part', async () => {
      const file = 'src/parts.test.js'
      writeFileSync(join(dir, file), PARTS)
      try {
        await withHost(dir, {}, async (host) => {
          host.send({ cmd: 'list', id: 1 })
          const { selects, shared } = await host.until({ ev: 'listed', id: 1 })
          assert.deepEqual({ selects, shared }, { selects: true, shared: false })
          const part = async (id, choice) => {
            host.send({ cmd: 'run', id, files: [file], ...choice })
            await host.until({ ev: 'ran', id })
            return { end: only(host.of('end', id)), results: host.of('test', id).map(({ test: name, status }) => `${name}: ${status}`) }
          }
          const whole = await part(2, {})
          assert.equal(whole.end.seen, undefined)
          const named = [
            ['a (group) [x] > b.c $1 | d?', 'same', 'left out'],
            ['a (group) > x', 'gone', 'outer > inner > deep'],
            ['gone, too'],
          ]
          const parts = []
          for (const [i, names] of named.entries()) parts.push(await part(3 + i, { only: names }))
          parts.push(await part(9, { but: named.flat() }))
          assert.deepEqual(parts[0].results, ['a (group) [x] > b.c $1 | d?: passed', 'same: passed', 'same #2: passed', 'left out: skipped'])
          assert.deepEqual(parts[2].results, [])
          assert.deepEqual(parts.flatMap(({ results }) => results).sort(), whole.results.toSorted())
          for (const { end, results } of parts) {
            assert.deepEqual({ ...end, duration_ms: 0 }, {
              ev: 'end', id: end.id, file, tests: results.length, collected: results.length, seen: whole.results.length,
              complete: true, reason: '', message: '', duration_ms: 0,
            })
          }
          // What was chosen is forgotten with its command.
          assert.deepEqual((await part(10, {})).results, whole.results)
          host.send({ cmd: 'run', id: 11, files: [file, 'src/value.test.js'], only: ['same'] })
          assert.match((await host.until({ ev: 'error', id: 11 })).message, /single file/)
        })
      } finally {
        rmSync(join(dir, file))
      }
    })

    test('leaves a choice of tests alone that the configuration makes', async () => {
      await withHost(dir, { env: { SUITE_PATTERN: '^adds' } }, async (host) => {
        host.send({ cmd: 'list', id: 1 })
        assert.equal((await host.until({ ev: 'listed', id: 1 })).selects, false)
      })
      await withHost(dir, { env: { SUITE_MODE: 'shared' } }, async (host) => {
        host.send({ cmd: 'list', id: 1 })
        assert.equal((await host.until({ ev: 'listed', id: 1 })).selects, false)
      })
    })

    test('sees an edit when told of it', async () => {
      try {
        await withHost(dir, {}, async (host) => {
          for (const [id, text, status] of [[1, '1', 'passed'], [2, '2', 'failed'], [3, '1', 'passed']]) {
            writeFileSync(value, `export const value = ${text}\n`)
            host.send({ cmd: 'invalidate', files: ['src/value.js'] })
            await host.run(id, ['src/value.test.js'])
            assert.equal(only(host.of('test', id)).status, status)
          }
        })
      } finally {
        writeFileSync(value, 'export const value = 1\n')
      }
    })

    test('runs a file that is new, and not one that is gone', async () => {
      const path = join(dir, 'src/new.test.js')
      await withHost(dir, {}, async (host) => {
        await host.list(1)
        writeFileSync(path, "import { test } from 'vitest'\ntest('new', () => {})\n")
        try {
          await host.run(2, ['src/new.test.js'])
          assert.equal(only(host.of('end', 2)).complete, true)
        } finally {
          rmSync(path)
        }
        await host.run(3, ['src/new.test.js', 'src/value.js', '../outside.test.js'])
        assert.deepEqual(host.of('end', 3).map(({ reason }) => reason), ['not-found', 'not-found', 'not-found'])
      })
    })
  })
}

describe('false green', () => {
  const dir = join(WORK, 'false-green')
  const { files } = JSON.parse(readFileSync(join(dir, 'expected.json')))
  const judged = Object.keys(files).filter((file) => files[file].reason !== 'host-died')

  test('every file gets the verdict it deserves', { timeout: 240_000 }, async (t) => {
    await withHost(dir, {}, async (host) => {
      assert.deepEqual(await host.list(1), Object.keys(files).sort())
      await host.run(2, judged, 10_000)
      for (const file of judged) {
        await t.test(file, () => assert.deepEqual(summary(host, 2, file), files[file]))
      }
    })
  })

  test('a killed controller leaves the file without an end', async () => {
    const host = new Host(dir)
    await host.ready()
    host.send({ cmd: 'run', id: 1, files: ['src/killed-controller.test.js'], timeout_ms: 3000 })
    assert.equal((await host.exited).signal, 'SIGKILL')
    assert.deepEqual(host.of('end', 1), [])
    assert.deepEqual(host.of('test', 1), [])
  })

  function summary(host, id, file) {
    const end = only(host.of('end', id, file))
    const tests = host.of('test', id, file)
    const count = (status) => tests.filter((event) => event.status === status).length
    assert.equal(end.complete, end.reason === '' || end.reason === 'error')
    assert.equal(end.tests, tests.length)
    return { verdict: verdictOf(end, count), reason: end.reason, passed: count('passed'), failed: count('failed'), skipped: count('skipped') }
  }

  // As README.md of the host says a reader has to judge.
  function verdictOf(end, count) {
    if (['error', 'unhandled', 'no-tests'].includes(end.reason) || count('failed') > 0) return 'failed'
    if (!end.complete) return 'lost'
    return count('passed') > 0 ? 'passed' : 'skipped'
  }
})

describe('side by side', () => {
  for (const [version, modes] of Object.entries(MODES)) {
    for (const mode of modes.filter((one) => one !== 'projects')) {
      test(`${version}, ${mode}: a worker has the number of its slot`, async () => {
        const path = join(WORK, version, 'src/number.test.js')
        writeFileSync(path, "import { test } from 'vitest'\ntest(`pool ${process.env.VITEST_POOL_ID} slot ${process.env.TROUPE_SLOT}`, () => {})\n")
        try {
          for (const [slot, number] of [['0', 1], ['7', 8], ['x', 1]]) {
            await withHost(join(WORK, version), { env: { SUITE_MODE: mode, TROUPE_SLOT: slot } }, async (host) => {
              await host.run(1, ['src/number.test.js'], 30_000)
              assert.equal(only(host.of('test', 1)).test, `pool ${number} slot undefined`)
            })
          }
        } finally {
          rmSync(path)
        }
      })
    }
  }
})

describe('control', () => {
  const dir = join(WORK, 'false-green')
  const loop = ['src/endless-loop.test.js', 'src/honest.test.js']

  test('cancel ends the batch at once and leaves the host usable', async () => {
    await withHost(dir, {}, async (host) => {
      host.send({ cmd: 'run', id: 1, files: loop, timeout_ms: 0 })
      await host.until({ ev: 'test', id: 1 })
      host.send({ cmd: 'cancel', id: 1 })
      await within(AT_ONCE_MS, host.until({ ev: 'ran', id: 1 }))
      assert.deepEqual(host.of('end', 1).map(({ reason }) => reason), ['interrupted', 'interrupted'])
      await host.run(2, ['src/honest.test.js'])
      assert.equal(only(host.of('end', 2)).complete, true)
    })
  })

  for (const version of ['v2', 'v3']) {
    test(`${version}: after a deadline the host asks to be replaced`, async () => {
      const path = join(WORK, version, 'src/loop.test.js')
      writeFileSync(path, "import { test } from 'vitest'\ntest('spins', () => {\n  for (;;);\n})\n")
      try {
        const host = new Host(join(WORK, version))
        await host.ready()
        host.send({ cmd: 'run', id: 1, files: ['src/loop.test.js', 'src/value.test.js'], timeout_ms: 3000 })
        assert.deepEqual(await host.exited, { code: 86, signal: null })
        assert.equal(only(host.of('end', 1)).reason, 'timeout')
      } finally {
        rmSync(path)
      }
    })
  }

  test('threads: an endless loop is ended too', async () => {
    const dir = join(WORK, 'v4')
    const path = join(dir, 'src/loop.test.js')
    writeFileSync(path, "import { test } from 'vitest'\ntest('spins', () => {\n  for (;;);\n})\n")
    try {
      await withHost(dir, { env: { SUITE_MODE: 'threads' } }, async (host) => {
        await host.run(1, ['src/loop.test.js', 'src/value.test.js'], 3000)
        assert.deepEqual(host.of('end', 1).map(({ reason }) => reason), ['timeout', ''])
      })
    } finally {
      rmSync(path)
    }
  })

  test('a shared worker that dies costs one file', async () => {
    const dir = join(WORK, 'v4')
    const path = join(dir, 'src/loop.test.js')
    writeFileSync(path, "import { test } from 'vitest'\ntest('spins', () => {\n  for (;;);\n})\n")
    try {
      await withHost(dir, { env: { SUITE_MODE: 'shared' } }, async (host) => {
        await host.run(1, ['src/value.test.js', 'src/loop.test.js', 'both/both.test.js'], 3000)
        assert.deepEqual(host.of('end', 1).map(({ reason }) => reason), ['', 'timeout', ''])
      })
    } finally {
      rmSync(path)
    }
  })

  for (const [name, end] of [['end of the stream', (host) => host.stream.end()], ['exit', (host) => host.send({ cmd: 'exit' })]]) {
    test(`${name} ends the host and its worker at once`, async () => {
      const host = new Host(dir)
      await host.ready()
      host.send({ cmd: 'run', id: 1, files: loop })
      await host.until({ ev: 'test', id: 1 })
      const worker = childOf(host.process.pid)
      assert.ok(isRunning(worker))
      end(host)
      assert.deepEqual(await within(AT_ONCE_MS, host.exited), { code: 0, signal: null })
      await within(AT_ONCE_MS, ended(worker)) // a killed process is not gone at that very moment
    })
  }

  test('what is no command is answered and survived', async () => {
    await withHost(dir, {}, async (host) => {
      const bad = ['no json', '[1]', '{"cmd":"fly","id":7}', '{"cmd":"run","id":8}', '{"cmd":"run","id":9,"files":[],"timeout_ms":-1}', 'x'.repeat(9 << 20)]
      host.write(`\n${bad.join('\n')}\n`)
      assert.deepEqual(await host.run(10, []), { ev: 'ran', id: 10, unhandled: [] })
      assert.equal(host.events.filter(({ ev }) => ev === 'error').length, bad.length)
    })
  })

  test('nothing of it is left in the temporary folder', async () => {
    const temporary = mkdtempSync(join(tmpdir(), 'troupe-left-'))
    await withHost(join(WORK, 'v4'), { env: { TMPDIR: temporary } }, async (host) => {
      await host.run(1, (await host.list(1)).slice(0, 1))
      assert.notDeepEqual(readdirSync(temporary), [])
    })
    assert.deepEqual(readdirSync(temporary), [])
    rmSync(temporary, { recursive: true })
  })

  test('another descriptor, another root', async () => {
    await withHost(tmpdir(), { fd: 5, env: { TROUPE_FD: '5' }, args: ['--root', dir] }, async (host) => {
      await host.run(1, ['src/honest.test.js'])
      assert.equal(only(host.of('end', 1)).complete, true)
    })
  })

  test('without vitest, or with a broken configuration, it says why', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'troupe-'))
    await fatal(empty, /no vitest found/)
    const config = join(WORK, 'v4/vitest.config.js')
    const text = readFileSync(config)
    writeFileSync(config, 'throw new Error("broken configuration")\n')
    try {
      await fatal(join(WORK, 'v4'), /broken configuration/)
    } finally {
      writeFileSync(config, text)
    }
  })

  async function fatal(dir, message) {
    const host = new Host(dir)
    assert.equal((await host.exited).code, 1)
    assert.match(only(host.events).message, message)
  }

  function childOf(pid) {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').at(-1))
  }

  function isRunning(pid) {
    try {
      return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
    } catch {
      return false
    }
  }

  async function ended(pid) {
    while (isRunning(pid)) await sleep(20)
  }

  // What is cut off has no end of its own (the loop is endless), so the limit can be wide.
  async function within(ms, promise) {
    const late = sleep(ms, undefined, { ref: false }).then(() => assert.fail(`not in ${ms} ms`))
    return Promise.race([promise, late])
  }
})
