// Code kept for the next process: the same behaviour with it, and never that of an older source.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const COMPILED = fileURLToPath(new URL('../../tools/reporters/vitest/compiled.cjs', import.meta.url))
const MODULES = 80

const dir = mkdtempSync(join(tmpdir(), 'troupe-compiled-'))
const kept = join(dir, 'kept')
const pkg = join(dir, 'node_modules/many')
after(() => rmSync(dir, { recursive: true }))

mkdirSync(pkg, { recursive: true })
for (let i = 0; i < MODULES; i++) writeFileSync(join(pkg, `part${i}.js`), `module.exports = ${i}\n`)
writeFileSync(join(pkg, 'later.mjs'), 'export default "later"\n')
writeFileSync(join(pkg, 'importing.js'), `const load = new Function('id', 'return import(id)')
exports.later = () => Promise.all([import('./later.mjs'), load('node:path')]).then(([m, path]) => [m.default, path.sep])
`)
writeFileSync(join(pkg, 'data.json'), '{"a": 1}\n')
const main = (word) => `exports.word = '${word}'; exports.parts = Array.from({ length: ${MODULES} }, (_, i) => require('./part' + i))
exports.seen = {
  main: require.main === process.mainModule, data: require('./data.json').a, cached: require.resolve('./part1') in require.cache,
  paths: require.resolve.paths('x').length > 0, names: [__filename, __dirname, this === exports, module.id],
}
exports.later = require('./importing').later
exports.where = () => { try { null.x } catch (error) { return error.stack.split('\\n')[1] } }
`
// What a package.json above may say is not meant for these.
writeFileSync(join(dir, 'package.json'), '{}')
writeFileSync(join(pkg, 'index.js'), main('first'))

const look = `
const many = require('many')
many.later().then((later) => console.log(JSON.stringify({
  ...many, later, where: many.where(), where1: (() => { try { require('many/broken') } catch (e) { return String(e) } })(),
  env: process.env.TROUPE_COMPILED, argv: process.execArgv.length,
})))`
writeFileSync(join(dir, 'look.js'), look)
writeFileSync(join(pkg, 'broken.js'), 'export default (\n')

function run(...options) {
  const out = execFileSync(process.execPath, [...options, 'look.js'], { cwd: dir, env: { ...process.env, TROUPE_COMPILED: kept } })
  const seen = JSON.parse(out)
  if (options.length === 0) delete seen.env // nobody took it
  return seen
}

const withKept = ['--require', COMPILED]

test('modules behave the same without kept code, while it is written, and with it', () => {
  const plain = run()
  assert.deepEqual(run(...withKept), plain)
  assert.ok(existsSync(kept))
  const { mtimeMs } = statSync(kept)
  assert.deepEqual(run(...withKept), plain)
  assert.equal(statSync(kept).mtimeMs, mtimeMs, 'everything was taken from the file')
})

test('a changed module of the same length is compiled anew', () => {
  writeFileSync(join(pkg, 'index.js'), main('other'))
  assert.equal(run(...withKept).word, 'other')
})

test('a file that is cut or no such file at all costs nothing but time', () => {
  const whole = readFileSync(kept)
  for (const bytes of [whole.subarray(0, whole.length / 2), Buffer.from('nonsense'), Buffer.alloc(0)]) {
    writeFileSync(kept, bytes)
    assert.equal(run(...withKept).parts.length, MODULES)
    assert.ok(statSync(kept).size > whole.length / 2, 'written anew')
  }
})
