import { expect, it } from 'vitest';
import { SettingsPage } from '../../src/pages/SettingsPage';
import { render, screen } from '../helpers/test-utils';

it('starts with 10 entries per page', () => {
  render(<SettingsPage />);
  expect(screen.getByLabelText('Entries per page')).toHaveDisplayValue('10');
});

it('remembers another page size', async () => {
  const { user, unmount } = render(<SettingsPage />);
  await user.selectOptions(screen.getByLabelText('Entries per page'), '50');
  unmount();
  render(<SettingsPage />);
  expect(screen.getByLabelText('Entries per page')).toHaveDisplayValue('50');
});
