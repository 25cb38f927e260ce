import { useTranslation } from 'react-i18next';

interface Props {
  error: Error;
  onRetry: () => void;
}

export function ErrorMessage({ error, onRetry }: Props) {
  const { t } = useTranslation();
  return (
    <div className="error" role="alert">
      <p>{error.message}</p>
      <button type="button" onClick={onRetry}>
        {t('app.retry')}
      </button>
    </div>
  );
}
