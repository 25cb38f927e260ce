import { Route, Routes, useLocation } from 'react-router-dom';
import { describe, expect, it } from 'vitest';
import { ProtectedRoute } from '../../src/auth/ProtectedRoute';
import { viewer } from '../helpers/fixtures';
import { render, screen } from '../helpers/test-utils';

function Login() {
  return <p>login, from {useLocation().state.from}</p>;
}

const routes = (
  <Routes>
    <Route path="/login" element={<Login />} />
    <Route element={<ProtectedRoute />}>
      <Route path="/secret" element={<p>secret</p>} />
    </Route>
  </Routes>
);

describe('ProtectedRoute', () => {
  it('shows the page to a signed-in user', () => {
    render(routes, { route: '/secret', as: viewer });
    expect(screen.getByText('secret')).toBeInTheDocument();
  });

  it('sends anyone else to the login and remembers where from', () => {
    render(routes, { route: '/secret' });
    expect(screen.getByText('login, from /secret')).toBeInTheDocument();
    expect(screen.queryByText('secret')).not.toBeInTheDocument();
  });
});
