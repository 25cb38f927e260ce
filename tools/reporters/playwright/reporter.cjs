// The reporter that playwright loads: tells the host what happens, a JSON object a line on descriptor 3.
//
// It runs in playwright's main process; the workers, and what tests start, do not get the descriptor.

'use strict'

const fs = require('node:fs')

const FD = 3
const PAGE = 'troupe-page' // the name of capture.cjs's attachment
const PAGE_MAX = 65000
const FINAL = ['passed', 'failed', 'timedOut', 'skipped']

class Reporter {
  onBegin(config, suite) {
    const several = config.projects.length > 1
    const tests = suite.allTests()
    const groups = new Map() // suite -> its number
    for (const test of tests) {
      const titles = test.titlePath().slice(1)
      send({ ev: 'planned', id: test.id, path: fileOf(test), name: nameOf(test, several), titles, serial: serialOf(test, groups) })
    }
    // Where something failed before there were tests, playwright begins nothing before it ends.
    if (tests.length > 0) send({ ev: 'begun' })
  }

  onTestBegin(test) {
    send({ ev: 'began', id: test.id })
  }

  onTestEnd(test, result) {
    const passed = result.status === test.expectedStatus
    if (!FINAL.includes(result.status)) return // interrupted: it has no result
    if (!passed && result.status !== 'skipped' && result.retry < test.retries) return
    const status = result.status === 'skipped' ? 'skipped' : passed ? 'passed' : 'failed'
    send({
      ev: 'ended', id: test.id, status, duration_ms: Math.max(0, result.duration), retries: result.retry || undefined,
      errors: status === 'failed' ? errorsOf(test, result) : undefined, page: pageOf(result),
    })
  }

  onError(error) {
    send({ ev: 'error', error: plain(error) })
  }

  onEnd(result) {
    send({ ev: 'over', status: result.status })
  }

  printsToStdio() {
    return true // or playwright would add a reporter for people
  }
}

function send(event) {
  fs.writeSync(FD, JSON.stringify(event) + '\n')
}

function fileOf(test) {
  let suite = test.parent
  while (suite.type !== 'file' && suite.parent) suite = suite.parent
  return suite.location?.file ?? test.location.file
}

// The number of the outermost suite around it whose tests playwright itself does not part: each needs
// what the one before it has left.  undefined: there is none; null: this playwright does not tell.
function serialOf(test, groups) {
  let found
  for (let suite = test.parent; suite; suite = suite.parent) {
    if (suite._parallelMode === undefined) return null
    if (suite._parallelMode === 'serial') found = suite
  }
  if (found && !groups.has(found)) groups.set(found, groups.size)
  return groups.get(found)
}

function nameOf(test, several) {
  // The root, the project, the file, and then what the user wrote.
  const [, project, , ...titles] = test.titlePath()
  return (several ? [project, ...titles] : titles).join(' > ')
}

function errorsOf(test, result) {
  if (result.errors.length > 0) return result.errors.map(plain)
  const message = test.expectedStatus === 'failed' ? 'Expected to fail, but passed.' : `ended as ${result.status}, expected was ${test.expectedStatus}`
  return [{ message, location: test.location }]
}

function plain({ message, stack, value, location }) {
  return { message: message ?? value, stack, location }
}

function pageOf(result) {
  // Each context of the test adds one that knows more than the one before.
  const body = result.attachments.filter(({ name }) => name === PAGE).at(-1)?.body
  return body && body.length <= PAGE_MAX ? body.toString('utf8') : undefined
}

module.exports = Reporter
