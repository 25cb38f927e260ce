// Failing tests: which statements they ran, what else might have been meant there, and with which
// of that they pass.

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { mayChange } from './judge.mjs'
import { expressions } from './logic/expressions.mjs'
import { react } from './logic/react.mjs'
import { stale } from './logic/stale.mjs'
import { statements } from './logic/statements.mjs'
import { Patches, applied } from './patches.mjs'
import { kitOf } from './rules/kit.mjs'
import { Vitest } from './vitest.mjs'

const FILES_MAX = 40 // that are changed
const FIRST = 140 // variants that are run at once…
const FIRST_FILES = 560 // …and files that they may be: where tests need many, what is run says first where to look
const MORE = 320
const START_MS = 1500 // of a vitest
const VARIANTS_MAX = 900
const ENOUGH = 2.6 // what costs no more ends the search
const RESERVE_MS = 500
const FAMILIES = [['search', expressions], ['search', statements], ['rule', react]]

/** {list: [{name, source, votes, diff, left, cost, texts, key, tests?, doubt?}], reason}. `tests`, `files`: absolute;
 *  `known`: candidates that mend type errors, with their texts; `parts`: what mends only some tests will do, too. */
export async function search(projects, { tests, files, known, message, parts, allowed, until: end }) {
  const until = end - RESERVE_MS
  const sources = files.filter((file) => mayChange(projects.relative(file))).slice(0, FILES_MAX)
  const project = projects.of(tests[0])
  const hints = { ...hintsOf(projects, project, tests, message), shown: shownBy(projects.ts, project, sources) }
  const patches = new Patches(projects, project, allowed)
  const variants = known.map(({ texts, cost, name, source }) => ({ texts, cost, name, sources: new Set([source]), at: undefined }))
  const seen = new Map(variants.map((one) => [patches.tokens(one.texts), one]))
  for (const file of sources) collect(projects, project, patches, file, hints, seen, variants)
  for (const test of tests) {
    if (allowed(projects.relative(test))) collect(projects, project, patches, test, hints, seen, variants, [['rule', stale]])
  }
  variants.sort((a, b) => a.cost - b.cost)
  variants.length = Math.min(variants.length, VARIANTS_MAX)
  const runner = new Vitest(projects.ts, projects.root)
  const probe = new Map(sources.map((file) => [file, marked(projects.ts, project, file)]))
  let wanted
  let first
  let weights
  let tried = 0
  const good = []
  const partly = []
  let size = Math.max(1, Math.min(FIRST, Math.floor(FIRST_FILES / files.length)))
  for (let at = 0; at < variants.length || !weights;) {
    const began = Date.now()
    if (until - began < 2500) break
    const part = variants.slice(at, at + size)
    at += part.length
    const laid = part.map(({ texts }) => texts)
    const results = await runner.run(files, tests, weights ? laid : [probe, ...laid], until - began)
    const each = Math.max(1, (Date.now() - began - START_MS) / results.length)
    // A batch that is cut at the end has not shown its best last: half of what is left is enough.
    size = Math.max(8, Math.min(MORE, Math.floor((until - Date.now()) / 2 / each)))
    if (!weights) {
      const base = results.shift()
      // Whatever passes proves nothing where the tests pass as they are.
      if (base.failed.size === 0 && base.passed.size > 0) return { list: [], reason: 'the failing tests pass in a copy of their files: they depend on something else' }
      wanted = new Set([...base.passed, ...base.failed])
      first = base
      weights = suspicion(base)
      // What no failing test has run cannot be why it fails.
      if (weights.size > 0) for (const one of variants) if (one.at) one.cost += 1 - (weights.get(one.at) ?? 0)
      variants.push(...variants.splice(at).sort((a, b) => a.cost - b.cost))
    }
    for (const [index, { passed, failed }] of results.entries()) {
      tried += passed.size + failed.size > 0 ? 1 : 0
      const all = failed.size === 0 && passed.size > 0 && [...wanted].every((name) => passed.has(name))
      if (all) good.push(part[index])
      else if (parts) partly.push(...mends(first, part[index], { passed, failed }))
    }
    if (good.some(({ cost }) => cost <= ENOUGH)) break
  }
  const list = chosen(projects, project, patches, sources, good.length > 0 ? good : widest(partly))
  return { list, reason: list.length > 0 ? '' : tried < variants.length ? `the tests pass with none of ${tried} changes; there was no time for ${variants.length - tried} more` : `the tests pass with none of ${tried} changes` }
}

