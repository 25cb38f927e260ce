// What is known about one file that was asked for: which tests were planned, which have ended, and
// what may be concluded.

import { clip, describe, position, relativePath } from '../common/errors.mjs'
import { Names } from '../common/names.mjs'

export class FileRecord {
  #root
  #emit
  #names = new Names()
  #planned = new Map() // id of a test -> its name
  #waiting = new Set() // ids of tests that have not ended
  #startedAt = 0

  constructor(file, path, root, emit) {
    this.file = file
    this.path = path
    this.ended = false
    this.errors = [] // outside of a test
    this.seen = undefined // tests of the whole file, if it is known that none ran but those asked for
    this.#root = root
    this.#emit = emit
  }

  /** Whether nothing is to come. */
  get isWhole() {
    return this.#planned.size > 0 && this.#waiting.size === 0
  }

  get size() {
    return this.#planned.size
  }

  plan(id, name) {
    this.#planned.set(id, this.#names.unique(name))
    this.#waiting.add(id)
  }

  /** All are planned. */
  begin() {
    if (this.#startedAt > 0) return
    this.#startedAt = performance.now()
    this.#send('start', {})
    this.#send('collected', { tests: this.#planned.size })
  }

  test({ id, status, errors, duration_ms, retries, page }) {
    if (!this.#waiting.delete(id)) return
    this.begin()
    this.#send('test', {
      test: this.#planned.get(id), status, duration_ms, retries, page,
      ...errors && { message: textOf(errors, this.#root), ...this.#position(errors[0]) },
    })
  }

  /** Tests that never ran because of an error outside of them. */
  skipRest() {
    for (const id of this.#waiting) this.test({ id, status: 'skipped', duration_ms: 0 })
  }

  /** The one and only end. */
  end(reason, message = textOf(this.errors, this.#root)) {
    if (this.ended) return
    this.ended = true
    this.#send('end', {
      tests: this.#planned.size - this.#waiting.size, collected: this.#planned.size,
      complete: reason === '' || reason === 'error', reason, seen: this.seen, message: clip(message),
      duration_ms: this.#startedAt > 0 ? Math.round(performance.now() - this.#startedAt) : 0,
    })
  }

  #position(error) {
    const found = error.location && { line: error.location.line, column: error.location.column, path: error.location.file }
    const { line, column, path } = position(error, this.path) ?? found ?? {}
    if (!line) return {}
    return path === this.path ? { line, column } : { line, column, at: relativePath(this.#root, path) }
  }

  #send(ev, fields) {
    this.#emit({ ev, file: this.file, ...fields })
  }
}

/** Errors as playwright tells them, as one text. */
export function textOf(errors, root) {
  return clip(errors.map((error) => describe({ name: '', ...error, message: error.message ?? '' }, root)).join('\n\n'))
}
