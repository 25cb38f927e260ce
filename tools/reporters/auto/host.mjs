// The runner 'auto': finds out which runners a project has, and is that one, or talks for them all.
// See README.md.

import { serve, Session } from '../common/session.mjs'
import { detect } from './detect.mjs'
import { Several } from './several.mjs'

const plans = detect(process.cwd())
const NONE = 'no test runner was recognised here (looked for vitest, jest, playwright, pytest, go, ctest and cargo)'

class Nothing {
  constructor(fd) {
    this.session = new Session(fd, this)
  }

  async start() {
    throw new Error(NONE)
  }

  stop() {}

  clean() {}
}

if (plans.length === 1 && plans[0].dir === '') await import(`../${plans[0].runner}/host.mjs`)
else await serve('auto', (root, fd) => plans.length > 0 ? new Several(root, fd, plans) : new Nothing(fd))
