// Objects, elements and calls that lack something, or have too much.

export function* shape(kit, error) {
  const rule = RULES.get(error.code)
  if (rule) yield* rule(kit, error)
}

const RULES = new Map([
  [2353, excess], [2561, excess], [2322, tagged], [2739, missing], [2740, missing], [2741, missing], [2345, missing],
  [2554, counted], [2555, counted], [2349, notCallable], [2348, notCallable], [2351, notNewable],
])

// ---- properties ----

function objectOf(kit, node) {
  return kit.up(node, kit.ts.isObjectLiteralExpression)
}

function* excess(kit, { start, length }) {
  const { ts, checker } = kit
  const node = kit.nodeAt(start, length)
  const property = kit.up(node, (at) => ts.isPropertyAssignment(at) || ts.isShorthandPropertyAssignment(at) || ts.isMethodDeclaration(at))
  const object = property && objectOf(kit, property)
  if (!object) return
  const wanted = checker.getContextualType(object)
  const wrong = kit.code(property.name)
  if (wanted) {
    const present = new Set(object.properties.map(({ name }) => name && kit.code(name)))
    const free = checker.getPropertiesOfType(checker.getNonNullableType(wanted)).filter(({ name }) => !present.has(name))
    const needed = free.filter(({ flags }) => !(flags & ts.SymbolFlags.Optional))
    const value = ts.isPropertyAssignment(property) ? kit.typeOf(property.initializer) : kit.typeOf(property)
    for (const one of free) {
      const fits = checker.isTypeAssignableTo?.(checker.getBaseTypeOfLiteralType(value), checker.getTypeOfSymbolAtLocation(one, object)) ?? true
      const likeness = kit.alike(wrong.replace(/['"]/g, ''), [one.name], 0)[0]?.likeness ?? 0
      const only = needed.length === 1 && needed[0] === one
      if (!only && likeness < 0.45) continue
      const name = ts.isShorthandPropertyAssignment(property) ? `${one.name}: ${wrong}` : one.name
      yield { name: 'rename', cost: (only ? 1.4 : 2.6) - likeness * 0.8 + (fits ? 0 : 2), edits: [kit.replace(property.name, name)] }
    }
  }
  // It goes, with its comma and its line.
  const list = object.properties
  const at = list.indexOf(property)
  const from = at > 0 ? list[at - 1].end : property.getFullStart()
  const to = at > 0 ? property.end : (list[1]?.getFullStart() ?? property.end)
  yield { name: 'remove', cost: 3, edits: [{ start: from, end: to, text: '' }] }
  yield* declared(kit, property, wanted, wrong)
}

/** The type lacks it: as an optional member, if other code reads it. */
function* declared(kit, property, wanted, wrong) {
  const { ts, checker } = kit
  const declaration = wanted && (wanted.aliasSymbol ?? wanted.symbol)?.declarations?.[0]
  const members = declaration && (ts.isInterfaceDeclaration(declaration) ? declaration : ts.isTypeAliasDeclaration(declaration) && ts.isTypeLiteralNode(declaration.type) ? declaration.type : undefined)
  const file = declaration?.getSourceFile()
  if (!members || file.fileName.includes('node_modules') || members.members.length === 0) return
  const value = ts.isPropertyAssignment(property) ? property.initializer : property
  const type = kit.typeText(checker.getBaseTypeOfLiteralType(kit.typeOf(value)), property)
  if (/\bany\b|\bnever\b/.test(type)) return
  const read = [...kit.program.getSourceFiles()].some((one) => !one.isDeclarationFile && new RegExp(`\\.${wrong}\\b`).test(one.text))
  const last = members.members.at(-1)
  const end = file.text.slice(last.end - 1, last.end)
  const oneLine = !file.text.slice(members.members[0].getStart(file), members.end).includes('\n')
  const before = oneLine ? ' ' : `\n${kit.indentAt.call({ text: file.text }, last.getStart(file))}`
  const separator = /[;,]/.test(end) ? '' : oneLine ? ';' : ''
  yield { name: 'declare', cost: read ? 1.8 : 3.6, edits: [{ file: file.fileName, start: last.end, end: last.end, text: `${separator}${before}${wrong}?: ${type}${/[;,]/.test(end) ? end : ''}` }] }
}

/** What an object or an element has not, but must. */
function* missing(kit, { code, start, length, messageText }) {
  const { ts, checker } = kit
  const message = ts.flattenDiagnosticMessageText(messageText, '\n')
  const node = kit.nodeAt(start, length)
  const element = kit.up(node, (at) => ts.isJsxOpeningElement(at) || ts.isJsxSelfClosingElement(at))
  const names = namesMissing(message)
  if (names.length === 0) return
  if (element && code !== 2345) return yield* attributes(kit, element, names)
  const object = literalAt(kit, node)
  if (!object) return
  const wanted = checker.getContextualType(object)
  yield* spread(kit, object, names, wanted)
  const parts = []
  let worst = 0
  for (const name of names) {
    const type = wanted && wanted.getProperty?.(name) ? checker.getTypeOfSymbolAtLocation(wanted.getProperty(name), object) : undefined
    const found = evident(kit, object, name, type)
    if (!found) return
    worst = Math.max(worst, found.cost)
    parts.push(found.text)
  }
  const last = object.properties.at(-1)
  const lines = last && kit.text.slice(object.getStart(kit.source), last.getStart(kit.source)).includes('\n')
  const separator = lines ? `,\n${kit.indentAt(last.getStart(kit.source))}` : ', '
  const comma = last && object.properties.hasTrailingComma
  const text = last ? separator + parts.join(separator) : ` ${parts.join(', ')} `
  yield { name: 'add-property', cost: worst, edits: [comma ? kit.insert(object.properties.end, text.replace(/^,/, '') + (lines ? ',' : '')) : kit.insert(last ? last.end : object.getStart(kit.source) + 1, text)] }
}

/** A value at hand that has all that is missing: defaults, the object that is changed a little. */
function* spread(kit, object, names, wanted) {
  const { ts, checker } = kit
  for (const symbol of kit.valuesAt(object)) {
    const declaration = symbol.valueDeclaration
    const around = declaration && kit.up(object, (at) => at === declaration)
    if (!declaration || around || !(ts.isVariableDeclaration(declaration) || ts.isParameter(declaration)) || !ts.isIdentifier(declaration.name)) continue
    const type = checker.getTypeOfSymbolAtLocation(symbol, object)
    const fits = names.every((name) => {
      const has = type.getProperty?.(name)
      const needs = wanted?.getProperty?.(name)
      return has && (!needs || (checker.isTypeAssignableTo?.(checker.getTypeOfSymbolAtLocation(has, object), checker.getTypeOfSymbolAtLocation(needs, object)) ?? true))
    })
    if (!fits) continue
    const first = object.properties[0]
    const at = first ? first.getStart(kit.source) : object.getStart(kit.source) + 1
    // One that is only a part of more than what is missing is meant to be spread.
    yield { name: 'spread', cost: names.length > 1 || ts.isVariableDeclaration(declaration) ? 1.5 : 2.6, edits: [kit.insert(at, first ? `...${symbol.name}, ` : ` ...${symbol.name} `)] }
  }
}

/** Names of the properties that a message says are missing. */
export function namesMissing(message) {
  const one = /Property '([^']+)' is missing in type/.exec(message)
  if (one) return [one[1]]
  const many = /missing the following properties from type [^\n]*: ([\w$, ]+?)(,? and \d+ more)?\.?(\n|$)/.exec(message)
  return many && !many[2] ? many[1].split(', ').map((name) => name.trim()).filter(Boolean) : []
}

function literalAt(kit, node) {
  const { ts } = kit
  if (ts.isObjectLiteralExpression(node)) return node
  const { parent } = node
  for (const one of [parent?.initializer, node.expression, parent?.right, node.body]) {
    const bare = one && ts.isParenthesizedExpression(one) ? one.expression : one
    if (bare && ts.isObjectLiteralExpression(bare)) return bare
  }
  return undefined
}

/** `name: value` for a property, from what its neighbours are made of, or what is called so here. */
function evident(kit, object, name, type) {
  const { ts, checker } = kit
  const fits = (node) => !type || (checker.isTypeAssignableTo?.(node, type) ?? true)
  for (const property of object.properties) {
    if (!ts.isPropertyAssignment(property) || !ts.isPropertyAccessExpression(property.initializer)) continue
    const { expression, name: member } = property.initializer
    const source = kit.typeOf(expression).getProperty?.(name)
    if (member.text === kit.code(property.name) && source && fits(checker.getTypeOfSymbolAtLocation(source, object))) {
      return { text: `${name}: ${kit.code(expression)}.${name}`, cost: 1 }
    }
  }
  const scope = kit.valuesAt(object)
  const same = scope.find((symbol) => symbol.name === name)
  if (same && fits(checker.getTypeOfSymbolAtLocation(same, object))) return { text: name, cost: 1 }
  for (const symbol of scope) {
    const declaration = symbol.valueDeclaration
    if (!declaration || !ts.isParameter(declaration)) continue
    const inner = checker.getTypeOfSymbolAtLocation(symbol, object).getProperty?.(name)
    if (inner && fits(checker.getTypeOfSymbolAtLocation(inner, object))) return { text: `${name}: ${symbol.name}.${name}`, cost: 1.6 }
  }
  const fn = kit.functionOf(object)
  for (const parameter of fn?.parameters ?? []) {
    if (ts.isIdentifier(parameter.name) && type && !mentions(kit, fn, parameter.name) && fits(kit.typeOf(parameter))) {
      return { text: `${name}: ${parameter.name.text}`, cost: 1.8 }
    }
  }
  const zero = type ? kit.zeroOf(type) : undefined
  return zero ? { text: `${name}: ${zero}`, cost: 3.4 } : undefined
}

/** Whether a function uses one of its own names. */
export function mentions(kit, fn, name) {
  let count = 0
  const visit = (node) => {
    if (kit.ts.isIdentifier(node) && node.text === name.text && node !== name) count++
    kit.ts.forEachChild(node, visit)
  }
  if (fn.body) visit(fn.body)
  return count > 0
}

function* attributes(kit, element, names) {
  const { ts, checker } = kit
  const wanted = checker.getContextualType(element.attributes)
  const parts = []
  let worst = 0
  for (const name of names) {
    const property = wanted?.getProperty?.(name)
    const type = property ? checker.getTypeOfSymbolAtLocation(property, element) : undefined
    const given = element.attributes.properties.map(({ name: one }) => one && kit.code(one))
    const misspelt = kit.alike(name, given.filter(Boolean), 0.6)[0]
    if (misspelt && wanted && !wanted.getProperty(misspelt.name)) {
      const attribute = element.attributes.properties.find(({ name: one }) => one && kit.code(one) === misspelt.name)
      yield { name: 'rename', cost: 1, edits: [kit.replace(attribute.name, name)] }
    }
    const same = kit.valuesAt(element).find((symbol) => symbol.name === name)
    const fn = kit.functionOf(element)
    const nested = same ? undefined : kit.valuesAt(element).find((symbol) => checker.getTypeOfSymbolAtLocation(symbol, element).getProperty?.(name) && symbol.valueDeclaration && ts.isParameter(symbol.valueDeclaration))
    const zero = type ? kit.zeroOf(type) : undefined
    const handler = type && checker.getNonNullableType(type).getCallSignatures().length > 0
    const alike = handler ? kit.valuesAt(element).find((symbol) => new RegExp(`^handle${name.replace(/^on/, '')}`, 'i').test(symbol.name)) : undefined
    const only = type ? kit.valuesAt(element).filter((symbol) => kit.up(symbol.valueDeclaration, (at) => at === fn) && checker.isTypeAssignableTo?.(checker.getTypeOfSymbolAtLocation(symbol, element), type)) : []
    const value = same ? name : nested ? `${nested.name}.${name}` : alike ? alike.name : only.length === 1 ? only[0].name : zero && zero !== "''" ? zero : zero ? zero : undefined
    if (!value) return
    worst = Math.max(worst, same ? 1 : nested || alike ? 1.8 : only.length === 1 ? 2 : 4)
    parts.push(value === "''" ? `${name}=""` : `${name}={${value}}`)
  }
  const last = element.attributes.properties.at(-1)
  yield { name: 'add-attribute', cost: worst, edits: [kit.insert(last ? last.end : element.tagName.end, ` ${parts.join(' ')}`)] }
}

/** An attribute that an element does not have. */
function* tagged(kit, { start, length, messageText }) {
  const { ts, checker } = kit
  const message = ts.flattenDiagnosticMessageText(messageText, '\n')
  const wrong = /Property '([^']+)' does not exist on type/.exec(message)?.[1]
  const node = kit.nodeAt(start, length)
  const attribute = kit.up(node, ts.isJsxAttribute)
  const element = kit.up(node, (at) => ts.isJsxOpeningElement(at) || ts.isJsxSelfClosingElement(at))
  if (/missing/.test(message)) yield* missing(kit, { code: 2741, start, length, messageText })
  if (!wrong || !element) return
  const wanted = checker.getContextualType(element.attributes)
  if (attribute) {
    const given = element.attributes.properties.map(({ name }) => name && kit.code(name))
    const free = wanted ? checker.getPropertiesOfType(wanted).filter(({ name }) => !given.includes(name)) : []
    const needed = free.filter(({ flags }) => !(flags & ts.SymbolFlags.Optional))
    for (const { name, likeness } of kit.alike(wrong, free.map(({ name }) => name), 0.5)) {
      yield { name: 'rename', cost: 2.6 - likeness - (needed.some((one) => one.name === name) ? 0.5 : 0), edits: [kit.replace(attribute.name, name)] }
    }
    if (needed.length === 1) yield { name: 'rename', cost: 2, edits: [kit.replace(attribute.name, needed[0].name)] }
    yield { name: 'remove', cost: 3.6, edits: [{ start: attribute.getFullStart(), end: attribute.end, text: '' }] }
  }
  yield* propsOf(kit, element, wrong, attribute)
}

