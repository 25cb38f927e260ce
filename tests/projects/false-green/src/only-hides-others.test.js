// With CI set vitest refuses a forgotten test.only.
import { expect, test } from 'vitest'

test.only('passes', () => {})
test('would have failed', () => {
  expect(1).toBe(2)
})
