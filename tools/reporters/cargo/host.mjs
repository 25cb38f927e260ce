// `cargo test` controlled from outside: a file is a target, named by its source. See README.md.

import { relativePath } from '../common/errors.mjs'
import { capture } from '../common/process.mjs'
import { serveTool } from '../common/tool.mjs'
import { Translation } from './translation.mjs'

const DOC = ' (doc)' // of a library, beside its unit tests
const KINDS = { lib: '--lib', 'proc-macro': '--lib', rlib: '--lib', dylib: '--lib', cdylib: '--lib', staticlib: '--lib', bin: '--bin', test: '--test', example: '--example', bench: '--bench' }

function cargo(root) {
  let targets = new Map() // file -> arguments of cargo

  async function find() {
    const { code, signal, out, tail } = await capture({ argv: ['cargo', 'metadata', '--no-deps', '--format-version=1'], cwd: root })
    if (code !== 0) throw new Error(`cargo metadata ended with ${signal ?? `code ${code}`}\n${tail}`)
    targets = new Map()
    for (const { name: package_, targets: own } of JSON.parse(out).packages) {
      for (const { name, kind: [kind], src_path: path, test, doctest } of own) {
        const option = KINDS[kind]
        const file = relativePath(root, path)
        if (option && test) targets.set(file, ['-p', package_, option, ...option === '--lib' ? [] : [name]])
        if (option === '--lib' && doctest) targets.set(file + DOC, ['-p', package_, '--doc'])
      }
    }
  }

  return {
    name: 'cargo',
    single: true, // cargo tells of the next target on another stream than of its tests
    has: (file) => targets.has(file),

    async start() {
      const { code, out, tail } = await capture({ argv: ['cargo', '--version'], cwd: root })
      if (code !== 0) throw new Error(`no cargo found\n${tail}`)
      await find()
      return { version: out.split(' ')[1] ?? '' }
    },

    // Whether there is a test in a target only its compilation tells, for which listing has no time.
    async list() {
      await find()
      return [...targets.keys()]
    },

    begin([file]) {
      const translation = new Translation(file)
      return {
        argv: ['cargo', 'test', '--color=never', ...targets.get(file)],
        lines: 1,
        hear: (line) => translation.events(line),
        finish: (how) => translation.rest(how),
      }
    },
  }
}

await serveTool(cargo)
