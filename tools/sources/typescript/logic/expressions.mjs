// Failing logic, expression by expression: each yields what might have been meant instead.
// Costs as in rules/kit.mjs.

const BINARY = {
  '<': [['<=', 1.5], ['>', 2.1], ['>=', 2.4]], '<=': [['<', 1.5], ['>=', 2.1], ['>', 2.4]],
  '>': [['>=', 1.5], ['<', 2.1], ['<=', 2.4]], '>=': [['>', 1.5], ['<=', 2.1], ['<', 2.4]],
  '===': [['!==', 1.8]], '!==': [['===', 1.8]], '==': [['!=', 1.8]], '!=': [['==', 1.8]],
  '+': [['-', 1.8], ['*', 2.4]], '-': [['+', 1.8], ['*', 3]], '*': [['/', 1.8], ['+', 2.4]], '/': [['*', 1.8], ['%', 2.6]], '%': [['/', 2.4], ['*', 3]], '**': [['*', 2]],
  '&&': [['||', 1.8]], '||': [['&&', 1.8], ['??', 1.5]], '??': [['||', 2.2], ['&&', 3]],
  '+=': [['-=', 1.8], ['=', 2.6], ['*=', 2.4]], '-=': [['+=', 1.8], ['=', 2.8]], '*=': [['+=', 2], ['/=', 2]], '/=': [['*=', 2]], '=': [['+=', 2.2]],
  '<<': [['>>', 2]], '>>': [['<<', 2]], '&': [['|', 2], ['&&', 2]], '|': [['&', 2], ['||', 2]],
}
const FAMILIES = [
  ['floor', 'ceil', 'round', 'trunc'], ['min', 'max'], ['some', 'every'], ['push', 'unshift'], ['pop', 'shift'], ['startsWith', 'endsWith', 'includes'],
  ['indexOf', 'lastIndexOf'], ['find', 'findLast'], ['findIndex', 'findLastIndex'], ['toUpperCase', 'toLowerCase'], ['padStart', 'padEnd'], ['trim', 'trimStart', 'trimEnd'], ['keys', 'values', 'entries'],
  ['getDate', 'getDay'], ['getYear', 'getFullYear'], ['getHours', 'getUTCHours'], ['getDate', 'getUTCDate'], ['getMonth', 'getUTCMonth'], ['getFullYear', 'getUTCFullYear'], ['all', 'allSettled', 'race', 'any'], ['forEach', 'map'], ['map', 'flatMap'], ['filter', 'map'],
  ['slice', 'splice'], ['substr', 'substring', 'slice'], ['reduce', 'reduceRight'], ['replace', 'replaceAll'], ['add', 'delete'], ['setTimeout', 'setInterval'],
  ['parseInt', 'parseFloat', 'Number'], ['resolve', 'reject'], ['at', 'charAt'], ['textContent', 'innerHTML'], ['getItem', 'setItem'], ['setDate', 'setMonth'], ['from', 'of'], ['isInteger', 'isFinite', 'isNaN'], ['then', 'finally'], ['match', 'matchAll'], ['test', 'exec'], ['sin', 'cos'], ['concat', 'push'],
]

