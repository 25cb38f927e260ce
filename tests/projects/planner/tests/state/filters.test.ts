// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { filtersReducer, initialFilters } from '../../src/state/filters';

const start = initialFilters('2024-06-15');

describe('filtersReducer', () => {
  it('starts with this year and no filter', () => {
    expect(start).toMatchObject({
      preset: 'thisYear',
      range: { from: '2024-01-01', to: '2024-12-31' },
      category: 'all',
      search: '',
    });
  });

  it('takes the range of a preset', () => {
    const next = filtersReducer(start, { type: 'presetSelected', preset: 'thisMonth' });
    expect(next).toMatchObject({ preset: 'thisMonth', range: { from: '2024-06-01', to: '2024-06-30' } });
  });

  it('becomes custom with a range of its own', () => {
    const range = { from: '2024-02-03', to: '2024-02-04' };
    expect(filtersReducer(start, { type: 'rangeChanged', range })).toMatchObject({ preset: 'custom', range });
  });

  it('recognises a preset in a range picked by hand', () => {
    const range = { from: '2024-04-01', to: '2024-06-30' };
    expect(filtersReducer(start, { type: 'rangeChanged', range }).preset).toBe('thisQuarter');
  });

  it('changes category and search alone', () => {
    const next = filtersReducer(
      filtersReducer(start, { type: 'categoryChanged', category: 'services' }),
      { type: 'searchChanged', search: 'elm' },
    );
    expect(next).toEqual({ ...start, category: 'services', search: 'elm' });
  });
});
