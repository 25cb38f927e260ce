// Objects, calls, functions and classes that lack something, or have too much.

export function* shape(kit, error) {
  const rule = RULES.get(error.code)
  if (rule) yield* rule(kit, error)
}

const RULES = new Map([
  [2353, excess], [2561, excess], [2322, tagged], [2739, missing], [2740, missing], [2741, missing], [2345, missing],
  [2554, counted], [2555, counted], [2349, notCallable], [2348, notCallable], [2351, notNewable],
  [2355, noReturn], [2366, noReturn], [2564, unset], [2454, unassigned], [2448, early], [2450, early],
  [2540, readOnly], [2588, constant], [2542, readOnly],
  [7029, fallsThrough], [7006, untyped], [7031, untyped], [7019, untyped], [7005, untyped], [7034, untyped], [7053, indexed], [7015, indexed],
  [2420, implemented], [2416, implemented], [2515, implemented], [2683, lostThis], [2786, component], [2605, component],
  [2536, keyed], [2344, keyed], [1308, awaiting], [1375, awaiting], [2300, twice], [2451, twice], [2393, twice], [2774, condition], [2693, typeAsValue],
  [2377, superMissing], [17009, superMissing], [2335, superMissing], [2314, generic], [2341, hidden], [2445, hidden], [2378, noReturn], [2872, condition], [2869, condition],
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

function namesMissing(message) {
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

function mentions(kit, fn, name) {
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

// ---- functions ----

function* noReturn(kit, { start, length }) {
  const { ts } = kit
  const fn = kit.up(kit.nodeAt(start, length), (at) => ts.isFunctionLike(at))
  if (!fn?.body || !ts.isBlock(fn.body)) return
  yield* returned(kit, fn.body, 0.8)
  const zero = kit.zeroOf(kit.returnOf(fn) ?? kit.typeOf(fn))
  const last = fn.body.statements.at(-1)
  const indent = last ? kit.indentAt(last.getStart(kit.source)) : `${kit.indentAt(fn.getStart(kit.source))}  `
  const local = fn.body.statements.filter(ts.isVariableStatement).flatMap(({ declarationList }) => [...declarationList.declarations])
  for (const { name } of local) {
    if (ts.isIdentifier(name) && last) yield { name: 'return', cost: 1.6, edits: [kit.insert(last.end, `\n${indent}return ${name.text};`)] }
  }
  if (zero && last && kit.isNullable(kit.returnOf(fn))) yield { name: 'return', cost: 1.6, edits: [kit.insert(last.end, `\n${indent}return ${zero};`)] }
  else if (zero && last) yield { name: 'return', cost: 4, edits: [kit.insert(last.end, `\n${indent}return ${zero};`)] }
}

/** Expressions at the end of a branch that were meant to be given back. */
function* returned(kit, block, cost) {
  const { ts } = kit
  const last = block.statements.at(-1)
  if (last && ts.isExpressionStatement(last)) yield { name: 'return', cost, edits: [kit.insert(last.getStart(kit.source), 'return ')] }
  for (const statement of block.statements) {
    for (const branch of [statement.thenStatement, statement.elseStatement, statement.statement, statement.tryBlock]) {
      if (!branch) continue
      if (ts.isBlock(branch)) yield* returned(kit, branch, cost + 0.2)
      else if (ts.isIfStatement(branch)) yield* returned(kit, { statements: [branch] }, cost + 0.2)
      else if (ts.isExpressionStatement(branch)) yield { name: 'return', cost: cost + 0.2, edits: [kit.insert(branch.getStart(kit.source), 'return ')] }
    }
    for (const clause of statement.caseBlock?.clauses ?? []) {
      const end = clause.statements.at(-1)
      if (end && ts.isExpressionStatement(end)) yield { name: 'return', cost: cost + 0.2, edits: [kit.insert(end.getStart(kit.source), 'return ')] }
    }
  }
}

function* component(kit, { start, length }) {
  const { ts, checker } = kit
  const node = kit.nodeAt(start, length)
  const symbol = checker.getSymbolAtLocation(node)
  const target = symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  const declaration = target?.valueDeclaration
  const fn = declaration && ts.isVariableDeclaration(declaration) ? declaration.initializer : declaration
  if (!fn?.body || fn.getSourceFile() !== kit.source) return
  if (ts.isBlock(fn.body)) yield* returned(kit, fn.body, 0.8)
  if (kit.isAsync(fn)) {
    const async = fn.modifiers.find(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword)
    yield { name: 'no-async', cost: 1.6, edits: [{ start: async.getStart(kit.source), end: async.end + 1, text: '' }] }
  }
}

function* awaiting(kit, { start, length }) {
  const fn = kit.functionOf(kit.nodeAt(start, length))
  const edits = kit.makeAsync(fn)
  if (edits.length > 0) yield { name: 'async', cost: 0.8, edits }
}

function* twice(kit, { start, length }) {
  const { ts, source } = kit
  const node = kit.nodeAt(start, length)
  const declaration = kit.up(node, (at) => ts.isVariableDeclaration(at) || ts.isFunctionDeclaration(at) || ts.isImportSpecifier(at) || ts.isPropertySignature(at) || ts.isPropertyAssignment(at) || ts.isMethodDeclaration(at) || ts.isInterfaceDeclaration(at) || ts.isTypeAliasDeclaration(at) || ts.isClassDeclaration(at))
  if (!declaration) return
  if (ts.isVariableDeclaration(declaration)) {
    const list = declaration.parent
    const statement = list.parent
    if (list.declarations.length !== 1 || !ts.isVariableStatement(statement)) return
    if (declaration.initializer) {
      const word = list.getStart(source)
      const edits = [{ start: word, end: declaration.name.getStart(source), text: '' }]
      const first = firstOf(kit, statement, declaration.name.text)
      if (first && first !== statement) {
        if (first.declarationList.flags & ts.NodeFlags.Const) edits.push({ start: first.declarationList.getStart(source), end: first.declarationList.getStart(source) + 5, text: 'let' })
        yield { name: 'assign', cost: 2, edits }
      }
    }
    yield { name: 'remove', cost: 2.6, edits: [{ start: statement.getFullStart(), end: statement.end, text: '' }] }
    return
  }
  const all = declaration.parent.statements ?? declaration.parent.members ?? declaration.parent.properties ?? declaration.parent.elements
  const same = all?.filter((one) => one.name && one.name.getText(source) === declaration.name.getText(source)) ?? []
  if (same.length > 1 && same.every((one) => kit.code(one) === kit.code(same[0]))) {
    const second = same[1]
    const at = all.indexOf(second)
    yield { name: 'remove', cost: 1, edits: [{ start: all[at - 1].end, end: second.end, text: '' }] }
  } else if (same.length > 1) {
    for (const [index, one] of same.entries()) {
      const at = all.indexOf(one)
      yield { name: 'remove', cost: 2.8 + (index === 0 ? 0.2 : 0), edits: [at > 0 ? { start: all[at - 1].end, end: one.end, text: '' } : { start: one.getFullStart(), end: all[1].getFullStart(), text: '' }] }
    }
  }
}

function firstOf({ ts }, statement, name) {
  return statement.parent.statements?.find((one) => ts.isVariableStatement(one) && one.declarationList.declarations.some((declaration) => declaration.name.text === name))
}

// ---- variables and fields ----

function* unset(kit, { start, length }) {
  const { ts, source } = kit
  const property = kit.up(kit.nodeAt(start, length), ts.isPropertyDeclaration)
  if (!property) return
  const name = property.name.getText(source)
  const constructor = property.parent.members.find((one) => ts.isConstructorDeclaration(one) && one.body)
  const parameter = constructor?.parameters.find((one) => one.name.getText(source) === name)
    ?? constructor?.parameters.find((one) => ts.isIdentifier(one.name) && !one.modifiers && !mentions(kit, constructor, one.name))
  if (parameter) {
    const last = constructor.body.statements.at(-1)
    const indent = last ? kit.indentAt(last.getStart(source)) : `${kit.indentAt(constructor.getStart(source))}  `
    const at = last ? last.end : constructor.body.getStart(source) + 1
    const oneLine = !kit.code(constructor.body).includes('\n')
    yield { name: 'initialise', cost: 0.8, edits: [kit.insert(at, oneLine ? ` this.${name} = ${parameter.name.getText(source)};${last ? '' : ' '}` : `\n${indent}this.${name} = ${parameter.name.getText(source)};`)] }
  }
  const zero = kit.zeroOf(kit.typeOf(property))
  if (zero) yield { name: 'initialise', cost: 1.6, edits: [kit.insert(property.type ? property.type.end : property.name.end, ` = ${zero}`)] }
  if (property.type) yield { name: 'optional', cost: 3, edits: [kit.insert(property.name.end, '?')] }
}

function* unassigned(kit, { start, length }) {
  const { ts, checker } = kit
  const node = kit.nodeAt(start, length)
  const declaration = checker.getSymbolAtLocation(node)?.valueDeclaration
  if (!declaration || !ts.isVariableDeclaration(declaration) || declaration.initializer) return
  const zero = kit.zeroOf(kit.typeOf(declaration))
  if (zero) yield { name: 'initialise', cost: 1.4, edits: [kit.insert(declaration.end, ` = ${zero}`)] }
  const uses = kit.up(declaration, ts.isBlock) ?? kit.source
  const products = /\*=/.test(kit.code(uses))
  if (products && kit.isNumber(kit.typeOf(declaration))) yield { name: 'initialise', cost: 1.2, edits: [kit.insert(declaration.end, ' = 1')] }
}

function* early(kit, { start, length }) {
  const { ts, checker, source, text } = kit
  const node = kit.nodeAt(start, length)
  const declaration = checker.getSymbolAtLocation(node)?.valueDeclaration
  const statement = declaration && kit.up(declaration, (at) => ts.isVariableStatement(at) || ts.isClassDeclaration(at) || ts.isEnumDeclaration(at))
  const use = statement && kit.up(node, (at) => at.parent === statement.parent)
  if (!use || use === statement) return
  const moved = text.slice(statement.getStart(source), statement.end)
  const at = use.getStart(source)
  yield { name: 'move', cost: 1, edits: [kit.insert(at, `${moved}\n${kit.indentAt(at)}`), { start: statement.getFullStart(), end: statement.end, text: '' }] }
}

function* constant(kit, { start, length }) {
  const { ts, checker, source } = kit
  const declaration = checker.getSymbolAtLocation(kit.nodeAt(start, length))?.valueDeclaration
  const list = declaration && kit.up(declaration, ts.isVariableDeclarationList)
  if (list && list.getSourceFile() === source) yield { name: 'let', cost: 0.8, edits: [{ start: list.getStart(source), end: list.getStart(source) + 5, text: 'let' }] }
}

function* readOnly(kit, { start, length }) {
  const { ts, checker } = kit
  const node = kit.nodeAt(start, length)
  const declaration = checker.getSymbolAtLocation(node)?.declarations?.[0]
  const word = declaration?.modifiers?.find(({ kind }) => kind === ts.SyntaxKind.ReadonlyKeyword)
  const file = declaration?.getSourceFile()
  if (word && !file.fileName.includes('node_modules')) {
    yield { name: 'writable', cost: ts.isPropertyDeclaration(declaration) ? 1 : 2, edits: [{ file: file.fileName, start: word.getStart(file), end: word.end + 1, text: '' }] }
  }
  yield* copied(kit, node)
}

/** `a.b = c; return a;` as `return { ...a, b: c };`: what is read-only stays as it is. */
function* copied(kit, node) {
  const { ts, source } = kit
  const statement = kit.up(node, ts.isExpressionStatement)
  const assign = statement?.expression
  if (!assign || !ts.isBinaryExpression(assign) || !ts.isPropertyAccessExpression(assign.left)) return
  const list = statement.parent.statements
  const next = list?.[list.indexOf(statement) + 1]
  const owner = kit.code(assign.left.expression)
  if (next && ts.isReturnStatement(next) && next.expression && kit.code(next.expression) === owner) {
    const value = { '=': '', '+=': '+', '-=': '-', '*=': '*' }[assign.operatorToken.getText()]
    if (value === undefined) return
    const right = value === '' ? kit.code(assign.right) : `${kit.code(assign.left)} ${value} ${kit.code(assign.right)}`
    yield { name: 'copy', cost: 1.2, edits: [{ start: statement.getStart(source), end: next.end, text: `return { ...${owner}, ${assign.left.name.text}: ${right} };` }] }
  }
}

function* untyped(kit, { start, length }) {
  const { ts, checker, source } = kit
  const node = kit.nodeAt(start, length)
  const parameter = kit.up(node, ts.isParameter)
  if (!parameter) return
  const fn = parameter.parent
  if (parameter.type) return
  const at = parameter.parent.parameters.indexOf(parameter)
  const end = parameter.questionToken?.end ?? parameter.name.end
  const rest = parameter.dotDotDotToken !== undefined
  const single = ts.isArrowFunction(fn) && fn.parameters.length === 1 && kit.text[fn.getStart(source)] !== '(' && !/^async/.test(kit.code(fn))
  const say = (type, cost) => ({ name: 'annotate', cost, edits: single
    ? [kit.replace(parameter, `(${kit.code(parameter)}: ${type})`)] : [kit.insert(end, `: ${type}`)] })
  if (parameter.initializer) return
  if (ts.isObjectBindingPattern(parameter.name)) {
    const members = parameter.name.elements.map((element) => `${(element.propertyName ?? element.name).getText(source)}${element.initializer ? '?' : ''}: `)
    for (const type of ['string', 'number']) yield say(`{ ${members.map((one) => `${one}${type}`).join('; ')} }`, 4)
    return
  }
  // From the calls that there are.
  for (const type of [...new Set(callTypes(kit, fn, at))].slice(0, 3)) yield say(rest ? `${type}[]` : type, 2)
  for (const [index, type] of ['number', 'string', 'string[]', 'number[]', 'boolean'].entries()) yield say(rest && !type.endsWith('[]') ? `${type}[]` : type, 3.5 + index * 0.2)
}

function callTypes(kit, fn, at) {
  const { ts, checker } = kit
  const name = fn.name ?? (ts.isVariableDeclaration(fn.parent) ? fn.parent.name : undefined)
  if (!name) return []
  const found = []
  for (const file of kit.program.getSourceFiles()) {
    if (file.isDeclarationFile || file.fileName.includes('node_modules')) continue
    const visit = (node) => {
      if (ts.isCallExpression(node) && node.expression.getText(file).split('.').pop() === name.text && node.arguments[at]) {
        found.push(kit.typeText(checker.getBaseTypeOfLiteralType(checker.getTypeAtLocation(node.arguments[at])), node))
      }
      ts.forEachChild(node, visit)
    }
    visit(file)
  }
  return found.filter((type) => !/\bany\b|never/.test(type))
}

function* indexed(kit, { start, length }) {
  const { ts, checker, source } = kit
  const node = kit.nodeAt(start, length)
  const access = kit.up(node, ts.isElementAccessExpression)
  if (!access) return
  const object = kit.code(access.expression)
  const key = access.argumentExpression
  const plain = /^[\w$.]+$/.test(object)
  const declaration = ts.isIdentifier(key) ? checker.getSymbolAtLocation(key)?.valueDeclaration : undefined
  const named = checker.typeToString(kit.typeOf(access.expression))
  const type = /^\w+$/.test(named) && named !== 'object' ? `keyof ${named}` : plain ? `keyof typeof ${object}` : undefined
  const target = checker.getSymbolAtLocation(access.expression)?.valueDeclaration
  const isEmpty = target && ts.isVariableDeclaration(target) && !target.type && target.initializer && kit.code(target.initializer) === '{}'
  if (isEmpty) {
    const assign = kit.up(access, ts.isBinaryExpression)
    const value = assign ? kit.typeText(checker.getBaseTypeOfLiteralType(kit.typeOf(assign.right))) : 'number'
    for (const [index, one] of [value, 'number', 'string'].entries()) if (sound(one)) yield { name: 'annotate', cost: 1.6 + index * 0.5, edits: [kit.insert(target.name.end, `: Record<string, ${one}>`)] }
  }
  if (type) yield { name: 'key', cost: 2, edits: [kit.replace(key, `${/^[\w$.]+$/.test(kit.code(key)) ? kit.code(key) : `(${kit.code(key)})`} as ${type}`)] }
  if (declaration && ts.isParameter(declaration) && declaration.type && type && declaration.getSourceFile() === source && ts.isIdentifier(access.expression)) {
    yield { name: 'key', cost: 2.4, edits: [kit.replace(declaration.type, type)] }
  }
  if (target && ts.isVariableDeclaration(target) && !target.type && target.initializer && ts.isObjectLiteralExpression(target.initializer)) {
    const values = new Set(target.initializer.properties.map((one) => one.initializer ? kit.typeText(checker.getBaseTypeOfLiteralType(kit.typeOf(one.initializer))) : undefined))
    if (values.size === 1 && !values.has(undefined) && sound([...values][0])) yield { name: 'annotate', cost: 1.8, edits: [kit.insert(target.name.end, `: Record<string, ${[...values][0]}>`)] }
  }
}

function sound(type) {
  return type.length < 100 && !/\bany\b|never/.test(type)
}

function* keyed(kit, { start, length, messageText }) {
  const { ts, checker } = kit
  const message = ts.flattenDiagnosticMessageText(messageText, '\n')
  const [, key, object] = /Type '(\w+)' cannot be used to index type '(\w+)'/.exec(message) ?? []
  const node = kit.nodeAt(start, length)
  const fn = kit.up(node, (at) => at.typeParameters)
  const parameter = fn?.typeParameters?.find(({ name }) => name.text === key)
  if (parameter && object && !parameter.constraint) yield { name: 'constraint', cost: 1, edits: [kit.insert(parameter.name.end, ` extends keyof ${object}`)] }
  const wrong = /Type '(\w+)' does not satisfy the constraint '([^']+)'/.exec(message)
  const generic = wrong && kit.up(node, (at) => at.typeParameters)?.typeParameters.find(({ name }) => name.text === wrong[1])
  if (generic && !generic.constraint) yield { name: 'constraint', cost: 1, edits: [kit.insert(generic.name.end, ` extends ${wrong[2]}`)] }
}

function* generic(kit, { start, length }) {
  const node = kit.nodeAt(start, length)
  for (const [index, type] of ['string', 'number', 'string, string', 'string, number', 'unknown'].entries()) {
    yield { name: 'type-argument', cost: 2.5 + index * 0.3, edits: [kit.insert(node.end, `<${type}>`)] }
  }
}

function* typeAsValue(kit, { start, length }) {
  const { ts } = kit
  const node = kit.nodeAt(start, length)
  const { parent } = node
  if (ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword) {
    const name = kit.code(node)
    const kind = { string: 'string', number: 'number', boolean: 'boolean' }[name]
    if (kind) yield { name: 'typeof', cost: 1, edits: [kit.replace(parent, `typeof ${kit.code(parent.left)} === '${kind}'`)] }
  }
}

// ---- statements ----

function* fallsThrough(kit, { start, length }) {
  const { ts, source } = kit
  const clause = kit.up(kit.nodeAt(start, length), (at) => ts.isCaseClause(at) || ts.isDefaultClause(at))
  const last = clause?.statements.at(-1)
  if (!last) return
  const block = ts.isBlock(last) ? last.statements.at(-1) : last
  if (!block) return
  const oneLine = kit.text.slice(clause.getStart(source), block.end).indexOf('\n') < 0
  yield { name: 'break', cost: 0.8, edits: [kit.insert(block.end, oneLine ? ' break;' : `\n${kit.indentAt(block.getStart(source))}break;`)] }
  if (ts.isExpressionStatement(block)) yield { name: 'return', cost: 2.4, edits: [kit.insert(block.getStart(source), 'return ')] }
}

function* condition(kit, { start, length }) {
  const node = kit.nodeAt(start, length)
  if (kit.typeOf(node).getCallSignatures?.().length > 0) yield { name: 'call', cost: 0.8, edits: [kit.insert(node.end, '()')] }
}

// ---- classes ----

function* implemented(kit, { code, start, length, messageText }) {
  const { ts, checker } = kit
  const message = ts.flattenDiagnosticMessageText(messageText, '\n')
  const node = kit.nodeAt(start, length)
  const type = kit.up(node, ts.isClassLike)
  if (!type) return
  const names = namesMissing(message)
  const single = /does not implement inherited abstract member '?(?:\w+\.)?(\w+)'?/.exec(message)?.[1]
  if (single) names.push(single)
  const bases = (type.heritageClauses ?? []).flatMap(({ types }) => types).map((one) => checker.getTypeAtLocation(one))
  const known = new Set(bases.flatMap((one) => checker.getPropertiesOfType(one)).map(({ name }) => name))
  for (const name of names) {
    const own = type.members.filter((one) => one.name && !known.has(one.name.getText(kit.source)) && !ts.isConstructorDeclaration(one))
    for (const { name: wrong, likeness } of kit.alike(name, own.map((one) => one.name.getText(kit.source)), 0.4)) {
      const member = own.find((one) => one.name.getText(kit.source) === wrong)
      yield { name: 'rename', cost: 2 - likeness, edits: [kit.replace(member.name, name)] }
    }
    if (names.length === 1 && own.length > 0) {
      const wanted = bases.map((one) => one.getProperty?.(name)).find(Boolean)
      const type = wanted && checker.getTypeOfSymbolAtLocation(wanted, node)
      for (const member of own) {
        const open = !member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword)
        if (type && open && checker.isTypeAssignableTo?.(kit.typeOf(member), type)) yield { name: 'rename', cost: 1.6, edits: [kit.replace(member.name, name)] }
      }
    }
    // A field that is made of the constructor's parameter of its name.
    const base = bases.map((one) => one.getProperty?.(name)).find(Boolean)
    const first = type.members[0]
    const wanted = base && checker.getTypeOfSymbolAtLocation(base, type)
    const parameter = type.members.find(ts.isConstructorDeclaration)?.parameters.find((one) => one.name.getText(kit.source) === name)
    if (parameter && !parameter.modifiers?.length) yield { name: 'field', cost: 1, edits: [kit.insert(parameter.getStart(kit.source), 'public ')] }
    const zero = wanted && wanted.getCallSignatures().length === 0 ? kit.zeroOf(wanted) : undefined
    if (zero && first) yield { name: 'field', cost: 3.4, edits: [kit.insert(first.getStart(kit.source), `${name}: ${kit.typeText(wanted, type)} = ${zero};\n${kit.indentAt(first.getStart(kit.source))}`)] }
  }
  if (code === 2420 || code === 2416) {
    const hidden = /Property '(\w+)' is (private|protected) in type/.exec(message)?.[1]
    const member = hidden && type.members.find((one) => one.name?.getText(kit.source) === hidden)
    const word = member?.modifiers?.find(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword || kind === ts.SyntaxKind.ProtectedKeyword)
    if (word) yield { name: 'public', cost: 1, edits: [{ start: word.getStart(kit.source), end: word.end + 1, text: '' }] }
  }
  if (code === 2416) yield* overridden(kit, node, bases)
}

/** A method whose types differ from those of what it overrides: those of the base are right. */
function* overridden(kit, node, bases) {
  const { ts, checker } = kit
  const member = kit.up(node, (at) => ts.isMethodDeclaration(at) || ts.isPropertyDeclaration(at))
  const base = member && bases.map((one) => one.getProperty?.(member.name.getText(kit.source))).find(Boolean)
  if (!base) return
  const type = checker.getTypeOfSymbolAtLocation(base, member)
  const signature = type.getCallSignatures()[0]
  if (ts.isPropertyDeclaration(member)) {
    if (member.type) yield { name: 'annotate', cost: 2, edits: [kit.replace(member.type, kit.typeText(type, member))] }
    if (member.initializer) {
      const text = kit.code(member.initializer)
      if (/^['"]\d+['"]$/.test(text)) yield { name: 'literal', cost: 1.2, edits: [kit.replace(member.initializer, text.slice(1, -1)), ...(member.type ? [kit.replace(member.type, kit.typeText(type, member))] : [])] }
      if (/^\d+$/.test(text)) yield { name: 'literal', cost: 1.2, edits: [kit.replace(member.initializer, `'${text}'`), ...(member.type ? [kit.replace(member.type, kit.typeText(type, member))] : [])] }
    }
    return
  }
  if (!signature) return
  const returns = kit.typeText(checker.getReturnTypeOfSignature(signature), member)
  const edits = member.parameters.flatMap((parameter, index) => {
    const wanted = signature.parameters[index]
    if (!wanted || !parameter.type) return []
    const text = kit.typeText(checker.getTypeOfSymbolAtLocation(wanted, member), member)
    return text === kit.code(parameter.type) ? [] : [kit.replace(parameter.type, text)]
  })
  if (edits.length > 0) yield { name: 'signature', cost: 1.6, edits }
  if (member.type && kit.code(member.type) !== returns) yield { name: 'signature', cost: 1.8, edits: [...edits, kit.replace(member.type, returns)] }
  // What it gives back is to become what the base promises.
  const last = member.body?.statements.at(-1)
  if (last && ts.isReturnStatement(last) && last.expression) {
    const text = kit.code(last.expression)
    const convert = { string: `String(${text})`, number: `Number(${text})`, boolean: `Boolean(${text})` }[returns]
    if (convert) yield { name: 'signature', cost: 2, edits: [...edits, ...(member.type ? [kit.replace(member.type, returns)] : []), kit.replace(last.expression, convert)] }
  }
}

function* lostThis(kit, { start, length }) {
  const { ts, source } = kit
  const fn = kit.functionOf(kit.nodeAt(start, length))
  if (!fn || !ts.isFunctionExpression(fn) || fn.name || !fn.body) return
  const word = kit.text.indexOf('function', fn.getStart(source))
  const open = kit.text.indexOf('(', word)
  yield { name: 'arrow', cost: 0.8, edits: [{ start: word, end: open, text: '' }, kit.insert(fn.body.getStart(source), '=> ')] }
}

function* superMissing(kit, { start, length }) {
  const { ts, source, checker } = kit
  const constructor = kit.up(kit.nodeAt(start, length), ts.isConstructorDeclaration)
  const type = constructor && kit.up(constructor, ts.isClassLike)
  const base = type?.heritageClauses?.[0]?.types[0]
  if (!base || !constructor.body) return
  const wanted = checker.getTypeAtLocation(base.expression).getConstructSignatures()[0]?.parameters ?? []
  const own = constructor.parameters.map((one) => one.name.getText(source))
  const list = wanted.map(({ name }) => name)
  const found = constructor.body.statements.find((one) => /^super\(/.test(kit.code(one)))
  const at = constructor.body.getStart(source) + 1
  const first = constructor.body.statements[0]
  const indent = first ? kit.indentAt(first.getStart(source)) : `${kit.indentAt(constructor.getStart(source))}  `
  if (found) {
    yield { name: 'super', cost: 0.8, edits: [{ start: found.getFullStart(), end: found.end, text: '' }, kit.insert(at, `\n${indent}${kit.code(found)}`)] }
    return
  }
  if (list.every((name) => own.includes(name))) yield { name: 'super', cost: 0.8, edits: [kit.insert(at, `\n${indent}super(${list.join(', ')});`)] }
  else if (own.length >= list.length) yield { name: 'super', cost: 2, edits: [kit.insert(at, `\n${indent}super(${own.slice(0, list.length).join(', ')});`)] }
}

function* hidden(kit, { start, length }) {
  const { ts, checker } = kit
  const node = kit.nodeAt(start, length)
  const wrong = kit.code(node)
  const owner = ts.isPropertyAccessExpression(node.parent) ? node.parent.expression : undefined
  if (!owner) return
  // There is usually a public way to the same thing.
  const bare = wrong.replace(/^_+/, '')
  const open = checker.getPropertiesOfType(kit.typeOf(owner)).filter((one) => !(ts.getCombinedModifierFlags(one.valueDeclaration ?? one.declarations[0]) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)))
  for (const property of open) {
    const callable = checker.getTypeOfSymbolAtLocation(property, node).getCallSignatures().some(({ parameters }) => parameters.length === 0)
    if (!new RegExp(`^(get)?_?${bare.replace(/[^\w]/g, '')}$`, 'i').test(property.name)) continue
    yield { name: 'accessor', cost: 1, edits: [kit.replace(node, callable ? `${property.name}()` : property.name)] }
  }
  const declaration = checker.getSymbolAtLocation(node)?.declarations?.[0]
  const word = declaration?.modifiers?.find(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword || kind === ts.SyntaxKind.ProtectedKeyword)
  const file = declaration?.getSourceFile()
  if (word && !file.fileName.includes('node_modules')) yield { name: 'public', cost: 2.6, edits: [{ file: file.fileName, start: word.getStart(file), end: word.end + 1, text: '' }] }
}
