import { describe, expect, it } from 'vitest';
import { useLocalStorage } from '../../src/hooks/useLocalStorage';
import { act, renderHook } from '../helpers/test-utils';

const KEY = 'test.key';

describe('useLocalStorage', () => {
  it('starts with the fallback', () => {
    const { result } = renderHook(() => useLocalStorage(KEY, 10));
    expect(result.current[0]).toBe(10);
    expect(localStorage.getItem(KEY)).toBeNull();
  });

  it('starts with what is stored', () => {
    localStorage.setItem(KEY, '25');
    const { result } = renderHook(() => useLocalStorage(KEY, 10));
    expect(result.current[0]).toBe(25);
  });

  it('falls back when what is stored is broken', () => {
    localStorage.setItem(KEY, '{');
    const { result } = renderHook(() => useLocalStorage(KEY, 10));
    expect(result.current[0]).toBe(10);
  });

  it('stores what is set', () => {
    const { result } = renderHook(() => useLocalStorage<string[]>(KEY, []));
    act(() => result.current[1](['a']));
    expect(result.current[0]).toEqual(['a']);
    expect(localStorage.getItem(KEY)).toBe('["a"]');
  });
});
