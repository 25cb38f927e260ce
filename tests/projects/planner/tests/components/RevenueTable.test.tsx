import { describe, expect, it } from 'vitest';
import { RevenueTable } from '../../src/components/RevenueTable';
import { entries, entry } from '../helpers/fixtures';
import { render, screen, within } from '../helpers/test-utils';

const rows = () => screen.getAllByRole('row').slice(1);
const column = (index: number) => rows().map((row) => within(row).getAllByRole('cell')[index]!.textContent);

const list = [
  entry({ id: 'e1', date: '2024-03-05', customer: 'Elm', amountCents: 900 }),
  entry({ id: 'e2', date: '2024-06-01', customer: 'Birch', amountCents: 10_000 }),
  entry({ id: 'e3', date: '2024-01-10', customer: 'Cedar', amountCents: 2_000 }),
];

describe('RevenueTable', () => {
  it('formats an entry', () => {
    render(<RevenueTable entries={[entry({ amountCents: 123456 })]} pageSize={10} />);
    expect(rows()[0]).toHaveTextContent('Jun 1, 2024Birch LabsServices€1,234.56');
    expect(screen.getByText('1 entry')).toBeInTheDocument();
  });

  describe('sorting', () => {
    it('starts with the newest', () => {
      render(<RevenueTable entries={list} pageSize={10} />);
      expect(column(1)).toEqual(['Birch', 'Elm', 'Cedar']);
      expect(screen.getByRole('columnheader', { name: 'Date' })).toHaveAttribute('aria-sort', 'descending');
    });

    it('follows a click on a heading, and turns with a second one', async () => {
      const { user } = render(<RevenueTable entries={list} pageSize={10} />);
      await user.click(screen.getByRole('button', { name: 'Amount' }));
      expect(column(3)).toEqual(['€9.00', '€20.00', '€100.00']);
      await user.click(screen.getByRole('button', { name: 'Amount' }));
      expect(column(3)).toEqual(['€100.00', '€20.00', '€9.00']);
    });
  });

  describe('pages', () => {
    it('shows one page at a time', async () => {
      const { user } = render(<RevenueTable entries={entries(12)} pageSize={5} />);
      expect(screen.getByText('12 entries')).toBeInTheDocument();
      expect(rows()).toHaveLength(5);
      await user.click(screen.getByRole('button', { name: 'Page 3' }));
      expect(column(1)).toEqual(['Customer 11', 'Customer 12']);
    });

    it('needs no pagination for few entries', () => {
      render(<RevenueTable entries={entries(5)} pageSize={5} />);
      expect(screen.queryByRole('navigation')).not.toBeInTheDocument();
    });
  });

  describe('without entries', () => {
    it('says so', () => {
      render(<RevenueTable entries={[]} pageSize={10} />);
      expect(screen.getByText('No revenue in this period.')).toBeInTheDocument();
      expect(screen.queryByRole('table')).not.toBeInTheDocument();
    });

    it('shows the table once there are some', () => {
      const { rerender } = render(<RevenueTable entries={[]} pageSize={10} />);
      rerender(<RevenueTable entries={list} pageSize={10} />);
      expect(rows()).toHaveLength(3);
    });
  });
});