// ---- variants ----

function collect(projects, project, patches, file, hints, seen, variants, families = FAMILIES) {
  project.errors(file) // takes in what the configuration leaves out, as tests mostly are
  const kit = kitOf(projects.ts, projects, project, file)
  if (!kit) return
  Object.assign(kit, hints)
  const { ts } = projects
  const visit = (node) => {
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return
    for (const [source, family] of families) {
      try {
        for (const { name, cost, edits } of family(kit, node)) add(source, name, cost, edits, node)
      } catch (problem) {
        process.stderr.write(`typescript host: a family failed: ${problem?.stack ?? problem}\n`)
      }
    }
    ts.forEachChild(node, visit)
  }
  const add = (source, name, cost0, edits, node) => {
    let cost = cost0
    const before = kit.text
    const after = applied(before, edits)
    if (after === before) return
    const texts = new Map([[file, after]])
    const key = patches.tokens(texts)
    const known = seen.get(key)
    if (known) {
      known.sources.add(source)
      known.cost = Math.min(known.cost, cost)
      return
    }
    if (ts.createSourceFile(file, after, ts.ScriptTarget.Latest, false).parseDiagnostics.length > 0) return
    if (hints.edge) cost += name === 'guard' || name === 'fallback' || name === 'optional' ? -0.9 : 0.4
    const one = { texts, cost, name, sources: new Set([source]), at: markOf(ts, file, node, kit.source) }
    seen.set(key, one)
    variants.push(one)
  }
  visit(kit.source)
}

