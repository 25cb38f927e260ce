import type { ChartData } from 'chart.js';
import type { Category, MonthKey } from '../types';
import { movingAverage } from './statistics';

export const CATEGORY_COLOURS: Record<Category, string> = {
  subscriptions: '#2563eb',
  services: '#16a34a',
  licences: '#d97706',
};

const TREND_MONTHS = 3;

export interface MonthlyLabels {
  month: (month: MonthKey) => string;
  revenue: string;
  trend: string;
}

export function monthlyChartData(totals: Map<MonthKey, number>, labels: MonthlyLabels): ChartData<'line', number[], string> {
  const euros = [...totals.values()].map((cents) => cents / 100);
  return {
    labels: [...totals.keys()].map(labels.month),
    datasets: [
      { label: labels.revenue, data: euros, borderColor: '#2563eb', backgroundColor: '#bfdbfe' },
      { label: labels.trend, data: movingAverage(euros, TREND_MONTHS), borderColor: '#64748b', borderDash: [6, 4] },
    ],
  };
}

export function categoryChartData(
  totals: Record<Category, number>,
  label: (category: Category) => string,
): ChartData<'doughnut', number[], string> {
  const present = (Object.keys(totals) as Category[]).filter((category) => totals[category] !== 0);
  return {
    labels: present.map(label),
    datasets: [
      {
        data: present.map((category) => totals[category] / 100),
        backgroundColor: present.map((category) => CATEGORY_COLOURS[category]),
      },
    ],
  };
}
