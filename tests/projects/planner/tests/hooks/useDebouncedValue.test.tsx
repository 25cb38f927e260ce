import { beforeEach, describe, expect, it, vi } from 'vitest';
import { useDebouncedValue } from '../../src/hooks/useDebouncedValue';
import { act, renderHook } from '../helpers/test-utils';

beforeEach(() => {
  vi.useFakeTimers();
});

const pass = (ms: number) => act(() => vi.advanceTimersByTime(ms));

describe('useDebouncedValue', () => {
  it('has the first value at once', () => {
    const { result } = renderHook(() => useDebouncedValue('a', 100));
    expect(result.current).toBe('a');
  });

  it('takes a new value after the delay', () => {
    const { result, rerender } = renderHook((value: string) => useDebouncedValue(value, 100), { initialProps: 'a' });
    rerender('b');
    pass(99);
    expect(result.current).toBe('a');
    pass(1);
    expect(result.current).toBe('b');
  });

  it('skips values that did not last', () => {
    const { result, rerender } = renderHook((value: string) => useDebouncedValue(value, 100), { initialProps: 'a' });
    rerender('b');
    pass(60);
    rerender('c');
    pass(60);
    expect(result.current).toBe('a');
    pass(40);
    expect(result.current).toBe('c');
  });
});
