import { describe, expect, it } from 'vitest';
import { usePagination } from '../../src/hooks/usePagination';
import { act, renderHook } from '../helpers/test-utils';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('usePagination', () => {
  it('starts on the first page', () => {
    const { result } = renderHook(() => usePagination(numbers(5), 2));
    expect(result.current).toMatchObject({ page: 1, pages: 3, items: [1, 2] });
  });

  it('turns pages', () => {
    const { result } = renderHook(() => usePagination(numbers(5), 2));
    act(() => result.current.setPage(3));
    expect(result.current.items).toEqual([5]);
  });

  it('falls back to the last page when items go away', () => {
    const { result, rerender } = renderHook((count: number) => usePagination(numbers(count), 2), { initialProps: 5 });
    act(() => result.current.setPage(3));
    rerender(3);
    expect(result.current).toMatchObject({ page: 2, pages: 2, items: [3] });
  });
});
