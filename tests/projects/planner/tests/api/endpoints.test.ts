import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createBudget, deleteBudget, fetchBudgets, fetchRevenue, login } from '../../src/api/endpoints';
import { createMockFetch } from '../../src/mocks/mockFetch';
import { admin, mockData, PASSWORD } from '../helpers/fixtures';

beforeEach(() => {
  vi.stubGlobal('fetch', createMockFetch(mockData()));
});

describe('endpoints', () => {
  it('login', async () => {
    await expect(login({ email: admin.email, password: PASSWORD })).resolves.toMatchObject({ user: admin });
  });

  it('login with a wrong password', async () => {
    await expect(login({ email: admin.email, password: 'guess' })).rejects.toMatchObject({ status: 401 });
  });

  it('fetchRevenue', async () => {
    const entries = await fetchRevenue({ from: '2024-01-01', to: '2024-12-31' });
    expect(entries.map(({ id }) => id)).toEqual(['e1', 'e2', 'e3']);
  });

  it('createBudget, then deleteBudget', async () => {
    const { id } = await createBudget({ name: 'Books', plannedCents: 100 });
    await expect(fetchBudgets()).resolves.toHaveLength(3);
    await deleteBudget(id);
    await expect(fetchBudgets()).resolves.toHaveLength(2);
  });
});
