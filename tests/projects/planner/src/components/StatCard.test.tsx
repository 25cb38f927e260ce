import { expect, it } from 'vitest';
import { render, screen } from '../../tests/helpers/test-utils';
import { StatCard } from './StatCard';

it('is a region named by its label', () => {
  render(<StatCard label="Revenue" value="€1.00" />);
  expect(screen.getByRole('region', { name: 'Revenue' })).toHaveTextContent('€1.00');
});

it.each(['good', 'bad'] as const)('has the tone [%s]', (tone) => {
  render(<StatCard label="Growth" value="5%" tone={tone} />);
  expect(screen.getByRole('region')).toHaveAttribute('data-tone', tone);
});
