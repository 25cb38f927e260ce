// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { demoData } from '../../src/mocks/demoData';
import { validateLogin } from '../../src/utils/validation';

const data = demoData('2024-06-15');

describe('demoData', () => {
  it('is the same on every call', () => {
    expect(demoData('2024-06-15')).toEqual(data);
  });

  it('covers two years up to today', () => {
    expect(data.revenue.at(0)?.date).toBe('2024-06-15');
    expect(data.revenue.at(-1)?.date).toMatch(/^2022-06/);
  });

  it('has positive amounts and unique ids', () => {
    expect(Math.min(...data.revenue.map(({ amountCents }) => amountCents))).toBeGreaterThan(0);
    expect(new Set(data.revenue.map(({ id }) => id)).size).toBe(data.revenue.length);
  });

  it('has users whose credentials pass the form', () => {
    expect(data.users.map(({ email, password }) => validateLogin({ email, password }))).toEqual([{}, {}]);
  });
});
