// Files that a pattern names: `*` and `?` within a name, `**` any number of folders.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const FOUND_MAX = 10_000
const DEPTH_MAX = 32

/** Paths below root, sorted. */
export function matching(root, pattern) {
  const found = []
  walk(root, '', pattern.replace(/^(\.?\/)+/, '').split('/').filter(Boolean), found, 0)
  return [...new Set(found)].sort()
}

function walk(root, dir, [part, ...rest], found, depth) {
  if (part === undefined || depth > DEPTH_MAX || found.length >= FOUND_MAX) return
  if (part === '**') {
    walk(root, dir, rest, found, depth + 1)
    for (const entry of entriesOf(join(root, dir))) {
      if (entry.isDirectory() && entry.name !== 'node_modules') walk(root, join(dir, entry.name), [part, ...rest], found, depth + 1)
    }
    return
  }
  const wanted = new RegExp(`^${part.replace(/[\\^$.+()[\]{}|]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')}$`, 's')
  for (const entry of entriesOf(join(root, dir))) {
    if (!wanted.test(entry.name)) continue
    if (rest.length === 0 && entry.isFile()) found.push(join(dir, entry.name))
    else if (rest.length > 0 && entry.isDirectory()) walk(root, join(dir, entry.name), rest, found, depth + 1)
  }
}

function entriesOf(path) {
  try {
    return readdirSync(path, { withFileTypes: true })
  } catch {
    return []
  }
}
