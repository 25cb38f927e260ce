// Language services of a project's tsconfig files, kept warm, with what a candidate would change
// laid over the files on disk.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, relative, resolve } from 'node:path'

const PROJECTS_MAX = 4
const REFERENCES_MAX = 32
const FILE_BYTES_MAX = 4 * 1024 * 1024
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** All of one root; a tsconfig.json is loaded when the first of its files is asked about. */
export class Projects {
  #loaded = new Map()

  /** `registry`: of parsed files, shared by all that look at the same libraries. */
  constructor(ts, root, registry = ts.createDocumentRegistry()) {
    this.ts = ts
    this.root = root
    this.registry = registry
  }

  clear() {
    this.#loaded.clear()
  }

  /** Path of a file relative to the root, with slashes; undefined outside of it. */
  relative(file) {
    const path = relative(this.root, file).replaceAll('\\', '/')
    return path === '' || path === '..' || path.startsWith('../') || isAbsolute(path) ? undefined : path
  }

  /** The project that compiles `file` (absolute): the nearest tsconfig.json, or one that it refers to. */
  of(file) {
    const { ts } = this
    let config = ts.findConfigFile(dirname(file), ts.sys.fileExists, 'tsconfig.json')
    if (config && this.relative(config) === undefined && !isAbove(config, this.root)) config = undefined
    const nearest = this.at(config)
    if (nearest.has(file)) return nearest
    for (const reference of nearest.references.slice(0, REFERENCES_MAX)) {
      const project = existsSync(reference) ? this.at(reference) : undefined
      if (project?.has(file)) return project
    }
    return nearest
  }

  /** The project of a configuration; undefined: of files that have none. */
  at(config) {
    const key = config ?? ''
    let project = this.#loaded.get(key)
    if (!project) {
      project = new Project(this, config)
      if (this.#loaded.size === PROJECTS_MAX) this.#loaded.delete(this.#loaded.keys().next().value)
    }
    this.#loaded.delete(key)
    this.#loaded.set(key, project)
    return project
  }
}

function isAbove(config, root) {
  return root.startsWith(dirname(config) + '/')
}

class Project {
  #ts
  #files // names of the program
  #options
  #overlay = new Map() // path -> text
  #versions = new Map() // path -> number, of what was ever laid over

  constructor({ ts, root, registry }, config) {
    this.#ts = ts
    const parsed = config ? readConfig(ts, config) : { fileNames: [], options: { allowJs: true, noEmit: true }, references: [] }
    this.#files = new Set(parsed.fileNames)
    this.#options = parsed.options
    this.references = parsed.references
    this.service = ts.createLanguageService(this.#host(root), registry)
  }

  has(file) {
    return this.#files.has(file)
  }

  /** Absolute paths of all its own files. */
  get files() {
    return [...this.#files]
  }

  get options() {
    return this.#options
  }

  /** The text that the compiler sees: without a byte order mark. undefined: no such file, no UTF-8. */
  text(file) {
    return this.#overlay.get(file) ?? readText(file)
  }

  /** The same without what is laid over it. */
  onDisk(file) {
    return readText(file)
  }

  /** Errors in a file; one that the configuration leaves out is taken in. */
  errors(file) {
    if (!this.#files.has(file)) this.#files.add(file)
    const found = [...this.service.getSyntacticDiagnostics(file), ...this.service.getSemanticDiagnostics(file)]
    return found.filter(({ category, start }) => category === this.#ts.DiagnosticCategory.Error && start !== undefined)
  }

  /** What `look` returns while the files have these texts (path -> text). */
  with(texts, look) {
    const before = [...texts.keys()].map((file) => [file, this.#overlay.get(file)])
    for (const [file, text] of texts) this.#lay(file, text)
    try {
      return look()
    } finally {
      for (const [file, text] of before) this.#lay(file, text)
    }
  }

  #lay(file, text) {
    if (text === undefined) this.#overlay.delete(file)
    else this.#overlay.set(file, text)
    this.#versions.set(file, (this.#versions.get(file) ?? 0) + 1)
  }

  #host(root) {
    const { sys } = this.#ts
    return {
      getCompilationSettings: () => this.#options,
      getScriptFileNames: () => [...this.#files],
      getScriptVersion: (file) => String(this.#versions.get(file) ?? 0),
      getScriptSnapshot: (file) => {
        const text = this.text(file)
        return text === undefined ? undefined : this.#ts.ScriptSnapshot.fromString(text)
      },
      getCurrentDirectory: () => root,
      getDefaultLibFileName: (options) => this.#ts.getDefaultLibFilePath(options),
      useCaseSensitiveFileNames: () => sys.useCaseSensitiveFileNames,
      fileExists: sys.fileExists,
      readFile: (file) => this.text(file),
      readDirectory: sys.readDirectory,
      directoryExists: sys.directoryExists,
      getDirectories: sys.getDirectories,
      realpath: sys.realpath,
      getProjectReferences: () => undefined,
    }
  }
}

function readConfig(ts, config) {
  const { config: json = {}, error } = ts.readConfigFile(config, ts.sys.readFile)
  if (error) throw new Error(`${config}: ${ts.flattenDiagnosticMessageText(error.messageText, ' ')}`)
  const parsed = ts.parseJsonConfigFileContent(json, ts.sys, dirname(config), { noEmit: true }, config)
  const references = (parsed.projectReferences ?? []).map((reference) => ts.resolveProjectReferencePath(reference))
  return { fileNames: parsed.fileNames, options: parsed.options, references }
}

function readText(file) {
  try {
    const bytes = readFileSync(file)
    if (bytes.length > FILE_BYTES_MAX) return undefined
    const text = utf8.decode(bytes)
    return text.startsWith('\uFEFF') ? text.slice(1) : text
  } catch {
    return undefined
  }
}

/** Whether a file begins with a byte order mark, which the compiler does not count. */
export function hasMark(file) {
  return readFileSync(file).subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]))
}

/** Absolute path of what an error calls a file. */
export function absolute(root, name) {
  return isAbsolute(name) ? resolve(name) : resolve(root, name)
}