/** The component's own props lack it: its type and, where they are taken apart, its parameter. */
function* propsOf(kit, element, wrong, attribute) {
  const { ts, checker } = kit
  const component = checker.getSymbolAtLocation(element.tagName)
  const target = component && component.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(component) : component
  const declaration = target?.valueDeclaration
  const fn = declaration && ts.isVariableDeclaration(declaration) ? declaration.initializer : declaration
  const parameter = fn?.parameters?.[0]
  if (!parameter?.type) return
  const file = parameter.getSourceFile()
  if (file.fileName.includes('node_modules')) return
  let members = ts.isTypeLiteralNode(parameter.type) ? parameter.type : undefined
  if (!members && ts.isTypeReferenceNode(parameter.type)) {
    const named = checker.getSymbolAtLocation(parameter.type.typeName)?.declarations?.[0]
    members = named && (ts.isInterfaceDeclaration(named) ? named : ts.isTypeAliasDeclaration(named) && ts.isTypeLiteralNode(named.type) ? named.type : undefined)
  }
  const last = members?.members.at(-1)
  if (!last || last.getSourceFile() !== file) return
  let type = 'React.ReactNode'
  if (wrong === 'children') type = /import (type )?(\* as )?React\b/.test(file.text) ? type : "import('react').ReactNode"
  else {
    const value = attribute?.initializer && ts.isJsxExpression(attribute.initializer) ? attribute.initializer.expression : attribute?.initializer
    type = value ? kit.typeText(checker.getBaseTypeOfLiteralType(kit.typeOf(value)), element) : 'boolean'
  }
  if (/\bany\b/.test(type)) return
  const end = file.text[last.end - 1]
  const lines = file.text.slice(members.members[0].getStart(file), members.end).includes('\n')
  const text = `${/[;,]/.test(end) || lines ? '' : ';'}${lines ? `\n${kit.indentAt.call({ text: file.text }, last.getStart(file))}` : ' '}${wrong}${wrong === 'children' ? '' : '?'}: ${type}${/[;,]/.test(end) ? end : ''}`
  const uses = ts.isIdentifier(parameter.name) ? new RegExp(`\\.${wrong}\\b`).test(fn.getText(file)) : parameter.name.elements.some(({ name }) => name.getText(file) === wrong)
  yield { name: 'declare', cost: uses || wrong === 'children' ? 1.6 : 3.8, edits: [{ file: file.fileName, start: last.end, end: last.end, text }] }
}

