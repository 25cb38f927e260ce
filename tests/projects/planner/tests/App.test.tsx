import { describe, expect, it } from 'vitest';
import { App } from '../src/App';
import { admin } from './helpers/fixtures';
import { render, screen } from './helpers/test-utils';

describe('App', () => {
  it.each(['/', '/revenue', '/budgets', '/settings', '/nowhere'])('asks a stranger at %s to sign in', (route) => {
    render(<App />, { route });
    expect(screen.getByRole('heading', { name: 'Sign in' })).toBeInTheDocument();
  });

  it('leads through its pages', async () => {
    const { user } = render(<App />, { as: admin });
    for (const name of ['Revenue', 'Budgets', 'Settings', 'Dashboard']) {
      await user.click(screen.getByRole('link', { name }));
      expect(screen.getByRole('heading', { level: 1 })).toHaveTextContent(name);
    }
  });

  it('finds a way back from nowhere', async () => {
    const { user } = render(<App />, { as: admin, route: '/nowhere' });
    expect(screen.getByRole('heading', { name: 'Page not found' })).toBeInTheDocument();
    await user.click(screen.getByRole('link', { name: 'Back to the dashboard' }));
    expect(screen.getByRole('heading', { name: 'Dashboard' })).toBeInTheDocument();
  });

  it('changes language everywhere', async () => {
    const { user } = render(<App />, { as: admin, route: '/settings' });
    await user.selectOptions(screen.getByRole('combobox', { name: 'Language' }), 'German');
    expect(screen.getByRole('heading', { name: 'Einstellungen' })).toBeInTheDocument();
    expect(screen.getByRole('link', { name: 'Umsatz' })).toBeInTheDocument();
  });

  it('returns to the login on signing out', async () => {
    const { user } = render(<App />, { as: admin });
    await user.click(screen.getByRole('button', { name: 'Sign out' }));
    expect(screen.getByRole('heading', { name: 'Sign in' })).toBeInTheDocument();
  });
});
