// How a project writes its tests: where they lie, what they are called, through which helpers they
// render, which fixtures it has, how its code is set.

import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'

const FILES_MAX = 20000
const DEPTH_MAX = 12
const HELPERS_MAX = 40
const READ_MAX = 60 // tests that are looked at for style
const TEST = /[._-](test|spec)\.[cm]?[jt]sx?$/
const CODE = /\.[cm]?[jt]sx?$/
const SKIPPED = new Set(['node_modules', '.git', 'dist', 'build', 'coverage', '.next', 'out', 'e2e', 'playwright', 'cypress'])

export function isTest(file) {
  return TEST.test(file) || /\/__tests__\/[^/]+$/.test(file)
}

/** All source files below a folder, in order. */
export function filesBelow(root) {
  const found = []
  const walk = (folder, depth) => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name)
      if (entry.isDirectory() && depth < DEPTH_MAX && !SKIPPED.has(entry.name) && !entry.name.startsWith('.')) walk(path, depth + 1)
      else if (entry.isFile() && CODE.test(entry.name) && !entry.name.endsWith('.d.ts') && found.length < FILES_MAX) found.push(path)
    }
  }
  walk(root, 0)
  return found
}

/** Whether the project's compiler reads such a file: JavaScript only where it is told to. */
export function isRead(projects, file) {
  return !/\.[cm]?jsx?$/.test(file) || projects.of(file).options.allowJs === true
}

export class Habits {
  /** `root`: of the package; `files`: absolute, what tests are for. Types that are read here and
   *  those of the files are of one program until one of its texts changes. */
  constructor(ts, projects, root, files) {
    this.ts = ts
    this.root = root
    const all = filesBelow(root)
    this.tests = all.filter(isTest)
    this.manifest = readManifest(root)
    const texts = this.tests.slice(0, READ_MAX).map((file) => readFileSync(file, 'utf8'))
    const candidates = all.filter((file) => !isTest(file) && isHelper(root, file) && isRead(projects, file)).slice(0, HELPERS_MAX)
    this.#style(texts.length > 0 ? texts : all.slice(0, 20).map((file) => readFileSync(file, 'utf8')))
    this.#layout(all)
    this.#setup(all)
    for (const file of [...files, ...candidates]) projects.of(file).errors(file)
    this.exports = candidates.flatMap((file) => exportsOf(ts, projects, file))
    this.fixtures = this.exports.filter(({ kind }) => kind === 'fixture')
    this.#helpers()
  }

  has(name) {
    return existsSync(join(this.root, 'node_modules', name, 'package.json')) || name in (this.manifest.dependencies ?? {}) || name in (this.manifest.devDependencies ?? {})
  }

