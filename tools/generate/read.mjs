// What a source exports, what of the world it uses, and which values its code mentions.

import { existsSync } from 'node:fs'
import { dirname } from 'node:path'

const CLOSURE_MAX = 300 // files that a source imports, looked at for what they use

/** {file, text, node, exports, strings, numbers, members, errors, keys, storage, world, imports};
 *  undefined: the compiler does not know the file. */
export function read(ts, project, file) {
  project.errors(file) // takes in what the configuration leaves out
  const program = project.service.getProgram()
  const node = program?.getSourceFile(file)
  if (!node) return undefined
  const checker = program.getTypeChecker()
  const symbol = checker.getSymbolAtLocation(node)
  const exports = symbol ? checker.getExportsOfModule(symbol).map((one) => exported(ts, checker, node, one)).filter(Boolean) : []
  const said = mentions(ts, node)
  const closure = reach(ts, program, node)
  return { file, text: node.text, node, checker, exports, ...said, errors: errorsOf(ts, checker, closure.slice(0, 8)), near: [...new Set(closure.slice(1, 9).flatMap((one) => mentions(ts, one).storage))], routes: routesOf(closure), world: worldOf(closure), closure: closure.map(({ fileName }) => fileName) }
}

function exported(ts, checker, source, symbol) {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  if (!(target.flags & ts.SymbolFlags.Value)) return undefined
  const declaration = target.valueDeclaration ?? target.declarations?.[0]
  if (!declaration || declaration.getSourceFile() !== source) return undefined // handed on
  const whole = checker.getTypeOfSymbolAtLocation(target, declaration)
  // A component that is a function or a class, nobody says which.
  const type = (whole.isUnion() && whole.types.find((one) => one.getCallSignatures().length > 0)) || whole
  const isDefault = symbol.name === 'default'
  const name = isDefault ? nameOfDefault(ts, declaration, source) : symbol.name
  return { name, isDefault, declaration, type, kind: kindOf(ts, checker, name, type, source), signature: type.getCallSignatures()[0] }
}

