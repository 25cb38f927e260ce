import { describe, expect, it, vi } from 'vitest';
import { BudgetForm } from '../../src/components/BudgetForm';
import { render, screen } from '../helpers/test-utils';

describe('BudgetForm', () => {
  it('submits cents and empties itself', async () => {
    const onSubmit = vi.fn();
    const { user } = render(<BudgetForm busy={false} onSubmit={onSubmit} />);
    await user.type(screen.getByLabelText('Name'), ' Books ');
    await user.type(screen.getByLabelText('Planned amount'), '1,250.50{Enter}');
    expect(onSubmit).toHaveBeenCalledExactlyOnceWith({ name: 'Books', plannedCents: 125050 });
    expect(screen.getByLabelText('Name')).toHaveValue('');
    expect(screen.getByLabelText('Planned amount')).toHaveValue('');
  });

  it('reads German amounts in German', async () => {
    const onSubmit = vi.fn();
    const { user } = render(<BudgetForm busy={false} onSubmit={onSubmit} />, { language: 'de' });
    await user.type(screen.getByLabelText('Name'), 'Bücher');
    await user.type(screen.getByLabelText('Geplanter Betrag'), '1.250,50{Enter}');
    expect(onSubmit).toHaveBeenCalledExactlyOnceWith({ name: 'Bücher', plannedCents: 125050 });
  });

  it('keeps what is wrong and explains it', async () => {
    const onSubmit = vi.fn();
    const { user } = render(<BudgetForm busy={false} onSubmit={onSubmit} />);
    await user.type(screen.getByLabelText('Planned amount'), 'much{Enter}');
    expect(screen.getByLabelText('Name')).toHaveAccessibleDescription('Please fill this in.');
    expect(screen.getByLabelText('Planned amount')).toHaveAccessibleDescription('Please enter a positive amount.');
    expect(screen.getByLabelText('Planned amount')).toHaveValue('much');
    expect(onSubmit).not.toHaveBeenCalled();
  });

  it('waits while busy', () => {
    render(<BudgetForm busy onSubmit={vi.fn()} />);
    expect(screen.getByRole('button', { name: 'Add budget' })).toBeDisabled();
  });
});
