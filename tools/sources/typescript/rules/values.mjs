// Values of the wrong type: what turns one into the other, or what was meant instead.

const ASSIGN = new Set([2322, 2345, 2769, 2352, 2416, 2739, 2740, 2741, 2559, 2560, 2719, 4104, 2820, 2367, 2678, 2365, 2362, 2363, 2488, 2461, 2495, 2801, 2538, 2412, 2379])
const NULLISH = new Set([2531, 2532, 2533, 18047, 18048, 18049, 2722, 2721, 2723])

export function* values(kit, error) {
  if (NULLISH.has(error.code)) yield* nullish(kit, error)
  if (error.code === 18046 || error.code === 2571) yield* unknown(kit, error)
  if (ASSIGN.has(error.code)) yield* assigned(kit, error)
}

// ---- nothing where something is wanted ----

function* nullish(kit, { code, start, length }) {
  const { ts, checker } = kit
  const node = kit.nodeAt(start, length)
  const text = kit.code(node)
  const access = node.parent
  const optional = optionalAt(kit, node)
  if (optional) {
    const whole = chainOf(kit, access)
    const wanted = checker.getContextualType(whole) ?? (ts.isReturnStatement(whole.parent) ? kit.returnOf(kit.functionOf(whole)) : undefined)
    const statement = ts.isExpressionStatement(whole.parent)
    const plain = statement || (wanted && kit.has(wanted, ts.TypeFlags.Undefined | ts.TypeFlags.Void))
    // What holds for nothing is said already, behind it.
    const said = ts.isBinaryExpression(whole.parent) && whole.parent.left === whole && /^(\?\?|\|\|)$/.test(whole.parent.operatorToken.getText(kit.source))
    yield { name: 'optional', cost: said ? 1.2 : plain ? 1.6 : 3.4, edits: [optional] }
    const zero = fallbackOf(kit, whole, wanted)
    if (zero) {
      const bare = needsParentheses(ts, whole)
      const edits = [optional, kit.insert(whole.end, ` ?? ${zero}${bare ? ')' : ''}`)]
      if (bare) edits.push(kit.insert(whole.getStart(kit.source), '('))
      yield { name: 'fallback', cost: 2.4, edits }
    }
  }
  const type = kit.typeOf(node)
  const zero = kit.zeroOf(checker.getNonNullableType(type))
  if (code !== 2722 && zero && zero !== 'undefined' && zero !== 'null') {
    yield { name: 'fallback', cost: optional ? 4 : 2, edits: [kit.replace(node, `(${text} ?? ${zero})`)] }
  }
  const declaration = ts.isIdentifier(node) ? checker.getSymbolAtLocation(node)?.valueDeclaration : undefined
  if (zero && declaration && ts.isVariableDeclaration(declaration) && declaration.initializer && declaration.getSourceFile() === kit.source) {
    yield { name: 'fallback', cost: 2.1, edits: [kit.insert(declaration.initializer.end, ` ?? ${zero}`)] }
  }
  yield* guarded(kit, node)
}

/** `?.` behind a node that may be nothing. */
function optionalAt(kit, node) {
  const { ts } = kit
  const parent = node.parent
  if (ts.isPropertyAccessExpression(parent) && parent.expression === node) {
    if (isWritten(ts, parent)) return undefined
    const dot = kit.text.indexOf('.', node.end)
    return { start: dot, end: dot + 1, text: '?.' }
  }
  if ((ts.isElementAccessExpression(parent) || ts.isCallExpression(parent)) && parent.expression === node && !isWritten(ts, parent)) {
    return kit.insert(node.end, '?.')
  }
  return undefined
}

function isWritten(ts, node) {
  let at = node
  while (ts.isPropertyAccessExpression(at.parent) && at.parent.expression === at) at = at.parent
  const { parent } = at
  return (ts.isBinaryExpression(parent) && parent.left === at && parent.operatorToken.kind >= ts.SyntaxKind.FirstAssignment && parent.operatorToken.kind <= ts.SyntaxKind.LastAssignment)
    || ts.isPostfixUnaryExpression(parent) || (ts.isPrefixUnaryExpression(parent) && parent.operator >= ts.SyntaxKind.PlusPlusToken && parent.operator <= ts.SyntaxKind.MinusMinusToken)
}

/** The whole of a.b().c around one of its parts. */
function chainOf({ ts }, node) {
  let at = node
  while ((ts.isPropertyAccessExpression(at.parent) || ts.isElementAccessExpression(at.parent) || ts.isCallExpression(at.parent)) && at.parent.expression === at) at = at.parent
  return at
}

