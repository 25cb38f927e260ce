import type { Budget } from '../types';
import { sumBudgets, usageRatio } from '../utils/budget';

/** BK1, budget utilisation: what is spent of everything planned. */
export function bk1(budgets: Budget[]): number {
  return usageRatio(sumBudgets(budgets));
}
