// The body passes, the hook after it does not.
import { afterEach, test } from 'vitest'

afterEach(() => {
  throw new Error('clean-up failed')
})
test('its body passes', () => {})
