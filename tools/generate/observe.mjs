// Looks what the sources do in each scenario: in two processes whose clocks and time zones differ,
// so that only what does not depend on them is taken.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { hookLines, pageFacts, pageLines, valueLines, worldLines } from './assert.mjs'
import { Writer } from './emit.mjs'
import { Kit } from './kit.mjs'
import { bounded } from './mutate.mjs'
import { read } from './read.mjs'
import { Runner } from './run.mjs'
import { interactions } from './traits/components.mjs'

const ROUNDS = 3 // as it is; after one act of a user; after two
const SHARE = 0.55 // of the time
const ACTING_MAX = 5 // variants of one component with which a user does things
const PAGES_MAX = 44 // scenarios of components in one source

/** [{source, kit, file, tests: [{id, subject, title, lines, uses, …}], status?}] for each file. */
export async function observe(job) {
  const { ts, projects, habits, files, root } = job
  const end = Date.now() + (job.until - Date.now()) * SHARE
  const all = files.map((file) => {
    const project = projects.of(file)
    const source = read(ts, project, file)
    if (!source) return { source: file, status: 'not_compiled', tests: [] }
    const kit = new Kit(ts, habits, source)
    const scenarios = kit.scenarios()
    const isTsx = scenarios.some(({ tsx }) => tsx) || scenarios.some(({ expr, render }) => /<\/|\/>/.test(`${expr} ${render}`))
    return { source: file, kit, project, file: habits.pathOf(file, isTsx), scenarios, fresh: scenarios, seen: new Map(), tests: [] }
  })
  const runner = new Runner(root, habits.quotes)
  // What the sources do with strange values must come to an end.
  const loops = {}
  for (const name of new Set(all.flatMap(({ kit }) => kit?.source.closure ?? []))) {
    const text = ts.sys.readFile(name)
    const ending = text && bounded(ts, name, text)
    if (ending && ending !== text) loops[name] = ending
  }
  for (let round = 0; round < ROUNDS; round++) {
    const busy = all.filter(({ fresh, file }) => fresh?.length > 0 && file)
    if (busy.length === 0 || end - Date.now() < 5000) break
    await look(runner, busy, end, loops)
    for (const one of busy) one.fresh = round < ROUNDS - 1 ? next(one, round) : []
    for (const one of busy) one.scenarios.push(...one.fresh)
  }
  for (const one of all) if (one.kit) one.tests = settle(one)
  return all
}

/** Path of a file that is there only while we look: beside the test to be. */
export function scratch(file, word) {
  return file.replace(/([._-])(test|spec)(\.[cm]?[jt]sx?)$/, `.troupe-${word}$1$2$3`)
}

export function withFiles(texts, run) {
  for (const [file, text] of texts) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  return run().finally(() => {
    if (!process.env.TROUPE_KEEP) for (const file of texts.keys()) rmSync(file, { force: true })
  })
}

async function look(runner, busy, end, loops) {
  const texts = new Map()
  for (const one of busy) {
    const writer = new Writer(one.kit.habits, one.file, one.source)
    texts.set(scratch(one.file, 'look'), writer.text(one.fresh.map((scenario) => ({ ...frame(one.kit, scenario), title: scenario.id, lines: [...frame(one.kit, scenario).lines, ...looking(scenario)] })), heading(one.kit, one.scenarios)))
  }
  await withFiles(texts, async () => {
    const results = await Promise.all([false, true].map((shifted) => runner.run({ files: [...texts.keys()], texts: loops, ms: end - Date.now(), shifted, testMs: 15_000 })))
    if (runner.silent && results.every((entries) => entries.length === 0)) throw new Error('the vitest of the project ends before any test begins: see npx vitest run')
    for (const one of busy) {
      const file = scratch(one.file, 'look')
      for (const scenario of one.fresh) {
        const name = `${scenario.subject} > ${scenario.id}`
        const both = results.map((entries) => entries.filter((entry) => entry.file === file && entry.test === name))
        // Who observes fails no test: what throws before is no scenario.
        if (both.every((list) => list.some(({ kind, state }) => kind === 'test' && state !== 'fail'))) one.seen.set(scenario.id, both.map((list) => list.filter(({ kind }) => kind === 'seen')))
        else if (process.env.TROUPE_DEBUG) process.stderr.write(`${name}: ${both.flat().find(({ error }) => error)?.error}\n`)
      }
    }
  })
}

