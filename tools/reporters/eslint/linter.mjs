// Runs the project's own ESLint in the project: lists what `eslint .` would look at, or checks the
// files of a list; tells each as a JSON object a line on descriptor 3.

import { createRequire } from 'node:module'
import { readdirSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const FD = 3
const ENTRIES_MAX = 200_000 // looked at
const TESTS_MAX = 2000 // of one file; more are told as one number

const root = process.cwd()
const { ESLint } = createRequire(join(root, 'package.json'))('eslint')
const eslint = new ESLint({ cwd: root })

function send(event) {
  writeSync(FD, `${JSON.stringify(event)}\n`)
}

// ---- which files ----

async function list() {
  const folders = ['']
  for (let seen = 0; folders.length > 0;) {
    const folder = folders.pop()
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (++seen > ENTRIES_MAX) throw new Error(`more than ${ENTRIES_MAX} files`)
      if (entry.isDirectory() && entry.name !== 'node_modules' && entry.name !== '.git') folders.push(path)
      if (entry.isFile() && await isMeant(path)) send({ ev: 'file', file: path })
    }
  }
  send({ ev: 'over' })
}

// Files that only a configuration for all files has are none of ESLint's.
async function isMeant(path) {
  return !await eslint.isPathIgnored(join(root, path)) && await eslint.calculateConfigForFile(join(root, path)) !== undefined
}

// ---- one file ----

async function check(file) {
  send({ ev: 'start', file })
  if (!await isMeant(file)) return send({ ev: 'end', file, reason: 'not-found', message: 'ESLint is not configured for this file, or ignores it' })
  const [{ messages }] = await eslint.lintFiles([join(root, file)])
  const errors = messages.filter(({ severity }) => severity === 2)
  for (const error of errors.slice(0, TESTS_MAX)) send(testOf(file, error))
  if (errors.length > TESTS_MAX) send({ ev: 'error', file, message: `${errors.length - TESTS_MAX} further errors are not shown` })
  if (errors.length === 0) send({ ev: 'test', file, name: 'lint', status: 'passed', duration_ms: 0 })
  return send({ ev: 'end', file })
}

function testOf(file, { ruleId, message, line = 1, column = 1 }) {
  const name = ruleId ?? 'parse'
  return { ev: 'test', file, name, status: 'failed', duration_ms: 0, line, column, message: `${file}:${line}:${column}: ${message} (${name})` }
}

const [files] = process.argv.slice(2)
if (files === undefined) await list()
else for (const file of JSON.parse(readFileSync(files, 'utf8'))) await check(file)
