// Which runners a project has, told by its files alone: nothing of it is run.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

const DIRS_MAX = 20_000 // looked into
const DEPTH_MAX = 8
const PACKAGES_MAX = 500
const CONFIG = /\.(js|cjs|mjs|ts|cts|mts|json)$/

/** [{runner, dir}]: dir is relative to root, '' for root itself. */
export function detect(root) {
  const folders = foldersOf(root)
  const packages = packagesOf(root, folders)
  const found = jsRunners(root, '', packages.length > 0)
  const taken = found.map(({ runner }) => runner)
  for (const dir of packages) {
    // What the root runs, it runs for all packages.
    found.push(...jsRunners(root, dir, false).filter(({ runner }) => !taken.includes(runner)))
  }
  found.push(...otherRunners(root, folders))
  return found.length > 0 ? found : lastGuess(root)
}

// ---- packages of JavaScript ----

/** The root of a workspace has dependencies for its packages, so these prove nothing there. */
function jsRunners(root, dir, isWorkspace) {
  const manifest = json(join(root, dir, 'package.json'))
  if (!manifest) return []
  const names = entriesOf(join(root, dir)).map(({ name }) => name)
  const hasConfig = (name) => names.some((file) => file.startsWith(`${name}.`) && CONFIG.test(file))
  const runs = (command) => new RegExp(`(^|[^\\w@/.-])${command}($|[^\\w/.-])`).test(String(manifest.scripts?.test ?? ''))
  const depends = (name) => !isWorkspace && ['dependencies', 'devDependencies'].some((key) => manifest[key]?.[name])
  const vitest = ['vitest.config', 'vitest.workspace', 'vitest.projects'].some(hasConfig) || runs('vitest') || depends('vitest')
  // Who has moved to vitest may still have jest installed.
  const jest = hasConfig('jest.config') || manifest.jest || runs('jest') || (!vitest && depends('jest'))
  const playwright = runs('playwright test') || (!vitest && !jest && hasConfig('playwright.config'))
  return Object.entries({ vitest, jest, playwright }).filter(([, is]) => is).map(([runner]) => ({ runner, dir }))
}

function packagesOf(root, folders) {
  const { workspaces } = json(join(root, 'package.json')) ?? {}
  const globs = [...asList(workspaces?.packages ?? workspaces), ...pnpmGlobs(text(join(root, 'pnpm-workspace.yaml')))]
  const wanted = globs.filter((glob) => !glob.startsWith('!')).map(expression)
  const unwanted = globs.filter((glob) => glob.startsWith('!')).map((glob) => expression(glob.slice(1)))
  return folders
    .filter((dir) => wanted.some((one) => one.test(dir)) && !unwanted.some((one) => one.test(dir)))
    .filter((dir) => existsSync(join(root, dir, 'package.json')))
    .slice(0, PACKAGES_MAX)
}

function asList(value) {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}

/** The list `packages` of pnpm-workspace.yaml. */
function pnpmGlobs(yaml) {
  const [, block = ''] = /^packages:[ \t]*\r?\n((?:[ \t]*(?:-.*|#.*)?(?:\r?\n|$))*)/m.exec(yaml) ?? []
  return [...block.matchAll(/^[ \t]*-[ \t]*(?:"([^"]*)"|'([^']*)'|([^\s#]+))/gm)].map(([, a, b, c]) => a ?? b ?? c)
}

function expression(glob) {
  const parts = posix.normalize(glob).replace(/\/$/, '').split('/')
  const body = parts.map((part) => part === '**' ? '(?:[^/]+/)*' : `${part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&').replaceAll('*', '[^/]*')}/`).join('')
  return new RegExp(`^${body.replace(/\/$/, '')}${glob.endsWith('**') ? '[^/]+' : ''}$`)
}

// ---- other languages ----

function otherRunners(root, folders) {
  const has = (name) => existsSync(join(root, name))
  const says = (name, what) => what.test(text(join(root, name)))
  const found = []
  if (has('pytest.ini') || has('.pytest.ini') || says('pyproject.toml', /^\[tool\.pytest\b/m)
    || says('setup.cfg', /^\[tool:pytest\]/m) || says('tox.ini', /^\[pytest\]/m)) found.push('pytest')
  if (has('go.mod') && ['', ...folders].some((dir) => entriesOf(join(root, dir)).some(({ name }) => name.endsWith('_test.go')))) found.push('go')
  if (has('Cargo.toml')) found.push('cargo')
  if (ctestDir(root) !== undefined) found.push('ctest')
  return found.map((runner) => ({ runner, dir: '' }))
}

/** The folder that CMake has made the tests in; undefined if there is none. */
export function ctestDir(root) {
  const folders = entriesOf(root).filter((entry) => entry.isDirectory() && /^(cmake-)?(build|out)/.test(entry.name)).map(({ name }) => name)
  const inner = folders.flatMap((dir) => entriesOf(join(root, dir)).filter((entry) => entry.isDirectory()).map(({ name }) => join(dir, name)))
  return ['', 'build', ...folders, ...inner].find((dir) => existsSync(join(root, dir, 'CMakeCache.txt')) && existsSync(join(root, dir, 'CTestTestfile.cmake')))
}

/** Where nothing else is found, less is enough. */
function lastGuess(root) {
  const isTest = ({ name }) => /^(test_.*|.*_test|conftest)\.py$/.test(name)
  const python = ['', 'tests', 'test'].some((dir) => entriesOf(join(root, dir)).some(isTest))
  const cmake = /\b(enable_testing|include\s*\(\s*CTest)\b/i.test(text(join(root, 'CMakeLists.txt')))
  return [python && 'pytest', cmake && 'ctest'].filter(Boolean).map((runner) => ({ runner, dir: '' }))
}

// ---- files ----

/** Folders below root, relative, breadth first; not those of packages and tools. */
function foldersOf(root) {
  const found = []
  let level = ['']
  for (let depth = 0; depth < DEPTH_MAX && level.length > 0; depth++) {
    level = level.flatMap((dir) => entriesOf(join(root, dir))
      .filter((entry) => entry.isDirectory() && !/^(\.|node_modules$|target$|vendor$|dist$)/.test(entry.name))
      .map(({ name }) => posix.join(dir, name)))
    found.push(...level)
    if (found.length > DIRS_MAX) break
  }
  return found.slice(0, DIRS_MAX).sort()
}

function entriesOf(path) {
  try {
    return readdirSync(path, { withFileTypes: true })
  } catch {
    return []
  }
}

function text(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function json(path) {
  try {
    const value = JSON.parse(text(path))
    return value && typeof value === 'object' ? value : undefined
  } catch {
    return undefined
  }
}
