// The test passes, the file never ends.
import { afterAll, test } from 'vitest'

afterAll(async () => {
  await new Promise(() => {})
}, 0)
test('passes', () => {})
