// The parts of tools/generate that need no project.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { pageFacts, pageLines, valueLines } from '../../tools/generate/assert.mjs'
import { grouped } from '../../tools/generate/emit.mjs'
import { partOf, tracked } from '../../tools/generate/mutate.mjs'
import { combine } from '../../tools/generate/values.mjs'

const quote = (text) => `'${text}'`
const element = (more) => ({ role: undefined, name: '', own: '', text: '', exact: true, tag: 'div', attributes: {}, ...more })
const button = (name, more = {}) => element({ role: 'button', name, own: name, text: name, tag: 'button', ...more })

test('combinations begin with what is usual and are bounded', () => {
  assert.deepEqual(combine([[1, 2], ['a', 'b']], 9), [[1, 'a'], [2, 'a'], [1, 'b'], [2, 'b']])
  assert.deepEqual(combine([[1, 2], []], 9), [])
  assert.equal(combine([Array(50).fill(0), Array(50).fill(0), Array(50).fill(0)], 90).length, 90)
  assert.deepEqual(combine([], 9), [[]])
})

test('values become the assertion that fits', () => {
  assert.deepEqual(valueLines('f()', { code: '3', primitive: true }, quote), ['expect(f()).toBe(3)'])
  assert.deepEqual(valueLines('f()', { code: '[1]', primitive: false }, quote), ['expect(f()).toEqual([1])'])
  assert.deepEqual(valueLines('f()', { code: '0.30000000000000004', primitive: true }, quote), ['expect(f()).toBeCloseTo(0.3, 6)'])
  assert.deepEqual(valueLines('f()', { threw: 'no' }, quote), ["expect(() => f()).toThrow('no')"])
  assert.deepEqual(valueLines('f()', { rejected: 'no' }, quote), ["await expect(f()).rejects.toThrow('no')"])
  assert.deepEqual(valueLines('f()', { code: 'expect.anything()', vague: true }, quote), [])
  assert.deepEqual(valueLines('f()', { threw: 'a loop without end' }, quote), [])
})

test('an element is found by its role and name only when that is one', () => {
  const facts = pageFacts([button('Save'), button('Save'), button('Close', { disabled: true })], { quote, jestDom: true })
  const lines = facts.map(({ line }) => line)
  assert.ok(lines.includes("expect(screen.getByRole('button', { name: 'Close' })).toBeDisabled()"))
  assert.ok(!lines.some((line) => line.includes("name: 'Save'")))
  assert.ok(lines.includes("expect(screen.getAllByRole('button').map(({ textContent }) => textContent)).toEqual(['Save', 'Save', 'Close'])"))
})

test('what comes later is waited for, what has gone is missed', () => {
  const stages = [[element({ role: 'progressbar', name: 'Loading' })], [button('Save')]]
  const lines = pageLines(stages, { quote, jestDom: true, before: [button('Open')], known: [] })
  assert.match(lines[0], /^await waitFor\(\(\) => expect\(screen\.getByRole\('button', \{ name: 'Save' \}\)\)\.toBeEnabled\(\)\)$/)
  assert.ok(lines.includes("expect(screen.queryByRole('button', { name: 'Open' })).not.toBeInTheDocument()"))
})

test('expected values of one function share a test, errors another', () => {
  const row = (id, kind) => ({ id, subject: 'f', row: kind, title: id, lines: [id], uses: [] })
  const tests = grouped([row('a', 'returns'), row('b', 'returns'), row('c', 'throws')])
  assert.deepEqual(tests.map(({ lines }) => lines), [['a', 'b'], ['c']])
})

test('parts of a source are those that a mutant may be in', { skip: !process.env.TROUPE_TEST_WORK && 'no typescript' }, () => {
  const ts = createRequire(join(process.env.TROUPE_TEST_WORK, 'fixture/package.json'))('typescript')
  const text = 'const limit = 3\nexport function size(list: number[], wide = false) {\n  if (list.length === 0) return 0\n  return wide && list.length > limit ? list.map((one) => one * 2).length : limit\n}\n'
  const { text: told, parts } = tracked(ts, '/a.ts', text)
  const at = (code) => partOf(parts, { start: text.indexOf(code), end: text.indexOf(code) + code.length })
  assert.equal(at('limit = 3'), undefined)
  assert.equal(new Set([at('list.length === 0'), at('wide &&'), at('list.length > limit'), at('one * 2'), at(' : limit') ]).size, 4)
  const run = (args) => {
    const entered = new Set()
    globalThis.__troupe_part = (part) => entered.add(part)
    const size = new Function(`${ts.transpileModule(told, { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext } }).outputText.replace('export ', '')}; return size`)()
    const value = size(...args)
    delete globalThis.__troupe_part
    return [value, ['list.length === 0', 'wide &&', 'list.length > limit', 'one * 2'].filter((code) => entered.has(at(code)))]
  }
  assert.deepEqual(run([[]]), [0, ['list.length === 0']])
  assert.deepEqual(run([[1]]), [3, ['list.length === 0', 'wide &&']])
  assert.deepEqual(run([[1, 2], true]), [3, ['list.length === 0', 'wide &&', 'list.length > limit']])
  assert.deepEqual(run([[1, 2, 3, 4], true]), [4, ['list.length === 0', 'wide &&', 'list.length > limit', 'one * 2']])
})
