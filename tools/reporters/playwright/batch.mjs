// Runs the files of one `run` command and reports them.
//
// All files go to one `playwright test`, so that its web server and its browser start once.  A file
// that cannot be loaded keeps playwright from running any, and `test.only` in one hides the others:
// files that got nothing that way run again, without the one that is to blame or alone.  For some tests
// of one file playwright is first asked which there are.

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { choose } from './choice.mjs'
import { Invocation, quoted } from './invocation.mjs'
import { FileRecord, textOf } from './record.mjs'

// The user's configuration decides everything but this.
const OVERRIDES = ['--workers=1', '--retries=0', '--max-failures=0']

export class Batch {
  #setup
  #records = new Map() // path -> record, in the order asked for
  #current // what belongs to the invocation that runs
  #choice // of the tests of the one file; undefined: all
  #killed = '' // 'timeout' or 'interrupted'
  #timer
  unhandled = [] // errors that belong to no file

  /** setup: {cli, root, timeoutMs, [selection]}; emit(event) sends an event and adds the id of the command */
  constructor(setup, files, emit) {
    this.#setup = setup
    for (const file of files) {
      const path = resolve(setup.root, file)
      if (!this.#records.has(path)) this.#records.set(path, new FileRecord(file, path, setup.root, emit))
    }
  }

  /** Resolves with false if this process is to be given up, after a kill. */
  async run() {
    if (this.#setup.selection) await this.#choose(this.#left()[0])
    let left = this.#left()
    let group = left
    while (left.length > 0 && !this.#killed) {
      const before = left.length
      await this.#invoke(group)
      left = this.#left()
      // Whom nobody could be told apart from the others runs alone.
      group = left.length < before ? left : left.slice(0, 1)
    }
    clearTimeout(this.#timer)
    if (this.#killed === 'interrupted') this.#left().forEach((record) => record.end('interrupted'))
    return this.#killed === ''
  }

  get cancelled() {
    return this.#killed === 'interrupted'
  }

  cancel() {
    this.#kill('interrupted')
  }

  stop() {
    this.#current?.invocation.kill()
  }

  #left() {
    return [...this.#records.values()].filter((record) => !record.ended)
  }

  async #choose(record) {
    const { cli, root, selection } = this.#setup
    const found = []
    this.#arm()
    const invocation = new Invocation({ cli, root, args: ['--list', exactly(record.path)], report: (event) => found.push(event) })
    this.#current = { invocation }
    await invocation.ended
    clearTimeout(this.#timer)
    this.#current = undefined
    // What keeps it from listing them will keep it from running them, and is told then.
    if (found.some(({ ev }) => ev === 'error') || !found.some(({ ev }) => ev === 'begun')) return
    this.#choice = choose(found.filter(({ ev, path }) => ev === 'planned' && path === record.path), selection)
    if (this.#choice.names.size > 0) return
    record.seen = this.#choice.seen
    record.begin()
    record.end('')
  }

  // ---- one invocation ----

  async #invoke(records) {
    if (this.#killed || records.length === 0) return
    const { cli, root } = this.#setup
    const current = { tests: new Map(), errors: [], blocked: [], begun: false, strayed: false, status: undefined, open: undefined }
    const args = [...OVERRIDES, ...this.#choice?.args ?? [], ...records.map(({ path }) => exactly(path))]
    this.#current = current
    this.#arm()
    current.asked = new Map(records.map((record) => [record.path, record]))
    current.invocation = new Invocation({ cli, root, args, report: (event) => this.#hear(event) })
    const { code, signal } = await current.invocation.ended
    clearTimeout(this.#timer)
    this.#current = undefined
    if (!this.#killed) this.#conclude(current, signal ?? `code ${code}`)
  }

  #hear(event) {
    const current = this.#current
    if (!current) return
    if (event.ev === 'planned') return this.#planned(current, event)
    if (event.ev === 'begun') this.#allPlanned(current)
    if (event.ev === 'began') this.#began(current, current.tests.get(event.id))
    if (event.ev === 'ended') this.#ended(current, event)
    if (event.ev === 'error') this.#failed(current, event.error)
    if (event.ev === 'over') current.status = event.status
  }

  // Tests of a project that ours depends on run, too, without having been asked for.
  #planned(current, { id, path, name }) {
    const record = this.#choice && !this.#choice.names.has(id) ? undefined : current.asked.get(path)
    current.tests.set(id, { record, name })
    record?.plan(id, this.#choice?.names.get(id) ?? name)
    current.strayed ||= !record && current.asked.has(path)
  }

  #allPlanned(current) {
    current.begun = true
    if (!this.#choice) return
    const [record] = current.asked.values()
    const isExact = !current.strayed && record.size === this.#choice.names.size
    if (isExact) record.seen = this.#choice.seen
  }

  #began(current, test) {
    if (!test?.record || test.record === current.open) return
    if (current.open?.isWhole) current.open.end(current.open.errors.length > 0 ? 'unhandled' : '')
    current.open = test.record
    this.#arm()
    test.record.begin()
  }

  #ended(current, event) {
    const test = current.tests.get(event.id)
    if (test?.record) {
      this.#began(current, test)
      test.record.test(event)
    } else if (event.status === 'failed') {
      current.blocked.push({ message: `${test?.name ?? 'a test of another project'} failed, on which this file depends` })
      current.blocked.push(...event.errors)
    }
  }

  #failed(current, error) {
    const record = current.asked.get(error.location?.file) ?? (current.begun ? current.open : undefined)
    if (record && !record.ended) record.errors.push(error)
    else current.errors.push(error)
  }

  // From what can be told for certain to what is left.
  #conclude(current, how) {
    const records = [...current.asked.values()].filter((record) => !record.ended)
    const alone = current.asked.size === 1
    if (!current.begun) this.#notBegun(current, records, alone, how)
    else this.#begun(current, records, how)
    // So that each file gets an end whatever playwright says.
    if (alone) records[0]?.end('no-tests', `playwright found no test in this file\n${current.invocation.tail}`)
  }

  #begun(current, records, how) {
    const reasons = [...current.blocked, ...current.errors]
    for (const record of records.filter(({ size }) => size > 0)) {
      if (record.isWhole) record.end(record.errors.length > 0 ? 'unhandled' : '')
      else if (current.status === undefined) record.end('worker-died', `playwright ended with ${how}\n${current.invocation.tail}`)
      else if (current.status === 'failed' && reasons.length + record.errors.length > 0) this.#blocked(record, reasons)
      else record.end('fewer-than-collected', `playwright ended as ${current.status}`)
    }
    this.unhandled.push(...current.errors.map((error) => textOf([error], this.#setup.root)))
    if (current.status === undefined) this.unhandled.push(`playwright ended with ${how}`)
  }

  #blocked(record, reasons) {
    record.skipRest()
    record.errors.push(...reasons)
    record.end('error')
  }

  // No test ran: a file that cannot be loaded, a web server that does not start, the configuration.
  #notBegun(current, records, alone, how) {
    const guilty = records.filter(({ errors }) => errors.length > 0)
    for (const record of guilty) record.end('error')
    if (guilty.length > 0) return
    const { errors } = current
    const isMissing = errors.length > 0 && errors.every(({ message }) => /No tests found/.test(message ?? ''))
    // An error with a place may belong to one of several files; each will say.
    if (!alone && (isMissing || errors.some(({ location }) => location))) return
    for (const record of records) {
      if (isMissing && existsSync(record.path)) record.end('no-tests', 'playwright finds no test in this file, or does not regard it as a test file')
      else if (isMissing) record.end('not-found', 'there is no such file')
      else record.end('error', errors.length > 0 ? textOf(errors, this.#setup.root) : `playwright ended with ${how}\n${current.invocation.tail}`)
    }
  }

  // ---- time ----

  #arm() {
    clearTimeout(this.#timer)
    const { timeoutMs } = this.#setup
    if (timeoutMs > 0) this.#timer = setTimeout(() => this.#kill('timeout'), timeoutMs)
  }

  #kill(reason) {
    if (this.#killed) return
    this.#killed = reason
    if (reason === 'timeout') (this.#current?.open ?? this.#left()[0])?.end('timeout')
    this.stop()
  }
}

/** The argument that means this path and no other. */
function exactly(path) {
  return `/^${quoted(path)}$/`
}
