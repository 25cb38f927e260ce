// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { clampPage, pageCount, pageItems, pageNumbers } from '../../src/utils/pagination';

describe('pageCount', () => {
  it.each([
    [0, 1],
    [10, 1],
    [11, 2],
    [30, 3],
  ])('%i items by 10: %i', (items, pages) => {
    expect(pageCount(items, 10)).toBe(pages);
  });
});

describe('pageItems', () => {
  const items = [1, 2, 3, 4, 5];

  it('cuts out one page', () => {
    expect(pageItems(items, 1, 2)).toEqual([1, 2]);
    expect(pageItems(items, 2, 2)).toEqual([3, 4]);
  });

  it('may end with a shorter page', () => {
    expect(pageItems(items, 3, 2)).toEqual([5]);
  });
});

describe('clampPage', () => {
  it('stays between 1 and the last page', () => {
    expect([0, 1, 3, 9].map((page) => clampPage(page, 3))).toEqual([1, 1, 3, 3]);
  });
});

describe('pageNumbers', () => {
  it.each([
    [1, 1, [1]],
    [2, 3, [1, 2, 3]],
    [1, 9, [1, 2, null, 9]],
    [5, 9, [1, null, 4, 5, 6, null, 9]],
    [9, 9, [1, null, 8, 9]],
  ])('page %i of %i', (current, pages, expected) => {
    expect(pageNumbers(current, pages)).toEqual(expected);
  });
});
