import { useTranslation } from 'react-i18next';
import { useAuth } from '../auth/AuthProvider';
import { initials } from '../utils/text';
import { LanguageSwitcher } from './LanguageSwitcher';

interface Props {
  /** Only given where the sidebar is collapsible. */
  menu?: { open: boolean; onToggle: () => void } | undefined;
}

export function Header({ menu }: Props) {
  const { t } = useTranslation();
  const { user, logout } = useAuth();
  return (
    <header className="header">
      {menu && (
        <button type="button" aria-controls="sidebar" aria-expanded={menu.open} onClick={menu.onToggle}>
          {t('nav.menu')}
        </button>
      )}
      <strong>{t('app.title')}</strong>
      <LanguageSwitcher />
      {user && (
        <>
          <abbr className="avatar" title={user.name}>
            {initials(user.name)}
          </abbr>
          <button type="button" data-testid="sign-out" onClick={logout}>
            {t('auth.logout')}
          </button>
        </>
      )}
    </header>
  );
}
