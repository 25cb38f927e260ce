import { useTranslation } from 'react-i18next';

export function Spinner() {
  const { t } = useTranslation();
  return (
    <p className="spinner" role="progressbar" aria-label={t('app.loading')}>
      {t('app.loading')}
    </p>
  );
}
