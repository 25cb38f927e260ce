// Knows the processes and threads that vitest's pool has running, so that they
// can be killed without asking vitest.
//
// All versions start them through child_process.fork and worker_threads.Worker.
// Both are wrapped before vitest is loaded; everything else that is started
// that way (by a plugin, a global setup) is left alone.

import { createRequire, syncBuiltinESMExports } from 'node:module'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const childProcess = require('node:child_process')
const workerThreads = require('node:worker_threads')

const POOL_ENTRY = /[\\/](vitest[\\/]dist[\\/]workers?[\\/.]|tinypool[\\/]dist[\\/])/

export class Workers {
  #live = new Set()
  #onDeath

  /** onDeath(): a worker ended that nobody had told to end */
  constructor(onDeath) {
    this.#onDeath = onDeath
    this.#wrapFork()
    this.#wrapWorker()
    syncBuiltinESMExports()
  }

  /** Kills whatever runs `path`; a worker whose files are unknown counts as running it. */
  kill(path) {
    for (const worker of this.#live) {
      if (!worker.files || worker.files.includes(path)) worker.kill()
    }
  }

  killAll() {
    for (const worker of this.#live) worker.kill()
  }

  #wrapFork() {
    const fork = childProcess.fork
    childProcess.fork = (entry, ...rest) => {
      const child = fork(entry, ...rest)
      if (isPoolEntry(entry)) this.#followChild(child)
      return child
    }
  }

  #followChild(child) {
    const kill = child.kill.bind(child)
    const worker = { files: undefined, stopping: false }
    worker.kill = () => {
      worker.stopping = true
      kill('SIGKILL')
    }
    child.kill = (signal) => {
      worker.stopping = true
      return kill(signal)
    }
    noteFiles(child, 'send', worker)
    this.#follow(child, worker)
  }

  #wrapWorker() {
    const follow = (thread) => this.#followThread(thread)
    workerThreads.Worker = class extends workerThreads.Worker {
      constructor(entry, options) {
        super(entry, options)
        if (isPoolEntry(entry)) follow(this)
      }
    }
  }

  #followThread(thread) {
    const terminate = thread.terminate.bind(thread)
    const worker = { files: undefined, stopping: false }
    worker.kill = thread.terminate = () => {
      worker.stopping = true
      return terminate()
    }
    noteFiles(thread, 'postMessage', worker)
    this.#follow(thread, worker)
  }

  #follow(emitter, worker) {
    this.#live.add(worker)
    emitter.once('exit', () => {
      this.#live.delete(worker)
      if (!worker.stopping) this.#onDeath()
    })
  }
}

function isPoolEntry(entry) {
  const path = entry instanceof URL || String(entry).startsWith('file:') ? fileURLToPath(entry) : String(entry)
  return POOL_ENTRY.test(path)
}

// vitest 4 tells each worker its files in a `run` message.
function noteFiles(target, method, worker) {
  const send = target[method].bind(target)
  target[method] = (message, ...rest) => {
    if (message?.__vitest_worker_request__) {
      worker.files = message.context?.files?.map((file) => file.filepath) ?? worker.files ?? []
    }
    return send(message, ...rest)
  }
}
