// Expressions that a type allows, the most usual first: what tests call functions and components with.

const DEPTH_MAX = 4
const LIST_MAX = 14
const PROPERTIES_MAX = 24 // of an object that is written out whole

const DATES = ['2024-06-15', '2024-06-01', '2024-06-30', '2024-02-29', '2023-12-31', '2024-10-07', 'soon', '']
const STRINGS = [
  [/iso|date|\bday|today/i, DATES],
  [/^from\b|start/i, ['2024-06-01', '2024-06-15', '2024-02-10', '']],
  [/^(to|until)\b|^end/i, ['2024-06-30', '2024-05-31', '2024-06-01', '']],
  [/month/i, ['2024-06', '2024-12', '2024-01', '']],
  [/e-?mail/i, ['ada@example.com', 'ada@', 'a b@example.com', ' ada@example.com ', '']],
  [/password|secret/i, ['correct horse', 'short', '1234567', '12345678', '']],
  [/locale|lang/i, ['en', 'de', 'en-US']],
  [/url|href|endpoint/i, ['/items?page=2', 'https://example.com/a b', '']],
  [/path|route/i, ['/', '/items/1']],
  [/method/i, ['GET', 'POST']],
  [/colou?r/i, ['#336699', 'red', '']],
  [/amount|price|number|cents|digits/i, ['12.50', '12', '1,234.5', '1.234,50', '0', '-3', '12.345', 'x', '']],
  [/\bid\b|Id\b|key/i, ['a1', 'b2', 'a/b c']],
  [/title|label|name|text|question|value/i, ['Ada Lovelace', 'Zürich & Söhne', ' ada ', 'A, "b"', 'x'.repeat(41), 'a', '']],
]
const ANY_STRING = ['Ada Lovelace', '', 'a', ' two  words ', 'ÄÖü ß-é', 'A, "b"\n;c', '12.50', '2024-02-29', 'x'.repeat(41)]
const NUMBERS = [3, 0, 1, -1, 2, 10, 2.5, 7, 100, -4]
const CENTS = [12345, 0, 100, -500, 1, 2050]

/** Combinations of one of each list, nearest to the first of all first. */
export function combine(lists, max) {
  if (lists.some((list) => list.length === 0)) return []
  const found = []
  const total = lists.reduce((sum, list) => sum + list.length - 1, 0)
  const walk = (at, left, chosen) => {
    if (found.length >= max) return
    if (at === lists.length) {
      if (left === 0) found.push(chosen)
      return
    }
    for (let index = Math.min(left, lists[at].length - 1); index >= 0; index--) walk(at + 1, left - index, [...chosen, lists[at][index]])
  }
  for (let sum = 0; sum <= total && found.length < max; sum++) walk(0, sum, [])
  return found
}

export class Values {
  #ts
  #checker
  #source
  #fixtures
  #quote

  /** `fixtures`: what the project's own tests use, [{name, file, type, call}]. */
  constructor({ ts, checker, source, fixtures, quote }) {
    this.#ts = ts
    this.#checker = checker
    this.#source = source
    this.#fixtures = fixtures
    this.#quote = quote
  }

