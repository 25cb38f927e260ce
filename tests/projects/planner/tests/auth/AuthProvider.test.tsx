import { renderHook as renderHookBare } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { useAuth } from '../../src/auth/AuthProvider';
import { loadSession } from '../../src/auth/session';
import { admin, PASSWORD, viewer } from '../helpers/fixtures';
import { act, renderHook } from '../helpers/test-utils';

describe('useAuth', () => {
  it('starts signed out', () => {
    const { result } = renderHook(useAuth);
    expect(result.current.user).toBeNull();
  });

  it('restores the session', () => {
    const { result } = renderHook(useAuth, { as: viewer });
    expect(result.current.user).toEqual(viewer);
  });

  it('signs in and remembers it', async () => {
    const { result } = renderHook(useAuth);
    await act(() => result.current.login({ email: admin.email, password: PASSWORD }));
    expect(result.current.user).toEqual(admin);
    expect(loadSession()?.token).toBe('token-u1');
  });

  it('stays signed out when refused', async () => {
    const { result } = renderHook(useAuth);
    await expect(result.current.login({ email: admin.email, password: 'guess' })).rejects.toThrow('Wrong credentials');
    expect(result.current.user).toBeNull();
    expect(loadSession()).toBeNull();
  });

  it('forgets session and cached data on signing out', () => {
    const { result, queryClient } = renderHook(useAuth, { as: admin });
    queryClient.setQueryData(['budgets'], []);
    act(() => result.current.logout());
    expect(result.current.user).toBeNull();
    expect(loadSession()).toBeNull();
    expect(queryClient.getQueryData(['budgets'])).toBeUndefined();
  });

  it('needs its provider', () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    expect(() => renderHookBare(useAuth)).toThrow('useAuth must be used within an AuthProvider');
  });
});
