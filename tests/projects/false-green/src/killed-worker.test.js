// The worker is killed; vitest sends no end of the module.
import { expect, test } from 'vitest'
import { reported } from './reported.js'

test('finished before', () => {})
test('is killed', { timeout: 60_000 }, async () => {
  await reported()
  process.kill(process.pid, 'SIGKILL')
  await new Promise(() => {})
})
test('would have failed', () => {
  expect(1).toBe(2)
})
