// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { bk1 } from '../../src/indicators/bk1';
import { budget } from '../helpers/fixtures';

describe('BK1', () => {
  it('weighs budgets by their size', () => {
    const large = budget({ plannedCents: 900, spentCents: 450 });
    const small = budget({ plannedCents: 100, spentCents: 100 });
    expect(bk1([large, small])).toBe(0.55);
  });

  it('exceeds 1 when overspent', () => {
    expect(bk1([budget({ plannedCents: 100, spentCents: 150 })])).toBe(1.5);
  });

  it('is 0 without budgets', () => {
    expect(bk1([])).toBe(0);
  });

  it.todo('leaves out closed budgets');
});
