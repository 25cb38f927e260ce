// Some tests of one file: "only" those named, or "but" those named.
//
// The coordinator keeps names together that differ by nothing but a number behind them (" #2") or by
// how suites are joined (actors/common/parts.h); a name stands for all of these here, too.

export class Selection {
  #keys
  #only

  /** undefined when all tests are asked for */
  static of({ only, but }) {
    return only || but ? new Selection(only ?? but, Boolean(only)) : undefined
  }

  constructor(names, only) {
    this.#keys = new Set(names.map(keyOf))
    this.#only = only
  }

  has(name) {
    return this.#keys.has(keyOf(name)) === this.#only
  }

  /** For runners that match an expression with a test's name behind those of its suites and spaces. */
  get pattern() {
    const any = `(?:${merged([...this.#keys].sort())})(?: #\\d+)*$`
    return new RegExp(this.#only ? `^${any}` : `^(?!${any})`)
  }
}

function keyOf(name) {
  return name.replace(/(?: #\d+)+$/, '').replaceAll(' > ', ' ')
}

// Of sorted keys that are alike before `at`.  What they begin with stands there once: an expression
// that tried one name after the other would take seconds for a thousand.
function merged(keys, at = 0) {
  if (keys.length === 0) return '(?!)'
  if (keys.length === 1) return escape(keys[0].slice(at))
  const [first] = keys
  const last = keys.at(-1)
  let end = at
  while (end < first.length && first[end] === last[end]) end += 1
  const groups = new Map() // by what comes next
  for (const key of keys) {
    if (!groups.has(key[end])) groups.set(key[end], [])
    groups.get(key[end]).push(key)
  }
  return `${escape(first.slice(at, end))}(?:${[...groups.values()].map((group) => merged(group, end)).join('|')})`
}

function escape(text) {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&').replaceAll(' ', '(?: > | )')
}