function needsParentheses(ts, node) {
  const { parent } = node
  return ts.isBinaryExpression(parent) && parent.operatorToken.kind !== ts.SyntaxKind.EqualsToken && parent.operatorToken.kind !== ts.SyntaxKind.QuestionQuestionToken
}

function fallbackOf(kit, whole, wanted) {
  const type = wanted && !(wanted.flags & kit.ts.TypeFlags.Any) ? wanted : kit.checker.getNonNullableType(kit.typeOf(whole))
  const { parent } = whole
  if (kit.ts.isBinaryExpression(parent) && /^[<>]=?$/.test(parent.operatorToken.getText())) return '0'
  const zero = kit.zeroOf(type)
  return zero === 'undefined' || zero === 'null' && !wanted ? undefined : zero || undefined
}

/** A return before the statement, when it would work with nothing. */
function* guarded(kit, node) {
  const { ts, source } = kit
  const fn = kit.functionOf(node)
  const statement = kit.up(node, (at) => at.parent && ts.isBlock(at.parent))
  if (!fn?.body || !statement || !ts.isBlock(fn.body)) return
  const root = rootOf(ts, node)
  if (!root || (ts.isVariableStatement(statement) && statement.declarationList.declarations.some(({ name }) => name.getText(source) === root))) return
  const type = kit.returnOf(fn)
  const zero = type ? kit.zeroOf(type) : undefined
  if (zero === undefined) return
  const indent = kit.indentAt(statement.getStart(source))
  const condition = kit.is(kit.typeOf(node), ts.TypeFlags.Object) ? `!${kit.code(node)}` : `${kit.code(node)} == null`
  const at = statement.getStart(source)
  yield { name: 'guard', cost: 3.2, edits: [kit.insert(at, `if (${condition}) return${zero ? ` ${zero}` : ''};\n${indent}`)] }
}

function rootOf(ts, node) {
  let at = node
  while (ts.isPropertyAccessExpression(at) || ts.isNonNullExpression(at)) at = at.expression
  return ts.isIdentifier(at) || at.kind === ts.SyntaxKind.ThisKeyword ? at.getText() : undefined
}

// ---- what is not known ----

function* unknown(kit, { start, length }) {
  const { ts } = kit
  const node = kit.nodeAt(start, length)
  const text = kit.code(node)
  const access = node.parent
  const inCatch = kit.up(node, (at) => ts.isCatchClause(at) && at.variableDeclaration && kit.code(at.variableDeclaration.name) === text)
  const member = ts.isPropertyAccessExpression(access) ? access.name.text : ''
  if (member && (inCatch || ['message', 'stack', 'name', 'cause'].includes(member))) {
    const other = member === 'message' ? `String(${text})` : kit.zeroOf(kit.checker.getContextualType(access) ?? kit.typeOf(node)) ?? `String(${text})`
    yield { name: 'error', cost: 1.2, edits: [wrapped(kit, access, `${text} instanceof Error ? ${text}.${member} : ${other}`)] }
    yield { name: 'error', cost: 3, edits: [kit.replace(node, `(${text} as Error)`)] }
  }
  const kinds = [['string', ''], ['number', 0], ['array', []]].filter(([, sample]) => member && sample[member] !== undefined)
  for (const [kind] of kinds) {
    const test = kind === 'array' ? `Array.isArray(${text})` : `typeof ${text} === '${kind}'`
    const whole = chainOf(kit, access)
    const zero = kit.zeroOf(kit.checker.getContextualType(whole) ?? kit.returnOf(kit.functionOf(node)) ?? kit.typeOf(whole)) ?? (kind === 'string' ? "''" : undefined)
    if (zero) yield { name: 'narrow', cost: 2.5, edits: [wrapped(kit, whole, `${test} ? ${kit.code(whole)} : ${zero}`)] }
    yield { name: 'narrow', cost: 4, edits: [kit.replace(node, `(${text} as ${kind === 'array' ? 'unknown[]' : kind})`)] }
  }
  const parent = node.parent
  if (ts.isBinaryExpression(parent)) {
    yield { name: 'convert', cost: 3, edits: [kit.replace(node, `Number(${text})`)] }
    yield { name: 'convert', cost: 4, edits: [kit.replace(node, `(${text} as number)`)] }
  }
  // What is read from it says what it is.
  const declaration = kit.checker.getSymbolAtLocation(node)?.valueDeclaration
  if (declaration && ts.isParameter(declaration) && declaration.type && !inCatch) {
    for (const kind of kinds.map(([one]) => one)) {
      if (kind !== 'array') yield { name: 'annotate', cost: 4.2, edits: [kit.replace(declaration.type, kind)] }
    }
  }
}

