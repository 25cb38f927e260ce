import { describe, expect, it } from 'vitest';
import { NARROW, useMediaQuery } from '../../src/hooks/useMediaQuery';
import { renderHook } from '../helpers/test-utils';
import { mockViewport } from '../helpers/viewport';

describe('useMediaQuery', () => {
  it.each([
    [375, true],
    [768, true],
    [769, false],
    [1440, false],
  ])('is narrow at %ipx: %s', (width, narrow) => {
    mockViewport(width);
    expect(renderHook(() => useMediaQuery(NARROW)).result.current).toBe(narrow);
  });

  it('follows the viewport', () => {
    const resize = mockViewport(1440);
    const { result } = renderHook(() => useMediaQuery(NARROW));
    resize(600);
    expect(result.current).toBe(true);
    resize(1000);
    expect(result.current).toBe(false);
  });

  it('follows its query', () => {
    mockViewport(500);
    const { result, rerender } = renderHook((width: number) => useMediaQuery(`(max-width: ${width}px)`), {
      initialProps: 400,
    });
    expect(result.current).toBe(false);
    rerender(600);
    expect(result.current).toBe(true);
  });
});
