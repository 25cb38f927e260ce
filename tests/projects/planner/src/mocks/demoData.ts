import { CATEGORIES, type IsoDate, type RevenueEntry } from '../types';
import { addDays } from '../utils/date';
import type { MockData } from './mockFetch';

const CUSTOMERS = ['Alder & Sons', 'Birch Labs', 'Cedar GmbH', 'Elm Studio', 'Hazel Foods', 'Rowan Media'];
const DAYS = 730;
const DAYS_BETWEEN_ENTRIES = 3;

/** Two years of entries up to `today`, the same ones on every call. */
function demoRevenue(today: IsoDate): RevenueEntry[] {
  return Array.from({ length: Math.floor(DAYS / DAYS_BETWEEN_ENTRIES) }, (_, index) => ({
    id: `r${index + 1}`,
    date: addDays(today, -index * DAYS_BETWEEN_ENTRIES),
    customer: CUSTOMERS[(index * 5) % CUSTOMERS.length]!,
    category: CATEGORIES[(index * 7) % CATEGORIES.length]!,
    amountCents: 90_000 + ((index * 7919) % 400) * 1_000 - index * 200,
  }));
}

export function demoData(today: IsoDate): MockData {
  return {
    users: [
      { id: 'u1', name: 'Ada Admin', email: 'admin@example.com', role: 'admin', password: 'planner-admin' },
      { id: 'u2', name: 'Vic Viewer', email: 'viewer@example.com', role: 'viewer', password: 'planner-viewer' },
    ],
    revenue: demoRevenue(today),
    budgets: [
      { id: 'b1', name: 'Marketing', plannedCents: 1_200_000, spentCents: 540_000 },
      { id: 'b2', name: 'Infrastructure', plannedCents: 800_000, spentCents: 710_000 },
      { id: 'b3', name: 'Travel', plannedCents: 250_000, spentCents: 275_000 },
    ],
  };
}
