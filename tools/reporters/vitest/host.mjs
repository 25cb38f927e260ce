// A warm vitest controlled from outside. See README.md for the protocol.

import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Batch } from './batch.mjs'
import { Channel } from './channel.mjs'
import { prepareEnvironment } from './common.mjs'
import { relativePath } from './errors.mjs'
import { Workers } from './workers.mjs'

const ADAPTERS = { 2: './v2.mjs', 3: './v3.mjs', 4: './v4.mjs' }
const EXIT_FATAL = 1
const EXIT_UNUSABLE = 86
const FLUSH_MS = 500

// Code under test may replace it in this process (pool: threads).
const exit = process.exit.bind(process)

class Host {
  #root
  #channel
  #workers
  #folder // for files of the host's own
  #open // makes a new adapter
  #adapter
  #batch
  #batchId
  #queue = Promise.resolve()

  constructor(root, fd, slot) {
    this.#root = root
    const poolId = slot === undefined ? undefined : slot + 1
    this.#workers = new Workers(() => this.#batch?.workerDied(), poolId, () => this.#compiled())
    this.#channel = new Channel(fd, {
      command: (command) => this.#receive(command),
      invalid: (message) => this.#channel.send({ ev: 'error', message }),
      closed: () => this.#leaveAtOnce(),
    })
  }

  async start() {
    const began = performance.now()
    prepareEnvironment()
    const { api, version } = await loadVitest(this.#root)
    const major = version.split('.')[0]
    if (!ADAPTERS[major]) throw new Error(`vitest ${version} is not supported (2, 3 and 4 are)`)
    const { open } = await import(ADAPTERS[major])
    this.#open = () => open(api, this.#root, this.#events())
    this.#adapter = await this.#open()
    this.#channel.send({
      ev: 'ready', runner: 'vitest', version, serial: this.#adapter.serial,
      boot_ms: Math.round(performance.now() - began),
    })
  }

  // Where files share a process already, writing it down would only cost.
  #compiled() {
    if (this.#adapter.sharesWorkers()) return undefined
    this.#folder ??= mkdtempSync(join(tmpdir(), 'troupe-host-'))
    return join(this.#folder, 'compiled')
  }

  async fail(error) {
    this.#channel.send({ ev: 'fatal', message: String(error?.message ?? error) })
    await this.#exit(EXIT_FATAL)
  }

  // The current batch changes, the reporter given to vitest does not.
  #events() {
    const names = ['queued', 'collected', 'test', 'moduleEnded']
    return Object.fromEntries(names.map((name) => [name, (...args) => this.#batch?.[name](...args)]))
  }

  #receive(command) {
    const { cmd, id } = command
    if (cmd === 'exit') return this.#leaveAtOnce()
    if (cmd === 'cancel') return this.#cancel(id)
    const commands = {
      list: () => this.#list(id),
      run: () => this.#run(command),
      invalidate: () => this.#invalidate(command),
    }
    const work = Object.hasOwn(commands, cmd) ? commands[cmd] : undefined
    const problem = work ? problemOf(command) : `unknown command ${JSON.stringify(cmd)}`
    if (problem) return this.#channel.send({ ev: 'error', id, message: problem })
    // Commands are worked off one after the other.
    this.#queue = this.#queue.then(work).catch((error) => this.fail(error))
  }

  async #list(id) {
    await this.#refresh()
    const files = (await this.#adapter.list()).map((path) => relativePath(this.#root, path)).sort()
    for (const file of files) this.#channel.send({ ev: 'file', id, file })
    this.#channel.send({ ev: 'listed', id, count: files.length, shared: this.#adapter.sharesWorkers() })
  }

  async #run({ id, files, timeout_ms: timeoutMs = 0 }) {
    await this.#refresh()
    const emit = ({ ev, ...fields }) => this.#channel.send({ ev, id, ...fields })
    this.#batch = new Batch({ adapter: this.#adapter, workers: this.#workers, root: this.#root, files, timeoutMs, emit })
    this.#batchId = id
    const usable = await this.#batch.run()
    if (usable || this.#batch.cancelled) emit({ ev: 'ran', unhandled: this.#batch.unhandled })
    this.#batch = undefined
    if (!usable) await this.#exit(EXIT_UNUSABLE)
  }

  #cancel(id) {
    if (this.#batch && id === this.#batchId) this.#batch.cancel()
  }

  #invalidate({ files }) {
    this.#adapter.invalidate(files.map((file) => resolve(this.#root, file)))
  }

  // Some changes (of the configuration, say) a running instance cannot follow.
  async #refresh() {
    if (!this.#adapter.stale) return
    await this.#adapter.close()
    this.#adapter = await this.#open()
  }

  async #exit(code) {
    this.#workers.killAll()
    await this.#channel.flush(FLUSH_MS)
    this.#leave(code)
  }

  #leaveAtOnce() {
    this.#workers.killAll()
    this.#leave(0)
  }

  #leave(code) {
    for (const folder of [this.#folder, ...this.#adapter?.folders ?? []]) {
      if (folder) remove(folder)
    }
    exit(code)
  }
}

// A worker that was just killed may be about to write its last file there.
function remove(folder) {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 })
  } catch (error) {
    console.error(`${folder} is left behind: ${error.message}`)
  }
}

function problemOf({ cmd, files, timeout_ms: timeoutMs }) {
  if (cmd === 'list') return undefined
  const isList = Array.isArray(files) && files.every((file) => typeof file === 'string')
  if (!isList) return `${cmd}: files must be an array of strings`
  const isTime = timeoutMs === undefined || (Number.isFinite(timeoutMs) && timeoutMs >= 0)
  return isTime ? undefined : `${cmd}: timeout_ms must be a number of at least 0`
}

// The project's own vitest, never one that happens to lie beside this file.
async function loadVitest(root) {
  const require = createRequire(resolve(root, 'package.json'))
  let manifest
  try {
    manifest = require.resolve('vitest/package.json')
  } catch {
    throw new Error(`no vitest found in ${root}`)
  }
  const { version, exports } = require(manifest)
  const entry = exports['./node'].default ?? exports['./node'].import?.default ?? exports['./node'].import
  const api = await import(pathToFileURL(resolve(manifest, '..', entry)).href)
  return { api, version }
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

// Which of the hosts running side by side this is; undefined: nobody said so.
function takeSlot() {
  const text = process.env.TROUPE_SLOT ?? ''
  delete process.env.TROUPE_SLOT
  return /^\d{1,6}$/.test(text) ? Number(text) : undefined
}

let host
try {
  host = new Host(rootFrom(process.argv.slice(2)), takeDescriptor(), takeSlot())
} catch (error) {
  process.stderr.write(`vitest host: no protocol stream: ${error.message}\n`)
  exit(EXIT_FATAL)
}
await host.start().catch((error) => host.fail(error))
