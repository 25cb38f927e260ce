// The worker is killed; vitest sends no end of the module.
import { expect, test } from 'vitest'
import { pause, reported } from './reported.js'

test('finished before', { timeout: 60_000 }, () => pause())
test('is killed', { timeout: 60_000 }, async () => {
  await reported()
  process.kill(process.pid, 'SIGKILL')
  await new Promise(() => {})
})
test('would have failed', () => {
  expect(1).toBe(2)
})
