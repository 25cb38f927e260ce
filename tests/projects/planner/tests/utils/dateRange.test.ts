// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { contains, daysIn, isValidRange, monthsIn, presetRange, previousRange } from '../../src/utils/dateRange';

const june = { from: '2024-06-01', to: '2024-06-30' };

describe('presetRange', () => {
  it.each([
    ['last30days', '2024-05-17', '2024-06-15'],
    ['thisMonth', '2024-06-01', '2024-06-30'],
    ['thisQuarter', '2024-04-01', '2024-06-30'],
    ['thisYear', '2024-01-01', '2024-12-31'],
  ] as const)('%s is %s to %s', (preset, from, to) => {
    expect(presetRange(preset, '2024-06-15')).toEqual({ from, to });
  });

  it('really has 30 days in last30days', () => {
    expect(daysIn(presetRange('last30days', '2024-03-10'))).toBe(30);
  });
});

describe('contains', () => {
  it('includes both ends', () => {
    expect(contains(june, '2024-06-01')).toBe(true);
    expect(contains(june, '2024-06-30')).toBe(true);
  });

  it('excludes the days around', () => {
    expect(contains(june, '2024-05-31')).toBe(false);
    expect(contains(june, '2024-07-01')).toBe(false);
  });
});

describe('isValidRange', () => {
  it('accepts a single day', () => {
    expect(isValidRange({ from: '2024-06-01', to: '2024-06-01' })).toBe(true);
  });

  it('refuses a range that ends before it starts', () => {
    expect(isValidRange({ from: '2024-06-02', to: '2024-06-01' })).toBe(false);
  });

  it('refuses half-typed dates', () => {
    expect(isValidRange({ from: '', to: '2024-06-01' })).toBe(false);
  });
});

describe('previousRange', () => {
  it('has the same length and ends the day before', () => {
    const previous = previousRange(june);
    expect(previous).toEqual({ from: '2024-05-02', to: '2024-05-31' });
    expect(daysIn(previous)).toBe(daysIn(june));
  });
});

describe('monthsIn', () => {
  it('lists every month touched', () => {
    expect(monthsIn({ from: '2023-11-30', to: '2024-02-01' })).toEqual(['2023-11', '2023-12', '2024-01', '2024-02']);
  });

  it('is one month for a range within it', () => {
    expect(monthsIn(june)).toEqual(['2024-06']);
  });
});
