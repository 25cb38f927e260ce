import { useReducer } from 'react';
import { filtersReducer, initialFilters } from '../state/filters';
import { toIsoDate } from '../utils/date';

export function useFilters() {
  return useReducer(filtersReducer, null, () => initialFilters(toIsoDate(new Date())));
}
