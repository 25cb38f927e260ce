// A strict reader of the XML that reports are made of: elements, attributes, text, CDATA, the five
// entities and characters by number.  No document types, so nothing can be included or expanded.

const DEPTH_MAX = 64
const NAME = /[A-Za-z_:\u0080-\uffff][-.\w:\u0080-\uffff]*/y
const SPACE = /[ \t\r\n]*/y
const ENTITIES = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/** Calls open(name, attributes), text(string), close(name) in order; throws if it is not well formed. */
export function readXml(source, { open, text, close }) {
  let at = source.charCodeAt(0) === 0xfeff ? 1 : 0
  const path = []
  let roots = 0

  const fail = (what) => {
    throw new Error(`not well-formed XML at ${at}: ${what}`)
  }
  const take = (pattern) => {
    pattern.lastIndex = at
    const [found] = pattern.exec(source) ?? fail('a name is missing')
    at += found.length
    return found
  }
  const until = (end) => {
    const to = source.indexOf(end, at)
    if (to < 0) fail(`${end} is missing`)
    const found = source.slice(at, to)
    at = to + end.length
    return found
  }

  function attributes() {
    const found = {}
    for (take(SPACE); !/[/>]/.test(source[at] ?? '>'); take(SPACE)) {
      const name = take(NAME)
      take(SPACE)
      if (source[at++] !== '=') fail('= is missing')
      take(SPACE)
      const quote = source[at++]
      if (quote !== '"' && quote !== "'") fail('a quote is missing')
      if (Object.hasOwn(found, name)) fail(`two attributes ${name}`)
      found[name] = decode(until(quote), fail)
    }
    return found
  }

  function element() {
    const name = take(NAME)
    const found = attributes()
    if (path.length === 0 && roots++ > 0) fail('two roots')
    if (path.length >= DEPTH_MAX) fail('too deep')
    open(name, found)
    if (source.startsWith('/>', at)) {
      at += 2
      close(name)
    } else if (source[at] === '>') {
      at += 1
      path.push(name)
    } else {
      fail('> is missing')
    }
  }

  function markup() {
    if (source.startsWith('<!--', at)) {
      at += 4
      until('-->')
    } else if (source.startsWith('<![CDATA[', at) && path.length > 0) {
      at += 9
      text(until(']]>'))
    } else if (source.startsWith('<?', at)) {
      until('?>')
    } else if (source.startsWith('</', at)) {
      at += 2
      const name = take(NAME)
      take(SPACE)
      if (source[at++] !== '>' || path.pop() !== name) fail(`</${name}> closes nothing`)
      close(name)
    } else if (source.startsWith('<!', at)) {
      fail('document types are not read')
    } else {
      at += 1
      element()
    }
  }

  while (at < source.length) {
    const next = source.indexOf('<', at)
    const between = source.slice(at, next < 0 ? source.length : next)
    if (path.length > 0) text(decode(between, fail))
    else if (between.trim() !== '') fail('text outside of the root')
    at += between.length
    if (next >= 0) markup()
  }
  if (path.length > 0) fail(`<${path.at(-1)}> is not closed`)
  if (roots === 0) fail('it is empty')
}

function decode(text, fail) {
  if (!text.includes('&')) return text
  return text.replace(/&(?:#(\d{1,7})|#x([\da-fA-F]{1,6})|(\w+));|&/g, (whole, decimal, hex, name) => {
    if (name && Object.hasOwn(ENTITIES, name)) return ENTITIES[name]
    const code = decimal ? Number(decimal) : hex ? Number.parseInt(hex, 16) : NaN
    return code <= 0x10ffff ? String.fromCodePoint(code) : fail(`${whole} is not known`)
  })
}
