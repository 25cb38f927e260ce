// The exit code says success.
import { expect, test } from 'vitest'

test('fails', () => {
  process.exitCode = 0
  expect(1).toBe(2)
})
