// A promise is rejected when its test has passed.
import { afterAll, test } from 'vitest'

test('passes', () => {
  setTimeout(() => Promise.reject(new Error('late')), 0)
})

// Vitest loses what is thrown while it ends a worker; this keeps the worker that long.
afterAll(() => new Promise((resolve) => setTimeout(resolve, 100)))
