// Run by run.sh, which installs the projects these tests work on.  Chromium is that of Debian.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Host } from './host.mjs'

const WORK = process.env.TROUPE_TEST_WORK ?? new URL('.work', import.meta.url).pathname
const ODD = 'tests/odd+(name) [1].$a.spec.ts'
const SOUND = ['tests/bk1.spec.ts', 'tests/hooks.spec.ts', 'tests/k1.spec.ts', 'tests/kinds.spec.ts', ODD]

async function withHost(version, env, use) {
  const host = new Host(join(WORK, version), { runner: 'playwright', env })
  try {
    await host.ready()
    await use(host)
  } finally {
    await host.close()
  }
}

// `playwright test --reporter=json`: file -> ["name: status", …]
async function judgedByPlaywright(version, files) {
  const dir = join(WORK, version)
  const args = ['node_modules/@playwright/test/cli.js', 'test', '--reporter=json', '--workers=1', '--retries=0',
    ...files.map((file) => `${file.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}$`)]
  const text = await new Promise((resolve) => execFile(process.execPath, args, { cwd: dir, maxBuffer: 1 << 24 }, (_, stdout) => resolve(stdout)))
  const found = {}
  for (const file of JSON.parse(text).suites) found[`tests/${file.file}`] = [...rowsOf(file, [])].sort()
  return found
}

function* rowsOf(suite, titles) {
  const plain = { expected: 'passed', unexpected: 'failed', flaky: 'passed', skipped: 'skipped' }
  for (const { title, tests: [{ status }] } of suite.specs) yield `${[...titles, title].join(' > ')}: ${plain[status]}`
  for (const inner of suite.suites ?? []) yield* rowsOf(inner, [...titles, inner.title])
}

const rows = (host, id, file) => host.of('test', id, file).map(({ test, status }) => `${test}: ${status}`).sort()
const only = ([one, ...others]) => {
  assert.equal(others.length, 0, JSON.stringify(others))
  return one
}
const endOf = (host, id, file) => only(host.of('end', id, file))

for (const version of ['pw150', 'pw165']) {
  test(`${version}: each status is that of playwright's own report`, async () => {
    const expected = await judgedByPlaywright(version, SOUND)
    await withHost(version, {}, async (host) => {
      await host.run(1, SOUND, 60_000)
      for (const file of SOUND) {
        assert.deepEqual(rows(host, 1, file), expected[file], file)
        const end = endOf(host, 1, file)
        assert.deepEqual([end.reason, end.complete, end.tests, end.collected], ['', true, expected[file].length, expected[file].length])
      }
      const find = (name) => only(host.of('test', 1).filter((event) => event.test === name))
      assert.deepEqual([find('fails').line, find('fails').column], [5, 20])
      assert.match(find('fails').message, /^Error: expect\(received\)\.toEqual\(expected\)/)
      assert.match(find('fails').message, /tests\/kinds\.spec\.ts:5:20/)
      assert.equal(find('was expected to fail').message, 'Expected to fail, but passed.')
      assert.match(find('takes too long').message, /Test timeout of 300ms exceeded/)
      assert.match(find('fails softly').message, /Expected: 2[^]*Expected: 4/)
      assert.equal(find('again > passes the second time').retries, 1)
    })
  })
}

test('playwright: lists what can be run, and what cannot be loaded', async () => {
  await withHost('pw165', {}, async (host) => {
    assert.equal((await host.ready()).runner, 'playwright')
    const sources = readdirSync(join(WORK, 'pw165/tests')).filter((name) => name.endsWith('.spec.ts'))
    assert.deepEqual(await host.list(1), sources.map((name) => `tests/${name}`).sort())
  })
})

test('playwright: runs the named files and no others', async () => {
  await withHost('pw165', {}, async (host) => {
    await host.run(1, ['tests/k1.spec.ts'])
    assert.deepEqual(host.of('test', 1).map(({ file, test }) => [file, test]), [['tests/k1.spec.ts', 'of its own']])
    await host.run(2, [ODD])
    assert.deepEqual(host.of('test', 2).map(({ file }) => file), [ODD])
  })
})

