import { useTranslation } from 'react-i18next';
import { ExportButton } from '../components/ExportButton';
import { QueryState } from '../components/QueryState';
import { RangePicker } from '../components/RangePicker';
import { RevenueTable } from '../components/RevenueTable';
import { useDebouncedValue } from '../hooks/useDebouncedValue';
import { useFilters } from '../hooks/useFilters';
import { usePageSize } from '../hooks/usePageSize';
import { useRevenue } from '../hooks/useRevenue';
import type { Filters } from '../state/filters';
import { CATEGORIES } from '../types';
import { filterEntries } from '../utils/revenue';

const SEARCH_DELAY_MS = 150;

export function RevenuePage() {
  const { t } = useTranslation();
  const [{ preset, range, category, search }, dispatch] = useFilters();
  const [pageSize] = usePageSize();
  const debouncedSearch = useDebouncedValue(search, SEARCH_DELAY_MS);
  const revenue = useRevenue(range);

  return (
    <>
      <h1>{t('revenue.title')}</h1>
      <RangePicker
        preset={preset}
        range={range}
        onPreset={(next) => dispatch({ type: 'presetSelected', preset: next })}
        onRange={(next) => dispatch({ type: 'rangeChanged', range: next })}
      />
      <input
        type="search"
        aria-label={t('revenue.search')}
        value={search}
        onChange={(event) => dispatch({ type: 'searchChanged', search: event.target.value })}
      />
      <select
        aria-label={t('category.label')}
        value={category}
        onChange={(event) =>
          dispatch({ type: 'categoryChanged', category: event.target.value as Filters['category'] })
        }
      >
        {(['all', ...CATEGORIES] as const).map((name) => (
          <option key={name} value={name}>
            {t(`category.${name}`)}
          </option>
        ))}
      </select>
      <QueryState query={revenue}>
        {(entries) => {
          const shown = filterEntries(entries, { category, search: debouncedSearch });
          return (
            <>
              <ExportButton entries={shown} range={range} />
              <RevenueTable entries={shown} pageSize={pageSize} />
            </>
          );
        }}
      </QueryState>
    </>
  );
}
