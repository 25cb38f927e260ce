// The tests in a report of JUnit XML, in any of its dialects.

import { readXml } from './xml.mjs'

const MESSAGE_MAX = 64 * 1024
const STATUS = { failure: 'failed', error: 'failed', skipped: 'skipped', disabled: 'skipped' }

/** {tests: [{name, status, duration_ms, message}], problem}: why the report is not to be believed, or ''. */
export function testsOfJunit(source) {
  const reader = new Reader()
  try {
    readXml(source, reader)
  } catch (error) {
    return { tests: reader.tests, problem: error.message }
  }
  return { tests: reader.tests, problem: reader.problem || (reader.known ? '' : 'it is no JUnit XML') }
}

class Reader {
  tests = []
  problem = ''
  #suites = [] // {announced, found} from the outermost
  #test
  #kind = '' // of the child of a test that is open
  #text = ''
  known = false // it is JUnit at all

  open = (name, attributes) => {
    if (name === 'testsuites' || name === 'testsuite') {
      this.known = true
      this.#suites.push({ name: attributes.name ?? '', announced: attributes.tests, inner: 0, found: 0 })
      if (name === 'testsuite' && this.#suites.length > 1) this.#suites.at(-2).inner += 1
    } else if (name === 'testcase') {
      this.#begin(attributes)
    } else if (this.#test && !this.#kind && STATUS[name]) {
      this.#kind = name
      this.#text = attributes.message ?? ''
    }
  }

  text = (text) => {
    if (this.#kind && this.#text.length < MESSAGE_MAX) this.#text += text
  }

  close = (name) => {
    if (name === 'testcase') {
      this.tests.push(this.#test)
      this.#test = undefined
    } else if (name === this.#kind) {
      this.#mark()
    } else if (name === 'testsuites' || name === 'testsuite') {
      this.#count(this.#suites.pop())
    }
  }

  #begin({ classname, name = '', time, status }) {
    if (this.#test) throw new Error('a testcase within a testcase')
    for (const suite of this.#suites) suite.found += 1
    const within = classname && classname !== name ? classname : this.#suites.at(-1)?.name
    this.#test = { name: [within, name].filter(Boolean).join(' > '), status: status === 'disabled' ? 'skipped' : 'passed', duration_ms: Number(time) > 0 ? Number(time) * 1000 : 0 }
  }

  // A failure counts whatever else is said.
  #mark() {
    const status = STATUS[this.#kind]
    if (this.#test.status !== 'failed') this.#test.status = status
    if (status === 'failed') this.#test.message ??= this.#text.trim() || 'failed without a text'
    this.#kind = ''
    this.#text = ''
  }

  // Some dialects count only what lies directly in a suite: fewer is not proven to be wrong there.
  #count({ name, announced, inner, found }) {
    if (announced === undefined || !/^\d+$/.test(announced) || inner > 0) return
    if (Number(announced) > found) this.problem ||= `the suite ${JSON.stringify(name)} announces ${announced} tests and has ${found}`
  }
}
