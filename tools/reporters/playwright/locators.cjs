// Follows playwright's locators in a worker process: which were used, where they stand in the tests,
// what they resolved to, and which of them failed.
//
// capture.cjs compiles this file under a name inside playwright-core: playwright takes frames from
// there for its own, and so errors, steps and positions are the same as without it.

'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { fileURLToPath } = require('node:url')

const MADE_BY = ['locator', 'getByTestId', 'getByRole', 'getByLabel', 'getByText', 'getByPlaceholder', 'getByAltText',
  'getByTitle', 'first', 'last', 'nth', 'filter', 'and', 'or']
const USED_BY = ['click', 'dblclick', 'fill', 'check', 'uncheck', 'selectOption', 'press', 'pressSequentially', 'type',
  'clear', 'hover', 'tap', 'focus', 'blur', 'dragTo', 'dispatchEvent', 'setInputFiles', 'selectText',
  'scrollIntoViewIfNeeded', 'waitFor', 'textContent', 'innerText', 'innerHTML', 'inputValue', 'getAttribute', 'isVisible', 'isHidden', 'isChecked',
  'isDisabled', 'isEditable', 'isEnabled', 'boundingBox', 'screenshot', 'evaluate', '_expect']
const ABSENT = /^toBe(Hidden|Detached)$/ // hold where there is no element
const USES_MAX = 200 // calls kept of a test
const ALIKE_MAX = 4 // calls kept of one selector
const FAILURES_MAX = 10 // of a test; more are those of a loop that waits for something
const ELEMENTS_MAX = 1500
const LOOK_MS = 2000 // for the page of a failure
const WAIT_MS = 250 // at the end of a test, for what passing locators resolved to
const BYTES_MAX = 65000
const FRAMES_MAX = 30
const INLINE_LINES = 2 // a call so near below where its locator was made belongs to it

const source = fs.readFileSync(path.join(__troupe, 'elements.js'), 'utf8')
const lookAt = new Function('elements', 'id', `${source}\nreturn { count: elements.length, element: elements.length === 1 ? describe(elements[0], id) : undefined }`)
const lookAround = new Function('elements', 'options', `${source}\nreturn describePage(options.id, options.countMax)`)

const sites = new WeakMap() // locator -> an error made where it was
const tests = new WeakMap() // information of a test -> what is known of it
let root
let currentTest
let depth = 0 // of playwright calling itself

/** playwright: of playwright-core; testInfo(): of the test that runs, or undefined. */
function follow(playwright, directory, testInfo) {
  root = directory
  currentTest = testInfo
  let isWrapped = false
  playwright._instrumentation.addListener({
    runAfterCreateBrowserContext: async (context) => {
      if (isWrapped) return
      context.once('page', (page) => {
        if (isWrapped) return
        isWrapped = true
        wrap(page)
      })
    },
    runBeforeCloseBrowserContext: (context) => report(context).catch(() => {}), // a test is not to fail by us
  })
}

function wrap(page) {
  const frame = page.mainFrame()
  const locator = frame.locator('html')
  for (const object of [page, frame, locator, frame.frameLocator('iframe')]) {
    const prototype = Object.getPrototypeOf(object)
    for (const name of MADE_BY) if (typeof prototype[name] === 'function') wrapMaker(prototype, name)
  }
  const prototype = Object.getPrototypeOf(locator)
  for (const name of USED_BY) if (typeof prototype[name] === 'function') wrapUse(prototype, name)
}

// `name` as in a class: stacks, and playwright which reads them, see the method itself.
function replace(prototype, name, wrapped) {
  Object.defineProperty(wrapped, 'name', { value: name })
  Object.defineProperty(prototype, name, { value: wrapped, writable: true, configurable: true, enumerable: false })
}

function wrapMaker(prototype, name) {
  const made = prototype[name]
  replace(prototype, name, { [name](...args) {
    depth++
    try {
      const locator = made.apply(this, args)
      if (depth === 1 && typeof locator === 'object') sites.set(locator, siteHere())
      return locator
    } finally {
      depth--
    }
  } }[name])
}

