// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { validateBudget } from '../../src/utils/validation';

describe('validateBudget', () => {
  it.each([
    ['en', '1,500.00'],
    ['de', '1.500,00'],
  ])('accepts an amount written in %s: %s', (locale, planned) => {
    expect(validateBudget({ name: 'Travel', planned }, locale)).toEqual({});
  });

  it('requires both fields', () => {
    expect(validateBudget({ name: ' ', planned: '' }, 'en')).toEqual({ name: 'required', planned: 'required' });
  });

  it('limits the name to 40 characters', () => {
    expect(validateBudget({ name: 'x'.repeat(40), planned: '1' }, 'en')).toEqual({});
    expect(validateBudget({ name: 'x'.repeat(41), planned: '1' }, 'en')).toEqual({ name: 'tooLong' });
  });

  it.each(['0', '-5', 'much', '1.999'])('refuses the amount %s', (planned) => {
    expect(validateBudget({ name: 'Travel', planned }, 'en')).toEqual({ planned: 'amount' });
  });
});
