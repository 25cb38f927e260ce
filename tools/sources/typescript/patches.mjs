// Texts that a change leads to, what tokens they have, and the diff between them and the disk.

import { createHash } from 'node:crypto'
import { fileDiff, isPlainName } from './diff.mjs'
import { mayChange } from './judge.mjs'
import { hasMark } from './project.mjs'

const DIFF_BYTES_MAX = 65536
const CELLS_MAX = 4_000_000 // of the comparison of two texts

export class Patches {
  #projects
  #project
  #allowed

  /** `allowed`: whether a path that is not one of the sources may change all the same. */
  constructor(projects, project, allowed = () => false) {
    this.#projects = projects
    this.#project = project
    this.#allowed = allowed
  }

  /** path -> text after edits (of the texts that the project has now) over earlier ones; undefined: nothing changes. */
  texts(edits, earlier = new Map()) {
    const texts = new Map(earlier)
    let changed = false
    for (const [file, list] of edits) {
      const before = this.#project.text(file)
      if (before === undefined) return undefined
      const after = applied(before, list)
      changed ||= after !== before
      texts.set(file, after)
    }
    return changed ? texts : undefined
  }

  /** The same for texts that differ in blanks and remarks only. */
  tokens(texts) {
    const { ts } = this.#projects
    return [...texts].sort().map(([file, text]) => {
      const jsx = /x$/.test(file) ? ts.LanguageVariant.JSX : ts.LanguageVariant.Standard
      const scanner = ts.createScanner(ts.ScriptTarget.Latest, true, jsx, text)
      const found = [file]
      while (scanner.scan() !== ts.SyntaxKind.EndOfFileToken) if (scanner.getTokenText() !== ';') found.push(scanner.getTokenText().replace(/^"([^"'\\]*)"$/, "'$1'"))
      return found.join('\n')
    }).join('\0')
  }

  /** Against the files on disk; '' when it may not be made, or is too large. */
  diff(texts) {
    let diff = ''
    for (const file of [...texts.keys()].sort()) {
      const path = this.#projects.relative(file)
      const before = this.#project.onDisk(file)
      if (before === undefined || !path || !isPlainName(path) || !(mayChange(path) || this.#allowed(path))) return ''
      const mark = hasMark(file) ? '\uFEFF' : ''
      diff += diffOf(path, mark + before, mark + texts.get(file))
    }
    return Buffer.byteLength(diff) <= DIFF_BYTES_MAX ? diff : ''
  }
}

/** The diff of one file, with a head for git. */
export function diffOf(path, before, after) {
  return headOf(path, before, after) + fileDiff(path, before, lineEdits(before, after))
}

/** What git calls the contents before and after: whoever takes the change back knows what it led to. */
function headOf(path, before, after) {
  if (before === after || path.includes(' ')) return ''
  return `diff --git a/${path} b/${path}\nindex ${blobId(before)}..${blobId(after)}\n`
}

function blobId(text) {
  return createHash('sha1').update(`blob ${Buffer.byteLength(text)}\0`).update(text).digest('hex')
}

export function inOrder(edits) {
  return [...edits].sort((a, b) => a.start - b.start || a.end - b.end)
}

/** A text after edits, of which those that meet an earlier one are left out. */
export function applied(before, edits) {
  let after = ''
  let at = 0
  for (const { start, end, text } of inOrder(edits)) {
    if (start < at) continue
    after += before.slice(at, start) + text
    at = end
  }
  return after + before.slice(at)
}

/** The lines that differ, as edits: [{start, end, text}]. */
export function lineEdits(before, after) {
  const a = before.match(/[^\n]*\n|[^\n]+$/g) ?? []
  const b = after.match(/[^\n]*\n|[^\n]+$/g) ?? []
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head++
  let tail = 0
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  const from = a.slice(head, a.length - tail)
  const to = b.slice(head, b.length - tail)
  const starts = [0]
  for (const line of a) starts.push(starts.at(-1) + line.length)
  return blocks(from, to).map(({ at, until, text }) => ({ start: starts[head + at], end: starts[head + until], text }))
}

/** [{at, until, text}]: lines [at, until) of the first are `text` in the second. */
function blocks(a, b) {
  if (a.length === 0 && b.length === 0) return []
  if ((a.length + 1) * (b.length + 1) > CELLS_MAX) return [{ at: 0, until: a.length, text: b.join('') }]
  const width = b.length + 1
  const common = new Uint32Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] = a[i] === b[j] ? common[(i + 1) * width + j + 1] + 1 : Math.max(common[(i + 1) * width + j], common[i * width + j + 1])
    }
  }
  const found = []
  let open
  const note = (i) => { open ??= { at: i, until: i, text: '' } }
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      if (open) found.push(open)
      open = undefined
      i++
      j++
      continue
    }
    note(i)
    if (i < a.length && (j === b.length || common[(i + 1) * width + j] >= common[i * width + j + 1])) open.until = ++i
    else open.text += b[j++]
  }
  if (open) found.push(open)
  return found
}
