// Assertions that were announced do not happen.
import { expect, test } from 'vitest'

test('never asserts', () => {
  expect.assertions(1)
})
test('has none', () => {
  expect.hasAssertions()
})
