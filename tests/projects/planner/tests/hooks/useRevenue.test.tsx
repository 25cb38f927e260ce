import { describe, expect, it } from 'vitest';
import { useRevenue } from '../../src/hooks/useRevenue';
import { failure } from '../../src/mocks/mockFetch';
import { renderHook, waitFor } from '../helpers/test-utils';

const year = { from: '2024-01-01', to: '2024-12-31' };

describe('useRevenue', () => {
  it('loads the entries of a range', async () => {
    const { result } = renderHook(() => useRevenue(year));
    expect(result.current.isPending).toBe(true);
    await waitFor(() => expect(result.current.data).toHaveLength(3));
  });

  it('loads again for another range', async () => {
    const { result, rerender } = renderHook(useRevenue, { initialProps: year });
    await waitFor(() => expect(result.current.isSuccess).toBe(true));
    rerender({ from: '2023-01-01', to: '2023-12-31' });
    await waitFor(() => expect(result.current.data).toMatchObject([{ customer: 'Cedar GmbH' }]));
  });

  it('asks nothing for an invalid range', () => {
    const { result, fetch } = renderHook(() => useRevenue({ from: '2024-02-01', to: '2024-01-01' }));
    expect(result.current.fetchStatus).toBe('idle');
    expect(fetch).not.toHaveBeenCalled();
  });

  it('reports a failure', async () => {
    const { result } = renderHook(() => useRevenue(year), {
      api: { 'GET /api/revenue': () => failure(500, 'Out of order') },
    });
    await waitFor(() => expect(result.current.error?.message).toBe('Out of order'));
  });
});
