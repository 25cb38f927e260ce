import { describe, expect, it } from 'vitest';
import { App } from '../../src/App';
import { admin, PASSWORD } from '../helpers/fixtures';
import { render, screen } from '../helpers/test-utils';

async function signIn(route: string, password = PASSWORD) {
  const { user } = render(<App />, { route });
  await user.type(screen.getByLabelText('E-mail'), admin.email);
  await user.type(screen.getByLabelText('Password'), `${password}{Enter}`);
}

describe('LoginPage', () => {
  it('leads to the dashboard', async () => {
    await signIn('/login');
    expect(await screen.findByRole('heading', { name: 'Dashboard' })).toBeInTheDocument();
  });

  it('leads back to the page asked for', async () => {
    await signIn('/settings');
    expect(await screen.findByRole('heading', { name: 'Settings' })).toBeInTheDocument();
  });

  it('stays after wrong credentials', async () => {
    await signIn('/login', 'wrong horse');
    expect(await screen.findByRole('alert')).toHaveTextContent('E-mail or password is wrong.');
  });

  it('has nothing to do for a signed-in user', async () => {
    render(<App />, { route: '/login', as: admin });
    expect(await screen.findByRole('heading', { name: 'Dashboard' })).toBeInTheDocument();
  });
});