// ---- calls ----

function* counted(kit, { start, length, messageText }) {
  const { ts, checker } = kit
  const message = ts.flattenDiagnosticMessageText(messageText, '\n')
  const [, least, most, got] = /Expected (\d+)(?:-(\d+))? arguments?, but got (\d+)/.exec(message) ?? /Expected at least (\d+)() arguments?, but got (\d+)/.exec(message) ?? []
  const node = kit.nodeAt(start, length)
  const call = kit.up(node, (at) => ts.isCallExpression(at) || ts.isNewExpression(at))
  if (!call || got === undefined) return
  const list = call.arguments ?? []
  const signature = checker.getResolvedSignature(call) ?? checker.getSignaturesOfType(kit.typeOf(call.expression), ts.SignatureKind.Call)[0]
  const max = Number(most || least)
  if (Number(got) > max) {
    for (let i = list.length - 1; i >= 0; i--) {
      if (list.length - 1 !== max) break
      const from = i > 0 ? list[i - 1].end : list[i].getStart(kit.source)
      const to = i > 0 ? list[i].end : (list[i + 1]?.getStart(kit.source) ?? list[i].end)
      yield { name: 'remove-argument', cost: i === list.length - 1 ? 1.5 : 2.5, edits: [{ start: from, end: to, text: '' }] }
    }
    if (list.length > max + 1) yield { name: 'remove-argument', cost: 1.8, edits: [{ start: max > 0 ? list[max - 1].end : list[0].getStart(kit.source), end: list.at(-1).end, text: '' }] }
    if (max === 1) yield { name: 'as-list', cost: 2.8, edits: [kit.insert(list[0].getStart(kit.source), '['), kit.insert(list.at(-1).end, ']')] }
    return
  }
  // `super()` in front of what a base class wants, or values that are called like the parameters.
  const parameters = signature?.parameters ?? []
  const given = list.map((one) => kit.code(one))
  const parts = []
  let worst = 0
  for (const parameter of parameters.slice(list.length, Number(least))) {
    const type = checker.getTypeOfSymbolAtLocation(parameter, call)
    const found = argument(kit, call, parameter.name, type, [...given, ...parts.map(({ text }) => text)])
    if (!found) return
    worst = Math.max(worst, found.cost)
    parts.push(found)
  }
  const text = parts.map(({ text }) => text).join(', ')
  if (parts.length > 0) yield { name: 'add-argument', cost: worst, edits: [kit.insert(list.length > 0 ? list.at(-1).end : call.end - 1, list.length > 0 ? `, ${text}` : text)] }
  if (parts.length === 1 && list.length > 0) {
    for (let i = 0; i < list.length; i++) yield { name: 'add-argument', cost: worst + 0.8, edits: [kit.insert(list[i].getStart(kit.source), `${text}, `)] }
  }
  // Or the parameter has a value of its own.
  const declaration = parameters[list.length]?.valueDeclaration
  if (declaration && ts.isParameter(declaration) && !declaration.initializer && !declaration.getSourceFile().fileName.includes('node_modules')) {
    const zero = kit.zeroOf(kit.typeOf(declaration))
    const file = declaration.getSourceFile()
    if (zero && zero !== 'undefined') yield { name: 'default', cost: 4.4, edits: [{ file: file.fileName, start: declaration.end, end: declaration.end, text: ` = ${zero}` }] }
  }
}

