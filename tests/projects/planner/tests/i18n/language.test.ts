import { afterEach, describe, expect, it, vi } from 'vitest';
import { createI18n, isLanguage, preferredLanguage } from '../../src/i18n';

afterEach(() => localStorage.clear());

const browserLanguage = (language: string) => vi.spyOn(navigator, 'language', 'get').mockReturnValue(language);

describe('preferredLanguage', () => {
  it('follows the browser', () => {
    browserLanguage('de-AT');
    expect(preferredLanguage()).toBe('de');
  });

  it('is English in any other browser', () => {
    browserLanguage('pt-BR');
    expect(preferredLanguage()).toBe('en');
  });

  it('is what was chosen before', async () => {
    browserLanguage('en-GB');
    await createI18n('en').changeLanguage('de');
    expect(preferredLanguage()).toBe('de');
  });
});

describe('createI18n', () => {
  it('can translate at once', () => {
    expect(createI18n('de').t('nav.settings')).toBe('Einstellungen');
  });

  it.each([
    [1, '1 entry'],
    [2, '2 entries'],
    [0, '0 entries'],
  ])('counts %i', (count, expected) => {
    expect(createI18n('en').t('revenue.count', { count })).toBe(expected);
  });

  it('leaves names with markup alone', () => {
    expect(createI18n('en').t('budgets.delete', { name: 'R&D <new>' })).toBe('Delete R&D <new>');
  });
});

it.each([['en', true], ['de', true], ['fr', false], [null, false], [undefined, false]])(
  'isLanguage(%s) is %s',
  (value, expected) => {
    expect(isLanguage(value)).toBe(expected);
  },
);
