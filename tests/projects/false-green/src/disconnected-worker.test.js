// The worker can no longer say what happens in it.
import { expect, test } from 'vitest'

test('cuts the line', async () => {
  process.disconnect()
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(1).toBe(2)
})
