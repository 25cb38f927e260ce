// Run by run.sh, which installs the compilers.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { Host } from './host.mjs'

const WORK = process.env.TROUPE_TEST_WORK ?? new URL('.work', import.meta.url).pathname
const PROJECT = new URL('fixtures/project', import.meta.url).pathname

/** A copy of the project with some files changed: {path: text, or a function of the text}. */
function project(version, changes = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'troupe-source-'))
  cpSync(PROJECT, dir, { recursive: true })
  if (version) symlinkSync(join(WORK, version, 'node_modules'), join(dir, 'node_modules'))
  for (const [path, change] of Object.entries(changes)) {
    const file = join(dir, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, typeof change === 'function' ? change(readFileSync(file, 'utf8')) : change)
  }
  return dir
}

/** What tsc says, as the runner would tell it; "" when all is well. */
function tsc(dir) {
  try {
    execFileSync(process.execPath, [join(dir, 'node_modules/typescript/bin/tsc'), '--noEmit', '--pretty', 'false', '-p', 'tsconfig.json'], { cwd: dir })
    return ''
  } catch (error) {
    return String(error.stdout)
  }
}

function apply(dir, diff) {
  execFileSync('git', ['apply', '--whitespace=nowarn', '-'], { cwd: dir, input: diff, env: { ...process.env, GIT_DIR: '/dev/null' } })
}

async function withHost(dir, use) {
  const host = new Host(dir)
  try {
    await use(host)
  } finally {
    host.stream.end()
    await host.exited
    rmSync(dir, { recursive: true, force: true })
  }
}

const misspelt = { 'src/total.ts': (text) => text.replace('amount.cents', 'amount.cent') }

for (const version of ['v4', 'v5']) {
  describe(version, () => {
    test('it uses the version of the project', () => withHost(project(version), async (host) => {
      const { version: told } = await host.until({ ev: 'ready', source: 'tsserver' })
      assert.match(told, version === 'v4' ? /^4\.7/ : /^5\.9/)
    }))

    const mended = {
      'a misspelt member': [misspelt, 'spelling'],
      'a missing import': [{ 'src/report.ts': (text) => text.replace(/^import \{ total.*\n/m, '') }, 'import'],
      'a name too far for the compiler': [{ 'src/total.ts': (text) => text.replace('amount.cents', 'amount.centsOfIt') }, /^nearest-name|spelling/],
      'a text that is not of its type': [{ 'src/money.ts': (text) => text.replace("currency: 'EUR' }", "currency: 'EURO' }") }, /^nearest-text|spelling|literal/],
      'an unused import': [{ 'src/total.ts': (text) => text.replace('amountOf,', 'amountOf, formatted,') }, /^unusedIdentifier/],
      'a missing await': [{ 'src/later.ts': 'export async function f(): Promise<number> {\n  const a = Promise.resolve(1);\n  return a + 1;\n}\n' }, /^addMissingAwait|await/],
    }
    for (const [what, [changes, name]] of Object.entries(mended)) {
      test(`${what}: the first candidate mends it`, async () => {
        const dir = project(version, changes)
        await withHost(dir, async (host) => {
          const message = tsc(dir)
          assert.match(message, /error TS/)
          const { list, reason } = await host.candidates('tsconfig.json', message)
          assert.ok(list.length > 0, reason)
          assert.match(list[0].name, new RegExp(name))
          apply(dir, list[0].diff)
          assert.equal(tsc(dir), '')
        })
      })
    }
  })
}

// What the compiler has no fix for: [broken, what the first candidate has to have made of it].
const ruled = {
  'a brace that is missing': ['export function a(x: number): number {\n  if (x > 1) {\n    return 1\n  return x\n}\n', /return 1\n\+ {2}\}$/m],
  'an unclosed element': ['declare global { namespace JSX { interface IntrinsicElements { [name: string]: object } } }\nexport const a = (\n  <p>\n    <b>x\n  </p>\n)\n', /^\+.*<\/b>$/m, 'tsx'],
  'a caught error': ['export function a(): string {\n  try {\n    return JSON.parse("1") as string\n  } catch (e) {\n    return e.message\n  }\n}\n', /e instanceof Error \? e\.message : String\(e\)/],
  'nothing where a value is wanted': ['export function a(xs: number[]): number {\n  const x = xs.find((y) => y > 1)\n  return x + 1\n}\n', /^\+.* \?\? 0/m],
  'a text where a number is wanted': ['export function a(x: string): number {\n  return x\n}\n', /^\+  return Number\(x\)$/m],
  'arguments in the wrong order': ['const f = (text: string, n: number): string => text.repeat(n)\nexport const a = f(2, "x")\n', /^\+export const a = f\("x", 2\)$/m],
  'a branch that does not return': ['export function a(x: number): string {\n  if (x > 1) {\n    return "a"\n  } else {\n    "b"\n  }\n}\n', /^\+    return "b"$/m],
  'a field that is not set': ['export class A {\n  n: number\n  constructor(n: number) {\n    void n\n  }\n}\n', /^\+    this\.n = n;$/m],
  'a property of the wrong name': ['interface O { color: string }\nexport const a: O = { colour: "red" }\n', /^\+export const a: O = \{ color: "red" \}$/m],
  'a property that its neighbours tell': ['interface O { id: number; name: string }\nexport const a = (row: O): O => ({ id: row.id })\n', /name: row\.name/],
  'an object that a value at hand completes': ['interface O { host: string; port: number; tries: number }\nconst defaults: O = { host: "h", port: 1, tries: 2 }\nconst open = (o: O): O => ({ ...defaults, tries: o.tries })\nexport const a = (port: number): O => open({ port })\n', /open\(\{ \.\.\.defaults, port \}\)/],
  'a function inside that gives nothing back': ['export function a(words: string[]): number[] {\n  return words.map((w) => {\n    const t = w.trim()\n    t.length\n  })\n}\n', /^\+    return t\.length$/m],
  'an element where its value is wanted': ['declare const set: (text: string) => void\nexport const a = (e: { target: EventTarget & HTMLInputElement }): void => set(e.target)\n', /set\(e\.target\.value\)/],
}
for (const [what, [text, made, end = 'ts']] of Object.entries(ruled)) {
  test(`${what}: the first candidate mends it`, async () => {
    const dir = project('v5', { [`src/ruled.${end}`]: text, 'tsconfig.json': (config) => config.replace('"strict"', '"jsx": "preserve", "strict"') })
    await withHost(dir, async (host) => {
      const { list, reason } = await host.candidates('tsconfig.json', `src/ruled.${end}(1,1): error TS1: x`)
      assert.ok(list.length > 0, reason)
      assert.match(list[0].diff, made)
      assert.equal(list[0].source, 'rule')
    })
  })
}

