// Only one of several tests of one name fails.
import { describe, expect, test } from 'vitest'

for (const expected of [1, 2, 1]) {
  test('again', () => {
    expect(1).toBe(expected)
  })
}
describe('again', () => {
  test('again', () => {})
})
