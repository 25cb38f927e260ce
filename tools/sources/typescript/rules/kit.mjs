// What the rules have in common: finding nodes, reading types, making edits.
//
// A rule is a function (kit, error) that yields choices {name, cost, edits: [{start, end, text, file?}]}:
// the lower the cost, the more probably it is what was meant. Costs of all rules and of the
// compiler's own fixes (judge.mjs) share one scale: 1 a misspelling, 3 what is mostly meant,
// 6 a guess, 9 only so that there is something to prove.

const WORD = /^[\p{L}_$][\p{L}\p{N}_$]*$/u

/** What a rule sees of one file with one error. */
export function kitOf(ts, projects, project, file) {
  const program = project.service.getProgram()
  const source = program?.getSourceFile(file)
  if (!source) return undefined
  const checker = program.getTypeChecker()
  return new Kit(ts, projects, project, file, program, checker, source)
}

class Kit {
  constructor(ts, projects, project, file, program, checker, source) {
    Object.assign(this, { ts, projects, project, file, program, checker, source, text: source.text })
  }

  /** The outermost node of exactly this span; else the innermost that holds it. */
  nodeAt(start, length = 0) {
    const end = start + length
    let found = this.source
    for (;;) {
      const from = found.getStart(this.source)
      if (from === start && found.end === end && found !== this.source) return found
      const inner = this.childAt(found, start, end)
      if (!inner) return found
      found = inner
    }
  }

  childAt(node, start, end) {
    let inner
    this.ts.forEachChild(node, (child) => {
      if (!inner && child.getStart(this.source) <= start && child.end >= end) inner = child
    })
    return inner
  }

  /** The node itself or the nearest around it that fits. */
  up(node, fits) {
    for (let at = node; at; at = at.parent) if (fits(at)) return at
    return undefined
  }

  functionOf(node) {
    return this.up(node.parent, (at) => this.ts.isFunctionLike(at))
  }

  code(node) {
    return this.text.slice(node.getStart(this.source), node.end)
  }

  replace(node, text) {
    return { start: node.getStart(this.source), end: node.end, text }
  }

  insert(position, text) {
    return { start: position, end: position, text }
  }

  typeText(type, node) {
    const { TypeFormatFlags: flags } = this.ts
    return this.checker.typeToString(type, node, flags.NoTruncation | flags.UseSingleQuotesForStringLiteralType)
  }

  typeOf(node) {
    return this.checker.getTypeAtLocation(node)
  }

  has(type, flags) {
    return (type.flags & flags) !== 0 || (type.isUnion?.() && type.types.some((one) => (one.flags & flags) !== 0))
  }

  isNullable(type) {
    return this.has(type, this.ts.TypeFlags.Undefined | this.ts.TypeFlags.Null)
  }

  is(type, flags) {
    const bare = this.checker.getNonNullableType(type)
    if (!bare.isUnion()) return (bare.flags & flags) !== 0
    // A setter of React takes a value, or a function that makes one.
    const types = bare.types.filter((one) => one.getCallSignatures().length === 0)
    return types.length > 0 && types.every((one) => (one.flags & flags) !== 0)
  }

  isString(type) { return this.is(type, this.ts.TypeFlags.StringLike) }
  isNumber(type) { return this.is(type, this.ts.TypeFlags.NumberLike) }
  isBoolean(type) { return this.is(type, this.ts.TypeFlags.BooleanLike) }
  isArray(type) {
    const bare = this.checker.getNonNullableType(type)
    return this.checker.isArrayType?.(bare) || /\[\]$|^(Readonly)?Array</.test(this.checker.typeToString(bare))
  }
  isPromise(type) { return /^Promise</.test(this.checker.typeToString(type)) }

