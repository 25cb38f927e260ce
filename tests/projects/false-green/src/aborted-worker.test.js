// As a crash in a native module or lack of memory would.
import { test } from 'vitest'

test('aborts', () => {
  process.abort()
})
