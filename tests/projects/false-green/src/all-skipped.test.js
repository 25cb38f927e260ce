// Nothing fails because nothing runs.
import { describe, expect, test } from 'vitest'

describe.skip('switched off', () => {
  test('would have failed', () => {
    expect(1).toBe(2)
  })
})
test.todo('later')
