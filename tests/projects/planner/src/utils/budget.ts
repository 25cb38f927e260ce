import type { Budget } from '../types';

export type BudgetStatus = 'ok' | 'warning' | 'over';

export const WARNING_RATIO = 0.8;

type Amounts = Pick<Budget, 'plannedCents' | 'spentCents'>;

export function remainingCents({ plannedCents, spentCents }: Amounts): number {
  return plannedCents - spentCents;
}

/** Spending against nothing planned counts as fully used. */
export function usageRatio({ plannedCents, spentCents }: Amounts): number {
  if (plannedCents === 0) return spentCents === 0 ? 0 : 1;
  return spentCents / plannedCents;
}

export function budgetStatus(budget: Amounts): BudgetStatus {
  if (remainingCents(budget) < 0) return 'over';
  return usageRatio(budget) >= WARNING_RATIO ? 'warning' : 'ok';
}

export function sumBudgets(budgets: Amounts[]): Amounts {
  return budgets.reduce(
    (sum, budget) => ({
      plannedCents: sum.plannedCents + budget.plannedCents,
      spentCents: sum.spentCents + budget.spentCents,
    }),
    { plannedCents: 0, spentCents: 0 },
  );
}

/**
 * Splits an amount by weight without losing a cent: the cents left over after rounding down
 * go to the largest remainders, the earlier weight first on a tie.
 */
export function allocate(totalCents: number, weights: number[]): number[] {
  const weightSum = weights.reduce((sum, weight) => sum + weight, 0);
  if (weightSum <= 0) throw new RangeError('allocate needs a positive sum of weights');

  const exact = weights.map((weight) => (totalCents * weight) / weightSum);
  const shares = exact.map(Math.floor);
  const leftOver = totalCents - shares.reduce((sum, share) => sum + share, 0);

  exact
    .map((value, index) => ({ index, remainder: value - Math.floor(value) }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index)
    .slice(0, leftOver)
    .forEach(({ index }) => {
      shares[index]! += 1;
    });
  return shares;
}
