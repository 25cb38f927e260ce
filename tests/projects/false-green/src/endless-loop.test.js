// A loop cannot be interrupted, only its process be killed.
import { test } from 'vitest'

test('finished before', () => {})
test('spins', { timeout: 60_000 }, async () => {
  await new Promise((resolve) => setTimeout(resolve, 2000))
  for (;;);
})
