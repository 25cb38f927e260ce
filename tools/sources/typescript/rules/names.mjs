// Names, members, exports and modules that do not exist.

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { isName, likeness } from './kit.mjs'

const NAMES = new Set([2304, 2552, 2503, 18004])
const MEMBERS = new Set([2339, 2551, 2550, 2568, 2576])
const EXPORTS = new Set([2305, 2613, 2614, 2724, 1192, 2459, 2460])
const FILES_MAX = 2000

export function* names(kit, error) {
  if (NAMES.has(error.code)) yield* unknownName(kit, error)
  if (MEMBERS.has(error.code)) yield* unknownMember(kit, error)
  if (EXPORTS.has(error.code)) yield* unknownExport(kit, error)
  if (error.code === 2307 || error.code === 2792 || error.code === 2732) yield* unknownModule(kit, error)
  if (error.code === 2749) yield { name: 'typeof', cost: 2, edits: [kit.insert(error.start, 'typeof ')] }
}

function* unknownName(kit, { start, length }) {
  const { ts, checker, text } = kit
  const node = kit.nodeAt(start, length)
  const wrong = text.slice(start, start + length)
  if (!isName(wrong)) return
  const all = ts.SymbolFlags.Value | ts.SymbolFlags.Type
  const scope = checker.getSymbolsInScope(node, all)
  const own = scope.filter((symbol) => symbol.declarations?.some((one) => one.getSourceFile() === kit.source))
  for (const { name, likeness } of kit.alike(wrong, own.map(({ name }) => name))) {
    yield { name: 'spelling', cost: 2.6 - likeness, edits: [kit.replace(node, name)] }
  }
  for (const { name, likeness } of kit.alike(wrong, scope.map(({ name }) => name), 0.75)) {
    yield { name: 'spelling', cost: 3 - likeness, edits: [kit.replace(node, name)] }
  }
  // What an object in reach has: a name that was taken apart no more.
  for (const symbol of own) {
    const declaration = symbol.valueDeclaration
    if (!declaration || !(ts.isParameter(declaration) || ts.isVariableDeclaration(declaration))) continue
    const type = checker.getTypeOfSymbolAtLocation(symbol, node)
    if (type.getProperty?.(wrong) && !type.isUnion?.() && !kit.isString(type)) {
      const short = ts.isShorthandPropertyAssignment(node.parent)
      const path = `${symbol.name}.${wrong}`
      yield { name: 'member', cost: 3, edits: [kit.replace(node, short ? `${wrong}: ${path}` : path)] }
      if (ts.isObjectBindingPattern(declaration.name)) continue
    }
  }
  // A parameter that is taken apart, and lacks one of its parts.
  const fn = kit.functionOf(node)
  for (const parameter of fn?.parameters ?? []) {
    if (!ts.isObjectBindingPattern(parameter.name) || !kit.typeOf(parameter).getProperty?.(wrong)) continue
    const last = parameter.name.elements.at(-1)
    if (last) yield { name: 'destructured', cost: 1.5, edits: [last.dotDotDotToken ? kit.insert(last.getStart(kit.source), `${wrong}, `) : kit.insert(last.end, `, ${wrong}`)] }
  }
}

