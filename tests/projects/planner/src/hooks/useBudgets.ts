import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { createBudget, deleteBudget, fetchBudgets } from '../api/endpoints';

const BUDGETS = ['budgets'];

export function useBudgets() {
  return useQuery({ queryKey: BUDGETS, queryFn: fetchBudgets });
}

function useInvalidateBudgets() {
  const queryClient = useQueryClient();
  return () => queryClient.invalidateQueries({ queryKey: BUDGETS });
}

export function useCreateBudget() {
  return useMutation({ mutationFn: createBudget, onSuccess: useInvalidateBudgets() });
}

export function useDeleteBudget() {
  return useMutation({ mutationFn: deleteBudget, onSuccess: useInvalidateBudgets() });
}
