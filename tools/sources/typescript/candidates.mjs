// Candidates for an error: the quick fixes of what the compiler finds wrong around it.

import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileDiff, isPlainName } from './diff.mjs'
import { conflicts, isUseful, mayChange, rank } from './judge.mjs'
import { nearest } from './nearest.mjs'
import { absolute, hasMark } from './project.mjs'

const FILES_MAX = 40 // that are looked at
const PROJECT_FILES_MAX = 1000 // when an error of a whole project names none
const ERRORS_MAX = 40
const CHOICES_MAX = 8 // quick fixes of one error
const TRIED_MAX = 24 // changes that are checked in memory
const DIFF_BYTES_MAX = 65536
const UNUSED = new Set([6133, 6138, 6192, 6196, 6198, 6199, 6205])
const CODE = String.raw`[^\s()'"\`<>|]+\.[cm]?[jt]sx?`

/** {list: [{name, diff}], reason}: best first; `reason` says why there are none. */
export function candidates(projects, { file, message }, max) {
  const { groups, searched } = targetsOf(projects, file, message)
  const list = []
  let errors = 0
  for (const [project, files] of groups) {
    if (searched && errors > 0) break
    const found = inProject(projects, project, files, searched)
    errors += found.errors
    list.push(...found.list)
  }
  const best = list.sort((a, b) => a.left - b.left).slice(0, max)
  const reason = best.length > 0 ? ''
    : errors > 0 ? `none of the quick fixes for ${errors} type errors is of use`
      : groups.size > 0 ? 'the compiler finds nothing wrong in the files that the error is about'
        : 'the error is about no file that TypeScript knows'
  return { list: best, reason }
}

// ---- which files ----

/** {groups: project -> absolute paths, searched}: the files that the message names; else `searched`,
 *  the file and what it imports, of which the first that is wrong is enough. */
function targetsOf(projects, file, message) {
  const { root } = projects
  const path = absolute(root, file)
  const config = /(^|\/)[tj]sconfig[^/]*\.json$/.test(file) ? path : undefined
  const own = (name) => projects.relative(name) !== undefined && !name.includes('/node_modules/') && existsSync(name)
  const base = config ? dirname(config) : root
  const named = [...new Set(namesIn(message).flatMap((name) => [absolute(root, name), absolute(base, name)]))].filter(own)
  let files = named
  const searched = !config && named.every((name) => name === path)
  if (searched) files = own(path) ? withImports(projects, path, own) : []
  if (config && named.length === 0 && existsSync(config)) files = projects.at(config).files.filter(own).slice(0, PROJECT_FILES_MAX)
  const groups = new Map()
  for (const name of files) {
    const project = config && existsSync(config) && projects.at(config).has(name) ? projects.at(config) : projects.of(name)
    if (!groups.has(project)) groups.set(project, [])
    groups.get(project).push(name)
  }
  return { groups, searched }
}

