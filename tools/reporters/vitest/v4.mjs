// vitest 4: each file has a worker of its own that may be killed; the pool goes on.

import { Adapter, GivenOrder, moduleReporter, overrides } from './common.mjs'

export async function open(api, root, events) {
  const vitest = await api.createVitest('test', overrides(root, moduleReporter(events)))
  const serial = [vitest, ...vitest.projects].some((project) => project.config.maxWorkers === 1)
  for (const { config } of [vitest, ...vitest.projects]) config.maxWorkers = 1
  vitest.config.sequence.sequencer = GivenOrder
  vitest.config.shard = undefined
  return new V4(vitest, { serial, survivesKill: true })
}

class V4 extends Adapter {
  glob() {
    return this.vitest.globTestSpecifications()
  }

  /** Specifications that have to be given to vitest in one call. */
  groupOf(spec) {
    if (spec.pool === 'typescript') return `typecheck ${spec.project.name}`
    return spec.project.config.isolate === false ? `shared ${spec.project.name}` : undefined
  }

  async run(specs) {
    // The type checker keeps its results for the life of the instance.
    if (specs.some((spec) => spec.pool === 'typescript')) this.stale = true
    await this.vitest.runTestSpecifications(specs)
  }

  drop(path) {
    this.vitest.invalidateFile(path)
  }

  stopTypecheck() {
    for (const project of this.vitest.projects) project.typechecker?.stop()
  }
}