function* unknownMember(kit, { start, length }) {
  const { ts, checker } = kit
  const node = kit.nodeAt(start, length)
  const wrong = kit.code(node)
  const owner = ts.isPropertyAccessExpression(node.parent) && node.parent.name === node ? node.parent.expression
    : ts.isBindingElement(node.parent) ? node.parent.parent : undefined
  if (!owner || !isName(wrong)) return
  const type = checker.getNonNullableType(kit.typeOf(owner))
  const properties = checker.getPropertiesOfType(checker.getApparentType?.(type) ?? type)
  const called = ts.isCallExpression(node.parent.parent) && node.parent.parent.expression === node.parent
  for (const { name, likeness } of kit.alike(wrong, properties.map(({ name }) => name).filter(isName), 0.45)) {
    const property = properties.find((one) => one.name === name)
    const callable = checker.getTypeOfSymbolAtLocation(property, node).getCallSignatures().length > 0
    if (ts.isBindingElement(node.parent)) {
      const bound = node.parent.propertyName ? name : `${name}: ${wrong}`
      yield { name: 'spelling', cost: 2.8 - likeness, edits: [kit.replace(node, bound)] }
    } else if (called && !callable) {
      yield { name: 'property', cost: 3.2 - likeness, edits: [{ start, end: node.parent.parent.end, text: name }] }
    } else {
      yield { name: 'spelling', cost: 2.8 - likeness + (called === callable ? 0 : 0.6), edits: [kit.replace(node, name)] }
    }
  }
  if (ts.isBindingElement(node.parent)) return
  if (kit.isPromise(type)) yield* awaited(kit, owner)
  // One level deeper: user.city is user.address.city.
  for (const property of properties) {
    const inner = checker.getTypeOfSymbolAtLocation(property, node)
    if (!isName(property.name) || !inner.getProperty?.(wrong) || inner.getCallSignatures().length > 0 || kit.isString(inner) || kit.isArray(inner)) continue
    if (property.declarations?.some((one) => one.getSourceFile().fileName.includes('node_modules'))) continue
    yield { name: 'deeper', cost: 2.5, edits: [kit.replace(node, `${property.name}${kit.isNullable(inner) ? '?' : ''}.${wrong}`)] }
  }
  if (/^readonly |^Readonly/.test(checker.typeToString(type)) && /^(sort|reverse|push|splice|pop|shift)$/.test(wrong)) {
    yield { name: 'copy', cost: 1.5, edits: [kit.replace(owner, `[...${kit.code(owner)}]`)] }
  }
  if (kit.isNumber(type) && ''[wrong] !== undefined) yield { name: 'convert', cost: 2.5, edits: [kit.replace(owner, `String(${kit.code(owner)})`)] }
  if (kit.isString(type) && (0)[wrong] !== undefined) yield { name: 'convert', cost: 2.5, edits: [kit.replace(owner, `Number(${kit.code(owner)})`)] }
  if ([][wrong] !== undefined && /^(Set|Map|NodeListOf|HTMLCollection|IterableIterator|.*Iterator)\b/.test(checker.typeToString(type))) {
    const text = kit.code(owner)
    yield { name: 'convert', cost: 2, edits: [kit.replace(owner, /^Map</.test(checker.typeToString(type)) ? `[...${text}.values()]` : `[...${text}]`)] }
  }
  const element = type.getNumberIndexType?.()
  if (element && kit.isArray(type) && element.getProperty?.(wrong)) {
    yield { name: 'element', cost: 4.5, edits: [kit.insert(owner.end, '[0]')] }
  }
  if (type.getCallSignatures?.().length > 0) yield { name: 'call', cost: 2, edits: [kit.insert(owner.end, '()')] }
  if (/^EventTarget/.test(checker.typeToString(type)) && /\.target$/.test(kit.code(owner))) {
    yield { name: 'currentTarget', cost: 2, edits: [kit.replace(owner, kit.code(owner).replace(/\.target$/, '.currentTarget'))] }
  }
  yield* narrowed(kit, owner, type, wrong)
  yield* fromValue(kit, node, owner, wrong)
}

function* awaited(kit, owner) {
  const fn = kit.functionOf(owner)
  yield { name: 'await', cost: 1.6, edits: [kit.replace(owner, `(await ${kit.code(owner)})`), ...kit.makeAsync(fn)] }
  const declaration = kit.checker.getSymbolAtLocation(owner)?.valueDeclaration
  if (declaration && kit.ts.isVariableDeclaration(declaration) && declaration.initializer && declaration.getSourceFile() === kit.source) {
    yield { name: 'await', cost: 1.2, edits: [kit.insert(declaration.initializer.getStart(kit.source), 'await '), ...kit.makeAsync(kit.functionOf(declaration))] }
  }
}

/** Members that only some of a union have, or only instances of a class. */
function* narrowed(kit, owner, type, wrong) {
  const text = kit.code(owner)
  if (/^(HTML)?Element$/.test(kit.checker.typeToString(type))) {
    for (const kind of ['HTMLInputElement', 'HTMLElement', 'HTMLButtonElement', 'HTMLSelectElement', 'HTMLTextAreaElement', 'HTMLFormElement', 'HTMLAnchorElement']) {
      yield { name: 'narrow', cost: 4, edits: [kit.replace(owner, `(${text} as ${kind})`)] }
    }
  }
  if (type.isUnion?.() && type.types.some((one) => one.getProperty?.(wrong))) {
    const access = owner.parent
    const zero = kit.zeroOf(kit.returnOf(kit.functionOf(owner)) ?? type) ?? 'undefined'
    yield { name: 'narrow', cost: 4, edits: [kit.replace(access, `('${wrong}' in ${text} ? ${text}.${wrong} : ${zero})`)] }
  }
}

