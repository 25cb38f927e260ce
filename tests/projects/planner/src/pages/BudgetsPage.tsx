import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAuth } from '../auth/AuthProvider';
import { BudgetCard } from '../components/BudgetCard';
import { BudgetForm } from '../components/BudgetForm';
import { ConfirmDialog } from '../components/ConfirmDialog';
import { QueryState } from '../components/QueryState';
import { useBudgets, useCreateBudget, useDeleteBudget } from '../hooks/useBudgets';
import { useNotify } from '../notifications/NotificationsProvider';
import type { Budget, NewBudget } from '../types';

export function BudgetsPage() {
  const { t } = useTranslation();
  const { user } = useAuth();
  const notify = useNotify();
  const budgets = useBudgets();
  const createBudget = useCreateBudget();
  const deleteBudget = useDeleteBudget();
  const [doomed, setDoomed] = useState<Budget | null>(null);
  const mayEdit = user?.role === 'admin';
  const onError = () => notify('error', t('budgets.failed'));

  function add(budget: NewBudget) {
    createBudget.mutate(budget, {
      onSuccess: ({ name }) => notify('success', t('budgets.added', { name })),
      onError,
    });
  }

  function remove({ id, name }: Budget) {
    setDoomed(null);
    deleteBudget.mutate(id, {
      onSuccess: () => notify('success', t('budgets.deleted', { name })),
      onError,
    });
  }

  return (
    <>
      <h1>{t('budgets.title')}</h1>
      {mayEdit && <BudgetForm busy={createBudget.isPending} onSubmit={add} />}
      <QueryState query={budgets}>
        {(list) =>
          list.length === 0 ? (
            <p>{t('budgets.empty')}</p>
          ) : (
            <div className="grid">
              {list.map((budget) => (
                <BudgetCard
                  key={budget.id}
                  budget={budget}
                  onDelete={mayEdit ? () => setDoomed(budget) : undefined}
                />
              ))}
            </div>
          )
        }
      </QueryState>
      {doomed && (
        <ConfirmDialog
          question={t('budgets.confirm', { name: doomed.name })}
          onConfirm={() => remove(doomed)}
          onCancel={() => setDoomed(null)}
        />
      )}
    </>
  );
}
