import type { MockData } from '../../src/mocks/mockFetch';
import type { Budget, RevenueEntry, User } from '../../src/types';

export const TODAY = '2024-06-15';

export const admin: User = { id: 'u1', name: 'Ada Admin', email: 'ada@example.com', role: 'admin' };
export const viewer: User = { id: 'u2', name: 'Vic Viewer', email: 'vic@example.com', role: 'viewer' };
export const PASSWORD = 'correct horse';

export function entry(overrides: Partial<RevenueEntry> = {}): RevenueEntry {
  return {
    id: 'e1',
    date: '2024-06-01',
    customer: 'Birch Labs',
    category: 'services',
    amountCents: 100_00,
    ...overrides,
  };
}

export function budget(overrides: Partial<Budget> = {}): Budget {
  return { id: 'b1', name: 'Marketing', plannedCents: 1000_00, spentCents: 400_00, ...overrides };
}

export function entries(count: number): RevenueEntry[] {
  return Array.from({ length: count }, (_, index) =>
    entry({ id: `e${index + 1}`, customer: `Customer ${String(index + 1).padStart(2, '0')}` }),
  );
}

export function mockData(): MockData {
  return {
    users: [
      { ...admin, password: PASSWORD },
      { ...viewer, password: PASSWORD },
    ],
    revenue: [
      entry({ id: 'e1', date: '2024-01-10', customer: 'Birch Labs', category: 'services', amountCents: 300_00 }),
      entry({ id: 'e2', date: '2024-03-05', customer: 'Elm Studio', category: 'licences', amountCents: 200_00 }),
      entry({ id: 'e3', date: '2024-06-01', customer: 'Birch Labs', category: 'subscriptions', amountCents: 100_00 }),
      entry({ id: 'e4', date: '2023-05-20', customer: 'Cedar GmbH', category: 'services', amountCents: 500_00 }),
    ],
    budgets: [budget(), budget({ id: 'b2', name: 'Travel', plannedCents: 200_00, spentCents: 260_00 })],
  };
}