/** this.x in a static method, Class.x of an instance: the other one is meant. */
function* fromValue(kit, node, owner, wrong) {
  const { ts } = kit
  const type = kit.up(node, ts.isClassLike)
  if (!type?.name) return
  const member = type.members.find((one) => one.name && kit.code(one.name) === wrong)
  const isStatic = member?.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword)
  if (member && isStatic && kit.code(owner) === 'this') yield { name: 'static', cost: 1, edits: [kit.replace(owner, type.name.text)] }
}

function* unknownExport(kit, { code, start, length }) {
  const { ts, checker } = kit
  const node = kit.nodeAt(start, length)
  const declaration = kit.up(node, (at) => ts.isImportDeclaration(at) || ts.isExportDeclaration(at))
  if (!declaration?.moduleSpecifier) return
  const module = checker.getSymbolAtLocation(declaration.moduleSpecifier)
  const exported = module ? checker.getExportsOfModule(module).map(({ name }) => name) : []
  const clause = declaration.importClause
  if (clause && (code === 1192 || code === 2613) && clause.name) {
    const name = clause.name.text
    if (exported.includes(name)) yield { name: 'named-import', cost: 1, edits: [kit.replace(clause.name, `{ ${name} }`)] }
    for (const { name: other, likeness } of kit.alike(name, exported)) {
      yield { name: 'named-import', cost: 2.6 - likeness, edits: [kit.replace(clause.name, `{ ${other} as ${name} }`)] }
    }
    if (exported.length === 1) yield { name: 'named-import', cost: 2, edits: [kit.replace(clause.name, `{ ${exported[0]} as ${name} }`)] }
    if (exported.length > 0) yield { name: 'namespace-import', cost: 3.5, edits: [kit.replace(clause.name, `* as ${name}`)] }
    return
  }
  const specifier = kit.up(node, (at) => ts.isImportSpecifier(at) || ts.isExportSpecifier(at))
  if (!specifier) return
  const wrong = (specifier.propertyName ?? specifier.name).text
  const local = specifier.name.text
  if (exported.includes('default') && clause && clause.namedBindings?.elements?.length === 1 && !clause.name) {
    yield { name: 'default-import', cost: 1.5, edits: [kit.replace(clause.namedBindings, local)] }
  }
  for (const { name, likeness } of kit.alike(wrong, exported.filter((one) => one !== 'default'), 0.4)) {
    yield { name: 'spelling', cost: 2.7 - likeness, edits: [kit.replace(specifier, `${name} as ${local}`)] }
    const renamed = occurrences(kit, local).map((one) => kit.replace(one, name))
    yield { name: 'spelling', cost: 2.5 - likeness, edits: [kit.replace(specifier, name), ...renamed.filter(({ start }) => start !== specifier.getStart(kit.source))] }
  }
  // Somewhere else in the project.
  for (const file of ownFiles(kit)) {
    const other = kit.program.getSourceFile(file)
    const symbol = other && checker.getSymbolAtLocation(other)
    if (!symbol || other === kit.source || !checker.getExportsOfModule(symbol).some(({ name }) => name === wrong)) continue
    const path = specifierTo(kit.file, file, kit.code(declaration.moduleSpecifier))
    const single = clause?.namedBindings?.elements?.length === 1 && !clause.name
    if (single) yield { name: 'moved-import', cost: 1.4, edits: [kit.replace(declaration.moduleSpecifier, path)] }
    else {
      const list = clause?.namedBindings?.elements ?? []
      const at = list.indexOf(specifier)
      const from = at > 0 ? list[at - 1].end : specifier.getStart(kit.source)
      const to = at > 0 ? specifier.end : (list[at + 1]?.getStart(kit.source) ?? specifier.end)
      yield { name: 'moved-import', cost: 1.6, edits: [{ start: from, end: to, text: '' }, kit.insert(declaration.end, `\nimport ${clause.isTypeOnly ? 'type ' : ''}{ ${kit.code(specifier)} } from ${path};`)] }
    }
  }
}

