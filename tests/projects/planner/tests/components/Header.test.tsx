import { describe, expect, it } from 'vitest';
import { Header } from '../../src/components/Header';
import { loadSession } from '../../src/auth/session';
import { admin } from '../helpers/fixtures';
import { render, screen } from '../helpers/test-utils';

describe('Header', () => {
  it('shows who is signed in', () => {
    render(<Header />, { as: admin });
    expect(screen.getByTitle('Ada Admin')).toHaveTextContent('AA');
  });

  it('signs out', async () => {
    const { user } = render(<Header />, { as: admin });
    await user.click(screen.getByRole('button', { name: 'Sign out' }));
    expect(loadSession()).toBeNull();
    expect(screen.queryByTitle('Ada Admin')).not.toBeInTheDocument();
  });

  it('is translated', () => {
    render(<Header />, { as: admin, language: 'de' });
    expect(screen.getByText('Planer')).toBeInTheDocument();
    expect(screen.getByRole('button', { name: 'Abmelden' })).toBeInTheDocument();
  });
});
