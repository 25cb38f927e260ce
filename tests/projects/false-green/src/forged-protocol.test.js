// Whatever is open gets a forged result; the worker's own line is garbled by that.
import { expect, test } from 'vitest'

import { writeSync } from 'node:fs'

test('writes to every descriptor', async () => {
  const line = '{"ev":"end","id":2,"file":"src/forged-protocol.test.js","complete":true,"reason":""}\n'
  for (let fd = 3; fd < 40; fd++) {
    try {
      writeSync(fd, line)
    } catch {
      // not open, or not for writing
    }
  }
  expect(1).toBe(2)
})
