import { useId, type ComponentProps } from 'react';
import { useTranslation } from 'react-i18next';
import type { ValidationError } from '../utils/validation';

interface Props extends Omit<ComponentProps<'input'>, 'id' | 'onChange'> {
  label: string;
  error?: ValidationError | undefined;
  onValueChange: (value: string) => void;
}

export function TextField({ label, error, onValueChange, ...input }: Props) {
  const { t } = useTranslation();
  const id = useId();
  const errorId = `${id}-error`;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        {...input}
        id={id}
        aria-invalid={error !== undefined}
        aria-describedby={error && errorId}
        onChange={(event) => onValueChange(event.target.value)}
      />
      {error && (
        <p id={errorId} className="field-error">
          {t(`validation.${error}`)}
        </p>
      )}
    </div>
  );
}
