// A name that does not exist, and too far from any for the compiler's own spelling fix: the names
// that may stand there and that begin alike. Whether one of them is meant, the tests say.

const NEAREST_MAX = 3
const CODES = new Set([
  2322, 2820, 2339, 2345, 2353, 2551, 2561, 2769, // types, members, arguments, overloads
  2304, 2305, 2552, 2724, // names, exports
])

const NAME = /^[\p{L}_$][\p{L}\p{N}_$]*$/u
const VALUE = /^\s*[:=]\s*(?:\{\s*)?((['"`])[^'"`\\\n\r$]+\2)/
const VALUE_MAX = 256
const TEXT = /^[^'"`\\\n\r$]+$/ // that may stand between any quotes

/** [{name, edits}], best first. */
export function nearest(ts, project, file, { code, start, length }) {
  if (!CODES.has(code)) return []
  const text = project.text(file) ?? ''
  const value = code === 2322 || code === 2820 ? VALUE.exec(text.slice(start + length, start + length + VALUE_MAX)) : null
  if (value) {
    // The compiler points to the name of what the text is given to.
    start += length + value[0].length - value[1].length
    length = value[1].length
  }
  const word = text.slice(start, start + length)
  const quoted = /^(['"`])(.*)\1$/.exec(word)
  if (!(quoted ? TEXT.test(quoted[2]) : NAME.test(word))) return []
  const wrong = quoted ? quoted[2] : word
  const at = quoted ? start + 1 : start
  const entries = project.service.getCompletionsAtPosition(file, quoted ? at + wrong.length : at, {})?.entries ?? []
  return entries
    .filter(({ name, kind }) => name !== wrong && kind !== ts.ScriptElementKind.keyword && (quoted ? TEXT : NAME).test(name))
    .map(({ name }) => ({ name, likeness: likeness(wrong, name) }))
    .filter(({ likeness }) => likeness >= 0.5)
    .sort((a, b) => b.likeness - a.likeness)
    .slice(0, NEAREST_MAX)
    .map(({ name, likeness }) => ({ likeness, name: quoted ? 'nearest-text' : 'nearest-name', edits: [{ start: at, end: at + wrong.length, text: name }] }))
}

// 1: the same. How much of the longer name their common beginning and end are.
function likeness(a, b) {
  const shorter = Math.min(a.length, b.length)
  let head = 0
  while (head < shorter && a[head] === b[head]) head++
  let tail = 0
  while (tail < shorter - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  return (head + tail) / Math.max(a.length, b.length)
}
