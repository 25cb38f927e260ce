// Evaluated in the page: what an element is to a person and to a test.  Sent as text, so it stands alone.
//
// Roles and names follow HTML-AAM and the accessible name computation, as far as pages need it: the
// name from aria-labelledby, aria-label, labels, alternative text, content, title and placeholder.

const TEXT_MAX = 120
const PATH_MAX = 12

const ROLES = {
  article: 'article', aside: 'complementary', button: 'button', datalist: 'listbox', dd: 'definition', details: 'group',
  dialog: 'dialog', dt: 'term', fieldset: 'group', figure: 'figure', form: 'form', h1: 'heading', h2: 'heading',
  h3: 'heading', h4: 'heading', h5: 'heading', h6: 'heading', hr: 'separator', img: 'img', li: 'listitem',
  main: 'main', menu: 'list', meter: 'meter', nav: 'navigation', ol: 'list', optgroup: 'group', option: 'option',
  output: 'status', p: 'paragraph', progress: 'progressbar', search: 'search', table: 'table', tbody: 'rowgroup',
  td: 'cell', textarea: 'textbox', tfoot: 'rowgroup', thead: 'rowgroup', tr: 'row', ul: 'list',
}
const INPUT_ROLES = {
  button: 'button', checkbox: 'checkbox', image: 'button', number: 'spinbutton', radio: 'radio', range: 'slider',
  reset: 'button', submit: 'button', search: 'searchbox', email: 'textbox', tel: 'textbox', text: 'textbox', url: 'textbox',
}
// Roles whose name comes from what is inside.
const NAMED_BY_CONTENT = new Set(['button', 'cell', 'checkbox', 'columnheader', 'gridcell', 'heading', 'link', 'menuitem',
  'menuitemcheckbox', 'menuitemradio', 'option', 'radio', 'row', 'rowheader', 'switch', 'tab', 'tooltip', 'treeitem'])
const INTERACTIVE = new Set(['button', 'checkbox', 'combobox', 'gridcell', 'link', 'listbox', 'menuitem', 'menuitemcheckbox',
  'menuitemradio', 'option', 'radio', 'searchbox', 'slider', 'spinbutton', 'switch', 'tab', 'textbox', 'treeitem'])
const NOT_SEEN = new Set(['SCRIPT', 'STYLE', 'TEMPLATE', 'NOSCRIPT', 'META', 'LINK', 'HEAD', 'TITLE', 'BASE'])

function flat(text) {
  return (text ?? '').replace(/[\u200b\u00ad]/g, '').replace(/\s+/g, ' ').trim()
}

// Without halves of surrogate pairs, of which a cut may leave one.
function wellFormed(text) {
  return text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
}

function tagOf(element) {
  return element.tagName.toLowerCase()
}

// ---- roles ----

function inputRole(element) {
  const { type } = element
  if (element.hasAttribute('list') && ['email', 'search', 'tel', 'text', 'url'].includes(type)) return 'combobox'
  return INPUT_ROLES[type] ?? (type === 'hidden' || type === 'file' || type === 'color' || type === 'password' ? '' : 'textbox')
}

function implicitRole(element) {
  const tag = tagOf(element)
  const isNamed = element.hasAttribute('aria-label') || element.hasAttribute('aria-labelledby') || element.hasAttribute('title')
  switch (tag) {
    case 'a': case 'area': return element.hasAttribute('href') ? 'link' : ''
    case 'input': return inputRole(element)
    case 'select': return element.multiple || element.size > 1 ? 'listbox' : 'combobox'
    case 'th': return element.scope === 'row' || element.scope === 'rowgroup' ? 'rowheader' : 'columnheader'
    case 'header': return element.closest('article,aside,main,nav,section') ? '' : 'banner'
    case 'footer': return element.closest('article,aside,main,nav,section') ? '' : 'contentinfo'
    case 'section': return isNamed ? 'region' : ''
    case 'form': return isNamed ? 'form' : ''
    case 'img': return element.getAttribute('alt') === '' && !isNamed ? 'presentation' : 'img'
    default: return ROLES[tag] ?? ''
  }
}

function roleOf(element) {
  const [first] = (element.getAttribute('role') ?? '').trim().toLowerCase().split(/\s+/)
  return first || implicitRole(element)
}

// ---- names ----

function isHidden(element) {
  if (element.getAttribute('aria-hidden') === 'true') return true
  const style = element.ownerDocument.defaultView.getComputedStyle(element)
  return style.display === 'none' || style.visibility === 'hidden'
}

function contentOf(node, depth, control) {
  if (node.nodeType === Node.TEXT_NODE) return node.nodeValue
  if (node.nodeType !== Node.ELEMENT_NODE || NOT_SEEN.has(node.tagName) || depth > 20) return ''
  if (node !== control && depth > 0 && isHidden(node)) return ''
  const own = depth > 0 ? ownName(node) : ''
  if (own) return ` ${own} `
  if (depth > 0 && node === control) return '' // it is not part of its own label
  if (depth > 0 && ['INPUT', 'TEXTAREA'].includes(node.tagName)) return ` ${node.value} `
  if (depth > 0 && node.tagName === 'SELECT') return ` ${[...node.selectedOptions].map(({ text }) => text).join(' ')} `
  const children = node.tagName === 'SLOT' && node.assignedNodes().length > 0 ? node.assignedNodes() : (node.shadowRoot ?? node).childNodes
  const text = [...children].map((child) => contentOf(child, depth + 1, control)).join('')
  const { display } = node.ownerDocument.defaultView.getComputedStyle(node)
  return display.startsWith('inline') ? text : ` ${text} `
}

