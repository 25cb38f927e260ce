import type { Budget } from '../types';
import { budgetStatus, usageRatio } from '../utils/budget';

export function BudgetBar({ budget }: { budget: Budget }) {
  const percent = Math.round(usageRatio(budget) * 100);
  return (
    <div className="bar" data-status={budgetStatus(budget)}>
      <div
        role="progressbar"
        aria-label={budget.name}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.min(percent, 100)}
        aria-valuetext={`${percent}%`}
        style={{ width: `${Math.min(percent, 100)}%` }}
      />
    </div>
  );
}
