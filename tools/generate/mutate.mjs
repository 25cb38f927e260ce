// Mutants of a source: what the search for fixes tries as a mend, tried as a fault, and a few that
// only faults have.

import { expressions } from '../sources/typescript/logic/expressions.mjs'
import { statements } from '../sources/typescript/logic/statements.mjs'
import { applied } from '../sources/typescript/patches.mjs'
import { kitOf } from '../sources/typescript/rules/kit.mjs'

const MUTANTS_MAX = 60 // of one source
const SHARED = new Set(['operator', 'boolean', 'negation', 'sign', 'step', 'branches', 'operand', 'number', 'rounding', 'method', 'delete'])
const COST_MAX = { operator: 2.2, number: 2, operand: 3.2, rounding: 2.5 }

/** [{name, line, start, end, text}] and their number if it were not bounded: each text is the source with one fault. */
export function mutantsOf(projects, project, file) {
  project.errors(file) // takes in what the configuration leaves out
  const kit = kitOf(projects.ts, projects, project, file)
  if (!kit) return []
  const { ts } = projects
  const found = new Map()
  const add = (node, { name, edits, cost = 1 }) => {
    if (cost > (COST_MAX[name] ?? 4)) return
    const text = applied(kit.text, edits)
    if (text === kit.text || found.has(text)) return
    if (ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false, /x$/.test(file) ? ts.ScriptKind.TSX : ts.ScriptKind.TS).parseDiagnostics.length > 0) return
    found.set(text, { name, line: ts.getLineAndCharacterOfPosition(kit.source, node.getStart(kit.source)).line + 1, start: node.getStart(kit.source), end: node.end, text })
  }
  const visit = (node) => {
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return
    for (const family of [expressions, statements]) for (const one of family(kit, node)) if (SHARED.has(one.name)) add(node, one)
    for (const one of faults(kit, node)) add(node, one)
    ts.forEachChild(node, visit)
  }
  visit(kit.source)
  return spread([...found.values()])
}

/** As many as there may be, from all over the file. */
function spread(all) {
  if (all.length <= MUTANTS_MAX) return all
  return Array.from({ length: MUTANTS_MAX }, (_, index) => all[Math.floor(index * all.length / MUTANTS_MAX)])
}

function* faults(kit, node) {
  const { ts } = kit
  const make = (name, ...edits) => ({ name, edits })
  const { parent } = node
  if (ts.isStringLiteral(node) && node.text !== '' && !ts.isJsxAttribute(parent) && !ts.isLiteralTypeNode(parent) && parent.name !== node && !ts.isExportDeclaration(parent)) yield make('text', kit.replace(node, "''"))
  if (ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateExpression(node)) if (!ts.isTaggedTemplateExpression(parent)) yield make('text', kit.replace(node, '``'))
  if (ts.isArrayLiteralExpression(node) && node.elements.length > 0 && !ts.isBinaryExpression(parent) && !isDependencies(ts, node)) yield make('list', kit.replace(node, '[]'))
  if (ts.isIfStatement(node) || ts.isConditionalExpression(node)) for (const value of ['true', 'false']) yield make('condition', kit.replace(ts.isIfStatement(node) ? node.expression : node.condition, value))
  if (ts.isBlock(node) && ts.isFunctionLike(parent) && node.statements.length > 0) yield make('body', kit.replace(node, '{}'))
  if (ts.isJsxAttribute(node) && node.initializer && ts.isJsxExpression(node.initializer) && /^on[A-Z]|^disabled$|^value$|^aria-/.test(node.name.getText(kit.source))) yield make('attribute', kit.replace(node, ''))
  if ((ts.isArrowFunction(node)) && !ts.isBlock(node.body)) yield make('body', kit.replace(node.body, 'undefined'))
}

/** What a hook depends on: without it mostly nothing is seen to change. */
function isDependencies(ts, node) {
  return ts.isCallExpression(node.parent) && /^use[A-Z]/.test(node.parent.expression.getText()) && node.parent.arguments.indexOf(node) > 0
}

/** The module that stands in for a source: exports of the mutant that the test file asks for, then
 *  of each that it is switched to. */