export function* expressions(kit, node) {
  const { ts } = kit
  if (ts.isSourceFile(node)) return
  if (ts.isBinaryExpression(node)) yield* binary(kit, node)
  if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) yield* unary(kit, node)
  if (ts.isNumericLiteral(node)) yield* number(kit, node)
  if (node.kind === ts.SyntaxKind.TrueKeyword) yield make('boolean', 1.8, kit.replace(node, 'false'))
  if (node.kind === ts.SyntaxKind.FalseKeyword) yield make('boolean', 1.8, kit.replace(node, 'true'))
  if (ts.isConditionalExpression(node)) yield make('branches', isComparison(ts, node.condition) ? 2.2 : 1.9, kit.replace(node.whenTrue, kit.code(node.whenFalse)), kit.replace(node.whenFalse, kit.code(node.whenTrue)))
  if (ts.isIdentifier(node)) yield* variable(kit, node)
  if (ts.isIdentifier(node) || ts.isPropertyAccessExpression(node)) yield* reused(kit, node)
  if (ts.isPropertyAccessExpression(node)) yield* member(kit, node)
  if (ts.isCallExpression(node)) yield* call(kit, node)
  if (ts.isRegularExpressionLiteral(node)) yield* expression(kit, node)
  if (isCondition(ts, node)) yield* condition(kit, node)
  if (ts.isArrayLiteralExpression(node) || ts.isObjectLiteralExpression(node)) yield* spread(kit, node)
  if (ts.isStringLiteralLike(node) || ts.isJsxText(node) || ts.isTemplateExpression(node)) yield* text(kit, node)
  if (isNullableAccess(kit, node)) yield make('optional', 2.4, kit.insert(node.expression.end, ts.isPropertyAccessExpression(node) ? '?' : '?.'))
}

function make(name, cost, ...edits) {
  return { name, cost, edits }
}

/** What is wrong with a comparison is mostly its operator. */
function isComparison(ts, node) {
  const bare = ts.isParenthesizedExpression(node) ? node.expression : node
  return ts.isBinaryExpression(bare) && /^[<>]=?$|^[=!]==?$/.test(bare.operatorToken.getText())
}

function* binary(kit, node) {
  const { ts } = kit
  const operator = node.operatorToken.getText(kit.source)
  const [left, right] = [kit.code(node.left), kit.code(node.right)]
  for (const [other, cost] of BINARY[operator] ?? []) {
    if (operator === '=' && !kit.isNumber(kit.typeOf(node.left))) continue
    const texty = /^[+-]$/.test(operator) && kit.isString(kit.typeOf(node))
    if (texty) continue
    // A number that is compared with 0 or a length is off by one more often than turned round.
    yield make('operator', cost, kit.replace(node.operatorToken, other))
  }
  // What was collected before goes on.
  if (operator === '=' && ts.isArrayLiteralExpression(node.right) && node.right.elements.length > 0 && !/\.\.\./.test(right)) {
    const held = kit.code(node.left)
    const before = kit.isNullable(kit.typeOf(node.left)) || ts.isElementAccessExpression(node.left) ? `(${held} ?? [])` : held
    yield make('collect', 1.6, kit.insert(node.right.elements[0].getStart(kit.source), `...${before}, `))
  }
  if (/^[-/%<>]=?$|^\*\*$/.test(operator)) yield make('operands', ts.isNumericLiteral(node.left) || ts.isNumericLiteral(node.right) ? 2.7 : isComparison(ts, node) ? 2.2 : 1.9, kit.replace(node.left, right), kit.replace(node.right, left))
  // Counted from 1, and used as if from 0.
  if (operator === '*') {
    for (const side of [node.left, node.right]) if (ts.isIdentifier(side)) yield make('off-by-one', 1.75, kit.replace(side, `(${kit.code(side)} - 1)`))
  }
  if (/^(&&|\|\||\?\?)$/.test(operator)) {
    yield make('operand', 3, kit.replace(node, left))
    yield make('operand', 3.1, kit.replace(node, right))
  }
  if (/^[-+*/]$/.test(operator) && !kit.isString(kit.typeOf(node))) {
    yield make('operand', /^[01]$/.test(right) ? 2.1 : 3.2, kit.replace(node, left))
    yield make('operand', 3.4, kit.replace(node, right))
  }
  if (operator === '+' && kit.isString(kit.typeOf(node)) && kit.isString(kit.typeOf(node.left)) && kit.isString(kit.typeOf(node.right))) {
    yield make('convert', 2, kit.replace(node.left, `Number(${left})`), kit.replace(node.right, `Number(${right})`))
    yield make('operands', 3, kit.replace(node.left, right), kit.replace(node.right, left))
    yield make('blank', 2.6, kit.replace(node.left, `${left} + ' '`))
  }
  if (operator === '/' ) {
    yield make('rounding', 2.3, kit.replace(node, `Math.floor(${kit.code(node)})`))
    yield make('rounding', 2.6, kit.replace(node, `Math.round(${kit.code(node)})`))
    yield make('rounding', 2.5, kit.replace(node, `Math.ceil(${kit.code(node)})`))
  }
  if (/^[-+*]$/.test(operator)) yield* precedence(kit, node, operator)
  if (/^[=!]==?$/.test(operator) && (right === 'NaN' || left === 'NaN')) {
    yield make('nan', 0.8, kit.replace(node, `${operator.startsWith('!') ? '!' : ''}Number.isNaN(${right === 'NaN' ? left : right})`))
  }
  if (/^[=!<>]/.test(operator) || /^[=!]==?$/.test(operator)) {
    for (const [one, other] of [[node.left, node.right], [node.right, node.left]]) {
      const mended = /\.(toLowerCase|toUpperCase|trim)\(\)$/.exec(kit.code(other))
      if (mended && kit.isString(kit.typeOf(one)) && !kit.code(one).endsWith(mended[0])) yield make('normalise', 1.3, kit.insert(one.end, mended[0]))
    }
    if (kit.isString(kit.typeOf(node.left)) && kit.isString(kit.typeOf(node.right)) && !/toLowerCase/.test(kit.code(node)) && !ts.isStringLiteral(node.right)) {
      yield make('normalise', 2.4, kit.insert(node.left.end, '.toLowerCase()'), kit.insert(node.right.end, '.toLowerCase()'))
    }
  }
  if (/^[<>]=?$/.test(operator)) for (const by of ['+ 1', '- 1']) yield make('off-by-one', 2.7, kit.replace(node.right, `${right} ${by}`))
}

