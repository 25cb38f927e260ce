// One `playwright test`: started, listened to, killed.

import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const REPORTER = fileURLToPath(new URL('reporter.cjs', import.meta.url))
const CAPTURE = fileURLToPath(new URL('capture.cjs', import.meta.url))
const TAIL_MAX = 8192 // of what it writes to stderr and stdout

export class Invocation {
  #child
  #tail = ''
  #report

  /**
   * cli: the project's playwright; args: after `test`
   * report(event): what reporter.cjs sends
   */
  constructor({ cli, root, args, report }) {
    this.#report = report
    // Processes that playwright forks, its workers, inherit the options of node; what it spawns (a
    // web server, a browser) does not.  It leads a group of its own, to be killed whole.
    this.#child = spawn(process.execPath, ['--require', CAPTURE, cli, 'test', `--reporter=${REPORTER}`, ...args], {
      cwd: root, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, FORCE_COLOR: '0', PLAYWRIGHT_FORCE_TTY: '0', PLAYWRIGHT_HTML_OPEN: 'never' },
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => { this.#tail = (this.#tail + text).slice(-TAIL_MAX) })
    }
    const lines = createInterface({ input: this.#child.stdio[3] })
    lines.on('line', (line) => this.#hear(line))
    const closed = new Promise((resolve) => lines.once('close', resolve))
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
      this.#report(JSON.parse(line))
    } catch (error) {
      this.#tail += `\n${error.message}: ${line.slice(0, 200)}`
    }
  }
}

/** A path as a regular expression. */
export function quoted(path) {
  return path.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
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
