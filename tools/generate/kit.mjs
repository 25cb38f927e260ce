// What the traits see of one source: its parts, the habits of the project, values to try.

import { Values, plain } from './values.mjs'
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

  /** Values of each parameter, with `optional`; a rest of known length as so many parameters. */
  argumentsOf(signature) {
    const { checker, values } = this
    return signature.parameters.flatMap((parameter) => {
      const declaration = parameter.valueDeclaration
      const type = checker.getTypeOfSymbolAtLocation(parameter, declaration ?? this.source.node)
      const hint = `${parameter.name.replace(/^_+\d*$/, '')} ${declaration?.type?.getText?.() ?? ''}`
      if (checker.isTupleType?.(type) && (declaration?.dotDotDotToken || !declaration)) {
        return checker.getTypeArguments(type).map((one, at) => Object.assign(values.of(one, hint), { optional: at >= type.target.minLength }))
      }
      if (declaration?.dotDotDotToken) return [Object.assign([plain('...[]'), ...values.of(type, hint).map((one) => ({ ...one, code: `...${one.code}` }))], { optional: true })]
      const list = values.of(declaration?.questionToken ? checker.getNonNullableType(type) : type, hint)
      return [Object.assign(list, { optional: Boolean(declaration?.questionToken || declaration?.initializer) })]
    })
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

  routerUses() {
    const router = /from ['"](react-router(?:-dom)?)['"]/.exec(this.source.text)?.[1]
    return router ? [[router, 'Route'], [router, 'Routes']] : []
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
