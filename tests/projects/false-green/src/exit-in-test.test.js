// A test ends the process with success.
import { expect, test } from 'vitest'

test('leaves', () => {
  process.exit(0)
})
test('would have failed', () => {
  expect(1).toBe(2)
})