function wrapped(kit, node, text) {
  const { parent } = node
  const { ts } = kit
  const bare = ts.isReturnStatement(parent) || ts.isVariableDeclaration(parent) || ts.isTemplateSpan(parent) || ts.isArrowFunction(parent)
    || ts.isPropertyAssignment(parent) || ts.isJsxExpression(parent) || (ts.isCallExpression(parent) && parent.expression !== node)
  return kit.replace(node, bare ? text : `(${text})`)
}

// ---- one type for another ----

function* assigned(kit, error) {
  const { ts, checker } = kit
  let node = kit.nodeAt(error.start, error.length)
  if (error.code === 2367 || error.code === 2365 || error.code === 2362 || error.code === 2363 || error.code === 2678) yield* compared(kit, error, node)
  if (error.code === 2488 || error.code === 2461 || error.code === 2495) yield* iterated(kit, node)
  const value = valueOf(kit, node)
  if (!value) return
  node = value
  const from = kit.typeOf(node)
  const to = targetOf(kit, node)
  yield* unreturned(kit, error)
  yield* literal(kit, node, to)
  if (to) yield* converted(kit, node, from, to)
  yield* elsewhere(kit, node, from, to)
  yield* called(kit, node, from, to)
  yield* swapped(kit, node)
}

/** A function in what is wrong that ends with a value and gives none back. */
function* unreturned(kit, { start, length }) {
  const { ts } = kit
  const found = []
  const visit = (node) => {
    const last = (ts.isArrowFunction(node) || ts.isFunctionExpression(node)) && ts.isBlock(node.body) ? node.body.statements.at(-1) : undefined
    if (last && ts.isExpressionStatement(last) && isValue(ts, last.expression) && found.length < 4) found.push(last)
    ts.forEachChild(node, visit)
  }
  visit(kit.nodeAt(start, length))
  for (const last of found) yield { name: 'return', cost: 1.2, edits: [kit.insert(last.getStart(kit.source), 'return ')] }
}

/** What does nothing when it stands alone, or may be called for its result. */
function isValue(ts, node) {
  return !(ts.isBinaryExpression(node) && node.operatorToken.kind >= ts.SyntaxKind.FirstAssignment && node.operatorToken.kind <= ts.SyntaxKind.LastAssignment)
    && !ts.isPostfixUnaryExpression(node) && !ts.isDeleteExpression(node) && !ts.isAwaitExpression(node)
}

/** The expression whose type is wrong: the compiler often points to the name that takes it. */
function valueOf({ ts }, node) {
  const { parent } = node
  if (ts.isReturnStatement(node)) return node.expression
  if (parent && ts.isVariableDeclaration(parent) && parent.name === node) return parent.initializer
  if (parent && ts.isPropertyAssignment(parent) && parent.name === node) return parent.initializer
  if (parent && ts.isPropertyDeclaration(parent) && parent.name === node) return parent.initializer
  if (parent && ts.isBinaryExpression(parent) && parent.left === node && parent.operatorToken.kind === ts.SyntaxKind.EqualsToken) return parent.right
  if (parent && ts.isParameter(parent) && parent.name === node) return parent.initializer
  const attribute = ts.isJsxAttribute(node) ? node : parent && ts.isJsxAttribute(parent) ? parent : undefined
  if (attribute) {
    const { initializer } = attribute
    return initializer && ts.isJsxExpression(initializer) ? initializer.expression : initializer
  }
  if (ts.isShorthandPropertyAssignment(parent ?? node)) return node
  return ts.isExpression?.(node) ?? true ? node : undefined
}

function targetOf(kit, node) {
  const { ts, checker } = kit
  const { parent } = node
  const contextual = ts.isExpression?.(node) ?? true ? checker.getContextualType(node) : undefined
  if (contextual && !(contextual.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown))) return contextual
  if (ts.isReturnStatement(parent) || (ts.isArrowFunction(parent) && parent.body === node)) return kit.returnOf(kit.functionOf(node))
  if (ts.isBinaryExpression(parent) && parent.right === node) return kit.typeOf(parent.left)
  return undefined
}

