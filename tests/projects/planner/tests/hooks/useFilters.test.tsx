import { expect, it } from 'vitest';
import { useFilters } from '../../src/hooks/useFilters';
import { act, freezeDate, renderHook } from '../helpers/test-utils';

it('starts from today', () => {
  freezeDate('2023-02-10');
  const { result } = renderHook(useFilters);
  expect(result.current[0].range).toEqual({ from: '2023-01-01', to: '2023-12-31' });
});

it('dispatches', () => {
  freezeDate('2023-02-10');
  const { result } = renderHook(useFilters);
  act(() => result.current[1]({ type: 'presetSelected', preset: 'thisMonth' }));
  expect(result.current[0].range).toEqual({ from: '2023-02-01', to: '2023-02-28' });
});
