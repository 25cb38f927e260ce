import { expect, type Page } from '@playwright/test';

/** Opens a page of the application as its administrator, who is asked to sign in on the way. */
export async function signIn(page: Page, path: string) {
  await page.goto(path);
  await page.getByLabel('E-mail').fill('admin@example.com');
  await page.getByLabel('Password').fill('planner-admin');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible();
}
