import { beforeEach, expect, it, vi } from 'vitest';
import { ErrorBoundary } from '../../src/components/ErrorBoundary';
import { render, screen } from '../helpers/test-utils';

let broken: boolean;

function Fragile() {
  if (broken) throw new Error('broken');
  return <p>intact</p>;
}

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
});

it('shows its children', () => {
  broken = false;
  render(<ErrorBoundary><Fragile /></ErrorBoundary>);
  expect(screen.getByText('intact')).toBeInTheDocument();
});

it('catches a crash and lets the user try again', async () => {
  broken = true;
  const { user } = render(<ErrorBoundary><Fragile /></ErrorBoundary>);
  expect(screen.getByRole('alert')).toHaveTextContent('Something went wrong.');
  broken = false;
  await user.click(screen.getByRole('button', { name: 'Try again' }));
  expect(screen.getByText('intact')).toBeInTheDocument();
});
