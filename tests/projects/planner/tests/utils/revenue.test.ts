// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { filterEntries, topCustomers, totalCents, totalsByCategory, totalsByMonth } from '../../src/utils/revenue';
import { entry } from '../helpers/fixtures';

const list = [
  entry({ date: '2024-01-31', customer: 'Birch Labs', category: 'services', amountCents: 100 }),
  entry({ date: '2024-03-01', customer: 'Elm Studio', category: 'licences', amountCents: 250 }),
  entry({ date: '2024-03-31', customer: 'Birch Labs', category: 'services', amountCents: 50 }),
];

describe('totalCents', () => {
  it('adds the amounts', () => {
    expect(totalCents(list)).toBe(400);
  });

  it('is zero for no entries', () => {
    expect(totalCents([])).toBe(0);
  });
});

describe('totalsByMonth', () => {
  it('includes months without revenue', () => {
    const totals = totalsByMonth(list, { from: '2024-01-01', to: '2024-03-31' });
    expect([...totals]).toEqual([['2024-01', 100], ['2024-02', 0], ['2024-03', 300]]);
  });

  it('leaves out entries outside the range', () => {
    const totals = totalsByMonth(list, { from: '2024-03-02', to: '2024-03-31' });
    expect([...totals]).toEqual([['2024-03', 50]]);
  });
});

describe('totalsByCategory', () => {
  it('has every category', () => {
    expect(totalsByCategory(list)).toEqual({ subscriptions: 0, services: 150, licences: 250 });
  });
});

describe('topCustomers', () => {
  it('adds per customer, the largest first', () => {
    expect(topCustomers(list, 5)).toEqual([
      { customer: 'Elm Studio', amountCents: 250 },
      { customer: 'Birch Labs', amountCents: 150 },
    ]);
  });

  it('keeps only as many as asked for', () => {
    expect(topCustomers(list, 1)).toHaveLength(1);
  });

  it('orders equal amounts by name', () => {
    const equal = [entry({ customer: 'B' }), entry({ customer: 'A' })];
    expect(topCustomers(equal, 2).map(({ customer }) => customer)).toEqual(['A', 'B']);
  });
});

describe('filterEntries', () => {
  it('keeps all by default', () => {
    expect(filterEntries(list, { category: 'all', search: '' })).toEqual(list);
  });

  it('filters by category', () => {
    expect(filterEntries(list, { category: 'licences', search: '' })).toEqual([list[1]]);
  });

  it('searches names without regard to case or outer spaces', () => {
    expect(filterEntries(list, { category: 'all', search: ' BIRCH ' })).toEqual([list[0], list[2]]);
  });

  it('combines both', () => {
    expect(filterEntries(list, { category: 'licences', search: 'birch' })).toEqual([]);
  });
});
