import { describe, expect, it } from 'vitest';
import { createMockFetch, failure } from '../../src/mocks/mockFetch';
import { admin, mockData, PASSWORD } from '../helpers/fixtures';

const post = (body: unknown) => ({ method: 'POST', body: JSON.stringify(body) });

describe('createMockFetch', () => {
  it('signs in without giving the password away', async () => {
    const response = await createMockFetch(mockData())('/api/login', post({ email: admin.email, password: PASSWORD }));
    expect(await response.json()).toEqual({ token: 'token-u1', user: admin });
  });

  it('answers only the revenue of the range', async () => {
    const response = await createMockFetch(mockData())('/api/revenue?from=2024-03-01&to=2024-05-31');
    expect(await response.json()).toMatchObject([{ id: 'e2' }]);
  });

  it('remembers a new budget', async () => {
    const fetch = createMockFetch(mockData());
    const created = await fetch('/api/budgets', post({ name: 'Books', plannedCents: 100 }));
    expect(created.status).toBe(201);
    expect(await (await fetch('/api/budgets')).json()).toContainEqual(await created.json());
  });

  it('answers 404 for an unknown budget', async () => {
    const response = await createMockFetch(mockData())('/api/budgets/none', { method: 'DELETE' });
    expect(response.status).toBe(404);
  });

  it('answers 404 for an unknown route', async () => {
    const response = await createMockFetch(mockData())('/api/nothing');
    expect(await response.json()).toEqual({ message: 'No route for GET /api/nothing' });
  });

  it('lets a test replace a route', async () => {
    const fetch = createMockFetch(mockData(), { 'GET /api/budgets': () => failure(503, 'Down') });
    expect((await fetch('/api/budgets')).status).toBe(503);
  });
});
