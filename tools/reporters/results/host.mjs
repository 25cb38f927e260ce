// Any command that writes reports, JUnit XML or TAP. See README.md.

import { lstatSync, readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { serveTool } from '../common/tool.mjs'
import { testsOfJunit } from './junit.mjs'
import { matching } from './glob.mjs'
import { testsOfTap } from './tap.mjs'

const REPORT_MAX = 64 * 1024 * 1024

function results(root) {
  const [glob, ...lines] = optionOf('--command').split('\n')
  const command = lines.join('\n').replaceAll('{}', '"$1"')
  const stamps = () => new Map(matching(root, glob).map((path) => [path, stampOf(join(root, path))]))

  return {
    name: 'command',
    single: true, // reports do not say which file they belong to

    async start() {
      if (!glob || !command) throw new Error('there is no command, or no pattern for its reports')
      return { version: '' }
    },

    async list() {
      return ['.']
    },

    begin([file]) {
      const before = stamps()
      return {
        argv: ['sh', '-c', command, 'sh', file],
        lines: 3,
        hear: () => [],
        finish: (how) => {
          const written = [...stamps()].filter(([path, stamp]) => before.get(path) !== stamp).map(([path]) => path)
          return eventsOf(file, root, written, how)
        },
      }
    },
  }
}

function* eventsOf(file, root, reports, { code, signal, tail }) {
  const how = `the command ended with ${signal ?? `code ${code}`}${tail ? `\n${tail}` : ''}`
  const seen = new Set() // reports that are another's copy count once
  let failed = false
  let incomplete = ''
  for (const report of reports) {
    const { tests, problem, text } = read(join(root, report))
    const digest = createHash('sha256').update(text).digest('hex')
    if (seen.has(digest)) continue
    seen.add(digest)
    for (const test of tests) {
      failed ||= test.status === 'failed'
      yield { ev: 'test', file, ...test }
    }
    if (problem) incomplete ||= `${report}: ${problem}`
  }
  yield { ev: 'end', file, ...judge({ reports, incomplete, failed, how, code, signal }) }
}

function judge({ reports, incomplete, failed, how, code, signal }) {
  if (signal === 'SIGKILL') return { reason: 'worker-died', message: how }
  if (incomplete) return { reason: 'fewer-than-collected', message: `${incomplete}\n${how}` }
  if (reports.length === 0) return code === 0 ? { reason: 'no-tests', message: `no report was written\n${how}` } : { reason: 'error', message: how }
  // It knows of a failure that its reports do not tell.
  if (code !== 0 && !failed) return { reason: 'unhandled', message: how }
  return {}
}

function read(path) {
  try {
    if (lstatSync(path).size > REPORT_MAX) return { tests: [], problem: `is larger than ${REPORT_MAX} bytes`, text: path }
    const text = readFileSync(path, 'utf8')
    return { ...(/^\s*</.test(text) ? testsOfJunit : testsOfTap)(text), text }
  } catch (error) {
    return { tests: [], problem: error.message, text: path }
  }
}

// A report from an earlier run proves nothing about this one.
function stampOf(path) {
  const { ino, size, mtimeNs, ctimeNs } = lstatSync(path, { bigint: true })
  return `${ino} ${size} ${mtimeNs} ${ctimeNs}`
}

function optionOf(name) {
  const at = process.argv.indexOf(name)
  return at >= 0 ? process.argv[at + 1] ?? '' : ''
}

await serveTool(results)
