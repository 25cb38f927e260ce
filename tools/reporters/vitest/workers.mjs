// Knows the processes and threads that vitest's pool has running, so that they
// can be killed without asking vitest, and gives them the number of our slot.
//
// All versions start them through child_process.fork and worker_threads.Worker.
// Both are wrapped before vitest is loaded; everything else that is started
// that way (by a plugin, a global setup) is left alone.

import { createRequire, syncBuiltinESMExports } from 'node:module'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const childProcess = require('node:child_process')
const workerThreads = require('node:worker_threads')

const COMPILED = fileURLToPath(new URL('compiled.cjs', import.meta.url))
const POOL_ENTRY = /[\\/](vitest[\\/]dist[\\/]workers?[\\/.]|tinypool[\\/]dist[\\/])/

export class Workers {
  #live = new Set()
  #onDeath
  #poolId
  #compiled

  /**
   * onDeath(): a worker ended that nobody had told to end
   * poolId: every worker's VITEST_POOL_ID; undefined leaves it to vitest, which
   * counts from 1 in each host
   * compiled(): the file in which a new process leaves compiled packages to
   * those after it; undefined if it shall not
   */
  constructor(onDeath, poolId, compiled) {
    this.#onDeath = onDeath
    this.#compiled = compiled
    this.#poolId = poolId
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
    childProcess.fork = (entry, args, options) => {
      if (!isPoolEntry(entry)) return fork(entry, args, options)
      const child = fork(entry, args, this.#preloaded(this.#numberedProcess(options)))
      this.#followChild(child)
      return child
    }
  }

  #preloaded(options) {
    const compiled = this.#compiled()
    if (!compiled) return options
    return {
      ...options,
      execArgv: [...(options?.execArgv ?? process.execArgv), '--require', COMPILED],
      env: { ...(options?.env ?? process.env), TROUPE_COMPILED: compiled },
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
    this.#hear(child, 'send', worker)
    this.#follow(child, worker)
  }

  #wrapWorker() {
    const follow = (thread) => this.#followThread(thread)
    const numbered = (options) => this.#numberedThread(options)
    workerThreads.Worker = class extends workerThreads.Worker {
      constructor(entry, options) {
        const ours = isPoolEntry(entry)
        super(entry, ours ? numbered(options) : options)
        if (ours) follow(this)
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
    this.#hear(thread, 'postMessage', worker)
    this.#follow(thread, worker)
  }

  // vitest 4 tells each worker its files, and before that its number, in messages.
  #hear(target, method, worker) {
    const send = target[method].bind(target)
    target[method] = (message, ...rest) => {
      if (!message?.__vitest_worker_request__) return send(message, ...rest)
      worker.files = message.context?.files?.map((file) => file.filepath) ?? worker.files ?? []
      return send(this.#numberedMessage(message), ...rest)
    }
  }

  #numberedMessage(message) {
    const poolId = this.#poolId
    if (poolId === undefined) return message
    // The number of the worker restarts with each call, and so with each file.
    const numbered = { ...message }
    if (message.poolId !== undefined) Object.assign(numbered, { poolId, workerId: poolId })
    if (message.context?.workerId !== undefined) numbered.context = { ...message.context, workerId: poolId }
    return numbered
  }

  // The pool of versions 2 and 3 tells a process its number in the environment…
  #numberedProcess(options) {
    if (this.#poolId === undefined || !options?.env?.TINYPOOL_WORKER_ID) return options
    return { ...options, env: { ...options.env, TINYPOOL_WORKER_ID: String(this.#poolId) } }
  }

  // …and a thread with its data.
  #numberedThread(options) {
    const [own, ...data] = Array.isArray(options?.workerData) ? options.workerData : []
    if (this.#poolId === undefined || own?.workerId === undefined) return options
    return { ...options, workerData: [{ ...own, workerId: this.#poolId }, ...data] }
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
