// What the traits see of one source: its parts, the habits of the project, values to try.

import { Values } from './values.mjs'
import { hookScenarios } from './traits/hooks.mjs'
import { componentScenarios } from './traits/components.mjs'
import { functionScenarios } from './traits/functions.mjs'
import { translationScenarios } from './traits/translations.mjs'

const WIDTHS = [1280, 375]
const SCENARIOS_MAX = 220 // of one source

export class Kit {
  constructor(ts, habits, source) {
    Object.assign(this, { ts, habits, source, checker: source.checker, quote: habits.quote })
    // A fixture's type means something only to the compiler that has read it.
    const fixtures = habits.fixtures.filter(({ checker, file }) => checker === source.checker && file !== source.file)
    this.values = new Values({ ts, checker: source.checker, source, fixtures, quote: habits.quote })
    this.widths = source.world.matchMedia ? WIDTHS : [undefined]
    this.hasUser = Boolean(habits.render?.returned?.has('user') || habits.has('@testing-library/user-event'))
  }

  nameOf(name) {
    return this.source.exports.find((one) => one.name === name)?.isDefault ? `default ${name}` : name
  }

  storageOfImports() {
    return this.source.near
  }

  widthLines(width) {
    if (width === undefined) return []
    const { viewport } = this.habits
    if (viewport) return [`${viewport.name}(${width})`]
    return [`vi.stubGlobal(${this.quote('matchMedia')}, (query: string) => ({ matches: ${width} <= Number(/max-width: ?(\\d+)/.exec(query)?.[1] ?? 0), media: query, addEventListener: vi.fn(), removeEventListener: vi.fn(), addListener: vi.fn(), removeListener: vi.fn() }))`]
  }

  widthUses() {
    const { viewport } = this.habits
    return viewport ? [[viewport.file, viewport.name]] : []
  }

  /** What might be tested, best first. */
  scenarios() {
    const found = []
    for (const one of this.source.exports) {
      if (one.kind === 'component') found.push(...componentScenarios(this, one))
      else if (one.kind === 'hook') found.push(...hookScenarios(this, one))
      else found.push(...translationScenarios(this, one), ...functionScenarios(this, one))
    }
    return [...found.filter(({ last }) => !last), ...found.filter(({ last }) => last)].slice(0, SCENARIOS_MAX)
  }
}
