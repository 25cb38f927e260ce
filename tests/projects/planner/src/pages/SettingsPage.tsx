import { useTranslation } from 'react-i18next';
import { PAGE_SIZES, usePageSize } from '../hooks/usePageSize';

export function SettingsPage() {
  const { t } = useTranslation();
  const [pageSize, setPageSize] = usePageSize();
  return (
    <>
      <h1>{t('settings.title')}</h1>
      <section className="card form">
        <label>
          {t('settings.pageSize')}
          <select value={pageSize} onChange={(event) => setPageSize(Number(event.target.value))}>
            {PAGE_SIZES.map((size) => (
              <option key={size}>{size}</option>
            ))}
          </select>
        </label>
      </section>
    </>
  );
}
