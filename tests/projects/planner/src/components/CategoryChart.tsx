import { Doughnut } from 'react-chartjs-2';
import { useTranslation } from 'react-i18next';
import type { RevenueEntry } from '../types';
import { categoryChartData } from '../utils/chartData';
import { totalsByCategory } from '../utils/revenue';
import './chartSetup';

export function CategoryChart({ entries }: { entries: RevenueEntry[] }) {
  const { t } = useTranslation();
  const data = categoryChartData(totalsByCategory(entries), (category) => t(`category.${category}`));
  return (
    <section className="card chart">
      <h2>{t('dashboard.byCategory')}</h2>
      <Doughnut aria-label={t('dashboard.byCategory')} data={data} options={{ maintainAspectRatio: false }} />
    </section>
  );
}