/** What the file needs before its tests. */
export function heading(kit, scenarios) {
  const { habits, source } = kit
  const rendering = scenarios.some(({ render }) => render)
  const dom = scenarios.some((one) => one.dom)
  const head = rendering && source.world.charts.length > 0 && !habits.mocksCharts
    ? ['const chart = vi.hoisted(() => vi.fn((_properties: object) => null))', `vi.mock(${habits.quote('react-chartjs-2')}, () => ({ ${source.world.charts.map((name) => `${name}: chart`).join(', ')} }))`] : []
  return { head, environment: dom && habits.environment === 'node' && habits.dom ? habits.dom : undefined }
}

/** The lines of a scenario up to what is to be seen. */
export function frame(kit, scenario) {
  const { habits } = kit
  const mocks = scenario.mocks.map(({ name, code }) => `const ${name} = ${code}`).filter((line, at, all) => all.indexOf(line) === at)
  let render = scenario.render ? [scenario.render] : []
  if (scenario.bare) return { ...scenario, lines: ["vi.spyOn(console, " + kit.quote('error') + ").mockImplementation(() => {})"], freeze: false, uses: [...scenario.uses, ['@testing-library/react', 'renderHook as renderBare']] }
  if (scenario.sort === 'page' && scenario.user && scenario.act.some((line) => /\buser\./.test(line))) render = habits.render?.returned?.has('user') ? [`const { user } = ${scenario.render}`] : ['const user = userEvent.setup()', scenario.render]
  return { ...scenario, lines: [...mocks, ...scenario.before, ...render, ...scenario.act], freeze: kit.source.world.date && scenario.sort !== 'value', uses: scenario.uses }
}

function watchedOf(scenario) {
  const names = [...new Set([...scenario.mocks.map(({ name }) => name), ...(scenario.watched ?? []), ...(scenario.chart ? ['chart'] : [])])]
  return `{ ${names.join(', ')} }`
}

function looking(scenario) {
  if (scenario.bare) return [`await __troupe.value(0, () => renderBare(() => ${bareOf(scenario)}))`]
  if (scenario.sort === 'page') return [`await __troupe.page(0, ${watchedOf(scenario)})`]
  if (scenario.sort === 'hook') return scenario.expr ? [`await __troupe.value(0, () => ${scenario.expr})`] : [`await __troupe.hook(0, result, ${watchedOf(scenario)})`, ...(scenario.after ?? [])]
  return [...(scenario.expr ? [`await __troupe.value(0, () => ${scenario.expr})`] : []), ...(scenario.sort === 'effect' ? [`await __troupe.world(1, ${watchedOf(scenario)})`] : [])]
}

function bareOf({ render }) {
  return /bare\(\(\) => (.*)\)\)\.toThrow$/.exec(render)[1]
}

// ---- what to look at next ----

function next(one, round) {
  const { kit, seen } = one
  const found = []
  const known = new Set()
  let acting = 0
  const pages = one.scenarios.filter(({ sort, id }) => sort === 'page' && seen.has(id))
  for (const scenario of one.fresh.filter(({ sort, id }) => sort === 'page' && seen.has(id))) {
    const [[{ stages } = {}]] = seen.get(scenario.id)
    if (!stages || stages.at(-1).length === 0) continue
    const base = round === 0 ? undefined : pages.find(({ id }) => id === scenario.id.replace(/\.\d+$/, ''))
    const before = base && seen.get(base.id)?.[0][0]?.stages?.at(-1)
    const acts = interactions(kit, scenario, stages.at(-1), before, round > 0 || stages.length > 1)
      .filter(({ act, width }) => {
        const key = round === 0 ? `${act.at(-1)} ${width} ${act.length}` : act.join(';')
        return !known.has(key) && known.add(key)
      })
    if (acts.length > 0 && (round > 0 || acting++ < ACTING_MAX)) found.push(...acts)
  }
  return found.slice(0, Math.max(0, PAGES_MAX - pages.length))
}

// ---- what may be said ----

const bareLine = (line) => line.replace(/^await waitFor\(\(\) => (.*)\)$/, '$1').replace('await screen.find', 'screen.get')