/** A literal that is written as another kind, or is none of those that are allowed. */
function* literal(kit, node, to) {
  const { ts } = kit
  const text = kit.code(node)
  const isText = ts.isStringLiteralLike(node)
  const inTag = kit.ts.isJsxAttribute(node.parent)
  const put = (value) => kit.replace(node, inTag ? `{${value}}` : value)
  const quote = kit.text.includes('"') && !kit.text.includes("'") ? '"' : "'"
  if (isText && /^-?\d+(\.\d+)?$/.test(node.text)) yield { name: 'literal', cost: 1.2, edits: [put(node.text)] }
  if (isText && /^(true|false)$/.test(node.text)) yield { name: 'literal', cost: 1.2, edits: [put(node.text)] }
  if (isText && /^(null|undefined)$/.test(node.text)) yield { name: 'literal', cost: 1.6, edits: [put(node.text)] }
  if (ts.isNumericLiteral(node) || /^(true|false)$/.test(text)) yield { name: 'literal', cost: 1.6, edits: [kit.replace(node, `${quote}${text}${quote}`)] }
  if (text === 'null') yield { name: 'literal', cost: 1.4, edits: [kit.replace(node, 'undefined')] }
  if (text === 'undefined') yield { name: 'literal', cost: 1.4, edits: [kit.replace(node, 'null')] }
  if (/^[01]$/.test(text) && to && kit.isBoolean(to)) yield { name: 'literal', cost: 1, edits: [kit.replace(node, text === '1' ? 'true' : 'false')] }
  if (/^(true|false)$/.test(text) && to && kit.isNumber(to)) yield { name: 'literal', cost: 1, edits: [kit.replace(node, text === 'true' ? '1' : '0')] }
  if ((text === 'null' || text === 'undefined' || text === "''") && to) {
    const zero = kit.zeroOf(kit.checker.getNonNullableType(to))
    if (zero && zero !== text) yield { name: 'zero', cost: 2.6, edits: [kit.replace(node, zero)] }
  }
  if (text === '{}' && to && kit.isArray(to)) yield { name: 'literal', cost: 1, edits: [kit.replace(node, '[]')] }
  if (text === '[]' && to && !kit.isArray(to)) yield { name: 'literal', cost: 1.4, edits: [kit.replace(node, '{}')] }
  if (isText && to) {
    const known = unionTexts(kit, to)
    for (const { name, likeness } of kit.alike(node.text, known, known.length <= 2 ? 0.2 : 0.35)) {
      yield { name: 'literal', cost: 2.6 - likeness, edits: [kit.replace(node, `${text[0]}${name}${text[0]}`)] }
    }
  }
}

function unionTexts(kit, type) {
  const bare = kit.checker.getNonNullableType(type)
  const types = bare.isUnion?.() ? bare.types : [bare]
  return types.filter((one) => one.isStringLiteral?.()).map(({ value }) => value)
}

