import { useLocalStorage } from './useLocalStorage';

export const PAGE_SIZES = [10, 25, 50];

export function usePageSize() {
  return useLocalStorage('planner.pageSize', 10);
}
