// Drives a host of tools/reporters/ as the executor does.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const hostOf = (runner) => fileURLToPath(new URL(`../../tools/reporters/${runner}/host.mjs`, import.meta.url))

const PATIENCE_MS = 120_000

export class Host {
  events = []
  #waiting = []
  #text = ''

  constructor(dir, { runner = 'vitest', env = {}, fd = 3, args = [] } = {}) {
    const stdio = ['ignore', 'ignore', 'ignore']
    while (stdio.length < fd) stdio.push('ignore')
    stdio.push('pipe')
    this.process = spawn(process.execPath, [hostOf(runner), ...args], { cwd: dir, stdio, env: { ...process.env, CI: 'true', ...env } })
    this.stream = this.process.stdio[fd]
    this.stream.setEncoding('utf8')
    this.stream.on('data', (text) => this.#read(text))
    this.stream.on('error', () => {})
    this.exited = new Promise((resolve) => {
      this.process.once('exit', (code, signal) => {
        // What is still in the stream was sent before.
        setTimeout(() => {
          resolve({ code, signal })
          for (const { reject } of this.#waiting.splice(0)) reject(new Error(`host exited: ${code ?? signal}`))
        }, 50)
      })
    })
  }

  send(command) {
    this.write(JSON.stringify(command) + '\n')
  }

  write(text) {
    this.stream.write(text)
  }

  /** The next event, or one already there, that has these fields. */
  until(fields) {
    const fits = (event) => Object.entries(fields).every(([key, value]) => event[key] === value)
    const found = this.events.find(fits)
    if (found) return Promise.resolve(found)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ fits, resolve, reject })
      setTimeout(() => reject(new Error(`no ${JSON.stringify(fields)} in ${PATIENCE_MS} ms`)), PATIENCE_MS).unref()
    })
  }

  ready() {
    return this.until({ ev: 'ready' })
  }

  async list(id) {
    this.send({ cmd: 'list', id })
    const { count } = await this.until({ ev: 'listed', id })
    const files = this.of('file', id).map(({ file }) => file)
    if (files.length !== count) throw new Error(`listed ${count}, sent ${files.length}`)
    return files
  }

  async run(id, files, timeout_ms = 0) {
    this.send({ cmd: 'run', id, files, timeout_ms })
    return this.until({ ev: 'ran', id })
  }

  of(ev, id, file) {
    return this.events.filter((event) => event.ev === ev && event.id === id && (file === undefined || event.file === file))
  }

  async close() {
    this.stream.end()
    return this.exited
  }

  #read(text) {
    this.#text += text
    const lines = this.#text.split('\n')
    this.#text = lines.pop()
    for (const line of lines) this.#arrived(JSON.parse(line))
  }

  #arrived(event) {
    this.events.push(event)
    const due = this.#waiting.filter(({ fits }) => fits(event))
    this.#waiting = this.#waiting.filter(({ fits }) => !fits(event))
    for (const { resolve } of due) resolve(event)
  }
}