function* converted(kit, node, from, to) {
  const { ts, checker } = kit
  const text = kit.code(node)
  const simple = /^[\w$.]+(\([^()]*\))?$/.test(text) || /^[\w$.]+\[[^\]]*\]$/.test(text)
  const inner = simple ? text : `(${text})`
  const put = (value, name, cost, more = []) => ({ name, cost, edits: [ts.isShorthandPropertyAssignment(node.parent) ? kit.replace(node, `${text}: ${value}`) : kit.replace(node, value), ...more] })
  const bare = checker.getNonNullableType(to)
  const promised = kit.isPromise(from)
  const fn = kit.functionOf(node)
  if (promised) {
    const async = kit.makeAsync(fn)
    if (kit.isAsync(fn) || async.length > 0) yield put(`await ${text}`, 'await', 1, async)
    // In an array of promises: all of them.
  }
  if (/^Promise<[^]*\[\]$|^\(?Promise<.*>\)?\[\]$/.test(checker.typeToString(from))) yield put(`await Promise.all(${text})`, 'await', 1.2, kit.makeAsync(fn))
  if (kit.isPromise(to) && fn && !kit.isAsync(fn) && !promised) {
    yield put(`Promise.resolve(${text})`, 'promise', 2.6)
  }
  if (kit.isNullable(from) && !kit.isNullable(to)) {
    const zero = kit.zeroOf(bare)
    if (zero) yield put(needs(text) ? `(${text}) ?? ${zero}` : `${text} ?? ${zero}`, 'fallback', 1.8)
    if (!zero && unionTexts(kit, bare).length > 0) yield put(`${inner} ?? '${unionTexts(kit, bare)[0]}'`, 'fallback', 4)
  }
  if (kit.has(to, ts.TypeFlags.Null) && kit.has(from, ts.TypeFlags.Undefined)) yield put(`${inner} ?? null`, 'fallback', 1.4)
  if (kit.has(to, ts.TypeFlags.Undefined) && kit.has(from, ts.TypeFlags.Null)) yield put(`${inner} ?? undefined`, 'fallback', 1.4)
  if (kit.isNumber(bare)) {
    if (kit.isString(from)) yield put(`Number(${text})`, 'convert', 1.6)
    if (/^(Date)$/.test(checker.typeToString(from))) yield put(`${inner}.getTime()`, 'convert', 1.6)
    if (kit.isArray(from) || kit.isString(from)) yield put(`${inner}.length`, 'convert', kit.isArray(from) ? 2 : 3.4)
    if (kit.isBoolean(from)) yield put(`Number(${text})`, 'convert', 2.4)
    if (/^(Set|Map)</.test(checker.typeToString(from))) yield put(`${inner}.size`, 'convert', 1.6)
    if (from.flags & ts.TypeFlags.BigIntLike) yield put(`Number(${text})`, 'convert', 1.6)
  }
  if (kit.isString(bare) && unionTexts(kit, bare).length === 0) {
    if (kit.isNumber(from) || kit.isBoolean(from) || from.flags & ts.TypeFlags.BigIntLike) yield put(`String(${text})`, 'convert', 1.6)
    if (checker.typeToString(from) === 'Date') yield put(`${inner}.toISOString()`, 'convert', 2)
    if (kit.isArray(from)) yield put(`${inner}.join(', ')`, 'convert', 3.4)
    if (kit.isArray(from)) yield put(`${inner}.join('')`, 'convert', 3.2)
    if (kit.isBoolean(from) && ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken) {
      yield put(`${kit.code(node.left)} ? ${kit.code(node.right)} : ${kit.has(to, ts.TypeFlags.Undefined) ? 'undefined' : "''"}`, 'ternary', 1.2)
    }
    if (/\b(unknown|object|Error)\b/.test(checker.typeToString(from))) yield put(`String(${text})`, 'convert', 2.6)
    if (checker.typeToString(from) === 'Error') yield put(`${inner}.message`, 'convert', 1.4)
  }
  if (kit.isBoolean(bare)) {
    yield put(kit.isArray(from) ? `${inner}.length > 0` : `Boolean(${text})`, 'convert', 2)
    if (kit.isArray(from) && ts.isCallExpression(node) && /\.filter$/.test(kit.code(node.expression))) {
      const name = node.expression.name
      yield { name: 'convert', cost: 1.8, edits: [kit.replace(name, 'some')] }
    }
  }
  if (kit.isArray(bare)) {
    const element = bare.getNumberIndexType?.()
    if (element && !kit.isArray(from) && checker.isTypeAssignableTo?.(from, element)) yield put(`[${text}]`, 'wrap', 1.6)
    if (/^readonly|^Readonly/.test(checker.typeToString(from))) yield put(`[...${inner}]`, 'copy', 1.4)
    if (/^(Set|Map|NodeListOf|HTMLCollection|\w*Iterator|Iterable\w*)\b/.test(checker.typeToString(from))) yield put(`[...${inner}]`, 'convert', 1.4)
    if (kit.isString(from)) {
      yield put(`${inner}.split('')`, 'convert', 3.2)
      yield put(`${inner}.split(',')`, 'convert', 3.4)
    }
    if (ts.isCallExpression(node) && /\.find$/.test(kit.code(node.expression))) yield { name: 'filter', cost: 2, edits: [kit.replace(node.expression.name, 'filter')] }
  }
  const element = kit.isArray(from) ? checker.getNonNullableType(from).getNumberIndexType?.() : undefined
  if (element && !kit.isArray(bare)) {
    if (ts.isCallExpression(node) && /\.filter$/.test(kit.code(node.expression)) && kit.isNullable(to)) yield { name: 'find', cost: 1.4, edits: [kit.replace(node.expression.name, 'find')] }
    if (checker.isTypeAssignableTo?.(element, to)) yield put(`${inner}[0]`, 'element', 2.6)
  }
  if (checker.typeToString(bare) === 'Date' && (kit.isString(from) || kit.isNumber(from))) yield put(`new Date(${text})`, 'convert', 1.4)
  const wrap = /^(Set|Map)<.*>$/.exec(checker.typeToString(bare))
  if (wrap && kit.isArray(from)) yield put(`new ${wrap[1]}(${text})`, 'convert', 1.4)
  if (/^RegExp$/.test(checker.typeToString(bare)) && kit.isString(from)) yield put(`new RegExp(${text})`, 'convert', 1.6)
  if (/^Error$/.test(checker.typeToString(bare)) && kit.isString(from)) yield put(`new Error(${text})`, 'convert', 1.6)
  // A part of it is what is wanted: the id of a user.
  if (from.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection) && !kit.isArray(from) && from.getCallSignatures().length === 0 && !promised) {
    const wantedName = nameWanted(kit, node)
    // An element of the page stands for what is entered there.
    const entered = /\.(target|currentTarget|current)$/.test(text) && [['checked', kit.isBoolean(bare)], ['value', kit.isString(bare)], ['valueAsNumber', kit.isNumber(bare)]].find(([name, fits]) => fits && from.getProperty(name))
    if (entered) yield put(`${inner}.${entered[0]}`, 'member', 1.4)
    for (const property of checker.getPropertiesOfType(from).slice(0, 30)) {
      const type = checker.getTypeOfSymbolAtLocation(property, node)
      if (!checker.isTypeAssignableTo?.(type, to) || property.declarations?.some((one) => one.getSourceFile().fileName.includes('node_modules'))) continue
      yield put(`${inner}.${property.name}`, 'member', property.name === wantedName ? 1.4 : 3)
    }
  }
  if (ts.isArrayLiteralExpression(node) && !kit.isArray(bare) && node.elements.length === 1) yield put(kit.code(node.elements[0]), 'unwrap', 1.6)
}

