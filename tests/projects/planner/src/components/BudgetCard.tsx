import { useTranslation } from 'react-i18next';
import { useFormatters } from '../hooks/useFormatters';
import type { Budget } from '../types';
import { allocate, budgetStatus, remainingCents } from '../utils/budget';
import { BudgetBar } from './BudgetBar';

const QUARTERS = [1, 1, 1, 1];

interface Props {
  budget: Budget;
  onDelete?: (() => void) | undefined;
}

export function BudgetCard({ budget, onDelete }: Props) {
  const { t } = useTranslation();
  const { currency } = useFormatters();
  const remaining = remainingCents(budget);
  return (
    <article className="card" aria-label={budget.name}>
      <h2>{budget.name}</h2>
      <strong>{t(`budgets.status.${budgetStatus(budget)}`)}</strong>
      <BudgetBar budget={budget} />
      <p>{t('budgets.spent', { spent: currency(budget.spentCents), planned: currency(budget.plannedCents) })}</p>
      <p>
        {remaining < 0
          ? t('budgets.exceeded', { amount: currency(-remaining) })
          : t('budgets.remaining', { amount: currency(remaining) })}
      </p>
      <ul aria-label={t('budgets.perQuarter')}>
        {allocate(budget.plannedCents, QUARTERS).map((share, index) => (
          <li key={index}>
            Q{index + 1}: {currency(share)}
          </li>
        ))}
      </ul>
      {onDelete && (
        <button type="button" onClick={onDelete}>
          {t('budgets.delete', { name: budget.name })}
        </button>
      )}
    </article>
  );
}
