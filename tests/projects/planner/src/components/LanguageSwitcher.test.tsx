import { expect, it } from 'vitest';
import { render, screen } from '../../tests/helpers/test-utils';
import { LanguageSwitcher } from './LanguageSwitcher';

it('shows the current language', () => {
  render(<LanguageSwitcher />, { language: 'de' });
  expect(screen.getByRole('combobox', { name: 'Sprache' })).toHaveDisplayValue('Deutsch');
});

it('changes the language and remembers it', async () => {
  const { user, i18n } = render(<LanguageSwitcher />);
  await user.selectOptions(screen.getByRole('combobox', { name: 'Language' }), 'German');
  expect(i18n.language).toBe('de');
  expect(screen.getByRole('combobox', { name: 'Sprache' })).toHaveDisplayValue('Deutsch');
  expect(localStorage.getItem('planner.language')).toBe('de');
});
