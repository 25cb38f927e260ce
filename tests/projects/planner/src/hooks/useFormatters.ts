import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { IsoDate, MonthKey } from '../types';
import { formatCompactCurrency, formatCurrency, formatPercent } from '../utils/currency';
import { formatDate, formatMonth } from '../utils/date';

export function useFormatters() {
  const { i18n } = useTranslation();
  const locale = i18n.language;
  return useMemo(
    () => ({
      locale,
      currency: (cents: number) => formatCurrency(cents, locale),
      compactCurrency: (cents: number) => formatCompactCurrency(cents, locale),
      percent: (ratio: number) => formatPercent(ratio, locale),
      date: (day: IsoDate) => formatDate(day, locale),
      month: (month: MonthKey) => formatMonth(month, locale),
    }),
    [locale],
  );
}
