// Run by run.sh, which installs the projects these tests work on.  Chromium is that of Debian.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { Host } from './host.mjs'

const WORK = process.env.TROUPE_TEST_WORK ?? new URL('.work', import.meta.url).pathname
const FILE = 'tests/locators.spec.ts'
const ELEMENTS = readFileSync(new URL('../../tools/reporters/playwright/elements.js', import.meta.url), 'utf8')

async function pagesOf(version) {
  const host = new Host(join(WORK, version), { runner: 'playwright' })
  try {
    await host.ready()
    await host.run(1, [FILE])
  } finally {
    await host.close()
  }
  const [end] = host.of('end', 1)
  assert.equal(end.reason, '', end.message)
  return new Map(host.of('test', 1).map((event) => [event.test, { ...event, page: event.page && JSON.parse(event.page), text: event.page }]))
}

for (const version of ['pw150', 'pw165']) {
  test(`${version}: what locators resolved to, and which are to blame`, async (t) => {
    const pages = await pagesOf(version)
    const page = (name) => pages.get(name).page

    await t.test('of a test that passes: each locator, where it stands, its element', () => {
      const { used, failed, elements, url, truncated } = page('uses locators')
      assert.deepEqual([failed, elements, url, truncated], [null, [], 'http://127.0.0.1:4599/', false])
      assert.deepEqual(used.map(({ locator, file, line, element }) => [locator, file, line, element.role, element.name]), [
        ["getByTestId('save')", 'tests/orders.page.ts', 7, 'button', 'Save'],
        ["getByLabel('Find an order')", FILE, 10, 'searchbox', 'Find an order'],
        ["getByRole('table').getByRole('button', { name: 'Delete 17' })", FILE, 14, 'button', 'Delete 17'],
        ["getByRole('button', { name: 'Later' })", FILE, 15, 'button', 'Later'],
        ["getByText('done')", FILE, 16, 'status', undefined],
        ["getByTestId('inside')", FILE, 18, 'button', 'In the shadow'],
      ])
      const [save, query] = used
      assert.equal(save.column, 0, 'of a page object only the line')
      assert.equal(query.column, 42, 'behind the locator')
      assert.deepEqual(query.element, { role: 'searchbox', name: 'Find an order', label: 'Find an order', tag: 'input', id: 'query', path: 'html>body>main>form>input:nth-of-type(1)' })
    })

    const blamed = {
      'asserts something that is not there': ["getByTestId('store')", 22, 'toBeVisible', 0],
      'clicks something that is not there': ["getByTestId('store')", 26, 'click', 0],
      'waits until its time is over': ["getByRole('button', { name: 'Store' })", 31, 'click', 0],
      'clicks one of several': ["getByRole('button', { name: 'Twice' })", 35, 'click', 2],
      'asserts one of several': ["getByRole('button', { name: 'Twice' })", 39, 'toBeVisible', 2],
    }
    for (const [name, expected] of Object.entries(blamed)) {
      await t.test(`blamed: ${name}`, () => {
        assert.equal(pages.get(name).status, 'failed')
        const { failed: { locator, file, line, column, action, count }, elements, truncated } = page(name)
        assert.deepEqual([locator, line, action, count], expected)
        assert.equal(file, FILE)
        assert.ok(column > 1)
        assert.equal(truncated, false)
        assert.ok(elements.some(({ testid, name: own }) => testid === 'save' && own === 'Save'))
        assert.ok(elements.some(({ testid }) => testid === 'inside'), 'shadow roots too')
        assert.ok(!elements.some(({ tag }) => tag === 'script'))
      })
    }

    for (const name of ['asserts another text', 'takes care of it itself', 'takes care of it itself and fails']) {
      await t.test(`no locator to blame: ${name}`, () => assert.deepEqual([page(name).failed, page(name).elements], [null, []]))
    }

    await t.test('a page that is too large loses what tells least, and says so', () => {
      const { failed, truncated, elements } = page('sees too much')
      assert.equal(failed.count, 0)
      assert.equal(truncated, true)
      assert.ok(Buffer.byteLength(pages.get('sees too much').text) <= 65000)
      assert.ok(elements.length > 100)
    })

    await t.test('errors and positions are those of the test', () => {
      const { message, line, column, at } = pages.get('clicks something that is not there')
      assert.match(message, /^Error: TimeoutError|^TimeoutError: locator\.click: Timeout 500ms exceeded/)
      assert.doesNotMatch(message, /troupe|capture\.cjs|locators\.cjs|elements\.js/)
      assert.deepEqual([line, column, at], [26, 35, undefined])
    })
  })
}

// Playwright's own engine is the judge: an element of a role and a name is found by them.
test('roles and names are those that playwright finds elements by', async () => {
  const { chromium } = createRequire(join(WORK, 'pw165/package.json'))('playwright-core')
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium' })
  try {
    const page = await browser.newPage()
    await page.setContent(readFileSync(new URL('fixtures/playwright/page.html', import.meta.url), 'utf8'))
    const { elements } = await page.evaluate(`(() => { ${ELEMENTS}; return describePage('data-testid', 1000) })()`)
    const pathsBy = (locator) => locator.evaluateAll(new Function('found', `${ELEMENTS}; return found.map(pathOf)`))
    const withRole = elements.filter(({ role }) => role && role !== 'presentation')
    assert.ok(withRole.length > 40, String(withRole.length))
    for (const { role, name, path } of withRole) {
      const found = await pathsBy(page.getByRole(role, name === undefined ? {} : { name, exact: true }))
      assert.ok(found.includes(path), `${role} ${JSON.stringify(name)} ${path}: ${found}`)
    }
    for (const role of new Set([...withRole.map((one) => one.role), 'region', 'form', 'rowheader', 'columnheader', 'tab'])) {
      const ours = elements.filter((one) => one.role === role).map(({ path }) => path).sort()
      assert.deepEqual(ours, (await pathsBy(page.getByRole(role))).sort(), role)
    }
    // Without a name here means without one there.
    for (const { role, path } of withRole.filter(({ name }) => name === undefined)) {
      const found = await pathsBy(page.getByRole(role, { name: /./ }))
      assert.ok(!found.includes(path), `${role} has a name: ${path}`)
    }
  } finally {
    await browser.close()
  }
})
