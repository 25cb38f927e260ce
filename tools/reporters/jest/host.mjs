// Jest controlled from outside. See README.md.

import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { relativePath } from '../common/errors.mjs'
import { capture } from '../common/process.mjs'
import { packageOf } from '../common/session.mjs'
import { serveTool } from '../common/tool.mjs'
import { Translation } from './translation.mjs'

const OLDEST = 27
const REPORTER = fileURLToPath(new URL('reporter.cjs', import.meta.url))
const SERVER = fileURLToPath(new URL('server.cjs', import.meta.url))
// The user's configuration decides everything but this.
const OVERRIDES = ['--runInBand', '--watchAll=false', '--bail=0', '--coverage=false', '--passWithNoTests=false', `--reporters=${REPORTER}`]

function jest(root) {
  let argv
  let server
  const env = { ...process.env, NODE_ENV: process.env.NODE_ENV ?? 'test' }
  return {
    name: 'jest',
    selects: true,

    async start() {
      const { path, manifest: { version } } = packageOf(root, 'jest')
      if (Number(version.split('.')[0]) < OLDEST) throw new Error(`jest ${version} is not supported (${OLDEST} and later are)`)
      argv = [process.execPath, join(path, 'bin/jest.js')]
      server = [process.execPath, SERVER, createRequire(join(path, 'package.json')).resolve('jest-cli')]
      return { version }
    },

    async list() {
      const { code, signal, out, tail } = await capture({ argv: [...argv, '--listTests', '--json', '--passWithNoTests'], cwd: root, env })
      // A project's configuration may write before it.
      const text = out.split('\n').findLast((line) => line.startsWith('['))
      if (code !== 0 || !text) throw new Error(`jest --listTests ended with ${signal ?? `code ${code}`}\n${tail || out.slice(-2000)}`)
      return JSON.parse(text).map((path) => relativePath(root, path))
    },

    begin(files, selection) {
      const translation = new Translation(root, files.length, selection)
      // Jest takes no notice of case; whoever else runs that way is noticed.
      const chosen = selection ? [`--testNamePattern=${selection.pattern.source}`] : []
      return {
        argv: server,
        env,
        lines: 3,
        input: JSON.stringify({ args: [...OVERRIDES, ...chosen, '--runTestsByPath', ...files.map((file) => join(root, file))], count: files.length }),
        hear: (line) => translation.events(JSON.parse(line)),
      }
    },
  }
}

await serveTool(jest)
