// Tests that lag behind what they test; only where somebody allowed it, and only to what the
// source shows now and a note tells of, or what the test should have waited for.

function make(name, cost, ...edits) {
  return { name, cost, edits }
}

export function* stale(kit, node) {
  const { ts } = kit
  if (ts.isStringLiteralLike(node) && !ts.isImportDeclaration(node.parent)) yield* texts(kit, node)
  if (ts.isCallExpression(node)) yield* waits(kit, node)
}

/** A text, name or role that a note tells has become another one. */
function* texts(kit, node) {
  const { ts } = kit
  const call = kit.up(node, ts.isCallExpression)
  const title = call && /^(it|test|describe)\b/.test(kit.code(call.expression))
  if (title || node.text === '') return
  for (const other of told(kit, node.text)) {
    const raw = kit.code(node)
    yield make('stale-text', 0.6, kit.replace(node, raw[0] + other + raw[0]))
  }
  if (call && /ByRole$/.test(kit.code(call.expression)) && call.arguments[0] === node) {
    for (const role of ['button', 'link', 'heading', 'textbox', 'checkbox', 'listitem', 'tab', 'menuitem', 'switch', 'combobox', 'alert', 'status', 'dialog']) {
      if (role !== node.text && kit.notes.some((line) => line.includes(node.text) && line.includes(role))) yield make('stale-role', 0.8, kit.replace(node, `'${role}'`))
    }
  }
}

/** Texts of notes that also name `text`: quoted ones, and what the sources show by now. */
function told(kit, text) {
  const found = new Set()
  for (const line of kit.notes) {
    if (!line.includes(text)) continue
    for (const [, , quoted] of line.matchAll(/(["'`“‘])([^"'`”’\n]{1,80})["'`”’]/g)) if (quoted !== text && !/['"`\\]/.test(quoted)) found.add(quoted)
    for (const shown of kit.shown ?? []) if (shown !== text && !text.includes(shown) && line.includes(shown)) found.add(shown)
  }
  return [...found].slice(0, 8)
}

/** What has to be waited for. */
function* waits(kit, call) {
  const { ts, source } = kit
  const name = ts.isPropertyAccessExpression(call.expression) ? call.expression.name : call.expression
  if (ts.isAwaitExpression(call.parent)) return
  const fn = kit.functionOf(call)
  if (!fn) return
  const edits = kit.makeAsync(fn)
  const text = kit.code(name)
  const put = (edit = []) => {
    const inner = ts.isPropertyAccessExpression(call.parent)
    return [kit.insert(call.getStart(source), inner ? '(await ' : 'await '), ...(inner ? [kit.insert(call.end, ')')] : []), ...edit, ...edits]
  }
  if (/^findBy|^findAllBy|^waitFor/.test(text)) yield make('await', 0.8, ...put())
  if (/^(get|getAll)By/.test(text)) yield make('find', 1.6, ...put([kit.replace(name, text.replace(/^get/, 'find'))]))
  if (/^(click|type|dblClick|clear|selectOptions|keyboard|tab|hover|upload)$/.test(text) && /user/i.test(kit.code(call.expression))) yield make('await', 1, ...put())
  if (kit.isPromise(kit.typeOf(call))) yield make('await', 1.2, ...put())
}