/** a + b * c as (a + b) * c, and the other way round. */
function* precedence(kit, node, operator) {
  const { ts } = kit
  const { left, right } = node
  if (ts.isBinaryExpression(right) && /^[*/]$/.test(right.operatorToken.getText(kit.source)) && /^[-+]$/.test(operator)) {
    yield make('precedence', 2, kit.replace(node, `(${kit.code(left)} ${operator} ${kit.code(right.left)}) ${right.operatorToken.getText(kit.source)} ${kit.code(right.right)}`))
  }
  if (ts.isBinaryExpression(left) && /^[*/]$/.test(left.operatorToken.getText(kit.source)) && /^[-+]$/.test(operator)) {
    yield make('precedence', 2.2, kit.replace(node, `${kit.code(left.left)} ${left.operatorToken.getText(kit.source)} (${kit.code(left.right)} ${operator} ${kit.code(right)})`))
  }
  const { parent } = node
  if (ts.isParenthesizedExpression(parent) && ts.isBinaryExpression(parent.parent)) yield make('precedence', 2.2, kit.replace(parent, kit.code(node)))
}

function* unary(kit, node) {
  const { ts } = kit
  if (node.operator === ts.SyntaxKind.ExclamationToken) yield make('negation', 1.6, kit.replace(node, kit.code(node.operand)))
  if (node.operator === ts.SyntaxKind.MinusToken) yield make('sign', 1.8, kit.replace(node, kit.code(node.operand)))
  const text = kit.code(node)
  if (/\+\+/.test(text)) yield make('step', 2, kit.replace(node, text.replace('++', '--')))
  if (/--/.test(text)) yield make('step', 1.8, kit.replace(node, text.replace('--', '++')))
  if (ts.isPrefixUnaryExpression(node) && /^(\+\+|--)/.test(text)) yield make('step', 2, kit.replace(node, text.slice(2) + text.slice(0, 2)))
  if (ts.isPostfixUnaryExpression(node) && !ts.isExpressionStatement(node.parent) && !ts.isForStatement(node.parent)) yield make('step', 1.9, kit.replace(node, text.slice(-2) + text.slice(0, -2)))
}

