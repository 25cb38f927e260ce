// Ways to write a result are replaced.
import { expect, test } from 'vitest'

test('fails', () => {
  JSON.stringify = () => '{"ev":"test","status":"passed"}'
  Error.prototype.toString = () => 'passed'
  expect(1).toBe(2)
})
