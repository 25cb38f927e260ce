#!/usr/bin/env python3
"""browser.py FOLDER: failing Playwright tests with a real Chromium (/usr/bin/chromium), as rows."""
import re

from runners_common import BASE, rng, run, tell, write

TEST = """
import { test, expect } from '@playwright/test';
test.setTimeout(4000);
test.use({ actionTimeout: 900, navigationTimeout: 1500 });
const page0 = `<title>Shop</title><h1>Cart</h1><button>Add</button><button>Add</button><button disabled>Pay</button><input aria-label="Email" value="a@b.c"><a href="/x">Home</a><p hidden>Secret</p><div id=o style="position:fixed;inset:0;display:none"></div><ul><li>1</li><li>2</li></ul><select><option>a</option></select><input type=checkbox aria-label="Terms">`;
const E = { timeout: 600 };
test.beforeEach(async ({ page }) => { await page.setContent(page0); });
test('strict', async ({ page }) => { await page.getByRole('button', { name: 'Add' }).click(); });
test('strict text', async ({ page }) => { await expect(page.locator('li')).toHaveText('1', E); });
test('missing', async ({ page }) => { await page.getByRole('button', { name: 'Checkout' }).click(); });
test('missing id', async ({ page }) => { await page.locator('#submit').click(); });
test('fill', async ({ page }) => { await page.getByLabel('Password').fill('x'); });
test('disabled', async ({ page }) => { await page.getByText('Pay').click(); });
test('hidden', async ({ page }) => { await page.getByText('Secret').click(); });
test('covered', async ({ page }) => { await page.evaluate(() => { o.style.display = 'block'; }); await page.getByText('Home').click(); });
test('visible', async ({ page }) => { await expect(page.getByText('Thanks')).toBeVisible(E); });
test('text', async ({ page }) => { await expect(page.getByRole('heading')).toHaveText('Checkout', E); });
test('contain', async ({ page }) => { await expect(page.getByRole('heading')).toContainText('Order', E); });
test('count', async ({ page }) => { await expect(page.locator('li')).toHaveCount(3, E); });
test('title', async ({ page }) => { await expect(page).toHaveTitle(/Store/, E); });
test('url', async ({ page }) => { await expect(page).toHaveURL('http://x/', E); });
test('value', async ({ page }) => { await expect(page.getByLabel('Email')).toHaveValue('z', E); });
test('attribute', async ({ page }) => { await expect(page.getByText('Home')).toHaveAttribute('href', '/y', E); });
test('class', async ({ page }) => { await expect(page.getByText('Home')).toHaveClass('active', E); });
test('checked', async ({ page }) => { await expect(page.getByLabel('Terms')).toBeChecked(E); });
test('enabled', async ({ page }) => { await expect(page.getByText('Pay')).toBeEnabled(E); });
test('not visible', async ({ page }) => { await expect(page.getByText('Cart')).not.toBeVisible(E); });
test('css', async ({ page }) => { await expect(page.getByText('Cart')).toHaveCSS('color', 'red', E); });
test('value equal', async () => { expect(1 + 1).toBe(3); });
test('object', async () => { expect({ a: 1 }).toEqual({ a: 2 }); });
test('soft', async () => { expect.soft('a').toBe('b'); expect.soft([1]).toHaveLength(3); });
test('poll', async () => { await expect.poll(() => 1, { timeout: 200 }).toBe(2); });
test('pass', async () => { await expect(async () => { expect(1).toBe(2); }).toPass({ timeout: 200 }); });
test('time out', async ({ page }) => { test.setTimeout(500); await page.waitForTimeout(3000); });
test('wait selector', async ({ page }) => { await page.waitForSelector('.loaded', { timeout: 200 }); });
test('wait url', async ({ page }) => { await page.waitForURL('**/done', { timeout: 200 }); });
test('wait response', async ({ page }) => { await page.waitForResponse('**/api', { timeout: 200 }); });
test('wait event', async ({ page }) => { await page.waitForEvent('popup', { timeout: 200 }); });
test('wait function', async ({ page }) => { await page.waitForFunction(() => window.ready, null, { timeout: 200 }); });
test('evaluate', async ({ page }) => { await page.evaluate(() => { throw new Error('in page'); }); });
test('evaluate null', async ({ page }) => { await page.evaluate(() => document.querySelector('.x').textContent); });
test('eval', async ({ page }) => { await page.$eval('.x', (e) => e.textContent); });
test('closed', async ({ page }) => { await page.close(); await page.click('a'); });
test('bad selector', async ({ page }) => { await page.locator('a[').click(); });
test('bad role', async ({ page }) => { await page.getByRole('btn').click(); });
test('option', async ({ page }) => { await page.selectOption('select', 'z'); });
test('check', async ({ page }) => { await page.check('a'); });
test('fill link', async ({ page }) => { await page.fill('a', 'x'); });
test('type error', async ({ page }) => { const a = undefined; await a.click(); });
test('thrown', async () => { throw new Error('no fixture data'); });
test('screenshot', async ({ page }) => { await expect(page).toHaveScreenshot('a.png', E); });
test('snapshot', async ({ page }) => { expect('x').toMatchSnapshot('t.txt'); });
test('aria', async ({ page }) => { await expect(page.locator('ul')).toMatchAriaSnapshot('- list: x', E); });
test('no await', async ({ page }) => { page.getByText('zzz').click({ timeout: 100 }); });
test('download', async ({ page }) => { await Promise.all([page.waitForEvent('download', { timeout: 200 }), page.getByText('Home').hover()]); });
test('frame', async ({ page }) => { await page.frameLocator('iframe').getByText('x').click(); });
test('refused', async ({ page }) => { await page.goto('http://localhost:9/'); });
test('unknown host', async ({ page }) => { await page.goto('http://no.such.host.invalid/'); });
test('bad url', async ({ page }) => { await page.goto('/relative'); });
test('request refused', async ({ request }) => { await request.get('http://localhost:9/api'); });
test('hang', async ({ page }) => { await page.goto('http://10.255.255.1/', { timeout: 300 }); });
test.describe('hook', () => { test.beforeEach(async () => { throw new Error('login failed'); }); test('x', async () => {}); });
test.describe('all', () => { test.beforeAll(async () => { expect(1).toBe(2); }); test('x', async () => {}); });
test.describe('after', () => { test.afterEach(async ({ page }) => { await page.click('.logout', { timeout: 100 }); }); test('x', async () => {}); });
"""
ODD = {
    "dup.spec.ts": "import { test } from '@playwright/test';\ntest('a', async () => {});\ntest('a', async () => {});",
    "inside.spec.ts": "import { test } from '@playwright/test';\ntest('a', async () => { test('b', async () => {}); });",
    "fixture.spec.ts": "import { test } from '@playwright/test';\ntest('a', async ({ pages }) => {});",
    "fixture2.spec.ts": "import { test } from '@playwright/test';\ntest('a', async (page) => {});",
    "use.spec.ts": "import { test } from '@playwright/test';\ntest('a', async () => { test.use({ locale: 'x' }); test.describe('q', () => {}); });",
    "none.spec.ts": "export {};",
}
SCRIPT = "const { chromium } = require('playwright-core'); chromium.launch(%s).catch((e) => { console.error(e.stack); });"


