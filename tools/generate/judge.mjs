// Which tests earn their place: they compile, pass alone and among the others again and again, and
// each notices a fault that no test before it does.

import { existsSync, readFileSync, rmSync, writeFileSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { Writer, grouped } from './emit.mjs'
import { Habits, filesBelow, isTest } from './habits.mjs'
import { bounded, mutantsOf, partOf, proxyOf, tracked } from './mutate.mjs'
import { heading, scratch, withFiles } from './observe.mjs'
import { importsOf, read } from './read.mjs'
import { AFTER, BEFORE, Runner, suite } from './run.mjs'

const CHECKS_MAX = 4 // rounds of leaving out what does not compile
const TIMES = 3
const WORKERS_FROM = 4 // files, for which a second worker is worth its start
const CHUNK = 30 // mutants in one file: what a start costs is paid once for all of them

/** Leaves of the tests of each those that compile and notice a fault, as the text of a file. */
export async function choose(job, all) {
  for (const one of all) if (one.tests.length > 0) one.tests = compiling(job, one, one.tests)
  await kill(job, all.filter(({ tests }) => tests.length > 0))
  for (const one of all) if (one.killed) await lay(job, one)
}

/** Yields what came of each source: {source, test, tests, mutants, status, text}. */
export async function* prove(job, all) {
  await repeat(job, all.filter(({ text }) => text))
  for (const one of all) {
    const kept = one.text !== undefined && one.kept.length > 0
    yield { source: one.source, test: kept ? one.file : undefined, tests: kept ? one.count : 0, mutants: { killed: kept ? one.killed : 0, total: one.total ?? 0 }, survivors: kept ? one.survivors : undefined, status: kept ? 'generated' : statusOf(one), text: kept ? one.text : undefined }
  }
}

function statusOf({ status, kit, scenarios, seen, tests, total, killed }) {
  if (status) return status
  if (kit.source.exports.length === 0 || scenarios.length === 0) return 'nothing_to_test'
  if (seen.size === 0) return 'not_rendered'
  if (tests.length === 0) return 'unstable'
  if (total === undefined) return 'no_time'
  return total === 0 ? 'no_mutants' : killed === 0 ? 'no_mutant_killed' : 'unstable'
}

function textOf(one, tests, titled, mutants) {
  const writer = new Writer(one.kit.habits, one.file, one.source)
  return writer.text(titled ? tests : tests.map((test) => ({ ...test, title: test.id })), heading(one.kit, tests), mutants)
}

/** The tests without those that the compiler refuses. */
function compiling({ ts, projects }, one, all) {
  let tests = all
  const project = projects.of(one.file)
  for (let round = 0; round < CHECKS_MAX && tests.length > 0; round++) {
    const text = textOf(one, tests)
    const errors = project.with(new Map([[one.file, text]]), () => project.errors(one.file))
    if (errors.length === 0) return tests
    const starts = [...text.matchAll(/^[ \t]+(?:it|test)\((['"])(.*)\1, (?:async )?\(\) => \{$/gm)].map((match) => ({ at: match.index, id: match[2].replaceAll("\\'", "'") }))
    const bad = new Set(errors.map(({ start }) => starts.findLast(({ at }) => at <= start)?.id))
    if (process.env.TROUPE_DEBUG) for (const { messageText, start } of errors.slice(0, 6)) process.stderr.write(`${relative(projects.root, one.file)}: ${ts.flattenDiagnosticMessageText(messageText, ' ').slice(0, 200)}: ${text.slice(text.lastIndexOf('\n', start) + 1, text.indexOf('\n', start))}\n`)
    const left = tests.filter(({ id }) => !bad.has(id))
    if (left.length === tests.length) return []
    tests = left
  }
  return []
}

// ---- mutants ----

/** Finds killed, total and kept of each: which tests notice which mutants first. */
async function kill(job, all) {
  for (const one of all) {
    one.mutants = mutantsOf(job.projects, one.project, one.source)
    one.copies = new Map([[one.file, textOf(one, one.tests)]])
    one.tracked = tracked(job.ts, one.source, readFileSync(one.source, 'utf8'))
  }
  await judged(job, all)
  for (const one of all) {
    one.killers ??= new Map()
    one.kept = one.tests.filter(({ subject, id }) => one.killers.get(`${subject} > ${id}`)?.length > 0)
  }
}

/** Runs each of `all` ({source, kit?, copies: path of a test -> text}) against its mutants.  Those
 *  of generated tests stand in files of many mutants each; `singly` are numbers of mutants that have
 *  a file, and so modules, of their own. */
async function judged(job, all, { again = false, singly } = {}) {
  const { ts, root, projects } = job
  const runner = new Runner(root, job.habits?.quotes)
  const texts = new Map()
  const mutants = {}
  const of = {}
  const chunks = {}
  const byWork = [...all].sort((a, b) => a.mutants.length * a.tests.length - b.mutants.length * b.tests.length)
  for (const one of byWork) {
    const source = one.kit?.source ?? read(ts, projects.of(one.source), one.source)
    mutants[one.source] = { proxy: proxyOf(ts, one.source, source.node, source.exports), texts: Object.fromEntries(one.mutants.map(({ text }, number) => [number, bounded(ts, one.source, text)])) }
    if (one.kit) mutants[one.source].texts[BEFORE] = one.tracked.text
    for (const [file, text, number] of singly || !one.kit ? apart(one, singly) : together(one)) {
      const copy = scratch(file, `${relative(root, one.source).replace(/\W+/g, '_')}-${texts.size}`)
      texts.set(copy, text)
      of[copy] = [one.source, Array.isArray(number) ? -1 : number]
      if (Array.isArray(number)) chunks[copy] = number
    }
  }
  const files = [...texts.keys()]
  const entries = await withFiles(texts, () => runner.run({ files, ms: job.until - Date.now(), texts: mutants, of, mutating: true, workers: files.length > WORKERS_FROM ? 2 : 1, testMs: 8000 }))
  const unsound = all.filter((one) => {
    const mine = entries.filter(({ file }) => of[file]?.[0] === one.source)
    const sound = singly || !one.kit ? noteApart(one, mine, of) : noteTogether(one, mine, chunks)
    sum(one)
    return !sound
  })
  // Modules that import each other may not bear the stand-ins of all sources at once.
  if (!again && !singly) for (const one of unsound.slice(0, 8)) if (job.until - Date.now() > 20_000) await judged(job, [one], { again: true })
  for (const one of singly ? [] : all) if (one.doubtful?.length > 0 && job.until - Date.now() > 20_000) await judged(job, [one], { singly: one.doubtful })
}

const apart = ({ mutants, copies }, singly) => [-1, ...singly ?? mutants.keys()].flatMap((number) => [...copies].map(([file, text]) => [file, text, number]))

function together(one) {
  const numbers = [...one.mutants.keys()]
  const [file] = one.copies.keys()
  const chunks = Array.from({ length: Math.ceil(numbers.length / CHUNK) }, (_, at) => numbers.slice(at * CHUNK, (at + 1) * CHUNK))
  return chunks.map((chunk) => [file, textOf(one, one.tests, false, [[BEFORE], ...chunk.map((number) => [number, partOf(one.tracked.parts, one.mutants[number])]), [AFTER]]), chunk])
}

const passed = (entries) => new Set(entries.filter(({ kind, state }) => kind === 'test' && state !== 'fail').map(({ test }) => test))

/** Which tests pass with the source as it is decides what counts; false when none does. */
function noteApart(one, entries, of) {
  const at = (number) => entries.filter(({ file }) => of[file][1] === number)
  if (process.env.TROUPE_DEBUG) for (const { test, error } of at(-1).filter(({ state }) => state === 'fail')) process.stderr.write(`${one.source}: not with itself: ${test}: ${error}\n`)
  one.doubtful = []
  one.passing = passed(at(-1))
  if (one.passing.size === 0) return false
  for (const number of one.mutants.keys()) verdict(one, number, at(number), one.passing)
  return true
}

/** The same of files with many mutants.  Where a test that noticed one fails after them too, one of
 *  them has left something behind, and all are in doubt. */
function noteTogether(one, entries, chunks) {
  one.doubtful = []
  one.passing = new Set()
  for (const file of new Set(entries.map((entry) => entry.file))) {
    const at = (number) => entries.filter((entry) => entry.file === file && entry.mutant === number)
    const before = passed(at(BEFORE))
    const after = passed(at(AFTER))
    if (process.env.TROUPE_DEBUG) for (const { test, error } of [...at(BEFORE), ...at(AFTER)].filter(({ state }) => state === 'fail')) process.stderr.write(`${one.source}: not with itself: ${test}: ${error}\n`)
    for (const test of before) one.passing.add(test)
    const noticed = entries.filter((entry) => entry.file === file && entry.mutant >= 0 && entry.state === 'fail' && before.has(entry.test))
    if (before.size === 0 || !at(AFTER).some(({ kind }) => kind === 'loaded') || noticed.some(({ test }) => !after.has(test))) one.doubtful.push(...chunks[file])
    else for (const number of chunks[file]) verdict(one, number, at(number), before)
  }
  return one.passing.size > 0
}

/** A source that does not even load, or comes to no end, is noticed by all. */
function verdict(one, number, entries, passing) {
  if (!entries.some(({ kind }) => kind === 'started')) return // there was no time for it
  const failed = entries.find(({ kind, state, test }) => kind === 'test' && state === 'fail' && passing.has(test))
  const lost = entries.some(({ kind }) => kind === 'stalled') || !entries.some(({ kind }) => kind === 'test' || kind === 'loaded')
  one.verdicts ??= new Map()
  one.verdicts.set(number, failed ? failed.test : lost ? [...passing][0] : undefined)
}

function sum(one) {
  if (!one.verdicts) return
  one.judged = [...one.verdicts.keys()].sort((a, b) => a - b)
  one.killers = new Map()
  for (const number of one.judged) {
    const killer = one.verdicts.get(number)
    if (killer !== undefined) one.killers.set(killer, [...one.killers.get(killer) ?? [], number])
  }
  one.survivors = one.judged.filter((number) => one.verdicts.get(number) === undefined).map((number) => ({ name: one.mutants[number].name, line: one.mutants[number].line }))
  one.total = one.judged.length
  one.killed = one.total - one.survivors.length
}

// ---- the test file ----

async function lay(job, one) {
  const order = new Map(one.tests.map((test, at) => [test, at]))
  const kept = one.kept.sort((a, b) => order.get(a) - order.get(b))
  if (kept.length === 0) return
  const tests = unique(grouped(kept))
  one.count = tests.length
  one.text = await formatted(job, one.file, textOf(one, tests, true))
}

function unique(tests) {
  const seen = new Map()
  return tests.map((test) => {
    const key = `${test.subject} ${test.title}`
    const count = (seen.get(key) ?? 0) + 1
    seen.set(key, count)
    return count === 1 ? test : { ...test, title: `${test.title} (${count})` }
  })
}

async function formatted({ root }, file, text) {
  if (!existsSync(join(root, 'node_modules/prettier/package.json'))) return text
  try {
    const prettier = await import(createRequire(join(root, 'package.json')).resolve('prettier'))
    const { format, resolveConfig } = prettier.default ?? prettier
    return await format(text, { ...await resolveConfig(file), filepath: file })
  } catch {
    return text // a configuration that it does not take is no reason to have no test
  }
}

/** Each file alone, then all among the project's own, three times; what fails once is left out. */
async function repeat(job, all) {
  const { root } = job
  const put = () => {
    for (const { file, text, kept } of all) {
      mkdirSync(dirname(file), { recursive: true })
      if (text && kept.length > 0) writeFileSync(file, text)
      else rmSync(file, { force: true })
    }
  }
  mkdirSync(join(root, 'troupe-generate'), { recursive: true })
  let clean = 0
  for (let time = 0; time < 2 * TIMES && clean < TIMES; time++) {
    const left = job.until - Date.now()
    if (left < 4000) break
    put()
    const present = all.filter(({ text }) => text).map(({ file }) => file)
    if (present.length === 0) break
    const alone = time === 0 || present.length <= 3 ? await new Runner(root, job.habits.quotes).run({ files: present, ms: left / 2, isolate: true, workers: present.length > 2 ? 2 : 1, testMs: 5000 }) : []
    const report = await suite(root, time === 0 && present.length > 3 ? present.map((file) => relative(root, file)) : [], (job.until - Date.now()) * 0.8)
    clean = await without(job, all, alone, report) ? clean + 1 : 0
  }
  for (const { file } of all) rmSync(file, { force: true })
  if (clean > 0) return
  for (const one of all) {
    if (one.text) one.status = 'no_time'
    one.text = undefined
  }
}

/** Leaves out what failed; whether nothing did. */
async function without(job, all, entries, report) {
  // What could not be told is no proof.
  if (!report) return false
  let sound = true
  for (const one of all.filter(({ text }) => text)) {
    const alone = entries.filter(({ file, kind, state }) => file === one.file && kind === 'test' && state === 'fail').map(({ test }) => test)
    const ours = report.find(({ name }) => name === one.file)
    const among = (ours?.assertionResults ?? []).filter(({ status }) => status === 'failed').map(({ ancestorTitles, title }) => [...ancestorTitles, title].filter((one) => one !== '').join(' > '))
    const bad = new Set([...alone, ...among])
    if (process.env.TROUPE_DEBUG) for (const name of bad) process.stderr.write(`${one.file}: again: ${name}: ${entries.find(({ test, error }) => test === name && error)?.error ?? ours?.assertionResults.find(({ status }) => status === 'failed')?.failureMessages?.[0]?.slice(0, 300)}\n`)
    const broken = !ours || (ours.status === 'failed' && among.length === 0) // the project would not even run it
    if (bad.size === 0 && !broken) continue
    sound = false
    const titles = new Map(unique(grouped(one.kept)).map((test) => [`${test.subject} > ${test.title}`, new Set((test.rows ?? [test]).map(({ id }) => id))]))
    const gone = new Set([...bad].flatMap((name) => [...titles.get(name) ?? []]))
    one.kept = broken || gone.size === 0 ? [] : one.kept.filter(({ id }) => !gone.has(id))
    const noticed = new Set(one.kept.flatMap(({ subject, id }) => one.killers.get(`${subject} > ${id}`) ?? []))
    one.survivors = one.judged.filter((number) => !noticed.has(number)).map((number) => ({ name: one.mutants[number].name, line: one.mutants[number].line }))
    one.killed = noticed.size
    one.text = undefined
    if (one.kept.length > 0) await lay(job, one)
  }
  return sound
}

// ---- tests that exist ----

/** What the project's own tests of each source notice. */
export async function* judgeExisting(job) {
  const { ts, projects, root } = job
  job.habits = new Habits(ts, projects, root, job.files)
  const tests = filesBelow(root).filter(isTest)
  const reached = new Map(tests.map((test) => [test, importedBy(ts, projects, test)]))
  for (const source of job.files) {
    const files = tests.filter((test) => reached.get(test).includes(source))
    const mutants = files.length > 0 ? mutantsOf(projects, projects.of(source), source) : []
    const one = { source, mutants, copies: new Map(files.map((file) => [file, readFileSync(file, 'utf8')])), tests: [] }
    if (mutants.length > 0 && job.until - Date.now() > 5000) await judged(job, [one], { again: true })
    const status = files.length === 0 ? 'no_tests' : mutants.length === 0 ? 'no_mutants' : one.total === undefined ? 'failing' : 'judged'
    yield { source, test: files.map((file) => relative(root, file)).join(' ') || undefined, tests: one.passing?.size ?? 0, mutants: { killed: one.killed ?? 0, total: one.total ?? 0 }, survivors: one.survivors, idle: one.killers ? [...one.passing].filter((name) => !one.killers.has(name)) : undefined, status }
  }
}

function importedBy(ts, projects, test) {
  const source = ts.createSourceFile(test, readFileSync(test, 'utf8'), ts.ScriptTarget.Latest, true)
  const options = projects.of(test).options
  return importsOf(ts, source).map((name) => ts.resolveModuleName(name, test, options, ts.sys).resolvedModule?.resolvedFileName).filter(Boolean)
}
