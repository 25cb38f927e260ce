// What was seen, as assertions.

const PAGE_MAX = 14 // assertions about one page
const LIST_MAX = 12 // texts of one list
const ABSENT_MAX = 4
const TEXT_MAX = 90
const NAMED = new Set(['button', 'link', 'heading', 'textbox', 'searchbox', 'spinbutton', 'combobox', 'checkbox', 'radio', 'switch', 'tab', 'menuitem', 'article', 'region', 'figure', 'img', 'dialog', 'alertdialog', 'navigation', 'banner', 'main', 'contentinfo', 'complementary', 'progressbar', 'status', 'alert', 'table', 'list', 'form', 'columnheader', 'row', 'listitem', 'option', 'group', 'search', 'slider', 'separator', 'term', 'definition', 'tablist', 'tabpanel', 'meter', 'cell', 'rowheader', 'menu', 'menubar', 'tree', 'grid', 'listbox', 'log', 'note', 'timer', 'tooltip'])
const FIELDS = new Set(['textbox', 'searchbox', 'spinbutton', 'combobox', 'slider', 'listbox'])
const WITH_TEXT = new Set(['alert', 'status', 'article', 'region', 'row', 'listitem', 'progressbar', 'cell', 'dialog', 'alertdialog', 'note', 'log', 'tooltip', 'columnheader', 'figure', 'banner', 'term', 'definition'])
const QUIET = new Set(['type', 'src', 'style', 'placeholder'])

/** Lines about a value that `expr` gives, [] when there is nothing to say. */
export function valueLines(expr, seen, quote) {
  if (!seen || [seen.threw, seen.rejected].includes('a loop without end')) return []
  if (seen.threw !== undefined) return seen.threw === '' ? [] : [`expect(() => ${expr.startsWith('{') ? `(${expr})` : expr}).toThrow(${quote(seen.threw)})`]
  if (seen.rejected !== undefined) return seen.rejected === '' ? [] : [`await expect(${expr}).rejects.toThrow(${quote(seen.rejected)})`]
  const asked = seen.async ? `await expect(${expr}).resolves` : `expect(${expr})`
  if (seen.response !== undefined) return [`expect((${seen.async ? 'await ' : ''}${expr}).status).toBe(${seen.response})`, ...(seen.body ? [`await expect((${seen.async ? 'await ' : ''}${expr}).text()).resolves.toBe(${quote(seen.body)})`] : [])].filter((line) => line.length < 800)
  if (seen.length !== undefined) return [`${asked}.toHaveLength(${seen.length})`]
  if (seen.vague && seen.code !== 'undefined') return []
  return [asked + matcher(seen)]
}

function matcher({ code, primitive }) {
  if (code === 'null') return '.toBeNull()'
  if (code === 'undefined') return '.toBeUndefined()'
  if (code === 'NaN') return '.toBeNaN()'
  if (/^-?\d+\.\d{6,}(e-?\d+)?$/.test(code)) return `.toBeCloseTo(${Number(code).toPrecision(8).replace(/\.?0+$/, '')}, 6)`
  return primitive ? `.toBe(${code})` : `.toEqual(${code})`
}

/** Lines about calls of mocks, storage and requests; `base`: what was there without the act. */
export function worldLines({ calls = {}, world = {} }, quote, base) {
  const lines = []
  for (const [name, list] of Object.entries(calls)) {
    const last = list.at(-1)
    if (list.length === 0) {
      if (base?.calls?.[name]?.length !== 0) lines.push(`expect(${name}).not.toHaveBeenCalled()`)
    } else {
      lines.push(`expect(${name}).toHaveBeenCalledTimes(${list.length})`)
      if (last.length > 0 && last.some((one) => one !== 'expect.anything()')) lines.push(`expect(${name}).toHaveBeenLastCalledWith(${last.join(', ')})`)
    }
  }
  for (const [key, value] of Object.entries(world.local ?? {})) if (base?.world?.local?.[key] !== value) lines.push(`expect(localStorage.getItem(${quote(key)})).toBe(${quote(value)})`)
  for (const [key, value] of Object.entries(world.session ?? {})) if (base?.world?.session?.[key] !== value) lines.push(`expect(sessionStorage.getItem(${quote(key)})).toBe(${quote(value)})`)
  for (const key of Object.keys(base?.world?.local ?? {})) if (!(key in (world.local ?? {}))) lines.push(`expect(localStorage.getItem(${quote(key)})).toBeNull()`)
  const known = base?.world?.requests?.length ?? 0
  for (const { url, method, body, headers } of (world.requests ?? []).slice(known, known + 3)) {
    const parts = [method && `method: ${quote(method)}`, body && `body: ${quote(body)}`].filter(Boolean)
    lines.push(`expect(fetch).toHaveBeenCalledWith(${quote(url)}${parts.length > 0 ? `, expect.objectContaining({ ${parts.join(', ')} })` : ''})`.replace(/\)$/, parts.length > 0 || method !== undefined || headers ? ')' : ')'))
    if (headers && Object.keys(headers).length > 0 && known === 0) lines.push(`expect(Object.fromEntries(new Headers(vi.mocked(fetch).mock.calls[0]?.[1]?.headers))).toEqual({ ${Object.entries(headers).map(([key, value]) => `${/^\w+$/.test(key) ? key : quote(key)}: ${quote(value)}`).join(', ')} })`)
  }
  return lines
}

