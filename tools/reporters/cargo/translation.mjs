// What the tests of Rust print as events of the protocol.

const BEGINS = /^running (\d+) tests?$/
const TEST = /^test (.+?)(?: - should panic)? \.\.\. (ok|FAILED|ignored)(?:, .*)?$/
const OVER = /^test result: (?:ok|FAILED)\. /
const DETAIL = /^---- (.+) stdout ----$/
const PLACE = /panicked at ([^\s:]+\.rs):(\d+):(\d+)/
const STATUS = { ok: 'passed', FAILED: 'failed', ignored: 'skipped' }
const DETAIL_MAX = 64 * 1024

export class Translation {
  #file
  #announced
  #over = 0 // of the groups of tests; documentation may have several
  #groups = 0
  #failed = [] // names; why is told behind all tests
  #details = new Map()
  #detail // name of the test whose output is being told
  #listening = false // behind "failures:" tests print what they like

  constructor(file) {
    this.#file = file
  }

  *events(line) {
    const [, count] = BEGINS.exec(line) ?? []
    const [, name, result] = (this.#listening && TEST.exec(line)) || []
    if (count !== undefined) {
      this.#listening = true
      this.#groups += 1
      this.#announced = (this.#announced ?? 0) + Number(count)
      yield { ev: 'collected', file: this.#file, tests: this.#announced }
    } else if (result === 'FAILED') {
      this.#failed.push(name)
    } else if (name) {
      yield this.#test(name, STATUS[result])
    } else if (OVER.test(line)) {
      this.#over += 1
      this.#listening = false
    } else if (line === 'failures:') {
      this.#listening = false
    } else if (!this.#listening) {
      this.#take(line)
    }
  }

  *rest({ code, signal, tail }) {
    const how = `cargo ended with ${signal ?? `code ${code}`}\n${tail}`
    for (const name of this.#failed) yield this.#test(name, 'failed')
    if (this.#groups > 0 && this.#over < this.#groups) {
      yield { ev: 'end', file: this.#file, reason: 'worker-died', message: how }
    } else if (this.#announced === 0 && code === 0) {
      yield { ev: 'test', file: this.#file, name: 'no tests', status: 'skipped', duration_ms: 0 }
      yield { ev: 'end', file: this.#file }
    } else if (this.#groups > 0) {
      yield { ev: 'end', file: this.#file, reason: code !== 0 && this.#failed.length === 0 ? 'unhandled' : '', message: code === 0 ? '' : how }
    } else if (code !== 0) {
      // It was not compiled, or has a harness of its own.
      yield { ev: 'error', file: this.#file, message: how }
      yield { ev: 'end', file: this.#file }
    } else {
      // A harness of its own: what it means is how it ends.
      yield { ev: 'test', file: this.#file, name: 'main', status: 'passed', duration_ms: 0 }
      yield { ev: 'end', file: this.#file }
    }
  }

  #take(line) {
    const [, name] = DETAIL.exec(line) ?? []
    if (name) this.#detail = name
    const known = this.#details.get(this.#detail) ?? ''
    if (!name && this.#detail && known.length < DETAIL_MAX) this.#details.set(this.#detail, `${known}${line}\n`)
  }

  #test(name, status) {
    // Of documentation it is a sentence, of code a path.
    const full = name.includes(' - ') ? name : name.split('::').join(' > ')
    const event = { ev: 'test', file: this.#file, name: full, status, duration_ms: 0 }
    if (status !== 'failed') return event
    const message = this.#details.get(name)?.trim() || 'failed without a text'
    const [, at, line, column] = PLACE.exec(message) ?? []
    return { ...event, message, ...at && !at.startsWith('/') && { line: Number(line), column: Number(column), at } }
  }
}
