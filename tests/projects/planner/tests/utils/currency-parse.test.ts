// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { formatCurrency, parseCurrency } from '../../src/utils/currency';

describe('parseCurrency', () => {
  describe('in English', () => {
    it.each([
      ['1,234.56', 123456],
      ['€ 12', 1200],
      ['-0.5', -50],
    ])('reads %j', (text, cents) => {
      expect(parseCurrency(text, 'en')).toBe(cents);
    });
  });

  describe('in German', () => {
    it.each([
      ['1.234,56', 123456],
      ['12 €', 1200],
      ['-0,5', -50],
    ])('reads %j', (text, cents) => {
      expect(parseCurrency(text, 'de')).toBe(cents);
    });
  });

  it.each(['', 'twelve', '1.234', '1.2.3', '--1'])('refuses %j', (text) => {
    expect(parseCurrency(text, 'en')).toBeNull();
  });

  it('reads back what formatCurrency wrote', () => {
    for (const locale of ['en', 'de']) {
      expect(parseCurrency(formatCurrency(987654321, locale), locale)).toBe(987654321);
    }
  });

  it.todo('reads amounts with an apostrophe as group separator (de-CH)');
});
