// Jest's results as events of the protocol.

import { describe, position, relativePath } from '../common/errors.mjs'

const STATUS = { passed: 'passed', pending: 'skipped', skipped: 'skipped', todo: 'skipped', disabled: 'skipped' }

export class Translation {
  #root
  #asked
  #several = false // some file belongs to several projects, and runs in each
  #selection // of the one file's tests; undefined: all
  #ended = new Map() // file -> its tests, as the protocol's `seen`
  #told = new Map() // names of the passed tests that were told while the open file ran -> how many

  /** asked: how many files jest was given; selection: of the tests of one, or undefined */
  constructor(root, asked, selection) {
    this.#root = root
    this.#asked = asked
    this.#selection = selection
  }

  *events({ ev, path, ...event }) {
    const file = path && relativePath(this.#root, path)
    if (ev === 'run') this.#several = event.files > this.#asked
    if (ev === 'error') yield { ev, message: event.message }
    if (ev === 'start') {
      this.#told.clear()
      yield { ev, file }
    }
    if (ev === 'test' && this.#wants(event)) {
      this.#told.set(event.name, (this.#told.get(event.name) ?? 0) + 1)
      yield this.#test(file, path, event)
    }
    if (ev === 'end') yield* this.#end(file, path, event)
    if (ev === 'over') yield { ev, ...event }
    if (ev === 'ends') for (const [one, seen] of this.#ended) yield { ev: 'end', file: one, seen: seen || undefined }
  }

  *#end(file, path, { tests, error }) {
    for (const test of tests.filter((one) => this.#wants(one))) {
      const count = this.#told.get(test.name) ?? 0
      if (test.status === 'passed' && count > 0) this.#told.set(test.name, count - 1)
      else yield this.#test(file, path, test)
    }
    const taken = [...this.#told].filter(([, count]) => count > 0).map(([name]) => name)
    if (taken.length > 0) yield { ev: 'error', file, message: `passed while running, but not in the end: ${taken.join(', ')}` }
    if (error) yield { ev: 'error', file, message: this.#text(error) }
    const seen = this.#seen(tests)
    if (this.#several) this.#ended.set(file, this.#ended.has(file) ? this.#ended.get(file) + seen : seen)
    else yield { ev: 'end', file, seen: seen || undefined }
  }

  #wants({ name }) {
    return !this.#selection || this.#selection.has(name)
  }

  // Not a number as soon as one ran that was not asked for: then it is not told.
  #seen(tests) {
    if (!this.#selection) return undefined
    const strayed = tests.some((test) => !this.#wants(test) && STATUS[test.status] !== 'skipped')
    return strayed ? NaN : tests.length
  }

  #test(file, path, { name, status, message, line, column, ...more }) {
    const event = { ev: 'test', file, name, status: STATUS[status] ?? 'failed', ...more }
    if (event.status !== 'failed') return event
    const found = position({ stack: message }, path) ?? { path, line, column }
    const at = found.path === path ? undefined : relativePath(this.#root, found.path)
    return { ...event, message: this.#text(message), ...found.line && { line: found.line, column: found.column ?? 0, at } }
  }

  // Jest gives the stack with the message in it.
  #text(stack) {
    return describe({ name: '', message: String(stack).split(/\n\s+at /)[0], stack }, this.#root)
  }
}
