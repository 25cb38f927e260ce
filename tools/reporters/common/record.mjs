// What is known about one file of a runner that is a program: what it announced, what it reported,
// and what may be concluded.

import { clip } from './errors.mjs'
import { Names } from './names.mjs'

export class FileRecord {
  #emit
  #names = new Names()
  #collected = 0
  #reported = 0
  #startedAt = 0

  constructor(file, emit) {
    this.file = file
    this.ended = false
    this.failed = false // some test, or the file itself
    this.seen = undefined // tests of the whole file, if it is known that none ran but those asked for
    this.errors = [] // outside of a test
    this.#emit = emit
  }

  get begun() {
    return this.#startedAt > 0
  }

  begin() {
    if (this.begun) return
    this.#startedAt = performance.now()
    this.#send('start', {})
  }

  /** `tests` are announced in all; what is not announced is by being reported. */
  collected(tests) {
    this.begin()
    this.#collected = Math.max(this.#collected, tests)
    this.#send('collected', { tests: this.#collected })
  }

  test({ name, status, message, ...more }) {
    this.begin()
    this.#reported += 1
    this.failed ||= status === 'failed'
    this.#send('test', { test: this.#names.unique(name), status, ...more, ...message && { message: clip(message) } })
  }

  /** The one and only end.  Without a reason of the caller's the numbers decide. */
  end(reason = '', message = '') {
    if (this.ended) return
    this.ended = true
    const all = Math.max(this.#collected, this.#reported)
    const errors = [...this.errors, message].filter(Boolean).join('\n\n')
    const why = reason || (this.#reported < all ? 'fewer-than-collected' : this.errors.length > 0 ? 'error' : all === 0 ? 'no-tests' : '')
    const known = why === 'no-tests' && this.#reported > 0 ? 'unhandled' : why
    this.failed ||= known !== ''
    this.#send('end', {
      tests: this.#reported, collected: all, complete: known === '' || known === 'error', reason: known,
      seen: this.seen,
      message: clip(errors || (known === 'no-tests' ? 'no test was found in this file' : '')),
      duration_ms: this.begun ? Math.round(performance.now() - this.#startedAt) : 0,
    })
  }

  #send(ev, fields) {
    this.#emit({ ev, file: this.file, ...fields })
  }
}
