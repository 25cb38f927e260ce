import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormatters } from '../hooks/useFormatters';
import { usePagination } from '../hooks/usePagination';
import type { RevenueEntry } from '../types';
import { nextSorting, sortBy, type Sorting } from '../utils/sort';
import { Pagination } from './Pagination';

interface Props {
  entries: RevenueEntry[];
  pageSize: number;
}

export function RevenueTable({ entries, pageSize }: Props) {
  const { t } = useTranslation();
  const { currency, date } = useFormatters();
  const [sorting, setSorting] = useState<Sorting<RevenueEntry>>({ key: 'date', direction: 'descending' });
  const { page, pages, setPage, items } = usePagination(sortBy(entries, sorting), pageSize);

  if (entries.length === 0) return <p>{t('revenue.empty')}</p>;

  const columns = [
    { key: 'date', label: t('revenue.date') },
    { key: 'customer', label: t('revenue.customer') },
    { key: 'category', label: t('category.label') },
    { key: 'amountCents', label: t('revenue.amount') },
  ] as const;

  return (
    <>
      <p data-testid="revenue-count">{t('revenue.count', { count: entries.length })}</p>
      <table>
        <thead>
          <tr>
            {columns.map(({ key, label }) => (
              <th key={key} scope="col" aria-sort={sorting.key === key ? sorting.direction : 'none'}>
                <button type="button" onClick={() => setSorting(nextSorting(sorting, key))}>
                  {label}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((entry) => (
            <tr key={entry.id}>
              <td>{date(entry.date)}</td>
              <td>{entry.customer}</td>
              <td>{t(`category.${entry.category}`)}</td>
              <td className="amount">{currency(entry.amountCents)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Pagination page={page} pages={pages} onPage={setPage} />
    </>
  );
}
