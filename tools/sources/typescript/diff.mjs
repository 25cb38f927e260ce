// A unified diff of texts whose changes are known.

const CONTEXT = 3

/** "" when nothing changes. edits: [{start, end, text}] in `before`, in order, apart from each other. */
export function fileDiff(path, before, edits) {
  const lines = splitLines(before)
  const hunks = joinBlocks(blocksOf(before, lines, edits))
  if (hunks.length === 0) return ''
  const name = path.includes(' ') ? `${path}\t` : path
  let shift = 0
  let text = `--- a/${name}\n+++ b/${name}\n`
  for (const blocks of hunks) {
    const hunk = hunkOf(lines, blocks, shift)
    text += hunk.text
    shift += hunk.grown
  }
  return text
}

/** Names that git quotes, or that could be read in two ways, are left alone. */
export function isPlainName(path) {
  return !/[\x00-\x1f\x7f"\\:]/.test(path)
}

// Each with its end; the last one may have none.
function splitLines(text) {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

// Edits that touch the same lines become one block: old lines [from, to) and the new ones.
function blocksOf(before, lines, edits) {
  const starts = []
  let offset = 0
  for (const line of lines) {
    starts.push(offset)
    offset += line.length
  }
  const lineAt = (position) => {
    let low = 0
    let high = lines.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (starts[middle] <= position) low = middle + 1
      else high = middle
    }
    return Math.max(0, low - 1)
  }
  const blocks = []
  for (const edit of edits) {
    const from = lineAt(edit.start)
    const to = Math.min(lines.length, lineAt(edit.end) + 1)
    const last = blocks.at(-1)
    if (last && from < last.to) {
      last.to = Math.max(last.to, to)
      last.edits.push(edit)
    } else {
      blocks.push({ from, to, edits: [edit] })
    }
  }
  return blocks.map((block) => trimmed(block, before, lines, starts)).filter(({ from, to, made }) => to > from || made.length > 0)
}

function trimmed({ from, to, edits }, before, lines, starts) {
  let position = starts[from] ?? 0
  const end = to < lines.length ? starts[to] : before.length
  let text = ''
  for (const edit of edits) {
    text += before.slice(position, edit.start) + edit.text
    position = edit.end
  }
  const made = splitLines(text + before.slice(position, end))
  while (from < to && made.length > 0 && lines[from] === made[0]) {
    from++
    made.shift()
  }
  while (from < to && made.length > 0 && lines[to - 1] === made.at(-1)) {
    to--
    made.pop()
  }
  return { from, to, made }
}

// Blocks whose context would meet share a hunk.
function joinBlocks(blocks) {
  const hunks = []
  for (const block of blocks) {
    const last = hunks.at(-1)?.at(-1)
    if (last && block.from - last.to <= 2 * CONTEXT) hunks.at(-1).push(block)
    else hunks.push([block])
  }
  return hunks
}

function hunkOf(lines, blocks, shift) {
  const from = Math.max(0, blocks[0].from - CONTEXT)
  const to = Math.min(lines.length, blocks.at(-1).to + CONTEXT)
  let body = ''
  let at = from
  let grown = 0
  for (const block of blocks) {
    body += marked(' ', lines.slice(at, block.from)) + marked('-', lines.slice(block.from, block.to)) + marked('+', block.made)
    at = block.to
    grown += block.made.length - (block.to - block.from)
  }
  body += marked(' ', lines.slice(at, to))
  const head = `@@ -${range(from, to - from)} +${range(from + shift, to - from + grown)} @@\n`
  return { text: head + body, grown }
}

function range(from, count) {
  return count === 1 ? `${from + 1}` : `${count === 0 ? from : from + 1},${count}`
}

function marked(sign, lines) {
  return lines.map((line) => sign + (line.endsWith('\n') ? line : `${line}\n\\ No newline at end of file\n`)).join('')
}
