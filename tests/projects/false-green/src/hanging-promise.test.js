// A test without a timeout never ends.
import { test } from 'vitest'

test('finished before', () => {})
test('hangs', { timeout: 0 }, async () => {
  await new Promise(() => {})
})
