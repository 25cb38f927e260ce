// A test without a timeout never ends.
import { test } from 'vitest'
import { pause } from './reported.js'

test('finished before', { timeout: 60_000 }, () => pause())
test('hangs', { timeout: 0 }, async () => {
  await new Promise(() => {})
})
