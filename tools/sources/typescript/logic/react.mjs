// Failing components: what React, the browser and its assistive views want.

const HOOKS_WITH_LIST = /^(React\.)?use(Effect|LayoutEffect|Memo|Callback|ImperativeHandle)$/
const EVENTS = ['onClick', 'onChange', 'onInput', 'onSubmit', 'onBlur', 'onFocus', 'onKeyDown', 'onKeyUp', 'onMouseEnter', 'onMouseLeave', 'onDoubleClick']
const PAIRS = { value: ['defaultValue', 'checked'], defaultValue: ['value'], checked: ['defaultChecked', 'value'], defaultChecked: ['checked'], readOnly: ['disabled'], htmlFor: ['id'], title: ['aria-label', 'alt'], 'aria-label': ['alt', 'title'], alt: ['aria-label'], name: ['id'] }

function make(name, cost, ...edits) {
  return { name, cost, edits }
}

export function* react(kit, node) {
  const { ts } = kit
  if (ts.isCallExpression(node)) {
    if (HOOKS_WITH_LIST.test(kit.code(node.expression))) yield* dependencies(kit, node)
    if (/^(React\.)?use(Layout)?Effect$/.test(kit.code(node.expression))) yield* cleanUp(kit, node)
    yield* stateSet(kit, node)
    yield* stateMade(kit, node)
  }
  if (ts.isJsxAttribute(node)) yield* attribute(kit, node)
  if (ts.isJsxOpeningElement(node) || ts.isJsxSelfClosingElement(node)) yield* element(kit, node)
  if (ts.isJsxExpression(node)) yield* shown(kit, node)
  if (ts.isBlock(node)) yield* hooks(kit, node)
  if (ts.isJsxFragment(node) || (ts.isReturnStatement(node) && node.expression && kit.code(node.expression) === 'children')) yield* provider(kit, node)
  if (ts.isArrowFunction(node) || ts.isFunctionDeclaration(node)) yield* handler(kit, node)
}

/** A context that is read and that nobody in its file provides: around the children, with what fits. */
function* provider(kit, node) {
  const { ts, checker, source } = kit
  const fn = kit.functionOf(node)
  const inner = ts.isJsxFragment(node) ? node.children.map((child) => kit.code(child)).join('') : '{children}'
  if (!fn || !/\bchildren\b/.test(inner)) return
  for (const statement of source.statements.filter(ts.isVariableStatement)) {
    const [declaration] = statement.declarationList.declarations
    const made = declaration?.initializer
    if (!made || !ts.isCallExpression(made) || !/(^|\.)createContext$/.test(kit.code(made.expression))) continue
    const context = kit.code(declaration.name)
    if (kit.text.includes(`<${context}`)) continue
    const type = checker.getTypeAtLocation(declaration).getProperty?.('Provider') ? checker.getTypeArguments?.(checker.getTypeAtLocation(declaration))?.[0] : undefined
    for (const symbol of kit.valuesAt(node)) {
      const at = symbol.valueDeclaration
      if (symbol.name === 'children' || !at || !kit.up(at, (one) => one === fn)) continue
      const fits = !type || (checker.isTypeAssignableTo?.(checker.getTypeOfSymbolAtLocation(symbol, node), type) ?? true)
      const wrapped = `<${context}.Provider value={${symbol.name}}>${inner}</${context}.Provider>`
      if (fits) yield make('provider', symbol.name === 'value' ? 1 : 1.6, kit.replace(ts.isJsxFragment(node) ? node : node.expression, wrapped))
    }
  }
}

/** Names that a function takes from the component around it. */
function taken(kit, fn) {
  const { ts, checker } = kit
  const outer = kit.functionOf(fn)
  const found = new Set()
  const visit = (node) => {
    if (ts.isIdentifier(node) && !(ts.isPropertyAccessExpression(node.parent) && node.parent.name === node) && !(ts.isPropertyAssignment(node.parent) && node.parent.name === node)) {
      const symbol = ts.isShorthandPropertyAssignment(node.parent) ? checker.getShorthandAssignmentValueSymbol(node.parent) : checker.getSymbolAtLocation(node)
      const declaration = symbol?.valueDeclaration
      const inside = declaration && outer && kit.up(declaration, (at) => at === outer) && !kit.up(declaration, (at) => at === fn)
      if (inside && !steady(kit, declaration)) found.add(ts.isParameter(declaration) && ts.isPropertyAccessExpression(node.parent) ? kit.code(node.parent) : node.text)
    }
    ts.forEachChild(node, visit)
  }
  if (fn.body) visit(fn.body)
  return [...found]
}

