// vitest's own timeout ends it.
import { test } from 'vitest'

test('hangs', async () => {
  await new Promise(() => {})
})
