// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { median, movingAverage } from '../../src/utils/statistics';

describe('median', () => {
  it('is the middle of an odd number of values', () => {
    expect(median([9, 1, 5])).toBe(5);
  });

  it('is the mean of the two middle values otherwise', () => {
    expect(median([10, 2, 4, 1])).toBe(3);
  });

  it('sorts numbers, not text', () => {
    expect(median([100, 9, 20])).toBe(20);
  });

  it('is 0 for no values', () => {
    expect(median([])).toBe(0);
  });

  it('leaves its argument alone', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('movingAverage', () => {
  it('uses fewer values at the start', () => {
    expect(movingAverage([3, 6, 9, 12], 3)).toEqual([3, 4.5, 6, 9]);
  });

  it('changes nothing with a window of 1', () => {
    expect(movingAverage([4, 8], 1)).toEqual([4, 8]);
  });
});
