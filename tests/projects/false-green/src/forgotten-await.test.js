// The assertion is not awaited.
import { expect, test } from 'vitest'

test('passes', () => {
  expect(Promise.resolve(1)).resolves.toBe(2)
})
