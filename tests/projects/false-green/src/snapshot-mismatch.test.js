// The stored snapshot is another one.
import { expect, test } from 'vitest'

test('differs', () => {
  expect('new').toMatchSnapshot()
})
