import { useState } from 'react';
import { Outlet } from 'react-router-dom';
import { NARROW, useMediaQuery } from '../hooks/useMediaQuery';
import { ErrorBoundary } from './ErrorBoundary';
import { Header } from './Header';
import { Sidebar } from './Sidebar';

export function Layout() {
  const narrow = useMediaQuery(NARROW);
  const [open, setOpen] = useState(false);
  return (
    <div className={narrow ? 'layout narrow' : 'layout'}>
      <Header menu={narrow ? { open, onToggle: () => setOpen(!open) } : undefined} />
      {(!narrow || open) && <Sidebar onNavigate={() => setOpen(false)} />}
      <main>
        <ErrorBoundary>
          <Outlet />
        </ErrorBoundary>
      </main>
    </div>
  );
}
