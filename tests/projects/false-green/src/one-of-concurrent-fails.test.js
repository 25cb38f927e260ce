// The failing one ends first.
import { describe, expect, test } from 'vitest'

describe.concurrent('together', () => {
  for (const expected of [1, 1, 2, 1]) {
    test('again', async () => {
      await new Promise((resolve) => setTimeout(resolve, 10 * (5 - expected)))
      expect(1).toBe(expected)
    })
  }
})
