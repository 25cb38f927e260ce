import { expect, test } from '@playwright/test';
import { signIn } from './signIn';

test('adds a budget and deletes it again', async ({ page }) => {
  await signIn(page, '/budgets');
  const form = page.getByRole('form', { name: 'Add budget' });
  await form.getByLabel('Name').fill('Fair in Leipzig');
  await form.getByLabel('Planned amount').fill('1200');
  await form.getByRole('button', { name: 'Add budget' }).click();

  const card = page.getByRole('article', { name: 'Fair in Leipzig' });
  await expect(card).toContainText('€0.00 of €1,200.00 spent');
  await page.getByRole('status').getByRole('button', { name: 'Dismiss' }).click();
  await card.getByRole('button', { name: 'Delete Fair in Leipzig' }).click();
  await page.getByTestId('confirm').click();
  await expect(card).toHaveCount(0);
});
