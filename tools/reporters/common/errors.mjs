// Turns the errors of any runner into one text and one position.

import { relative, sep } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

const MAX_MESSAGE = 16 * 1024
const FRAME = /^\s*at (?:(.+?) \()?(?:file:\/\/)?(\/.+?):(\d+):(\d+)\)?$/
const RUNNER = /\/node_modules\/(@vitest|vitest|vite-node|tinypool|chai|@playwright|playwright|playwright-core|@jest|jest|jest-[^/]+|expect)\//

/** Name, message, diff and frames of an error, without colours, bounded. */
export function describe(error, root) {
  if (error === null || typeof error !== 'object') return clip(String(error))
  const parts = [headline(error)]
  if (typeof error.diff === 'string') parts.push(error.diff)
  const frames = framesOf(error)
  if (frames.length > 0) parts.push(frames.map((frame) => line(frame, root)).join('\n'))
  if (error.cause) parts.push(`Caused by: ${describe(error.cause, root)}`)
  for (const inner of Array.isArray(error.errors) ? error.errors : []) parts.push(describe(inner, root))
  return clip(parts.filter(Boolean).join('\n'))
}

/** Where to point a reader: the test file if it is on the stack, else the first project frame. */
export function position(error, testPath) {
  const frames = framesOf(error)
  const frame = frames.find((one) => one.file === testPath)
    ?? frames.find((one) => !one.file.includes('/node_modules/'))
  return frame && { line: frame.line, column: frame.column, path: frame.file }
}

export function relativePath(root, path) {
  return relative(root, path).split(sep).join('/')
}

function headline(error) {
  const message = String(error.message ?? '')
  const name = error.name ?? error.nameStr ?? 'Error'
  return message.startsWith(name) ? message : `${name}: ${message}`
}

// vitest 4 adds the frames; before, they are only in the text of the stack. Both
// are in terms of the source files.
/** The frames of the project and of its packages, but not of the runner. */
export function framesOf(error) {
  if (Array.isArray(error?.stacks)) return error.stacks.filter((frame) => typeof frame.file === 'string')
  return String(error?.stack ?? '').split('\n').map(parseFrame).filter(Boolean)
}

function parseFrame(text) {
  const [, method, file, row, column] = FRAME.exec(text) ?? []
  if (!file || RUNNER.test(file)) return undefined
  return { method, file, line: Number(row), column: Number(column) }
}

export function line(frame, root) {
  const where = `${relativePath(root, frame.file)}:${frame.line}:${frame.column}`
  return frame.method ? `    at ${frame.method} (${where})` : `    at ${where}`
}

/** Without colours, at most as much as a message may have. */
export function clip(text) {
  const plain = stripVTControlCharacters(text)
  if (Buffer.byteLength(plain) <= MAX_MESSAGE) return plain
  // Cutting bytes may split a character; the decoder leaves a mark that is dropped.
  return Buffer.from(plain).subarray(0, MAX_MESSAGE - 16).toString('utf8').replace(/\uFFFD$/, '') + '\n[cut]'
}
