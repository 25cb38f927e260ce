// Runs many variants of a few files under one vitest: each variant is a copy of the files beside
// the others, and all copies share workers. Whether a variant passes is only an answer for now:
// the validator runs the command itself.

import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const FOLDER = 'troupe-variants'
const CONFIG = 'troupe-variants.config.mjs'
const SETUP = 'troupe-variants.setup.mjs'
const CONFIGS = ['vitest.config', 'vite.config'].flatMap((name) => ['.ts', '.mts', '.js', '.mjs', '.cts', '.cjs'].map((end) => name + end))
const TEST_MS = 1500
const LOOPS_MAX = 100_000 // rounds of all loops in one test
const TWO_FROM = 60 // variants, for which a second worker is worth its start

export class Vitest {
  #ts
  #root
  #runs = 0

  constructor(ts, root) {
    this.#ts = ts
    this.#root = root
  }

  static serves(root) {
    return existsSync(join(root, 'node_modules/vitest/vitest.mjs'))
  }

  /** [{passed: names, failed: names, seen: name -> marks}], one per variant: path -> text of what
   *  differs from `files`, the absolute paths of all that the tests need. */
  async run(files, tests, variants, ms) {
    const number = ++this.#runs
    const folder = join(this.#root, `${FOLDER}-${number}`)
    const log = join(folder, 'log')
    try {
      for (const [index, texts] of variants.entries()) this.#lay(join(folder, String(index)), files, texts)
      this.#configure(folder, log, tests, variants.length)
      await this.#start(folder, ms)
      return read(log, variants.length)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }

  #lay(folder, files, texts) {
    for (const file of files) {
      const to = join(folder, relative(this.#root, file))
      mkdirSync(dirname(to), { recursive: true })
      if (texts.has(file)) writeFileSync(to, this.#bounded(file, texts.get(file)))
      else cpSync(file, to)
    }
  }

  /** A loop without end must end. */
  #bounded(file, text) {
    const ts = this.#ts
    if (!/\b(for|while|do)\b/.test(text)) return text
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
    const places = []
    const visit = (node) => {
      if (ts.isIterationStatement(node, false) && ts.isBlock(node.statement)) places.push(node.statement.getStart(source) + 1)
      ts.forEachChild(node, visit)
    }
    visit(source)
    return places.sort((a, b) => b - a).reduce((made, at) => `${made.slice(0, at)} globalThis.__troupe_loop?.();${made.slice(at)}`, text)
  }

  #configure(folder, log, tests, count) {
    const own = CONFIGS.find((name) => existsSync(join(this.#root, name)))
    const include = Array.from({ length: count }, (_, index) => tests.map((test) => `${relative(this.#root, folder)}/${index}/${relative(this.#root, test)}`)).flat()
    const workers = count >= TWO_FROM ? 2 : 1
    writeFileSync(join(folder, SETUP), setup(log))
    writeFileSync(join(folder, CONFIG), `
${own ? `import found from ${JSON.stringify(join(this.#root, own))}` : 'const found = {}'}
export default async (env) => {
  const config = { ...(typeof found === 'function' ? await found(env) : await found) }
  const test = { ...config.test }
  for (const key of ['projects', 'workspace', 'coverage', 'typecheck', 'benchmark', 'outputFile', 'dir']) delete test[key]
  config.test = { ...test, include: ${JSON.stringify(include)}, exclude: [], watch: false, pool: 'forks', isolate: false, maxWorkers: ${workers}, minWorkers: 1,
    poolOptions: { forks: { isolate: false, singleFork: ${workers === 1}, maxForks: ${workers}, minForks: 1 } }, fileParallelism: ${workers > 1},
    setupFiles: [...[test.setupFiles ?? []].flat(), ${JSON.stringify(join(folder, SETUP))}], testTimeout: ${TEST_MS}, hookTimeout: ${TEST_MS}, teardownTimeout: 500,
    retry: 0, bail: 0, coverage: { enabled: false }, reporters: ['json'], outputFile: ${JSON.stringify(join(folder, 'report.json'))}, silent: true, dangerouslyIgnoreUnhandledErrors: true, cache: false }
  return config
}
`)
  }

  #start(folder, ms) {
    const program = join(this.#root, 'node_modules/vitest/vitest.mjs')
    const child = spawn(process.execPath, [program, 'run', '--root', this.#root, '--config', join(folder, CONFIG)], { cwd: this.#root, stdio: ['ignore', 'ignore', process.env.TROUPE_DEBUG ? 'inherit' : 'ignore'], env: { ...process.env, CI: '1', NODE_ENV: 'test' }, detached: true })
    return new Promise((resolve) => {
      const end = () => {
        try {
          process.kill(-child.pid, 'SIGKILL')
        } catch {
          // It has ended, and all that it started.
        }
      }
      const timer = setTimeout(end, Math.max(1000, ms))
      child.on('error', resolve)
      child.on('exit', () => {
        clearTimeout(timer)
        end()
        resolve()
      })
    })
  }
}

/** What each test writes when it is over; what stays of it in the page goes. */
function setup(log) {
  return `
import { afterEach, beforeEach, vi } from 'vitest'
import { appendFileSync } from 'node:fs'
let library
try { library = await import('@testing-library/react') } catch {}
try { (library ?? await import('@testing-library/dom')).configure({ asyncUtilTimeout: 300 }) } catch {}
let rounds = 0
let marks = new Set()
globalThis.__troupe_loop = () => { if (++rounds > ${LOOPS_MAX}) throw new Error('a loop without end') }
globalThis.__troupe_mark = (mark) => { marks.add(mark) }
beforeEach(() => { rounds = 0; marks = new Set() })
afterEach(({ task }) => {
  const names = []
  for (let at = task; at && at !== task.file; at = at.suite) names.unshift(at.name)
  appendFileSync(${JSON.stringify(log)}, JSON.stringify({ file: task.file.name, test: names.join(' > '), state: task.result?.state ?? 'run', marks: [...marks] }) + '\\n')
  try { library?.cleanup?.() } catch {}
  if (typeof document !== 'undefined') { document.body.innerHTML = ''; try { localStorage.clear(); sessionStorage.clear() } catch {} }
  vi.useRealTimers()
  vi.restoreAllMocks()
})
`
}

function read(log, count) {
  const results = Array.from({ length: count }, () => ({ passed: new Set(), failed: new Set(), marks: new Map() }))
  if (!existsSync(log)) return results
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    if (line === '') continue
    let entry
    try {
      entry = JSON.parse(line)
    } catch {
      continue // cut off with its process
    }
    const [, index, rest] = /^[^/]*\/(\d+)\/(.*)$/.exec(entry.file) ?? []
    const result = results[Number(index)]
    if (!result) continue
    const name = `${rest} > ${entry.test}`
    ;(entry.state === 'pass' ? result.passed : result.failed).add(name)
    result.marks.set(name, entry.marks)
  }
  return results
}
