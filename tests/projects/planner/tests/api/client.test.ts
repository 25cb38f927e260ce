import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError, request } from '../../src/api/client';
import { clearSession, saveSession } from '../../src/auth/session';
import { admin } from '../helpers/fixtures';

function answer(response: Response) {
  const fetch = vi.fn<typeof globalThis.fetch>().mockResolvedValue(response);
  vi.stubGlobal('fetch', fetch);
  return () => {
    const [url, init] = fetch.mock.calls[0]!;
    return { url, init, headers: new Headers(init?.headers) };
  };
}

afterEach(clearSession);

describe('request', () => {
  it('sends and reads JSON', async () => {
    const sent = answer(Response.json({ id: 'b9' }));
    await expect(request('POST', '/budgets', { name: 'Books' })).resolves.toEqual({ id: 'b9' });
    expect(sent().url).toBe('/api/budgets');
    expect(sent().init).toMatchObject({ method: 'POST', body: '{"name":"Books"}' });
    expect(sent().headers.get('Content-Type')).toBe('application/json');
  });

  it('reads an empty answer as undefined', async () => {
    answer(new Response(null, { status: 204 }));
    await expect(request('DELETE', '/budgets/b1')).resolves.toBeUndefined();
  });

  describe('authorisation', () => {
    it('sends the token of the session', async () => {
      saveSession({ token: 'secret', user: admin });
      const sent = answer(Response.json([]));
      await request('GET', '/budgets');
      expect(sent().headers.get('Authorization')).toBe('Bearer secret');
    });

    it('sends none without a session', async () => {
      const sent = answer(Response.json([]));
      await request('GET', '/budgets');
      expect(sent().headers.has('Authorization')).toBe(false);
    });
  });

  describe('failure', () => {
    it('carries status and message', async () => {
      answer(Response.json({ message: 'Not yours' }, { status: 403 }));
      const error = await request('GET', '/budgets').catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ApiError);
      expect(error).toMatchObject({ status: 403, message: 'Not yours' });
    });

    it('falls back to the status', async () => {
      answer(new Response('<html>', { status: 502 }));
      await expect(request('GET', '/budgets')).rejects.toThrow('HTTP 502');
    });
  });
});
