// The host of a runner that is a program: started anew for each command, so that nothing that a file
// leaves behind outlives it; or kept, if it takes commands.  What is particular to it is its `tool`:
//
//   name, start(): {version, [serial]}, list(): files
//   begin(files, [selection]): {argv, [cwd], [env], lines: 1|3, hear(line): events, [finish(how): events], [input]}
//   [single]: one file at a time; [has(file)]: whether there is such a file; [clean()]
//   [selects]: begin() understands the choice of some tests of its one file; the `end` has `seen` then,
//   all tests of the file, left out when one ran that was not asked for
//
// Events are {ev: 'start'|'collected'|'test'|'end'|'error', file, …} as in ../vitest/README.md, with
// `name` for a test's name; an error without a file belongs to none.  Of a runner that loads all files
// before it runs any, 'loading' and 'loaded' tell which is to blame if it ends meanwhile.  A program
// that takes commands gets `input`, a line, and says {ev: 'over', code, last} instead of ending.

import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { clip } from './errors.mjs'
import { Process } from './process.mjs'
import { FileRecord } from './record.mjs'
import { Selection } from './selection.mjs'
import { serve, Session } from './session.mjs'

export async function serveTool(make) {
  await serve(make.name, (root, fd) => new ToolHost(fd, make(root), root))
}

class ToolHost {
  #tool
  #root
  #batch
  #batchId
  #kept = {} // process: the program, if it waits for commands

  constructor(fd, tool, root) {
    this.#tool = tool
    this.#root = root
    this.session = new Session(fd, this)
  }

