// The parts of tools/generate that need no project.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pageFacts, pageLines, valueLines } from '../../tools/generate/assert.mjs'
import { grouped } from '../../tools/generate/emit.mjs'
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
