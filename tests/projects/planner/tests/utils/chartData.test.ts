// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { CATEGORY_COLOURS, categoryChartData, monthlyChartData } from '../../src/utils/chartData';

describe('monthlyChartData', () => {
  const totals = new Map([['2024-01', 300_00], ['2024-02', 0], ['2024-03', 600_50]]);
  const data = monthlyChartData(totals, { month: (month) => `<${month}>`, revenue: 'Revenue', trend: 'Trend' });

  it('labels the months', () => {
    expect(data.labels).toEqual(['<2024-01>', '<2024-02>', '<2024-03>']);
  });

  it('shows whole currency units', () => {
    expect(data.datasets[0]).toMatchObject({ label: 'Revenue', data: [300, 0, 600.5] });
  });

  it('adds a trend over three months', () => {
    expect(data.datasets[1]).toMatchObject({ label: 'Trend', data: [300, 150, 300.1666666666667] });
  });
});

describe('categoryChartData', () => {
  it('leaves out empty categories and keeps their colours apart', () => {
    const data = categoryChartData({ subscriptions: 100, services: 0, licences: 250 }, (category) => category);
    expect(data.labels).toEqual(['subscriptions', 'licences']);
    expect(data.datasets[0]).toEqual({
      data: [1, 2.5],
      backgroundColor: [CATEGORY_COLOURS.subscriptions, CATEGORY_COLOURS.licences],
    });
  });
});
