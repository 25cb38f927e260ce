import { QueryClient } from '@tanstack/react-query';
import { render as renderBare, renderHook as renderHookBare } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { ReactElement, ReactNode } from 'react';
import { MemoryRouter } from 'react-router-dom';
import { vi } from 'vitest';
import { AppProviders } from '../../src/AppProviders';
import { saveSession } from '../../src/auth/session';
import { createI18n, type Language } from '../../src/i18n';
import { createMockFetch, type Handler, type MockData } from '../../src/mocks/mockFetch';
import type { User } from '../../src/types';
import { mockData, TODAY } from './fixtures';

export { act, screen, waitFor, within } from '@testing-library/react';

interface Options {
  /** Who is signed in when the test starts. */
  as?: User;
  route?: string;
  language?: Language;
  data?: MockData;
  /** Replaces single routes of the mocked API, for instance `{ 'GET /api/budgets': … }`. */
  api?: Record<string, Handler>;
}

function prepare({ as, route = '/', language = 'en', data = mockData(), api }: Options) {
  if (as) saveSession({ token: `token-${as.id}`, user: as });
  const fetch = vi.fn(createMockFetch(data, api));
  vi.stubGlobal('fetch', fetch);
  const i18n = createI18n(language);
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const wrapper = ({ children }: { children: ReactNode }) => (
    <MemoryRouter initialEntries={[route]}>
      <AppProviders i18n={i18n} queryClient={queryClient}>
        {children}
      </AppProviders>
    </MemoryRouter>
  );
  return { fetch, i18n, queryClient, wrapper };
}

/** Testing Library's `render` inside the application's providers. */
export function render(ui: ReactElement, options: Options = {}) {
  const { wrapper, ...context } = prepare(options);
  return { ...context, user: userEvent.setup(), ...renderBare(ui, { wrapper }) };
}

/** Testing Library's `renderHook` inside the application's providers. */
export function renderHook<Result, Props>(
  hook: (props: Props) => Result,
  { initialProps, ...options }: Options & { initialProps?: Props } = {},
) {
  const { wrapper, ...context } = prepare(options);
  return { ...context, ...renderHookBare(hook, { wrapper, initialProps }) };
}

/** Fixes the date and leaves the timers running. */
export function freezeDate(day = TODAY): void {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date(`${day}T12:00:00Z`) });
}
