// What may be done about one error: the compiler's quick fixes, and rules for what it has none.

import { costOf, isUseful, rank } from './judge.mjs'
import { nearest } from './nearest.mjs'
import { classes } from './rules/classes.mjs'
import { functions } from './rules/functions.mjs'
import { kitOf } from './rules/kit.mjs'
import { names } from './rules/names.mjs'
import { shape } from './rules/shape.mjs'
import { isSyntax, syntax } from './rules/syntax.mjs'
import { values } from './rules/values.mjs'

const CHOICES_MAX = 16 // of one error
const RULES = [names, values, shape, functions, classes]
const UNUSED = new Set([6133, 6138, 6192, 6196, 6198, 6199, 6205])

/** Whether an error says only that something is not used: mostly because of another one. */
export function isUnused({ code }) {
  return UNUSED.has(code)
}

/** [{name, source, cost, edits: path -> [{start, end, text}], fixId?, file}], cheapest first. */
export function choicesOf(projects, project, file, error) {
  const all = [...quickFixes(projects, project, file, error), ...near(projects, project, file, error), ...ruled(projects, project, file, error)]
  return rank(all).filter(({ edits }) => isUseful(projects, project, edits)).slice(0, CHOICES_MAX)
}

/** The fix of all errors of a kind in a file; undefined: of no use. */
export function fixAll(projects, project, file, fixId) {
  const { changes } = project.service.getCombinedCodeFix({ type: 'file', fileName: file }, fixId, {}, {})
  const edits = editsOf(changes)
  return isUseful(projects, project, edits) ? edits : undefined
}

function quickFixes(projects, project, file, { code, start, length }) {
  const text = project.text(file)
  const newLine = text?.includes('\r\n') ? '\r\n' : '\n'
  const style = { indentSize: indentOf(text ?? ''), newLineCharacter: newLine, convertTabsToSpaces: !/^\t/m.test(text ?? '') }
  const preferences = { quotePreference: 'auto', includeCompletionsWithInsertText: false }
  const found = project.service.getCodeFixesAtPosition(file, start, start + length, [code], { ...projects.ts.getDefaultFormatCodeSettings(newLine), ...style }, preferences)
  return found
    .filter(({ commands }) => !commands?.length)
    .map(({ fixName, fixId, changes }, index) => ({ name: fixName, source: 'tsserver', fixId, file, cost: costOf(fixName) + index * 0.01, edits: editsOf(changes) }))
}

function near(projects, project, file, error) {
  return nearest(projects.ts, project, file, error)
    .map(({ name, edits, likeness }) => ({ name, source: 'tsserver', file, cost: 2.8 - likeness, edits: new Map([[file, edits]]) }))
}

function ruled(projects, project, file, error) {
  const kit = kitOf(projects.ts, projects, project, file)
  if (!kit) return []
  const found = []
  for (const rule of isSyntax(error) ? [syntax] : RULES) {
    // A rule that stumbles over a shape that it does not know has nothing to say.
    try {
      for (const { name, cost, edits } of rule(kit, error)) found.push({ name, source: 'rule', file, cost, edits: byFile(file, edits) })
    } catch (problem) {
      process.stderr.write(`typescript host: a rule failed at TS${error.code}: ${problem?.stack ?? problem}\n`)
    }
  }
  return found
}

function byFile(file, edits) {
  const all = new Map()
  for (const { file: other = file, start, end, text } of edits) {
    if (!all.has(other)) all.set(other, [])
    all.get(other).push({ start, end, text })
  }
  return all
}

function indentOf(text) {
  const widths = [...text.matchAll(/^( +)\S/gm)].map(([, blanks]) => blanks.length).filter((width) => width > 1)
  return widths.length > 0 ? Math.min(...widths) : 4
}

/** path -> edits; undefined when a file would be new. */
function editsOf(changes) {
  if (changes.some(({ isNewFile }) => isNewFile)) return undefined
  return new Map(changes.map(({ fileName, textChanges }) => [
    fileName,
    textChanges.map(({ span, newText }) => ({ start: span.start, end: span.start + span.length, text: newText })),
  ]))
}
