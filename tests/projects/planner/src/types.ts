/** A calendar day, `YYYY-MM-DD`. */
export type IsoDate = string;

/** A calendar month, `YYYY-MM`. */
export type MonthKey = string;

/** Both ends are included. */
export interface DateRange {
  from: IsoDate;
  to: IsoDate;
}

export const CATEGORIES = ['subscriptions', 'services', 'licences'] as const;
export type Category = (typeof CATEGORIES)[number];

export interface RevenueEntry {
  id: string;
  date: IsoDate;
  customer: string;
  category: Category;
  amountCents: number;
}

export interface Budget {
  id: string;
  name: string;
  plannedCents: number;
  spentCents: number;
}

export type NewBudget = Pick<Budget, 'name' | 'plannedCents'>;

export interface User {
  id: string;
  name: string;
  email: string;
  role: 'admin' | 'viewer';
}

export interface Credentials {
  email: string;
  password: string;
}

export interface Session {
  token: string;
  user: User;
}
