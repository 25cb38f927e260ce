import type { DateRange, IsoDate, MonthKey } from '../types';
import { addDays, addMonths, daysBetween, endOfMonth, isIsoDate, monthKey, startOfMonth, startOfQuarter } from './date';

export const PRESETS = ['last30days', 'thisMonth', 'thisQuarter', 'thisYear'] as const;
export type Preset = (typeof PRESETS)[number];

export function presetRange(preset: Preset, today: IsoDate): DateRange {
  switch (preset) {
    case 'last30days':
      return { from: addDays(today, -29), to: today };
    case 'thisMonth':
      return { from: startOfMonth(today), to: endOfMonth(today) };
    case 'thisQuarter': {
      const from = startOfQuarter(today);
      return { from, to: endOfMonth(`${addMonths(monthKey(from), 2)}-01`) };
    }
    case 'thisYear':
      return { from: `${today.slice(0, 4)}-01-01`, to: `${today.slice(0, 4)}-12-31` };
  }
}

export function isValidRange({ from, to }: DateRange): boolean {
  return isIsoDate(from) && isIsoDate(to) && from <= to;
}

export function contains(range: DateRange, day: IsoDate): boolean {
  return range.from <= day && day <= range.to;
}

export function daysIn(range: DateRange): number {
  return daysBetween(range.from, range.to) + 1;
}

/** The range of the same length that ends the day before this one starts. */
export function previousRange(range: DateRange): DateRange {
  return { from: addDays(range.from, -daysIn(range)), to: addDays(range.from, -1) };
}

export function monthsIn(range: DateRange): MonthKey[] {
  const months: MonthKey[] = [];
  for (let month = monthKey(range.from); month <= monthKey(range.to); month = addMonths(month, 1)) {
    months.push(month);
  }
  return months;
}
