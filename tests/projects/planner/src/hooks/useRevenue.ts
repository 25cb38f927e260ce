import { useQuery } from '@tanstack/react-query';
import { fetchRevenue } from '../api/endpoints';
import type { DateRange } from '../types';
import { isValidRange } from '../utils/dateRange';

export function useRevenue(range: DateRange) {
  return useQuery({
    queryKey: ['revenue', range],
    queryFn: () => fetchRevenue(range),
    enabled: isValidRange(range),
  });
}
