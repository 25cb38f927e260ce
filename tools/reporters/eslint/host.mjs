// ESLint controlled from outside. See README.md.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { capture } from '../common/process.mjs'
import { packageOf } from '../common/session.mjs'
import { serveTool } from '../common/tool.mjs'

const OLDEST = 9 // the first whose configuration tells which files are meant
const LINTER = fileURLToPath(new URL('linter.mjs', import.meta.url))

function eslint(root) {
  let folder

  function argv(...args) {
    return [process.execPath, LINTER, ...args]
  }

  return {
    name: 'eslint',

    async start() {
      const { manifest: { version } } = packageOf(root, 'eslint')
      if (Number(version.split('.')[0]) < OLDEST) throw new Error(`eslint ${version} is not supported (${OLDEST} and later are)`)
      return { version }
    },

    async list() {
      const files = []
      let whole = false
      const { code, signal, tail } = await capture({
        argv: argv(),
        cwd: root,
        lines: 3,
        report: (line) => {
          const { ev, file } = JSON.parse(line)
          if (ev === 'file') files.push(file)
          else whole = ev === 'over'
        },
      })
      if (!whole || code !== 0) throw new Error(`eslint ended with ${signal ?? `code ${code}`}\n${tail}`)
      return files
    },

    begin(files) {
      folder ??= mkdtempSync(join(tmpdir(), 'troupe-eslint-'))
      const list = join(folder, 'files.json')
      writeFileSync(list, JSON.stringify(files))
      return { argv: argv(list), lines: 3, hear: (line) => [JSON.parse(line)] }
    },

    clean() {
      if (folder) rmSync(folder, { recursive: true, force: true })
    },
  }
}

await serveTool(eslint)
