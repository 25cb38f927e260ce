// vitest 3: its pool (tinypool) cannot go on after a worker was killed.

import { Adapter, GivenOrder, limitTinypool, moduleReporter, overrides, tinypoolGroup } from './common.mjs'

export async function open(api, root, events) {
  const vitest = await api.createVitest('test', overrides(root, moduleReporter(events)))
  const serial = limitTinypool(vitest)
  vitest.config.sequence.sequencer = GivenOrder
  vitest.config.shard = undefined
  return new V3(vitest, events, { serial, survivesKill: false })
}

class V3 extends Adapter {
  #events

  constructor(vitest, events, traits) {
    super(vitest, traits)
    this.#events = events
  }

  glob() {
    return this.vitest.globTestSpecifications()
  }

  groupOf(spec) {
    return tinypoolGroup(this.vitest, spec)
  }

  async run(specs) {
    if (specs.some((spec) => spec.pool === 'typescript')) this.stale = true
    await this.vitest.runTestSpecifications(specs)
    // A file that fails before its first test has no end event here.
    this.reportModules(this.#events, specs, ['fail'])
  }

  drop(path) {
    this.vitest.invalidateFile(path)
  }
}
