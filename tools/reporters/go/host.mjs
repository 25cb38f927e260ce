// `go test` controlled from outside: a file is a package, named by its directory. See README.md.

import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { relativePath } from '../common/errors.mjs'
import { capture } from '../common/process.mjs'
import { serveTool } from '../common/tool.mjs'
import { Translation } from './translation.mjs'

const RUNS = /^func (Test|Example|Fuzz)/m // what go test runs; benchmarks it does not

function go(root) {
  let packages = new Map() // import path -> directory, relative

  async function find() {
    const { code, signal, out, tail } = await capture({ argv: ['go', 'list', '-e', '-f', '{{.ImportPath}}\t{{.Dir}}', './...'], cwd: root })
    if (code !== 0) throw new Error(`go list ended with ${signal ?? `code ${code}`}\n${tail}`)
    packages = new Map(out.split('\n').filter(Boolean).map((line) => line.split('\t')).map(([name, dir]) => [name, relativePath(root, dir) || '.']))
    return [...packages.values()]
  }

  function testsIn(dir) {
    try {
      return readdirSync(join(root, dir)).some((name) => name.endsWith('_test.go') && RUNS.test(readFileSync(join(root, dir, name), 'utf8')))
    } catch {
      return false
    }
  }

  return {
    name: 'go',
    has: (file) => posix.normalize(file) === file && !file.startsWith('..') && testsIn(file),

    async start() {
      const { code, out, tail } = await capture({ argv: ['go', 'version'], cwd: root })
      if (code !== 0) throw new Error(`no go found\n${tail}`)
      return { version: out.split(' ')[2]?.replace(/^go/, '') ?? '' }
    },

    list: async () => (await find()).filter(testsIn),

    async begin(files) {
      const known = new Set(packages.values())
      if (!files.every((file) => known.has(file))) await find()
      const translation = new Translation(packages)
      return {
        // One package after the other, so that order and deadlines are theirs; and nothing from go's
        // cache of results: a run is a run.
        argv: ['go', 'test', '-json', '-count=1', '-p=1', ...files.map((file) => `./${file}`)],
        lines: 1,
        hear: (line) => translation.events(JSON.parse(line)),
        finish: ({ tail }) => translation.rest(tail),
      }
    },
  }
}

await serveTool(go)
