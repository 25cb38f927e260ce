import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';

interface Props {
  question: string;
  onConfirm: () => void;
  onCancel: () => void;
}

export function ConfirmDialog({ question, onConfirm, onCancel }: Props) {
  const { t } = useTranslation();

  useEffect(() => {
    const cancelOnEscape = (event: KeyboardEvent) => {
      if (event.key === 'Escape') onCancel();
    };
    document.addEventListener('keydown', cancelOnEscape);
    return () => document.removeEventListener('keydown', cancelOnEscape);
  }, [onCancel]);

  return (
    <div className="backdrop">
      <div className="card dialog" role="alertdialog" aria-modal="true" aria-label={question}>
        <p>{question}</p>
        <button type="button" autoFocus onClick={onCancel}>
          {t('dialog.cancel')}
        </button>
        <button type="button" data-testid="confirm" onClick={onConfirm}>
          {t('dialog.confirm')}
        </button>
      </div>
    </div>
  );
}
