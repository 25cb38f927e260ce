import { useTranslation } from 'react-i18next';
import { useFormatters } from '../hooks/useFormatters';
import type { RevenueEntry } from '../types';
import { topCustomers } from '../utils/revenue';

const SHOWN = 5;

export function TopCustomers({ entries }: { entries: RevenueEntry[] }) {
  const { t } = useTranslation();
  const { currency } = useFormatters();
  return (
    <section className="card">
      <h2>{t('dashboard.customers')}</h2>
      <ol>
        {topCustomers(entries, SHOWN).map(({ customer, amountCents }) => (
          <li key={customer}>
            {customer} <span>{currency(amountCents)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
