// Drives tools/sources/typescript/host.mjs as the fixer does.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const HOST = fileURLToPath(new URL('../../tools/sources/typescript/host.mjs', import.meta.url))
const PATIENCE_MS = 60_000

export class Host {
  events = []
  #waiting = []
  #text = ''
  #ids = 0

  constructor(dir) {
    this.process = spawn(process.execPath, [HOST], { cwd: dir, stdio: ['ignore', 'ignore', 'inherit', 'pipe'] })
    this.stream = this.process.stdio[3]
    this.stream.setEncoding('utf8')
    this.stream.on('data', (text) => this.#read(text))
    this.stream.on('error', () => {})
    this.exited = new Promise((resolve) => this.process.once('exit', (code, signal) => resolve({ code, signal })))
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
      this.#waiting.push({ fits, resolve })
      setTimeout(() => reject(new Error(`no ${JSON.stringify(fields)} in ${JSON.stringify(this.events)}`)), PATIENCE_MS).unref()
    })
  }

  /** {list: candidates, reason}. */
  async candidates(file, message = '') {
    const id = ++this.#ids
    this.send({ cmd: 'candidates', id, file, line: 0, column: 0, message })
    const { count, reason } = await this.until({ ev: 'candidates', id })
    const list = this.events.filter((event) => event.ev === 'candidate' && event.id === id)
    if (list.length !== count) throw new Error(`counted ${count}, sent ${list.length}`)
    return { list, reason }
  }

  #read(text) {
    const lines = (this.#text + text).split('\n')
    this.#text = lines.pop()
    for (const line of lines) {
      const event = JSON.parse(line)
      this.events.push(event)
      for (const { resolve } of this.#waiting.filter(({ fits }) => fits(event))) resolve(event)
    }
  }
}
