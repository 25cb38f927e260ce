// dashboard.mjs - goes through the dashboard as a person does; any surprise ends it with an error.
//
//     node dashboard.mjs URL TOKEN PLAYWRIGHT CHROMIUM [AXE]     AXE: axe.min.js, looks at each page
import assert from 'node:assert'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const [url, token, playwright, executablePath, axe] = process.argv.slice(2)
const { chromium } = createRequire(import.meta.url)(playwright)
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
const surprises = []

async function look(page, what) {
  if (!axe) return
  await page.evaluate(readFileSync(axe, 'utf8'))
  const { violations } = await page.evaluate(() => globalThis.axe.run())
  surprises.push(...violations.map((v) => `${what}: ${v.impact} ${v.id} ${v.nodes[0].html}`))
}

try {
  const page = await browser.newPage()
  page.on('pageerror', (error) => surprises.push(error.message))
  page.on('dialog', (dialog) => { surprises.push(dialog.message()); dialog.dismiss() })
  page.on('console', (m) => m.text().includes('Content Security') && surprises.push(m.text()))
  page.on('request', (r) => r.url().startsWith(url) || r.url().startsWith('data:') || surprises.push(r.url()))

  // By the keyboard alone: the token has the focus.
  await page.goto(url)
  await page.waitForSelector('#token:focus')
  await look(page, 'login')
  await page.keyboard.type('a wrong one\n')
  await page.waitForSelector('[role=alert]')
  await page.fill('#token', token)
  await page.keyboard.press('Enter')
  await page.waitForSelector('.health')
  const [cookie] = await page.context().cookies()
  assert.ok(cookie.httpOnly && cookie.sameSite === 'Strict')
  assert.match(await page.textContent('.health'), /^Well\. Nothing to do/)
  await look(page, 'overview')

  await page.click('tbody a')
  await page.waitForSelector('details[open] pre')
  assert.match(await page.textContent('details pre'), /<img src=x onerror=alert\(1\)> expected 4/)
  assert.match(await page.textContent('.tiles'), /tests passed30of 31failed1/)
  for (const tab of ['failures', 'timeline', 'files', 'tests', 'errors', 'fixes', 'heals']) {
    await page.click(`.tabs >> text="${tab}"`)
    await page.waitForSelector(`.tabs a[aria-current] >> text="${tab}"`)
    await page.waitForSelector('.tabs ~ *:not(:text("loading…"))')
    await look(page, tab)
  }
  await page.click('.tabs >> text="timeline"')
  await page.waitForSelector('figcaption')
  assert.match(await page.textContent('figcaption'), /^31 files on 1 worker/)
  await page.click('.tabs >> text="files"')
  await page.fill('input[type=search]', 'BAD')
  await page.waitForFunction(() => document.querySelectorAll('.long li').length === 1)
  assert.match(await page.textContent('.long li'), /failedbad\.sh/)
  await page.fill('input[type=search]', 'no such file')
  await page.waitForSelector('text=Nothing has that in its name.')

  for (const name of ['Errors', 'Fixes', 'Selectors', 'Queues', 'Fleet', 'Costs', 'Events']) {
    await page.click(`header >> text="${name}"`)
    await page.waitForSelector(`h1:has-text("${name === 'Errors' ? 'Errors by class' : name === 'Selectors' ? 'Healed selectors' : name}")`)
    await look(page, name)
  }
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main')
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.click('header >> text="Overview"')
  await page.waitForSelector('.health')
  await look(page, 'dark')
  await page.setViewportSize({ width: 390, height: 800 })
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 390), 'it is too wide')
  await page.click('text="Log out"')
  await page.waitForSelector('#token')
} finally {
  await browser.close()
}
assert.deepEqual(surprises, [])
