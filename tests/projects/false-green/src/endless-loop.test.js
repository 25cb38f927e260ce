// A loop cannot be interrupted, only its process be killed.
import { test } from 'vitest'
import { pause, reported } from './reported.js'

test('finished before', { timeout: 60_000 }, () => pause())
test('spins', { timeout: 60_000 }, async () => {
  await reported()
  for (;;);
})