function* number(kit, node) {
  const value = Number(node.text)
  if (!Number.isFinite(value)) return
  const others = [[value + 1, 2], [value - 1, 2]]
  if (value === 100) others.push([1000, 2.6], [10, 2.6])
  else if (value >= 10) others.push([value * 10, 2.8], [value / 10, 2.8], [value * 1000, 3.2], [value / 1000, 3.2])
  if (value !== 0) others.push([-value, 2.8])
  if (value === 24 || value === 12) others.push([value === 24 ? 12 : 24, 2.4])
  if (value > 0 && value < 1) others.push([1 - value, 3], [value / 10, 2.8], [value * 10, 2.8])
  for (const [other, cost] of others) {
    if (value >= 3 && value < 10 && Math.abs(other - value) > 1) continue
    yield make('number', cost, kit.replace(node, other < 0 ? `(${tidy(other)})` : tidy(other)))
  }
}

function tidy(value) {
  return String(Number(value.toPrecision(12)))
}

/** Another variable of the same type; rather one that nobody uses. */
function* variable(kit, node) {
  const { ts, checker } = kit
  const { parent } = node
  if ((ts.isPropertyAccessExpression(parent) && parent.name === node) || ts.isPropertyAssignment(parent) && parent.name === node || ts.isJsxAttribute(parent) || ts.isJsxOpeningElement(parent) || ts.isJsxClosingElement(parent) || ts.isJsxSelfClosingElement(parent)) return
  if (parent.name === node && !ts.isShorthandPropertyAssignment(parent) || ts.isTypeNode?.(parent) || ts.isBindingElement(parent) || ts.isImportSpecifier(parent) || ts.isImportClause(parent) || ts.isParameter(parent)) return
  if (ts.isBinaryExpression(parent) && parent.left === node && parent.operatorToken.kind === ts.SyntaxKind.EqualsToken) return
  const symbol = checker.getSymbolAtLocation(node)
  if (!symbol || !(symbol.flags & ts.SymbolFlags.Variable)) return
  const type = checker.getBaseTypeOfLiteralType(kit.typeOf(node))
  const fn = kit.functionOf(node)
  if (!fn) return
  for (const other of kit.valuesAt(node)) {
    const declaration = other.valueDeclaration
    if (!declaration || other.name === node.text || kit.up(node, (at) => at === declaration)) continue
    const inside = kit.up(declaration, (at) => at === fn)
    if (!inside && !ts.isParameter(declaration) && !ts.isBindingElement(declaration) && kit.up(declaration, (at) => ts.isFunctionLike(at)) === undefined && /^[A-Z]/.test(other.name)) continue
    if (declaration.pos > node.pos) continue
    const its = checker.getTypeOfSymbolAtLocation(other, node)
    if (type.flags & ts.TypeFlags.Any || !(checker.isTypeAssignableTo?.(its, type) ?? true)) continue
    const uses = countUses(kit, fn, other.name)
    const text = ts.isShorthandPropertyAssignment(parent) ? `${node.text}: ${other.name}` : other.name
    yield make('variable', uses === 0 && inside ? 1.3 : inside ? 2.3 : 3, kit.replace(node, text))
  }
}

/** Another expression of the same function, where a value is handed on: what is meant is mostly written nearby. */
function* reused(kit, node) {
  const { ts, checker } = kit
  const { parent } = node
  const taken = (ts.isCallExpression(parent) && parent.arguments.includes(node)) || ts.isReturnStatement(parent) || ts.isJsxExpression(parent)
    || (ts.isPropertyAssignment(parent) && parent.initializer === node) || (ts.isBinaryExpression(parent) && parent.right === node)
  const fn = kit.functionOf(node)
  if (!taken || !fn?.body) return
  const type = checker.getBaseTypeOfLiteralType(kit.typeOf(node))
  if (type.flags & ts.TypeFlags.Any) return
  const seen = new Set([kit.code(node)])
  for (let outer = fn; outer?.body; outer = kit.functionOf(outer)) {
    const visit = (other) => {
      if (ts.isPropertyAccessExpression(other) && !seen.has(kit.code(other)) && /^[\w$.]+$/.test(kit.code(other)) && !(ts.isCallExpression(other.parent) && other.parent.expression === other)) {
        seen.add(kit.code(other))
        const root = checker.getSymbolAtLocation(other.expression)?.valueDeclaration
        const inReach = root && kit.valuesAt(node).some((symbol) => symbol.valueDeclaration === root)
        if (inReach && checker.isTypeAssignableTo?.(kit.typeOf(other), type)) found.push(kit.code(other))
      }
      ts.forEachChild(other, visit)
    }
    const found = []
    visit(outer.body)
    for (const text of found.slice(0, 12)) yield make('expression', 2.6, kit.replace(node, text))
  }
}