function argument(kit, call, name, type, given) {
  const { ts, checker } = kit
  const fn = kit.functionOf(call)
  const scope = kit.valuesAt(call).filter((symbol) => {
    const declaration = symbol.valueDeclaration
    return declaration && !given.includes(symbol.name) && (declaration.pos < call.pos || ts.isParameter(declaration)) && !kit.up(call, (at) => at === declaration)
  })
  const fits = (symbol) => checker.isTypeAssignableTo?.(checker.getTypeOfSymbolAtLocation(symbol, call), type) ?? true
  const same = scope.find((symbol) => symbol.name === name && fits(symbol))
  if (same) return { text: name, cost: 1 }
  const near = scope.filter(fits)
  const alike = kit.alike(name, near.map(({ name }) => name), 0.5)[0]
  if (alike) return { text: alike.name, cost: 1.8 }
  for (const symbol of scope) {
    const inner = checker.getTypeOfSymbolAtLocation(symbol, call).getProperty?.(name)
    if (inner && checker.isTypeAssignableTo?.(checker.getTypeOfSymbolAtLocation(inner, call), type)) return { text: `${symbol.name}.${name}`, cost: 1.6 }
  }
  const local = near.filter((symbol) => fn && kit.up(symbol.valueDeclaration, (at) => at === fn))
  if (local.length === 1) return { text: local[0].name, cost: 2 }
  if (near.length === 1) return { text: near[0].name, cost: 2.4 }
  const zero = kit.zeroOf(type)
  return zero ? { text: zero, cost: 4.2 } : undefined
}

