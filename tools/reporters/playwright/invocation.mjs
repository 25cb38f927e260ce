// One `playwright test`.

import { fileURLToPath } from 'node:url'
import { Process } from '../common/process.mjs'

const REPORTER = fileURLToPath(new URL('reporter.cjs', import.meta.url))
const CAPTURE = fileURLToPath(new URL('capture.cjs', import.meta.url))

export class Invocation extends Process {
  /**
   * cli: the project's playwright; args: after `test`
   * report(event): what reporter.cjs sends
   */
  constructor({ cli, root, args, report }) {
    // Processes that playwright forks, its workers, inherit the options of node; what it spawns (a
    // web server, a browser) does not.
    super({
      argv: [process.execPath, '--require', CAPTURE, cli, 'test', `--reporter=${REPORTER}`, ...args],
      cwd: root,
      env: { ...process.env, FORCE_COLOR: '0', PLAYWRIGHT_FORCE_TTY: '0', PLAYWRIGHT_HTML_OPEN: 'never' },
      report: (line) => report(JSON.parse(line)),
    })
  }
}

/** A path as a regular expression. */
export function quoted(path) {
  return path.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
