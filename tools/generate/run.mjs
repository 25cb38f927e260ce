// Runs test files under the project's own vitest: what they observe, whether they pass, which
// mutants they notice.

import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const FOLDER = 'troupe-generate'
const WITH_POOL_OPTIONS = /^[0-3]\./
const SETS_UP_ONCE = /^[01]\./ // without isolation, in a process and not in each file
const CONFIGS = ['vitest.config', 'vite.config'].flatMap((name) => ['.ts', '.mts', '.js', '.mjs', '.cts', '.cjs'].map((end) => name + end))
const STALL_MS = 25_000 // without a word of any test: something hangs
const BOOT_MS = 180_000 // until the first word, on a busy machine
const LIVELY_MS = 6_000 // who spoke so late before the end was not who hung
const STALLS_MAX = 6
const LOG_BYTES_MAX = 256 * 1024 * 1024
// Numbers of the source as it is, loaded once more: before mutants, and for those tests after them
// that have noticed one.
export const [BEFORE, AFTER] = [-2, -3]
export const SHIFT_DAYS = 400 // of the clock in the second look

export function servesVitest(root) {
  return existsSync(join(root, 'node_modules/vitest/vitest.mjs'))
}

export class Runner {
  #root
  #quotes
  #runs = 0
  silent = false // vitest ended by itself before it had said a word of any file

  constructor(root, quotes) {
    this.#root = root
    this.#quotes = quotes
  }

  /** Entries that the files logged, with `file` absolute; one of kind "stalled" for a file that hung.
   *  `files`: absolute; `texts`: path -> text that stands for a module, or {proxy, texts: number -> text};
   *  `of`: test file -> [source, number of its mutant]. */
  async run({ files, ms, ...options }) {
    const until = Date.now() + ms
    const entries = []
    let left = files
    for (let round = 0; round <= STALLS_MAX && left.length > 0 && until - Date.now() > 1000; round++) {
      const found = await this.#once({ files: left, ms: until - Date.now(), ...options })
      const of = groups(found.entries)
      const last = Math.max(0, ...found.entries.map(({ at }) => at))
      const cut = found.stalled ? [...of].filter(([, list]) => !list.some(({ kind }) => kind === 'finished')) : []
      const lively = cut.length > 1 ? cut.filter(([, list]) => last - list.at(-1).at < LIVELY_MS && list.at(-1).at === last).map(([file]) => file) : []
      entries.push(...found.entries.filter(({ file }) => !lively.includes(file)), ...cut.filter(([file]) => !lively.includes(file)).map(([file]) => ({ file, kind: 'stalled' })))
      left = found.stalled ? left.filter((file) => !of.has(file) || lively.includes(file)) : []
    }
    return entries
  }