function settle(one) {
  const { kit, seen } = one
  const done = new Set()
  const keys = new Map()
  for (const scenario of one.scenarios) {
    const stages = seen.get(scenario.id)?.[0][0]?.stages
    if (!stages) continue
    if (!keys.has(scenario.subject)) keys.set(scenario.subject, new Set())
    for (const { key } of pageFacts(stages.at(-1), kit.habits)) keys.get(scenario.subject).add(key)
  }
  const tests = []
  for (const scenario of one.scenarios) {
    if (!seen.has(scenario.id)) continue
    const before = befores(one, scenario)
    const [first, second] = seen.get(scenario.id).map((list, at) => linesOf(kit, scenario, list, { known: keys.get(scenario.subject) ?? [], before: before?.[at] }))
    // Said only if it is so at another time and place too.
    const other = new Set(second.all.map(bareLine))
    const lines = (first.count >= second.count ? first : second).lines.filter((line) => other.has(bareLine(line)) && first.all.map(bareLine).includes(bareLine(line)))
    if (!lines.some((line) => line.includes('expect('))) continue
    const framed = frame(kit, scenario)
    if (![...framed.lines.slice(1), ...lines].some((line) => /\bresult\b/.test(line))) framed.lines = framed.lines.map((line) => line.replace(/^const \{ result \} = /, ''))
    const key = `${framed.lines.join('\n')}\n${lines.join('\n')}`
    const result = scenario.sort === 'page' ? `${scenario.subject} ${lines.join('\n')}` : key
    if (done.has(result)) continue
    done.add(result)
    const row = scenario.row && (lines[0].includes('.toThrow(') ? 'throws' : 'returns')
    tests.push({ ...framed, lines: [...framed.lines, ...lines, ...(scenario.after ?? [])], row: scenario.sort === 'value' && lines.length === 1 && scenario.mocks.length === 0 ? row : undefined, uses: framed.uses })
    const early = scenario.sort === 'page' && scenario.act.length === 0 && scenario.id.endsWith(' 0') && first.early
    if (early?.length > 0) tests.push({ ...framed, id: `${scenario.id} early`, title: 'shows its first state at once', lines: [...framed.lines, ...early] })
  }
  return tests
}

/** What was there without the last act, in both looks. */
function befores({ seen, scenarios }, { id, sort, subject }) {
  if (sort === 'effect') return undefined
  const base = sort === 'page' ? (id.includes('.') ? id.replace(/\.\d+$/, '') : undefined) : undefined
  const entry = base && scenarios.some((one) => one.id === base && one.subject === subject) ? seen.get(base) : undefined
  return entry?.map(([first]) => first)
}

function linesOf(kit, scenario, list, { known, before }) {
  const { quote } = kit
  const [first] = list
  if (!first) return { lines: [], all: [], count: 0 }
  if (scenario.bare) {
    const lines = first.threw ? valueLines(`renderBare(() => ${bareOf(scenario)})`, first, quote) : []
    return { lines, all: lines, count: 0 }
  }
  if (scenario.sort === 'page') {
    const options = { quote, jestDom: kit.habits.jestDom }
    const world = worldLines(first, quote, before)
    const lines = [...pageLines(first.stages, { ...options, before: before?.stages?.at(-1), known }), ...world]
    const all = [...pageFacts(first.stages.at(-1), options).map(({ line }) => line), ...lines]
    const last = new Set(lines.map(bareLine))
    const early = first.stages.length > 1 ? pageFacts(first.stages[0], options).map(({ line }) => line).filter((line) => !last.has(line)).slice(0, 4) : []
    return { lines, all, count: first.stages.length, early }
  }
  if (scenario.sort === 'hook' && !scenario.expr) {
    const lines = [...hookLines(scenario.sync ? { ...first, first: undefined } : first, quote, scenario.act.some((line) => line.includes('{ await '))), ...worldLines(first, quote)]
    return { lines, all: lines, count: lines.filter((line) => line.startsWith('await')).length }
  }
  const result = list.find(({ index }) => index === 0)
  const world = list.find(({ index }) => index === 1)
  const gone = (scenario.stored ?? []).filter(([storage, key]) => world && !(key in world.world[storage === 'sessionStorage' ? 'session' : 'local'])).map(([storage, key]) => `expect(${storage}.getItem(${quote(key)})).toBeNull()`)
  const effects = [...(world ? worldLines(world, quote) : []), ...gone]
  // What gives nothing is called, or must at least not throw.
  const calm = scenario.isVoid && result?.threw === undefined
  const value = calm ? [effects.length > 0 ? scenario.expr : `expect(() => ${scenario.expr}).not.toThrow()`] : scenario.expr ? valueLines(scenario.expr, result, quote) : []
  const lines = [...value, ...effects]
  return { lines, all: lines, count: 0 }
}
