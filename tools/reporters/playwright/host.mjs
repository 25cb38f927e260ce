// Playwright Test controlled from outside. See README.md.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { relativePath } from '../common/errors.mjs'
import { Selection } from '../common/selection.mjs'
import { EXIT_UNUSABLE, packageOf, serve, Session } from '../common/session.mjs'
import { Batch } from './batch.mjs'
import { Invocation, quoted } from './invocation.mjs'
import { textOf } from './record.mjs'

const OLDEST = [1, 50]
const LISTS_MAX = 50 // runs of --list, each without the files that kept the one before from its end

class Host {
  #root
  #cli
  #listing
  #batch
  #batchId
  #selects = true // no test was seen of which it is not known with whom it has to stay

  constructor(root, fd) {
    this.#root = root
    this.session = new Session(fd, this)
  }

  async start() {
    const began = performance.now()
    const { path, manifest: { version } } = packageOf(this.#root, '@playwright/test')
    const [major, minor] = version.split('.').map(Number)
    if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
      throw new Error(`@playwright/test ${version} is not supported (${OLDEST.join('.')} and later are)`)
    }
    this.#cli = join(path, 'cli.js')
    this.session.send({
      ev: 'ready', runner: 'playwright', version, serial: !hasOwnNetwork(),
      boot_ms: Math.round(performance.now() - began),
    })
  }

  async list(id) {
    const files = await this.#find()
    for (const file of files) this.session.send({ ev: 'file', id, file })
    // A batch starts the web server and the browser.
    this.session.send({ ev: 'listed', id, count: files.length, shared: true, selects: this.#selects })
  }

  async run({ id, files, timeout_ms: timeoutMs = 0, ...choice }) {
    const emit = ({ ev, ...fields }) => this.session.send({ ev, id, ...fields })
    this.#batch = new Batch({ cli: this.#cli, root: this.#root, timeoutMs, selection: Selection.of(choice) }, files, emit)
    this.#batchId = id
    const usable = await this.#batch.run()
    if (usable || this.#batch.cancelled) emit({ ev: 'ran', unhandled: this.#batch.unhandled })
    this.#batch = undefined
    if (!usable) await this.session.end(EXIT_UNUSABLE)
  }

  cancel(id) {
    if (this.#batch && id === this.#batchId) this.#batch.cancel()
  }

  // Each command starts a playwright of its own, which looks at the files anew.
  invalidate() {}

  stop() {
    this.#listing?.kill()
    this.#batch?.stop()
  }

  clean() {}

  // A file that cannot be loaded keeps playwright from listing any, but it is a test file, and red.
  async #find() {
    const broken = new Set()
    for (let i = 0; i < LISTS_MAX; i++) {
      const { paths, errors, how } = await this.#listWithout([...broken])
      if (!errors.length && paths) return [...new Set([...paths, ...broken])].map((path) => relativePath(this.#root, path)).sort()
      if (errors.length && errors.every(({ message }) => /No tests found/.test(message ?? ''))) {
        return [...broken].map((path) => relativePath(this.#root, path)).sort()
      }
      const fresh = errors.map(({ location }) => location?.file).filter((path) => path && !broken.has(path))
      if (fresh.length === 0) throw new Error(errors.length > 0 ? textOf(errors, this.#root) : how)
      fresh.forEach((path) => broken.add(path))
    }
    throw new Error(`${broken.size} test files cannot be loaded`)
  }

  async #listWithout(broken) {
    const found = { errors: [], paths: undefined, how: '' }
    const planned = []
    const args = ['--list', ...broken.length > 0 ? [`/^(?!(?:${broken.map(quoted).join('|')})$)/`] : []]
    this.#listing = new Invocation({
      cli: this.#cli, root: this.#root, args,
      report: ({ ev, path, serial, error }) => {
        if (ev === 'planned') planned.push(path)
        if (serial === null) this.#selects = false
        if (ev === 'begun') found.paths = planned
        if (ev === 'error') found.errors.push(error)
      },
    })
    const { code, signal } = await this.#listing.ended
    found.how = `playwright ended with ${signal ?? `code ${code}`}\n${this.#listing.tail}`
    this.#listing = undefined
    return found
  }
}

/** Whether the ports of a web server are ours alone: in a sandbox there is only the loopback. */
function hasOwnNetwork() {
  try {
    const [, , ...interfaces] = readFileSync('/proc/net/dev', 'utf8').trim().split('\n')
    return interfaces.length === 1
  } catch {
    return false
  }
}

await serve('playwright', (root, fd) => new Host(root, fd))
