// JSON Lines in both directions over one stream socket.
//
// The protocol has a descriptor of its own because code under test may write
// anything to stdout and stderr.

import net from 'node:net'

const MAX_LINE = 8 * 1024 * 1024
const NEWLINE = 0x0a

export class Channel {
  #socket
  #handlers
  #parts = []
  #length = 0
  #overlong = false

  /**
   * stream: a descriptor, or a socket
   * handlers: command(object), invalid(text), closed()
   */
  constructor(stream, handlers) {
    this.#handlers = handlers
    this.#socket = typeof stream === 'number' ? new net.Socket({ fd: stream, readable: true, writable: true }) : stream
    this.#socket.on('data', (chunk) => this.#read(chunk))
    // A reader that is gone is as final as an orderly end of the stream.
    for (const event of ['end', 'error', 'close']) this.#socket.on(event, () => this.#close())
  }

  send(event) {
    if (this.#socket.writable) this.#socket.write(JSON.stringify(event) + '\n')
  }

  /** Resolves when all that was sent is in the kernel, or after limitMs. */
  flush(limitMs) {
    return new Promise((resolve) => {
      if (!this.#socket.writable) return resolve()
      setTimeout(resolve, limitMs).unref()
      this.#socket.write('', () => resolve())
    })
  }

  #close() {
    const { closed } = this.#handlers
    this.#handlers.closed = () => {}
    closed()
  }

  #read(chunk) {
    let from = 0
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      this.#collect(chunk.subarray(from, at))
      this.#line()
      from = at + 1
    }
    this.#collect(chunk.subarray(from))
  }

  #collect(bytes) {
    this.#length += bytes.length
    if (this.#length > MAX_LINE) {
      this.#overlong = true
      this.#parts = []
    } else if (bytes.length > 0) {
      this.#parts.push(bytes)
    }
  }

  #line() {
    const overlong = this.#overlong
    const text = Buffer.concat(this.#parts).toString('utf8')
    this.#parts = []
    this.#length = 0
    this.#overlong = false
    if (overlong) return this.#handlers.invalid(`line longer than ${MAX_LINE} bytes`)
    if (text.trim() === '') return
    const command = parse(text)
    if (command) this.#handlers.command(command)
    else this.#handlers.invalid(`not a JSON object: ${text.slice(0, 200)}`)
  }
}

function parse(text) {
  try {
    const value = JSON.parse(text)
    return value && typeof value === 'object' && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
