// What every supported major version of vitest has in common.

import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'

/** Runs the files in the order asked for: Troupe has planned it. */
export class GivenOrder {
  shard(specs) {
    return specs
  }

  sort(specs) {
    return specs
  }
}

/** The user's configuration decides everything but this. */
export function overrides(root, reporter) {
  return {
    root,
    watch: false,
    run: true,
    reporters: [reporter],
    coverage: { enabled: false },
    passWithNoTests: false,
    cache: false,
    bail: 0,
    ui: false,
    open: false,
    api: false,
    inspect: false,
    inspectBrk: false,
  }
}

/** A reporter for versions that report by module (3 and later). */
export function moduleReporter(events) {
  return {
    onTestModuleQueued: (module) => events.queued(module.moduleId),
    onTestModuleCollected: (module) => events.collected(module.moduleId, module.task),
    onTestCaseResult: (test) => events.test(test.module.moduleId, test.task),
    onTestModuleEnd: (module) => events.moduleEnded(module.moduleId, module.task),
  }
}

/** One worker at a time, in the options of versions 2 and 3; true if the configuration wanted that. */
export function limitTinypool(vitest) {
  const configs = [vitest, ...vitest.projects].map(({ config }) => config)
  const serial = configs.some(isSerial)
  for (const config of configs) {
    Object.assign(config, { maxWorkers: 1, minWorkers: 1 })
    Object.assign(poolOptionsOf(config), { maxForks: 1, minForks: 1, maxThreads: 1, minThreads: 1 })
  }
  return serial
}

function isSerial(config) {
  return config.maxWorkers === 1 || config.fileParallelism === false || isSingle(poolOptionsOf(config))
}

/** Whether a specification of version 2 or 3 has to be run together with others, and with which. */
export function tinypoolGroup(vitest, spec) {
  const { project, pool } = spec
  if (pool === 'typescript') return `typecheck ${project.config.name}`
  const shared = poolOptionsOf(vitest.config, pool).isolate === false || isSingle(poolOptionsOf(project.config, pool))
  return shared ? `shared ${pool} ${project.config.name}` : undefined
}

function poolOptionsOf(config, pool = config.pool) {
  config.poolOptions ??= {}
  return config.poolOptions[pool] ??= {}
}

function isSingle({ singleFork, singleThread }) {
  return Boolean(singleFork || singleThread)
}

/** As the vitest command does before it reads the configuration. */
export function prepareEnvironment() {
  process.env.TEST = 'true'
  process.env.VITEST = 'true'
  process.env.NODE_ENV ??= 'test'
}

// A change to one of these may change what any other file means.
const DECIDES_ALL = /^(package\.json|tsconfig.*\.json|\.env.*|vite(st)?\.(config|workspace|projects)\..+)$/

/** The part of an adapter that does not depend on the version. */
export class Adapter {
  #specs // path -> specifications, from the last search for test files
  #globalSetupError

  constructor(vitest, traits) {
    this.vitest = vitest
    this.serial = traits.serial // the configuration wants one file at a time
    this.survivesKill = traits.survivesKill // the pool goes on when its worker is killed
    this.stale = false // a new instance is due before the next command
  }

  /** Absolute paths of all test files. */
  async list() {
    return [...(await this.#search()).keys()]
  }

  /** Specifications by path, for the paths that are test files. */
  async specsOf(paths) {
    const known = this.#specs ?? await this.#search()
    const present = paths.filter((path) => existsSync(path))
    const missing = present.some((path) => !known.has(path))
    const specs = missing ? await this.#search() : known
    return new Map(present.filter((path) => specs.has(path)).map((path) => [path, specs.get(path)]))
  }

  /** Global setup runs once; vitest would go on without it after a failure. */
  async prepare(specs) {
    if (this.#globalSetupError) throw this.#globalSetupError
    try {
      await this.vitest.initializeGlobalSetup(specs)
    } catch (error) {
      this.#globalSetupError = error instanceof Error ? error : new Error(String(error))
      throw this.#globalSetupError
    }
  }

  invalidate(paths) {
    const config = this.vitest.vite?.config ?? this.vitest.server.config
    const sources = new Set([config.configFile, ...config.configFileDependencies ?? []].map((path) => path && resolve(path)))
    for (const path of paths) {
      if (sources.has(path) || DECIDES_ALL.test(basename(path))) this.stale = true
      else this.drop(path)
    }
    this.#specs = undefined
  }

  close() {
    return this.vitest.close()
  }

  /** What close() would remove, for those who have no time for it. */
  get folders() {
    return this.vitest.projects.map(({ tmpDir }) => tmpDir)
  }

  /** Reports modules whose end shows only in their task, if its state is one of these. */
  reportModules(events, specs, states) {
    for (const spec of specs) {
      const module = this.vitest.state.getFiles([spec.moduleId]).find((file) => isModuleOf(file, spec))
      if (module && states.includes(module.result?.state ?? module.mode)) events.moduleEnded(spec.moduleId, module)
    }
  }

  unhandledErrors() {
    return this.vitest.state.getUnhandledErrors()
  }

  /** Whether files listed have to be given together, so that every batch of them has a start to pay. */
  sharesWorkers() {
    return [...this.#specs.values()].flat().some((spec) => this.groupOf(spec) !== undefined)
  }

  /** Whether the configuration chooses tests itself. */
  hasPattern() {
    return [this.vitest, ...this.vitest.projects].some(({ config }) => config.testNamePattern)
  }

  /** Which tests the next calls run; undefined: as the configuration says. */
  select(pattern) {
    const own = pattern ?? this.vitest.config.testNamePattern
    if (own) this.vitest.configOverride.testNamePattern = own
    else delete this.vitest.configOverride.testNamePattern
  }

  get ignoresUnhandled() {
    return Boolean(this.vitest.config.dangerouslyIgnoreUnhandledErrors)
  }

  /** A warm instance would otherwise keep the tasks of every run. */
  forget() {
    const { filesMap, pathsSet, idMap } = this.vitest.state
    for (const store of [filesMap, pathsSet, idMap]) store?.clear?.()
  }

  async #search() {
    // vitest keeps what it found the last time.
    for (const project of this.vitest.projects) Object.assign(project, { testFilesList: null, typecheckFilesList: null })
    const specs = new Map()
    for (const spec of await this.glob()) {
      const path = spec.moduleId
      if (!specs.has(path)) specs.set(path, [])
      specs.get(path).push(spec)
    }
    this.#specs = specs
    return specs
  }
}

function isModuleOf(file, { project, pool }) {
  const sameProject = (file.projectName || '') === (project.config.name || '')
  return sameProject && Boolean(file.meta?.typecheck) === (pool === 'typescript')
}