function countUses({ ts }, fn, name) {
  let count = 0
  const visit = (node) => {
    if (ts.isIdentifier(node) && node.text === name && !(node.parent.name === node && (ts.isParameter(node.parent) || ts.isBindingElement(node.parent) || ts.isVariableDeclaration(node.parent)))) count++
    ts.forEachChild(node, visit)
  }
  if (fn.body) visit(fn.body)
  return count
}

function* member(kit, node) {
  const { ts, checker } = kit
  const { name } = node
  const called = ts.isCallExpression(node.parent) && node.parent.expression === node
  for (const family of FAMILIES) {
    if (!family.includes(name.text) || !called) continue
    for (const other of family) if (other !== name.text) yield make('method', 1.8, kit.replace(name, other))
  }
  if (name.text === 'length' && !ts.isBinaryExpression(node.parent)) yield make('off-by-one', 2.2, kit.insert(node.end, ' - 1'))
  if (name.text === 'length' && ts.isElementAccessExpression(node.parent)) yield make('off-by-one', 1.4, kit.insert(node.end, ' - 1'))
  if (name.text === 'getMonth' && called) yield make('month', 1.2, kit.insert(node.parent.end, ' + 1'))
  if (/^(length|size)$/.test(name.text) && ts.isBinaryExpression(node.parent) && node.parent.right === node) yield make('off-by-one', 2, kit.insert(node.end, ' - 1'))
  if (called) return
  const type = kit.typeOf(node.expression)
  const own = checker.getPropertiesOfType(checker.getNonNullableType(type)).filter((one) => !one.declarations?.some((at) => at.getSourceFile().fileName.includes('node_modules')))
  const is = checker.getBaseTypeOfLiteralType(kit.typeOf(node))
  for (const other of own.slice(0, 20)) {
    if (other.name === name.text || !/^[\w$]+$/.test(other.name)) continue
    const its = checker.getTypeOfSymbolAtLocation(other, node)
    if (its.getCallSignatures().length === 0 && (checker.isTypeAssignableTo?.(its, is) ?? true)) yield make('property', 2.3, kit.replace(name, other.name))
  }
}

