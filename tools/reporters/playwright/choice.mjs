// Some tests of one file, as playwright can be told them.
//
// What it may not part stays together: tests of a group in mode 'serial' go where the first of them
// goes.  Every part of a file sees the same groups, so each test is in exactly one part.

import { Names } from '../common/names.mjs'
import { quoted } from './invocation.mjs'

const GREP_MAX = 100_000 // bytes; Linux takes 131,072 as one argument

/**
 * planned: what reporter.cjs tells of all tests of the file, in their order
 * Returns {names: id -> name of the chosen, seen: how many there are in all, args for playwright}.
 */
export function choose(planned, selection) {
  const given = new Names()
  const first = new Map() // group -> whether the first of its tests is chosen
  const chosen = []
  const names = new Map()
  for (const test of planned) {
    const name = given.unique(test.name)
    const wanted = first.get(test.serial) ?? selection.has(name)
    if (test.serial !== undefined) first.set(test.serial, wanted)
    if (!wanted) continue
    names.set(test.id, name)
    chosen.push(test)
  }
  const grep = `/^(?:${[...new Set(chosen.map(expression))].join('|')})$/`
  // What cannot be told runs whole; whoever asked for less notices.
  return { names, seen: planned.length, args: Buffer.byteLength(grep) > GREP_MAX ? [] : [`--grep=${grep}`] }
}

// Playwright matches the titles joined by spaces, with the tags of each behind it.
function expression({ titles }) {
  return titles.map((title) => `${quoted(title).replaceAll('\n', '\\n').replaceAll('\r', '\\r')}(?: @\\S+)*`).join(' ')
}
