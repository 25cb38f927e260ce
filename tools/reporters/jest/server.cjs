// A jest that stays: works off commands, lines of JSON on descriptor 4, as so many runs in one process.
// Compilers (ts-jest, babel) are warm behind the first.  Jest's own watch mode does the same.

'use strict'

const { createInterface } = require('node:readline')
const { Socket } = require('node:net')
const reporter = require('./reporter.cjs')

const COMMANDS = 4
const FILES_MAX = 500 // then another takes its place: what tests leave behind adds up
const BYTES_MAX = 1.5 * 1024 ** 3

const [, , cli] = process.argv
const { run } = require(cli)
const root = process.cwd()
let files = 0

async function work({ args, count }) {
  process.chdir(root)
  files += count
  await run(args, root)
  const last = files > FILES_MAX || process.memoryUsage().rss > BYTES_MAX
  reporter.send({ ev: 'over', code: reporter.results()?.success ? 0 : 1, last })
}

let queue = Promise.resolve()
createInterface({ input: new Socket({ fd: COMMANDS }) })
  // What jest cannot do ends the process, as it would end jest.
  .on('line', (line) => { queue = queue.then(() => work(JSON.parse(line))) })
  .on('close', () => process.exit())