  quote = (text) => {
    const json = JSON.stringify(text)
    if (this.quotes === '"') return json
    if (text.includes("'") && !text.includes('"')) return json
    return `'${json.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
  }

  #style(texts) {
    const count = (pattern) => texts.reduce((sum, text) => sum + (text.match(pattern)?.length ?? 0), 0)
    this.quotes = count(/from '/g) >= count(/from "/g) ? "'" : '"'
    this.semicolons = count(/^import .*;$/gm) * 2 >= count(/^import .*$/gm)
    const widths = texts.flatMap((text) => [...text.matchAll(/^( +)\S/gm)].map(([, blanks]) => blanks.length)).filter((width) => width > 1)
    this.indent = count(/^\t/gm) > widths.length ? '\t' : ' '.repeat(widths.length > 0 && !widths.some((width) => width % 4 !== 0) ? 4 : 2)
    this.each = count(/^\s*test\(/gm) > count(/^\s*it\(/gm) ? 'test' : 'it'
    this.extensions = count(/from ['"]\.[^'"]*\.[jt]sx?['"]/g) > count(/from ['"]\.[^'"]*['"]/g) / 2
    const ends = texts.flatMap((text) => [...text.matchAll(/from ['"]\.[^'"]*?(\.[jt]sx?)['"]/g)].map(([, end]) => end))
    this.jsExtensions = ends.some((end) => /js/.test(end))
  }

  /** Beside the source, in __tests__ beside it, or in a folder of tests that mirrors the sources. */
  #layout(all) {
    const words = { test: 0, spec: 0 }
    const places = { beside: 0, __tests__: 0, tests: 0 }
    for (const file of this.tests) {
      words[/[._-]spec\./.test(file) ? 'spec' : 'test']++
      const path = relative(this.root, file)
      if (/(^|\/)__tests__\//.test(path)) places.__tests__++
      else if (/^tests?\//.test(path)) places.tests++
      else places.beside++
    }
    this.word = words.spec > words.test ? 'spec' : 'test'
    this.folder = ['tests', 'test'].find((name) => existsSync(join(this.root, name)))
    const most = Math.max(...Object.values(places))
    this.place = most > 0 ? Object.keys(places).find((key) => places[key] === most) : this.folder && all.some((file) => file.startsWith(join(this.root, this.folder) + '/')) ? 'tests' : 'beside'
    if (this.place === 'tests' && !this.folder) this.place = 'beside'
    // A few suites lie flat in their folder.
    this.flat = this.place === 'tests' && this.tests.length > 2 && this.tests.every((file) => dirname(file) === join(this.root, this.folder))
  }

  #setup(all) {
    const config = ['vitest.config', 'vite.config'].flatMap((name) => ['.ts', '.mts', '.js', '.mjs', '.cts', '.cjs'].map((end) => join(this.root, name + end))).find(existsSync)
    this.config = config ? readFileSync(config, 'utf8') : ''
    const named = [...(/setupFiles:\s*(\[[^\]]*\]|['"][^'"]+['"])/.exec(this.config)?.[1] ?? '').matchAll(/['"]([^'"]+)['"]/g)].map(([, name]) => join(this.root, name))
    const files = named.filter((file) => existsSync(file) && statSync(file).isFile())
    const texts = [...files, ...all.filter((file) => isHelper(this.root, file))].map((file) => readFileSync(file, 'utf8')).join('\n')
    this.jestDom = /@testing-library\/jest-dom/.test(texts) && this.has('@testing-library/jest-dom')
    this.mocksCharts = /mock\(\s*['"]react-chartjs-2['"]/.test(texts) || existsSync(join(this.root, '__mocks__/react-chartjs-2.tsx')) || existsSync(join(this.root, '__mocks__/react-chartjs-2.ts'))
    this.globals = /globals:\s*true/.test(this.config)
    this.environment = /environment:\s*['"]([\w-]+)['"]/.exec(this.config)?.[1] ?? 'node'
    this.dom = this.environment !== 'node' ? this.environment : ['happy-dom', 'jsdom'].find((name) => this.has(name))
  }

  #helpers() {
    const best = (name) => this.exports.find((one) => one.name === name && one.kind === 'render') ?? this.exports.find((one) => one.kind === 'render' && new RegExp(`^${name}(With|In|App)`).test(one.name))
    this.render = best('render')
    this.renderHook = best('renderHook')
    this.freeze = this.exports.find(({ name, kind }) => kind === 'call' && /^(freeze|fix|mock|fake|set)\w*(Date|Time|Clock|Now)$/i.test(name))
    this.viewport = this.exports.find(({ name, kind }) => kind === 'width' && /viewport|matchMedia|screen|width/i.test(name))
  }

  /** Where a name of Testing Library comes from here. */
  library(name) {
    const own = this.exports.find((one) => one.name === name && (one.kind === 'render' || one.kind === 'library'))
    return own && this.render ? own.file : '@testing-library/react'
  }

  /** Absolute path of a new test of a source. */
  pathOf(source, isTsx) {
    const end = /\.[cm]?js/.test(source) ? (isTsx ? '.jsx' : '.js') : isTsx ? '.tsx' : '.ts'
    const stem = basename(source).replace(CODE, '')
    const path = relative(this.root, dirname(source))
    const folder = this.place === 'tests' ? join(this.root, this.folder, this.flat ? '' : path.replace(/^(src|lib|app)(\/|$)/, ''))
      : this.place === '__tests__' ? join(dirname(source), '__tests__') : dirname(source)
    for (const middle of ['', '.generated', ...Array.from({ length: 9 }, (_, index) => `.generated${index + 2}`)]) {
      const file = join(folder, `${stem}${middle}.${this.word}${end}`)
      if (!existsSync(file)) return file
    }
    return undefined
  }

  /** What an import of `file` is called in a test. */
  specifier(from, file) {
    if (!file.startsWith('/')) return file
    const path = relative(dirname(from), file).replaceAll('\\', '/')
    const bare = path.startsWith('.') ? path : `./${path}`
    const end = this.extensions ? (this.jsExtensions ? '.js' : /\.[cm]?[jt]sx?$/.exec(bare)[0]) : ''
    return bare.replace(CODE, end).replace(/\/index$/, this.extensions ? '/index' : '')
  }
}

function readManifest(root) {
  try {
    return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  } catch {
    return {}
  }
}

/** Whether a file serves tests and is none: fixtures, mocks, set-up. */
export function isHelper(root, file) {
  const path = relative(root, file)
  return /^(tests?|__tests__|spec)\//.test(path) || /(^|\/)(test-?utils?|testing|test-?helpers?|__fixtures__|fixtures?|__mocks__|factories|mocks|setup-?tests?)(\/|\.)/i.test(path)
}

/** [{name, file, type, kind, call, options}] of a helper's exports. */
function exportsOf(ts, projects, file) {
  const project = projects.of(file)
  project.errors(file)
  const program = project.service.getProgram()
  const node = program?.getSourceFile(file)
  const symbol = node && program.getTypeChecker().getSymbolAtLocation(node)
  if (!symbol) return []
  const checker = program.getTypeChecker()
  return checker.getExportsOfModule(symbol).map((one) => {
    const target = one.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(one) : one
    if (!(target.flags & ts.SymbolFlags.Value) || one.name === 'default') return undefined
    const declaration = target.valueDeclaration ?? target.declarations?.[0]
    if (!declaration) return undefined
    const type = checker.getTypeOfSymbolAtLocation(target, declaration)
    return { name: one.name, file, declaration, checker, ...sortOf(ts, checker, one.name, type, declaration, file) }
  }).filter(Boolean)
}

function sortOf(ts, checker, name, type, declaration, file) {
  const [signature] = type.getCallSignatures()
  const foreign = declaration.getSourceFile().fileName !== file
  if (foreign) return { kind: 'library', type }
  if (!signature) return { kind: 'fixture', type, call: false }
  const given = signature.parameters.map((one) => checker.getTypeOfSymbolAtLocation(one, declaration))
  if (/^render/.test(name) && given.length > 0 && given.length <= 2) {
    const returned = new Set(signature.getReturnType().getProperties().map((one) => one.name))
    return { kind: 'render', type, returned, options: given[1] && checker.getNonNullableType(given[1]) }
  }
  const needed = signature.parameters.filter((one) => !one.valueDeclaration?.questionToken && !one.valueDeclaration?.initializer)
  const returned = signature.getReturnType()
  if (needed.length === 0 && returned.flags & ts.TypeFlags.Void) return { kind: 'call', type }
  if (needed.length === 0) return { kind: 'fixture', type: returned, call: true }
  if (needed.length === 1 && given[0].flags & ts.TypeFlags.NumberLike) return { kind: 'width', type, returns: returned }
  return { kind: 'other', type }
}