// ---- pages ----

/** How a test finds an element, or undefined when that is not one element only. */
export function queryOf(element, page, quote) {
  const { role, name, label, testId, own } = element
  if (role && NAMED.has(role)) {
    const same = page.filter((one) => one.role === role)
    if (name && name.length <= TEXT_MAX && same.filter((one) => one.name.toLowerCase().includes(name.toLowerCase()) && one.name === name).length === 1) return `getByRole(${quote(role)}, { name: ${quote(name)} })`
    if (same.length === 1) return `getByRole(${quote(role)})`
  }
  if (label && page.filter((one) => one.label === label).length === 1) return `getByLabelText(${quote(label)})`
  if (testId && page.filter((one) => one.testId === testId).length === 1) return `getByTestId(${quote(testId)})`
  if (own && own === element.text && own.length <= TEXT_MAX && page.filter((one) => one.own === own).length === 1) return `getByText(${quote(own)})`
  return undefined
}

/** [{line, key}] about all of a page, what says most first. */
export function pageFacts(page, { quote, jestDom }) {
  const facts = []
  const say = makeSayer(jestDom, quote)
  for (const element of page) {
    const query = queryOf(element, page, quote)
    if (!query) continue
    const at = `screen.${query}`
    const add = (line, weight) => facts.push({ line, key: query, weight })
    const { role, attributes } = element
    let said = false
    if (FIELDS.has(role) || /^(input|textarea|select)$/.test(element.tag)) {
      if (element.checked !== undefined) add(say.checked(at, element.checked), 6)
      else if (element.value !== undefined) add(say.value(at, element.type === 'number' && element.value !== '' ? Number(element.value) : element.value), 6)
      said = true
    }
    if (element.tag === 'button') {
      if (element.disabled) add(say.disabled(at), 8)
      else add(say.enabled(at), 5)
      said = true
    }
    if (WITH_TEXT.has(role) && element.text && element.text !== element.name && element.text.length <= 2 * TEXT_MAX) {
      add(say.text(at, element.text), 7)
      said = true
    }
    for (const [name, value] of Object.entries(attributes)) {
      if (QUIET.has(name) && !(name === 'style') || name === 'data-testid' || value.length > TEXT_MAX) continue
      add(say.attribute(at, name, value), name === 'aria-controls' || name === 'style' ? 1.5 : 5)
      said = true
    }
    if (!said) add(say.there(at), role === 'heading' ? 4 : query.startsWith('getByText') ? 3 : 3.5)
  }
  return [...facts, ...listFacts(page, quote)]
}

/** Texts of elements of one role, of which there are several. */
function listFacts(page, quote) {
  const facts = []
  for (const role of ['listitem', 'row', 'option', 'columnheader', 'link', 'button', 'heading', 'term', 'definition', 'paragraph', 'alert']) {
    const same = page.filter((one) => one.role === role)
    if (same.length < 2) continue
    const texts = same.map(({ text }) => text)
    const all = `screen.getAllByRole(${quote(role)})`
    const key = `all ${role}`
    if (texts.length <= LIST_MAX && same.every(({ exact }) => exact) && texts.join('').length <= 600 && texts.join('') !== '') facts.push({ line: `expect(${all}.map(({ textContent }) => textContent)).toEqual([${texts.map(quote).join(', ')}])`, key, weight: 6.5, list: true })
    else facts.push({ line: `expect(${all}).toHaveLength(${same.length})`, key, weight: 4 })
  }
  return facts
}

