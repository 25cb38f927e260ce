// What the project's own ESLint and Prettier make of its files. Both run in this process, in the
// sandbox like all of it, and only when the project has them.

import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { mayChange } from './judge.mjs'
import { diffOf } from './patches.mjs'
import { hasMark } from './project.mjs'

const FILES_MAX = 40
const OLDEST = 8 // the first ESLint that has a class to ask

function packageOf(root, name) {
  try {
    const require = createRequire(resolve(root, 'package.json'))
    const manifest = require.resolve(`${name}/package.json`)
    return { main: require.resolve(name), version: Number(require(manifest).version.split('.')[0]) }
  } catch {
    return undefined
  }
}

export function isEslint({ runner = '', command = '' }) {
  return runner === 'eslint' || /(^|[\s/])eslint(\s|$)/.test(command)
}

/** {list: [{name, source, votes, diff}], reason}: what `eslint --fix` would do with the files that failed. */
export async function lint(root, { file = '', message = '' }) {
  const found = packageOf(root, 'eslint')
  if (!found || found.version < OLDEST) return { list: [], reason: 'no eslint of a known version found' }
  const files = filesOf(root, file, message)
  if (files.length === 0) return { list: [], reason: 'the failure names no file that may be changed' }
  const api = createRequire(found.main)(found.main)
  // From 8.57 on it says itself which of its two kinds of configuration the project has.
  const ESLint = api.loadESLint ? await api.loadESLint({ cwd: root }) : api.ESLint
  const results = await new ESLint({ cwd: root, fix: true }).lintFiles(files)
  let diff = ''
  for (const { filePath, output } of results) {
    const path = relative(root, filePath)
    if (output === undefined || !mayChange(path) || hasMark(filePath)) continue
    diff += diffOf(path, readFileSync(filePath, 'utf8'), output)
  }
  const left = results.reduce((count, { errorCount }) => count + errorCount, 0)
  return diff === '' ? { list: [], reason: `eslint has no fix for ${left} errors` } : { list: [{ name: 'fix', source: 'eslint', votes: 1, diff, left }], reason: '' }
}

/** Files that the reporters of ESLint name, or the one that failed. */
function filesOf(root, file, message) {
  const named = [...message.matchAll(/^(?:.*?: )?(\/?[^\s:()][^:()\n]*?\.[cm]?[jt]sx?)(?=$|:\d+:\d+|: line \d+)/gm)].map(([, name]) => resolve(root, name))
  const all = [...new Set(named.length > 0 ? named : [resolve(root, file)])].filter((name) => existsSync(name))
  const own = all.map((name) => realpathSync(name)).filter((name) => mayChange(inside(root, name)))
  return own.slice(0, FILES_MAX)
}

function inside(root, name) {
  const path = relative(root, name)
  return path === '' || path.startsWith('..') ? undefined : path
}

/** `after` as the project's Prettier writes it, where it had written `before`, too. */
export async function formatted(root, file, before, after) {
  const found = packageOf(root, 'prettier')
  if (!found || found.version < 3) return after
  try {
    const prettier = await import(pathToFileURL(found.main).href)
    const config = await (prettier.default ?? prettier).resolveConfig(file)
    const options = { ...config, filepath: file }
    const { check, format } = prettier.default ?? prettier
    // A project that has it and does not use it stays as it is.
    return config && await check(before, options) ? await format(after, options) : after
  } catch {
    return after // a text that it cannot read is not worse for that
  }
}
