// A promise is rejected when its test has passed.
import { test } from 'vitest'

test('passes', () => {
  setTimeout(() => Promise.reject(new Error('late')), 0)
})
