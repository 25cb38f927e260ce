// What is known about one requested file: which tests were announced, which
// were reported, and what may be concluded when its run is over.
//
// It reads vitest's task tree, which has had one shape since version 1; so all
// versions share this code.

import { describe, position, relativePath } from '../common/errors.mjs'
import { Names } from '../common/names.mjs'

const NO_TESTS = /^No test (suite )?found in (suite|file)/

export class FileRecord {
  #emit
  #root
  #selection // of its tests; undefined: all
  #names = new Map() // task -> unique name
  #announced = 0 // names that were asked for
  #strayed = false // a test ran that was not asked for
  #given = new Names()
  #reported = new Set() // names reported
  #modules = new Map() // task of an ended module -> nothing else to come
  #startedAt = 0
  #ended = false

  constructor(file, path, { root, selection, emit }) {
    this.file = file
    this.path = path
    this.waiting = [] // specifications that vitest has not run (one per project of the file)
    this.modulesDue = 0 // specifications that vitest was given
    this.errors = [] // unhandled errors that belong to this file
    this.killed = '' // 'timeout' or 'interrupted' once its worker was killed on purpose
    this.#root = root
    this.#selection = selection
    this.#emit = emit
  }

  get started() {
    return this.#startedAt > 0
  }

  get ended() {
    return this.#ended
  }

  get modulesEnded() {
    return this.#modules.size
  }

  start() {
    if (this.started) return
    this.#startedAt = performance.now()
    this.#send('start', {})
  }

  collected(module) {
    this.start()
    this.#nameTests(module)
    this.#send('collected', { tests: this.#announced })
  }

  test(task) {
    const name = this.#names.get(task.id) ?? this.#name(task)
    const status = statusOf(task)
    if (status === 'pending' || this.#reported.has(name)) return
    if (!this.#isAsked(name)) {
      this.#strayed ||= status !== 'skipped'
      return
    }
    this.#reported.add(name)
    this.#send('test', { test: name, status, ...detailsOf(task, status, this) })
  }

  moduleEnded(module) {
    if (this.#modules.has(module.id)) return
    this.start()
    this.#nameTests(module)
    // Tests that never ran (a beforeAll failed) get no event of their own.
    for (const task of testsOf(module)) this.test(task)
    this.#modules.set(module.id, module)
  }

  /** The one and only end event of this file. */
  end(verdict = this.#judge()) {
    if (this.#ended) return
    this.#ended = true
    this.#send('end', {
      tests: this.#reported.size,
      collected: this.#announced,
      ...this.#selection && !this.#strayed && { seen: this.#names.size },
      complete: verdict.reason === '' || verdict.reason === 'error',
      reason: verdict.reason,
      message: verdict.message,
      duration_ms: this.started ? round(performance.now() - this.#startedAt) : 0,
    })
  }

  describe(error) {
    return describe(error, this.#root)
  }

  position(error) {
    const found = position(error, this.path)
    if (!found) return {}
    const { line, column, path } = found
    return path === this.path ? { line, column } : { line, column, at: relativePath(this.#root, path) }
  }

  // From the gravest to the mildest: a later rule may rely on the earlier ones.
  #judge() {
    const errors = this.errors.map((error) => this.describe(error)).join('\n\n')
    if (this.killed) return { reason: this.killed, message: errors }
    if (this.modulesEnded < this.modulesDue) {
      return { reason: this.#workerDied() ? 'worker-died' : 'unhandled', message: errors }
    }
    if (this.errors.length > 0) return { reason: 'unhandled', message: errors }
    return this.#judgeModules()
  }

  #judgeModules() {
    const modules = [...this.#modules.values()]
    const suiteErrors = modules.flatMap(errorsOfSuites)
    const message = suiteErrors.map((error) => this.describe(error)).join('\n\n')
    if (this.#names.size === 0 && suiteErrors.every((error) => NO_TESTS.test(error.message))) {
      return { reason: 'no-tests', message: message || 'no test was found in this file' }
    }
    if (modules.some(isUnfinished)) return { reason: 'interrupted', message }
    if (this.#reported.size !== this.#announced) return { reason: 'fewer-than-collected', message }
    return { reason: suiteErrors.length > 0 ? 'error' : '', message }
  }

  // A worker that could not even be started is an error with a cause, not a death.
  #workerDied() {
    return !this.errors.some((error) => /Failed to start|Timeout starting/.test(String(error?.message)))
  }

  // Names are given in the order of the source, so that they do not depend on
  // which of several concurrent tests ends first.
  #nameTests(module) {
    for (const task of testsOf(module)) if (!this.#names.has(task.id)) this.#name(task)
  }

  #name(task) {
    const unique = this.#given.unique(fullName(task))
    this.#names.set(task.id, unique)
    this.#announced += this.#isAsked(unique)
    return unique
  }

  #isAsked(name) {
    return !this.#selection || this.#selection.has(name)
  }

  #send(ev, fields) {
    this.#emit({ ev, file: this.file, ...fields })
  }
}

function detailsOf(task, status, record) {
  const result = task.result ?? {}
  const details = { duration_ms: round(result.duration ?? 0) }
  if (result.retryCount > 0) details.retries = result.retryCount
  if (status !== 'failed') return details
  const error = result.errors?.[0] ?? result.error ?? new Error('failed without an error')
  return { ...details, message: record.describe(error), ...record.position(error) }
}

function statusOf(task) {
  const state = task.result?.state
  if (state === 'fail') return 'failed'
  if (task.mode === 'skip' || task.mode === 'todo' || state === 'skip' || state === 'todo') return 'skipped'
  return state === 'pass' ? 'passed' : 'pending'
}

function fullName(task) {
  const names = []
  // The outermost suite is the file itself.
  for (let one = task; one && one !== task.file; one = one.suite) names.unshift(one.name)
  return names.join(' > ')
}

function* testsOf(suite) {
  for (const task of suite.tasks) {
    if (task.type === 'suite') yield* testsOf(task)
    else yield task
  }
}

function errorsOfSuites(suite) {
  const own = suite.result?.errors ?? []
  return [...own, ...suite.tasks.filter((task) => task.type === 'suite').flatMap(errorsOfSuites)]
}

function isUnfinished(module) {
  const state = module.result?.state
  if (state === undefined) return module.mode === 'run' || module.mode === 'queued'
  return state === 'run' || state === 'queued' || state === 'only'
}

function round(ms) {
  return Math.round(ms * 1000) / 1000
}
