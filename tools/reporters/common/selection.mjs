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
    const names = [...this.#keys].map((key) => escape(key).replaceAll(' ', '(?: > | )'))
    const any = `(?:${names.join('|')})(?: #\\d+)*$`
    return new RegExp(this.#only ? `^${any}` : `^(?!${any})`)
  }
}

function keyOf(name) {
  return name.replace(/(?: #\d+)+$/, '').replaceAll(' > ', ' ')
}

function escape(text) {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
