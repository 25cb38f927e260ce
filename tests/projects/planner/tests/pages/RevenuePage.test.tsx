import { beforeEach, describe, expect, it } from 'vitest';
import { RevenuePage } from '../../src/pages/RevenuePage';
import { entries, mockData, viewer } from '../helpers/fixtures';
import { freezeDate, render, screen, waitFor } from '../helpers/test-utils';

beforeEach(() => freezeDate());

describe('RevenuePage', () => {
  it('lists the entries of the year', async () => {
    render(<RevenuePage />, { as: viewer });
    expect(await screen.findByText('3 entries')).toBeInTheDocument();
    expect(screen.queryByText('Cedar GmbH')).not.toBeInTheDocument();
  });

  it('filters by category', async () => {
    const { user } = render(<RevenuePage />, { as: viewer });
    await screen.findByText('3 entries');
    await user.selectOptions(screen.getByRole('combobox', { name: 'Category' }), 'Licences');
    expect(screen.getByText('1 entry')).toBeInTheDocument();
    expect(screen.getByRole('cell', { name: 'Elm Studio' })).toBeInTheDocument();
  });

  it('searches customers', async () => {
    const { user } = render(<RevenuePage />, { as: viewer });
    await screen.findByText('3 entries');
    await user.type(screen.getByRole('searchbox', { name: 'Search customers' }), 'birch');
    expect(await screen.findByText('2 entries')).toBeInTheDocument();
  });

  it('has nothing to export when nothing is found', async () => {
    const { user } = render(<RevenuePage />, { as: viewer });
    await screen.findByText('3 entries');
    await user.type(screen.getByRole('searchbox'), 'nobody');
    await waitFor(() => expect(screen.getByText('No revenue in this period.')).toBeInTheDocument());
    expect(screen.getByRole('button', { name: 'Export CSV' })).toBeDisabled();
  });

  it('uses the page size of the settings', async () => {
    localStorage.setItem('planner.pageSize', '25');
    render(<RevenuePage />, { as: viewer, data: { ...mockData(), revenue: entries(30) } });
    expect(await screen.findAllByRole('row')).toHaveLength(1 + 25);
  });
});