function nameOfDefault(ts, declaration, source) {
  const own = declaration.name?.text ?? (ts.isExportAssignment(declaration) && ts.isIdentifier(declaration.expression) ? declaration.expression.text : undefined)
  return own ?? source.fileName.replace(/^.*\//, '').replace(/\.[^.]+$/, '').replace(/\W+(\w)/g, (_, letter) => letter.toUpperCase())
}

function kindOf(ts, checker, name, type, source) {
  const [signature] = type.getCallSignatures()
  if (type.getConstructSignatures().length > 0 && !signature) {
    const made = checker.typeToString(type.getConstructSignatures()[0].getReturnType())
    return /x$/.test(source.fileName) && type.getConstructSignatures()[0].getReturnType().getProperty('render') ? 'component' : made ? 'class' : undefined
  }
  if (!signature) return 'constant'
  if (/^use[A-Z0-9]/.test(name)) return 'hook'
  if (/^[A-Z]/.test(name) && /x$/.test(source.fileName) && (signature.parameters.length <= 2)) return 'component'
  return 'function'
}

/** The values that the code mentions, as what to try, and the members that it asks for. */
function mentions(ts, source) {
  const found = { strings: new Set(), numbers: new Set(), members: new Set(), keys: new Set(), storage: new Set(), calls: new Set() }
  const constants = new Map()
  const visit = (node) => {
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return
    if (ts.isVariableDeclaration(node) && node.initializer && ts.isStringLiteralLike(node.initializer) && ts.isIdentifier(node.name)) constants.set(node.name.text, node.initializer.text)
    if (ts.isStringLiteralLike(node) && !ts.isJsxAttribute(node.parent)) found.strings.add(node.text)
    if (ts.isNumericLiteral(node)) found.numbers.add(Number(node.text))
    if (ts.isPropertyAccessExpression(node)) found.members.add(node.name.text)
    if (ts.isBindingElement(node)) found.members.add((node.propertyName ?? node.name).getText(source))
    if (ts.isCallExpression(node)) {
      const name = node.expression.getText(source)
      found.calls.add(name)
      const [first] = node.arguments
      if (/(local|session)Storage\.(get|set|remove)Item$/.test(name) && first) found.storage.add(`${/session/.test(name) ? 'session' : 'local'}Storage ${ts.isStringLiteralLike(first) ? first.text : constants.get(first.getText(source)) ?? ''}`)
    }
    if (ts.isBinaryExpression(node) && /\.(key|code)$/.test(node.left.getText(source)) && ts.isStringLiteralLike(node.right)) found.keys.add(node.right.text)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return Object.fromEntries(Object.entries(found).map(([key, set]) => [key, key === 'members' || key === 'calls' ? set : [...set]]))
}

/** The source and all of the project that it imports. */
function reach(ts, program, source) {
  const found = [source]
  for (let at = 0; at < found.length && found.length < CLOSURE_MAX; at++) {
    for (const name of importsOf(ts, found[at])) {
      const { resolvedModule } = ts.resolveModuleName(name, found[at].fileName, program.getCompilerOptions(), ts.sys)
      const file = resolvedModule && !resolvedModule.isExternalLibraryImport && program.getSourceFile(resolvedModule.resolvedFileName)
      if (file && !file.isDeclarationFile && !found.includes(file)) found.push(file)
    }
  }
  return found
}

export function importsOf(ts, source) {
  return source.statements
    .filter((one) => (ts.isImportDeclaration(one) && !one.importClause?.isTypeOnly || ts.isExportDeclaration(one)) && one.moduleSpecifier && ts.isStringLiteral(one.moduleSpecifier))
    .map((one) => one.moduleSpecifier.text)
}

function errorsOf(ts, checker, files) {
  const found = []
  for (const file of files) {
    for (const one of file.statements) {
      const based = ts.isClassDeclaration(one) && one.name && one.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) && one.heritageClauses?.some((clause) => /Error$/.test(clause.types[0]?.expression.getText(file) ?? ''))
      const maker = based && one.members.find((member) => ts.isConstructorDeclaration(member))
      if (maker) found.push({ name: one.name.text, file: file.fileName, parameters: maker.parameters.map((parameter) => checker.typeToString(checker.getTypeAtLocation(parameter))) })
    }
  }
  return found
}

/** Places of the application that its code names. */
function routesOf(files) {
  const found = new Set()
  for (const { text } of files.slice(0, 30)) {
    for (const [, route] of text.matchAll(/\b(?:path|to|href)=\{?['"`](\/?[\w/-]*)['"`]/g)) found.add(route.startsWith('/') ? route : `/${route}`)
  }
  return found.size > 0 ? [...found, '/no-such-page'].slice(0, 8) : []
}

function worldOf(files) {
  const text = files.map((one) => one.text).join('\n')
  return {
    date: /new Date\(\)|Date\.now\(|toLocale|Intl\./.test(text) && /new Date\(\)|Date\.now\(/.test(text),
    timers: /set(Timeout|Interval)\(/.test(files[0].text),
    fetch: /\bfetch\(|axios/.test(text),
    matchMedia: /matchMedia\(/.test(text),
    charts: [...new Set([...text.matchAll(/import \{([^}]*)\} from ['"]react-chartjs-2['"]/g)].flatMap(([, names]) => names.split(',').map((name) => name.trim().replace(/ as .*/, '')).filter((name) => /^[A-Z]\w*$/.test(name))))],
    object: /createObjectURL/.test(files[0].text),
  }
}

/** The project of a file: the nearest folder with a package.json, not above the root. */
export function packageOf(root, file) {
  let folder = dirname(file)
  while (folder.length > root.length && !existsSync(`${folder}/package.json`)) folder = dirname(folder)
  return folder
}