/** What the tests say: texts that they wait for, names, roles, results that are next to nothing. */
function hintsOf(projects, project, tests, message) {
  const { ts } = projects
  const hints = { expected: new Set(), names: new Set(), roles: new Set(), levels: new Set(), zeros: new Set(), props: new Map() }
  for (const test of tests) {
    const text = project.text(test) ?? ''
    const source = ts.createSourceFile(test, text, ts.ScriptTarget.Latest, true)
    const visit = (node) => {
      if (ts.isStringLiteralLike(node) && !ts.isImportDeclaration(node.parent)) hints.expected.add(node.text)
      if (ts.isJsxAttribute(node) && node.initializer && ts.isStringLiteral(node.initializer)) hints.props.set(`${node.name.getText(source)}=${node.initializer.text}`, { name: node.name.getText(source), value: node.initializer.text })
      if (ts.isCallExpression(node)) {
        const name = ts.isPropertyAccessExpression(node.expression) ? node.expression.name.text : node.expression.getText(source)
        const [first, second] = node.arguments.map((one) => one.getText(source))
        if (/ByRole$/.test(name) && first) hints.roles.add(first.slice(1, -1))
        const label = second && /name:\s*(['"`])(.*?)\1/.exec(second)?.[2]
        if (label) hints.names.add(label)
        const level = second && /level:\s*(\d)/.exec(second)?.[1]
        if (level) hints.levels.add(Number(level))
        if (/By(LabelText|AltText|Title)$/.test(name) && first) hints.names.add(first.slice(1, -1))
        if (/^toBeNull$/.test(name)) hints.zeros.add('null')
        if (/^toBeUndefined$/.test(name)) hints.zeros.add('undefined')
        const asked = ts.isPropertyAccessExpression(node.expression) ? node.expression.expression.getText(source) : ''
        // What is wanted of nothing at all.
        if (/^to(Be|Equal|StrictEqual)$/.test(name) && /\((undefined|null|''|""|\[\]|NaN)\)\)?$/.test(asked) && /^('[^'\\]{0,40}'|-?\d+(\.\d+)?)$/.test(first ?? '')) hints.zeros.add(first)
        if (/^to(Be|Equal|StrictEqual)$/.test(name) && /^(0|''|""|null|undefined|\[\]|\{\}|false|true|-1|1)$/.test(first ?? '')) hints.zeros.add(first === '""' ? "''" : first)
      }
      ts.forEachChild(node, visit)
    }
    visit(source)
  }
  const notes = notesOf(projects.root)
  // Who writes that a text has changed says that the test is stale, not the source.
  const renamed = (old, now) => notes.some((line) => line.includes(old) && line.includes(now))
  const shown = tests.map((test) => project.text(test) ?? '').join('\n')
  const results = [...shown.matchAll(/expect\((.*?)\)\s*\.(?:not\.)?to\w+\(/g)]
  // Tests that only ask for what comes of nothing want a guard, not another operator.
  const edge = results.length > 0 && results.every(([, asked]) => /\(\s*(\[\]|''|""|0|null|undefined|\{\})\s*[,)]/.test(`${asked})`))
  return { edge, ...Object.fromEntries(Object.entries(hints).map(([key, found]) => [key, [...found.values()].slice(0, 40)])), renamed, notes, message }
}

/** Texts that the sources show, the longest first. */
function shownBy(ts, project, files) {
  const found = new Set()
  for (const file of files) {
    const source = ts.createSourceFile(file, project.text(file) ?? '', ts.ScriptTarget.Latest, true)
    const visit = (node) => {
      const text = ts.isJsxText(node) ? node.text.trim() : ts.isStringLiteral(node) && !ts.isImportDeclaration(node.parent) ? node.text : ''
      if (text.length > 2 && text.length < 80 && !/['"`\\\n]/.test(text)) found.add(text)
      ts.forEachChild(node, visit)
    }
    visit(source)
  }
  return [...found].sort((a, b) => b.length - a.length).slice(0, 80)
}

function notesOf(root) {
  const found = readdirSync(root).filter((name) => /\.(md|txt)$/i.test(name)).slice(0, 8)
  return found.flatMap((name) => readFileSync(join(root, name), 'utf8').slice(0, 65536).split(/\n\s*\n|\n(?=[-*\d#])/))
}

// ---- where ----

/** A text in which each statement says that it is run. */
function marked(ts, project, file) {
  const text = project.text(file) ?? ''
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const places = []
  const visit = (node) => {
    if ((ts.isBlock(node.parent ?? node) && node !== source && ts.isBlock(node.parent)) || ts.isCaseClause(node.parent ?? source) && node.parent.statements.includes(node)) places.push([node.getStart(source)])
    if (isBare(ts, node)) places.push([node.getStart(source), node.end])
    ts.forEachChild(node, visit)
  }
  ts.forEachChild(source, visit)
  const edits = places.flatMap(([at, end]) => {
    const mark = `globalThis.__troupe_mark?.(${JSON.stringify(`${file}:${at}`)})`
    return end === undefined ? [{ at, text: `${mark};` }] : [{ at, text: `(${mark}, ` }, { at: end, text: ')' }]
  })
  return edits.sort((a, b) => b.at - a.at).reduce((made, { at, text: put }) => made.slice(0, at) + put + made.slice(at), text)
}

/** The body of an arrow function that is no block. */
function isBare(ts, node) {
  return node.parent && ts.isArrowFunction(node.parent) && node.parent.body === node && !ts.isBlock(node)
}

/** The mark of the statement around a node; undefined: it is run when the file is loaded. */
function markOf(ts, file, node, source) {
  for (let at = node; at.parent; at = at.parent) {
    if (ts.isBlock(at.parent) || isBare(ts, at) || (ts.isCaseClause(at.parent) && at.parent.statements.includes(at))) return `${file}:${at.getStart(source)}`
  }
  return undefined
}

/** Ochiai: mark -> 0 to 1. */
function suspicion(base) {
  const counts = new Map()
  for (const [name, marks] of base.marks) {
    for (const mark of marks) {
      const count = counts.get(mark) ?? { failed: 0, passed: 0 }
      count[base.failed.has(name) ? 'failed' : 'passed']++
      counts.set(mark, count)
    }
  }
  const all = base.failed.size
  return new Map([...counts].map(([mark, { failed, passed }]) => [mark, all === 0 ? 0 : failed / Math.sqrt(all * (failed + passed))]))
}

// ---- which ----

/** What mends some tests and harms none, and which; others fail for another cause only if they do
 *  not run what is changed. */
function mends({ passed: green, failed: red, marks }, variant, { passed, failed }) {
  const tests = [...red].filter((name) => passed.has(name) && !failed.has(name) && !green.has(name))
  const worse = [...green].some((name) => !passed.has(name) || failed.has(name))
  if (tests.length === 0 || worse) return []
  const rest = [...red].filter((name) => !tests.includes(name))
  const apart = variant.at && rest.every((name) => marks.has(name) && !marks.get(name).includes(variant.at))
  const doubt = apart ? undefined : 'other tests fail as before, and run what it changes'
  return [{ ...variant, tests, doubt }]
}

/** Of what mends only some tests: what nothing speaks against, then what mends the most; only what mends the same. */
function widest(partly) {
  const rank = (one) => (one.doubt ? 0 : 1000) + one.tests.length
  const best = partly.reduce((best, one) => (!best || rank(one) > rank(best) || (rank(one) === rank(best) && one.cost < best.cost) ? one : best), undefined)
  return partly.filter((one) => one.doubt === best.doubt && one.tests.join('\n') === best.tests.join('\n'))
}

/** As the TAP of vitest writes it. */
function tapName(name) {
  return name.replace(/\\/g, '\\\\').replace(/#/g, '\\#').replace(/\n/g, ' ')
}

/** Those that the compiler takes, most probable first; none when nothing says which is meant. */
function chosen(projects, project, patches, sources, good) {
  const errors = (texts, files) => project.with(texts, () => files.reduce((count, file) => count + project.errors(file).length, 0))
  const list = []
  for (const one of good.sort((a, b) => a.cost - b.cost).slice(0, 24)) {
    const files = [...new Set([...sources, ...one.texts.keys()])]
    if (errors(one.texts, files) > errors(new Map(), files)) continue
    const diff = patches.diff(one.texts)
    if (diff !== '') list.push({ name: one.name, source: [...one.sources][0], votes: one.sources.size, diff, left: 0, cost: one.cost, texts: one.texts, key: patches.tokens(one.texts), tests: one.tests?.map(tapName), doubt: one.doubt })
  }
  return list
}

/** Whether a file of a run has failed: only then a part of its tests is worth something. */
export function isRun({ runner }) {
  return runner === 'vitest' || runner === 'auto'
}

export function isVitest({ runner = '', command = '', message = '' }) {
  return runner === 'vitest' || runner === 'auto' || /\bvitest\b/.test(command) || /^\s*RUN\s+v\d/m.test(message)
}

/** Test files that fail, as vitest names them. */
export function failing(root, { file = '', message = '' }) {
  const named = [...message.matchAll(/^\s*(?:FAIL|×|❯)\s+(?:\|[^|]*\|\s*)?([^\s>()]+\.[cm]?[jt]sx?)(?=\s|$)/gm)].map(([, name]) => name)
  const all = [...new Set([file, ...named])].map((name) => join(root, name))
  return all.filter((name) => /[._](test|spec)\.[cm]?[jt]sx?$|__tests__/.test(name) && existsSync(name)).slice(0, 8)
}
