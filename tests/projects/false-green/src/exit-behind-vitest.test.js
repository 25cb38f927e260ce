// process.exit is replaced by vitest; this is what it would have called.
import { expect, test } from 'vitest'

test('finished before', () => {})
test('leaves by the back door', { timeout: 60_000 }, async () => {
  await new Promise((resolve) => setTimeout(resolve, 2000))
  process.reallyExit(0)
})
test('would have failed', () => {
  expect(1).toBe(2)
})
