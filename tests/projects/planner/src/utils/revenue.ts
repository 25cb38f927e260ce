import { CATEGORIES, type Category, type DateRange, type MonthKey, type RevenueEntry } from '../types';
import { monthKey } from './date';
import { contains, monthsIn } from './dateRange';

export function totalCents(entries: RevenueEntry[]): number {
  return entries.reduce((sum, entry) => sum + entry.amountCents, 0);
}

/** Every month of the range appears, also those without revenue. */
export function totalsByMonth(entries: RevenueEntry[], range: DateRange): Map<MonthKey, number> {
  const totals = new Map(monthsIn(range).map((month) => [month, 0]));
  for (const entry of entries) {
    if (!contains(range, entry.date)) continue;
    const month = monthKey(entry.date);
    totals.set(month, (totals.get(month) ?? 0) + entry.amountCents);
  }
  return totals;
}

export function totalsByCategory(entries: RevenueEntry[]): Record<Category, number> {
  const totals = Object.fromEntries(CATEGORIES.map((category) => [category, 0])) as Record<Category, number>;
  for (const entry of entries) totals[entry.category] += entry.amountCents;
  return totals;
}

export interface CustomerTotal {
  customer: string;
  amountCents: number;
}

export function topCustomers(entries: RevenueEntry[], count: number): CustomerTotal[] {
  const totals = new Map<string, number>();
  for (const { customer, amountCents } of entries) {
    totals.set(customer, (totals.get(customer) ?? 0) + amountCents);
  }
  return [...totals]
    .map(([customer, amountCents]) => ({ customer, amountCents }))
    .sort((a, b) => b.amountCents - a.amountCents || a.customer.localeCompare(b.customer))
    .slice(0, count);
}

export interface EntryFilter {
  category: Category | 'all';
  search: string;
}

export function filterEntries(entries: RevenueEntry[], { category, search }: EntryFilter): RevenueEntry[] {
  const needle = search.trim().toLowerCase();
  return entries.filter(
    (entry) =>
      (category === 'all' || entry.category === category) && entry.customer.toLowerCase().includes(needle),
  );
}
