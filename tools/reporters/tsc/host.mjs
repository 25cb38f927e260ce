// A warm type checker controlled from outside. See README.md.
//
// The checker is a thread: what it does has no end that could be asked for, so it is ended.

import { Worker } from 'node:worker_threads'
import { packageOf, serve, Session } from '../common/session.mjs'

class Host {
  #root
  #checker
  #answer = () => {} // takes what the checker says, or undefined when it is gone
  #batchId
  #cancelled = false

  constructor(root, fd) {
    this.#root = root
    this.session = new Session(fd, this)
  }

  async start() {
    const began = performance.now()
    const { manifest: { version } } = packageOf(this.#root, 'typescript')
    const { error } = await this.#ask({ cmd: 'load' })
    if (error) throw new Error(error)
    this.session.send({ ev: 'ready', runner: 'tsc', version, serial: false, boot_ms: Math.round(performance.now() - began) })
  }

  async list(id) {
    const { files, error } = await this.#ask({ cmd: 'list' })
    if (error) throw new Error(error)
    for (const file of files) this.session.send({ ev: 'file', id, file })
    this.session.send({ ev: 'listed', id, count: files.length, shared: false })
  }

  async run({ id, files, timeout_ms: timeoutMs = 0 }) {
    this.#batchId = id
    this.#cancelled = false
    for (const file of new Set(files)) await this.#check(id, file, timeoutMs)
    this.#batchId = undefined
    this.session.send({ ev: 'ran', id, unhandled: [] })
  }

  cancel(id) {
    if (this.#batchId === undefined || id !== this.#batchId) return
    this.#cancelled = true
    this.stop()
  }

  // Each command looks at the files anew.
  invalidate() {}

  stop() {
    this.#checker?.terminate()
    this.#checker = undefined
    this.#answer(undefined)
  }

  clean() {}

  async #check(id, file, timeoutMs) {
    const emit = (ev, fields) => this.session.send({ ev, id, file, ...fields })
    const end = (fields) => emit('end', { tests: 0, collected: 0, complete: false, message: '', duration_ms: 0, ...fields })
    if (this.#cancelled) return end({ reason: 'interrupted' })
    const began = performance.now()
    emit('start', {})
    let late = false
    const timer = timeoutMs > 0 && setTimeout(() => {
      late = true
      this.stop()
    }, timeoutMs)
    const answer = await this.#ask({ cmd: 'check', file })
    clearTimeout(timer)
    const duration = Math.round(performance.now() - began)
    if (!answer) return end({ reason: this.#cancelled ? 'interrupted' : late ? 'timeout' : 'worker-died', duration_ms: duration })
    if (answer.missing) return end({ reason: 'not-found', message: answer.missing })
    const { tests, message } = answer
    emit('collected', { tests: tests.length })
    for (const test of tests) emit('test', { ...test, duration_ms: tests.length === 1 ? duration : 0 })
    end({
      tests: tests.length, collected: tests.length, complete: true,
      reason: message ? 'error' : '', message, duration_ms: duration,
    })
  }

  /** The checker's answer; undefined if it ended instead. */
  #ask(command) {
    return new Promise((resolve) => {
      this.#answer = resolve
      this.#checker ??= this.#begin()
      this.#checker.postMessage(command)
    })
  }

  #begin() {
    const checker = new Worker(new URL('checker.mjs', import.meta.url), { workerData: { root: this.#root } })
    const gone = () => {
      if (this.#checker === checker) this.stop()
    }
    checker.on('message', (answer) => this.#checker === checker && this.#answer(answer))
    checker.on('error', gone) // out of memory, say
    checker.on('exit', gone)
    return checker
  }
}

await serve('tsc', (root, fd) => new Host(root, fd))
