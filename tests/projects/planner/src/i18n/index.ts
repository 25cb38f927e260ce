import { createInstance, type i18n } from 'i18next';
import { initReactI18next } from 'react-i18next';
import de from './locales/de.json';
import en from './locales/en.json';

export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

const KEY = 'planner.language';

export function isLanguage(value: string | null | undefined): value is Language {
  return LANGUAGES.some((language) => language === value);
}

/** The language chosen before, else the browser's, else English. */
export function preferredLanguage(): Language {
  const candidates = [localStorage.getItem(KEY), navigator.language.split('-')[0]];
  return candidates.find(isLanguage) ?? 'en';
}

export function createI18n(language: Language): i18n {
  const instance = createInstance();
  void instance.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    initAsync: false,
    interpolation: { escapeValue: false },
    resources: { en: { translation: en }, de: { translation: de } },
  });
  instance.on('languageChanged', (next) => localStorage.setItem(KEY, next));
  return instance;
}
