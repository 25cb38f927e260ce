// What `go test -json` says as events of the protocol.

import { posix } from 'node:path'

const OUTPUT_MAX = 64 * 1024
const PLACE = /^\s*(?:.*\/)?([^\s/:]+_test\.go):(\d+)/m
const STATUS = { pass: 'passed', fail: 'failed', skip: 'skipped' }
const FRAME = /^=== (RUN|PAUSE|CONT|NAME)/

export class Translation {
  #dirs
  #packages = new Map() // import path -> what is known of it
  #builds = new Map() // build -> what the compiler said
  #unexplained = [] // files that were not built, and why is on stderr: go before 1.24

  /** dirs: import path -> directory of the package */
  constructor(dirs) {
    this.#dirs = dirs
  }

  *events({ Action: action, Package: name, Test: test, Output: output = '', Elapsed: elapsed = 0, ImportPath: build, FailedBuild: failed }) {
    if (action === 'build-output') this.#builds.set(build, add(this.#builds.get(build), output))
    const file = this.#dirs.get(name)
    if (!file) return
    const about = this.#about(name)
    if (action === 'start') {
      yield { ev: 'start', file }
    } else if (action === 'run') {
      about.running.set(test, '')
      yield { ev: 'start', file }
    } else if (action === 'output') {
      if (test === undefined) about.output = add(about.output, output)
      else if (about.running.has(test) && !FRAME.test(output)) about.running.set(test, add(about.running.get(test), output))
    } else if (STATUS[action] && test !== undefined) {
      yield this.#test(file, about, test, STATUS[action], elapsed)
    } else if (STATUS[action]) {
      yield* this.#end(file, about, action, this.#builds.get(failed))
    }
  }

  /** After its end; `tail` is what it wrote to stderr. */
  *rest(tail) {
    for (const file of this.#unexplained) yield* fails(file, tail)
  }

  #about(name) {
    if (!this.#packages.has(name)) this.#packages.set(name, { running: new Map(), output: '', tests: 0, failed: false })
    return this.#packages.get(name)
  }

  #test(file, about, test, status, elapsed) {
    const message = about.running.get(test) ?? ''
    about.running.delete(test)
    about.tests += 1
    about.failed ||= status === 'failed'
    const event = { ev: 'test', file, name: test.split('/').join(' > '), status, duration_ms: elapsed * 1000 }
    if (status !== 'failed') return event
    const [, name, line] = PLACE.exec(message) ?? []
    return { ...event, message: message.trim() || 'failed without a text', ...name && { line: Number(line), at: posix.join(file, name) } }
  }

  *#end(file, about, action, build) {
    if (action !== 'fail' && about.running.size === 0) return yield { ev: 'end', file }
    if (about.running.size > 0) {
      yield { ev: 'collected', file, tests: about.tests + about.running.size }
      const left = [...about.running].map(([test, output]) => `${test} has no result\n${output}`)
      yield { ev: 'end', file, reason: 'worker-died', message: [...left, about.output].join('\n') }
    } else if (about.failed) {
      yield { ev: 'end', file }
    } else if (!build && /\[(build|setup) failed\]/.test(about.output)) {
      this.#unexplained.push(file)
    } else {
      yield* fails(file, build ?? about.output)
    }
  }
}

/** No test did: it was not built, or something outside of tests went wrong. */
function* fails(file, message) {
  yield { ev: 'error', file, message: message.trim() || 'failed without a text' }
  yield { ev: 'end', file }
}

function add(text = '', more) {
  return text.length < OUTPUT_MAX ? text + more : text
}
