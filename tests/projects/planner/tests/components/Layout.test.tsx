import { Route, Routes } from 'react-router-dom';
import { describe, expect, it } from 'vitest';
import { Layout } from '../../src/components/Layout';
import { viewer } from '../helpers/fixtures';
import { render, screen } from '../helpers/test-utils';
import { mockViewport } from '../helpers/viewport';

function setup(route = '/') {
  return render(
    <Routes>
      <Route element={<Layout />}>
        <Route path="*" element={<p>page</p>} />
      </Route>
    </Routes>,
    { as: viewer, route },
  );
}

const sidebar = () => screen.queryByRole('navigation', { name: 'Main' });

describe('Layout', () => {
  describe('on a wide screen', () => {
    it('always shows the sidebar', () => {
      mockViewport(1280);
      setup();
      expect(sidebar()).toBeInTheDocument();
      expect(screen.queryByRole('button', { name: 'Menu' })).not.toBeInTheDocument();
      expect(screen.getByText('page')).toBeInTheDocument();
    });

    it('marks the current page', () => {
      mockViewport(1280);
      setup('/budgets');
      expect(screen.getByRole('link', { current: 'page' })).toHaveTextContent('Budgets');
    });
  });

  describe('on a narrow screen', () => {
    it('opens and closes the sidebar', async () => {
      mockViewport(375);
      const { user } = setup();
      const menu = screen.getByRole('button', { name: 'Menu' });
      expect(sidebar()).not.toBeInTheDocument();
      await user.click(menu);
      expect(sidebar()).toBeInTheDocument();
      expect(menu).toHaveAttribute('aria-expanded', 'true');
      await user.click(menu);
      expect(sidebar()).not.toBeInTheDocument();
    });

    it('closes the sidebar on navigation', async () => {
      mockViewport(375);
      const { user } = setup();
      await user.click(screen.getByRole('button', { name: 'Menu' }));
      await user.click(screen.getByRole('link', { name: 'Revenue' }));
      expect(sidebar()).not.toBeInTheDocument();
    });
  });

  it('follows the screen', () => {
    const resize = mockViewport(1280);
    setup();
    resize(600);
    expect(sidebar()).not.toBeInTheDocument();
    resize(1280);
    expect(sidebar()).toBeInTheDocument();
  });
});
