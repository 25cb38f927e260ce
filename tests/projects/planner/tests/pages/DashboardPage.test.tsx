import { fireEvent } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { failure } from '../../src/mocks/mockFetch';
import { DashboardPage } from '../../src/pages/DashboardPage';
import { viewer } from '../helpers/fixtures';
import { freezeDate, render, screen, waitFor } from '../helpers/test-utils';

beforeEach(() => freezeDate());

const stat = (name: string) => screen.findByRole('region', { name });

describe('DashboardPage', () => {
  it('sums up the year', async () => {
    render(<DashboardPage />, { as: viewer });
    expect(await stat('Revenue')).toHaveTextContent('€600.00');
    expect(await stat('Median entry')).toHaveTextContent('€200.00');
    await waitFor(async () => expect(await stat('Growth')).toHaveTextContent('20%'));
    await waitFor(async () => expect(await stat('Budget used')).toHaveTextContent('55%'));
  });

  it('draws both charts', async () => {
    render(<DashboardPage />, { as: viewer });
    expect(await screen.findByRole('figure', { name: 'Revenue by month' })).toHaveTextContent('Dec 2024');
    expect(screen.getByRole('figure', { name: 'Revenue by category' })).toHaveTextContent('Services');
  });

  it('follows the period', async () => {
    const { user } = render(<DashboardPage />, { as: viewer });
    await user.selectOptions(screen.getByRole('combobox', { name: 'Period' }), 'This month');
    await waitFor(async () => expect(await stat('Revenue')).toHaveTextContent('€100.00'));
  });

  it('knows no growth without revenue before', async () => {
    const { user } = render(<DashboardPage />, { as: viewer });
    await user.selectOptions(screen.getByRole('combobox', { name: 'Period' }), 'This month');
    expect(await stat('Growth')).toHaveTextContent('–');
  });

  it('shows no figures for an impossible period', async () => {
    render(<DashboardPage />, { as: viewer });
    await stat('Revenue');
    fireEvent.change(screen.getByLabelText('To'), { target: { value: '2023-12-31' } });
    expect(screen.getByRole('alert')).toHaveTextContent('The period ends before it starts.');
    expect(screen.queryByRole('region', { name: 'Revenue' })).not.toBeInTheDocument();
  });

  it('reports a failure', async () => {
    render(<DashboardPage />, { as: viewer, api: { 'GET /api/revenue': () => failure(500, 'Out of order') } });
    expect(await screen.findByRole('alert')).toHaveTextContent('Out of order');
  });

  it('is translated', async () => {
    render(<DashboardPage />, { as: viewer, language: 'de' });
    expect(await stat('Umsatz')).toHaveTextContent('600,00 €');
  });
});