function wrapUse(prototype, name) {
  const use = prototype[name]
  replace(prototype, name, { [name](...args) {
    const entry = begin(this, name, args)
    const result = use.apply(this, args)
    return entry ? watch(entry, result) : result
  } }[name])
}

// Formatting a stack costs, so it waits until somebody asks for it.
function siteHere() {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = FRAMES_MAX
  const site = new Error('site')
  Error.stackTraceLimit = limit
  return site
}

// ---- one use ----

function begin(locator, action, args) {
  const info = currentTest()
  if (!info) return undefined
  if (!tests.has(info)) tests.set(info, { used: [], alike: new Map(), pending: new Set(), failures: [], looks: [] })
  const test = tests.get(info)
  const isNot = action === '_expect' && Boolean(args[1]?.isNot)
  const entry = { test, locator, made: sites.get(locator), site: siteHere(), isNot, action: action === '_expect' ? matcherOf(args[0]) : action }
  test.pending.add(entry)
  const alike = test.alike.get(locator._selector) ?? []
  if (test.used.length < USES_MAX && alike.length < ALIKE_MAX) {
    test.used.push(entry)
    test.alike.set(locator._selector, [...alike, entry])
    // Asking costs about as much as an action, so it is done once.  It is not waited for: it is on
    // its way to the browser before the action, which may leave the page.
    if (alike.length === 0) look(entry)
  }
  return entry
}

// `to.have.text.array` is toHaveText to those who write it.
function matcherOf(expression) {
  return String(expression).replace(/\.(array|value)$/, '').replace(/\.(\w)/g, (_, letter) => letter.toUpperCase())
}

function look(entry) {
  const known = entry.locator._frame._wrapApiCall(
    () => entry.locator._frame.$$eval(entry.locator._selector, lookAt, testIdAttribute(entry.locator)), { internal: true })
    .then(({ count, element }) => { if (element) entry.element = element; return count }, () => undefined)
  entry.test.looks.push(known)
  return known
}

function watch(entry, result) {
  return result.then((value) => {
    entry.test.pending.delete(entry)
    const isExpect = typeof value?.matches === 'boolean'
    if (isExpect && value.matches === entry.isNot) return failed(entry, value.errorMessage ?? '').then(() => value)
    // It was not there when the action began.
    if (!isSeen(entry)) look(entry)
    return value
  }, (error) => failed(entry, String(error?.message)).then(() => { throw error }))
}

// Also when it is not kept.
function isSeen({ test, locator }) {
  const [first] = test.alike.get(locator._selector) ?? []
  return !first || Boolean(first.element)
}

async function failed(entry, message) {
  const { test } = entry
  test.pending.delete(entry)
  if (test.failures.length >= FAILURES_MAX) return
  await within(LOOK_MS, capture(entry, /strict mode violation/.test(message)))
}

// Of a failure only if the locator is to blame: it found nothing where something was needed, or several.
async function capture(entry, isStrict) {
  const { _frame: frame, _selector: selector } = entry.locator
  const id = testIdAttribute(entry.locator)
  const needsOne = !entry.isNot && !ABSENT.test(entry.action)
  const { count } = await frame._wrapApiCall(() => frame.$$eval(selector, lookAt, id), { internal: true })
  const isBlamed = count === 0 ? needsOne : count > 1 && isStrict
  if (!isBlamed) return
  const page = await frame._wrapApiCall(() => frame.$$eval('html', lookAround, { id, countMax: ELEMENTS_MAX }), { internal: true })
  entry.test.failures.push({ entry, count, page })
}

function within(ms, promise) {
  let timer
  const late = new Promise((resolve) => { timer = setTimeout(resolve, ms) })
  return Promise.race([promise.catch(() => {}), late]).finally(() => clearTimeout(timer))
}

