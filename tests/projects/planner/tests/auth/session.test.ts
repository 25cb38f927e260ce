import { afterEach, expect, it } from 'vitest';
import { clearSession, loadSession, saveSession } from '../../src/auth/session';
import { admin } from '../helpers/fixtures';

afterEach(() => localStorage.clear());

it('is null before anyone signed in', () => {
  expect(loadSession()).toBeNull();
});

it('survives a reload', () => {
  saveSession({ token: 't', user: admin });
  expect(loadSession()).toEqual({ token: 't', user: admin });
});

it('is gone once cleared', () => {
  saveSession({ token: 't', user: admin });
  clearSession();
  expect(loadSession()).toBeNull();
});

it('drops what it cannot read', () => {
  localStorage.setItem('planner.session', '{broken');
  expect(loadSession()).toBeNull();
  expect(localStorage.getItem('planner.session')).toBeNull();
});
