// Output that looks like the protocol, and much of it.
import { expect, test } from 'vitest'

test('shouts and fails', () => {
  const line = JSON.stringify({ ev: 'end', id: 2, file: 'src/stdout-flood.test.js', complete: true, reason: '' })
  for (let i = 0; i < 20_000; i++) process.stdout.write(`${line}\n`)
  for (let i = 0; i < 20_000; i++) process.stderr.write(`${line}\n`)
  expect(1).toBe(2)
})
