import type { IsoDate, MonthKey } from '../types';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Days are handled at midnight UTC, so no time zone or clock change can shift them. */
function toDate(day: IsoDate): Date {
  return new Date(`${day}T00:00:00Z`);
}

export function toIsoDate(date: Date): IsoDate {
  return date.toISOString().slice(0, 10);
}

export function isIsoDate(text: string): text is IsoDate {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = toDate(text);
  return !Number.isNaN(date.getTime()) && toIsoDate(date) === text;
}

export function addDays(day: IsoDate, count: number): IsoDate {
  return toIsoDate(new Date(toDate(day).getTime() + count * DAY_MS));
}

export function daysBetween(from: IsoDate, to: IsoDate): number {
  return Math.round((toDate(to).getTime() - toDate(from).getTime()) / DAY_MS);
}

export function monthKey(day: IsoDate): MonthKey {
  return day.slice(0, 7);
}

export function addMonths(month: MonthKey, count: number): MonthKey {
  const date = toDate(`${month}-01`);
  date.setUTCMonth(date.getUTCMonth() + count);
  return monthKey(toIsoDate(date));
}

export function startOfMonth(day: IsoDate): IsoDate {
  return `${monthKey(day)}-01`;
}

export function endOfMonth(day: IsoDate): IsoDate {
  return addDays(`${addMonths(monthKey(day), 1)}-01`, -1);
}

export function startOfQuarter(day: IsoDate): IsoDate {
  const monthIndex = toDate(day).getUTCMonth();
  return `${addMonths(monthKey(day), -(monthIndex % 3))}-01`;
}

export function formatDate(day: IsoDate, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(toDate(day));
}

export function formatMonth(month: MonthKey, locale: string): string {
  return new Intl.DateTimeFormat(locale, { month: 'short', year: 'numeric', timeZone: 'UTC' }).format(
    toDate(`${month}-01`),
  );
}