/** What React keeps the same: setters, dispatchers, refs. */
function steady(kit, declaration) {
  const { ts } = kit
  const variable = kit.up(declaration, ts.isVariableDeclaration)
  const from = variable?.initializer && ts.isCallExpression(variable.initializer) ? kit.code(variable.initializer.expression) : ''
  if (/useRef$/.test(from)) return true
  return /use(State|Reducer)$/.test(from) && ts.isBindingElement(declaration) && declaration.parent.elements.indexOf(declaration) === 1
}

function* dependencies(kit, call) {
  const { ts } = kit
  const [fn, list] = call.arguments
  if (!fn || !ts.isFunctionLike(fn)) return
  const names = taken(kit, fn)
  if (!list) {
    yield make('dependencies', 1.6, kit.insert(fn.end, `, [${names.join(', ')}]`))
    if (names.length > 0) yield make('dependencies', 2, kit.insert(fn.end, ', []'))
    return
  }
  if (!ts.isArrayLiteralExpression(list)) return
  const has = list.elements.map((one) => kit.code(one))
  const lacks = names.filter((name) => !has.includes(name))
  if (lacks.length > 0) yield make('dependencies', 0.9, kit.replace(list, `[${[...has, ...lacks].join(', ')}]`))
  for (const name of lacks.length > 1 ? lacks : []) yield make('dependencies', 1.5, kit.replace(list, `[${[...has, name].join(', ')}]`))
  for (const [index, one] of has.entries()) {
    const rest = has.filter((_, at) => at !== index)
    yield make('dependencies', names.includes(one) ? 2.8 : 1.5, kit.replace(list, `[${rest.join(', ')}]`))
  }
  yield make('dependencies', 3.2, { start: fn.end, end: list.end, text: '' })
}

/** What an effect begins and does not end. */
function* cleanUp(kit, call) {
  const { ts, source } = kit
  const fn = call.arguments[0]
  if (!fn || !ts.isFunctionLike(fn) || !fn.body || !ts.isBlock(fn.body)) return
  const list = fn.body.statements
  if (list.some(ts.isReturnStatement)) return
  for (const statement of list) {
    const indent = kit.indentAt(statement.getStart(source))
    const end = list.at(-1).end
    const expression = ts.isExpressionStatement(statement) ? statement.expression : ts.isVariableStatement(statement) ? statement.declarationList.declarations[0].initializer : undefined
    if (!expression || !ts.isCallExpression(expression)) continue
    const name = kit.code(expression.expression)
    const variable = ts.isVariableStatement(statement) ? kit.code(statement.declarationList.declarations[0].name) : undefined
    const back = (text) => kit.insert(end, `\n${indent}return () => ${text};`)
    if (/addEventListener$/.test(name)) yield make('clean-up', 1, back(`${name.replace(/add(EventListener)$/, 'remove$1')}(${expression.arguments.map((one) => kit.code(one)).join(', ')})`))
    const timer = /(^|\.)(setInterval|setTimeout|requestAnimationFrame)$/.exec(name)?.[2]
    const clear = { setInterval: 'clearInterval', setTimeout: 'clearTimeout', requestAnimationFrame: 'cancelAnimationFrame' }[timer]
    if (clear && variable) yield make('clean-up', 1, back(`${clear}(${variable})`))
    if (clear && !variable) yield make('clean-up', 1, kit.insert(statement.getStart(source), 'const timer = '), back(`${clear}(timer)`))
    if (/\.(subscribe|on|addListener|listen|observe)$/.test(name) || /^(subscribe|on[A-Z]\w*|connect)$/.test(name)) {
      const result = kit.typeOf(expression)
      const callable = result.getCallSignatures?.().length > 0
      if (callable && !variable && statement === list.at(-1)) yield make('clean-up', 1, kit.insert(statement.getStart(source), 'return '))
      if (callable && variable) yield make('clean-up', 1.1, kit.insert(end, `\n${indent}return ${variable};`))
      const owner = name.replace(/\.\w+$/, '')
      for (const method of ['unsubscribe', 'disconnect', 'off', 'removeListener', 'remove', 'close']) {
        if (result.getProperty?.(method)) yield make('clean-up', 1.2, variable ? back(`${variable}.${method}()`) : kit.insert(statement.getStart(source), 'const subscription = '), ...(variable ? [] : [back(`subscription.${method}()`)]))
        else if (kit.typeOf(expression.expression.expression ?? expression.expression).getProperty?.(method)) yield make('clean-up', 1.4, back(`${owner}.${method}(${expression.arguments.map((one) => kit.code(one)).join(', ')})`))
      }
    }
  }
  const last = list.at(-1)
  const only = last && ts.isExpressionStatement(last) && ts.isCallExpression(last.expression) ? last.expression : undefined
  if (only && kit.typeOf(only).getCallSignatures?.().length > 0) yield make('clean-up', 1.2, kit.insert(last.getStart(source), 'return '))
}

