import { useTranslation } from 'react-i18next';
import type { DateRange, RevenueEntry } from '../types';
import { toCsv } from '../utils/csv';
import { downloadText } from '../utils/download';
import { slugify } from '../utils/text';

interface Props {
  entries: RevenueEntry[];
  range: DateRange;
}

export function ExportButton({ entries, range }: Props) {
  const { t } = useTranslation();

  function exportCsv() {
    const csv = toCsv(entries, [
      { header: t('revenue.date'), value: (entry) => entry.date },
      { header: t('revenue.customer'), value: (entry) => entry.customer },
      { header: t('category.label'), value: (entry) => t(`category.${entry.category}`) },
      { header: t('revenue.amount'), value: (entry) => (entry.amountCents / 100).toFixed(2) },
    ]);
    downloadText(`${slugify(`${t('revenue.title')} ${range.from} ${range.to}`)}.csv`, csv);
  }

  return (
    <button type="button" data-testid="export-csv" disabled={entries.length === 0} onClick={exportCsv}>
      {t('revenue.export')}
    </button>
  );
}
