import { useTranslation } from 'react-i18next';
import { NavLink } from 'react-router-dom';

const PAGES = [
  { path: '/', key: 'dashboard' },
  { path: '/revenue', key: 'revenue' },
  { path: '/budgets', key: 'budgets' },
  { path: '/settings', key: 'settings' },
] as const;

export function Sidebar({ onNavigate }: { onNavigate?: () => void }) {
  const { t } = useTranslation();
  return (
    <nav id="sidebar" className="sidebar" aria-label={t('nav.label')}>
      {PAGES.map(({ path, key }) => (
        <NavLink key={path} to={path} end onClick={onNavigate}>
          {t(`nav.${key}`)}
        </NavLink>
      ))}
    </nav>
  );
}
