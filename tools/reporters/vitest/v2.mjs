// vitest 2.1: reports tasks, not modules. Its pool is that of version 3.

import { Adapter, GivenOrder, limitTinypool, overrides, tinypoolGroup } from './common.mjs'

const FINAL = ['pass', 'fail', 'skip', 'todo']

export async function open(api, root, events) {
  const reporter = {}
  const vitest = await api.createVitest('test', overrides(root, reporter))
  Object.assign(reporter, taskReporter(vitest, events))
  const serial = limitTinypool(vitest)
  vitest.config.sequence.sequencer = GivenOrder
  vitest.config.shard = undefined
  return new V2(vitest, events, { serial, survivesKill: false })
}

class V2 extends Adapter {
  #events

  constructor(vitest, events, traits) {
    super(vitest, traits)
    this.#events = events
  }

  glob() {
    return this.vitest.globTestSpecs()
  }

  groupOf(spec) {
    return tinypoolGroup(this.vitest, spec)
  }

  async run(specs) {
    if (specs.some((spec) => spec.pool === 'typescript')) this.stale = true
    if (specs.length === 1) this.#events.queued(specs[0].moduleId)
    await this.vitest.runFiles(specs, false)
    // There is no event for the end of a file.
    this.reportModules(this.#events, specs, FINAL)
  }

  drop(path) {
    this.vitest.updateLastChanged(path)
  }
}

function taskReporter(vitest, events) {
  return {
    onCollected: (files = []) => {
      for (const file of files) events.collected(file.filepath, file)
    },
    onTaskUpdate: (packs) => {
      for (const [id] of packs) {
        const task = vitest.state.idMap.get(id)
        if (task && task.type !== 'suite' && isOver(task)) events.test(task.file.filepath, task)
      }
    },
  }
}

// A test may be shown as passed before its afterEach hooks have run; the
// duration is set when nothing can change any more.
function isOver(task) {
  return task.mode !== 'run' || task.result?.duration !== undefined
}
