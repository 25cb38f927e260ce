import { Line } from 'react-chartjs-2';
import { useTranslation } from 'react-i18next';
import { useFormatters } from '../hooks/useFormatters';
import type { DateRange, RevenueEntry } from '../types';
import { monthlyChartData } from '../utils/chartData';
import { totalsByMonth } from '../utils/revenue';
import './chartSetup';

interface Props {
  entries: RevenueEntry[];
  range: DateRange;
}

export function RevenueChart({ entries, range }: Props) {
  const { t } = useTranslation();
  const { month, compactCurrency } = useFormatters();
  const data = monthlyChartData(totalsByMonth(entries, range), {
    month,
    revenue: t('dashboard.total'),
    trend: t('dashboard.trend'),
  });
  return (
    <section className="card chart">
      <h2>{t('dashboard.byMonth')}</h2>
      <Line
        aria-label={t('dashboard.byMonth')}
        data={data}
        options={{
          maintainAspectRatio: false,
          scales: { y: { ticks: { callback: (value) => compactCurrency(Number(value) * 100) } } },
        }}
      />
    </section>
  );
}
