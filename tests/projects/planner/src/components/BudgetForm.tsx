import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormatters } from '../hooks/useFormatters';
import type { NewBudget } from '../types';
import { parseCurrency } from '../utils/currency';
import { isValid, validateBudget, type BudgetDraft, type Errors } from '../utils/validation';
import { TextField } from './TextField';

const EMPTY: BudgetDraft = { name: '', planned: '' };

interface Props {
  busy: boolean;
  onSubmit: (budget: NewBudget) => void;
}

export function BudgetForm({ busy, onSubmit }: Props) {
  const { t } = useTranslation();
  const { locale } = useFormatters();
  const [draft, setDraft] = useState(EMPTY);
  const [errors, setErrors] = useState<Errors<BudgetDraft>>({});

  function submit(event: FormEvent) {
    event.preventDefault();
    const found = validateBudget(draft, locale);
    setErrors(found);
    const plannedCents = parseCurrency(draft.planned, locale);
    if (!isValid(found) || plannedCents === null) return;
    onSubmit({ name: draft.name.trim(), plannedCents });
    setDraft(EMPTY);
  }

  return (
    <form className="card form" noValidate aria-label={t('budgets.add')} onSubmit={submit}>
      <TextField
        label={t('budgets.name')}
        value={draft.name}
        error={errors.name}
        onValueChange={(name) => setDraft({ ...draft, name })}
      />
      <TextField
        label={t('budgets.planned')}
        inputMode="decimal"
        value={draft.planned}
        error={errors.planned}
        onValueChange={(planned) => setDraft({ ...draft, planned })}
      />
      <button type="submit" disabled={busy}>
        {t('budgets.add')}
      </button>
    </form>
  );
}
