// Run by run.sh, which installs the project these tests work on.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { Host } from './host.mjs'

const WORK = process.env.TROUPE_TEST_WORK ?? new URL('.work', import.meta.url).pathname
const DIR = join(WORK, 'eslint')
const CRASH = 'src/crash.js'

// `eslint . --format json`: file -> ["line:column rule", …] of its errors
function judgedByEslint(...args) {
  const { stdout } = spawnSync(process.execPath, ['node_modules/eslint/bin/eslint.js', '--format', 'json', ...args], { cwd: DIR, encoding: 'utf8' })
  return Object.fromEntries(JSON.parse(stdout).map(({ filePath, messages }) => [
    relative(DIR, filePath), messages.filter(({ severity }) => severity === 2).map(({ ruleId, line, column }) => `${line}:${column} ${ruleId ?? 'parse'}`)]))
}

async function withHost(use) {
  const host = new Host(DIR, { runner: 'eslint' })
  try {
    await host.ready()
    await use(host)
  } finally {
    await host.close()
  }
}

test('eslint: lists what eslint looks at, and says what it says', () => withHost(async (host) => {
  const expected = judgedByEslint('.', '--ignore-pattern', CRASH)
  const files = await host.list(1)
  assert.deepEqual(files, [...Object.keys(expected), CRASH].sort())
  const { unhandled } = await host.run(2, files.filter((file) => file !== CRASH))
  assert.deepEqual(unhandled, [])
  for (const [file, errors] of Object.entries(expected)) {
    const tests = host.of('test', 2, file)
    assert.deepEqual(tests.filter(({ status }) => status === 'failed').map(({ line, column, test: name }) => `${line}:${column} ${name.replace(/ #\d+$/, '')}`), errors, file)
    assert.equal(tests.length, Math.max(1, errors.length))
    const [end] = host.of('end', 2, file)
    assert.deepEqual([end.reason, end.complete, end.tests], ['', true, tests.length])
  }
  assert.deepEqual(host.of('test', 2).map(({ test: name }) => name).filter((name) => name.includes('#')), ['no-undef #2'])
}))

test('eslint: a rule that crashes takes its file alone', () => withHost(async (host) => {
  await host.run(1, ['src/bk1.js', CRASH, 'src/k1.js', 'src/not-meant.ts', 'src/nowhere.js'])
  assert.deepEqual(Object.fromEntries(host.of('end', 1).map(({ file, reason }) => [file, reason])),
    { 'src/bk1.js': '', [CRASH]: 'worker-died', 'src/k1.js': '', 'src/not-meant.ts': 'not-found', 'src/nowhere.js': 'not-found' })
  assert.match(host.of('end', 1, CRASH)[0].message, /the rule crashes/)
}))
