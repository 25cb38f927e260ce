// Classes: what they have to have of what they extend and implement.

import { namesMissing } from './shape.mjs'

export function* classes(kit, error) {
  const rule = RULES.get(error.code)
  if (rule) yield* rule(kit, error)
}

const RULES = new Map([
  [2420, implemented], [2416, implemented], [2515, implemented], [2683, lostThis], [2377, superMissing],
  [17009, superMissing], [2335, superMissing], [2341, hidden], [2445, hidden],
])

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
