// A program that a host runs: started, listened to, killed with all that it has started.

import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const TAIL_MAX = 8192 // of what it writes for people
const CAPTURE_MAX = 64 * 1024 * 1024 // of what it answers

export class Process {
  #child
  #tail = ''
  #report

  /**
   * argv, cwd, env: the command line
   * report(line): what it writes on `lines`, its descriptor 3 or 1; it may throw
   * commands: it reads what tell() says on its descriptor 4
   * Resolved by `ended`, never rejected.
   */
  constructor({ argv: [program, ...args], cwd, env = process.env, lines = 3, report = () => {}, commands = false }) {
    this.#report = report
    // It leads a group of its own, to be killed whole.
    this.#child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe', lines === 3 ? 'pipe' : 'ignore', commands ? 'pipe' : 'ignore'] })
    const { stdio } = this.#child
    stdio[4]?.on('error', () => {}) // its end says the same
    for (const stream of [stdio[1], stdio[2]].filter((one) => one !== stdio[lines])) {
      stream.setEncoding('utf8').on('data', (text) => { this.#tail = (this.#tail + text).slice(-TAIL_MAX) })
    }
    const reader = createInterface({ input: stdio[lines] })
    reader.on('line', (line) => this.#hear(line))
    const closed = new Promise((resolve) => reader.once('close', resolve))
    const exited = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve({ code: null, signal: error.message }))
      this.#child.once('exit', (code, signal) => resolve({ code, signal }))
    })
    /** {code, signal} when it has ended and all it said was heard. */
    this.ended = exited.then(async (how) => {
      // Whoever has inherited the descriptor after all must not hold us up.
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 2000).unref())])
      this.kill()
      return how
    })
  }

  /** From now on its lines are for this one. */
  listen(report) {
    this.#report = report
  }

  tell(line) {
    this.#child.stdio[4].write(`${line}\n`)
  }

  /** What it wrote last, for a failure that it did not report. */
  get tail() {
    return this.#tail.trim()
  }

  /** Ends all that it has started, web servers and browsers included. */
  kill() {
    for (const pid of [...descendantsOf(this.#child.pid), this.#child.pid]) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  #hear(line) {
    try {
      this.#report(line)
    } catch (error) {
      this.#tail += `\n${error.message}: ${line.slice(0, 200)}`
    }
  }
}

/** {code, signal, out, tail} of a program that ends; `out` is what it wrote on `lines`, unless report(line) takes it. */
export async function capture({ report, ...options }) {
  const out = []
  let size = 0
  const program = new Process({
    lines: 1,
    ...options,
    report: (line) => {
      size += line.length + 1
      if (size > CAPTURE_MAX) program.kill()
      else if (report) report(line)
      else out.push(line)
    },
  })
  const how = await program.ended
  return { ...how, out: out.join('\n'), tail: program.tail }
}

/** Processes below `pid`, children first, and all that are left of its process group. */
function descendantsOf(pid) {
  const parents = new Map() // pid -> its children
  const group = []
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const stat = statOf(name)
    if (!stat || Number(name) === pid) continue
    parents.set(stat.parent, [...parents.get(stat.parent) ?? [], Number(name)])
    if (stat.group === pid) group.push(Number(name))
  }
  const found = new Set(group)
  for (const one of [pid, ...group]) {
    for (const next of parents.get(one) ?? []) found.add(next)
  }
  for (const one of found) for (const next of parents.get(one) ?? []) found.add(next)
  return [...found]
}

function statOf(name) {
  try {
    // The name of the program, in brackets, may hold anything.
    const [, parent, group] = readFileSync(`/proc/${name}/stat`, 'latin1').replace(/^.*\) /s, '').split(' ')
    return { parent: Number(parent), group: Number(group) }
  } catch {
    return undefined
  }
}
