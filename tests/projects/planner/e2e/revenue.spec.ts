import { expect, test } from '@playwright/test';
import { signIn } from './signIn';

test.beforeEach(async ({ page }) => {
  await signIn(page, '/revenue');
});

test('finds the entries of one customer', async ({ page }) => {
  await page.getByLabel('Period').selectOption('This year');
  const customer = await page.getByRole('row').nth(1).getByRole('cell').nth(1).innerText();
  await page.getByLabel('Search customers').fill(customer);
  await expect(page.getByTestId('revenue-count')).toHaveText(/^\d+ entr(y|ies)$/);
  for (const row of await page.getByRole('row').filter({ hasNotText: 'Customer' }).all()) {
    await expect(row.getByRole('cell').nth(1)).toHaveText(customer);
  }
});

test('exports what is shown', async ({ page }) => {
  const download = page.waitForEvent('download');
  await page.getByTestId('export-csv').click({ timeout: 5000 });
  expect((await download).suggestedFilename()).toMatch(/^revenue-.*\.csv$/);
});
