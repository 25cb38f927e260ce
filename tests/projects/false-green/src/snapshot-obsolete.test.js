// With CI set a stored snapshot that nobody asks for is an error.
import { expect, test } from 'vitest'

test('is known', () => {
  expect('known').toMatchSnapshot()
})
