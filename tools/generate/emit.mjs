// Scenarios as the text of a test file: once with calls that note what is there, then with
// assertions of what was.

const WIDTH = 110
const EXPECTS_MAX = 8 // of plain values in one test

/** A scenario: {id, subject, title, sort, uses, mocks, before, act, see, expr?, rest?}. Its lines are
 *  statements without semicolons. `body(scenario)` gives the lines that stand for what is seen. */
export class Writer {
  #habits
  #file
  #source
  #imports = new Map() // module -> names

  constructor(habits, file, source) {
    this.#habits = habits
    this.#file = file
    this.#source = source
  }

  /** `tests`: [{title, subject, lines, uses, freeze}].  `mutants`: [number, part]
   *  of those against each of which they run. */
  text(tests, { head = [], environment } = {}, mutants) {
    const { each, indent } = this.#habits
    const blocks = []
    for (const subject of [...new Set(tests.map((test) => test.subject))]) {
      const own = tests.filter((test) => test.subject === subject)
      const inner = own.map((test) => this.#test(each, test, 1)).join('\n\n')
      blocks.push(`describe(${this.#habits.quote(subject)}, () => {\n${inner}\n})${this.#end()}`)
    }
    if (tests.some(({ freeze }) => freeze)) blocks.unshift(this.#frozen())
    if (mutants) blocks.splice(0, blocks.length, `for (const [number, part] of ${JSON.stringify(mutants)}) describe(\`troupe-mutant \${number}\`, () => {\n(globalThis as any).__troupe.mutant(number, part);\n${blocks.join('\n\n')}\n})${this.#end()}`)
    const body = [...head.map((line) => this.#statement(line, 0)), ...blocks].join('\n\n')
    for (const { uses } of tests) for (const [module, name] of uses) this.#use(module, name)
    if (!this.#habits.globals || this.#file === '') for (const name of ['afterEach', 'beforeEach', 'describe', 'expect', each, 'vi']) if (new RegExp(`(^|[^.\\w])${name}\\b[.(]`, 'm').test(body)) this.#use('vitest', name)
    const first = environment ? `// @vitest-environment ${environment}\n` : ''
    return `${first}${this.#importLines(body)}\n\n${body}\n`.replace(/^(?: {2})+/gm, (blanks) => indent.repeat(blanks.length / 2))
  }

  #end() {
    return this.#habits.semicolons ? ';' : ''
  }

  #test(each, { title, lines }, depth) {
    const pad = '  '.repeat(depth)
    const isAsync = lines.some((line) => /\bawait\b/.test(line))
    const inner = lines.map((line) => this.#statement(line, depth + 1)).join('\n')
    return `${pad}${each}(${this.#habits.quote(title)}, ${isAsync ? 'async ' : ''}() => {\n${inner}\n${pad}})${this.#end()}`
  }

  #statement(line, depth) {
    const pad = '  '.repeat(depth)
    return line.split('\n').length > 1 ? line.split('\n').map((one) => pad + one).join('\n') + this.#end() : pad + wrap(line, depth) + this.#end()
  }

  #frozen() {
    const { freeze } = this.#habits
    const end = this.#end()
    if (freeze) {
      this.#use(freeze.file, freeze.name)
      return `beforeEach(() => {\n  ${freeze.name}()${end}\n})${end}`
    }
    return `beforeEach(() => {\n  vi.useFakeTimers({ toFake: [${this.#habits.quote('Date')}], now: new Date(${this.#habits.quote('2024-06-15T12:00:00Z')}) })${end}\n})${end}\n\nafterEach(() => {\n  vi.useRealTimers()${end}\n})${end}`
  }

  #use(module, name) {
    const key = module
    if (!this.#imports.has(key)) this.#imports.set(key, new Set())
    this.#imports.get(key).add(name)
  }

  #importLines(body) {
    const { quote } = this.#habits
    const lines = []
    const needed = (name) => new RegExp(`(^|[^.\\w'"-])${name.replace('$', '\\$')}\\b`, 'm').test(body)
    const modules = [...this.#imports].map(([module, names]) => [this.#habits.specifier(this.#file, module), [...names], module])
    modules.sort(([a], [b]) => (a.startsWith('.') === b.startsWith('.') ? (a < b ? -1 : 1) : a.startsWith('.') ? 1 : -1))
    for (const [specifier, names] of modules) {
      const defaults = names.filter((name) => name.startsWith('default ')).map((name) => name.slice(8)).filter(needed)
      const named = names.filter((name) => !name.startsWith('default ') && needed(name.split(' as ').at(-1))).sort()
      const parts = [...defaults, ...(named.length > 0 ? [`{ ${named.join(', ')} }`] : [])]
      if (parts.length > 0) lines.push(`import ${parts.join(', ')} from ${quote(specifier)}${this.#end()}`)
    }
    return lines.join('\n')
  }
}

/** The expected values of one function, a few to a test. */
export function grouped(tests) {
  const found = []
  for (const test of tests) {
    const last = found.at(-1)
    const fits = last && test.row && last.rows && last.subject === test.subject && last.row === test.row && last.rows.length < EXPECTS_MAX
    if (fits) last.rows.push(test)
    else found.push(test.row ? { ...test, rows: [test] } : test)
  }
  return found.map((test) => {
    if (!test.rows || test.rows.length === 1) return test
    return { ...test, title: test.row === 'throws' ? 'throws at what it cannot take' : `${test.row} what each of ${test.rows.length} inputs asks for`, lines: test.rows.flatMap(({ lines }) => lines), uses: test.rows.flatMap(({ uses }) => uses) }
  })
}

/** A long expression over several lines, broken at its last and outermost brackets. */
function wrap(code, depth) {
  if (code.length + depth * 2 <= WIDTH || code.includes('`') || code.includes('\n')) return code
  const pairs = bracketsOf(code).filter(({ start, end, depth: at }) => at <= 2 && end - start > 30 && !/(?:By|all|AllBy)\w*$/.test(code.slice(0, start)))
  const pair = pairs.findLast(({ start, parts }) => parts.length > 1 && /[[{]/.test(code[start])) ?? pairs.findLast(({ parts }) => parts.length > 1)
  if (!pair) return code
  const pad = '  '.repeat(depth + 1)
  const parts = pair.parts.map((part) => pad + wrap(part.trim(), depth + 1))
  return `${code.slice(0, pair.start + 1)}\n${parts.join(',\n')},\n${'  '.repeat(depth)}${code.slice(pair.end)}`
}

function bracketsOf(code) {
  const open = []
  const found = []
  for (let at = 0; at < code.length; at++) {
    const one = code[at]
    if (/['"]/.test(one)) {
      for (at++; at < code.length && code[at] !== one; at++) if (code[at] === '\\') at++
    } else if (/[([{]/.test(one)) open.push({ start: at, depth: open.length, cuts: [at + 1] })
    else if (one === ',' && open.length > 0) open.at(-1).cuts.push(at + 1)
    else if (/[)\]}]/.test(one) && open.length > 0) {
      const pair = open.pop()
      const ends = [...pair.cuts.slice(1).map((cut) => cut - 1), at]
      found.push({ start: pair.start, end: at, depth: pair.depth, parts: pair.cuts.map((cut, index) => code.slice(cut, ends[index])) })
    }
  }
  return found.sort((a, b) => a.start - b.start)
}