test('playwright: a file that cannot be loaded does not keep others from it', async () => {
  await withHost('pw165', {}, async (host) => {
    await host.run(1, ['tests/k1.spec.ts', 'tests/syntax.spec.ts', 'tests/throws.spec.ts', 'tests/nowhere.spec.ts', 'tests/orders.page.ts'])
    assert.deepEqual(host.of('end', 1).map(({ file, reason, complete }) => [file, reason, complete]).sort(), [
      ['tests/k1.spec.ts', '', true], ['tests/nowhere.spec.ts', 'not-found', false], ['tests/orders.page.ts', 'no-tests', false],
      ['tests/syntax.spec.ts', 'error', true], ['tests/throws.spec.ts', 'error', true],
    ])
    assert.match(endOf(host, 1, 'tests/syntax.spec.ts').message, /SyntaxError[^]*Unexpected token/)
    assert.match(endOf(host, 1, 'tests/throws.spec.ts').message, /while loading/)
  })
})

// Names that differ by little, tags at each place, groups that must stay whole, one location for several.
const PARTED = `import { test, expect } from '@playwright/test'
let order = 0
test('a (b) [c] $1 ^.* \\\\d', () => {})
test('a', () => {})
test('a b', () => {})
test('b a', () => {})
test('two\\nlines', () => {})
test('tagged @slow', { tag: ['@fast', '@x'] }, () => {})
test.describe('suite', { tag: '@all' }, () => {
  test('a', { tag: '@fast' }, () => {})
  test.describe(() => { for (const i of [1, 2, 3]) test('loop ' + i, () => {}) })
})
test.describe('suite @all', () => { test('b', () => {}) })
test.describe('in order', () => {
  test.describe.configure({ mode: 'serial' })
  test('first', () => { order = 1 })
  test.describe('inner', () => { test('second', () => { expect(order).toBe(1); order = 2 }) })
  test('third', () => { expect(order).toBe(2) })
})
test.describe.serial('chain', () => {
  test('x1', () => { order = 10 })
  test('x2', () => { expect(order).toBe(10) })
})
test.skip('left out', () => {})
test('a > b', () => {})
`
const FIRST = ['a', 'suite > a', 'suite > loop 2', 'in order > inner > second', 'chain > x1']
const SECOND = ['a b', 'tagged @slow', 'two\nlines', 'in order > first', 'suite > loop 1', 'chain > x2', 'suite @all > b']

async function inParts(host, file, choices) {
  await host.run(1, [file])
  const whole = rows(host, 1, file)
  for (const [i, choice] of choices.entries()) {
    host.send({ cmd: 'run', id: 10 + i, files: [file], ...choice })
    await host.until({ ev: 'ran', id: 10 + i })
    const end = endOf(host, 10 + i, file)
    assert.deepEqual([end.reason, end.seen, end.tests, end.collected], ['', whole.length, rows(host, 10 + i).length, rows(host, 10 + i).length], JSON.stringify(end))
  }
  assert.deepEqual(choices.flatMap((_, i) => rows(host, 10 + i)).sort(), whole)
}

for (const version of ['pw150', 'pw165']) {
  test(`${version}: tests by name in parts are what the whole file is, serial groups in one`, async () => {
    const path = join(WORK, version, 'tests/parted+(1).spec.ts')
    writeFileSync(path, PARTED)
    try {
      await withHost(version, {}, async (host) => {
        await host.list(9)
        assert.ok(host.of('listed', 9)[0].selects)
        await inParts(host, 'tests/parted+(1).spec.ts', [{ only: FIRST }, { only: SECOND }, { but: [...FIRST, ...SECOND] }, { only: ['gone'] }])
        assert.deepEqual(rows(host, 10), ['a: passed', 'chain > x1: passed', 'chain > x2: passed', 'suite > a: passed', 'suite > loop 2: passed'])
        assert.ok(rows(host, 11).includes('in order > third: passed'))
        assert.deepEqual(rows(host, 13), [])
        writeFileSync(path, `import { test } from '@playwright/test'\ntest.describe.configure({ mode: 'serial' })\n${PARTED.slice(PARTED.indexOf('\n') + 1).replaceAll('expect(order)', 'Object(test.expect(order))')}`)
        host.events.length = 0
        await inParts(host, 'tests/parted+(1).spec.ts', [{ only: FIRST }, { but: FIRST }])
        assert.deepEqual(rows(host, 10), [])
      })
    } finally {
      rmSync(path)
    }
  })
}

