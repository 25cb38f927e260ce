// With CI set no snapshot is written.
import { expect, test } from 'vitest'

test('is new', () => {
  expect('new').toMatchSnapshot()
})
