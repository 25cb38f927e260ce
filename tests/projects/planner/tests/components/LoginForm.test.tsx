import { describe, expect, it, vi } from 'vitest';
import { ApiError } from '../../src/api/client';
import { LoginForm } from '../../src/components/LoginForm';
import { render, screen } from '../helpers/test-utils';

async function submit(onLogin: () => Promise<void>, email: string, password: string) {
  const { user } = render(<LoginForm onLogin={onLogin} />);
  if (email) await user.type(screen.getByLabelText('E-mail'), email);
  if (password) await user.type(screen.getByLabelText('Password'), password);
  await user.click(screen.getByRole('button', { name: 'Sign in' }));
}

describe('LoginForm', () => {
  it('passes on trimmed credentials', async () => {
    const onLogin = vi.fn().mockResolvedValue(undefined);
    await submit(onLogin, 'ada@example.com ', 'correct horse');
    expect(onLogin).toHaveBeenCalledExactlyOnceWith({ email: 'ada@example.com', password: 'correct horse' });
    expect(screen.queryByRole('alert')).not.toBeInTheDocument();
  });

  it('marks empty fields and asks nobody', async () => {
    const onLogin = vi.fn();
    await submit(onLogin, '', '');
    expect(screen.getByLabelText('E-mail')).toBeInvalid();
    expect(screen.getByLabelText('E-mail')).toHaveAccessibleDescription('Please fill this in.');
    expect(screen.getByLabelText('Password')).toBeInvalid();
    expect(onLogin).not.toHaveBeenCalled();
  });

  it('explains a malformed address', async () => {
    await submit(vi.fn(), 'ada', 'correct horse');
    expect(screen.getByLabelText('E-mail')).toHaveAccessibleDescription('This is not an e-mail address.');
    expect(screen.getByLabelText('Password')).toBeValid();
  });

  it.each([
    [new ApiError(401, 'no'), 'E-mail or password is wrong.'],
    [new ApiError(500, 'down'), 'Signing in failed. Please try again later.'],
    [new TypeError('offline'), 'Signing in failed. Please try again later.'],
  ])('after "%s" says "%s"', async (error, message) => {
    await submit(vi.fn().mockRejectedValue(error), 'ada@example.com', 'correct horse');
    expect(await screen.findByRole('alert')).toHaveTextContent(message);
    expect(screen.getByRole('button', { name: 'Sign in' })).toBeEnabled();
  });

  it('cannot be sent twice', async () => {
    await submit(() => new Promise(() => {}), 'ada@example.com', 'correct horse');
    expect(screen.getByRole('button', { name: 'Sign in' })).toBeDisabled();
  });
});
