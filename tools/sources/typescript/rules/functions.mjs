// Functions, variables and statements: what they return, when they are set, of which type.

import { mentions } from './shape.mjs'

export function* functions(kit, error) {
  const rule = RULES.get(error.code)
  if (rule) yield* rule(kit, error)
}

const RULES = new Map([
  [2355, noReturn], [2366, noReturn], [2564, unset], [2454, unassigned], [2448, early], [2450, early],
  [2540, readOnly], [2588, constant], [2542, readOnly], [7029, fallsThrough], [7006, untyped], [7031, untyped],
  [7019, untyped], [7005, untyped], [7034, untyped], [7053, indexed], [7015, indexed], [2786, component],
  [2605, component], [2536, keyed], [2344, keyed], [1308, awaiting], [1375, awaiting], [2300, twice], [2451, twice],
  [2393, twice], [2774, condition], [2693, typeAsValue], [2314, generic], [2378, noReturn], [2872, condition],
  [2869, condition],
])

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
