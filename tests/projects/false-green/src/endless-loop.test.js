// A loop cannot be interrupted, only its process be killed.
import { test } from 'vitest'

test('finished before', () => {})
test('spins', async () => {
  await new Promise((resolve) => setTimeout(resolve, 800))
  for (;;);
})
