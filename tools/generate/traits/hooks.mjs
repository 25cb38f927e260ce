// Hooks: what they give at first, after their work, after an update, and what their functions do.

import { combine, plain } from '../values.mjs'
import { optionsOf } from './components.mjs'

const CALLS_MAX = 8
const ACTS_MAX = 14

export function hookScenarios(kit, one) {
  const { signature, name } = one
  const lists = kit.argumentsOf(signature)
  if (lists.some((list) => list.length === 0 && !list.optional)) return []
  const known = lists.filter((list) => list.length > 0)
  const rows = combine(known, CALLS_MAX)
  const options = kit.habits.renderHook ? optionsOf(kit, kit.habits.renderHook) : [plain('')]
  const found = []
  const add = (extra) => { found.push({ ...base(kit, one), id: `${name} hook ${found.length}`, ...extra, uses: [...base(kit, one).uses, ...(extra.uses ?? [])] }) }
  for (const [row, option] of combine([rows, options], CALLS_MAX)) add(called(kit, one, row, option, kit.widths[0]))
  for (const width of kit.widths.slice(1)) add(called(kit, one, rows[0], options[0], width))
  for (const row of storedRows(kit)) add({ ...called(kit, one, rows[0], options[0]), before: row, title: 'takes what is stored' })
  if (known.length > 0) for (const row of rows.slice(1, 4)) add(updated(kit, one, rows[0], row))
  for (const act of actsOf(kit, one)) for (const option of options.slice(0, 2)) add({ ...called(kit, one, rows[0] ?? [], option), act: act.lines, expr: act.expr, mocks: act.mocks, title: act.title + (option.label ? ` (${option.label})` : ''), uses: [...act.uses, ...option.uses] })
  // Without the providers that the project's helper puts around it, or that nobody does.
  add({ render: `expect(() => bare(() => ${name}(${codes(rows[0] ?? [])}))).toThrow`, bare: true, title: 'needs what is around it', uses: (rows[0] ?? []).flatMap(({ uses }) => uses) })
  return found
}

function codes(row) {
  return row.map(({ code }) => code).join(', ')
}

function base(kit, { name, isDefault }) {
  const { habits } = kit
  return {
    subject: name, sort: 'hook', dom: true, tsx: kit.source.file.endsWith('x') && false, before: [], act: [], mocks: [],
    uses: [[kit.source.file, isDefault ? `default ${name}` : name], [habits.renderHook?.file ?? '@testing-library/react', habits.renderHook?.name ?? 'renderHook'], [habits.library('waitFor'), 'waitFor'], [habits.library('act'), 'act'], ...kit.widthUses()],
  }
}

function called(kit, { name }, row, option, width) {
  const label = [codes(row).slice(0, 40), option.label, width && `at ${width} pixels`].filter(Boolean).join(', ')
  return {
    before: width ? kit.widthLines(width) : [], mocks: row.flatMap(({ mocks }) => mocks), uses: [...row.flatMap(({ uses }) => uses), ...option.uses], title: label ? `gives its result for ${label}` : 'gives its result',
    render: `const { result } = renderHook(() => ${name}(${codes(row)})${option.code ? `, ${option.code}` : ''})`,
  }
}

function storedRows({ source, quote }) {
  const keys = [...source.storage, ...source.strings.filter((one) => /^[\w-]+[.:][\w.:-]+$/.test(one)).map((one) => `localStorage ${one}`)].filter((one) => one.split(' ')[1])
  const own = keys.flatMap((entry) => ['25', '{ broken'].map((text) => [`${entry.split(' ')[0]}.setItem(${quote(entry.split(' ')[1])}, ${quote(text)})`]))
  // A key that is an argument is the first text that arguments are.
  return own.length > 0 || !source.storage.some((one) => !one.split(' ')[1]) ? own : [['"kept"'], ['{ broken']].map(([text]) => [`localStorage.setItem(${quote('a1')}, ${quote(text)})`])
}

/** Rendered again with other arguments; where there are timers, before and after their time. */
function updated(kit, { name, signature }, first, next) {
  const names = signature.parameters.slice(0, first.length).map(({ name: one }) => one.replace(/^_+\w*$/, 'given'))
  const object = (row) => `{ ${names.map((one, at) => (row[at].code === one ? one : `${one}: ${row[at].code}`)).join(', ')} }`
  const timers = kit.source.world.timers
  return {
    before: timers ? ['vi.useFakeTimers()'] : [], mocks: first.flatMap(({ mocks }) => mocks), uses: [...first, ...next].flatMap(({ uses }) => uses), title: `follows its arguments to ${codes(next).slice(0, 40)}`,
    render: `const { result, rerender } = renderHook(({ ${names.join(', ')} }) => ${name}(${names.join(', ')}), { initialProps: ${object(first)} })`,
    act: [`rerender(${object(next)})`, ...(timers ? ['act(() => { vi.advanceTimersByTime(1000) })'] : [])], after: timers ? ['vi.useRealTimers()'] : [], sync: timers,
  }
}

/** What the functions of a result are called with. */
function actsOf(kit, { signature }) {
  const { checker, ts } = kit
  const returned = signature.getReturnType()
  const found = []
  const add = (path, type) => {
    const [call] = checker.getNonNullableType(type).getCallSignatures()
    if (!call || call.parameters.length > 3 || found.length >= ACTS_MAX) return
    const lists = kit.argumentsOf(call)
    if (lists.some((list) => list.length === 0 && !list.optional)) return
    const isAsync = call.getReturnType().symbol?.name === 'Promise'
    const isPlain = call.getReturnType().flags & (ts.TypeFlags.StringLike | ts.TypeFlags.NumberLike | ts.TypeFlags.BooleanLike)
    for (const row of combine(lists.slice(0, path === '.mutateAsync' ? 1 : lists.length).filter((list) => list.length > 0).map((list) => list.slice(0, 6)), 5)) {
      const code = `result.current${path}(${codes(row)})`
      if (isPlain) found.push({ lines: [], expr: code, mocks: row.flatMap(({ mocks }) => mocks), title: `${path.slice(1)} gives its value`, uses: row.flatMap(({ uses }) => uses) })
      else found.push({ lines: [isAsync ? `await act(async () => { await ${code}.catch(() => undefined) })` : `await act(async () => { ${code} })`], title: `${path.replace(/^\./, '')}(${codes(row)})`.slice(0, 60), mocks: row.flatMap(({ mocks }) => mocks), uses: row.flatMap(({ uses }) => uses) })
    }
  }
  if (checker.isTupleType?.(returned)) for (const [index, type] of checker.getTypeArguments(returned).entries()) add(`[${index}]`, type)
  else if (returned.getCallSignatures().length > 0) add('', returned)
  else {
    const properties = checker.getPropertiesOfType(returned)
    const wanted = properties.some(({ name }) => name === 'mutateAsync') ? properties.filter(({ name }) => name === 'mutateAsync') : properties.some(({ name }) => name === 'fetchStatus') ? [] : properties
    for (const property of wanted) if (/^[\w$]+$/.test(property.name)) add(`.${property.name}`, checker.getTypeOfSymbolAtLocation(property, property.valueDeclaration ?? kit.source.node))
  }
  return found
}