test('what was made up is doubtful, what is known is not', async () => {
  const text = 'interface O { width: number; depth: number }\nexport const a: O = { width: 1 }\n'
  await withHost(project('v5', { 'src/made.ts': text }), async (host) => {
    const { list } = await host.candidates('tsconfig.json', 'src/made.ts(2,14): error TS2741: x')
    assert.ok(list.length > 0)
    for (const { doubt } of list) assert.match(doubt, /guess/)
  })
  await withHost(project('v5', misspelt), async (host) => {
    const { list } = await host.candidates('tsconfig.json', 'src/total.ts(6,21): error TS2551: x')
    assert.equal(list[0].doubt, undefined)
  })
})

test('several errors are mended by one candidate', async () => {
  const dir = project('v5', {
    ...misspelt,
    'src/report.ts': (text) => text.replace('formatted(total', 'formated(totl'),
  })
  await withHost(dir, async (host) => {
    const { list } = await host.candidates('tsconfig.json', tsc(dir))
    apply(dir, list[0].diff)
    assert.equal(tsc(dir), '')
    assert.equal(list[0].diff.match(/^--- /gm).length, 2)
    assert.ok(list.length <= 8)
    assert.equal(new Set(list.map(({ diff }) => diff)).size, list.length)
  })
})

test('a failing test leads to the sources that it imports', () => withHost(project('v5', misspelt), async (host) => {
  const { list } = await host.candidates('tests/total.test.ts', 'AssertionError: expected NaN to be 0')
  assert.match(list[0].diff, /^\+\s+cents \+= amount\.cents;$/m)
}))

test('files that a stack names are looked at', () => withHost(project('v5', misspelt), async (host) => {
  const { list } = await host.candidates('tests/total.test.ts', 'TypeError: x\n ❯ total src/total.ts:6:11\n ❯ tests/total.test.ts:3:30')
  assert.equal(list.length >= 1, true)
}))

test('CRLF, a byte order mark and a missing last line end stay', async () => {
  const dir = project('v5', { 'src/total.ts': (text) => '\uFEFF' + text.replace('amount.cents', 'amount.cent').replaceAll('\n', '\r\n').trimEnd() })
  await withHost(dir, async (host) => {
    const { list } = await host.candidates('tsconfig.json', tsc(dir))
    apply(dir, list[0].diff)
    const text = readFileSync(join(dir, 'src/total.ts'), 'utf8')
    assert.ok(text.startsWith('\uFEFFimport') && text.endsWith('\r\n}') && text.includes('amount.cents;\r\n'))
    assert.equal(tsc(dir), '')
  })
})

