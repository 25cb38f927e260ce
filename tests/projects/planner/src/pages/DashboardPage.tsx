import { useTranslation } from 'react-i18next';
import { CategoryChart } from '../components/CategoryChart';
import { QueryState } from '../components/QueryState';
import { RangePicker } from '../components/RangePicker';
import { RevenueChart } from '../components/RevenueChart';
import { StatCard } from '../components/StatCard';
import { TopCustomers } from '../components/TopCustomers';
import { useBudgets } from '../hooks/useBudgets';
import { useFilters } from '../hooks/useFilters';
import { useFormatters } from '../hooks/useFormatters';
import { useRevenue } from '../hooks/useRevenue';
import { bk1 } from '../indicators/bk1';
import { k1 } from '../indicators/k1';
import { isValidRange, previousRange } from '../utils/dateRange';
import { totalCents } from '../utils/revenue';
import { median } from '../utils/statistics';

const UNKNOWN = '–';

export function DashboardPage() {
  const { t } = useTranslation();
  const { currency, percent } = useFormatters();
  const [{ preset, range }, dispatch] = useFilters();
  const revenue = useRevenue(range);
  const previous = useRevenue(isValidRange(range) ? previousRange(range) : range);
  const budgets = useBudgets();

  return (
    <>
      <h1>{t('dashboard.title')}</h1>
      <RangePicker
        preset={preset}
        range={range}
        onPreset={(next) => dispatch({ type: 'presetSelected', preset: next })}
        onRange={(next) => dispatch({ type: 'rangeChanged', range: next })}
      />
      <QueryState query={revenue}>
        {(entries) => {
          const growth = previous.data ? k1(totalCents(entries), totalCents(previous.data)) : null;
          return (
            <div className="grid">
              <StatCard label={t('dashboard.total')} value={currency(totalCents(entries))} />
              <StatCard
                label={t('dashboard.growth')}
                value={growth === null ? UNKNOWN : percent(growth)}
                tone={growth !== null && growth < 0 ? 'bad' : 'good'}
              />
              <StatCard
                label={t('dashboard.median')}
                value={currency(median(entries.map((entry) => entry.amountCents)))}
              />
              <StatCard
                label={t('dashboard.utilisation')}
                value={budgets.data ? percent(bk1(budgets.data)) : UNKNOWN}
              />
              <RevenueChart entries={entries} range={range} />
              <CategoryChart entries={entries} />
              <TopCustomers entries={entries} />
            </div>
          );
        }}
      </QueryState>
    </>
  );
}
