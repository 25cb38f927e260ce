import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router-dom';
import { createQueryClient } from './api/queryClient';
import { App } from './App';
import { AppProviders } from './AppProviders';
import { createI18n, preferredLanguage } from './i18n';
import { createMockFetch } from './mocks/mockFetch';
import { demoData } from './mocks/demoData';
import './styles.css';
import { toIsoDate } from './utils/date';

if (import.meta.env.VITE_DEMO_API === 'true') {
  window.fetch = createMockFetch(demoData(toIsoDate(new Date())));
}

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <BrowserRouter>
      <AppProviders i18n={createI18n(preferredLanguage())} queryClient={createQueryClient()}>
        <App />
      </AppProviders>
    </BrowserRouter>
  </StrictMode>,
);