// As the compiler and the runners write them: src/a.ts(1,2), src/a.ts:1:2.
function namesIn(message) {
  const names = []
  for (const [, name] of message.matchAll(/^(.+?\.[cm]?[jt]sx?)\(\d+,\d+\): error TS\d+/gm)) names.push(name.trim())
  for (const [, name] of message.matchAll(new RegExp(`(${CODE})(?::\\d+:\\d+|\\(\\d+,\\d+\\))`, 'g'))) {
    names.push(name.replace(/^file:\/\//, ''))
  }
  return [...new Set(names)].slice(0, FILES_MAX)
}

/** A failing test itself may be right: what it imports is looked at, nearest first. */
function withImports(projects, path, own) {
  const { ts } = projects
  const found = [path]
  for (let at = 0; at < found.length && found.length < FILES_MAX; at++) {
    const project = projects.of(found[at])
    const text = project.text(found[at])
    if (text === undefined || !/\.[cm]?[jt]sx?$/.test(found[at])) continue
    for (const { fileName } of ts.preProcessFile(text, true, true).importedFiles) {
      const to = ts.resolveModuleName(fileName, found[at], project.options, ts.sys).resolvedModule?.resolvedFileName
      if (to && own(to) && !found.includes(to) && found.length < FILES_MAX) found.push(to)
    }
  }
  return found
}

// ---- which changes ----

function inProject(projects, project, files, searched) {
  const all = []
  for (const file of files) {
    if (searched && all.length > 0) break
    all.push(...project.errors(file).map((error) => ({ file, error })))
  }
  const errors = all.slice(0, ERRORS_MAX)
  const wrong = [...new Set(all.map(({ file }) => file))]
  const choices = errors.map(({ file, error }) => choicesOf(projects, project, file, error)).filter(({ length }) => length > 0)
  const seen = new Set()
  const list = []
  let tried = 0
  for (const change of sets(projects, project, choices)) {
    const texts = textsOf(project, change.edits)
    const key = JSON.stringify([...texts])
    if (texts.size === 0 || seen.has(key)) continue
    seen.add(key)
    if (++tried > TRIED_MAX) break
    const left = errorsWith(project, wrong, texts)
    const diff = left < all.length ? diffOf(projects, project, change.edits) : ''
    if (diff !== '' && Buffer.byteLength(diff) <= DIFF_BYTES_MAX) list.push({ name: change.name, diff, left })
  }
  return { errors: all.length, list }
}

/** All errors with their first choice, then each with its others, then all of one kind at once. */
function* sets(projects, project, choices) {
  // What is unused is so because of the name that is wrong elsewhere: it comes into play last.
  const causes = choices.filter(([{ unused }]) => !unused)
  const used = causes.length > 0 ? causes : choices
  const firsts = used.map(([first]) => first)
  yield merged(firsts)
  for (const [at, options] of used.entries()) {
    for (const option of options.slice(1)) yield merged(firsts.map((first, index) => index === at ? option : first), option.name)
  }
  yield merged(choices.map(([first]) => first))
  const kinds = new Map()
  for (const { fixId, file, name } of firsts) if (fixId !== undefined) kinds.set(JSON.stringify([file, fixId]), { fixId, file, name })
  for (const { fixId, file, name } of kinds.values()) {
    const { changes } = project.service.getCombinedCodeFix({ type: 'file', fileName: file }, fixId, {}, {})
    const edits = editsOf(changes)
    if (isUseful(projects, project, edits)) yield { name: `${name}-all`, edits }
  }
}

function choicesOf(projects, project, file, error) {
  const { code, start, length } = error
  const text = project.text(file)
  const newLine = text?.includes('\r\n') ? '\r\n' : '\n'
  const style = { indentSize: indentOf(text ?? ''), newLineCharacter: newLine, convertTabsToSpaces: !/^\t/m.test(text ?? '') }
  const preferences = { quotePreference: 'auto', includeCompletionsWithInsertText: false }
  const found = project.service.getCodeFixesAtPosition(file, start, start + length, [code], { ...projects.ts.getDefaultFormatCodeSettings(newLine), ...style }, preferences)
  const fixes = found
    .filter(({ commands }) => !commands?.length)
    .map(({ fixName, fixId, changes }) => ({ name: fixName, fixId, file, unused: UNUSED.has(code), edits: editsOf(changes) }))
  const near = nearest(projects.ts, project, file, error).map(({ name, edits }) => ({ name, file, edits: new Map([[file, edits]]) }))
  return rank([...fixes, ...near]).filter(({ edits }) => isUseful(projects, project, edits)).slice(0, CHOICES_MAX)
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

/** The changes of several choices; one that would meet an earlier one is left out. */
function merged(options, name = options[0]?.name) {
  const edits = new Map()
  for (const option of options) {
    const meets = [...option.edits].some(([file, list]) => list.some((edit) => conflicts(edits.get(file) ?? [], edit)))
    if (meets) continue
    for (const [file, list] of option.edits) {
      const known = edits.get(file) ?? []
      const fresh = list.filter((edit) => !known.some((other) => same(edit, other)))
      edits.set(file, [...known, ...fresh])
    }
  }
  return { name, edits }
}

function same(a, b) {
  return a.start === b.start && a.end === b.end && a.text === b.text
}

// ---- what comes of them ----

function inOrder(edits) {
  return [...edits].sort((a, b) => a.start - b.start || a.end - b.end)
}

function textsOf(project, edits) {
  const texts = new Map()
  for (const [file, list] of edits) {
    const before = project.text(file)
    if (before === undefined) return new Map()
    let after = ''
    let at = 0
    for (const { start, end, text } of inOrder(list)) {
      after += before.slice(at, start) + text
      at = end
    }
    after += before.slice(at)
    if (after !== before) texts.set(file, after)
  }
  return texts
}

function errorsWith(project, files, texts) {
  const looked = new Set([...files, ...texts.keys()])
  return project.with(texts, () => [...looked].reduce((count, file) => count + project.errors(file).length, 0))
}

function diffOf(projects, project, edits) {
  let diff = ''
  for (const file of [...edits.keys()].sort()) {
    const path = projects.relative(file)
    if (!mayChange(path) || !isPlainName(path)) return ''
    const mark = hasMark(file) ? '\uFEFF' : ''
    const moved = inOrder(edits.get(file)).map((edit) => ({ ...edit, start: edit.start + mark.length, end: edit.end + mark.length }))
    diff += fileDiff(path, mark + project.text(file), moved)
  }
  return diff
}
