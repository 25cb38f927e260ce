import { describe, expect, it } from 'vitest';
import { failure } from '../../src/mocks/mockFetch';
import { BudgetsPage } from '../../src/pages/BudgetsPage';
import { admin, mockData, viewer } from '../helpers/fixtures';
import { render, screen, waitFor } from '../helpers/test-utils';

const card = (name: string) => screen.findByRole('article', { name });

describe('BudgetsPage', () => {
  describe('for a viewer', () => {
    it('only shows budgets', async () => {
      render(<BudgetsPage />, { as: viewer });
      expect(await card('Marketing')).toHaveTextContent('€600.00 left');
      expect(await card('Travel')).toHaveTextContent('€60.00 over');
      expect(screen.queryByRole('button')).not.toBeInTheDocument();
    });

    it('says when there are none', async () => {
      render(<BudgetsPage />, { as: viewer, data: { ...mockData(), budgets: [] } });
      expect(await screen.findByText('No budgets yet.')).toBeInTheDocument();
    });
  });

  describe('for an admin', () => {
    it('adds a budget', async () => {
      const { user } = render(<BudgetsPage />, { as: admin });
      await user.type(screen.getByLabelText('Name'), 'Books');
      await user.type(screen.getByLabelText('Planned amount'), '80{Enter}');
      expect(await card('Books')).toHaveTextContent('€0.00 of €80.00 spent');
      expect(screen.getByRole('status')).toHaveTextContent('Budget “Books” added.');
    });

    it('deletes a budget once confirmed', async () => {
      const { user } = render(<BudgetsPage />, { as: admin });
      await user.click(await screen.findByRole('button', { name: 'Delete Travel' }));
      await user.click(screen.getByRole('button', { name: 'Delete' }));
      await waitFor(() => expect(screen.queryByRole('article', { name: 'Travel' })).not.toBeInTheDocument());
      expect(screen.getByRole('status')).toHaveTextContent('Budget “Travel” deleted.');
    });

    it('keeps a budget when not confirmed', async () => {
      const { user, fetch } = render(<BudgetsPage />, { as: admin });
      await user.click(await screen.findByRole('button', { name: 'Delete Travel' }));
      await user.click(screen.getByRole('button', { name: 'Cancel' }));
      expect(screen.queryByRole('alertdialog')).not.toBeInTheDocument();
      expect(fetch).toHaveBeenCalledOnce();
    });

    it('reports what could not be saved', async () => {
      const { user } = render(<BudgetsPage />, {
        as: admin,
        api: { 'DELETE /api/budgets/:id': () => failure(500, 'Out of order') },
      });
      await user.click(await screen.findByRole('button', { name: 'Delete Travel' }));
      await user.click(screen.getByRole('button', { name: 'Delete' }));
      expect(await screen.findByText('The change could not be saved.')).toBeInTheDocument();
      expect(await card('Travel')).toBeInTheDocument();
    });
  });
});
