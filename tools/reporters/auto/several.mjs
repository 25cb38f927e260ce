// Several runners, or one in several packages, as one host: each has a host of its own, which runs in
// the directory of its package; names of files are relative to the project.

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Channel } from '../common/channel.mjs'
import { EXIT_UNUSABLE, Session } from '../common/session.mjs'

const HOSTS_MAX = 3 // that are kept warm
const FILES = { pytest: /\.py$/, cargo: /\.rs( \(doc\))?$/, vitest: /\.[cm]?[jt]sx?$/, jest: /\.[cm]?[jt]sx?$/, playwright: /\.[cm]?[jt]sx?$/, go: /^/, ctest: /^/ }

export class Several {
  #root
  #plans
  #hosts = new Map() // plan -> host, the one used last at the end
  #lists = new Map() // plan -> files
  #busy // host that runs
  #cancelled
  #id // of the run

  constructor(root, fd, plans) {
    this.#root = root
    this.#plans = plans
    this.session = new Session(fd, this)
  }

  async start() {
    const names = [...new Set(this.#plans.map(({ runner }) => runner))].join(', ')
    this.session.send({ ev: 'ready', runner: names, version: '', serial: false, boot_ms: 0 })
  }

  async list(id) {
    this.#lists.clear()
    let count = 0
    let serial = false
    let shared = false
    for (const plan of this.#plans) {
      const { files, ...more } = await this.#list(plan)
      for (const file of files) this.session.send({ ev: 'file', id, file })
      count += files.length
      serial ||= more.serial
      shared ||= more.shared
    }
    this.session.send({ ev: 'listed', id, count, serial, shared })
  }

  async run({ id, files, timeout_ms }) {
    this.#id = id
    this.#cancelled = false
    const unhandled = []
    for (const [plan, own] of await this.#byPlan(files)) {
      if (this.#cancelled) break
      const host = await this.#open(plan)
      this.#busy = host
      const ran = await host.ask({ cmd: 'run', files: own.map((file) => inside(plan, file)), timeout_ms }, 'ran', (event) => {
        this.session.send({ ...event, id, ...event.file !== undefined && { file: join(plan.dir, event.file) } })
      })
      this.#busy = undefined
      unhandled.push(...ran.unhandled)
    }
    this.session.send({ ev: 'ran', id, unhandled })
  }

  cancel(id) {
    if (id !== this.#id) return
    this.#cancelled = true
    this.#busy?.cancel()
  }

  async invalidate({ files }) {
    for (const [plan, host] of this.#hosts) {
      const own = files.filter((file) => isInside(plan, file)).map((file) => inside(plan, file))
      if (own.length > 0) host.tell({ cmd: 'invalidate', files: own })
    }
  }

  stop() {
    for (const host of this.#hosts.values()) host.close()
  }

  clean() {}

  async #list(plan) {
    const host = await this.#open(plan)
    const files = []
    const { shared } = await host.ask({ cmd: 'list' }, 'listed', ({ ev, file }) => {
      if (ev === 'file') files.push(join(plan.dir, file))
    })
    const found = { files, shared, serial: host.serial }
    this.#lists.set(plan, found)
    return found
  }

  /** Files by who runs them, in the order asked for. */
  async #byPlan(files) {
    const found = new Map()
    for (const file of files) {
      const plan = await this.#planOf(file)
      if (!plan) this.#takenByNone(file)
      else found.set(plan, [...found.get(plan) ?? [], file])
    }
    return found
  }

  // By its place and kind; where these leave several, who lists it.
  async #planOf(file) {
    const able = this.#plans.filter((plan) => isInside(plan, file) && FILES[plan.runner].test(file))
    const depth = Math.max(...able.map(({ dir }) => dir.length))
    const near = able.filter(({ dir }) => dir.length === depth)
    for (const plan of near.length > 1 ? near : []) {
      const { files } = this.#lists.get(plan) ?? await this.#list(plan)
      if (files.includes(file)) return plan
    }
    return near[0]
  }

  #takenByNone(file) {
    const message = 'no runner of this project takes such a file'
    this.session.send({ ev: 'end', id: this.#id, file, tests: 0, collected: 0, complete: false, reason: 'not-found', message, duration_ms: 0 })
  }

  async #open(plan) {
    const host = this.#hosts.get(plan) ?? new Inner(join(this.#root, plan.dir), plan, (text, code) => this.#lost(plan, text, code))
    this.#hosts.delete(plan)
    this.#hosts.set(plan, host)
    for (const [old, other] of [...this.#hosts].slice(0, -HOSTS_MAX)) {
      this.#hosts.delete(old)
      other.close()
    }
    await host.ready
    return host
  }

  /** What is lost with one of them is lost with us: the executor knows what to do then. */
  async #lost(plan, text, code) {
    if (code === EXIT_UNUSABLE) return this.session.end(code)
    await this.session.fail(`${plan.runner}${plan.dir ? ` in ${plan.dir}` : ''}: ${text}`)
  }
}

function isInside({ dir }, file) {
  return dir === '' || file.startsWith(`${dir}/`)
}

function inside({ dir }, file) {
  return dir === '' || !isInside({ dir }, file) ? file : file.slice(dir.length + 1)
}

/** One host, as the executor would have it. */
class Inner {
  #child
  #channel
  #closed = false
  #ids = 0
  #asked // {id, last, hear, resolve}
  #booted
  serial = false
  ready = new Promise((resolve) => { this.#booted = resolve })

  /** lost(text, code): it has ended, or cannot go on */
  constructor(dir, { runner }, lost) {
    const path = fileURLToPath(new URL(`../${runner}/host.mjs`, import.meta.url))
    this.#child = spawn(process.execPath, [path], { cwd: dir, stdio: ['ignore', 'inherit', 'inherit', 'pipe'] })
    const over = (text, code) => {
      if (!this.#closed) lost(text, code)
      this.#closed = true
    }
    this.#channel = new Channel(this.#child.stdio[3], {
      command: (event) => event.ev === 'fatal' ? over(event.message, 1) : this.#take(event),
      invalid: (text) => over(text, 1),
      closed: () => {},
    })
    this.#child.once('error', (error) => over(error.message, 1))
    // What it said before its end is to be heard first.
    this.#child.once('close', (code, signal) => over(`the host ended with ${signal ?? `code ${code}`}`, code))
  }

  /** Resolves with the event `last`; hear(event) gets all others of the command. */
  ask(command, last, hear) {
    const id = ++this.#ids
    return new Promise((resolve) => {
      this.#asked = { id, last, hear, resolve }
      this.tell({ ...command, id })
    })
  }

  tell(command) {
    this.#channel.send(command)
  }

  cancel() {
    this.tell({ cmd: 'cancel', id: this.#asked?.id })
  }

  close() {
    this.#closed = true
    this.tell({ cmd: 'exit' })
  }

  #take(event) {
    if (event.ev === 'ready') {
      this.serial = event.serial
      this.#booted()
    }
    const { id, last, hear, resolve } = this.#asked ?? {}
    if (id === undefined || event.id !== id) return
    if (event.ev === last) resolve(event)
    else hear(event)
  }
}
