// Run by run.sh: what the project's own ESLint and Prettier make of its files.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { Host } from './host.mjs'

const WORK = process.env.TROUPE_TEST_WORK ?? new URL('.work', import.meta.url).pathname
const LINT = "export default [{ files: ['**/*.js', '**/*.config.*'], rules: { 'prefer-const': 'error', 'no-var': 'error', eqeqeq: 'error' } }]\n"
const CONFIG = '{"compilerOptions": {"strict": true, "noEmit": true, "types": []}, "include": ["src"]}'

async function withProject(files, use) {
  const dir = mkdtempSync(join(tmpdir(), 'troupe-source-'))
  for (const [path, text] of Object.entries({ 'package.json': '{"type":"module"}\n', 'eslint.config.js': LINT, ...files })) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
  symlinkSync(join(WORK, 'lint/node_modules'), join(dir, 'node_modules'))
  const host = new Host(dir)
  try {
    await use(dir, host)
  } finally {
    host.stream.end()
    await host.exited
    rmSync(dir, { recursive: true, force: true })
  }
}

/** What the linter says of the project, as a command would tell it. */
function eslint(dir) {
  try {
    execFileSync(process.execPath, [join(dir, 'node_modules/eslint/bin/eslint.js'), '.'], { cwd: dir, encoding: 'utf8' })
    return ''
  } catch (error) {
    return error.stdout
  }
}

async function ask(host, more) {
  const id = 77
  host.send({ cmd: 'candidates', id, file: '.', line: 0, column: 0, message: '', ...more })
  const { reason } = await host.until({ ev: 'candidates', id })
  return { list: host.events.filter((event) => event.ev === 'candidate' && event.id === id), reason }
}

function apply(dir, diff) {
  execFileSync('git', ['apply', '-'], { cwd: dir, input: diff, env: { ...process.env, GIT_DIR: '/dev/null' } })
}

test('the fixes of ESLint are one candidate, after which it is content', () => withProject({ 'src/a.js': 'var a = 1\nlet b = 2\nexport const c = a + b\n', 'src/b.js': 'export const ok = 1\n' }, async (dir, host) => {
  const { list } = await ask(host, { command: 'eslint .', message: eslint(dir) })
  assert.deepEqual(list.map(({ source, name }) => `${source}/${name}`), ['eslint/fix'])
  apply(dir, list[0].diff)
  assert.equal(readFileSync(join(dir, 'src/a.js'), 'utf8'), 'const a = 1\nconst b = 2\nexport const c = a + b\n')
  assert.equal(eslint(dir), '')
}))

test('what ESLint cannot fix is said, and tests and configurations stay as they are', () => withProject({ 'src/a.js': 'export const c = (a) => a == 1\n', 'src/a.test.js': 'var a = 1\nexport default a\n', 'x.config.js': 'var a = 1\nexport default a\n' }, async (dir, host) => {
  const { list, reason } = await ask(host, { runner: 'eslint', file: 'src/a.js', message: eslint(dir) })
  assert.deepEqual(list, [])
  assert.match(reason, /eslint has no fix for 1 errors/)
}))

const wrong = "export interface User {\n  name: string;\n  mail: string;\n}\n\nexport const show = (user: User): string => user.nam + user.mail;\n"

test('a change is written as Prettier would, where the file was', async () => {
  const { format, check } = await import(join(WORK, 'lint/node_modules/prettier/index.mjs'))
  const text = await format('export const total = (a: number, b: number): number => a + b;\nexport function joined(first: string, second: string): string {\n  return total(first, second);\n}\n', { parser: 'typescript' })
  const message = 'src/a.ts(3,16): error TS2345: x'
  await withProject({ 'tsconfig.json': CONFIG, '.prettierrc': '{}', 'src/a.ts': text }, async (dir, host) => {
    const { list } = await ask(host, { file: 'tsconfig.json', command: 'tsc', message })
    assert.ok(list.length > 0)
    for (const { diff } of list) {
      apply(dir, diff)
      assert.ok(await check(readFileSync(join(dir, 'src/a.ts'), 'utf8'), { parser: 'typescript' }), diff)
      writeFileSync(join(dir, 'src/a.ts'), text)
    }
  })
})

test('a file that Prettier has not written keeps its own ways', () => withProject({ 'tsconfig.json': CONFIG, '.prettierrc': '{}', 'src/a.ts': wrong.replace('  mail', ' mail') }, async (dir, host) => {
  const { list } = await ask(host, { file: 'tsconfig.json', command: 'tsc', message: 'src/a.ts(6,1): error TS2551: x' })
  apply(dir, list[0].diff)
  assert.match(readFileSync(join(dir, 'src/a.ts'), 'utf8'), /^ mail: string;\n/m)
}))