function testIdAttribute(locator) {
  const [, name] = /internal:testid=\[([^=]+)=/.exec(locator._frame.getByTestId('x')._selector) ?? []
  return name ?? 'data-testid'
}

// ---- at the end of a test ----

async function report(context) {
  const info = currentTest()
  const test = info && tests.get(info)
  if (!test) return
  // The time of the test is over, and they still wait.
  const waiting = [...test.pending].filter(({ locator }) => locator.page().context() === context)
  for (const entry of waiting) {
    entry.isPending = true
    await within(LOOK_MS, capture(entry, false))
    test.pending.delete(entry)
  }
  await within(WAIT_MS, Promise.all(test.looks))
  const isFailed = info.status !== info.expectedStatus
  const told = isFailed ? test.failures.filter(({ entry }) => isPartOf(entry, info.errors)) : []
  const body = Buffer.from(textOf(test, told.at(-1), context.pages().at(-1)?.url() ?? ''))
  info.attachments.push({ name: 'troupe-page', contentType: 'application/json', body })
}

// Failures that the test took care of itself are none.
function isPartOf(entry, errors) {
  return entry.isPending || errors.some(({ message, stack }) => `${message}\n${stack}`.includes(String(entry.locator)))
}

function textOf(test, failure, url) {
  const used = new Map() // once for each place
  for (const entry of test.used) {
    const element = test.alike.get(entry.locator._selector).find((one) => one.element)?.element
    if (!element) continue
    const call = { locator: String(entry.locator), ...positionOf(entry), element }
    const key = `${call.locator} ${call.file} ${call.line} ${call.column}`
    if (!used.has(key)) used.set(key, call)
  }
  const failed = failure ? {
    locator: String(failure.entry.locator), ...positionOf(failure.entry),
    action: (failure.entry.isNot ? 'not.' : '') + failure.entry.action, count: failure.count,
  } : null
  const page = { url: (failure?.page.url ?? url).slice(0, 2000), failed, used: [...used.values()], elements: failure?.page.elements ?? [], truncated: Boolean(failure?.page.cut) }
  return fitted(page)
}

// The least telling elements go first, then the first uses.
function fitted(page) {
  let text = JSON.stringify(page)
  while (Buffer.byteLength(text) > BYTES_MAX && page.elements.length + page.used.length > 0) {
    page.truncated = true
    if (page.elements.length > 0) page.elements.length = Math.floor(page.elements.length * 0.9)
    else page.used = page.used.slice(Math.ceil(page.used.length * 0.1))
    text = JSON.stringify(page)
  }
  return Buffer.byteLength(text) > BYTES_MAX ? '' : text
}

// Of the call, if the locator stands right before it; otherwise (in a page object, say) of the line
// that made the locator.
function positionOf({ made, site }) {
  const call = placeOf(site)
  const origin = made ? placeOf(made) : call
  const isInline = call.file === origin.file && call.line >= origin.line && call.line - origin.line <= INLINE_LINES
  return isInline || !origin.file ? call : { ...origin, column: 0 }
}

// The first frame that is the project's own.
function placeOf(site) {
  site.place ??= findPlace(site)
  return site.place
}

const places = new Map() // by where it is in what node runs, as source maps cost

function findPlace(site) {
  const prepare = Error.prepareStackTrace
  let frames = []
  Error.prepareStackTrace = (_, all) => { frames = all; return '' }
  void site.stack // this is when node asks for it
  Error.prepareStackTrace = prepare
  const frame = frames.find((one) => isOwn(one.getFileName()))
  if (!frame) return { file: '', line: 0, column: 0 }
  const key = `${frame.getFileName()}:${frame.getLineNumber()}:${frame.getColumnNumber()}`
  if (!places.has(key)) places.set(key, parsePlace(prepare ? prepare(site, [frame]) : `\n    at ${frame}`))
  return places.get(key)
}

function isOwn(file) {
  return Boolean(file) && (file.startsWith('/') || file.startsWith('file:///')) && !file.includes('/node_modules/')
}

function parsePlace(text) {
  const [, place, line, column] = /^\s*at (?:.*? \()?((?:file:\/\/)?\/.+?):(\d+):(\d+)\)?$/m.exec(String(text)) ?? []
  if (!place) return { file: '', line: 0, column: 0 }
  const file = place.startsWith('file:') ? fileURLToPath(place) : place
  return { file: path.relative(root, file), line: Number(line), column: Number(column) }
}

module.exports = { follow }
