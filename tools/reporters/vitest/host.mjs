// A warm vitest controlled from outside. See README.md for the protocol.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { relativePath } from '../common/errors.mjs'
import { Selection } from '../common/selection.mjs'
import { EXIT_UNUSABLE, packageOf, serve, Session } from '../common/session.mjs'
import { Batch } from './batch.mjs'
import { prepareEnvironment } from './common.mjs'
import { Workers } from './workers.mjs'

const ADAPTERS = { 2: './v2.mjs', 3: './v3.mjs', 4: './v4.mjs' }

class Host {
  #root
  #workers
  #folder // for files of the host's own
  #open // makes a new adapter
  #adapter
  #batch
  #batchId

  constructor(root, fd, slot) {
    this.#root = root
    const poolId = slot === undefined ? undefined : slot + 1
    this.#workers = new Workers(() => this.#batch?.workerDied(), poolId, () => this.#compiled())
    this.session = new Session(fd, this)
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
    this.session.send({
      ev: 'ready', runner: 'vitest', version, serial: this.#adapter.serial,
      boot_ms: Math.round(performance.now() - began),
    })
  }

  async list(id) {
    await this.#refresh()
    const files = (await this.#adapter.list()).map((path) => relativePath(this.#root, path)).sort()
    for (const file of files) this.session.send({ ev: 'file', id, file })
    const shared = this.#adapter.sharesWorkers()
    this.session.send({ ev: 'listed', id, count: files.length, shared, selects: !shared && !this.#adapter.hasPattern() })
  }

  async run({ id, files, timeout_ms: timeoutMs = 0, ...choice }) {
    await this.#refresh()
    const emit = ({ ev, ...fields }) => this.session.send({ ev, id, ...fields })
    const selection = Selection.of(choice)
    this.#batch = new Batch({ adapter: this.#adapter, workers: this.#workers, root: this.#root, files, selection, timeoutMs, emit })
    this.#batchId = id
    const usable = await this.#batch.run()
    if (usable || this.#batch.cancelled) emit({ ev: 'ran', unhandled: this.#batch.unhandled })
    this.#batch = undefined
    if (!usable) await this.session.end(EXIT_UNUSABLE)
  }

  cancel(id) {
    if (this.#batch && id === this.#batchId) this.#batch.cancel()
  }

  invalidate({ files }) {
    this.#adapter.invalidate(files.map((file) => resolve(this.#root, file)))
  }

  stop() {
    this.#workers.killAll()
  }

  clean() {
    for (const folder of [this.#folder, ...this.#adapter?.folders ?? []]) {
      if (folder) remove(folder)
    }
  }

  // Where files share a process already, writing it down would only cost.
  #compiled() {
    if (this.#adapter.sharesWorkers()) return undefined
    this.#folder ??= mkdtempSync(join(tmpdir(), 'troupe-host-'))
    return join(this.#folder, 'compiled')
  }

  // The current batch changes, the reporter given to vitest does not.
  #events() {
    const names = ['queued', 'collected', 'test', 'moduleEnded']
    return Object.fromEntries(names.map((name) => [name, (...args) => this.#batch?.[name](...args)]))
  }

  // Some changes (of the configuration, say) a running instance cannot follow.
  async #refresh() {
    if (!this.#adapter.stale) return
    await this.#adapter.close()
    this.#adapter = await this.#open()
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

async function loadVitest(root) {
  const { path, manifest: { version, exports } } = packageOf(root, 'vitest')
  const entry = exports['./node'].default ?? exports['./node'].import?.default ?? exports['./node'].import
  const api = await import(pathToFileURL(resolve(path, entry)).href)
  return { api, version }
}

// Which of the hosts running side by side this is; undefined: nobody said so.
function takeSlot() {
  const text = process.env.TROUPE_SLOT ?? ''
  delete process.env.TROUPE_SLOT
  return /^\d{1,6}$/.test(text) ? Number(text) : undefined
}

await serve('vitest', (root, fd) => new Host(root, fd, takeSlot()))
