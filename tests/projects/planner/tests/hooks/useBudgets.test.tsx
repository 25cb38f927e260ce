import { describe, expect, it } from 'vitest';
import { useBudgets, useCreateBudget, useDeleteBudget } from '../../src/hooks/useBudgets';
import { act, renderHook, waitFor } from '../helpers/test-utils';

async function loaded() {
  const { result } = renderHook(() => ({ list: useBudgets(), create: useCreateBudget(), remove: useDeleteBudget() }));
  await waitFor(() => expect(result.current.list.isSuccess).toBe(true));
  return {
    current: () => result.current,
    names: () => result.current.list.data?.map(({ name }) => name),
  };
}

describe('budgets', () => {
  it('are loaded', async () => {
    const { names } = await loaded();
    expect(names()).toEqual(['Marketing', 'Travel']);
  });

  it('are loaded again after one was created', async () => {
    const { current, names } = await loaded();
    await act(() => current().create.mutateAsync({ name: 'Books', plannedCents: 100 }));
    await waitFor(() => expect(names()).toEqual(['Marketing', 'Travel', 'Books']));
  });

  it('are loaded again after one was deleted', async () => {
    const { current, names } = await loaded();
    await act(() => current().remove.mutateAsync('b1'));
    await waitFor(() => expect(names()).toEqual(['Travel']));
  });
});
