// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { nextSorting, sortBy } from '../../src/utils/sort';

const rows = [
  { name: 'elm', size: 10 },
  { name: 'Birch', size: 9 },
  { name: 'äpple', size: 100 },
];
const names = (list: typeof rows) => list.map(({ name }) => name);

describe('sortBy', () => {
  describe('text', () => {
    it('ascending', () => {
      expect(names(sortBy(rows, { key: 'name', direction: 'ascending' }))).toEqual(['äpple', 'Birch', 'elm']);
    });

    it('descending', () => {
      expect(names(sortBy(rows, { key: 'name', direction: 'descending' }))).toEqual(['elm', 'Birch', 'äpple']);
    });
  });

  describe('numbers', () => {
    it('ascending', () => {
      expect(names(sortBy(rows, { key: 'size', direction: 'ascending' }))).toEqual(['Birch', 'elm', 'äpple']);
    });

    it('descending', () => {
      expect(names(sortBy(rows, { key: 'size', direction: 'descending' }))).toEqual(['äpple', 'elm', 'Birch']);
    });
  });
});

describe('nextSorting', () => {
  it('turns the same column round', () => {
    const first = nextSorting<(typeof rows)[0]>({ key: 'name', direction: 'ascending' }, 'name');
    expect(first.direction).toBe('descending');
    expect(nextSorting(first, 'name').direction).toBe('ascending');
  });

  it('starts another column ascending', () => {
    expect(nextSorting<(typeof rows)[0]>({ key: 'name', direction: 'ascending' }, 'size')).toEqual({
      key: 'size',
      direction: 'ascending',
    });
  });
});