  /** [{code, uses: [[module, name]], mocks: [{name, code}]}]; empty when nothing is known. */
  of(type, hint, depth = 0) {
    if (depth > DEPTH_MAX) return []
    const { TypeFlags: flags } = this.#ts
    if (type.isUnion() && !(type.flags & flags.Boolean)) return this.#union(type, hint, depth)
    if (type.isStringLiteral()) return [plain(this.#quote(type.value))]
    if (type.isNumberLiteral()) return [plain(String(type.value))]
    if (type.flags & flags.BooleanLike) return type.intrinsicName === 'true' || type.intrinsicName === 'false' ? [plain(type.intrinsicName)] : [plain('true'), plain('false')]
    if (type.flags & flags.StringLike) return this.#strings(hint)
    if (type.flags & flags.NumberLike) return this.#numbers(hint)
    if (type.flags & flags.Undefined || type.flags & flags.Void) return [plain('undefined')]
    if (type.flags & flags.Null) return [plain('null')]
    if (type.flags & flags.Any || type.flags & flags.Unknown) return [plain(this.#quote('text')), plain('{ a: 1 }'), plain('null'), plain('0')]
    if (type.flags & flags.Index) return [plain(this.#quote('name')), plain(this.#quote('size'))]
    if (type.flags & flags.TypeParameter) return this.#parameter(type, hint, depth)
    if (type.flags & flags.Object || type.isIntersection()) return this.#object(type, hint, depth)
    return []
  }

  #strings(hint) {
    const known = STRINGS.find(([pattern]) => pattern.test(hint))?.[1] ?? ANY_STRING
    // Two properties of one component are told apart by what they are called.
    const word = hint.split(' ')[0].replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()
    const own = known === STRINGS.at(-1)[1] && /^\w[\w ]*$/.test(word) && !/name/.test(word) ? [`Some ${word}`, ...known] : known
    const said = this.#source.strings.filter((one) => one.length < 24).slice(0, 4)
    return [...new Set(known === ANY_STRING ? [own[0], ...said, ...own] : [...own, '', 'a', ...said])].slice(0, LIST_MAX).map((one) => plain(this.#quote(one)))
  }

  #numbers(hint) {
    const own = /cents|amount|price/i.test(hint) ? CENTS : /ratio|percent|rate/i.test(hint) ? [0.25, 0, 1, -0.5, 1.234] : /width|height|delay|ms\b/i.test(hint) ? [300, 0] : NUMBERS
    const near = this.#source.numbers.flatMap((one) => [one, one - 1, one + 1])
    return [...new Set([...own.slice(0, 5), ...near, ...own])].slice(0, LIST_MAX).map((one) => plain(String(one)))
  }

  #union(type, hint, depth) {
    const { TypeFlags: flags } = this.#ts
    const nothing = type.types.filter((one) => one.flags & (flags.Undefined | flags.Null))
    const rest = type.types.filter((one) => !nothing.includes(one))
    if (this.#isNode(type)) return [{ ...plain('<p>content</p>'), jsx: true }]
    const lists = rest.map((one) => this.of(one, hint, depth + 1))
    const found = []
    for (let index = 0; found.length < LIST_MAX && lists.some((list) => index < list.length); index++) {
      for (const list of lists) if (index < list.length && !found.some(({ code }) => code === list[index].code)) found.push(list[index])
    }
    for (const one of nothing) found.splice(1, 0, ...this.of(one, hint, depth))
    return found
  }

  /** Whether React can show it. */
  #isNode(type) {
    const name = type.aliasSymbol?.name ?? type.symbol?.name ?? ''
    if (name === 'ReactNode' || name === 'ReactElement' || name === 'Element' && /JSX/.test(this.#checker.typeToString(type))) return true
    return type.isUnion() && type.types.some((one) => /^React(Element|Portal)$/.test(one.symbol?.name ?? '') || one.aliasSymbol?.name === 'ReactNode')
  }

  #parameter(type, hint, depth) {
    const constraint = this.#checker.getBaseConstraintOfType(type)
    if (constraint && !(constraint.flags & this.#ts.TypeFlags.Unknown)) return this.of(constraint, hint, depth + 1)
    const record = (name, size) => plain(`{ name: ${this.#quote(name)}, size: ${size} }`)
    if (/keyof/.test(this.#source.text)) return [record('b', 2), record('a', 10), record('C', 1)]
    return [plain(this.#quote('first')), plain(this.#quote('second')), plain(this.#quote('third'))]
  }

  #object(type, hint, depth) {
    const checker = this.#checker
    if (this.#isNode(type)) return [{ ...plain('<p>content</p>'), jsx: true }]
    const [signature] = type.getCallSignatures()
    if (signature) return this.#functions(signature, hint, depth)
    if (type.getConstructSignatures().length > 0) return [] // a class: no object would do
    if (checker.isTupleType?.(type)) return combine(checker.getTypeArguments(type).map((one) => this.of(one, hint, depth + 1)), LIST_MAX).map((list) => joined(list, (codes) => `[${codes.join(', ')}]`))
    if (checker.isArrayType?.(type)) return this.#arrays(checker.getTypeArguments(type)[0], hint, depth)
    const name = type.symbol?.name ?? ''
    const given = checker.getTypeArguments?.(type) ?? []
    switch (name) {
      case 'Date': return ['2024-06-15T12:00:00Z', '2024-02-29T23:59:59Z', '2023-12-31T00:00:00Z'].map((one) => plain(`new Date(${this.#quote(one)})`))
      case 'Error': return this.#errors()
      case 'Map': return [this.#entries(given, hint, depth, 2), this.#entries(given, hint, depth, 0)].filter(Boolean)
      case 'Set': return this.#arrays(given[0], hint, depth).map((one) => ({ ...one, code: `new Set(${one.code})` }))
      case 'Promise': return this.of(given[0], hint, depth + 1).slice(0, 2).map((one) => ({ ...one, code: `Promise.resolve(${one.code})` }))
      case 'RegExp': return [plain('/a+/')]
      case 'Blob': return [plain(`new Blob([${this.#quote('text')}])`)]
      case 'URL': return [plain(`new URL(${this.#quote('http://localhost/items/1?page=2')})`)]
      default: return this.#record(type, hint, depth)
    }
  }

  #errors() {
    const own = this.#source.errors.flatMap(({ name, file, parameters }) => combine(parameters.map((one) => (one === 'number' ? [...this.#source.numbers.slice(0, 2), 500].map((n) => plain(String(n))) : [plain(this.#quote('refused'))])), 3)
      .map((list) => ({ ...joined(list, (codes) => `new ${name}(${codes.join(', ')})`), uses: [[file, name]] })))
    return [plain(`new Error(${this.#quote('out of order')})`), ...own]
  }

  #arrays(element, hint, depth) {
    if (!element) return [plain('[]')]
    const values = this.of(element, hint, depth + 1)
    if (values.length === 0) return [plain('[]')]
    const list = (some) => joined(some, (codes) => `[${codes.join(', ')}]`)
    const spread = values.length > 3 ? [values[0], values[2], values[3], values[1]] : values
    const lists = [list(spread.slice(0, 3)), plain('[]'), list(values.slice(0, 1)), list(values.slice(0, 8)), list([...values.slice(0, 5)].reverse())]
    return lists.filter(({ code }, index) => lists.findIndex((one) => one.code === code) === index)
  }

  #entries([key, value], hint, depth, count) {
    const keys = key && this.of(key, hint, depth + 1)
    const values = value && this.of(value, hint, depth + 1)
    if (!keys?.length || !values?.length) return undefined
    const pairs = keys.slice(0, count).map((one, index) => joined([one, values[index % values.length]], (codes) => `[${codes.join(', ')}]`))
    if (pairs.length === 0) return plain(`new Map<${this.#checker.typeToString(key)}, ${this.#checker.typeToString(value)}>()`)
    return joined(pairs, (codes) => `new Map([${codes.join(', ')}])`)
  }

  #functions(signature, hint, depth) {
    const name = hint.split(' ')[0].replace(/\W/g, '') || 'callback'
    const returned = signature.getReturnType()
    const { TypeFlags: flags } = this.#ts
    const mock = (code) => ({ code: name, uses: [], mocks: [{ name, code }] })
    if (returned.flags & (flags.Void | flags.Undefined | flags.Any | flags.Unknown)) return [mock('vi.fn()')]
    if (returned.symbol?.name === 'Promise') {
      const [inner] = this.#checker.getTypeArguments(returned)
      const value = this.of(inner, name, depth + 1)[0]?.code ?? 'undefined'
      return [mock(`vi.fn().mockResolvedValue(${value})`), ...this.#errors().map((error) => ({ ...mock(`vi.fn().mockRejectedValue(${error.code})`), uses: error.uses }))]
    }
    if (this.#isNode(returned)) return [plain(signature.parameters.length > 0 ? '(given) => <p>{JSON.stringify(given)}</p>' : '() => <p>content</p>')]
    if (returned.flags & flags.StringLike && signature.parameters.length > 0) return [plain('(given) => `<${given}>`')]
    const predicate = this.#checker.typeToString(returned).includes(' is ')
    if (predicate) return []
    return this.of(returned, name, depth + 1).slice(0, 3).map((one) => ({ ...one, code: one.code.startsWith('{') ? `() => (${one.code})` : `() => ${one.code}` }))
  }

  #record(type, hint, depth) {
    const fixtures = this.#fixturesOf(type)
    const checker = this.#checker
    const all = checker.getPropertiesOfType(type).filter(({ name }) => /^[\w$-]+$/.test(name))
    const index = checker.getStringIndexType?.(type) ?? type.getStringIndexType()
    if (all.length === 0 && index) return this.of(index, hint, depth + 1).slice(0, 2).map((one) => ({ ...one, code: `{ a: ${one.code} }` }))
    // Of a large object only what the source asks for.
    const large = all.length > PROPERTIES_MAX || all.some(({ name }) => name.startsWith('__@'))
    const used = large ? all.filter(({ name }) => this.#source.members.has(name)) : all
    if (large && (used.length === 0 || used.length > PROPERTIES_MAX)) return fixtures
    const made = this.objects(used, depth, LIST_MAX).map((one) => (large ? { ...one, code: `${one.code} as never` } : one))
    return [...fixtures, ...made].slice(0, LIST_MAX)
  }

  /** Object expressions: all of the properties, then one changed at a time. */
  objects(properties, depth, max) {
    const lists = properties.map((property) => this.property(property, depth))
    const required = lists.map((list, at) => (list.length > 0 || isOptional(this.#ts, properties[at])))
    if (required.includes(false)) return []
    const known = properties.map((property, at) => [property, lists[at]]).filter(([, list]) => list.length > 0)
    const names = known.map(([{ name }]) => (/^[\w$]+$/.test(name) ? name : this.#quote(name)))
    return oneAtATime(known.map(([, list]) => list), max).map((list) => joined(list, (codes) => {
      const parts = codes.map((code, at) => (code === undefined ? undefined : code === names[at] ? code : `${names[at]}: ${code}`)).filter(Boolean)
      return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`
    }))
  }

  /** Values of a property; {code: undefined} leaves it out. */
  property(property, depth = 0) {
    const declaration = property.valueDeclaration ?? property.declarations?.[0]
    const type = this.#checker.getTypeOfSymbolAtLocation(property, declaration ?? this.#source.node)
    const hint = `${property.name} ${declaration?.type?.getText?.() ?? ''}`
    const values = this.of(isOptional(this.#ts, property) ? this.#checker.getNonNullableType(type) : type, hint, depth + 1)
    return isOptional(this.#ts, property) ? [...values.slice(0, 1), { code: undefined, uses: [], mocks: [] }, ...values.slice(1)] : values
  }

  #fixturesOf(type) {
    if (checkerSaysAnything(this.#checker, this.#ts, type)) return []
    const found = []
    for (const { name, file, type: its, call } of this.#fixtures) {
      if (its.flags & (this.#ts.TypeFlags.Any | this.#ts.TypeFlags.Never)) continue
      if (this.#checker.isTypeAssignableTo?.(its, type)) found.push({ code: call ? `${name}()` : name, uses: [[file, name]], mocks: [] })
    }
    return found.slice(0, 3)
  }
}

/** Whether an empty object would do, so that every fixture would. */
function checkerSaysAnything(checker, ts, type) {
  const properties = checker.getPropertiesOfType(type)
  return properties.length === 0 || properties.every((one) => isOptional(ts, one))
}

export function isOptional(ts, property) {
  return (property.flags & ts.SymbolFlags.Optional) !== 0
}

function oneAtATime(lists, max) {
  const base = lists.map(([first]) => first)
  const found = [base]
  const longest = Math.max(0, ...lists.map(({ length }) => length))
  for (let index = 1; index < longest; index++) {
    for (const [at, list] of lists.entries()) if (index < list.length && found.length < max) found.push(base.with?.(at, list[index]) ?? base.map((one, i) => (i === at ? list[index] : one)))
  }
  return found.slice(0, max)
}

export function plain(code) {
  return { code, uses: [], mocks: [] }
}

export function joined(list, make) {
  return { code: make(list.map(({ code }) => code)), uses: list.flatMap(({ uses }) => uses), mocks: list.flatMap(({ mocks }) => mocks) }
}
