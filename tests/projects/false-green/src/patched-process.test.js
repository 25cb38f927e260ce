// Ways to report are replaced.
import { expect, test } from 'vitest'

test('fails silently', () => {
  process.send = () => true
  process.on = () => process
  for (const name of ['log', 'error', 'warn', 'info']) console[name] = () => {}
  expect(1).toBe(2)
})