  /** An empty value of a type, as text; undefined when there is no evident one. */
  zeroOf(type) {
    const flags = this.ts.TypeFlags
    if (this.has(type, flags.Undefined)) return 'undefined'
    if (this.has(type, flags.Null)) return 'null'
    if (type.flags & flags.Void) return ''
    if (this.isArray(type)) return '[]'
    if (type.isUnion?.() && !this.isBoolean(type)) return undefined
    if (this.isString(type)) return type.isStringLiteral?.() ? undefined : "''"
    if (this.isNumber(type)) return type.isNumberLiteral?.() ? undefined : '0'
    if (this.isBoolean(type)) return 'false'
    const name = this.checker.typeToString(type)
    if (/^(Map|Set|WeakMap|WeakSet)</.test(name)) return `new ${name}()`
    if (/^(Record<string|\{ \[)/.test(name) || name === '{}') return '{}'
    return undefined
  }

  /** What a function gives back, inside of its promise if it is async; undefined: nothing is said. */
  returnOf(fn) {
    const signature = fn && this.checker.getSignatureFromDeclaration(fn)
    if (!signature) return undefined
    const type = this.checker.getReturnTypeOfSignature(signature)
    return this.isAsync(fn) ? (this.checker.getAwaitedType?.(type) ?? type) : type
  }

  isAsync(fn) {
    return Boolean(fn?.modifiers?.some(({ kind }) => kind === this.ts.SyntaxKind.AsyncKeyword))
  }

  /** Edits that make a function async, its declared return type included. */
  makeAsync(fn) {
    if (!fn || this.isAsync(fn) || this.ts.isConstructorDeclaration(fn) || this.ts.isAccessor?.(fn)) return []
    const at = fn.name && this.ts.isMethodDeclaration(fn) ? fn.name.getStart(this.source) : this.ts.isFunctionDeclaration(fn)
      ? this.text.indexOf('function', fn.modifiers?.end ?? fn.getStart(this.source)) : fn.getStart(this.source)
    const edits = [this.insert(at, 'async ')]
    if (fn.type && !/^Promise</.test(this.code(fn.type))) edits.push(this.replace(fn.type, `Promise<${this.code(fn.type)}>`))
    return edits
  }

  /** Variables and parameters that may be used at a node, inner ones first. */
  valuesAt(node) {
    const { SymbolFlags: flags } = this.ts
    return this.checker.getSymbolsInScope(node, flags.Variable | flags.Property)
      .filter((symbol) => symbol.declarations?.some((declaration) => declaration.getSourceFile() === this.source))
  }

  /** Names of types, properties or values that resemble `name` enough, best first. */
  alike(name, others, least = 0.5) {
    return [...new Set(others)]
      .filter((other) => other !== name)
      .map((other) => ({ name: other, likeness: likeness(name, other) }))
      .filter(({ likeness }) => likeness >= least)
      .sort((a, b) => b.likeness - a.likeness)
      .slice(0, 4)
  }

  indentAt(position) {
    const line = this.text.lastIndexOf('\n', position - 1) + 1
    return /^[ \t]*/.exec(this.text.slice(line))[0]
  }
}

export function isName(text) {
  return WORD.test(text)
}

/** 0 to 1: case and word ends count less, what they have in common more. */
export function likeness(a, b) {
  const left = a.toLowerCase().replace(/[_-]/g, '')
  const right = b.toLowerCase().replace(/[_-]/g, '')
  if (left === right) return 0.99
  const distance = edits(left, right)
  const longest = Math.max(left.length, right.length)
  const byEdits = 1 - distance / longest
  const shorter = left.length < right.length ? left : right
  const longer = shorter === left ? right : left
  // A part of the name is still the same idea: name, fullName.
  const byPart = shorter.length >= 3 && (longer.startsWith(shorter) || longer.endsWith(shorter)) ? 0.55 + 0.3 * shorter.length / longer.length : 0
  const known = synonyms(left, right) ? 0.8 : 0
  return Math.max(byEdits, byPart, known)
}

// Optimal string alignment: a swap of neighbours counts once.
function edits(a, b) {
  if (a.length > 64 || b.length > 64) return Math.max(a.length, b.length)
  let before = []
  let last = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], before[j - 2] + 1)
    }
    before = last
    last = row
  }
  return last[b.length]
}

const GROUPS = [
  ['length', 'size', 'count'], ['push', 'add', 'append', 'concat'], ['includes', 'contains', 'has', 'some'],
  ['delete', 'remove', 'splice', 'pop'], ['foreach', 'each'], ['id', 'key', 'uid'], ['name', 'title', 'label', 'text'],
  ['get', 'find', 'fetch', 'load'], ['class', 'classname'], ['for', 'htmlfor'], ['onpress', 'onclick'], ['tostring', 'string'],
  ['substring', 'substr', 'slice'], ['filter', 'select', 'where'], ['map', 'collect'], ['join', 'implode'], ['trim', 'strip'],
  ['touppercase', 'upper'], ['tolowercase', 'lower'], ['startswith', 'beginswith'], ['indexof', 'search', 'find'],
  ['keys', 'entries'], ['price', 'cost', 'amount'], ['start', 'begin', 'from'], ['end', 'stop', 'to'],
  ['message', 'msg', 'text'], ['value', 'val'], ['index', 'idx'], ['first', 'head'], ['email', 'mail'],
]

function synonyms(a, b) {
  return GROUPS.some((group) => group.includes(a) && group.includes(b))
}
