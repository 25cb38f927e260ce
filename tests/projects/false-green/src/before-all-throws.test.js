// Tests that could not run count as skipped.
import { beforeAll, describe, test } from 'vitest'

describe('prepared', () => {
  beforeAll(() => {
    throw new Error('not prepared')
  })
  test('never runs', () => {})
})
test('passes', () => {})