  async #once({ files, ms, shifted = false, workers = 1, texts = {}, of = {}, testMs = 2000, isolate = false, mutating = false }) {
    const folder = join(this.#root, FOLDER, String(++this.#runs))
    const log = join(folder, 'log')
    mkdirSync(folder, { recursive: true })
    writeFileSync(log, '')
    writeFileSync(join(folder, 'texts.json'), JSON.stringify({ texts, of }))
    const recorder = readFileSync(join(dirname(fileURLToPath(import.meta.url)), 'recorder.mjs'), 'utf8')
    writeFileSync(join(folder, 'recorder.mjs'), recorder
      .replace("'TROUPE_NAMES'", JSON.stringify(this.#names()))
      .replace('"TROUPE_OPTIONS"', () => JSON.stringify({ log, of: join(folder, 'texts.json'), shift: shifted ? SHIFT_DAYS * 86_400_000 : 0, quotes: this.#quotes, mutating, after: AFTER })))
    this.#configure(folder, { files, workers, testMs, isolate })
    const begin = Date.now()
    const { stalled, ended } = await this.#start(folder, log, ms, shifted)
    const entries = parse(readFileSync(log).subarray(0, LOG_BYTES_MAX).toString())
    this.silent = ended && entries.length === 0
    if (process.env.TROUPE_DEBUG) process.stderr.write(`run: ${files.length} files, ${entries.filter(({ kind }) => kind === 'test').length} tests, ${Math.round((Date.now() - begin) / 100) / 10} of ${Math.round(ms / 1000)} s${stalled ? ', stalled' : ''}\n`)
    if (!process.env.TROUPE_KEEP) rmSync(folder, { recursive: true, force: true })
    return { entries, stalled }
  }

  #version() {
    return JSON.parse(readFileSync(join(this.#root, 'node_modules/vitest/package.json'), 'utf8')).version
  }

  /** The module that tells accessible names, as Testing Library finds it. */
  #names() {
    try {
      const react = createRequire(createRequire(join(this.#root, 'package.json')).resolve('@testing-library/react'))
      return createRequire(react.resolve('@testing-library/dom')).resolve('dom-accessibility-api').replace(/\.js$/, existsSync(createRequire(react.resolve('@testing-library/dom')).resolve('dom-accessibility-api').replace(/\.js$/, '.mjs')) ? '.mjs' : '.js')
    } catch {
      return 'node:util' // pure functions need none
    }
  }

  #configure(folder, { files, workers, testMs, isolate: wanted }) {
    const isolate = wanted || SETS_UP_ONCE.test(this.#version())
    const own = CONFIGS.find((name) => existsSync(join(this.#root, name)))
    writeFileSync(join(folder, 'config.mjs'), `
import { readFileSync } from 'node:fs'
${own ? `import found from ${JSON.stringify(join(this.#root, own))}` : 'const found = {}'}
const { texts } = JSON.parse(readFileSync(${JSON.stringify(join(folder, 'texts.json'))}, 'utf8'))
const plugin = { name: 'troupe-texts', enforce: 'pre', load(id) {
  const [file, query] = id.split('?')
  const one = texts[file]
  if (one === undefined || typeof one === 'string') return one
  const number = /troupe-mutant=(-?\\d+)/.exec(query ?? '')?.[1]
  return number === undefined ? one.proxy : one.texts[number] ?? readFileSync(file, 'utf8')
} }
// In the order in which they were asked for: what is over when the time is, is of use.
const order = new Map(${JSON.stringify(files)}.map((file, at) => [file, at]))
const at = (one) => order.get(one.moduleId ?? one[1] ?? one) ?? 0
class Sequencer {
  sort(files) { return [...files].sort((a, b) => at(a) - at(b)) }
  shard(files) { return files }
}
export default async (env) => {
  const config = { ...(typeof found === 'function' ? await found(env) : await found) }
  const test = { ...config.test }
  for (const key of ['projects', 'workspace', 'coverage', 'typecheck', 'benchmark', 'outputFile', 'dir', 'browser', 'shard']) delete test[key]
  config.plugins = [...(config.plugins ?? []), plugin]
  config.test = { ...test, include: ${JSON.stringify(files.map((file) => file.slice(this.#root.length + 1)))}, exclude: [], watch: false, pool: 'forks', isolate: ${isolate},
    maxWorkers: ${workers}, fileParallelism: ${workers > 1},${WITH_POOL_OPTIONS.test(this.#version()) ? ` minWorkers: 1, poolOptions: { forks: { isolate: ${isolate}, singleFork: ${workers === 1 && !isolate}, maxForks: ${workers}, minForks: 1 } },` : ''}
    setupFiles: [${JSON.stringify(join(folder, 'recorder.mjs'))}, ...[test.setupFiles ?? []].flat()], testTimeout: ${testMs}, hookTimeout: ${testMs * 5}, teardownTimeout: 500,
    retry: 0, bail: 0, sequence: { ...test.sequence, sequencer: Sequencer, shuffle: false }, coverage: { enabled: false }, reporters: ['dot'], silent: true, dangerouslyIgnoreUnhandledErrors: true, cache: false }
  return config
}
`)
  }

  /** Whether it had to be ended because nothing happened any more, or ended by itself. */
  #start(folder, log, ms, shifted) {
    const program = join(this.#root, 'node_modules/vitest/vitest.mjs')
    const env = { ...process.env, CI: '1', NODE_ENV: 'test', TZ: shifted ? 'America/New_York' : 'UTC' }
    const child = spawn(process.execPath, [program, 'run', '--root', this.#root, '--config', join(folder, 'config.mjs')], { cwd: this.#root, stdio: ['ignore', process.env.TROUPE_DEBUG > 1 ? 2 : 'ignore', process.env.TROUPE_DEBUG > 1 ? 2 : 'ignore'], env, detached: true })
    return new Promise((resolve) => {
      const end = () => {
        try {
          process.kill(-child.pid, 'SIGKILL')
        } catch {
          // It has ended, and all that it started.
        }
      }
      const begin = Date.now()
      let stalled = false
      const timer = setInterval(() => {
        const now = Date.now()
        const { size, mtimeMs } = statSync(log)
        stalled = now - Math.max(begin, mtimeMs) > (size === 0 ? BOOT_MS : STALL_MS)
        if (stalled || now - begin > Math.max(1000, ms)) end()
      }, 500)
      child.on('error', () => { clearInterval(timer); resolve({ stalled: false, ended: true }) })
      child.on('exit', (code, signal) => {
        clearInterval(timer)
        end()
        resolve({ stalled, ended: signal === null })
      })
    })
  }
}

function groups(entries) {
  const found = new Map()
  for (const entry of entries) {
    if (found.has(entry.file)) found.get(entry.file).push(entry)
    else found.set(entry.file, [entry])
  }
  return found
}

function parse(text) {
  return text.split('\n').flatMap((line) => {
    if (line === '') return []
    try {
      return [JSON.parse(line)]
    } catch {
      return [] // cut off with its process
    }
  })
}

/** Vitest with the project's own configuration; names of tests that failed in `files`, or undefined
 *  when it could not be told. */
export function suite(root, files, ms) {
  const report = join(root, FOLDER, 'suite.json')
  const child = spawn(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--reporter=json', `--outputFile=${report}`, '--coverage.enabled=false', ...files], { cwd: root, stdio: 'ignore', env: { ...process.env, CI: '1', NODE_ENV: 'test' }, detached: true })
  return new Promise((resolve) => {
    const kill = () => {
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch {
        // It has ended.
      }
    }
    const timer = setTimeout(kill, Math.max(1000, ms))
    child.on('error', () => resolve(undefined))
    child.on('exit', () => {
      clearTimeout(timer)
      kill()
      try {
        resolve(JSON.parse(readFileSync(report, 'utf8')).testResults)
      } catch {
        resolve(undefined)
      }
      rmSync(report, { force: true })
    })
  })
}
