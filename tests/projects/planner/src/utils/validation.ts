import type { Credentials } from '../types';
import { parseCurrency } from './currency';

export type ValidationError = 'required' | 'email' | 'tooShort' | 'tooLong' | 'amount';

export type Errors<Form> = Partial<Record<keyof Form, ValidationError>>;

export interface BudgetDraft {
  name: string;
  planned: string;
}

const MIN_PASSWORD = 8;
const MAX_NAME = 40;

export function isEmail(text: string): boolean {
  return /^[^\s@]+@[^\s@]+\.[^\s@]{2,}$/.test(text);
}

export function validateLogin({ email, password }: Credentials): Errors<Credentials> {
  const errors: Errors<Credentials> = {};
  if (email.trim() === '') errors.email = 'required';
  else if (!isEmail(email.trim())) errors.email = 'email';
  if (password === '') errors.password = 'required';
  else if (password.length < MIN_PASSWORD) errors.password = 'tooShort';
  return errors;
}

export function validateBudget({ name, planned }: BudgetDraft, locale: string): Errors<BudgetDraft> {
  const errors: Errors<BudgetDraft> = {};
  if (name.trim() === '') errors.name = 'required';
  else if (name.trim().length > MAX_NAME) errors.name = 'tooLong';
  const cents = parseCurrency(planned, locale);
  if (planned.trim() === '') errors.planned = 'required';
  else if (cents === null || cents <= 0) errors.planned = 'amount';
  return errors;
}

export function isValid<Form>(errors: Errors<Form>): boolean {
  return Object.keys(errors).length === 0;
}
