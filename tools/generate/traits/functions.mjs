// Plain functions, classes and constants: boundaries, errors, tables; with what they keep in the
// storage and ask of the server.

import { combine, joined } from '../values.mjs'

const ROWS_MAX = 90
const EFFECTS_MAX = 16
const CLASS_MAX = 6

export function functionScenarios(kit, one) {
  if (one.kind === 'constant') return constant(kit, one)
  if (one.kind === 'class') return classes(kit, one)
  const { signature, name } = one
  const lists = kit.argumentsOf(signature)
  const needed = lists.findLastIndex((list, at) => !list.optional || at < 0)
  if (lists.some((list) => list.length === 0 && !list.optional)) return []
  const known = lists.slice(0, lists.findIndex((list) => list.length === 0) === -1 ? lists.length : lists.findIndex((list) => list.length === 0))
  const rows = [...combine(known, ROWS_MAX)]
  if (known.length > needed + 1) rows.push(...combine(known.slice(0, needed + 1), 6))
  const settings = worldsOf(kit, signature)
  if (settings.length > 1 || isEffect(kit, signature)) return effects(kit, one, rows, settings)
  const returned = signature.getReturnType()
  const further = returned.getCallSignatures()[0]
  if (further && !returned.getProperties().length) return rows.slice(0, 4).flatMap((row, index) => curried(kit, one, row, further, index))
  return rows.map((row, index) => valueScenario(kit, one, `${name}(${codes(row)})`, row, index))
}

function codes(row) {
  return row.map(({ code }) => code).join(', ')
}

function valueScenario(kit, { name }, expr, row, index) {
  return {
    id: `${name} value ${index}`, subject: name, sort: 'value', row: 'returns', title: (expr.startsWith('new ') ? `is made of ${expr.slice(4 + name.length)}` : `takes ${expr.slice(name.length)}`).slice(0, 70), expr, mocks: row.flatMap(({ mocks }) => mocks), uses: [[kit.source.file, kit.nameOf(name)], ...row.flatMap(({ uses }) => uses)],
    before: [], act: [], size: expr.length,
  }
}

function curried(kit, one, row, further, start) {
  const lists = kit.argumentsOf(further)
  if (lists.some((list) => list.length === 0 && !list.optional)) return []
  return combine(lists.filter((list) => list.length > 0), 8).map((inner, index) => valueScenario(kit, one, `${one.name}(${codes(row)})(${codes(inner)})`, [...row, ...inner], start * 100 + index))
}

// ---- effects ----

function isEffect({ ts, source }, signature) {
  const returned = signature.getReturnType()
  return Boolean(returned.flags & (ts.TypeFlags.Void | ts.TypeFlags.Undefined)) || source.world.object
}

