// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { initials, slugify } from './text';

describe('initials', () => {
  it.each([
    ['Ada Lovelace', 'AL'],
    ['  grace   brewster  hopper ', 'GH'],
    ['Plato', 'P'],
    ['', ''],
  ])('of [%s] are [%s]', (name, expected) => {
    expect(initials(name)).toBe(expected);
  });
});

describe('slugify', () => {
  it.each([
    ['Revenue 2024-01-01', 'revenue-2024-01-01'],
    ['Übersicht: Käufe & mehr', 'ubersicht-kaufe-mehr'],
    ['$ (net) [EUR] $', 'net-eur'],
  ])('turns $0 into $1', (text, expected) => {
    expect(slugify(text)).toBe(expected);
  });
});
