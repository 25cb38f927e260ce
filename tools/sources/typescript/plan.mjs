// From many errors to few changes: each choice is made in memory, and whether it leaves fewer
// errors decides. What is left is looked at again, as the compiler sees it then, so that errors of
// one cause go together, and one that hid behind another is found.

import { choicesOf, fixAll, isUnused } from './choices.mjs'
import { conflicts } from './judge.mjs'
import { inOrder, Patches } from './patches.mjs'

const ROUNDS_MAX = 8
const WIDTH = 3 // states that are followed
const ERRORS_LOOKED = 6 // of a state
const MERGED_MAX = 40 // errors whose best choices are made at once
const TRIED_MAX = 360
const TIME_MS = 15_000
const TIME_MAX_MS = 600_000
const WHOLE_MAX = 400 // files of a project that is checked as a whole at the end

/** {errors, late, list: [{name, source, votes, diff, left, cost, worst, texts, key}]}, not sorted. */
export function plan(projects, project, wrong, until = Infinity) {
  const search = new Search(projects, project, wrong, until)
  search.run()
  return { errors: search.before, list: search.found(), late: search.late }
}

class Search {
  #projects
  #project
  #wrong
  #patches
  #states = new Map() // key of texts -> state
  #tried = 0
  #until
  late = false // there was no time for all

  constructor(projects, project, wrong, until) {
    this.#projects = projects
    this.#project = project
    this.#wrong = wrong
    this.#patches = new Patches(projects, project)
    this.before = this.#errors(new Map()).length
    // From here on: the first look at a project takes longer than all others. Of more time, half is for this.
    const now = Date.now()
    this.#until = Math.min(until, Math.max(now + TIME_MS, (now + Math.min(until, now + TIME_MAX_MS)) / 2))
  }

  run() {
    if (this.before === 0) return
    let beam = [{ texts: new Map(), cost: 0, steps: [], errors: this.#errors(new Map()) }]
    for (let round = 0; round < ROUNDS_MAX && beam.length > 0; round++) {
      const next = beam.flatMap((state) => this.#follow(state, round === 0))
      next.sort((a, b) => a.errors.length - b.errors.length || a.cost - b.cost)
      beam = next.filter(({ errors }) => errors.length > 0).slice(0, WIDTH)
      // What already ends all of it is not improved by longer ways.
      if (round > 0 && this.#solved() > 2) break
    }
  }

  /** Those with the fewest errors left, each with whoever came to the same tokens. */
  found() {
    const least = Math.min(...[...this.#states.values()].map(({ errors }) => errors.length))
    const list = []
    const seen = new Map()
    for (const state of this.#states.values()) {
      if (state.errors.length > least && state.errors.length >= this.before) continue
      const key = this.#patches.tokens(state.texts)
      const known = seen.get(key)
      const sources = state.steps.flatMap(({ sources }) => sources)
      if (known) {
        for (const source of sources) known.sources.add(source)
        known.cost = Math.min(known.cost, state.cost)
        continue
      }
      const diff = this.#patches.diff(state.texts)
      if (diff === '') continue
      const first = state.steps[0]
      const entry = { name: first.name, source: first.sources[0], sources: new Set(sources), diff, left: this.#left(state), cost: state.cost, worst: state.worst, texts: state.texts, key }
      seen.set(key, entry)
      list.push(entry)
    }
    return list.map(({ sources, ...entry }) => ({ ...entry, votes: sources.size }))
  }

  /** A change in one file may be an error in another. */
  #left(state) {
    if (state.errors.length > 0) return state.errors.length
    const files = this.#project.files
    if (files.length > WHOLE_MAX) return 0
    const looked = new Set([...this.#wrong, ...state.texts.keys()])
    const others = files.filter((file) => !looked.has(file))
    const was = others.reduce((count, file) => count + this.#project.errors(file).length, 0)
    const is = this.#project.with(state.texts, () => others.reduce((count, file) => count + this.#project.errors(file).length, 0))
    return Math.max(0, is - was)
  }

  #solved() {
    return [...this.#states.values()].filter(({ errors }) => errors.length === 0).length
  }

  #follow(state, first) {
    const { list, choices } = this.#project.with(state.texts, () => this.#choices(state, first))
    const made = []
    for (const one of list) {
      const next = this.#make(state, one)
      if (next) made.push(next)
    }
    if (choices.length > 1) {
      const next = this.#make(state, merged(choices))
      if (next) made.push(next)
    }
    return made
  }

  /** {list: of single choices, choices: the best of each error}. */
  #choices(state, first) {
    const causes = state.errors.filter((error) => !isUnused(error.error))
    const used = (causes.length > 0 ? causes : state.errors).slice(0, MERGED_MAX)
    const list = []
    const choices = []
    for (const [index, { file, error }] of used.entries()) {
      if (index >= ERRORS_LOOKED && !first) break
      const found = choicesOf(this.#projects, this.#project, file, error)
      if (found.length > 0) choices.push(found[0])
      if (index < ERRORS_LOOKED) list.push(...found)
    }
    if (first) {
      const kinds = new Map(choices.filter(({ fixId }) => fixId !== undefined).map((one) => [JSON.stringify([one.file, one.fixId]), one]))
      for (const { fixId, file, name, source, cost } of kinds.values()) {
        const edits = choices.length > 1 ? fixAll(this.#projects, this.#project, file, fixId) : undefined
        if (edits) list.push({ name: `${name}-all`, source, cost: cost + 0.4, edits })
      }
    }
    return { list: list.sort((a, b) => a.cost - b.cost), choices }
  }

  #make(state, { name, source, sources = [source], cost, worst = cost, edits }) {
    this.late ||= Date.now() > this.#until
    if (this.#tried >= TRIED_MAX || this.late) return undefined
    const texts = this.#project.with(state.texts, () => this.#patches.texts(edits, state.texts))
    if (!texts) return undefined
    const key = JSON.stringify([...texts].sort())
    const known = this.#states.get(key)
    if (known) {
      known.steps.push({ name, sources })
      return undefined
    }
    this.#tried++
    const errors = this.#errors(texts)
    if (errors.length >= state.errors.length) return undefined
    const next = { texts, cost: state.cost + cost, worst: Math.max(state.worst ?? 0, worst), steps: [...state.steps, { name, sources }], errors }
    this.#states.set(key, next)
    return next
  }

  #errors(texts) {
    const looked = new Set([...this.#wrong, ...texts.keys()])
    return this.#project.with(texts, () => [...looked].flatMap((file) => this.#project.errors(file).map((error) => ({ file, error }))))
  }
}

/** The changes of several choices at once; one that would meet an earlier one is left out. */
function merged(choices) {
  const edits = new Map()
  const sources = new Set()
  let cost = 0
  let worst = 0
  for (const option of choices) {
    const meets = [...option.edits].some(([file, list]) => list.some((edit) => conflicts(edits.get(file) ?? [], edit)))
    if (meets) continue
    cost += option.cost
    worst = Math.max(worst, option.cost)
    sources.add(option.source)
    for (const [file, list] of option.edits) {
      const known = edits.get(file) ?? []
      edits.set(file, inOrder([...known, ...list.filter((edit) => !known.some((other) => same(edit, other)))]))
    }
  }
  return { name: choices[0].name, sources: [...sources], cost, worst, edits }
}

function same(a, b) {
  return a.start === b.start && a.end === b.end && a.text === b.text
}