// What is said of an element without looking into it.
function ownName(element) {
  return flat(element.getAttribute('aria-label')) || (['IMG', 'AREA'].includes(element.tagName) ? flat(element.alt) : '')
}

function labelledBy(element) {
  const ids = flat(element.getAttribute('aria-labelledby')).split(' ').filter(Boolean)
  const root = element.getRootNode()
  return flat(ids.map((id) => root.getElementById?.(id)).filter(Boolean).map((one) => ownName(one) || contentOf(one, 0)).join(' '))
}

function labelsOf(element) {
  return flat([...element.labels ?? []].map((label) => contentOf(label, 0, element)).join(' '))
}

// The words that an element of its kind is named by.
function nativeName(element) {
  const child = { FIELDSET: 'LEGEND', TABLE: 'CAPTION', FIGURE: 'FIGCAPTION' }[element.tagName]
  const caption = child && [...element.children].find(({ tagName }) => tagName === child)
  if (caption) return flat(contentOf(caption, 0))
  if (element.tagName !== 'INPUT') return ''
  const { type } = element
  if (['button', 'submit', 'reset'].includes(type)) return flat(element.value) || { submit: 'Submit', reset: 'Reset' }[type] || ''
  return type === 'image' ? flat(element.alt) || 'Submit' : ''
}

function nameOf(element, role) {
  return labelledBy(element) || ownName(element) || labelsOf(element) || nativeName(element)
    || (NAMED_BY_CONTENT.has(role) && element.tagName !== 'INPUT' ? flat(contentOf(element, 0)) : '')
    || flat(element.title) || (['INPUT', 'TEXTAREA'].includes(element.tagName) ? flat(element.placeholder) : '')
}

// ---- an element ----

function pathOf(element) {
  const steps = []
  for (let one = element; one && steps.length < PATH_MAX; one = one.parentElement ?? one.getRootNode().host) {
    if (!known.has(one)) numberChildren(one.parentNode)
    steps.unshift(known.get(one) ?? tagOf(one))
  }
  return steps.join('>')
}

const known = new Map() // element -> its step; an element may have thousands beside it

function numberChildren(parent) {
  const counts = {}
  for (const { tagName } of parent?.children ?? []) counts[tagName] = (counts[tagName] ?? 0) + 1
  const numbers = {}
  for (const child of parent?.children ?? []) {
    const { tagName } = child
    numbers[tagName] = (numbers[tagName] ?? 0) + 1
    known.set(child, tagOf(child) + (counts[tagName] > 1 ? `:nth-of-type(${numbers[tagName]})` : ''))
  }
}

function ownText(element) {
  return flat([...element.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE).map(({ nodeValue }) => nodeValue).join(' '))
}

/** {testid, role, name, …} without what is empty. */
function describe(element, testIdAttribute) {
  const role = roleOf(element)
  const all = {
    testid: element.getAttribute(testIdAttribute), role, name: nameOf(element, role), label: labelledBy(element) || flat(element.getAttribute('aria-label')) || labelsOf(element),
    text: NAMED_BY_CONTENT.has(role) ? element.textContent : ownText(element), tag: tagOf(element), id: element.id,
    placeholder: element.getAttribute('placeholder'), title: element.getAttribute('title'), alt: element.getAttribute('alt'),
    path: pathOf(element),
  }
  const said = {}
  for (const [key, value] of Object.entries(all)) {
    const text = key === 'path' ? value : wellFormed(flat(typeof value === 'string' ? value : '').slice(0, TEXT_MAX))
    if (text) said[key] = text
  }
  return said
}

// ---- a page ----

function* elementsOf(root) {
  for (const element of root.querySelectorAll('*')) {
    if (NOT_SEEN.has(element.tagName) || element.ownerSVGElement) continue
    yield element
    if (element.shadowRoot) yield* elementsOf(element.shadowRoot)
  }
}

function rankOf({ role, testid, name, label, id, placeholder, title, alt, text }) {
  if (INTERACTIVE.has(role)) return 0
  if (testid || label || placeholder || alt || title) return 1
  if (name || id) return 2
  return text ? 3 : 4
}

/** What can be told apart by anything but its place, the most telling first; in the order of the page otherwise. */
function describePage(testIdAttribute, countMax) {
  const found = []
  let seen = 0
  for (const element of elementsOf(document)) {
    if (++seen > 4 * countMax) break
    if (isHidden(element)) continue
    const said = describe(element, testIdAttribute)
    const rank = rankOf(said)
    if (rank < 4) found.push({ rank, said })
  }
  found.sort((a, b) => a.rank - b.rank)
  return { url: location.href, elements: found.slice(0, countMax).map(({ said }) => said), cut: found.length > countMax || seen > 4 * countMax }
}
