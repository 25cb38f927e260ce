// Runs the files of one `run` command and reports them.
//
// Files that have a worker of their own are given to vitest one by one: order,
// deadline and unhandled errors then belong to exactly one file. Files that
// share a worker, and type tests, have to be given to it together.

import { resolve } from 'node:path'
import { FileRecord } from './record.mjs'

// How long vitest may take to notice that its worker was killed.
const KILL_NOTICE_MS = 3000

export class Batch {
  #adapter
  #workers
  #pattern // which tests of the file, if not all
  #timeoutMs
  #records = new Map() // path -> record, in the order asked for
  #call = [] // records of the running call
  #open // the record whose file is being run, if known
  #seenErrors
  #timer
  #abandon = () => {}
  cancelled = false
  unhandled = [] // errors of the batch that belong to no file that is still open

  /** emit(event) sends an event and adds the id of the command */
  constructor({ adapter, workers, root, files, selection, timeoutMs, emit }) {
    this.#adapter = adapter
    this.#pattern = selection?.pattern
    this.#workers = workers
    this.#timeoutMs = timeoutMs
    this.#seenErrors = new Set(adapter.unhandledErrors())
    for (const file of files) {
      const path = resolve(root, file)
      if (!this.#records.has(path)) this.#records.set(path, new FileRecord(file, path, { root, selection, emit }))
    }
  }

  /** Resolves with false if the runner cannot be used any more. */
  async run() {
    this.#adapter.forget()
    this.#adapter.select(this.#pattern)
    const specs = await this.#adapter.specsOf([...this.#records.keys()])
    for (const record of this.#records.values()) this.#admit(record, specs.get(record.path))
    await this.#prepare([...specs.values()].flat())
    let usable = true
    while (usable && !this.cancelled) {
      const call = this.#nextCall()
      if (call.length === 0) break
      usable = await this.#run(call)
    }
    if (this.cancelled) this.#interruptAll()
    this.#takeErrors().forEach((error) => this.#keep(error))
    return usable
  }

  cancel() {
    this.cancelled = true
    for (const record of this.#call) record.killed ||= 'interrupted'
    this.#workers.killAll()
    this.#expectEnd()
  }

  /** A worker ended by itself; only some versions of vitest survive that. */
  workerDied() {
    if (!this.#adapter.survivesKill) this.#abandon(false)
  }

  // What vitest reports. Unknown paths belong to a batch that was abandoned.

  queued(path) {
    const record = this.#records.get(path)
    if (!record || record.ended) return
    this.#settleFinished()
    this.#open = record
    this.#arm(this.#timeoutMs)
    record.start()
  }

  collected(path, module) {
    this.#progress(path)?.collected(module)
  }

  test(path, task) {
    this.#records.get(path)?.test(task)
  }

  moduleEnded(path, module) {
    this.#progress(path)?.moduleEnded(module)
  }

  #progress(path) {
    if (this.#call.length > 1) this.#arm(this.#timeoutMs)
    return this.#records.get(path)
  }

  #admit(record, specs) {
    if (!specs) return record.end({ reason: 'not-found', message: 'vitest does not regard this path as a test file' })
    record.waiting = [...specs]
  }

  async #prepare(specs) {
    try {
      if (specs.length > 0) await this.#adapter.prepare(specs)
    } catch (error) {
      for (const record of this.#records.values()) {
        record.end({ reason: 'error', message: record.describe(error) })
      }
    }
  }

  // The next specifications vitest gets: one, or all of its group.
  #nextCall() {
    const open = [...this.#records.values()].filter((record) => !record.ended)
    const first = open[0]?.waiting[0]
    if (!first) return []
    const group = this.#adapter.groupOf(first)
    if (group === undefined) return [{ record: open[0], spec: first }]
    return open.flatMap((record) => record.waiting
      .filter((spec) => this.#adapter.groupOf(spec) === group)
      .map((spec) => ({ record, spec })))
  }

  async #run(call) {
    this.#begin(call)
    const abandoned = new Promise((resolve) => { this.#abandon = resolve })
    const finished = this.#adapter.run(call.map(({ spec }) => spec)).then(() => true, (error) => {
      this.#attribute(error)
      return true
    })
    const usable = await Promise.race([finished, abandoned])
    this.#abandon = () => {}
    clearTimeout(this.#timer)
    this.#finish(call)
    return usable
  }

  #begin(call) {
    this.#call = [...new Set(call.map(({ record }) => record))]
    this.#open = this.#call.length === 1 ? this.#call[0] : undefined
    for (const { record } of call) record.modulesDue += 1
    this.#arm(this.#timeoutMs * this.#call.length)
  }

  #finish(call) {
    this.#takeErrors().forEach((error) => this.#attribute(error))
    const ran = this.#call.filter((record) => record.started || record.killed)
    // Nothing started: what kept it from starting would do so again.
    const over = new Set(ran.length > 0 ? ran : this.#call)
    for (const { record, spec } of call) {
      if (over.has(record)) record.waiting = record.waiting.filter((one) => one !== spec)
      else record.modulesDue -= 1
    }
    for (const record of over) {
      if (record.waiting.length === 0 || record.modulesEnded < record.modulesDue) record.end()
    }
    this.#call = []
    this.#open = undefined
  }

  // In a shared worker a file is over when the next one begins.
  #settleFinished() {
    if (this.#call.length < 2) return
    this.#takeErrors().forEach((error) => this.#attribute(error))
    for (const record of this.#call) {
      const last = record.waiting.length === 1
      if (last && record.modulesEnded === record.modulesDue) record.end()
    }
  }

  #interruptAll() {
    for (const record of this.#records.values()) record.end({ reason: 'interrupted', message: '' })
  }

  #arm(ms) {
    clearTimeout(this.#timer)
    if (this.#timeoutMs > 0) this.#timer = setTimeout(() => this.#expire(), ms)
  }

  #expire() {
    for (const record of this.#open ? [this.#open] : this.#call) {
      record.killed ||= 'timeout'
      this.#workers.kill(record.path)
    }
    this.#adapter.stopTypecheck?.()
    this.#expectEnd()
  }

  #expectEnd() {
    if (!this.#adapter.survivesKill) return this.#abandon(false)
    const abandon = this.#abandon
    setTimeout(() => abandon(false), KILL_NOTICE_MS).unref()
  }

  #takeErrors() {
    const fresh = this.#adapter.unhandledErrors().filter((error) => !this.#seenErrors.has(error))
    for (const error of fresh) this.#seenErrors.add(error)
    return fresh
  }

  #attribute(error) {
    const named = this.#records.get(error?.VITEST_TEST_PATH)
    const record = error?.VITEST_TEST_PATH ? named : this.#open
    if (!record || record.ended) this.#keep(error)
    else if (!this.#adapter.ignoresUnhandled || record.modulesEnded < record.modulesDue) record.errors.push(error)
  }

  #keep(error) {
    if (this.#adapter.ignoresUnhandled) return
    const [any] = this.#records.values()
    if (any) this.unhandled.push(any.describe(error))
  }
}
