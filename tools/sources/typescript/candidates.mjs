// Candidates for an error: the quick fixes of what the compiler finds wrong around it.

import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { Importers } from './affected.mjs'
import { judged } from './judge.mjs'
import { Patches } from './patches.mjs'
import { plan } from './plan.mjs'
import { absolute } from './project.mjs'
import { failing, isRun, isVitest, search } from './search.mjs'
import { formatted, isEslint, lint } from './tools.mjs'
import { Vitest } from './vitest.mjs'

const BUDGET_MS = 40_000 // for one answer, when nobody says
const FILES_MAX = 40 // that are looked at
const COPIES_MAX = 120 // files that failing tests need, for each variant
const AFFECTED_MAX = 20 // test files that are to pass with a candidate, too
const PROJECT_FILES_MAX = 1000 // when an error of a whole project names none
const CODE = String.raw`[^\s()'"\`<>|]+\.[cm]?[jt]sx?`

/** {list: [{name, source, votes, diff, doubt?}], reason}: best first; `reason` says why there are none. */
export async function candidates(projects, wanted, max) {
  let why = ''
  if (isEslint(wanted)) {
    const found = await lint(projects.root, wanted)
    if (found.list.length > 0 || !projects.ts) return found
    why = found.reason
  }
  if (!projects.ts) return { list: [], reason: 'no typescript found in the project' }
  const found = await looked(projects, wanted, max)
  const list = await Promise.all(found.list.map((one) => tidied(projects, one)))
  return { reason: found.reason && why ? `${why}; ${found.reason}` : found.reason, list: reaching(projects, wanted, list) }
}

/** Each with the tests that it may reach; the file that failed among them where it is not mended as a whole. */
function reaching(projects, { file }, list) {
  if (!Vitest.serves(projects.root)) return list
  const importers = new Importers(projects)
  return list.map((one) => (one.texts ? { ...one, affected: [...(one.tests ? [file] : []), ...importers.tests(one.texts.keys(), AFFECTED_MAX + 1).filter((path) => path !== file)].slice(0, AFFECTED_MAX) } : one))
}

/** A candidate as the project's formatter would have it. */
async function tidied(projects, one) {
  if (!one.texts) return one
  const texts = new Map()
  for (const [file, text] of one.texts) {
    const before = projects.of(file).onDisk(file)
    texts.set(file, before === undefined ? text : await formatted(projects.root, file, before, text))
  }
  const [first] = texts.keys()
  return { ...one, diff: new Patches(projects, projects.of(first), () => true).diff(texts) || one.diff }
}

async function looked(projects, wanted, max) {
  const until = Date.now() + (wanted.budget_ms > 0 ? wanted.budget_ms : BUDGET_MS)
  const types = typed(projects, wanted, until)
  const tests = isVitest(wanted) && Vitest.serves(projects.root) ? failing(projects.root, wanted) : []
  if (tests.length === 0) return { list: judged(types.list, 'leave no error, too').slice(0, max), reason: types.list.length > 0 ? '' : types.reason }
  const own = ownOf(projects)
  const files = [...new Set(tests.flatMap((test) => withImports(projects, test, own, COPIES_MAX)))]
  const { list, reason } = await search(projects, { tests, files, known: types.list.filter(({ texts }) => texts), message: wanted.message, parts: isRun(wanted), allowed: allowedBy(wanted.allow), until })
  return { list: judged(list, 'pass the same tests').slice(0, max), reason }
}

function typed(projects, { file, message = '' }, until) {
  const { groups, searched } = targetsOf(projects, file, message)
  const list = []
  let errors = 0
  let late = false
  for (const [project, files] of groups) {
    if (searched && errors > 0) break
    const found = plan(projects, project, wrongFiles(project, files, searched), until)
    errors += found.errors
    late ||= found.late
    list.push(...found.list)
  }
  list.sort((a, b) => a.left - b.left || a.cost - b.cost)
  const reason = errors > 0 && late ? `there was no time to try all quick fixes for ${errors} type errors`
    : errors > 0 ? `none of the quick fixes for ${errors} type errors is of use`
    : groups.size > 0 ? 'the compiler finds nothing wrong in the files that the error is about'
      : 'the error is about no file that TypeScript knows'
  return { list, reason }
}

/** Whether a path is one that somebody allowed to change: git globs, a line each. */
function allowedBy(globs = '') {
  const patterns = globs.split('\n').filter(Boolean).map((glob) => {
    const bare = glob.replace(/^\*\*\//, '')
    const text = bare.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')
    return new RegExp(`^(.*/)?${text}$`)
  })
  return (path) => path !== undefined && patterns.some((pattern) => pattern.test(path))
}

function ownOf(projects) {
  return (name) => projects.relative(name) !== undefined && !name.includes('/node_modules/') && existsSync(name)
}

// ---- which files ----

/** {groups: project -> absolute paths, searched}: the files that the message names; else `searched`,
 *  the file and what it imports, of which the first that is wrong is enough. */
function targetsOf(projects, file, message) {
  const { root } = projects
  const path = absolute(root, file)
  const config = /(^|\/)[tj]sconfig[^/]*\.json$/.test(file) ? path : undefined
  const own = ownOf(projects)
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
function withImports(projects, path, own, max = FILES_MAX) {
  const { ts } = projects
  const found = [path]
  for (let at = 0; at < found.length && found.length < max; at++) {
    const project = projects.of(found[at])
    const text = project.text(found[at])
    if (text === undefined || !/\.[cm]?[jt]sx?$/.test(found[at])) continue
    for (const { fileName } of ts.preProcessFile(text, true, true).importedFiles) {
      const to = ts.resolveModuleName(fileName, found[at], project.options, ts.sys).resolvedModule?.resolvedFileName
      if (to && own(to) && !found.includes(to) && found.length < max) found.push(to)
    }
  }
  return found
}

/** Of files that were searched, the first that is wrong is enough. */
function wrongFiles(project, files, searched) {
  const wrong = []
  for (const file of files) {
    if (searched && wrong.length > 0) break
    if (project.errors(file).length > 0) wrong.push(file)
  }
  return wrong
}