/** {state, setter} of what a call sets. */
function stateOf(kit, call) {
  const { ts, checker } = kit
  if (!ts.isIdentifier(call.expression)) return undefined
  const declaration = checker.getSymbolAtLocation(call.expression)?.valueDeclaration
  if (!declaration || !ts.isBindingElement(declaration) || !ts.isArrayBindingPattern(declaration.parent)) return undefined
  const made = kit.up(declaration, ts.isVariableDeclaration)?.initializer
  const first = declaration.parent.elements[0]
  if (!made || !ts.isCallExpression(made) || !/useState$/.test(kit.code(made.expression)) || !first?.name) return undefined
  return { state: kit.code(first.name), setter: kit.code(call.expression), fn: kit.functionOf(declaration) }
}

function* stateSet(kit, call) {
  const { ts } = kit
  const known = stateOf(kit, call)
  const argument = call.arguments[0]
  if (!known || !argument) return
  const { state, setter } = known
  const text = kit.code(argument)
  const uses = new RegExp(`\\b${state}\\b`)
  const around = kit.functionOf(call)
  if (!ts.isFunctionLike(argument) && uses.test(text)) {
    // All of the same setter at once: each sees what the one before it made.
    const edits = []
    const visit = (node) => {
      if (ts.isCallExpression(node) && kit.code(node.expression) === setter && node.arguments[0] && !ts.isFunctionLike(node.arguments[0]) && uses.test(kit.code(node.arguments[0]))) {
        const inner = kit.code(node.arguments[0]).replace(new RegExp(`(?<![.\\w])${state}\\b(?!\\s*:)`, 'g'), 'previous')
        edits.push(kit.replace(node.arguments[0], /^\{/.test(inner) ? `(previous) => (${inner})` : `(previous) => ${inner}`))
      }
      ts.forEachChild(node, visit)
    }
    visit(around.body ?? around)
    if (edits.length > 0) yield make('updater', edits.length > 1 ? 0.9 : 1.2, ...edits)
  }
  if (text === state) {
    const type = kit.typeOf(argument)
    const block = kit.up(call, ts.isBlock)
    const change = block?.statements.find((one) => ts.isExpressionStatement(one) && one.end <= call.pos && kit.code(one).startsWith(state))
    const inner = change?.expression
    const push = inner && ts.isCallExpression(inner) && /\.(push|unshift)$/.exec(kit.code(inner.expression))
    if (push) {
      const values = inner.arguments.map((one) => kit.code(one)).join(', ')
      yield make('new-state', 0.9, { start: change.getFullStart(), end: change.end, text: '' }, kit.replace(argument, push[1] === 'push' ? `[...${state}, ${values}]` : `[${values}, ...${state}]`))
    }
    if (inner && ts.isBinaryExpression(inner) && ts.isPropertyAccessExpression(inner.left) && kit.code(inner.left.expression) === state) {
      yield make('new-state', 0.9, { start: change.getFullStart(), end: change.end, text: '' }, kit.replace(argument, `{ ...${state}, ${inner.left.name.text}: ${kit.code(inner.right)} }`))
    }
    yield make('new-state', 1.6, kit.replace(argument, kit.isArray(type) ? `[...${state}]` : `{ ...${state} }`))
    // The value of the event is what was to be set.
    const fn = kit.functionOf(call)
    const event = fn?.parameters[0]
    if (event && ts.isIdentifier(event.name)) for (const part of ['value', 'checked']) yield make('event-value', 1.3, kit.replace(argument, `${event.name.text}.target.${part}`))
  }
  if (kit.isBoolean(kit.typeOf(argument)) && /^(true|false)$/.test(text)) yield make('toggle', 1.9, kit.replace(argument, `!${state}`))
  if (/\.target$/.test(text)) yield make('event-value', 1.2, kit.insert(argument.end, '.value'))
  if (/\.target\.value$/.test(text) && kit.isBoolean(kit.typeOf(argument)) === false) yield make('event-value', 2, kit.replace(argument, text.replace(/value$/, 'checked')))
}

/** State that begins with something else than it was given, or does not follow it. */
function* stateMade(kit, call) {
  const { ts } = kit
  if (!/^(React\.)?useState$/.test(kit.code(call.expression))) return
  const component = kit.functionOf(call)
  const statement = kit.up(call, ts.isVariableStatement)
  const names = call.parent && ts.isVariableDeclaration(call.parent) && ts.isArrayBindingPattern(call.parent.name) ? call.parent.name.elements.map((one) => kit.code(one)) : []
  const props = component?.parameters[0] && ts.isObjectBindingPattern(component.parameters[0].name) ? component.parameters[0].name.elements.map(({ name }) => kit.code(name)) : []
  for (const prop of props) {
    if (call.arguments[0]) yield make('initial', 2, kit.replace(call.arguments[0], prop))
    if (call.arguments[0] && kit.code(call.arguments[0]) === prop && statement && names.length === 2) {
      const at = statement.end
      const imported = /import\s*\{[^}]*\buseEffect\b/.test(kit.text) ? [] : addImport(kit, 'useEffect')
      yield make('follow', 2.2, kit.insert(at, `\n${kit.indentAt(statement.getStart(kit.source))}useEffect(() => {\n${kit.indentAt(statement.getStart(kit.source))}  ${names[1]}(${prop});\n${kit.indentAt(statement.getStart(kit.source))}}, [${prop}]);`), ...imported)
    }
  }
}

function addImport(kit, name) {
  const { ts } = kit
  const from = kit.source.statements.find((one) => ts.isImportDeclaration(one) && one.moduleSpecifier.text === 'react')
  const list = from?.importClause?.namedBindings?.elements
  return list?.length ? [kit.insert(list[0].getStart(kit.source), `${name}, `)] : []
}

function* attribute(kit, node) {
  const { ts } = kit
  const name = kit.code(node.name)
  const value = node.initializer && ts.isJsxExpression(node.initializer) ? node.initializer.expression : undefined
  if (EVENTS.includes(name)) {
    for (const other of EVENTS) if (other !== name) yield make('event', /^on(Click|Change|Submit|KeyDown|Blur|Input)$/.test(other) ? 1.9 : 2.5, kit.replace(node.name, other))
    if (value && ts.isCallExpression(value)) yield make('handler', 1.1, kit.insert(value.getStart(kit.source), '() => '))
    if (value && ts.isArrowFunction(value) && ts.isIdentifier(value.body)) yield make('handler', 0.9, kit.insert(value.body.end, '()'))
  }
  for (const other of PAIRS[name] ?? []) yield make('attribute', 1.9, kit.replace(node.name, other))
  yield make('no-attribute', name === 'key' ? 4 : 2.8, { start: node.getFullStart(), end: node.end, text: '' })
  if (name === 'key' && value && ts.isIdentifier(value)) {
    const fn = kit.functionOf(node)
    const item = fn?.parameters[0]
    if (item && ts.isIdentifier(item.name)) {
      const type = kit.typeOf(item)
      for (const part of ['id', 'key', 'name', 'uuid', 'slug', 'code']) if (type.getProperty?.(part)) yield make('key', 1.2, kit.replace(value, `${item.name.text}.${part}`))
      if (kit.isString(type)) yield make('key', 1.8, kit.replace(value, item.name.text))
    }
  }
}

function* element(kit, node) {
  const { ts, source } = kit
  const tag = kit.code(node.tagName)
  const given = (name) => node.attributes.properties.find((one) => one.name && kit.code(one.name) === name)
  const textOf = (one) => one?.initializer && ts.isStringLiteral(one.initializer) ? one.initializer.text : undefined
  const last = node.attributes.properties.at(-1)
  const add = (text) => kit.insert(last ? last.end : node.tagName.end, ` ${text}`)
  if (tag === 'label') {
    const ids = []
    const visit = (one) => {
      if (ts.isJsxAttribute(one) && kit.code(one.name) === 'id' && textOf(one)) ids.push(textOf(one))
      ts.forEachChild(one, visit)
    }
    visit(kit.functionOf(node) ?? source)
    const label = given('htmlFor')
    for (const id of ids) {
      if (!label) yield make('label', 1, add(`htmlFor="${id}"`))
      else if (textOf(label) !== id) yield make('label', 1, kit.replace(label.initializer, `"${id}"`))
    }
    if (label && textOf(label)) {
      const inputs = []
      const look = (one) => {
        if ((ts.isJsxSelfClosingElement(one) || ts.isJsxOpeningElement(one)) && /^(input|select|textarea)$/.test(kit.code(one.tagName))) inputs.push(one)
        ts.forEachChild(one, look)
      }
      look(kit.functionOf(node) ?? source)
      for (const input of inputs) {
        const id = input.attributes.properties.find((one) => one.name && kit.code(one.name) === 'id')
        const end = input.attributes.properties.at(-1)?.end ?? input.tagName.end
        yield make('label', 1.2, id ? kit.replace(id.initializer, `"${textOf(label)}"`) : kit.insert(end, ` id="${textOf(label)}"`))
      }
    }
  }
  for (const name of kit.names ?? []) {
    // A note that speaks of the name has it changed on purpose: the test is stale.
    if (kit.notes?.some((line) => line.includes(name))) continue
    // What a test hands in is not to be written into the component.
    const handed = (kit.props ?? []).filter(({ value }) => value.length > 1 && name.includes(value))
    if (handed.length > 0) {
      const known = handed.filter(({ name: prop }) => kit.valuesAt(node).some((symbol) => symbol.name === prop))
      const text = `{\`${known.reduce((made, { name: prop, value }) => made.replace(value, `\${${prop}}`), name)}\`}`
      if (known.length === handed.length && tag === 'img' && !given('alt')) yield make('name', 1.4, add(`alt=${text}`))
      if (known.length === handed.length && tag !== 'img' && !given('aria-label')) yield make('name', 2.1, add(`aria-label=${text}`))
      continue
    }
    if (/^(button|a|input|select|textarea|nav|section|dialog|svg|form|ul)$/.test(tag) && !given('aria-label')) yield make('name', 2, add(`aria-label="${name}"`))
    if (tag === 'img' && !given('alt')) yield make('name', 1.6, add(`alt="${name}"`))
  }
  for (const role of kit.roles ?? []) {
    if (!given('role')) yield make('role', 2.4, add(`role="${role}"`))
  }
  if (/^(div|span|a|p|b|li)$/.test(tag) && (given('onClick') || (kit.roles ?? []).includes('button')) && ts.isJsxElement(node.parent)) {
    yield make('button', 1.9, kit.replace(node.tagName, 'button'), kit.replace(node.parent.closingElement.tagName, 'button'))
  }
  if (/^h[1-6]$/.test(tag) || (kit.roles ?? []).includes('heading') && /^(div|p|span|b|strong)$/.test(tag)) {
    for (const level of kit.levels ?? [1, 2, 3]) if (`h${level}` !== tag && ts.isJsxElement(node.parent)) yield make('heading', 2.2, kit.replace(node.tagName, `h${level}`), kit.replace(node.parent.closingElement.tagName, `h${level}`))
  }
  if (tag === 'button' && !given('type')) yield make('type', 2.4, add('type="button"'))
  if (tag === 'button' && textOf(given('type')) === 'button') yield make('type', 1.6, kit.replace(given('type').initializer, '"submit"'))
  // Values and handlers that are at hand, and that nobody takes.
  const fn = kit.functionOf(node)
  for (const parameter of fn?.parameters ?? []) {
    if (!ts.isObjectBindingPattern(parameter.name)) continue
    for (const { name } of parameter.name.elements) {
      const prop = kit.code(name)
      const unused = (kit.code(fn.body ?? fn).match(new RegExp(`\\b${prop}\\b`, 'g')) ?? []).length === 0
      if (!unused || given(prop)) continue
      yield make('pass', 1.8, add(`${prop}={${prop}}`))
      if (prop.startsWith('on')) for (const event of ['onClick', 'onChange', 'onSubmit']) if (!given(event) && event !== prop) yield make('pass', 2, add(`${event}={${prop}}`))
    }
  }
}

/** `{count && <b/>}` shows a 0. */
function* shown(kit, node) {
  const { ts } = kit
  const { expression } = node
  if (!expression || !ts.isBinaryExpression(expression) || expression.operatorToken.kind !== ts.SyntaxKind.AmpersandAmpersandToken) return
  const { left } = expression
  const type = kit.typeOf(left)
  if (kit.isNumber(type)) yield make('shown', 0.9, kit.insert(left.end, ' > 0'))
  if (kit.isNumber(type) || kit.isString(type)) yield make('shown', 1.6, kit.replace(left, `!!${kit.code(left)}`))
  if (kit.isArray(type)) yield make('shown', 0.9, kit.insert(left.end, '.length > 0'))
}

/** Hooks come before every return. */
function* hooks(kit, block) {
  const { ts, source } = kit
  const list = block.statements
  const early = list.findIndex((one) => ts.isIfStatement(one) && /\breturn\b/.test(kit.code(one)))
  if (early >= 0) {
    const late = list.slice(early + 1).filter((one) => /\buse[A-Z]\w*\(/.test(kit.code(one)) && !ts.isReturnStatement(one))
    if (late.length > 0) {
      const at = list[early].getStart(source)
      yield make('hooks-first', 0.8, kit.insert(at, late.map((one) => `${kit.code(one)}\n${kit.indentAt(at)}`).join('')), ...late.map((one) => ({ start: one.getFullStart(), end: one.end, text: '' })))
    }
  }
  for (const statement of list) {
    if (!ts.isIfStatement(statement) || !ts.isBlock(statement.thenStatement)) continue
    const inner = statement.thenStatement.statements
    if (inner.length === 1 && /^(React\.)?use[A-Z]\w*\(/.test(kit.code(inner[0])) && !statement.elseStatement) {
      const hook = inner[0].expression
      const fn = hook?.arguments?.[0]
      if (fn && ts.isArrowFunction(fn) && ts.isBlock(fn.body)) {
        const text = `${kit.text.slice(inner[0].getStart(source), fn.body.getStart(source))}{ if (${kit.code(statement.expression)}) ${kit.code(fn.body)} }${kit.text.slice(fn.end, inner[0].end)}`
        yield make('hooks-first', 1, kit.replace(statement, text))
      }
    }
  }
}

function* handler(kit, fn) {
  const { ts, source } = kit
  if (!fn.body || !ts.isBlock(fn.body)) return
  const name = fn.name?.text ?? (ts.isVariableDeclaration(fn.parent) ? kit.code(fn.parent.name) : '')
  const inline = kit.up(fn.parent, ts.isJsxAttribute)
  const kind = inline ? kit.code(inline.name) : name
  if (!/submit|send|save|click|select|close|key|change|^on|^handle/i.test(kind)) return
  const first = fn.body.statements[0]
  if (!first || /preventDefault/.test(kit.code(fn.body))) return
  const parameter = fn.parameters[0]
  const at = first.getStart(source)
  for (const [method, cost] of [['preventDefault', /submit/i.test(kind) ? 1.2 : 2], ['stopPropagation', 2.2]]) {
    if (parameter && ts.isIdentifier(parameter.name)) yield make('event', cost, kit.insert(at, `${parameter.name.text}.${method}();\n${kit.indentAt(at)}`))
    else if (!parameter) {
      const open = kit.text.indexOf('(', fn.getStart(source))
      yield make('event', cost + 0.2, kit.insert(open + 1, `event: { ${method}(): void }`), kit.insert(at, `event.${method}();\n${kit.indentAt(at)}`))
    }
  }
}
