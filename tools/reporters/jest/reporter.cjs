// The reporter that jest loads: tells the host what happens, a JSON object a line on descriptor 3.

'use strict'

const fs = require('node:fs')

const FD = 3

let latest // results of the last run; jest completes them behind onRunComplete

class Reporter {
  onRunStart({ numTotalTestSuites }) {
    send({ ev: 'run', files: numTotalTestSuites })
  }

  onTestFileStart({ path }) {
    // Jest counts its workers from 1 in each of the processes that run side by side.
    if (/^\d{1,6}$/.test(process.env.TROUPE_SLOT ?? '')) process.env.JEST_WORKER_ID = String(Number(process.env.TROUPE_SLOT) + 1)
    send({ ev: 'start', path })
  }

  // A failure may still be followed by a retry: it is told with the file's end.
  onTestCaseResult({ path }, test) {
    if (test.status === 'passed') send({ ev: 'test', path, ...plain(test) })
  }

  onTestFileResult({ path }, result) {
    send({
      ev: 'end', path, tests: result.testResults.map(plain),
      error: result.testExecError ? result.failureMessage || textOf(result.testExecError) : undefined,
    })
  }

  onRunComplete(_, results) {
    latest = results
    if (results.runExecError) send({ ev: 'error', message: textOf(results.runExecError) })
    send({ ev: 'ends' })
  }
}

function send(event) {
  fs.writeSync(FD, JSON.stringify(event) + '\n')
}

function plain({ ancestorTitles, title, status, duration, failureMessages, location, invocations }) {
  return {
    name: [...ancestorTitles, title].join(' > '), status, duration_ms: duration ?? 0,
    retries: invocations > 1 ? invocations - 1 : undefined,
    message: status === 'failed' ? (failureMessages ?? []).join('\n\n') || 'failed without an error' : undefined,
    line: location?.line, column: location?.column,
  }
}

function textOf(error) {
  return String(error.stack || error.message || error)
}

module.exports = Reporter
module.exports.send = send
module.exports.results = () => latest