function occurrences(kit, name) {
  const found = []
  const visit = (node) => {
    if (kit.ts.isIdentifier(node) && node.text === name && !kit.up(node, (at) => kit.ts.isImportDeclaration(at))
      && !(kit.ts.isPropertyAccessExpression(node.parent) && node.parent.name === node)) found.push(node)
    kit.ts.forEachChild(node, visit)
  }
  visit(kit.source)
  return found
}

function ownFiles(kit) {
  return kit.project.files.slice(0, FILES_MAX)
}

/** 'quoted' path from one file to another, as the one before was written. */
function specifierTo(from, to, before) {
  const quote = before[0]
  let path = relative(dirname(from), to).replaceAll('\\', '/')
  if (!path.startsWith('.')) path = `./${path}`
  const extension = /\.(m|c)?[jt]sx?['"]$/.exec(before)?.[0]?.slice(0, -1)
  path = path.replace(/(\/index)?\.d\.ts$|\.[cm]?[jt]sx?$/, (end) => extension ? (extension.startsWith('.j') || extension.startsWith('.m') ? end.replace('t', 'j').replace('jsx', 'js') : end) : '')
  if (!extension) path = path.replace(/\/index$/, '') || '.'
  return `${quote}${path}${quote}`
}

function* unknownModule(kit, { start, length }) {
  const quoted = kit.text.slice(start, start + length)
  const wrong = quoted.slice(1, -1)
  const node = kit.nodeAt(start, length)
  if (!/^(['"]).*\1$/.test(quoted)) return
  const declaration = kit.up(node, (at) => kit.ts.isImportDeclaration(at))
  const wanted = (declaration?.importClause?.namedBindings?.elements ?? []).map((one) => (one.propertyName ?? one.name).text)
  if (!wrong.startsWith('.')) {
    yield* packages(kit, node, quoted, wrong)
  }
  const base = basename(wrong).replace(/\.[cm]?[jt]sx?$/, '')
  const target = resolve(dirname(kit.file), wrong)
  const list = []
  for (const file of ownFiles(kit)) {
    if (file === kit.file || file.includes('/node_modules/')) continue
    const parts = basename(file).replace(/(\.d)?\.[cm]?[jt]sx?$/, '')
    const name = parts === 'index' && base !== 'index' ? basename(dirname(file)) : parts
    const source = kit.program.getSourceFile(file)
    const symbol = source && kit.checker.getSymbolAtLocation(source)
    const exported = symbol ? kit.checker.getExportsOfModule(symbol).map(({ name }) => name) : []
    const gives = wanted.length > 0 && wanted.every((one) => exported.includes(one)) ? 1 : 0
    const alike = name === base ? 1 : likeness(name, base)
    const near = likeness(relative('/', file), relative('/', target))
    if (alike >= 0.5 || gives) list.push({ file, worth: alike + gives * 1.5 + near * 0.3 })
  }
  list.sort((a, b) => b.worth - a.worth)
  for (const { file, worth } of list.slice(0, 4)) {
    yield { name: 'module-path', cost: 4 - Math.min(3, worth), edits: [kit.replace(node, specifierTo(kit.file, file, quoted))] }
  }
}

/** A package whose name is misspelt: those that the project depends on. */
function* packages(kit, node, quoted, wrong) {
  const manifest = join(kit.projects.root, 'package.json')
  let known = []
  try {
    const { dependencies = {}, devDependencies = {}, peerDependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8'))
    known = Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies })
  } catch {
    return
  }
  const [scope, ...rest] = wrong.split('/')
  for (const { name, likeness } of kit.alike(wrong, known, 0.6)) {
    yield { name: 'package', cost: 2.5 - likeness, edits: [kit.replace(node, `${quoted[0]}${name}${quoted[0]}`)] }
  }
  for (const { name, likeness } of kit.alike(scope, known, 0.6)) {
    if (rest.length > 0) yield { name: 'package', cost: 2.5 - likeness, edits: [kit.replace(node, `${quoted[0]}${[name, ...rest].join('/')}${quoted[0]}`)] }
  }
  const folder = join(kit.projects.root, 'node_modules', scope)
  if (rest.length > 0 && existsSync(folder)) {
    for (const { name, likeness } of kit.alike(rest.join('/'), readdirSync(folder).map((one) => one.replace(/\.d\.ts$|\.js$/, '')), 0.5)) {
      yield { name: 'package', cost: 2.7 - likeness, edits: [kit.replace(node, `${quoted[0]}${scope}/${name}${quoted[0]}`)] }
    }
  }
}
