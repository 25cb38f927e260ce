// graph.mjs DIR - {test file: [files]} on standard output: what each test file of a vitest project
// loads, itself and set-up files included, relative to DIR, as vite resolves it.

import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const root = resolve(process.argv[2] ?? '.')
const require = createRequire(join(root, 'package.json'))
const { createVitest } = await import(pathToFileURL(require.resolve('vitest/node')))
const vitest = await createVitest('test', { root, watch: false, coverage: { enabled: false } })

const direct = new Map() // file -> promise of the files that it imports

function importsOf(project, file) {
  if (!direct.has(file)) direct.set(file, resolveImports(project, file))
  return direct.get(file)
}

async function resolveImports(project, file) {
  const done = await project.vite.environments.ssr.transformRequest(file).catch(() => undefined)
  return [...done?.deps ?? [], ...done?.dynamicDeps ?? []]
    .map((name) => (name.startsWith('/@fs/') ? name.slice(4) : join(project.config.root, name)).replace(/\?.*/, ''))
    .filter((path) => !path.includes('/node_modules/') && existsSync(path))
}

async function loadedBy(project, file) {
  const found = new Set([file, ...project.config.setupFiles])
  for (const one of found) for (const path of await importsOf(project, one)) found.add(path)
  return [...found]
}

const graph = {}
for (const { project, moduleId } of await vitest.globTestSpecifications()) {
  const name = relative(root, moduleId)
  const files = await loadedBy(project, moduleId)
  graph[name] = [...new Set([...graph[name] ?? [], ...files.map((file) => relative(root, file))])].sort()
}
await new Promise((done) => { process.stdout.write(`${JSON.stringify(graph)}\n`, done) })
process.exit(0)
