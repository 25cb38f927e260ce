import { describe, expect, it } from 'vitest';
import { CategoryChart } from '../../src/components/CategoryChart';
import { RevenueChart } from '../../src/components/RevenueChart';
import { TopCustomers } from '../../src/components/TopCustomers';
import { entry, mockData } from '../helpers/fixtures';
import { render, screen, within } from '../helpers/test-utils';

const drawn = (name: string) =>
  within(screen.getByRole('figure', { name }))
    .getAllByText(/labels/)
    .map(({ textContent }) => JSON.parse(textContent));

describe('RevenueChart', () => {
  it('draws revenue and trend by month', () => {
    render(<RevenueChart entries={mockData().revenue} range={{ from: '2024-01-01', to: '2024-03-31' }} />);
    const labels = ['Jan 2024', 'Feb 2024', 'Mar 2024'];
    expect(drawn('Revenue by month')).toEqual([
      { labels, data: [300, 0, 200] },
      { labels, data: [300, 150, 500 / 3] },
    ]);
  });

  it('has German months in German', () => {
    render(<RevenueChart entries={[]} range={{ from: '2024-03-01', to: '2024-03-31' }} />, { language: 'de' });
    expect(drawn('Umsatz nach Monat')[0].labels).toEqual(['März 2024']);
  });
});

describe('CategoryChart', () => {
  it('draws one piece per category with revenue', () => {
    render(<CategoryChart entries={[entry({ category: 'licences', amountCents: 50 }), entry()]} />);
    expect(drawn('Revenue by category')).toEqual([{ labels: ['Services', 'Licences'], data: [100, 0.5] }]);
  });
});

describe('TopCustomers', () => {
  it('lists the five largest', () => {
    const entries = [1, 2, 3, 4, 5, 6].map((n) => entry({ customer: `Customer ${n}`, amountCents: n * 100 }));
    render(<TopCustomers entries={entries} />);
    expect(screen.getAllByRole('listitem').map(({ textContent }) => textContent)).toEqual([
      'Customer 6 €6.00',
      'Customer 5 €5.00',
      'Customer 4 €4.00',
      'Customer 3 €3.00',
      'Customer 2 €2.00',
    ]);
  });
});
