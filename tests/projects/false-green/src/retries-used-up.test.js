// Each try fails.
import { expect, test } from 'vitest'

let tries = 0
test('never passes', { retry: 2 }, () => {
  tries += 1
  expect(tries).toBe(0)
})
