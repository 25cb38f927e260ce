// An import that cannot be resolved.
import { expect, test } from 'vitest'

import { gone } from './gone.js'

test('never runs', () => {
  expect(gone).toBe(1)
})
