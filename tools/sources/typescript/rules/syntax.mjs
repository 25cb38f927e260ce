// What does not parse: a bracket, a comma, a quote or a closing tag that is missing or too many.
// Tries small edits around the error and keeps those after which more of the file parses; where a
// bracket may stand in several places, the indentation says where it was meant.

const TRIED_MAX = 900
const KEPT_MAX = 6
const NEAR = 3 // tokens before and behind the error
const INSERTED = [')', '}', ']', ',', ';', ':', '(', '{', '[', '>', '=>', '=', "'", '"', '`', '/>', '.', '})', ');', '?']

/** Whether an error is one of the parser. */
export function isSyntax({ code }) {
  return code < 2000 || (code >= 17000 && code < 17020)
}

export function* syntax(kit, error) {
  const { ts, text, file } = kit
  const before = problems(ts, file, text)
  if (before === 0) return
  const found = []
  let tried = 0
  for (const edit of edits(kit, error)) {
    if (++tried > TRIED_MAX) break
    const after = text.slice(0, edit.start) + edit.text + text.slice(edit.end)
    const left = problems(ts, file, after)
    if (left < before) found.push({ edit, left, crooked: crooked(ts, file, after), size: edit.text.length + (edit.end - edit.start) })
  }
  found.sort((a, b) => a.left - b.left || a.edit.cost + a.crooked * 2 + a.size * 0.1 - (b.edit.cost + b.crooked * 2 + b.size * 0.1))
  for (const { edit, crooked } of found.slice(0, KEPT_MAX)) {
    const { cost, start, end, text } = edit
    yield { name: 'syntax', cost: cost + crooked * 0.5, edits: [{ start, end, text }] }
  }
}

function problems(ts, file, text) {
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false).parseDiagnostics.length
}

function* edits(kit, error) {
  const { text } = kit
  const tokens = tokensOf(kit)
  let at = tokens.findIndex(({ end }) => end > error.start)
  if (at < 0) at = tokens.length
  yield* closingTags(kit)
  yield* quotes(kit, error)
  const near = tokens.slice(Math.max(0, at - NEAR), at + NEAR)
  for (const [index, token] of near.entries()) {
    const far = Math.abs(index - Math.min(at, NEAR)) * 0.3
    for (const inserted of INSERTED) yield { start: token.end, end: token.end, text: inserted, cost: 2 + far }
    if (/^[^\w\s]/.test(text.slice(token.start, token.end))) yield { start: token.start, end: token.end, text: '', cost: 2.5 + far }
  }
  for (const [index, token] of near.entries()) {
    const is = text.slice(token.start, token.end)
    if (/^[^\w\s'"`]+$/.test(is)) {
      for (const other of INSERTED) if (other !== is) yield { start: token.start, end: token.end, text: other, cost: 3.2 + Math.abs(index - NEAR) * 0.2 }
    }
    if (/^[A-Za-z]+$/.test(is)) {
      for (const word of WORDS) if (word !== is && close(word, is)) yield { start: token.start, end: token.end, text: word, cost: 1.5 }
    }
  }
  // A missing brace shows at the end of the file only: it may stand behind any line.
  for (const line of lineEnds(text)) {
    for (const inserted of ['}', ')', ']', '};', '});', ')}', ',', '];']) {
      const outer = kit.indentAt(line)
      const shorter = [/^ {2}/, /^ {4}/, /^\t/].map((unit) => outer.replace(unit, ''))
      for (const indent of new Set([outer, ...shorter])) yield { start: line, end: line, text: `\n${indent}${inserted}`, cost: 2.4 }
      if (inserted.length === 1) yield { start: line, end: line, text: inserted, cost: 2.6 }
    }
  }
}

const WORDS = ['function', 'return', 'const', 'export', 'import', 'from', 'default', 'async', 'await', 'class', 'extends', 'interface', 'type', 'else', 'while', 'switch', 'case', 'break', 'continue', 'new', 'typeof', 'of', 'in', 'let']

function close(a, b) {
  if (Math.abs(a.length - b.length) > 1 || a.length < 4) return false
  return [...a].sort().join('') === [...b].sort().join('') || a.startsWith(b) || b.startsWith(a) || removeOne(a, b) || removeOne(b, a)
}

function removeOne(longer, shorter) {
  for (let i = 0; i < longer.length; i++) if (longer.slice(0, i) + longer.slice(i + 1) === shorter) return true
  return false
}

function tokensOf({ ts, source, text }) {
  const tokens = []
  const visit = (node) => {
    const children = node.getChildren(source)
    if (children.length === 0) {
      const start = node.getStart(source)
      if (node.end > start && node.kind !== ts.SyntaxKind.EndOfFileToken) tokens.push({ start, end: node.end })
    } else for (const child of children) visit(child)
  }
  visit(source)
  return tokens.length > 0 ? tokens : [{ start: 0, end: text.length }]
}

function* lineEnds(text) {
  let at = -1
  let count = 0
  while ((at = text.indexOf('\n', at + 1)) >= 0 && count++ < 120) {
    if (text[at - 1] !== '\n') yield text[at - 1] === '\r' ? at - 1 : at
  }
  if (!text.endsWith('\n')) yield text.length
}

/** A text without its end: the quote may stand before what ends an expression. */
function* quotes({ text }, { code, start }) {
  if (![1002, 1005, 1160, 1161, 1126, 1127].includes(code)) return
  const line = text.lastIndexOf('\n', start - 1) + 1
  const found = text.indexOf('\n', start)
  const end = found < 0 ? text.length : found
  for (const quote of ["'", '"', '`']) {
    if (!text.slice(line, end).includes(quote)) continue
    for (let at = end; at > line; at--) {
      if (at === end || /[;,)\]}\s:]/.test(text[at])) yield { start: at, end: at, text: quote, cost: 1.5 + (end - at > 3 ? 0.5 : 0) + (at === end && /[;,)]\s*$/.test(text.slice(line, end)) ? 1 : 0) }
    }
  }
}

