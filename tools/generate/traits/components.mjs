// React components: what they show with which properties, for whom, in which language and at which
// place, and how they answer to what a user does.

import { combine, isOptional, plain } from '../values.mjs'
import { queryOf } from '../assert.mjs'

const VARIANTS_MAX = 22
const OPTIONS_MAX = 12
const ACTS_MAX = 10 // of one variant
const FOLLOWING_MAX = 5
const CATCHES = /\b(getDerivedStateFromError|componentDidCatch)\b/
const LIBRARY = new Set(['container', 'baseElement', 'hydrate', 'legacyRoot', 'queries', 'wrapper', 'reactStrictMode', 'onCaughtError', 'onRecoverableError', 'onUncaughtError', 'initialProps'])

export function componentScenarios(kit, one) {
  const properties = propertiesOf(kit, one)
  if (!properties) return []
  const elements = elementsOf(kit, one, properties)
  if (elements.length === 0) return []
  const options = kit.habits.render ? optionsOf(kit, kit.habits.render) : [plain('')]
  const found = []
  const add = (element, option, extra = {}) => {
    if (found.length < VARIANTS_MAX) found.push(scenario(kit, one, element, option, found.length, extra))
  }
  add(elements[0], options[0])
  for (const width of kit.widths.slice(1)) add(elements[0], options[0], { width })
  if (CATCHES.test(kit.source.text)) for (const element of elements.filter(({ children }) => children).slice(0, 4)) add(broken(kit, element), options[0])
  const both = combine([elements.slice(0, 14), options], VARIANTS_MAX)
  for (const [element, option] of both) if (element !== elements[0] || option !== options[0]) add(element, option)
  // Who is signed in on which screen.
  for (const option of options.slice(1, 3)) for (const width of kit.widths.slice(1)) add(elements[0], option, { width })
  return found
}

function propertiesOf(kit, { type, signature }) {
  const { checker } = kit
  const [construct] = type.getConstructSignatures()
  const given = signature ? signature.parameters[0] : construct?.parameters[0]
  if (!given) return []
  const its = checker.getTypeOfSymbolAtLocation(given, given.valueDeclaration ?? kit.source.node)
  const all = checker.getPropertiesOfType(its).filter(({ name }) => !['ref', 'key'].includes(name))
  // Only a few of hundreds that an element of the page may have.
  const own = all.filter((property) => !isOptional(kit.ts, property) || !property.declarations?.every((at) => at.getSourceFile().fileName.includes('node_modules')) || kit.source.members.has(property.name) && !/^(className|style|id)$/.test(property.name))
  return own.length <= 30 ? own : own.slice(0, 30)
}

/** The component as an element, with usual properties, then one changed at a time. */
function elementsOf(kit, { name }, properties) {
  const lists = properties.map((property) => kit.values.property(property))
  for (const [at, list] of lists.entries()) if (list.length === 0 && !isOptional(kit.ts, properties[at])) return []
  const known = properties.map((property, at) => ({ name: property.name, list: lists[at] })).filter(({ list }) => list.length > 0)
  const made = []
  const add = (choice, label) => {
    const attributes = []
    let children = ''
    for (const [at, { name: property }] of known.entries()) {
      const value = choice[at]
      if (value.code === undefined) continue
      if (property === 'children') children = value.jsx ? value.code : `{${value.code}}`
      else attributes.push(attribute(property, value.code))
    }
    const open = [name, ...attributes].join(' ')
    made.push({ children, code: children ? `<${open}>${children}</${name}>` : `<${open} />`, label, uses: choice.flatMap(({ uses }) => uses), mocks: choice.flatMap(({ mocks }) => mocks) })
  }
  const base = known.map(({ list }) => list[0])
  add(base, '')
  const longest = Math.max(0, ...known.map(({ list }) => list.length))
  for (let index = 1; index < longest && made.length < VARIANTS_MAX; index++) {
    for (const [at, { name: property, list }] of known.entries()) {
      if (index >= list.length || made.length >= VARIANTS_MAX) continue
      const code = list[index].code
      add(base.map((one, i) => (i === at ? list[index] : one)), code === undefined ? `without ${property}` : `with ${property} ${code.length > 40 ? `variant ${index}` : code}`)
    }
  }
  return made.filter(({ code }, at) => made.findIndex((other) => other.code === code && other.mocks.map((mock) => mock.code).join() === made[at].mocks.map((mock) => mock.code).join()) === at)
}

/** The same around something that cannot be shown. */
function broken(kit, element) {
  const before = [`const Broken = (): null => { throw new Error(${kit.quote('out of order')}) }`, `vi.spyOn(console, ${kit.quote('error')}).mockImplementation(() => {})`]
  return { ...element, before, code: element.code.replace(element.children, '<Broken />'), label: ['around what fails', element.label].filter(Boolean).join(', ') }
}