  async start() {
    const began = performance.now()
    const { version, serial = false } = await this.#tool.start()
    this.session.send({ ev: 'ready', runner: this.#tool.name, version, serial, boot_ms: Math.round(performance.now() - began) })
  }

  async list(id) {
    const files = [...new Set(await this.#tool.list())].sort()
    for (const file of files) this.session.send({ ev: 'file', id, file })
    // Every batch has a start of its own to pay.
    this.session.send({ ev: 'listed', id, count: files.length, shared: !this.#tool.single, selects: Boolean(this.#tool.selects) })
  }

  async run({ id, files, timeout_ms: timeoutMs = 0, ...choice }) {
    const selection = Selection.of(choice)
    const emit = ({ ev, ...fields }) => this.session.send({ ev, id, ...fields })
    this.#batch = new Batch({ tool: this.#tool, root: this.#root, timeoutMs, selection, kept: this.#kept }, files, emit)
    this.#batchId = id
    await this.#batch.run()
    emit({ ev: 'ran', unhandled: this.#batch.unhandled })
    this.#batch = undefined
  }

  cancel(id) {
    if (this.#batch && id === this.#batchId) this.#batch.cancel()
  }

  invalidate() {}

  stop() {
    this.#batch?.stop()
    this.#kept.process?.kill()
  }

  clean() {
    this.#tool.clean?.()
  }
}

export class Batch {
  #setup
  #records = new Map() // file -> record, in the order asked for
  #current // {process, asked, open, begun, errors}
  #timer
  #killed = '' // why the program that runs was killed
  #cancelled = false
  unhandled = [] // errors that belong to no file

  /** setup: {tool, root, timeoutMs, [selection], kept: {process}}; emit(event) sends an event and adds the id of the command */
  constructor(setup, files, emit) {
    this.#setup = setup
    for (const file of files) {
      if (!this.#records.has(file)) this.#records.set(file, new FileRecord(file, emit))
    }
  }

  async run() {
    const { tool } = this.#setup
    for (const record of this.#records.values()) if (!this.#has(record.file)) record.end('not-found', 'there is no such file')
    let left = this.#left()
    let group = left
    while (left.length > 0 && !this.#cancelled) {
      const before = left.length
      await this.#invoke(tool.single ? group.slice(0, 1) : group)
      left = this.#left()
      // Whom nobody could be told apart from the others runs alone.
      group = left.length < before ? left : left.slice(0, 1)
    }
    for (const record of left) record.end('interrupted')
  }

  cancel() {
    this.#cancelled = true
    this.stop()
  }

  stop() {
    this.#current?.process?.kill()
  }

  #left() {
    return [...this.#records.values()].filter((record) => !record.ended)
  }

  #has(file) {
    const { tool, root } = this.#setup
    if (tool.has) return tool.has(file)
    const path = resolve(root, file)
    return !relative(root, path).startsWith('..') && existsSync(path)
  }

  // ---- one start of the program ----

  async #invoke(records) {
    const { tool, root, selection } = this.#setup
    const current = { asked: new Map(records.map((record) => [record.file, record])), open: undefined, loading: undefined, errors: [] }
    const { hear, finish = () => [], ...options } = await tool.begin([...current.asked.keys()], selection)
    if (this.#cancelled) return
    this.#current = current
    this.#killed = ''
    this.#arm()
    const how = await this.#start(current, hear, options)
    clearTimeout(this.#timer)
    if (!this.#killed) this.#take(await finish(how))
    this.#current = undefined
    if (!this.#cancelled) this.#conclude(current, how)
  }

  /** How it came to its end: that of the program, or of its work. */
  async #start(current, hear, { input, ...options }) {
    const { root, kept } = this.#setup
    const warm = kept.process
    const program = warm ?? new Process({ cwd: root, ...options, commands: input !== undefined })
    const over = new Promise((resolve) => { current.over = resolve })
    kept.process = undefined
    current.process = program
    program.listen((line) => this.#take(hear(line)))
    if (input !== undefined) program.tell(input)
    const how = await Promise.race([program.ended, over])
    program.listen(() => {})
    if (how.last === false) {
      kept.process = program
      program.ended.then(() => { if (kept.process === program) kept.process = undefined })
    } else {
      program.kill()
    }
    // It died of what was before.
    const isVain = warm && how.last === undefined && ![...current.asked.values()].some(({ begun, ended }) => begun || ended)
    if (isVain && !this.#killed && !this.#cancelled) return this.#start(current, hear, { input, ...options })
    return { signal: null, ...how, tail: program.tail }
  }

  #take(events) {
    if (this.#killed) return
    for (const { ev, file, ...event } of events ?? []) {
      const record = this.#current.asked.get(file)
      if (ev === 'over') this.#current.over(event)
      else if (ev === 'loading' || ev === 'loaded') this.#current.loading = record
      else if (ev === 'error' && !record) this.#current.errors.push(clip(event.message))
      else if (record && !record.ended) this.#tell(record, ev, event)
    }
  }

  #tell(record, ev, event) {
    if (ev === 'error') return record.errors.push(event.message)
    if (record !== this.#current.open) {
      this.#current.open = record
      this.#arm()
    }
    if (ev === 'start') record.begin()
    if (ev === 'collected') record.collected(event.tests)
    if (ev === 'test') record.test(event)
    if (ev === 'end') {
      record.begin()
      record.seen = event.seen
      record.end(event.reason, event.message)
    }
  }

  // From what can be told for certain to what is left.
  #conclude({ asked, open, loading, errors }, { code, signal, tail }) {
    const records = [...asked.values()]
    const text = `${this.#setup.tool.name} ended with ${signal ?? `code ${code}`}${tail ? `\n${tail}` : ''}`
    const busy = [loading, open].find((record) => record && !record.ended)
    if (this.#killed) (busy ?? records.find(({ ended }) => !ended))?.end('timeout')
    else if (loading) loading.end('worker-died', text)
    const none = !this.#killed && records.every(({ begun, ended }) => !begun && !ended)
    for (const record of records.filter(({ ended }) => !ended)) {
      if (record.begun) record.end('worker-died', [...errors, text].join('\n'))
      else if (record.errors.length > 0) record.end('error')
      else if (none && (code !== 0 || errors.length > 0)) record.end('error', [...errors, text].join('\n'))
      else if (records.length === 1) record.end('no-tests', text)
    }
    if (none || this.#killed) return
    this.unhandled.push(...errors)
    // Something outside of all tests went wrong: a teardown, a threshold.
    if (code !== 0 && errors.length === 0 && !records.some(({ failed }) => failed)) this.unhandled.push(clip(text))
  }

  #arm() {
    clearTimeout(this.#timer)
    const { timeoutMs } = this.#setup
    if (timeoutMs > 0) this.#timer = setTimeout(() => this.#expire(), timeoutMs)
  }

  #expire() {
    this.#killed = 'timeout'
    this.stop()
  }
}
