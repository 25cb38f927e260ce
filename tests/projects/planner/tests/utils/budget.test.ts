// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { budgetStatus, remainingCents, sumBudgets, usageRatio } from '../../src/utils/budget';

const amounts = (plannedCents: number, spentCents: number) => ({ plannedCents, spentCents });

describe('remainingCents', () => {
  it('is negative once overspent', () => {
    expect(remainingCents(amounts(1000, 400))).toBe(600);
    expect(remainingCents(amounts(1000, 1001))).toBe(-1);
  });
});

describe('usageRatio', () => {
  it('is the spent part', () => {
    expect(usageRatio(amounts(1000, 250))).toBe(0.25);
  });

  it('is 0 with nothing planned and nothing spent', () => {
    expect(usageRatio(amounts(0, 0))).toBe(0);
  });

  it('is 1 with nothing planned but something spent', () => {
    expect(usageRatio(amounts(0, 5))).toBe(1);
  });
});

describe('budgetStatus', () => {
  it.each([
    [1000, 0, 'ok'],
    [1000, 799, 'ok'],
    [1000, 800, 'warning'],
    [1000, 1000, 'warning'],
    [1000, 1001, 'over'],
  ] as const)('%i planned, %i spent: %s', (planned, spent, status) => {
    expect(budgetStatus(amounts(planned, spent))).toBe(status);
  });
});

describe('sumBudgets', () => {
  it('adds both amounts', () => {
    expect(sumBudgets([amounts(100, 10), amounts(200, 30)])).toEqual(amounts(300, 40));
  });

  it('is zero for no budgets', () => {
    expect(sumBudgets([])).toEqual(amounts(0, 0));
  });
});
