// Writes tests for sources of a project: node main.mjs '{"root","sources","mutants","budget_ms"}'.
// Answers in JSON Lines: {"ev":"file",…} for each source, with the text of its test, then
// {"ev":"end"}, or {"ev":"fatal","message"}. It works in the project, which is to be a copy.

import { existsSync, realpathSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative, resolve } from 'node:path'
import { Projects } from '../sources/typescript/project.mjs'
import { Habits, filesBelow, isHelper, isTest } from './habits.mjs'
import { judgeExisting, prove } from './judge.mjs'
import { observe } from './observe.mjs'
import { servesVitest } from './run.mjs'
import { packageOf } from './read.mjs'

const FILES_MAX = 400

function say(event) {
  process.stdout.write(JSON.stringify(event) + '\n')
}

async function main({ root: given, sources, mutants = false, budget_ms: budget }) {
  const until = Date.now() + budget
  const start = realpathSync(given)
  const files = [...new Set(sources.map((source) => resolve(start, source)).flatMap((path) => (existsSync(path) && statSync(path).isDirectory() ? filesBelow(path).filter((file) => !isTest(file) && !isHelper(start, file)) : [path])))].slice(0, FILES_MAX)
  if (files.length === 0) throw new Error('there is no source in what was named')
  const root = packageOf(start, files[0])
  if (!servesVitest(root)) throw new Error('the project has no vitest: tests are written for vitest only')
  const ts = loadTypescript(root)
  const projects = new Projects(ts, root)
  const job = { ts, projects, root, until, files: files.filter((file) => existsSync(file) && statSync(file).isFile() && packageOf(start, file) === root) }
  const named = (file) => relative(start, file)
  for (const file of files) if (!job.files.includes(file)) say({ ev: 'file', source: named(file), status: 'not_found' })
  try {
    if (mutants) for await (const one of judgeExisting(job)) say({ ev: 'file', ...one, source: named(one.source) })
    else {
      job.habits = new Habits(ts, projects, root)
      const seen = await observe(job)
      for await (const one of prove(job, seen)) say({ ev: 'file', ...one, source: named(one.source), test: one.test && named(one.test) })
    }
  } finally {
    rmSync(join(root, 'troupe-generate'), { recursive: true, force: true })
  }
  say({ ev: 'end' })
}

function loadTypescript(root) {
  try {
    return createRequire(join(root, 'package.json'))('typescript')
  } catch {
    throw new Error('the project has no typescript of its own')
  }
}

try {
  await main(JSON.parse(process.argv[2]))
} catch (error) {
  if (process.env.TROUPE_DEBUG) process.stderr.write(`${error?.stack}\n`)
  say({ ev: 'fatal', message: String(error?.message ?? error) })
  process.exitCode = 1
}
