// A file that cannot be parsed.
import { expect, test } from 'vitest'

test('never runs', () => {
  expect(1).toBe(
})