function* notCallable(kit, { code, start, length }) {
  const { ts } = kit
  const node = kit.nodeAt(start, length)
  const call = kit.up(node, ts.isCallExpression)
  if (!call) return
  if (code === 2348) yield { name: 'new', cost: 0.8, edits: [kit.insert(call.getStart(kit.source), 'new ')] }
  const type = kit.typeOf(call.expression)
  if (type.getConstructSignatures?.().length > 0) yield { name: 'new', cost: 1, edits: [kit.insert(call.getStart(kit.source), 'new ')] }
  if (call.arguments.length === 0) yield { name: 'no-call', cost: 1.4, edits: [{ start: call.expression.end, end: call.end, text: '' }] }
  if (kit.isArray(type) && call.arguments.length === 1) yield { name: 'element', cost: 1.8, edits: [{ start: call.expression.end, end: call.end, text: `[${kit.code(call.arguments[0])}]` }] }
  if (/^Map</.test(kit.checker.typeToString(type))) yield { name: 'get', cost: 1.8, edits: [kit.insert(call.expression.end, '.get')] }
  for (const property of kit.checker.getPropertiesOfType(type).slice(0, 40)) {
    if (property.declarations?.some((one) => one.getSourceFile().fileName.includes('node_modules'))) continue
    if (kit.checker.getTypeOfSymbolAtLocation(property, node).getCallSignatures().length > 0) yield { name: 'member', cost: 2.4, edits: [kit.insert(call.expression.end, `.${property.name}`)] }
  }
}

function* notNewable(kit, { start, length }) {
  const node = kit.nodeAt(start, length)
  const made = kit.up(node, kit.ts.isNewExpression)
  if (made) yield { name: 'no-new', cost: 1, edits: [{ start: made.getStart(kit.source), end: made.expression.getStart(kit.source), text: '' }] }
}
