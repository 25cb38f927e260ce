// Test files that a change of some files may reach, by what imports what: evidence beyond what failed.

import { dirname } from 'node:path'

const FILES_MAX = 5000
const TEST = /[._](test|spec)\.[cm]?[jt]sx?$|(^|\/)__tests__\//

/** Importers of each file of a project; made anew for each answer, because files change between them. */
export class Importers {
  #projects
  #importers

  constructor(projects) {
    this.#projects = projects
  }

  /** Relative paths of at most `max` tests that import one of `changed` (absolute), nearest first. */
  tests(changed, max) {
    this.#importers ??= read(this.#projects)
    const found = []
    const seen = new Set(changed)
    for (const file of seen) {
      const path = this.#projects.relative(file)
      if (path !== undefined && TEST.test(path)) found.push(path)
      if (found.length === max) break
      for (const importer of this.#importers.get(file) ?? []) seen.add(importer)
    }
    return found
  }
}

function read(projects) {
  const { ts, root } = projects
  const importers = new Map()
  const extensions = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs']
  const files = ts.sys.readDirectory(root, extensions, ['**/node_modules', '**/dist', '**/.*'], undefined).slice(0, FILES_MAX)
  const caches = new Map()
  for (const file of files) {
    const project = projects.of(file)
    const text = project.onDisk(file)
    if (text === undefined) continue
    if (!caches.has(project)) caches.set(project, ts.createModuleResolutionCache(dirname(file), (name) => name, project.options))
    for (const { fileName } of ts.preProcessFile(text, true, true).importedFiles) {
      const to = ts.resolveModuleName(fileName, file, project.options, ts.sys, caches.get(project)).resolvedModule?.resolvedFileName
      if (!to || to.includes('/node_modules/')) continue
      if (!importers.has(to)) importers.set(to, [])
      importers.get(to).push(file)
    }
  }
  return importers
}
