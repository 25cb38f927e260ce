// Failing logic, statement by statement: what is missing, too many, or in the wrong order.

function make(name, cost, ...edits) {
  return { name, cost, edits }
}

export function* statements(kit, node) {
  const { ts } = kit
  if (ts.isBlock(node) || ts.isSourceFile(node)) yield* order(kit, node)
  if (ts.isExpressionStatement(node)) yield* expression(kit, node)
  if (ts.isFunctionLike(node) && node.body) yield* guards(kit, node)
  if (ts.isIfStatement(node)) yield* branches(kit, node)
  if (ts.isForInStatement(node)) yield make('for-of', 1.3, { start: node.initializer.end, end: node.expression.getStart(kit.source), text: ' of ' })
  if (ts.isVariableDeclarationList(node) && !(node.flags & (ts.NodeFlags.Let | ts.NodeFlags.Const))) yield make('let', 1.5, { start: node.getStart(kit.source), end: node.getStart(kit.source) + 3, text: 'let' })
  if (ts.isMethodDeclaration(node) && node.body && ts.isClassLike(node.parent) && !node.modifiers?.length) yield* bound(kit, node)
  if (ts.isCaseClause(node) && node.statements.length > 0) yield* clause(kit, node)
  if (isExpression(ts, node) && kit.isPromise(kit.typeOf(node))) yield* awaited(kit, node)
  if (ts.isAwaitExpression(node)) yield make('no-await', 3.4, kit.replace(node, kit.code(node.expression)))
  if (ts.isReturnStatement(node) && node.expression) yield* returned(kit, node.expression)
  if (node.parent && ts.isArrowFunction(node.parent) && node.parent.body === node && !ts.isBlock(node)) yield* returned(kit, node)
  if (ts.isVariableDeclaration(node) && node.initializer) yield* declared(kit, node)
}

function isExpression(ts, node) {
  return (ts.isCallExpression(node) || ts.isIdentifier(node) || ts.isPropertyAccessExpression(node) || ts.isNewExpression(node))
    && !ts.isAwaitExpression(node.parent) && !ts.isPropertyAccessExpression(node.parent) && !(ts.isCallExpression(node.parent) && node.parent.expression === node)
    && node.parent.name !== node
}

function* awaited(kit, node) {
  const fn = kit.functionOf(node)
  if (!fn) return
  const edits = kit.makeAsync(fn)
  if (!kit.isAsync(fn) && edits.length === 0) return
  const { ts } = kit
  if (ts.isArrowFunction(node.parent) || ts.isReturnStatement(node.parent)) {
    if (kit.up(node, ts.isTryStatement)) yield make('await', 1.5, kit.insert(node.getStart(kit.source), 'await '), ...edits)
    return
  }
  yield make('await', kit.isAsync(fn) ? 1.2 : 1.6, kit.insert(node.getStart(kit.source), 'await '), ...edits)
}

function* order(kit, block) {
  const { ts, source } = kit
  const list = block.statements
  for (const [index, statement] of list.entries()) {
    if (ts.isImportDeclaration(statement) || ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement) || (ts.isSourceFile(block) && !ts.isExpressionStatement(statement))) continue
    const next = list[index + 1]
    if (next && !ts.isFunctionDeclaration(next)) {
      const both = [ts.isIfStatement, ts.isExpressionStatement].some((is) => is(statement) && is(next))
      yield make('order', both ? 2.3 : 2.8, kit.replace(statement, kit.code(next)), kit.replace(next, kit.code(statement)))
    }
    if (!ts.isVariableStatement(statement) && !ts.isReturnStatement(statement)) yield make('delete', ts.isIfStatement(statement) ? 3.2 : 3, { start: statement.getFullStart(), end: statement.end, text: '' })
    if (ts.isReturnStatement(statement) && ts.isBlock(block) && (ts.isForOfStatement(block.parent) || ts.isForStatement(block.parent))) {
      // A loop that gives up in its first round.
      const loop = block.parent
      yield make('after-loop', 1.6, { start: statement.getFullStart(), end: statement.end, text: '' }, kit.insert(loop.end, `\n${kit.indentAt(loop.getStart(source))}${kit.code(statement)}`))
    }
  }
  const last = list.at(-1)
  if (last && ts.isBlock(block) && (ts.isForOfStatement(block.parent) || ts.isForStatement(block.parent) || ts.isWhileStatement(block.parent))) {
    yield make('break', 2.8, kit.insert(last.end, `\n${kit.indentAt(last.getStart(source))}break;`))
  }
}

