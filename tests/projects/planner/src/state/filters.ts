import type { Category, DateRange, IsoDate } from '../types';
import { PRESETS, presetRange, type Preset } from '../utils/dateRange';

export interface Filters {
  today: IsoDate;
  preset: Preset | 'custom';
  range: DateRange;
  category: Category | 'all';
  search: string;
}

export type FiltersAction =
  | { type: 'presetSelected'; preset: Preset }
  | { type: 'rangeChanged'; range: DateRange }
  | { type: 'categoryChanged'; category: Filters['category'] }
  | { type: 'searchChanged'; search: string };

export function initialFilters(today: IsoDate): Filters {
  return { today, preset: 'thisYear', range: presetRange('thisYear', today), category: 'all', search: '' };
}

/** A hand-picked range that equals a preset is shown as that preset. */
function presetOf(range: DateRange, today: IsoDate): Filters['preset'] {
  const match = PRESETS.find((preset) => {
    const { from, to } = presetRange(preset, today);
    return from === range.from && to === range.to;
  });
  return match ?? 'custom';
}

export function filtersReducer(filters: Filters, action: FiltersAction): Filters {
  switch (action.type) {
    case 'presetSelected':
      return { ...filters, preset: action.preset, range: presetRange(action.preset, filters.today) };
    case 'rangeChanged':
      return { ...filters, preset: presetOf(action.range, filters.today), range: action.range };
    case 'categoryChanged':
      return { ...filters, category: action.category };
    case 'searchChanged':
      return { ...filters, search: action.search };
  }
}