/** Lines that set up the storage or the server, one list for each case. */
function worldsOf(kit, signature) {
  const { source, ts, checker, quote } = kit
  const returned = signature.getReturnType()
  const worlds = [{ title: '', before: [] }]
  if (returned.symbol?.name === 'Promise' && source.world.fetch) {
    const [inner] = checker.getTypeArguments(returned)
    const known = kit.values.of(inner, 'body')[0]
    const value = known?.code
    const body = !value || value === 'undefined' || /vi\.fn|=>|as never/.test(value) ? '{ id: 1 }' : value
    const stub = (response) => `vi.stubGlobal(${quote('fetch')}, vi.fn(${response}))`
    worlds.length = 0
    worlds.push({ title: 'gets the answer', before: [stub(`async () => Response.json(${body})`)], uses: known?.uses })
    worlds.push({ title: 'takes an empty answer', before: [stub('async () => new Response(null, { status: 204 })')] })
    worlds.push({ title: 'is refused', before: [stub(`async () => Response.json({ message: ${quote('refused')} }, { status: 404 })`)] })
    worlds.push({ title: 'meets a broken server', before: [stub(`async () => new Response(${quote('broken')}, { status: 500 })`)] })
    worlds.push({ title: 'is offline', before: [stub(`() => Promise.reject(new Error(${quote('offline')}))`)] })
  }
  for (const entry of source.storage.concat(...(source.world.fetch ? kit.storageOfImports() : []))) {
    const [storage, key] = entry.split(' ')
    if (!key) continue
    const isVoid = returned.flags & ts.TypeFlags.Void || returned.symbol?.name === 'Promise'
    const given = isVoid ? [] : kit.values.of(checker.getNonNullableType(returned), 'stored').slice(0, 3).filter(({ code }) => !/vi\.fn|=>|undefined/.test(code))
    const stored = given.length > 0 && !/^['"]/.test(given[0].code) ? [`JSON.stringify(${given[0].code})`, quote('{ broken')] : [...given.map(({ code }) => code).filter((code) => /^['"]/.test(code)), quote('{ broken'), quote('{"token":"t1","id":1}')]
    for (const code of stored) worlds.push({ title: 'has something stored', before: [...(worlds[0].before), `${storage}.setItem(${quote(key)}, ${code})`], stored: [[storage, key]], uses: [...worlds[0].uses ?? [], ...given[0]?.uses ?? []] })
  }
  return worlds
}

function effects(kit, { name, signature }, rows, worlds) {
  const isVoid = Boolean(signature.getReturnType().flags & kit.ts.TypeFlags.Void)
  const found = []
  const most = Math.max(3, Math.floor(EFFECTS_MAX / worlds.length))
  for (const [at, { title, before, stored, uses = [] }] of worlds.entries()) {
    for (const [index, row] of rows.slice(0, at === 0 ? most * 2 : most).entries()) {
      const call = `${name}(${codes(row)})`
      const download = kit.source.world.object ? [`const click = vi.spyOn(HTMLAnchorElement.prototype, ${kit.quote('click')}).mockImplementation(() => {})`, `const createObjectURL = vi.spyOn(URL, ${kit.quote('createObjectURL')}).mockReturnValue(${kit.quote('blob:x')})`, `const revokeObjectURL = vi.spyOn(URL, ${kit.quote('revokeObjectURL')}).mockReturnValue(undefined)`] : []
      found.push({
        id: `${name} effect ${at} ${index}`, subject: name, sort: 'effect', title: (title ? `${title}: ${call.slice(name.length)}` : `does what ${call} asks for`).slice(0, 70), before: [...before, ...download], stored, act: [], expr: call, isVoid, mocks: row.flatMap(({ mocks }) => mocks),
        watched: [...(download.length > 0 ? ['click', 'createObjectURL', 'revokeObjectURL'] : [])], uses: [[kit.source.file, kit.nameOf(name)], ...uses, ...row.flatMap(({ uses: its }) => its)], dom: true,
      })
    }
  }
  return found
}

// ---- classes and constants ----

function classes(kit, one) {
  const construct = one.type.getConstructSignatures()[0]
  const lists = kit.argumentsOf(construct)
  if (lists.some((list) => list.length === 0 && !list.optional)) return []
  const rows = combine(lists.filter((list) => list.length > 0), CLASS_MAX)
  const methods = construct.getReturnType().getProperties().filter((property) => property.valueDeclaration?.parent === one.declaration && kit.ts.isMethodDeclaration(property.valueDeclaration))
  return rows.flatMap((row, index) => {
    const made = joined(row, (list) => `new ${one.name}(${list.join(', ')})`)
    const own = methods.slice(0, 8).flatMap((method, at) => {
      const signature = kit.checker.getTypeOfSymbolAtLocation(method, one.declaration).getCallSignatures()[0]
      const inner = signature ? kit.argumentsOf(signature) : []
      return combine(inner.filter((list) => list.length > 0), 4).map((list, number) => valueScenario(kit, one, `${made.code}.${method.name}(${codes(list)})`, [made, ...list], `${index}-${at}-${number}`))
    })
    return [valueScenario(kit, one, made.code, [made], index), ...own]
  })
}

/** A table of values says something only beside what works on it: it comes last. */
function constant(kit, one) {
  if (one.type.getCallSignatures().length > 0) return []
  return [{ ...valueScenario(kit, one, one.name, [], 0), row: undefined, title: 'has the agreed values', last: true }]
}
