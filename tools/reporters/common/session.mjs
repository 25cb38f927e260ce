// One conversation of a host with the executor: what every host does alike.

import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { Channel } from './channel.mjs'

const FLUSH_MS = 500

// Code under test may replace it in this process.
const exit = process.exit.bind(process)

export const EXIT_FATAL = 1
export const EXIT_UNUSABLE = 86 // what was sent is valid; start another host

export class Session {
  #channel
  #host
  #queue = Promise.resolve()

  /**
   * fd: descriptor of the stream
   * host: list(id), run(command), invalidate(command) are worked off one after the other;
   * cancel(id) acts at once; stop() kills what runs, clean() removes what is left
   */
  constructor(fd, host) {
    this.#host = host
    this.#channel = new Channel(fd, {
      command: (command) => this.#receive(command),
      invalid: (message) => this.send({ ev: 'error', message }),
      closed: () => this.#leave(0),
    })
  }

  send(event) {
    this.#channel.send(event)
  }

  /** The host cannot go on: says why and ends the process. */
  async fail(error) {
    this.send({ ev: 'fatal', message: String(error?.message ?? error) })
    await this.end(EXIT_FATAL)
  }

  /** Ends the process when all that was said is on its way. */
  async end(code) {
    this.#host.stop()
    await this.#channel.flush(FLUSH_MS)
    this.#leave(code)
  }

  #receive(command) {
    const { cmd, id } = command
    if (cmd === 'exit') return this.#leave(0)
    if (cmd === 'cancel') return this.#host.cancel(id)
    const commands = {
      list: () => this.#host.list(id),
      run: () => this.#host.run(command),
      invalidate: () => this.#host.invalidate(command),
    }
    const work = Object.hasOwn(commands, cmd) ? commands[cmd] : undefined
    const problem = work ? problemOf(command) : `unknown command ${JSON.stringify(cmd)}`
    if (problem) return this.send({ ev: 'error', id, message: problem })
    this.#queue = this.#queue.then(work).catch((error) => this.fail(error))
  }

  #leave(code) {
    this.#host.stop()
    this.#host.clean()
    exit(code)
  }
}

/** Makes the host by make(root) and starts it by its start(); ends the process if that fails. */
export async function serve(name, make) {
  let host
  try {
    host = make(rootFrom(process.argv.slice(2)), takeDescriptor())
  } catch (error) {
    process.stderr.write(`${name} host: no protocol stream: ${error.message}\n`)
    exit(EXIT_FATAL)
  }
  await host.start().catch((error) => host.session.fail(error))
}

/** {path, manifest} of a package of the project's own, never one that happens to lie beside this file. */
export function packageOf(root, name) {
  const require = createRequire(resolve(root, 'package.json'))
  let path
  try {
    path = require.resolve(`${name}/package.json`)
  } catch {
    throw new Error(`no ${name} found in ${root}`)
  }
  return { path: resolve(path, '..'), manifest: require(path) }
}

function problemOf({ cmd, files, only, but, timeout_ms: timeoutMs }) {
  if (cmd === 'list') return undefined
  const isList = (list) => Array.isArray(list) && list.every((one) => typeof one === 'string')
  if (!isList(files)) return `${cmd}: files must be an array of strings`
  const names = only ?? but
  if (names && !isList(names)) return `${cmd}: only and but must be arrays of strings`
  if (names && (files.length > 1 || (only && but))) return `${cmd}: a choice of tests is one of a single file`
  const isTime = timeoutMs === undefined || (Number.isFinite(timeoutMs) && timeoutMs >= 0)
  return isTime ? undefined : `${cmd}: timeout_ms must be a number of at least 0`
}

function rootFrom(args) {
  const at = args.indexOf('--root')
  return resolve(at >= 0 && args[at + 1] ? args[at + 1] : '.')
}

function takeDescriptor() {
  const fd = Number(process.env.TROUPE_FD ?? 3)
  // Not for the eyes of the code under test.
  delete process.env.TROUPE_FD
  return fd
}