test('playwright: parts of a file of two projects, and of one that cannot be loaded', async () => {
  await withHost('pw165', { SUITE_MODE: 'projects' }, async (host) => {
    await inParts(host, 'tests/k1.spec.ts', [{ only: ['two > of its own'] }, { but: ['two > of its own'] }])
    assert.deepEqual(rows(host, 10), ['two > of its own: passed'])
  })
  await withHost('pw165', {}, async (host) => {
    host.send({ cmd: 'run', id: 1, files: ['tests/throws.spec.ts'], only: ['a'] })
    await host.until({ ev: 'ran', id: 1 })
    const { reason, seen, message } = endOf(host, 1, 'tests/throws.spec.ts')
    assert.deepEqual([reason, seen], ['error', undefined])
    assert.match(message, /while loading/)
  })
})

test('playwright: names begin with the project where there are several; a dependency that fails is told', async () => {
  await withHost('pw165', { SUITE_MODE: 'projects' }, async (host) => {
    assert.deepEqual(await host.list(1), ['tests/account.setup.ts', 'tests/bk1.spec.ts', 'tests/k1.spec.ts'])
    await host.run(2, ['tests/k1.spec.ts'])
    assert.deepEqual(rows(host, 2), ['one > of its own: passed', 'two > of its own: passed'])
  })
  await withHost('pw165', { SUITE_MODE: 'projects', SUITE_SIGNS_IN: 'no' }, async (host) => {
    await host.run(1, ['tests/k1.spec.ts', 'tests/bk1.spec.ts'])
    assert.deepEqual(rows(host, 1, 'tests/k1.spec.ts'), ['one > of its own: skipped', 'two > of its own: passed'])
    for (const end of host.of('end', 1)) {
      assert.equal(end.reason, 'error')
      assert.match(end.message, /setup > signs in failed, on which this file depends[^]*expect\(received\)/)
    }
  })
})

test('playwright: test.only hides nothing from other files', async () => {
  await withHost('pw165', { SUITE_MODE: 'only' }, async (host) => {
    assert.deepEqual(await host.list(1), ['only/a.spec.ts', 'only/b.spec.ts'], 'as playwright test --list')
    await host.run(2, ['only/a.spec.ts', 'only/b.spec.ts'])
    assert.deepEqual(rows(host, 2), ['a: passed', 'b: passed'])
  })
})

for (const [mode, text] of [['no-server', /webServer[^]*Exit code: 3|webServer was not able to start/], ['global-setup', /the database is not there/]]) {
  test(`playwright: ${mode} is the failure of each file`, async () => {
    await withHost('pw165', { SUITE_MODE: mode }, async (host) => {
      const { unhandled } = await host.run(1, ['tests/k1.spec.ts', 'tests/bk1.spec.ts'])
      assert.deepEqual(host.of('test', 1), [])
      for (const end of host.of('end', 1)) {
        assert.equal(end.reason, 'error')
        assert.match(end.message, text)
      }
      assert.equal(host.of('end', 1).length, 2)
      assert.deepEqual(unhandled, [])
    })
  })
}

test('playwright: a deadline ends the file and the process, and nothing is left behind', async () => {
  await withHost('pw165', { SUITE_HANGS: '1' }, async (host) => {
    host.send({ cmd: 'run', id: 1, files: ['tests/k1.spec.ts', 'tests/hangs.spec.ts'], timeout_ms: 9000 })
    assert.deepEqual(await host.exited, { code: 86, signal: null })
    // Its own time limit cannot end a loop; whose turn it was is to blame.
    assert.deepEqual(host.of('end', 1).map(({ file, reason }) => [file, reason]), [['tests/hangs.spec.ts', 'timeout']])
    assert.deepEqual(processesOf('pw165'), [])
  })
})

test('playwright: cancelled, it says so for each file and gives way to another host', async () => {
  await withHost('pw165', { SUITE_HANGS: '1' }, async (host) => {
    host.send({ cmd: 'run', id: 1, files: ['tests/hangs.spec.ts', 'tests/k1.spec.ts'] })
    await host.until({ ev: 'start', id: 1 })
    host.send({ cmd: 'cancel', id: 1 })
    await host.until({ ev: 'ran', id: 1 })
    assert.deepEqual(host.of('end', 1).map(({ reason }) => reason), ['interrupted', 'interrupted'])
    assert.equal((await host.exited).code, 86)
    assert.deepEqual(processesOf('pw165'), [])
  })
})

function processesOf(version) {
  const texts = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((name) => {
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')
    } catch {
      return ''
    }
  })
  return texts.filter((text) => text.includes(join(WORK, version)))
}
