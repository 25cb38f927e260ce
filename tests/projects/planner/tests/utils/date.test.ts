// @vitest-environment node
import { describe, expect, it } from 'vitest';
import {
  addDays,
  addMonths,
  daysBetween,
  endOfMonth,
  formatDate,
  formatMonth,
  isIsoDate,
  monthKey,
  startOfMonth,
  startOfQuarter,
  toIsoDate,
} from '../../src/utils/date';

describe('isIsoDate', () => {
  it.each(['2024-02-29', '1999-12-31'])('accepts %s', (text) => {
    expect(isIsoDate(text)).toBe(true);
  });

  it.each(['2023-02-29', '2024-13-01', '2024-1-1', '15.06.2024', ''])('refuses [%s]', (text) => {
    expect(isIsoDate(text)).toBe(false);
  });
});

describe('days', () => {
  it('crosses months, years and leap days', () => {
    expect(addDays('2024-02-28', 1)).toBe('2024-02-29');
    expect(addDays('2023-12-31', 1)).toBe('2024-01-01');
    expect(addDays('2024-03-01', -1)).toBe('2024-02-29');
  });

  it('counts across the clock change', () => {
    expect(daysBetween('2024-03-30', '2024-04-01')).toBe(2);
  });

  it('counts backwards', () => {
    expect(daysBetween('2024-06-15', '2024-06-01')).toBe(-14);
  });

  it('takes the UTC day of a Date', () => {
    expect(toIsoDate(new Date('2024-06-15T23:59:59Z'))).toBe('2024-06-15');
  });
});

describe('months', () => {
  it('is the first seven characters of a day', () => {
    expect(monthKey('2024-06-15')).toBe('2024-06');
  });

  it.each([
    ['2024-11', 2, '2025-01'],
    ['2024-01', -1, '2023-12'],
    ['2024-05', 0, '2024-05'],
  ])('addMonths(%s, %i) is %s', (month, count, expected) => {
    expect(addMonths(month, count)).toBe(expected);
  });

  it('knows the ends of a month', () => {
    expect(startOfMonth('2024-02-15')).toBe('2024-02-01');
    expect(endOfMonth('2024-02-15')).toBe('2024-02-29');
    expect(endOfMonth('2023-12-01')).toBe('2023-12-31');
  });

  it.each([
    ['2024-01-01', '2024-01-01'],
    ['2024-06-30', '2024-04-01'],
    ['2024-12-05', '2024-10-01'],
  ])('the quarter of %s starts on %s', (day, start) => {
    expect(startOfQuarter(day)).toBe(start);
  });
});

describe('formats', () => {
  it('writes days', () => {
    expect(formatDate('2024-06-05', 'en')).toBe('Jun 5, 2024');
    expect(formatDate('2024-06-05', 'de')).toBe('05.06.2024');
  });

  it('writes months', () => {
    expect(formatMonth('2024-03', 'en')).toBe('Mar 2024');
    expect(formatMonth('2024-03', 'de')).toBe('März 2024');
  });
});
