// Answers of the controller do not arrive, and nothing keeps the worker alive.
import { expect, test } from 'vitest'

test('hears nothing any more', async () => {
  process.removeAllListeners('message')
  await import('./helper.js')
  expect(1).toBe(2)
})
