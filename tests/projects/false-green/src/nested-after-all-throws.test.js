// As after-all-throws, two suites down.
import { afterAll, describe, test } from 'vitest'

describe('outer', () => {
  describe('inner', () => {
    afterAll(() => {
      throw new Error('clean-up failed')
    })
    test('passes', () => {})
  })
})
