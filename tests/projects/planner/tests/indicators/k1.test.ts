// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { k1 } from '../../src/indicators/k1';

describe('K1', () => {
  it.each([
    [150, 100, 0.5],
    [75, 100, -0.25],
    [100, 100, 0],
    [50, -100, 1.5],
  ])('from $1 to $0 is $2', (current, previous, growth) => {
    expect(k1(current, previous)).toBe(growth);
  });

  it('is unknown without a base', () => {
    expect(k1(100, 0)).toBeNull();
  });

  it.skip('annualises growth over less than a year', () => {
    expect(k1(110, 100)).toBeCloseTo(0.46);
  });
});
