// An exception is thrown when its test has passed.
import { test } from 'vitest'

test('passes', () => {
  setTimeout(() => {
    throw new Error('late')
  }, 0)
})
