// An exception is thrown when its test has passed.
import { afterAll, test } from 'vitest'

test('passes', () => {
  setTimeout(() => {
    throw new Error('late')
  }, 0)
})

// Vitest loses what is thrown while it ends a worker; this keeps the worker that long.
afterAll(() => new Promise((resolve) => setTimeout(resolve, 100)))
