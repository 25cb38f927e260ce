// Writes tests for sources of a project: node main.mjs '{"root","sources","mutants","budget_ms"}'.
// Answers in JSON Lines: {"ev":"file",…} for each source, with the text of its test, then
// {"ev":"end"}, or {"ev":"fatal","message"}. It works in the project, which is to be a copy.

import { existsSync, realpathSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative, resolve } from 'node:path'
import { Projects } from '../sources/typescript/project.mjs'
import { Habits, filesBelow, isHelper, isRead, isTest } from './habits.mjs'
import { choose, judgeExisting, prove } from './judge.mjs'
import { observe } from './observe.mjs'
import { servesVitest } from './run.mjs'
import { packageOf } from './read.mjs'

const FILES_MAX = 400
const BATCH = 24 // sources that are looked at together
const REPEAT_SHARE = 0.3 // of the time, for proving again and again what was kept

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
  for (const file of job.files) if (!isRead(projects, file)) say({ ev: 'file', source: named(file), status: 'not_compiled' })
  job.files = job.files.filter((file) => isRead(projects, file))
  try {
    if (mutants) for await (const one of judgeExisting(job)) say({ ev: 'file', ...one, source: named(one.source) })
    else {
      const all = []
      for (let at = 0; at < job.files.length; at += BATCH) {
        // So much of the time as there is for so many of the files; and some for the end.
        const part = (until - Date.now()) * (1 - REPEAT_SHARE) * Math.min(1, BATCH / (job.files.length - at))
        const batch = { ...job, files: job.files.slice(at, at + BATCH), until: Date.now() + part }
        batch.habits = job.habits = new Habits(ts, projects, root, batch.files)
        const seen = await observe(batch)
        await choose(batch, seen)
        all.push(...seen)
        if (process.env.TROUPE_DEBUG) process.stderr.write(`batch: ${all.length} of ${job.files.length}, ${Math.round((until - Date.now()) / 1000)} s left\n`)
      }
      for await (const one of prove(job, all)) say({ ev: 'file', ...one, source: named(one.source), test: one.test && named(one.test) })
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
