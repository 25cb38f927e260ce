// Run by run.sh, which installs the project these tests work on.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Host } from './host.mjs'

const WORK = process.env.TROUPE_TEST_WORK ?? new URL('.work', import.meta.url).pathname
const FIXTURE = join(WORK, 'tsc')
const APP = 'app/tsconfig.json'
const RELATED = /\n {2}\S.*: (message|error) TS.*/g // tsc itself shows it only in colours
const LIB = 'lib/tsconfig.lib.json'

// What the project's own tsc says, a line an error.
function judgedByTsc(dir, file) {
  try {
    execFileSync(join(dir, 'node_modules/.bin/tsc'), ['--noEmit', '-p', file], { cwd: dir, encoding: 'utf8' })
    return ''
  } catch (error) {
    return error.stdout.trim()
  }
}

async function withCopy(use) {
  const dir = mkdtempSync(join(tmpdir(), 'troupe-tsc-'))
  cpSync(FIXTURE, dir, { recursive: true, filter: (path) => !path.includes('node_modules') })
  symlinkSync(join(FIXTURE, 'node_modules'), join(dir, 'node_modules'))
  const host = new Host(dir, { runner: 'tsc' })
  try {
    await host.ready()
    await use(host, dir)
  } finally {
    await host.close()
    rmSync(dir, { recursive: true })
  }
}

const textOf = (host, id, file) => host.of('test', id, file).filter(({ status }) => status === 'failed').map(({ message }) => message.replace(RELATED, '')).join('\n')

test('tsc: lists the projects of a solution', () => withCopy(async (host, dir) => {
  assert.equal((await host.ready()).version, '5.9.3')
  assert.deepEqual(await host.list(1), [APP, LIB])
  rmSync(join(dir, 'tsconfig.json'))
  assert.deepEqual(await host.list(2), [])
  cpSync(join(dir, APP), join(dir, 'tsconfig.json'))
  assert.deepEqual(await host.list(3), ['tsconfig.json'])
}))

test('tsc: says what tsc says, a test an error', () => withCopy(async (host, dir) => {
  await host.run(1, [APP, LIB])
  assert.equal(textOf(host, 1, APP), judgedByTsc(dir, APP))
  assert.deepEqual(host.of('test', 1, APP).map(({ test, line, column, at }) => [test, line, column, at]), [
    ['app/src/total.ts > TS2551', 3, 27, 'app/src/total.ts'],
    ['app/src/total.ts > TS2551 #2', 4, 27, 'app/src/total.ts'],
    ['app/src/total.ts > TS2741', 5, 14, 'app/src/total.ts'],
  ])
  assert.match(host.of('test', 1, APP)[0].message, /\n {2}app\/src\/price\.ts\(2,3\)/, 'with what is related')
  assert.deepEqual(host.of('test', 1, LIB).map(({ test, status }) => [test, status]), [['types', 'passed']])
  for (const end of host.of('end', 1)) assert.deepEqual([end.reason, end.complete, end.tests, end.collected], ['', true, end.file === APP ? 3 : 1, end.tests])
}))

test('tsc: a warm one sees what has changed, appeared and gone', () => withCopy(async (host, dir) => {
  const total = join(dir, 'app/src/total.ts')
  await host.run(1, [APP])
  writeFileSync(total, readFileSync(total, 'utf8').replaceAll('amuont', 'amount').replace('amount: 1 }', "amount: 1, currency: '' }"))
  await host.run(2, [APP])
  assert.deepEqual(host.of('test', 2).map(({ test }) => test), ['types'])
  writeFileSync(join(dir, 'app/src/price.ts'), "export interface Price { amount: string; currency: string }\nexport const free: Price = { amount: '0', currency: 'EUR' }\n")
  writeFileSync(join(dir, 'app/src/new.ts'), 'export const syntax = {\n')
  await host.run(3, [APP])
  assert.equal(textOf(host, 3), judgedByTsc(dir, APP))
  assert.match(textOf(host, 3), /TS1005/)
  rmSync(join(dir, 'app/src/new.ts'))
  await host.run(4, [APP])
  assert.equal(textOf(host, 4), judgedByTsc(dir, APP))
  assert.match(textOf(host, 4), /TS2322/)
}))

test('tsc: an error of the configuration is that of the file', () => withCopy(async (host, dir) => {
  const cases = {
    '{ "compilerOptions": { "sense": true } }': /TS5023/,
    '{ "compilerOptions": { "module": "esnext", "moduleResolution": "bundler", "target": ["ES5"] } }': /TS5024/,
    '{ "include": ["nowhere"] }': /TS18003/,
    '{ "compilerOptions": { "types": ["nowhere"] }, "include": ["src"] }': /TS2688/,
    '{ "extends": "./nowhere.json" }': /TS5083|TS6053/,
    '{ "compilerOptions": ': /TS1005|TS1109|TS1136/,
  }
  let id = 0
  for (const [text, code] of Object.entries(cases)) {
    writeFileSync(join(dir, APP), text)
    await host.run(++id, [APP])
    const [end] = host.of('end', id)
    assert.equal(end.reason, 'error', text)
    assert.match(end.message, code)
    const told = [end.message, textOf(host, id)].filter(Boolean).join('\n').split('\n').filter((line) => /^\S.*error TS/.test(line)).sort()
    assert.deepEqual(told, judgedByTsc(dir, APP).split('\n').filter((line) => /^\S.*error TS/.test(line)).sort(), text)
  }
}))

test('tsc: ends in time, when cancelled, and for what is not there', () => withCopy(async (host) => {
  await host.run(1, ['nowhere.json'])
  assert.equal(host.of('end', 1)[0].reason, 'not-found')
  await host.run(2, [APP, LIB], 1)
  assert.deepEqual(host.of('end', 2).map(({ reason, complete }) => [reason, complete]), [['timeout', false], ['timeout', false]])
  host.send({ cmd: 'run', id: 3, files: [APP, LIB] })
  await host.until({ ev: 'start', id: 3 })
  host.send({ cmd: 'cancel', id: 3 })
  await host.until({ ev: 'ran', id: 3 })
  assert.deepEqual(host.of('end', 3).map(({ reason }) => reason), ['interrupted', 'interrupted'])
  await host.run(4, [LIB])
  assert.equal(host.of('end', 4)[0].reason, '')
}))