function* call(kit, node) {
  const { ts, checker } = kit
  const list = node.arguments
  const method = ts.isPropertyAccessExpression(node.expression) ? node.expression.name.text : ''
  const owner = method ? node.expression.expression : undefined
  for (let i = 0; i + 1 < list.length; i++) {
    for (let j = i + 1; j < Math.min(list.length, i + 3); j++) {
      if (ts.isArrowFunction(list[i]) || ts.isArrowFunction(list[j])) continue
      const parameters = checker.getResolvedSignature(node)?.parameters ?? []
      const named = parameters[i]?.name === kit.code(list[j]) || parameters[j]?.name === kit.code(list[i])
      yield make('arguments', named ? 1 : 2, kit.replace(list[i], kit.code(list[j])), kit.replace(list[j], kit.code(list[i])))
    }
  }
  for (const argument of list) {
    // Math.max(low, Math.min(high, x)) with the two names exchanged.
    if (ts.isCallExpression(argument) && ts.isPropertyAccessExpression(argument.expression)) {
      const inner = argument.expression.name.text
      if (inner !== method && FAMILIES.some((family) => family.includes(inner) && family.includes(method))) yield make('exchange', 2, kit.replace(node.expression.name, inner), kit.replace(argument.expression.name, method))
    }
    if (kit.isNumber(kit.typeOf(argument)) && ts.isIdentifier(argument)) {
      yield make('off-by-one', 2.6, kit.insert(argument.end, ' + 1'))
      yield make('off-by-one', 2.6, kit.insert(argument.end, ' - 1'))
    }
    if (/^(max|min)$/.test(method) && kit.isArray(kit.typeOf(argument)) && !ts.isSpreadElement(argument)) yield make('spread', 1.2, kit.insert(argument.getStart(kit.source), '...'))
  }
  if (owner) {
    // A step of a chain that is too many.
    if (!ts.isExpressionStatement(node.parent)) yield make('step', 2.8, kit.replace(node, kit.code(owner)))
    if (/^(sort|reverse|splice)$/.test(method) && kit.isArray(kit.typeOf(owner)) && !/^\[\.\.\./.test(kit.code(owner))) yield make('copy', 1.4, kit.replace(owner, `[...${kit.code(owner)}]`))
    if (method === 'sort' && list.length === 0) {
      yield make('comparator', 1.1, kit.insert(node.end - 1, '(a, b) => a - b'))
      yield make('comparator', 1.6, kit.insert(node.end - 1, '(a, b) => a.localeCompare(b)'))
      yield make('comparator', 2, kit.insert(node.end - 1, '(a, b) => b - a'))
    }
    if (method === 'reduce' && list.length === 1) for (const [index, zero] of ['0', "''", '[]', '1'].entries()) yield make('initial', 1.3 + index * 0.3, kit.insert(list[0].end, `, ${zero}`))
    if (method === 'assign' && kit.code(owner) === 'Object' && list.length > 0 && kit.code(list[0]) !== '{}') yield make('copy', 1.4, kit.insert(list[0].getStart(kit.source), '{}, '))
    if (method === 'indexOf' && ts.isIfStatement(node.parent)) yield make('found', 1.3, kit.insert(node.end, ' !== -1'))
    if (/^(includes|startsWith|endsWith|indexOf|localeCompare|get|has)$/.test(method) && list.length > 0 && kit.isString(kit.typeOf(list[0]))) {
      const mended = /\.(toLowerCase|toUpperCase|trim)\(\)$/
      const there = mended.exec(kit.code(owner))?.[0]
      const here = mended.exec(kit.code(list[0]))?.[0]
      if (here && !there && kit.isString(kit.typeOf(owner))) yield make('normalise', 1.2, kit.insert(owner.end, here))
      if (there && !here) yield make('normalise', 1.2, kit.insert(list[0].end, there))
      if (!there && !here && kit.isString(kit.typeOf(owner))) yield make('normalise', 1.9, kit.insert(owner.end, '.toLowerCase()'), kit.insert(list[0].end, '.toLowerCase()'))
    }
    if (/^fill$/.test(method) && list[0] && /^(\[\]|\{\})$/.test(kit.code(list[0]))) {
      const size = /^(?:new )?Array\((.*)\)$/s.exec(kit.code(owner))
      if (size) yield make('fill', 1.2, kit.replace(node, `Array.from({ length: ${size[1]} }, () => ${kit.code(list[0]) === '[]' ? '[]' : '({})'})`))
    }
    if (method === 'map' && /^(new )?Array\(/.test(kit.code(owner))) yield make('fill', 1.3, kit.insert(owner.end, '.fill(undefined)'))
    if (method === 'forEach' && list[0] && ts.isArrowFunction(list[0]) && kit.isAsync(list[0]) && ts.isExpressionStatement(node.parent) && ts.isBlock(list[0].body)) {
      const parameter = list[0].parameters[0] ? kit.code(list[0].parameters[0].name) : '_'
      yield make('for-of', 1.2, kit.replace(node.parent, `for (const ${parameter} of ${kit.code(owner)}) ${kit.code(list[0].body)}`))
      yield make('promise-all', 1.5, kit.replace(node.parent, `await Promise.all(${kit.code(owner)}.map(${kit.code(list[0])}));`))
    }
  }
  const name = kit.code(node.expression)
  if (/^Math\.(floor|round|ceil|trunc|abs)$/.test(name) && list.length === 1) yield make('rounding', 2.4, kit.replace(node, `(${kit.code(list[0])})`))
  if (/^(Number|parseInt|parseFloat)$/.test(name) && list[0] && ts.isBinaryExpression(list[0]) && list[0].operatorToken.kind === ts.SyntaxKind.PlusToken) {
    yield make('convert', 1.4, kit.replace(node, `${name}(${kit.code(list[0].left)}) + ${name}(${kit.code(list[0].right)})`))
  }
  if (name === 'parseInt' && list.length === 1) yield make('radix', 2, kit.insert(list[0].end, ', 10'))
  const type = kit.typeOf(node)
  if (kit.isString(type) && !ts.isPropertyAccessExpression(node.parent) && /^(toFixed|replace|join|slice|substring|toString)$/.test(method)) yield make('trim', 2.8, kit.insert(node.end, '.trim()'))
  if (method === 'toFixed' && kit.isString(type)) yield make('convert', 2.2, kit.replace(node, `Number(${kit.code(node)})`))
}

function* expression(kit, node) {
  const flags = /\/([a-z]*)$/.exec(kit.code(node))[1]
  if (!flags.includes('g')) yield make('flag', 1.2, kit.insert(node.end, 'g'))
  if (!flags.includes('i')) yield make('flag', 1.7, kit.insert(node.end, 'i'))
  const source = kit.code(node)
  const body = source.slice(1, source.lastIndexOf('/'))
  const put = (other, cost) => make('pattern', cost, kit.replace(node, `/${other}/${flags}`))
  if (!body.startsWith('^')) yield put(`^${body}`, 2)
  if (!body.endsWith('$')) yield put(`${body}$`, 2)
  if (!body.startsWith('^') && !body.endsWith('$')) yield put(`^${body}$`, 1.9)
  for (const [from, to] of [['+', '*'], ['*', '+']]) {
    for (let at = body.indexOf(from); at >= 0; at = body.indexOf(from, at + 1)) if (body[at - 1] !== '\\') yield put(body.slice(0, at) + to + body.slice(at + 1), 2.4)
  }
  if (/\\s(?!\+)/.test(body)) yield put(body.replace(/\\s(?!\+)/, '\\s+'), 2)
  for (const match of body.matchAll(/(^|[^\\])\.(?![*+?])/g)) yield put(`${body.slice(0, match.index + match[1].length)}\\.${body.slice(match.index + match[0].length)}`, 2)
}

function isCondition(ts, node) {
  const { parent } = node
  return (ts.isIfStatement(parent) || ts.isWhileStatement(parent)) && parent.expression === node
    || ts.isConditionalExpression(parent) && parent.condition === node
    || ts.isPrefixUnaryExpression(parent) && parent.operator === ts.SyntaxKind.ExclamationToken
    || ts.isArrowFunction(parent) && parent.body === node && !ts.isBlock(node)
    || ts.isReturnStatement(parent) || ts.isJsxExpression(parent) && ts.isJsxAttribute(parent.parent)
    || ts.isBinaryExpression(parent) && [ts.SyntaxKind.AmpersandAmpersandToken, ts.SyntaxKind.BarBarToken].includes(parent.operatorToken.kind)
}

function* condition(kit, node) {
  const { ts } = kit
  const type = kit.typeOf(node)
  const text = kit.code(node)
  const plain = /^[\w$.]+(\([^()]*\))?$/.test(text)
  const isTest = ts.isIfStatement(node.parent) || ts.isConditionalExpression(node.parent) || ts.isWhileStatement(node.parent)
  if (ts.isPrefixUnaryExpression(node.parent)) {
    // !count is also true for 0, !text for ''.
    if (kit.isNullable(type) || kit.isNumber(type) || kit.isString(type)) yield make('nothing', 1.9, kit.replace(node.parent, `${text} == null`))
    return
  }
  if ((isTest || kit.isBoolean(type)) && !(ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) && !/^(true|false)$/.test(text)) {
    yield make('negation', isComparison(ts, node) ? 2.3 : 1.9, kit.replace(node, plain ? `!${text}` : `!(${text})`))
  }
  if (isTest && plain && !kit.isBoolean(type)) {
    yield make('nothing', 1.8, kit.replace(node, `${text} != null`))
    yield make('nothing', 2, kit.replace(node, `${text} !== undefined`))
    if (kit.isNumber(type)) yield make('nothing', 2, kit.replace(node, `${text} > 0`))
    if (kit.isArray(type)) yield make('nothing', 1.3, kit.replace(node, `${text}.length > 0`))
  }
}

function* spread(kit, node) {
  const { ts, checker } = kit
  if (ts.isArrayLiteralExpression(node)) {
    for (const element of node.elements) {
      if (!ts.isSpreadElement(element) && kit.isArray(kit.typeOf(element)) && node.elements.length > 1) yield make('spread', 1.4, kit.insert(element.getStart(kit.source), '...'))
    }
    const spreads = node.elements.filter(ts.isSpreadElement)
    if (spreads.length > 0 && node.elements.length === 2) yield make('order', 1.9, kit.replace(node.elements[0], kit.code(node.elements[1])), kit.replace(node.elements[1], kit.code(node.elements[0])))
    if (spreads.length === 1 && node.elements.length === 1) {
      const inner = kit.code(spreads[0].expression)
      yield make('unique', 2.4, kit.replace(spreads[0].expression, `new Set(${inner})`))
    }
    return
  }
  const first = node.properties[0]
  const spreads = node.properties.filter(ts.isSpreadAssignment)
  if (spreads.length > 0 && node.properties.length > 1) {
    const text = kit.code(spreads[0])
    const rest = node.properties.filter((one) => one !== spreads[0]).map((one) => kit.code(one))
    const front = node.properties[0] === spreads[0]
    yield make('order', 1.8, kit.replace(node, front ? `{ ${[...rest, text].join(', ')} }` : `{ ${[text, ...rest].join(', ')} }`))
  }
  if (!first || spreads.length > 0) return
  const type = kit.typeOf(node)
  for (const symbol of kit.valuesAt(node)) {
    const declaration = symbol.valueDeclaration
    if (!declaration || declaration.pos > node.pos || kit.up(node, (at) => at === declaration)) continue
    const its = checker.getTypeOfSymbolAtLocation(symbol, node)
    if (!(its.flags & ts.TypeFlags.Object) || kit.isArray(its) || its.getCallSignatures().length > 0) continue
    const names = checker.getPropertiesOfType(its).map(({ name }) => name)
    if (checker.getPropertiesOfType(type).some(({ name }) => names.includes(name)) || names.length === 0) yield make('spread', 1.8, kit.insert(first.getStart(kit.source), `...${symbol.name}, `))
  }
}

/** Texts that differ little from what the tests wait for. */
function* text(kit, node) {
  const { ts } = kit
  if (ts.isTemplateExpression(node)) return
  const is = ts.isJsxText(node) ? node.text.trim() : node.text
  if (is === '' || ts.isImportDeclaration(node.parent) || ts.isLiteralTypeNode?.(node.parent)) return
  for (const { name, likeness } of kit.alike(is, kit.expected ?? [], 0.6)) {
    if (kit.renamed?.(name, is)) continue
    const start = node.getStart(kit.source)
    const raw = kit.text.slice(start, node.end)
    const put = ts.isJsxText(node) ? raw.replace(is, name) : raw[0] + name + raw.at(-1)
    yield make('text', 3.6 - likeness * 1.5, { start, end: node.end, text: put })
  }
}

function isNullableAccess(kit, node) {
  const { ts } = kit
  if (!(ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) || node.questionDotToken) return false
  return kit.isNullable(kit.typeOf(node.expression))
}