function attribute(name, code) {
  if (code === 'true') return name
  const text = /^(['"])([^'"\\{}<>&]*)\1$/.exec(code)
  return text ? `${name}="${text[2]}"` : `${name}={${code}}`
}

/** Second arguments of the project's own render function: who, where, in which language. */
export function optionsOf(kit, helper) {
  const { ts, checker, quote } = kit
  const found = [plain('')]
  if (!helper.options) return found
  const firsts = []
  for (const property of checker.getPropertiesOfType(helper.options)) {
    if (LIBRARY.has(property.name)) continue
    const declaration = property.valueDeclaration ?? property.declarations?.[0]
    const type = checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(property, declaration ?? kit.source.node))
    const isText = Boolean(type.flags & ts.TypeFlags.String)
    const values = isText ? (/route|path|url|entr/i.test(property.name) ? kit.source.routes.map((route) => plain(quote(route))) : []) : kit.values.of(type, property.name).slice(0, 4).filter(({ code }) => !/vi\.fn|=>/.test(code))
    for (const [index, value] of values.entries()) {
      const option = { ...value, key: property.name, code: `{ ${value.code === property.name ? value.code : `${property.name}: ${value.code}`} }`, label: `${property.name} ${value.code}`, isObject: !isText && Boolean(type.flags & ts.TypeFlags.Object) }
      if (index === 0) firsts.push(option)
      found.push(option)
    }
  }
  // Pages that only somebody who is signed in can see.
  const [who] = firsts.filter(({ isObject, uses }) => isObject && uses.length > 0)
  const pairs = who ? found.slice(1).filter(({ key }) => key !== who.key).map((other) => ({ ...other, code: `{ ${who.code.slice(2, -2)}, ${other.code.slice(2, -2)} }`, uses: [...who.uses, ...other.uses], label: `${who.label}, ${other.label}` })) : []
  const rank = (option) => (option.isObject ? 0 : 1)
  return [found[0], ...found.slice(1).sort((a, b) => rank(a) - rank(b)), ...pairs].slice(0, OPTIONS_MAX)
}

function scenario(kit, { name, isDefault }, element, option, index, { width = kit.widths[0] }) {
  const { habits } = kit
  const shown = routed(kit, element.code)
  const call = option.code === '' ? `render(${shown})` : `render(${shown}, ${option.code})`
  const label = [element.label, option.label, width && `at ${width} pixels`].filter(Boolean).join(', ')
  return {
    id: `${name} page ${index}`, subject: name, sort: 'page', title: label ? `shows itself ${/^(with|around)/.test(label) ? '' : 'for '}${label}` : 'shows its content', label,
    before: [...(width ? kit.widthLines(width) : []), ...(element.before ?? [])], render: call, act: [], mocks: unique(element.mocks), dom: true, tsx: true, element, option, width,
    uses: [[kit.source.file, isDefault ? `default ${name}` : name], ...element.uses, ...option.uses, ...kit.routerUses(), [habits.render?.file ?? '@testing-library/react', habits.render?.name ?? 'render'], [habits.library('screen'), 'screen'], [habits.library('waitFor'), 'waitFor'], ...(width ? kit.widthUses() : [])],
  }
}

/** Who shows what is below it, or leads elsewhere, needs routes around it. */
function routed({ source }, element) {
  const outlet = /<Outlet\b/.test(source.text)
  if (!outlet && !/<Navigate\b/.test(source.text)) return element
  const places = [...new Set(source.strings.filter((one) => /^\/[\w/-]*$/.test(one)).concat([...source.text.matchAll(/<Navigate\s+to="(\/[\w/-]*)"/g)].map(([, place]) => place)))].slice(0, 4)
  const others = places.map((place) => `<Route path="${place}" element={<p>at ${place}</p>} />`).join('')
  const own = outlet ? `<Route element={${element}}><Route path="*" element={<p>below</p>} /></Route>` : `<Route path="*" element={${element}} />`
  return `<Routes>${own}${others}</Routes>`
}

function unique(mocks) {
  return mocks.filter((mock, at) => mocks.findIndex(({ name }) => name === mock.name) === at)
}

// ---- what a user does ----

/** Scenarios that do one thing more than `base`, whose last page is known. `before`: the page before
 *  its own act, if it has one: then only what is new is tried. */
export function interactions(kit, base, page, before, slow) {
  const old = new Set((before ?? []).map((element) => queryOf(element, before, kit.quote)))
  const fresh = page.filter((element) => !before || !old.has(queryOf(element, page, kit.quote)))
  const acts = [...forms(kit, page, before), ...fresh.flatMap((element) => actsOf(kit, element, page))]
  if (!before) for (const key of kit.source.keys) if (/^[A-Z]\w+$/.test(key)) acts.push({ lines: [user(kit, `keyboard(${kit.quote(`{${key}}`)})`)], title: `reacts to the key ${key}` })
  // What opens closes again.
  if (before && base.act.length === 1 && acts.length === 0) acts.push({ lines: [base.act[0]], title: `${base.title} twice`.replace(base.title, base.title) })
  return acts.slice(0, before ? FOLLOWING_MAX : ACTS_MAX).map((act, index) => ({
    ...base, id: `${base.id}.${index}`, title: before ? `${base.title}, then ${act.title}` : base.label ? `${act.title} (${base.label})` : act.title, act: [...base.act, ...act.lines.map((line) => (slow ? line.replace('screen.getBy', 'await screen.findBy') : line))], user: true,
    uses: [...base.uses, ...(kit.hasUser ? [] : [[kit.habits.library('fireEvent'), 'fireEvent']]), ...(kit.hasUser && !kit.habits.render?.returned?.has('user') ? [['@testing-library/user-event', 'default userEvent']] : []), [kit.habits.library('fireEvent'), 'fireEvent']], deeper: !before,
  }))
}

function user(kit, call) {
  return `await user.${call}`
}

function actsOf(kit, element, page) {
  const { quote } = kit
  const query = queryOf(element, page, quote)
  if (!query || element.disabled) return []
  const at = `screen.${query}`
  const called = element.name || element.label || element.own || element.role
  if (element.tag === 'button' || ['link', 'checkbox', 'radio', 'switch', 'tab', 'menuitem', 'option', 'button'].includes(element.role)) {
    return [{ lines: [kit.hasUser ? user(kit, `click(${at})`) : `fireEvent.click(${at})`], title: `reacts to a click on ${called}` }]
  }
  if (element.tag === 'select') {
    return element.options.filter((one) => !one.selected && !one.disabled).slice(0, 3).map((one) => ({ lines: [kit.hasUser ? user(kit, `selectOptions(${at}, ${quote(one.text)})`) : `fireEvent.change(${at}, { target: { value: ${quote(one.text)} } })`], title: `takes ${one.text} as ${called}` }))
  }
  if (element.tag === 'input' || element.tag === 'textarea') return texts(element).slice(0, 2).map((text) => ({ lines: [fill(kit, at, element, text)], title: `takes ${text} as ${called}` }))
  return []
}

function fill(kit, at, element, text) {
  if (!kit.hasUser || !['text', 'email', 'password', 'search', 'number', 'tel', 'url', 'textarea'].includes(element.type)) return `fireEvent.change(${at}, { target: { value: ${kit.quote(text)} } })`
  return user(kit, `type(${at}, ${kit.quote(text.replace(/[{[]/g, '$&$&'))})`)
}

function texts({ type, name, label }) {
  const hint = `${type} ${name} ${label}`
  if (/mail/i.test(hint)) return ['ada@example.com', 'ada@']
  if (/password/i.test(hint)) return ['correct horse', 'short']
  if (type === 'date') return ['2024-02-03', '2030-01-01']
  if (type === 'number' || /amount|price|count|size/i.test(hint)) return ['80', '-1']
  return ['Books', 'a']
}

/** All fields filled in, rightly and wrongly, and the form sent. */
function forms(kit, page, before) {
  const send = page.find(({ submits, disabled }) => submits && !disabled)
  const fields = page.filter((element) => (element.tag === 'input' || element.tag === 'textarea') && texts(element) && !/^(checkbox|radio|hidden|submit|button)$/.test(element.type) && queryOf(element, page, kit.quote))
  if (before || !send || fields.length === 0) return []
  const query = queryOf(send, page, kit.quote)
  if (!query) return []
  const last = kit.hasUser ? user(kit, `click(screen.${query})`) : `fireEvent.click(screen.${query})`
  const filled = (choose) => [...fields.map((field, index) => [field, choose(texts(field), index)]).filter(([, text]) => text !== undefined).map(([field, text]) => fill(kit, `screen.${queryOf(field, page, kit.quote)}`, field, text)), last]
  return [
    { lines: filled(([right]) => right), title: 'sends what was filled in' },
    { lines: filled(([, wrong]) => wrong), title: 'refuses what is wrong' },
    ...fields.slice(0, 3).map((field, skipped) => ({ lines: filled(([right], index) => (index === skipped ? undefined : right)), title: `misses ${field.label || field.name}` })),
  ]
}