/** Elements that are not closed, or closed by another name. */
function* closingTags(kit) {
  const { ts, source, text } = kit
  const found = []
  const visit = (node) => {
    if (ts.isJsxElement(node)) {
      const opens = node.openingElement.tagName.getText(source)
      const closing = node.closingElement
      const closes = closing.tagName.getText(source)
      if (opens !== closes) found.push({ node, opens, closing, closes })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  for (const { node, opens, closing, closes } of found) {
    if (closes !== '') {
      yield { start: closing.tagName.getStart(source), end: closing.tagName.end, text: opens, cost: 2.2 }
      const name = node.openingElement.tagName
      yield { start: name.getStart(source), end: name.end, text: closes, cost: 2.6 }
    }
    const opening = node.openingElement
    yield { start: opening.end - 1, end: opening.end - 1, text: ' /', cost: /^(br|hr|img|input|meta|link)$/.test(opens) ? 1 : 3.4 }
    // Where it may end: behind each of its children, on lines of their own too.
    let at = opening.end
    const stops = [opening.end, ...node.children.map(({ end }) => end)]
    for (const stop of stops) {
      at = stop
      yield { start: at, end: at, text: `</${opens}>`, cost: 2 }
      const line = text.indexOf('\n', at)
      if (line >= 0) {
        yield { start: line, end: line, text: `</${opens}>`, cost: 2.1 }
        yield { start: line, end: line, text: `\n${kit.indentAt(opening.getStart(source))}</${opens}>`, cost: 1.8 }
      }
    }
  }
}

/** How many closing brackets stand at another indentation than what opened them. */
function crooked(ts, file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const indents = text.split('\n').map((line) => /^[ \t]*/.exec(line)[0].length)
  const first = text.split('\n').map((line) => line.trimStart())
  const lineOf = (position) => source.getLineAndCharacterOfPosition(position).line
  let count = 0
  const visit = (node) => {
    const from = lineOf(node.getStart(source))
    const siblings = children(ts, node).map((one) => lineOf(one.getStart(source))).filter((line) => line > from)
    count += siblings.filter((line) => indents[line] !== indents[siblings[0]]).length
    if (ts.isBlock(node) && node.statements.length === 0 && lineOf(node.end) > from) count++
    if (ts.isBlock(node) || ts.isJsxElement(node) || ts.isObjectLiteralExpression(node) || ts.isClassLike(node) || ts.isInterfaceDeclaration(node)) {
      const to = lineOf(node.end - 1)
      if (to > from && /^[}<\])]/.test(first[to]) && indents[to] !== indents[from]) count++
      for (const inner of children(ts, node)) {
        const line = lineOf(inner.getStart(source))
        if (line > from && line < to && indents[line] <= indents[from]) count++
        if (line === to && line > from) count++
      }
      if (ts.isJsxElement(node) && to === from && children(ts, node).length === 0 && node.children.length === 0) count++
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  let depth
  for (const statement of source.statements) {
    const indent = indents[lineOf(statement.getStart(source))]
    depth ??= indent
    if (indent !== depth) count++
  }
  return count
}

function children(ts, node) {
  return (ts.isJsxAttributes(node) ? [] : node.statements ?? node.members ?? node.properties) ?? node.children?.filter(({ kind }) => kind !== ts.SyntaxKind.JsxText) ?? []
}
