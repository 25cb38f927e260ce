import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../api/client';
import type { Credentials } from '../types';
import { isValid, validateLogin, type Errors } from '../utils/validation';
import { TextField } from './TextField';

interface Props {
  onLogin: (credentials: Credentials) => Promise<void>;
}

export function LoginForm({ onLogin }: Props) {
  const { t } = useTranslation();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [errors, setErrors] = useState<Errors<Credentials>>({});
  const [failure, setFailure] = useState<'refused' | 'failed' | null>(null);
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    const found = validateLogin({ email, password });
    setErrors(found);
    setFailure(null);
    if (!isValid(found)) return;

    setBusy(true);
    try {
      await onLogin({ email: email.trim(), password });
    } catch (error) {
      setFailure(error instanceof ApiError && error.status === 401 ? 'refused' : 'failed');
    } finally {
      setBusy(false);
    }
  }

  return (
    <form className="card form" noValidate onSubmit={(event) => void submit(event)}>
      <h1>{t('auth.title')}</h1>
      {failure && <p role="alert">{t(`auth.${failure}`)}</p>}
      <TextField
        label={t('auth.email')}
        type="email"
        autoComplete="username"
        value={email}
        error={errors.email}
        onValueChange={setEmail}
      />
      <TextField
        label={t('auth.password')}
        type="password"
        autoComplete="current-password"
        value={password}
        error={errors.password}
        onValueChange={setPassword}
      />
      <button type="submit" disabled={busy}>
        {t('auth.submit')}
      </button>
    </form>
  );
}