const useless = {
  'an error in a test': { 'tests/total.test.ts': (text) => text.replace('.cents', '.cent') },
  'a member that would have to be declared as any': { 'src/report.ts': (text) => text.replace('this.amounts', 'this.zzz.qqq') },
  'an error in a JavaScript file that could be silenced': { 'src/a.js': '// @ts-check\nexport const a = 1 * "b";\n', 'tsconfig.json': (text) => text.replace('"strict"', '"allowJs": true, "strict"') },
  'a package that is not there': { 'src/b.ts': "import x from 'not-there';\nexport const y = x;\n" },
}
for (const [what, changes] of Object.entries(useless)) {
  test(`${what} has no candidate that hides it`, async () => {
    const dir = project('v5', changes)
    await withHost(dir, async (host) => {
      const { list, reason } = await host.candidates('tsconfig.json', tsc(dir))
      for (const { diff } of list) assert.doesNotMatch(diff, /^\+.*(@ts-|\bany\b)|^\+\+\+ b\/(tests|node_modules|.*json)/m)
      if (list.length === 0) assert.match(reason, /quick fixes/)
    })
  })
}

test('a change on disk is seen after invalidate', async () => {
  const dir = project('v5', misspelt)
  await withHost(dir, async (host) => {
    const message = tsc(dir)
    const { list } = await host.candidates('tsconfig.json', message)
    apply(dir, list[0].diff)
    host.send({ cmd: 'invalidate', files: ['src/total.ts'] })
    const again = await host.candidates('tsconfig.json', message)
    assert.deepEqual(again.list, [])
    assert.match(again.reason, /nothing wrong/)
  })
})

test('a reference of a tsconfig.json is followed', async () => {
  const dir = project('v5', {
    ...misspelt,
    'tsconfig.app.json': (() => readFileSync(join(PROJECT, 'tsconfig.json'), 'utf8').replace('"noEmit": true', '"composite": true'))(),
    'tsconfig.json': '{ "files": [], "references": [{ "path": "./tsconfig.app.json" }] }',
  })
  await withHost(dir, async (host) => {
    const { list } = await host.candidates('tests/total.test.ts', 'expected NaN to be 0')
    assert.match(list[0].diff, /amount\.cents/)
  })
})

test('nothing is said about files outside, or that are not there', () => withHost(project('v5', misspelt), async (host) => {
  for (const file of ['../x.ts', '/etc/passwd', 'src/none.ts', 'node_modules/typescript/lib/typescript.js', 'tsconfig.none.json']) {
    const { list, reason } = await host.candidates(file)
    assert.deepEqual(list, [], file)
    assert.notEqual(reason, '', file)
  }
}))

test('a configuration that cannot be read is a reason, and the host goes on', () => withHost(project('v5', { ...misspelt, 'tsconfig.json': '{ "compilerOptions": [' }), async (host) => {
  const { list, reason } = await host.candidates('tsconfig.json', 'src/total.ts(6,21): error TS2551: x')
  assert.deepEqual(list, [])
  assert.match(reason, /TypeScript failed: .*tsconfig\.json/)
  assert.deepEqual((await host.candidates('src/none.ts')).list, [])
}))

test('without typescript it says so and ends', () => withHost(project(undefined), async (host) => {
  const { message } = await host.until({ ev: 'fatal' })
  assert.match(message, /no typescript found/)
  assert.equal((await host.exited).code, 1)
}))

test('what is no command is answered with an error', () => withHost(project('v5'), async (host) => {
  host.write('nonsense\n[]\n{"cmd":"dance","id":7}\n{"cmd":"candidates","id":8}\n{"cmd":"candidates","file":"a.ts"}\n')
  await host.until({ ev: 'error', id: 7, message: 'unknown command "dance"' })
  await host.until({ ev: 'error', id: 8, message: 'candidates: file must be a path' })
  await host.until({ ev: 'error', message: 'candidates: id must be a whole number' })
  assert.equal(host.events.filter(({ message }) => message?.startsWith('not a JSON object')).length, 2)
  host.write(`{"cmd":"${'x'.repeat(1100000)}`)
  await host.until({ ev: 'error', message: 'line longer than 1048576 characters' })
}))

test('exit and the end of the stream end it', async () => {
  await withHost(project('v5'), async (host) => {
    await host.until({ ev: 'ready' })
    host.send({ cmd: 'exit' })
    assert.deepEqual(await host.exited, { code: 0, signal: null })
  })
  await withHost(project('v5'), async (host) => {
    await host.until({ ev: 'ready' })
    host.stream.end()
    assert.deepEqual(await host.exited, { code: 0, signal: null })
  })
})
