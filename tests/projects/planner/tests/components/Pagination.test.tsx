import { describe, expect, it, vi } from 'vitest';
import { Pagination } from '../../src/components/Pagination';
import { render, screen } from '../helpers/test-utils';

const setup = (page: number, pages: number) => {
  const onPage = vi.fn();
  return { onPage, ...render(<Pagination page={page} pages={pages} onPage={onPage} />) };
};

describe('Pagination', () => {
  it('is absent for a single page', () => {
    setup(1, 1);
    expect(screen.queryByRole('navigation')).not.toBeInTheDocument();
  });

  it('marks the current page', () => {
    setup(3, 9);
    expect(screen.getByRole('button', { current: 'page' })).toHaveAccessibleName('Page 3');
  });

  it.each([
    ['Previous', 2],
    ['Next', 4],
    ['Page 9', 9],
  ])('%s goes to %i', async (name, page) => {
    const { user, onPage } = setup(3, 9);
    await user.click(screen.getByRole('button', { name }));
    expect(onPage).toHaveBeenCalledExactlyOnceWith(page);
  });

  it.each([
    ['Previous', 1],
    ['Next', 9],
  ])('%s ends at %i', (name, page) => {
    setup(page, 9);
    expect(screen.getByRole('button', { name })).toBeDisabled();
  });
});
