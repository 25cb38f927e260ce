import { describe, expect, it, vi } from 'vitest';
import { BudgetCard } from '../../src/components/BudgetCard';
import { budget } from '../helpers/fixtures';
import { render, screen, within } from '../helpers/test-utils';

describe('BudgetCard', () => {
  it('shows what is spent and left', () => {
    render(<BudgetCard budget={budget()} />);
    const card = screen.getByRole('article', { name: 'Marketing' });
    expect(within(card).getByText('€400.00 of €1,000.00 spent')).toBeInTheDocument();
    expect(within(card).getByText('€600.00 left')).toBeInTheDocument();
    expect(within(card).getByText('On track')).toBeInTheDocument();
  });

  it('shows what is overspent', () => {
    render(<BudgetCard budget={budget({ spentCents: 1234_50 })} />);
    expect(screen.getByText('€234.50 over')).toBeInTheDocument();
    expect(screen.getByText('Over budget')).toBeInTheDocument();
  });

  it('splits the plan over the quarters without losing a cent', () => {
    render(<BudgetCard budget={budget({ plannedCents: 1000_01 })} />);
    expect(screen.getAllByRole('listitem').map(({ textContent }) => textContent)).toEqual([
      'Q1: €250.01',
      'Q2: €250.00',
      'Q3: €250.00',
      'Q4: €250.00',
    ]);
  });

  it.each([
    [0, 0, '0%'],
    [400_00, 40, '40%'],
    [1500_00, 100, '150%'],
  ])('draws %i spent cents as a bar of %i (%s)', (spentCents, value, text) => {
    render(<BudgetCard budget={budget({ spentCents })} />);
    const bar = screen.getByRole('progressbar', { name: 'Marketing' });
    expect(bar).toHaveAttribute('aria-valuenow', String(value));
    expect(bar).toHaveAttribute('aria-valuetext', text);
  });

  describe('deletion', () => {
    it('is offered where allowed', async () => {
      const onDelete = vi.fn();
      const { user } = render(<BudgetCard budget={budget()} onDelete={onDelete} />);
      await user.click(screen.getByRole('button', { name: 'Delete Marketing' }));
      expect(onDelete).toHaveBeenCalledOnce();
    });

    it('is absent otherwise', () => {
      render(<BudgetCard budget={budget()} />);
      expect(screen.queryByRole('button')).not.toBeInTheDocument();
    });
  });
});
