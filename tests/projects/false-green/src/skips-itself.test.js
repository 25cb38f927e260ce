// A test skips itself while it runs.
import { expect, test } from 'vitest'

test('would have failed', ({ skip }) => {
  skip()
  expect(1).toBe(2)
})