def main():
    folder = f"{BASE}/run3/suite-pw"
    write(f"{folder}/playwright.config.ts", "export default { testDir: '.', workers: 2, reporter: 'line', use: { launchOptions: { executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] } } };")
    write(f"{folder}/suite.spec.ts", TEST)
    out = run("node ../node_modules/.bin/playwright test suite.spec.ts", folder, timeout=900)
    for block in re.split(r"\n(?=  \d+\) )", out)[1:]:
        general = re.search(r"net::ERR_|ECONNREFUSED|NS_ERROR", block)
        block = re.split(r"\n  \d+ failed\n", block)[0].replace("suite.spec", rng.choice(["login", "cart", "checkout", "nav"]) + ".spec")
        label = "general" if general else "test"
        for _ in range(2):
            text = block if rng.random() < 0.5 else re.split(r"\n\n +\d+ \|| +at ", block.split("\n", 1)[-1])[0]
            tell("run-playwright:" + ("net" if general else "spec"), label, text, folder)
    for name, text in ODD.items():
        write(f"{folder}/odd/{name}", text)
        tell("run-playwright:odd", "test", run(f"node ../node_modules/.bin/playwright test odd/{name}", folder), folder)
    for options in ("{}", "{ executablePath: '/nope/chrome' }", "{ executablePath: '/bin/false' }", "{ channel: 'chrome' }", "{ executablePath: '/usr/bin/chromium', args: ['--no-sandbox','--remote-debugging-port=1'], timeout: 900 }"):
        write(f"{folder}/launch.cjs", SCRIPT % options)
        for _ in range(3):
            tell("run-playwright:launch", "general", run("node launch.cjs", folder), folder)


main()