function* expression(kit, node) {
  const { ts } = kit
  const fn = kit.functionOf(node)
  const { parent } = node
  // A timer that is set again is to be cleared first.
  const timer = /^([\w$.]+) = (?:window\.)?set(Timeout|Interval)\(/.exec(kit.code(node))
  if (timer) yield make('clear', 1.5, kit.insert(node.getStart(kit.source), `clear${timer[2]}(${timer[1]});\n${kit.indentAt(node.getStart(kit.source))}`))
  const last = ts.isBlock(parent) && parent.statements.at(-1) === node
  const branch = ts.isIfStatement(parent) || (ts.isBlock(parent) && ts.isIfStatement(parent.parent) && last)
  if (fn && ((last && parent.parent === fn) || branch)) yield make('return', ts.isBinaryExpression(node.expression) && node.expression.operatorToken.kind === ts.SyntaxKind.EqualsToken ? 3 : 1.4, kit.insert(node.getStart(kit.source), 'return '))
}

function* branches(kit, node) {
  const { elseStatement, thenStatement } = node
  if (elseStatement && !kit.ts.isIfStatement(elseStatement)) yield make('branches', 2, kit.replace(thenStatement, kit.code(elseStatement)), kit.replace(elseStatement, kit.code(thenStatement)))
  if (elseStatement && kit.ts.isIfStatement(elseStatement)) {
    const inner = elseStatement
    yield make('order', 1.9, kit.replace(node.expression, kit.code(inner.expression)), kit.replace(thenStatement, kit.code(inner.thenStatement)), kit.replace(inner.expression, kit.code(node.expression)), kit.replace(inner.thenStatement, kit.code(thenStatement)))
  }
  const list = kit.ts.isBlock(thenStatement) ? thenStatement.statements : [thenStatement]
  const last = list.at(-1)
  if (last && kit.ts.isExpressionStatement(last) && kit.functionOf(node)) yield make('return', 2.6, kit.insert(last.end, ' return;'))
}

function* clause(kit, node) {
  const last = node.statements.at(-1)
  const { ts } = kit
  if (!ts.isBreakStatement(last) && !ts.isReturnStatement(last)) yield make('break', 1.1, kit.insert(last.end, `\n${kit.indentAt(last.getStart(kit.source))}break;`))
}

/** Nothing at the door: values that the body cannot work with. */
function* guards(kit, fn) {
  const { ts, source } = kit
  const type = kit.returnOf(fn)
  if (!type || ts.isConstructorDeclaration(fn)) return
  const zeros = [...new Set([kit.zeroOf(type), ...(kit.zeros ?? [])])].filter((zero) => zero !== undefined)
  const block = ts.isBlock(fn.body) ? fn.body : undefined
  for (const parameter of fn.parameters) {
    if (!ts.isIdentifier(parameter.name)) continue
    const name = parameter.name.text
    const its = kit.typeOf(parameter)
    const tests = []
    if (kit.isArray(its)) tests.push([`${name}.length === 0`, 1.9])
    if (kit.isString(its)) tests.push([`${name} === ''`, 2.3], [`!${name}.trim()`, 2.8])
    if (kit.isNumber(its)) tests.push([`${name} === 0`, 2.3], [`${name} < 0`, 2.6], [`${name} <= 0`, 2.5])
    if (kit.isNullable(its) || parameter.questionToken || its.flags & ts.TypeFlags.Object) tests.push([`${name} == null`, kit.isNullable(its) ? 2.1 : 3])
    for (const [test, cost] of tests) {
      if (block && new RegExp(`if \\(${escape(test)}\\)`).test(kit.code(block))) continue
      for (const [index, zero] of zeros.slice(0, 4).entries()) {
        const result = zero === '' ? 'return' : `return ${zero}`
        if (block) {
          const at = block.statements[0]?.getStart(source)
          if (at !== undefined) yield make('guard', cost + index * 0.15, kit.insert(at, `if (${test}) ${result};\n${kit.indentAt(at)}`))
        } else if (zero !== '') {
          yield make('guard', cost + index * 0.15, kit.insert(fn.body.getStart(source), `${test} ? ${zero} : `))
        }
      }
    }
  }
}

function escape(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

function* returned(kit, expression) {
  const type = kit.typeOf(expression)
  const text = kit.code(expression)
  const returns = kit.returnOf(kit.functionOf(expression))
  if (kit.isNumber(type) && !/^-?\d/.test(text)) {
    yield make('off-by-one', 3, kit.replace(expression, `${text} + 1`))
    yield make('off-by-one', 3, kit.replace(expression, `${text} - 1`))
    yield make('round', 2.9, kit.replace(expression, `Math.round((${text}) * 100) / 100`))
    yield make('clamp', 2.9, kit.replace(expression, `Math.max(0, ${text})`))
    yield make('round', 3, kit.replace(expression, `Math.round(${text})`))
    yield make('round', 3.1, kit.replace(expression, `Math.floor(${text})`))
  }
  if (kit.isString(type)) yield make('trim', 2.7, kit.replace(expression, /^[\w$.()]+$/.test(text) ? `${text}.trim()` : `(${text}).trim()`))
  if (kit.isArray(type)) {
    yield make('unique', 3, kit.replace(expression, `[...new Set(${text})]`))
    yield make('reverse', 3.2, kit.replace(expression, `[...${text}].reverse()`))
    if (/^[\w$.]+$/.test(text)) yield make('copy', 2, kit.replace(expression, `[...${text}]`))
  } else if (type.flags & kit.ts.TypeFlags.Object && /^[\w$.]+$/.test(text)) yield make('copy', 2, kit.replace(expression, `{ ...${text} }`))
  if (returns && kit.isNullable(type)) {
    const zero = kit.zeroOf(kit.checker.getNonNullableType(returns))
    if (zero && !/^(null|undefined)$/.test(zero)) yield make('fallback', 2.2, kit.replace(expression, `${text} ?? ${zero}`))
  }
}

/** `const copy = original` that is none. */
function* declared(kit, node) {
  const { ts } = kit
  const text = kit.code(node.initializer)
  const type = kit.typeOf(node.initializer)
  if (!ts.isIdentifier(node.initializer) && !ts.isPropertyAccessExpression(node.initializer)) return
  if (kit.isArray(type)) yield make('copy', 1.5, kit.replace(node.initializer, `[...${text}]`))
  else if (type.flags & ts.TypeFlags.Object && type.getCallSignatures().length === 0) {
    yield make('copy', 1.5, kit.replace(node.initializer, `{ ...${text} }`))
    yield make('copy', 2.2, kit.replace(node.initializer, `structuredClone(${text})`))
  }
  if (/^Date$/.test(kit.checker.typeToString(type))) yield make('copy', 1.3, kit.replace(node.initializer, `new Date(${text})`))
}

/** A method that is handed on without its object: as a field it keeps it. */
function* bound(kit, node) {
  const { ts } = kit
  if (node.asteriskToken || !ts.isIdentifier(node.name) || !/\bthis\b/.test(kit.code(node.body))) return
  const type = node.type ? `: ${kit.code(node.type)}` : ''
  const parameters = kit.text.slice(node.parameters.pos, node.parameters.end)
  yield make('bound', 2, kit.replace(node, `${node.name.text} = (${parameters})${type} => ${kit.code(node.body)};`))
}
