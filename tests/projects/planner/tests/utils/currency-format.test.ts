// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { formatCompactCurrency, formatCurrency, formatPercent } from '../../src/utils/currency';

describe('formatCurrency', () => {
  it.each([
    [123456, 'en', '€1,234.56'],
    [123456, 'de', '1.234,56\u00a0€'],
    [0, 'en', '€0.00'],
    [-5, 'en', '-€0.05'],
  ])('formats %i cents in %s as %s', (cents, locale, expected) => {
    expect(formatCurrency(cents, locale)).toBe(expected);
  });

  it('takes another currency: $1.50 (USD)', () => {
    expect(formatCurrency(150, 'en', 'USD')).toBe('$1.50');
  });
});

describe('formatCompactCurrency', () => {
  it('shortens thousands and millions', () => {
    expect(formatCompactCurrency(12_300_00, 'en')).toBe('€12.3K');
    expect(formatCompactCurrency(4_500_000_00, 'en')).toBe('€4.5M');
  });
});

describe('formatPercent', () => {
  it('keeps one decimal', () => {
    expect(formatPercent(0.1234, 'en')).toBe('12.3%');
  });

  it('follows the language', () => {
    expect(formatPercent(-0.055, 'de')).toBe('-5,5\u00a0%');
  });
});
