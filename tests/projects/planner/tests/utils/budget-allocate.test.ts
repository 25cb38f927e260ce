// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { allocate } from '../../src/utils/budget';

describe('allocate', () => {
  it('splits evenly where it can', () => {
    expect(allocate(400, [1, 1, 1, 1])).toEqual([100, 100, 100, 100]);
  });

  it('gives left-over cents to the first shares on a tie', () => {
    expect(allocate(1001, [1, 1, 1])).toEqual([334, 334, 333]);
  });

  it('gives left-over cents to the largest remainder', () => {
    expect(allocate(10, [1, 8, 3])).toEqual([1, 7, 2]);
  });

  it('gives nothing for a weight of zero', () => {
    expect(allocate(7, [0, 2, 1])).toEqual([0, 5, 2]);
  });

  it.each([1, 99, 100_03, 7_777_777])('loses no cent of %i', (total) => {
    const shares = allocate(total, [3, 1, 4, 1, 5]);
    expect(shares.reduce((sum, share) => sum + share)).toBe(total);
  });

  it('refuses weights without a positive sum', () => {
    expect(() => allocate(100, [])).toThrow(RangeError);
    expect(() => allocate(100, [0, 0])).toThrow('positive sum');
  });
});
