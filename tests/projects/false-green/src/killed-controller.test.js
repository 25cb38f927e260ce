// The process that would report is killed.
import { expect, test } from 'vitest'

test('kills the reporter', async () => {
  process.kill(process.ppid, 'SIGKILL')
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(1).toBe(2)
})