function needs(text) {
  return /\|\||&&|\?[^.?]|=>/.test(text)
}

/** What the parameter or property is called that takes a value. */
function nameWanted(kit, node) {
  const { ts, checker } = kit
  const { parent } = node
  if (ts.isPropertyAssignment(parent)) return kit.code(parent.name)
  if (ts.isVariableDeclaration(parent)) return kit.code(parent.name)
  if (ts.isCallExpression(parent)) {
    const at = parent.arguments.indexOf(node)
    return checker.getResolvedSignature(parent)?.parameters[at]?.name
  }
  return undefined
}

/** Not the value is wrong, but what is said of it: a declared type, a state without one. */
function* elsewhere(kit, node, from, to) {
  const { ts, checker, source } = kit
  const { parent } = node
  // useState([]), useState(null), useRef(null): the type is in what is put in later.
  const toText = to ? checker.typeToString(to) : ''
  if (/\bnever\b/.test(toText) || /SetStateAction<(never\[\]|null|undefined)>/.test(toText)) {
    const call = kit.up(node, ts.isCallExpression)
    const setter = call && checker.getSymbolAtLocation(call.expression)?.valueDeclaration
    const state = setter && kit.up(setter, ts.isVariableDeclaration)?.initializer
    if (state && ts.isCallExpression(state) && !state.typeArguments) {
      const type = kit.typeText(checker.getBaseTypeOfLiteralType(from), node)
      const initial = state.arguments[0] ? kit.code(state.arguments[0]) : ''
      const wanted = /^(null|undefined)$/.test(initial) ? `${type} | ${initial}` : initial === '' ? `${type} | undefined`
        : initial === '[]' && !kit.isArray(from) ? (/^\w+$/.test(type) ? `${type}[]` : `(${type})[]`) : type
      yield { name: 'state-type', cost: 2, edits: [kit.insert(state.expression.end, `<${wanted}>`)] }
    }
    const owner = call && ts.isPropertyAccessExpression(call.expression) ? checker.getSymbolAtLocation(call.expression.expression)?.valueDeclaration : undefined
    if (owner && ts.isVariableDeclaration(owner) && !owner.type) yield { name: 'annotate', cost: 2, edits: [kit.insert(owner.name.end, `: ${kit.typeText(checker.getBaseTypeOfLiteralType(from), node)}[]`)] }
  }
  // A text that was widened on its way: said where it comes from.
  const declaration = ts.isIdentifier(node) ? checker.getSymbolAtLocation(node)?.valueDeclaration : undefined
  if (declaration && ts.isVariableDeclaration(declaration) && declaration.initializer && declaration.getSourceFile() === source && to) {
    const target = kit.typeText(to, node)
    if (!declaration.type) {
      yield { name: 'as-const', cost: 2.2, edits: [kit.insert(declaration.initializer.end, ' as const')] }
      if (/^[\w<>[\]' |"]+$/.test(target) && target.length < 120) yield { name: 'annotate', cost: 2.3, edits: [kit.insert(declaration.name.end, `: ${target}`)] }
    }
  }
  const member = ts.isPropertyAccessExpression(node) ? checker.getSymbolAtLocation(node.name)?.valueDeclaration : undefined
  if (member && ts.isPropertyAssignment(member) && member.getSourceFile() === source && ts.isStringLiteralLike(member.initializer)) {
    yield { name: 'as-const', cost: 1.6, edits: [kit.insert(member.initializer.end, ' as const')] }
  }
  if (declaration && ts.isParameter(declaration) && declaration.type && declaration.getSourceFile() === source && to) {
    const target = kit.typeText(to, node)
    if (/^[\w<>[\]' |"]+$/.test(target) && target.length < 120) yield { name: 'annotate', cost: 4.4, edits: [kit.replace(declaration.type, target)] }
  }
  // The declared type itself: what the value is.
  const holder = ts.isVariableDeclaration(parent) && parent.type ? parent : undefined
  const actual = kit.typeText(checker.getBaseTypeOfLiteralType(from), node)
  if (holder && sayable(actual)) yield { name: 'annotate', cost: 3.6, edits: [kit.replace(holder.type, actual)] }
  const returns = ts.isReturnStatement(parent) || (ts.isArrowFunction(parent) && parent.body === node)
  const fn = returns ? kit.functionOf(node) : undefined
  if (fn?.type && sayable(actual) && !kit.isAsync(fn)) yield { name: 'annotate', cost: kit.isNullable(from) ? 3 : 3.8, edits: [kit.replace(fn.type, actual)] }
  if (fn?.type && kit.isAsync(fn) && !kit.isPromise(to ?? from)) {
    const inner = actual
    if (sayable(inner)) yield { name: 'annotate', cost: 3.8, edits: [kit.replace(fn.type, `Promise<${inner}>`)] }
  }
}

function sayable(text) {
  return text.length < 160 && !/\bany\b|\bunknown\b|\bnever\b|\bvoid\b|typeof |\.\.\.|^\{ *\}$|__/.test(text)
}

/** A function where its result is wanted, and the other way round. */
function* called(kit, node, from, to) {
  const { ts, checker } = kit
  if (from.getCallSignatures?.().length > 0 && (!to || to.getCallSignatures().length === 0)) {
    const none = from.getCallSignatures().some(({ parameters }) => parameters.length === 0)
    yield { name: 'call', cost: none ? 1.4 : 3, edits: [kit.insert(node.end, '()')] }
  }
  if (to && to.getCallSignatures && checker.getNonNullableType(to).getCallSignatures().length > 0 && ts.isCallExpression(node)) {
    if (node.arguments.length === 0) yield { name: 'reference', cost: 1.4, edits: [{ start: node.expression.end, end: node.end, text: '' }] }
    yield { name: 'wrap', cost: node.arguments.length === 0 ? 1.8 : 1.2, edits: [kit.insert(node.getStart(kit.source), '() => ')] }
  }
}

/** Arguments in another order, if only one order is right. */
function* swapped(kit, node) {
  const { ts, checker } = kit
  const call = node.parent
  if (call && ts.isArrayLiteralExpression(call) && call.elements.length <= 4) {
    for (const other of call.elements) {
      if (other !== node) yield { name: 'swap', cost: 1.5, edits: [kit.replace(node, kit.code(other)), kit.replace(other, kit.code(node))] }
    }
    return
  }
  if (!call || !(ts.isCallExpression(call) || ts.isNewExpression(call)) || !call.arguments?.includes(node)) return
  const list = call.arguments
  for (let i = 0; i < list.length; i++) {
    for (let j = i + 1; j < list.length; j++) {
      const parameters = checker.getResolvedSignature(call)?.parameters ?? []
      const named = parameters[i]?.name === kit.code(list[j]) || parameters[j]?.name === kit.code(list[i])
      yield { name: 'swap', cost: named ? 0.9 : 1.5, edits: [kit.replace(list[i], kit.code(list[j])), kit.replace(list[j], kit.code(list[i]))] }
    }
  }
}

// ---- comparing and counting ----

function* compared(kit, error, node) {
  const { ts } = kit
  const binary = kit.up(node, ts.isBinaryExpression)
  if (error.code === 2678) {
    const clause = kit.up(node, ts.isCaseClause)
    const on = clause && kit.up(clause, ts.isSwitchStatement)?.expression
    if (on) yield* literal(kit, node, kit.typeOf(on))
    return
  }
  if (!binary) return
  const sides = [[binary.left, binary.right], [binary.right, binary.left]]
  for (const [one, other] of sides) {
    const is = kit.typeOf(one)
    const wanted = kit.typeOf(other)
    yield* literal(kit, one, wanted)
    const text = kit.code(one)
    const operator = binary.operatorToken.getText()
    if (/^[-+*/%<>]=?$|^\*\*$|^[=!]==?$|^[<>]=$/.test(operator)) {
      if (kit.isString(is) && (kit.isNumber(wanted) || /^[-*/%]$|^\*\*$/.test(operator))) yield { name: 'convert', cost: 1.8, edits: [kit.replace(one, `Number(${text})`)] }
      if (kit.isNumber(is) && kit.isString(wanted)) yield { name: 'convert', cost: 2.2, edits: [kit.replace(one, `String(${text})`)] }
      if (kit.checker.typeToString(is) === 'Date') yield { name: 'convert', cost: 1.4, edits: [kit.replace(one, `${text}.getTime()`)] }
      if (kit.isArray(is)) yield { name: 'convert', cost: 1.8, edits: [kit.insert(one.end, '.length')] }
      if (is.getCallSignatures?.().length > 0) yield { name: 'call', cost: 1.4, edits: [kit.insert(one.end, '()')] }
      if (/^(Set|Map)</.test(kit.checker.typeToString(is))) yield { name: 'convert', cost: 1.6, edits: [kit.insert(one.end, '.size')] }
      if (kit.isPromise(is)) yield { name: 'await', cost: 1.2, edits: [kit.replace(one, `(await ${text})`), ...kit.makeAsync(kit.functionOf(one))] }
      if (kit.isNullable(is) && kit.isNumber(is)) yield { name: 'fallback', cost: 2, edits: [kit.replace(one, `(${text} ?? 0)`)] }
    }
  }
  const [left, right] = [binary.left, binary.right]
  if (kit.checker.typeToString(kit.typeOf(left)) === 'Date' && kit.checker.typeToString(kit.typeOf(right)) === 'Date') {
    yield { name: 'convert', cost: 1, edits: [kit.insert(left.end, '.getTime()'), kit.insert(right.end, '.getTime()')] }
  }
  if (kit.isString(kit.typeOf(left)) && kit.isString(kit.typeOf(right)) && /^[-*/%]$/.test(binary.operatorToken.getText())) {
    yield { name: 'convert', cost: 1.4, edits: [kit.replace(left, `Number(${kit.code(left)})`), kit.replace(right, `Number(${kit.code(right)})`)] }
  }
  // !a === b, and a precedence that was not meant.
  if (ts.isPrefixUnaryExpression(left) && left.operator === ts.SyntaxKind.ExclamationToken) {
    const flipped = { '===': '!==', '==': '!=', '!==': '===', '!=': '==' }[binary.operatorToken.getText()]
    if (flipped) yield { name: 'negation', cost: 1.4, edits: [kit.replace(left, kit.code(left.operand)), kit.replace(binary.operatorToken, flipped)] }
    yield { name: 'negation', cost: 1.6, edits: [kit.replace(binary, `!(${kit.code(left.operand)} ${binary.operatorToken.getText()} ${kit.code(right)})`)] }
  }
}

function* iterated(kit, node) {
  const { ts, checker } = kit
  const type = kit.typeOf(node)
  const text = kit.code(node)
  const name = checker.typeToString(type)
  if (kit.isNumber(type)) yield { name: 'convert', cost: 1.8, edits: [kit.replace(node, `Array.from({ length: ${text} }).keys()`)] }
  if (kit.isPromise(type)) yield { name: 'await', cost: 1, edits: [kit.replace(node, `await ${text}`), ...kit.makeAsync(kit.functionOf(node))] }
  if (kit.isNullable(type)) yield { name: 'fallback', cost: 1.4, edits: [kit.replace(node, `(${text} ?? [])`)] }
  if (type.flags & ts.TypeFlags.Object && !/^(Map|Set)/.test(name)) {
    const pattern = ts.isForOfStatement(node.parent) ? kit.code(node.parent.initializer) : ''
    const kinds = pattern.includes('[') || node.parent && ts.isArrayBindingPattern(node.parent) ? ['entries', 'values', 'keys'] : ['values', 'keys', 'entries']
    for (const [index, kind] of kinds.entries()) yield { name: 'convert', cost: 1.8 + index * 0.4, edits: [kit.replace(node, `Object.${kind}(${text})`)] }
    for (const property of checker.getPropertiesOfType(type).slice(0, 20)) {
      if (kit.isArray(checker.getTypeOfSymbolAtLocation(property, node))) yield { name: 'member', cost: 1.6, edits: [kit.insert(node.end, `.${property.name}`)] }
    }
  }
}
