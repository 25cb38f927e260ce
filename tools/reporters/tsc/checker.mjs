// The thread that checks: the project's own typescript, whose programs are kept from one check to the next.

import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { clip, relativePath } from '../common/errors.mjs'
import { Names } from '../common/names.mjs'

const FILES_MAX = 1000 // projects that a solution may lead to
const TESTS_MAX = 2000 // more are told as one number
const RELATED_MAX = 10

const { root } = workerData
const commands = { load, list, check }
const ts = createRequire(join(root, 'package.json'))('typescript')
let sources = new Map() // path -> source file, for as long as its text stays the same
const programs = new Map() // tsconfig file -> program of the last check

parentPort.on('message', ({ cmd, file }) => {
  try {
    parentPort.postMessage(commands[cmd](file))
  } catch (error) {
    // One of the checker's own crashes: tsc would end by it, too.
    parentPort.postMessage({ error: String(error?.stack ?? error), tests: [], message: clip(String(error?.stack ?? error)) })
  }
})

function load() {
  return typeof ts.createSemanticDiagnosticsBuilderProgram === 'function'
    ? {} : { error: `typescript ${ts.version} has no interface for programs` }
}

// ---- which projects there are ----

function list() {
  const files = new Set()
  const seen = new Set()
  const waiting = [join(root, 'tsconfig.json')].filter(ts.sys.fileExists)
  for (let file = waiting.shift(); file && seen.size < FILES_MAX; file = waiting.shift()) {
    if (seen.has(file)) continue
    seen.add(file)
    const references = solutionOf(file)
    if (references) waiting.push(...references)
    else files.add(relativePath(root, file))
  }
  return { files: [...files].sort() }
}

/** The projects that a file without sources of its own leads to; undefined if it is none such. */
function solutionOf(file) {
  const { config } = ts.readConfigFile(file, ts.sys.readFile)
  const isSolution = Array.isArray(config?.files) && config.files.length === 0
    && !config.include && Array.isArray(config.references) && config.references.length > 0
  return isSolution
    ? config.references.map(({ path }) => ts.resolveProjectReferencePath({ path: resolve(file, '..', String(path)) }))
    : undefined
}

// ---- one project ----

function check(file) {
  const path = resolve(root, file)
  if (!ts.sys.fileExists(path)) return { missing: 'there is no such file' }
  const { diagnostics, program } = diagnose(path)
  const isOwn = (diagnostic) => !diagnostic.file || diagnostic.file.fileName.endsWith('.json') && !program?.getSourceFile(diagnostic.file.fileName)
  const own = diagnostics.filter(isOwn).map(textOf)
  const found = diagnostics.filter((one) => !isOwn(one))
  if (found.length > TESTS_MAX) own.push(`${found.length - TESTS_MAX} further errors are not shown`)
  const names = new Names()
  const tests = found.slice(0, TESTS_MAX).map((diagnostic) => testOf(diagnostic, names))
  if (tests.length === 0 && own.length === 0) tests.push({ test: 'types', status: 'passed' })
  return { tests, message: clip(own.join('\n')) }
}

/** What `tsc --noEmit -p PATH` reports, in its order. */
function diagnose(path) {
  const unreadable = []
  const configHost = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: (diagnostic) => unreadable.push(diagnostic) }
  const config = ts.getParsedCommandLineOfConfigFile(path, { noEmit: true }, configHost)
  if (!config) return { diagnostics: unreadable }
  const host = hostOf(config.options)
  const builder = ts.createSemanticDiagnosticsBuilderProgram(
    config.fileNames, config.options, host, programs.get(path),
    ts.getConfigFileParsingDiagnostics(config), config.projectReferences)
  programs.set(path, builder)
  const program = builder.getProgram()
  const used = new Set(program.getSourceFiles())
  if (programs.size === 1) sources = new Map([...sources].filter(([, source]) => used.has(source)))
  return { diagnostics: diagnosticsOf(builder), program }
}

// typescript has a function for just this, which says what this version's tsc says; it is not documented.
function diagnosticsOf(builder) {
  if (typeof ts.emitFilesAndReportErrors !== 'function') return ts.getPreEmitDiagnostics(builder.getProgram())
  const diagnostics = []
  ts.emitFilesAndReportErrors(builder, (one) => diagnostics.push(one), undefined, undefined, () => {})
  return diagnostics
}

/** A host that parses a file again only if its text has changed. */
function hostOf(options) {
  const host = ts.createIncrementalCompilerHost(options)
  const { getSourceFile } = host
  host.getSourceFile = (name, languageOrOptions, onError, ...rest) => {
    const key = `${name}\n${JSON.stringify(languageOrOptions)}`
    const known = sources.get(key)
    if (known && host.readFile(name) === known.text) return known
    const source = getSourceFile.call(host, name, languageOrOptions, onError, ...rest)
    if (source) sources.set(key, source)
    else sources.delete(key)
    return source
  }
  return host
}

// ---- one error ----

function testOf(diagnostic, names) {
  const file = relativePath(root, diagnostic.file.fileName)
  const { line, character } = ts.getLineAndCharacterOfPosition(diagnostic.file, diagnostic.start ?? 0)
  return {
    test: names.unique(`${file} > TS${diagnostic.code}`),
    status: 'failed', message: clip(textOf(diagnostic)), line: line + 1, column: character + 1, at: file,
  }
}

function textOf(diagnostic) {
  const related = (diagnostic.relatedInformation ?? []).slice(0, RELATED_MAX).map((one) => `  ${format(one)}`)
  return [format(diagnostic), ...related].join('\n')
}

function format(diagnostic) {
  return ts.formatDiagnostic(diagnostic, {
    getCurrentDirectory: () => root, getCanonicalFileName: (name) => name, getNewLine: () => '\n',
  }).trimEnd()
}
