import { act } from '@testing-library/react';
import { vi } from 'vitest';

/** Stands in for `matchMedia` with `(max-width: …px)` queries; returns a function that resizes. */
export function mockViewport(initialWidth: number): (width: number) => void {
  let width = initialWidth;
  const listeners = new Set<() => void>();
  vi.stubGlobal('matchMedia', (query: string) => ({
    get matches() {
      return width <= Number(/max-width: (\d+)px/.exec(query)?.[1]);
    },
    addEventListener: (_: 'change', listener: () => void) => listeners.add(listener),
    removeEventListener: (_: 'change', listener: () => void) => listeners.delete(listener),
  }));
  return (next) =>
    act(() => {
      width = next;
      listeners.forEach((listener) => listener());
    });
}