export function proxyOf(ts, file, node, exports) {
  const query = `./${file.slice(file.lastIndexOf('/') + 1)}?troupe-mutant=`
  const handedOn = node.statements.filter((one) => ts.isExportDeclaration(one) && one.moduleSpecifier && !one.isTypeOnly).map((one) => one.getText(node))
  const names = exports.filter(({ isDefault }) => !isDefault).map(({ name }) => name)
  const hasDefault = exports.some(({ isDefault }) => isDefault)
  return `${handedOn.join('\n')}
const active = globalThis.__troupe_mutant
let its = active?.source === ${JSON.stringify(file)} ? await import(/* @vite-ignore */ ${JSON.stringify(query)} + active.number) : await import(${JSON.stringify(`${query}-1`)})
${names.map((name) => `export let ${name} = its.${name}`).join('\n')}
${hasDefault ? 'let its_default = its.default\nexport { its_default as default }' : ''}
;(globalThis.__troupe_switches ??= {})[${JSON.stringify(file)}] = async (number) => {
  its = await import(/* @vite-ignore */ ${JSON.stringify(query)} + number)
  ${names.map((name) => `${name} = its.${name}`).join('\n  ')}
  ${hasDefault ? 'its_default = its.default' : ''}
}
`
}

/** The source, which says each time that one of its parts is entered (blocks, functions, what stands
 *  behind a condition), and the parts: [{start, end}] in the source as it is. */
export function tracked(ts, file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const parts = []
  const added = []
  const enter = (node, before, after) => {
    const start = node.getStart(source)
    added.push([start + (after === undefined ? 1 : 0), before.replace('#', parts.length), 1])
    if (after !== undefined) added.push([node.end, after, -1])
    parts.push({ start, end: node.end })
  }
  // What stands behind a statement that may leave the block.
  const leaves = (node) => ts.isReturnStatement(node) || ts.isThrowStatement(node) || ts.isBlock(node) && node.statements.some(leaves)
  const behind = ({ statements, end }) => statements.forEach((one, at) => {
    if (!ts.isIfStatement(one) || !leaves(one.thenStatement) || !statements[at + 1]) return
    const start = statements[at + 1].getStart(source)
    added.push([start, `globalThis.__troupe_part?.(${parts.length}); `, 1])
    parts.push({ start, end })
  })
  const isLogical = ({ kind }) => [ts.SyntaxKind.AmpersandAmpersandToken, ts.SyntaxKind.BarBarToken, ts.SyntaxKind.QuestionQuestionToken].includes(kind)
  const visit = (node) => {
    const { parent } = node
    if (ts.isBlock(node)) {
      enter(node, ' globalThis.__troupe_part?.(#);')
      behind(node)
    }
    else if (ts.isArrowFunction(parent ?? node) && parent.body === node || ts.isConditionalExpression(parent ?? node) && (parent.whenTrue === node || parent.whenFalse === node) || ts.isBinaryExpression(parent ?? node) && isLogical(parent.operatorToken) && parent.right === node) enter(node, '(globalThis.__troupe_part?.(#), ', ')')
    ts.forEachChild(node, visit)
  }
  ts.forEachChild(source, visit)
  // At one place what ends comes before what begins, and what begins first encloses the rest.
  const order = added.map(([at, code, side], index) => ({ at, code, side, index })).sort((a, b) => b.at - a.at || a.side - b.side || (a.side > 0 ? b.index - a.index : a.index - b.index))
  return { text: order.reduce((made, { at, code }) => made.slice(0, at) + code + made.slice(at), text), parts }
}

/** The number of the smallest part that a mutant is in; undefined: it is run when the source is loaded. */
export function partOf(parts, { start, end }) {
  const found = parts.map((part, number) => ({ ...part, number })).filter((part) => part.start <= start && end <= part.end)
  return found.sort((a, b) => a.end - a.start - (b.end - b.start))[0]?.number
}

/** A loop without end must end. */
export function bounded(ts, file, text) {
  if (!/\b(for|while|do)\b/.test(text)) return text
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const places = []
  const visit = (node) => {
    if (ts.isIterationStatement(node, false) && ts.isBlock(node.statement)) places.push(node.statement.getStart(source) + 1)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return places.sort((a, b) => b - a).reduce((made, at) => `${made.slice(0, at)} globalThis.__troupe_loop?.();${made.slice(at)}`, text)
}
