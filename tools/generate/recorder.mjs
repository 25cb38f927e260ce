// Set up in each test file that troupe runs while it writes tests: notes what a scenario observes,
// how each test ends, and which mutant is to be there. Copied into the project, not installed.

import { appendFileSync, readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest'
import * as names from 'TROUPE_NAMES'

const options = "TROUPE_OPTIONS"
const LOOPS_MAX = 100_000 // rounds of all loops in one test
const SETTLE_MS = 900
const LITERAL_MAX = 1600
// Kept before a test can fake them.
const later = globalThis.setTimeout
const now = Date.now.bind(Date)
const clock = performance.now.bind(performance)
const ELEMENTS_MAX = 120
const CALLS_MAX = 200 // of one mock
let library
try { library = await import('@testing-library/react') } catch {}
library?.configure({ asyncUtilTimeout: options.mutating ? 600 : 1000 })

const file = expect.getState().testPath ?? globalThis.__vitest_worker__?.filepath
const [source, mutant] = JSON.parse(readFileSync(options.of, 'utf8')).of[file] ?? ['', -1]
globalThis.__troupe_mutant = { source, number: mutant }
vi.resetModules()

let rounds = 0
let dead = false
let current = ''
let active // number of the mutant, in a file with several
let wanted // the part of the source that it is in
const noticed = new Set() // tests that failed with a mutant
const reached = new Map() // test -> parts that it enters, as the source is
globalThis.__troupe_part = (part) => {
  if (active === undefined || active >= 0) return
  if (!reached.has(current)) reached.set(current, new Set())
  reached.get(current).add(part)
}
globalThis.__troupe_loop = () => { if (++rounds > LOOPS_MAX) throw new Error('a loop without end') }

const note = (entry) => appendFileSync(options.log, JSON.stringify({ file, mutant: active, at: now(), ...entry }) + '\n')
note({ kind: 'started' })

function nameOf(task) {
  const parts = []
  for (let at = task; at && !at.filepath; at = at.suite) if (at.name !== '') parts.unshift(at.name) // vitest 1 has a suite without a name
  if (active !== undefined) parts.shift()
  return parts.join(' > ')
}

afterAll(() => note({ kind: 'finished' }))
beforeEach((context) => {
  if (dead) context.skip()
  rounds = 0
  current = nameOf(context.task)
  if (active >= 0 && wanted !== undefined && !reached.get(current)?.has(wanted)) context.skip()
  if (active === options.after && !noticed.has(current)) context.skip()
  if (options.shift) vi.useFakeTimers({ toFake: ['Date'], now: now() + options.shift })
})
afterEach(({ task }) => {
  const state = task.result?.state ?? 'run'
  if (state !== 'skip' && !dead) note({ kind: 'test', test: current, state, error: state === 'fail' ? String(task.result?.errors?.[0]?.message).slice(0, 200) : undefined })
  if (state === 'fail' && active >= 0) noticed.add(current)
  // The first test that notices a mutant is enough.
  if (options.mutating && state === 'fail' && (active === undefined || active >= 0)) dead = true
  vi.useRealTimers()
  try { library?.cleanup() } catch {}
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  if (typeof document !== 'undefined') {
    document.body.innerHTML = ''
    try { localStorage.clear(); sessionStorage.clear() } catch {}
  }
})

// ---- values ----

const quote = (text) => {
  const json = JSON.stringify(text)
  if (options.quotes === '"' || (text.includes("'") && !text.includes('"'))) return json
  return `'${json.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}

/** An expression that equals the value; undefined when there is none that says enough. */
function literal(value, depth = 0) {
  if (value === undefined || value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'function') return 'expect.any(Function)'
  if (typeof value !== 'object' || depth > 6) return undefined
  if (value.$$typeof || (typeof Node !== 'undefined' && value instanceof Node)) return 'expect.anything()'
  if (Array.isArray(value)) return all([...value], (one) => literal(one, depth + 1), (list) => `[${list.join(', ')}]`)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : `new Date(${quote(value.toISOString())})`
  if (value instanceof Map) return all([...value], (one) => literal(one, depth + 1), (list) => `new Map([${list.join(', ')}])`)
  if (value instanceof Set) return all([...value], (one) => literal(one, depth + 1), (list) => `new Set([${list.join(', ')}])`)
  if (value instanceof Error) return literalOf([['message', value.message], ['name', value.name], ...Object.entries(value)].filter(([key, one], index, list) => ['string', 'number', 'boolean'].includes(typeof one) && list.findIndex(([other]) => other === key) === index), depth, 'expect.objectContaining(')
  if (typeof Event !== 'undefined' && value instanceof Event || 'nativeEvent' in value) return 'expect.anything()'
  const own = Object.entries(value)
  const bare = [Object.prototype, null].includes(Object.getPrototypeOf(value))
  if (!bare && !own.some(([, one]) => ['string', 'number', 'boolean'].includes(typeof one))) return 'expect.anything()'
  const some = bare ? own : own.filter(([key, one]) => !/^[_#]/.test(key) && ['string', 'number', 'boolean'].includes(typeof one))
  return literalOf(some, depth, bare ? '' : 'expect.objectContaining(')
}

function literalOf(properties, depth, before) {
  const text = all(properties, ([key, one]) => {
    const code = literal(one, depth + 1)
    return code && `${/^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key)}: ${code}`
  }, (list) => (list.length > 0 ? `{ ${list.join(', ')} }` : '{}'))
  return text && `${before}${text}${before && ')'}`
}

function all(list, each, make) {
  const codes = list.slice(0, 400).map(each)
  return codes.includes(undefined) || list.length > 400 ? undefined : make(codes)
}

async function seen(value) {
  if (typeof Response !== 'undefined' && value instanceof Response) return { response: value.status, body: await value.clone().text() }
  const code = literal(value)
  if (code === undefined || code.length > LITERAL_MAX) return Array.isArray(value) ? { length: value.length, first: literal(value[0]) } : { vague: true }
  return { code, primitive: value === null || !['object', 'function'].includes(typeof value), vague: /^(expect\.(anything|any)|undefined$)/.test(code) }
}

async function valueOf(make) {
  let value
  try {
    value = make()
  } catch (error) {
    return { threw: messageOf(error) }
  }
  if (typeof value?.then !== 'function') return seen(value)
  try {
    return { ...await seen(await value), async: true }
  } catch (error) {
    return { rejected: messageOf(error) }
  }
}

function messageOf(error) {
  return error instanceof Error ? error.message : String(error)
}

// ---- the page ----

const STATES = ['aria-expanded', 'aria-current', 'aria-pressed', 'aria-selected', 'aria-sort', 'aria-checked', 'aria-invalid', 'aria-busy', 'aria-valuenow', 'aria-valuetext', 'aria-modal', 'aria-controls', 'href', 'title', 'type', 'placeholder', 'src', 'alt']

const blank = (text) => (text ?? '').replace(/\s+/g, ' ').trim()

function attributesOf(element) {
  const found = {}
  for (const { name, value } of element.attributes) if (STATES.includes(name) || name.startsWith('data-')) found[name] = value
  const style = element.getAttribute('style')
  if (style) found.style = style
  return found
}

/** What Testing Library can find, in the order of the page. */
function page() {
  const roles = new Map()
  for (const [role, list] of Object.entries(library.getRoles(document.body))) for (const element of list) if (!roles.has(element)) roles.set(element, role)
  const found = []
  for (const element of document.body.querySelectorAll('*')) {
    if (found.length >= ELEMENTS_MAX) break
    const role = roles.get(element)
    const own = blank([...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent).join(''))
    const isField = /^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName)
    const testId = element.getAttribute('data-testid')
    if (!isField && !testId && (!role || role === 'generic' || role === 'presentation') && own === '') continue
    if (/^(SCRIPT|STYLE)$/.test(element.tagName)) continue
    found.push({
      role: role === 'generic' || role === 'presentation' ? undefined : role, name: isField || role ? blank(names.computeAccessibleName?.(element)) : '', own, text: blank(element.textContent), exact: blank(element.textContent) === element.textContent, tag: element.tagName.toLowerCase(), testId, type: isField ? element.type : undefined, label: isField ? blank(element.labels?.[0] ? names.computeAccessibleName?.(element) : element.getAttribute('aria-label')) : undefined,
      value: isField ? element.value : undefined, checked: /^(checkbox|radio)$/.test(element.type) ? element.checked : undefined, disabled: element.disabled === true, level: role === 'heading' ? Number(element.tagName[1]) || undefined : undefined,
      options: element.tagName === 'SELECT' ? [...element.options].map((one) => ({ text: blank(one.textContent), disabled: one.disabled, selected: one.selected })).slice(0, 20) : undefined, submits: element.tagName === 'BUTTON' && element.type === 'submit' && element.form !== null, attributes: attributesOf(element),
    })
  }
  return found
}

function world() {
  if (!hasPage()) return { local: {}, session: {}, title: '', requests: requestsOf() }
  const stored = (storage) => Object.fromEntries(Object.keys(storage).map((key) => [key, storage.getItem(key)]))
  return { local: stored(localStorage), session: stored(sessionStorage), title: document.title, requests: requestsOf() }
}

function requestsOf() {
  return vi.isMockFunction(globalThis.fetch) ? globalThis.fetch.mock.calls.slice(0, 8).map(([input, init]) => ({ url: String(input?.url ?? input), method: init?.method, body: typeof init?.body === 'string' ? init.body : undefined, headers: init?.headers ? Object.fromEntries(new Headers(init.headers)) : undefined })) : []
}

/** The page as it was at once, each time it was different, and at last. */
async function pages(once) {
  const stages = [page()]
  if (once) return stages
  let last = JSON.stringify(stages[0])
  let same = 0
  const real = clock()
  while (same < 4 && clock() - real < SETTLE_MS) {
    await library.act(async () => { await new Promise((resolve) => later(resolve, 12)) })
    const now = page()
    const text = JSON.stringify(now)
    same = text === last ? same + 1 : 0
    if (text !== last) stages.push(now)
    last = text
  }
  return stages
}

const hasPage = () => typeof document !== 'undefined'

// How often, and with what at last.
const calls = (mocks) => Object.fromEntries(Object.entries(mocks).filter(([, { mock }]) => mock.calls.length <= CALLS_MAX).map(([name, { mock }]) => [name, mock.calls.map((list, at) => (at < mock.calls.length - 1 ? [] : list.map((one) => literal(one) ?? 'expect.anything()')))]))

globalThis.__troupe = {
  /** What follows in this suite is run against another mutant; a negative number: the source as it is. */
  mutant(number, part) {
    beforeAll(async () => {
      active = number
      wanted = part ?? undefined
      dead = false
      note({ kind: 'started' })
      vi.clearAllMocks()
      await globalThis.__troupe_switches[source](number)
      note({ kind: 'loaded' })
    }, 20_000)
  },
  async value(index, make) { note({ kind: 'seen', test: current, index, ...await valueOf(make) }) },
  async world(index, mocks = {}) { note({ kind: 'seen', test: current, index, calls: calls(mocks), world: world() }) },
  async page(index, mocks = {}, once = false) { note({ kind: 'seen', test: current, index, stages: await pages(once), calls: calls(mocks), world: world() }) },
  async hook(index, result, mocks = {}) {
    const first = await fields(result.current)
    await pages(false)
    note({ kind: 'seen', test: current, index, first, ...await fields(result.current), calls: calls(mocks), world: world() })
  },
}

/** A result's fields, each as far as it can be written down. */
async function fields(value) {
  const whole = await seen(value)
  if (!value || typeof value !== 'object') return { whole }
  const list = Array.isArray(value) ? [...value.entries()].map(([key, one]) => [`[${key}]`, one]) : Object.entries(value).map(([key, one]) => [/^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${quote(key)}]`, one])
  const found = []
  for (const [key, one] of list.slice(0, 60)) found.push({ key, isFunction: typeof one === 'function', arity: typeof one === 'function' ? one.length : 0, ...await seen(one) })
  return { whole, fields: found }
}
