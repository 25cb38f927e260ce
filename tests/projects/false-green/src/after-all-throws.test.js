// All tests pass, the clean-up does not.
import { afterAll, test } from 'vitest'

afterAll(() => {
  throw new Error('clean-up failed')
})
test('passes', () => {})
