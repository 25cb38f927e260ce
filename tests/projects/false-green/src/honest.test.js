// The counter-example: this one is green.
import { expect, test } from 'vitest'

test('passes', () => {
  expect(1).toBe(1)
})
