import { Navigate, useLocation } from 'react-router-dom';
import { useAuth } from '../auth/AuthProvider';
import { LanguageSwitcher } from '../components/LanguageSwitcher';
import { LoginForm } from '../components/LoginForm';

export function LoginPage() {
  const { user, login } = useAuth();
  const location = useLocation();
  if (user) return <Navigate to={location.state?.from ?? '/'} replace />;
  return (
    <main className="login">
      <LanguageSwitcher />
      <LoginForm onLogin={login} />
    </main>
  );
}
