import type { Budget, Credentials, DateRange, NewBudget, RevenueEntry, Session } from '../types';
import { request } from './client';

export const login = (credentials: Credentials) => request<Session>('POST', '/login', credentials);

export const fetchRevenue = ({ from, to }: DateRange) =>
  request<RevenueEntry[]>('GET', `/revenue?${new URLSearchParams({ from, to })}`);

export const fetchBudgets = () => request<Budget[]>('GET', '/budgets');

export const createBudget = (budget: NewBudget) => request<Budget>('POST', '/budgets', budget);

export const deleteBudget = (id: string) => request<void>('DELETE', `/budgets/${encodeURIComponent(id)}`);