function makeSayer(jestDom, quote) {
  const html = (at, type) => `(${at} as ${type})`
  return jestDom ? {
    there: (at) => `expect(${at}).toBeInTheDocument()`, disabled: (at) => `expect(${at}).toBeDisabled()`, enabled: (at) => `expect(${at}).toBeEnabled()`,
    text: (at, text) => `expect(${at}).toHaveTextContent(${quote(text)})`, value: (at, value) => `expect(${at}).toHaveValue(${typeof value === 'number' ? value : quote(value)})`,
    checked: (at, value) => `expect(${at})${value ? '' : '.not'}.toBeChecked()`, attribute: (at, name, value) => `expect(${at}).toHaveAttribute(${quote(name)}, ${quote(value)})`, absent: (at) => `expect(${at}).not.toBeInTheDocument()`,
  } : {
    there: (at) => `expect(${at}).toBeTruthy()`, disabled: (at) => `expect(${at}.hasAttribute(${quote('disabled')})).toBe(true)`, enabled: (at) => `expect(${at}.hasAttribute(${quote('disabled')})).toBe(false)`,
    text: (at, text) => `expect(${at}.textContent).toContain(${quote(text)})`, value: (at, value) => `expect(${html(at, 'HTMLInputElement')}.value).toBe(${quote(String(value))})`,
    checked: (at, value) => `expect(${html(at, 'HTMLInputElement')}.checked).toBe(${value})`, attribute: (at, name, value) => `expect(${at}.getAttribute(${quote(name)})).toBe(${quote(value)})`, absent: (at) => `expect(${at}).toBeNull()`,
  }
}

/** Lines about the last of the stages, waited for if it was not there at once. `before`: the page
 *  without the act; `known`: queries that other scenarios of the subject have found. */
export function pageLines(stages, { quote, jestDom, before, known }) {
  const facts = pageFacts(stages.at(-1), { quote, jestDom })
  const earlier = stages.length > 1 ? new Set(pageFacts(stages.at(-2), { quote, jestDom }).map(({ line }) => line)) : undefined
  const old = before && new Set(pageFacts(before, { quote, jestDom }).map(({ line }) => line))
  const weigh = ({ line, weight }) => weight + (old && !old.has(line) ? 20 : 0) + (earlier && !earlier.has(line) ? 5 : 0)
  const chosen = [...facts].sort((a, b) => weigh(b) - weigh(a)).slice(0, PAGE_MAX)
  const ordered = facts.filter((fact) => chosen.includes(fact)).map(({ line }) => line)
  const say = makeSayer(jestDom, quote)
  const last = stages.at(-1)
  const roles = new Set(last.map(({ role }) => role))
  const gone = (before ?? []).filter(({ role, name, own }) => !last.some((one) => one.role === role && one.name === name && one.own === own)).map((element) => queryOf(element, before, quote))
  // What others have shown is missed only where there is nothing of its kind.
  const never = [...known].filter((key) => key.startsWith('getByRole') && !roles.has(/['"](.*?)['"]/.exec(key)[1])).map((key) => key.replace(/, \{.*/, ')'))
  const missing = [...new Set([...gone.filter((query) => query && !facts.some(({ key }) => key === query)), ...never])].slice(0, ABSENT_MAX).map((key) => say.absent(`screen.${key.replace(/^get/, 'query')}`))
  if (!earlier) return [...ordered, ...missing]
  const awaited = ordered.find((line) => !earlier.has(line))
  if (awaited) return [waiting(awaited), ...ordered.filter((line) => line !== awaited), ...missing]
  return missing.length > 0 ? [`await waitFor(() => ${missing[0]})`, ...ordered, ...missing.slice(1)] : ordered
}

function waiting(line) {
  return /^expect\(screen\.getBy/.test(line) && /\.toBeInTheDocument\(\)$|\.toBeTruthy\(\)$/.test(line) ? line.replace('expect(screen.get', 'expect(await screen.find') : `await waitFor(() => ${line})`
}

// ---- hooks ----

const QUERY = ['.data', '.error', '.status', '.isSuccess', '.isError', '.isPending', '.fetchStatus']

/** Lines about what a hook gives. */
export function hookLines({ whole, fields, first }, quote, isAsync) {
  const of = (result) => {
    if (!result?.fields) return result?.whole && !result.whole.vague && result.whole.code !== undefined ? valueLines('result.current', result.whole, quote) : []
    const names = result.fields.map(({ key }) => key)
    const isQuery = names.includes('.status') && (names.includes('.fetchStatus') || names.includes('.mutate'))
    return result.fields.filter((one) => !one.isFunction && (isQuery ? QUERY.includes(one.key) : true)).flatMap((one) => valueLines(`result.current${one.key}`, one, quote)).slice(0, 12)
  }
  const lines = of({ whole, fields })
  const earlier = new Set(of(first))
  const awaited = lines.find((line) => !earlier.has(line)) ?? (isAsync ? lines.find((line) => line.includes('.status)')) ?? lines[0] : undefined)
  return awaited && first ? [`await waitFor(() => ${awaited})`, ...lines.filter((line) => line !== awaited)] : lines
}
