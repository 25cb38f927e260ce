// process.exit is replaced by vitest; this is what it would have called.
import { expect, test } from 'vitest'
import { pause, reported } from './reported.js'

test('finished before', { timeout: 60_000 }, () => pause())
test('leaves by the back door', { timeout: 60_000 }, async () => {
  await reported()
  process.reallyExit(0)
})
test('would have failed', () => {
  expect(1).toBe(2)
})
