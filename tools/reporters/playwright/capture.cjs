// Loaded into playwright's processes before anything else: hands playwright-core to locators.cjs in
// the workers, and finds a Chromium where playwright's own was not downloaded.

'use strict'

const fs = require('node:fs')
const path = require('node:path')
const Module = require('node:module')

const CHROMIUMS = [process.env.PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome']

const root = process.cwd()
// Code under test may look at it, or start processes with it; a worker has yet to inherit it.
const isWorker = /[\\/]playwright[\\/]lib[\\/]/.test(process.argv[1] ?? '')
if (isWorker) process.execArgv = process.execArgv.filter((arg, i, all) => arg !== __filename && all[i + 1] !== __filename)

if (isWorker) {
  const load = Module._load
  Module._load = function (request, ...rest) {
    const loaded = load.call(this, request, ...rest)
    if (request === 'playwright-core' && loaded?._instrumentation) {
      Module._load = load
      begin(loaded)
    }
    return loaded
  }
}

function begin(playwright) {
  try {
    const { follow } = compiledInside(path.dirname(require.resolve('playwright-core', { paths: [process.argv[1]] })))
    follow(playwright, root, testInfo)
    useChromium(playwright.chromium)
  } catch (error) {
    // Another playwright than we know: its tests run, nothing is captured.
    process.stderr.write(`troupe: no capture: ${error.message}\n`)
  }
}

function compiledInside(directory) {
  const filename = path.join(directory, 'lib', 'troupe-locators.js')
  const module = new Module(filename)
  const source = fs.readFileSync(path.join(__dirname, 'locators.cjs'), 'utf8')
  module.paths = []
  module._compile(`const __troupe = ${JSON.stringify(__dirname)};${source}`, filename)
  return module.exports
}

let test // of playwright; only loaded when tests are

function testInfo() {
  try {
    test ??= Module.createRequire(process.argv[1])('playwright/test').test
    return test.info()
  } catch {
    return undefined // no test is running
  }
}

// The user's own choice comes first: a path, a channel, or what playwright has downloaded.
function useChromium(chromium) {
  const prototype = Object.getPrototypeOf(chromium)
  const { launch } = prototype
  prototype.launch = function (options = {}) {
    const all = { ...this._playwright?._defaultLaunchOptions, ...options }
    if (this !== chromium || all.executablePath || all.channel || fs.existsSync(this.executablePath())) return launch.call(this, options)
    const executablePath = CHROMIUMS.find((one) => one && fs.existsSync(one))
    return launch.call(this, executablePath ? { ...options, executablePath } : options)
  }
}
