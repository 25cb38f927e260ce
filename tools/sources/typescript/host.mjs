// The project's own TypeScript as a source of candidates. See README.md for the protocol.

import { createRequire } from 'node:module'
import net from 'node:net'
import { existsSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { candidates } from './candidates.mjs'
import { Projects } from './project.mjs'

const EXIT_FATAL = 1
const FLUSH_MS = 500
const MAX_LINE = 1024 * 1024
const CANDIDATES_MAX = 8

class Host {
  #root
  #socket
  #text = ''
  #projects

  constructor(root, fd) {
    this.#root = root
    this.#socket = new net.Socket({ fd, readable: true, writable: true })
    this.#socket.setEncoding('utf8')
    this.#socket.on('data', (text) => this.#read(text))
    // A reader that is gone is as final as an orderly end of the stream.
    for (const event of ['end', 'error', 'close']) this.#socket.on(event, () => process.exit(0))
  }

  start() {
    let ts
    try {
      ts = loadTypeScript(this.#root)
    } catch (error) {
      // A project may have a linter and no compiler.
      if (!existsSync(resolve(this.#root, 'node_modules/eslint/package.json'))) throw error
    }
    this.#projects = ts ? new Projects(ts, this.#root) : { root: this.#root, clear() {} }
    this.#send({ ev: 'ready', source: 'tsserver', version: ts?.version ?? 'none' })
  }

  fail(error) {
    this.#send({ ev: 'fatal', message: String(error?.message ?? error) })
    setTimeout(() => process.exit(EXIT_FATAL), FLUSH_MS).unref()
    this.#socket.write('', () => process.exit(EXIT_FATAL))
  }

  #send(event) {
    if (this.#socket.writable) this.#socket.write(JSON.stringify(event) + '\n')
  }

  #read(text) {
    const lines = (this.#text + text).split('\n')
    this.#text = lines.pop()
    for (const line of lines) if (line.trim() !== '') this.#line(line)
    if (this.#text.length > MAX_LINE) {
      this.#text = ''
      this.#send({ ev: 'error', message: `line longer than ${MAX_LINE} characters` })
    }
  }

  #line(line) {
    const command = parse(line)
    if (!command) return this.#send({ ev: 'error', message: `not a JSON object: ${line.slice(0, 200)}` })
    const { cmd, id } = command
    if (cmd === 'exit') return process.exit(0)
    const commands = { candidates: () => this.#candidates(command), invalidate: () => this.#projects.clear() }
    const work = Object.hasOwn(commands, cmd) ? commands[cmd] : undefined
    const problem = work ? problemOf(command) : `unknown command ${JSON.stringify(cmd)}`
    if (problem) return this.#send({ ev: 'error', id, message: problem })
    work()
  }

  // An error in here is the compiler's: it is the end of one answer, not of the host.
  async #candidates({ id, ...wanted }) {
    let found = { list: [], reason: '' }
    try {
      found = await candidates(this.#projects, wanted, CANDIDATES_MAX)
    } catch (error) {
      this.#projects.clear()
      found.reason = `TypeScript failed: ${error?.message ?? error}`.slice(0, 1000)
    }
    for (const { name, source, votes, diff, doubt, affected = [], tests = [] } of found.list) this.#send({ ev: 'candidate', id, source, name, votes, diff, doubt, affected: affected.join('\n'), tests: tests.join('\n') })
    this.#send({ ev: 'candidates', id, count: found.list.length, reason: found.reason })
  }
}

function problemOf({ cmd, id, file, message }) {
  if (cmd !== 'candidates') return undefined
  if (!Number.isSafeInteger(id)) return 'candidates: id must be a whole number'
  if (typeof file !== 'string' || file === '') return 'candidates: file must be a path'
  return message === undefined || typeof message === 'string' ? undefined : 'candidates: message must be a string'
}

function parse(text) {
  try {
    const value = JSON.parse(text)
    return value && typeof value === 'object' && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

// The project's own, never one that happens to lie beside this file.
function loadTypeScript(root) {
  const require = createRequire(resolve(root, 'package.json'))
  let manifest
  try {
    manifest = require.resolve('typescript/package.json')
  } catch {
    throw new Error(`no typescript found in ${root}`)
  }
  const { version } = require(manifest)
  const [major, minor] = String(version).split('.').map(Number)
  if (major < 4 || (major === 4 && minor < 7)) throw new Error(`typescript ${version} is not supported (4.7 and later are)`)
  const ts = require('typescript')
  if (typeof ts.createLanguageService !== 'function') throw new Error(`typescript ${version} has no language service to ask`)
  return ts
}

function takeDescriptor() {
  const fd = Number(process.env.TROUPE_FD ?? 3)
  delete process.env.TROUPE_FD
  return fd
}

let host
try {
  host = new Host(realpathSync('.'), takeDescriptor())
} catch (error) {
  process.stderr.write(`typescript host: no protocol stream: ${error.message}\n`)
  process.exit(EXIT_FATAL)
}
try {
  host.start()
} catch (error) {
  host.fail(error)
}
