// Several runners as one.  Run by run.sh, which installs the projects these tests work on.

import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Host } from './host.mjs'

const WORK = process.env.TROUPE_TEST_WORK ?? new URL('.work', import.meta.url).pathname
const VITEST = (name) => `import { test, expect } from 'vitest'\ntest('${name}', () => expect(process.cwd()).toMatch(/${name}$/))\n`

// A monorepo: a package of vitest, one of jest, one that has both.
async function withProject(change, use) {
  const dir = mkdtempSync(join(tmpdir(), 'troupe-auto-'))
  const write = (files) => {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(join(dir, file, '..'), { recursive: true })
      writeFileSync(join(dir, file), text)
    }
  }
  write({
    'package.json': '{"workspaces":["packages/*"]}',
    'packages/a/package.json': '{"scripts":{"test":"vitest run"}}',
    'packages/a/src/a.test.js': VITEST('a'),
    'packages/b/package.json': '{"scripts":{"test":"jest"}}',
    'packages/b/src/a.test.js': "test('b', () => expect(process.cwd()).toMatch(/b$/))\ntest('fails', () => expect(1).toBe(2))\n",
    'packages/both/package.json': '{"scripts":{"test":"vitest run && jest"}}',
    'packages/both/vitest.config.js': "export default { test: { include: ['v/*.test.js'] } }\n",
    'packages/both/jest.config.js': "module.exports = { testMatch: ['**/j/*.test.js'] }\n",
    'packages/both/v/x.test.js': VITEST('both'),
    'packages/both/j/x.test.js': "test('jest', () => {})\n",
  })
  mkdirSync(join(dir, 'node_modules'))
  for (const [name, from] of [['vitest', 'v3'], ['jest', 'jest']]) symlinkSync(join(WORK, from, 'node_modules', name), join(dir, 'node_modules', name))
  write(change)
  const host = new Host(dir, { runner: 'auto' })
  try {
    await use(host, dir)
  } finally {
    await host.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

const FILES = ['packages/a/src/a.test.js', 'packages/b/src/a.test.js', 'packages/both/j/x.test.js', 'packages/both/v/x.test.js']
const RESULTS = [
  ['packages/a/src/a.test.js', 'a: passed'],
  ['packages/b/src/a.test.js', 'b: passed'],
  ['packages/b/src/a.test.js', 'fails: failed'],
  ['packages/both/j/x.test.js', 'jest: passed'],
  ['packages/both/v/x.test.js', 'both: passed'],
]
const rows = (host, id) => host.of('test', id).map(({ file, test: name, status }) => [file, `${name}: ${status}`]).sort()

test('auto: runs each package by its runner, in its directory', () => withProject({}, async (host) => {
  assert.equal((await host.ready()).runner, 'vitest, jest')
  assert.deepEqual((await host.list(1)).sort(), FILES)
  const { unhandled } = await host.run(2, FILES, 60_000)
  assert.deepEqual(unhandled, [])
  assert.deepEqual(rows(host, 2), RESULTS)
  assert.deepEqual(host.of('end', 2).map(({ file, reason }) => [file, reason]).sort(), FILES.map((file) => [file, '']))
}))

test('auto: a host that has not listed knows whose a file is', () => withProject({}, async (host) => {
  await host.ready()
  await host.run(1, [...FILES].reverse(), 60_000)
  assert.deepEqual(rows(host, 1), RESULTS)
  await host.run(2, ['packages/a/src/nowhere.test.js', 'README'])
  assert.deepEqual(host.of('end', 2).map(({ file, reason }) => [file, reason]).sort(), [['README', 'not-found'], ['packages/a/src/nowhere.test.js', 'not-found']])
}))

test('auto: one that cannot start is fatal, and named', () => withProject({ 'packages/c/package.json': '{"scripts":{"test":"playwright test"}}' }, async (host) => {
  await host.ready()
  host.send({ cmd: 'list', id: 1 })
  assert.match((await host.until({ ev: 'fatal' })).message, /^playwright in packages\/c: no @playwright\/test found/)
  assert.equal((await host.exited).code, 1)
}))

test('auto: cancel reaches the one that runs, and those behind do not begin', () => withProject({ 'packages/a/src/a.test.js': "import { test } from 'vitest'\ntest('waits', () => new Promise(() => {}), 1e9)\n" }, async (host) => {
  await host.ready()
  host.send({ cmd: 'run', id: 1, files: FILES })
  await host.until({ ev: 'start', id: 1 })
  host.send({ cmd: 'cancel', id: 1 })
  // vitest 3 does not survive it: both ends of the conversation are as with vitest alone.
  await host.until({ ev: 'end', id: 1 })
  assert.deepEqual(host.of('test', 1), [])
  assert.deepEqual(host.of('end', 1).map(({ file, reason }) => [file, reason]), [[FILES[0], 'interrupted']])
}))

test('auto: what dies takes nothing of another with it', () => withProject({ 'packages/b/src/a.test.js': "test('a', () => {})\ntest('dies', () => process.kill(process.ppid, 'SIGKILL'))\n" }, async (host) => {
  await host.ready()
  host.send({ cmd: 'run', id: 1, files: FILES.slice(0, 2) })
  await host.until({ ev: 'fatal' })
  assert.deepEqual(rows(host, 1)[0], ['packages/a/src/a.test.js', 'a: passed'])
  assert.deepEqual(host.of('end', 1).map(({ file }) => file), FILES.slice(0, 1))
}))

test('auto: one runner alone is that runner', async () => {
  const host = new Host(join(WORK, 'v3'), { runner: 'auto' })
  assert.equal((await host.ready()).version.split('.')[0], '3')
  await host.close()
})

test('auto: nothing that could be recognised is said', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'troupe-auto-'))
  cpSync(join(WORK, 'v3/package-lock.json'), join(dir, 'package-lock.json'))
  const host = new Host(dir, { runner: 'auto' })
  assert.match((await host.until({ ev: 'fatal' })).message, /^no test runner was recognised/)
  await host.exited
  rmSync(dir, { recursive: true })
})
