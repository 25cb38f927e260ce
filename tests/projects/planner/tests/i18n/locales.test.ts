// @vitest-environment node
import { describe, expect, it } from 'vitest';
import de from '../../src/i18n/locales/de.json';
import en from '../../src/i18n/locales/en.json';

type Tree = { [key: string]: string | Tree };

function flatten(tree: Tree, prefix = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[prefix + key, value]] : flatten(value, `${prefix}${key}.`),
  );
}

const placeholders = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map((match) => match[1]).sort();
const german = new Map(flatten(de));

describe('locales', () => {
  it('have the same keys', () => {
    expect([...german.keys()]).toEqual(flatten(en).map(([key]) => key));
  });

  it('have the same placeholders', () => {
    for (const [key, text] of flatten(en)) {
      expect(placeholders(german.get(key) ?? ''), key).toEqual(placeholders(text));
    }
  });

  it('leave nothing empty', () => {
    expect([...flatten(en), ...german].filter(([, text]) => text.trim() === '')).toEqual([]);
  });
});
