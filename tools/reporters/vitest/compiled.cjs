// Loaded into each process of vitest's pool before anything else: keeps what V8 made of the packages.
//
// Every isolated file gets a new process, and that compiles jsdom, say, from its source again: half
// of its time.  The first process leaves the code it compiled in a file; those after it take it.
// The file belongs to one host, as old as the workspace and no more trusted than its node_modules.
// Node's own compile cache is not used: it came with 22.1 and writes when a process exits, and
// vitest's are killed.  The method is that of the package v8-compile-cache.

'use strict'

const WORTH_KEEPING = 64 // modules loaded by one import: a graph of this size takes 50 ms to compile
const IMPORTS = /\bimport\s*[(/]/ // a script of our making could not import(); nor could code it evaluates
const SIZE_MAX = 64 * 1024 * 1024

const path = process.env.TROUPE_COMPILED
delete process.env.TROUPE_COMPILED
// Code under test may look at it, or start processes with it.
process.execArgv = process.execArgv.filter((arg, i, all) => arg !== __filename && all[i + 1] !== __filename)

const vm = require('node:vm')
if (path) keepCompiled()

function keepCompiled() {
  const fs = require('node:fs')
  const v8 = require('node:v8')
  const Module = require('node:module')
  const { createHash } = require('node:crypto')
  const { dirname } = require('node:path')

  const kept = read()
  const fresh = new Map() // path of a module => {hash, script}
  const compile = Module.prototype._compile
  let depth = 0

  Module.prototype._compile = function (source, filename, format, ...rest) {
    const ours = format !== 'module' && filename.includes('/node_modules/')
    const script = ours ? compiled(source, filename) : undefined
    if (!script) return compile.call(this, source, filename, format, ...rest)
    depth++
    try {
      const load = script.runInThisContext()
      return load.call(this.exports, this.exports, requireOf(this), this, filename, dirname(filename))
    } finally {
      depth--
      if (depth === 0 && fresh.size >= WORTH_KEEPING) write()
    }
  }

  // undefined for what is not a script (but a module, say): node knows what to do with it.
  function compiled(source, filename) {
    if (IMPORTS.test(source)) return undefined
    const hash = createHash('sha1').update(source).digest('base64') // V8 itself compares lengths only
    const before = kept.get(filename)
    const cachedData = before?.hash === hash ? before.code : undefined
    try {
      const script = new vm.Script(Module.wrap(source), {
        filename,
        columnOffset: -Module.wrapper[0].length,
        cachedData,
      })
      if (script.cachedDataRejected !== false) fresh.set(filename, { hash, script })
      return script
    } catch {
      return undefined
    }
  }

  function requireOf(module) {
    const require = (id) => module.require(id)
    require.resolve = Module.createRequire(module.filename).resolve
    require.main = process.mainModule
    require.extensions = Module._extensions
    require.cache = Module._cache
    return require
  }

  function read() {
    try {
      return v8.deserialize(fs.readFileSync(path))
    } catch {
      return new Map() // the first process, or one that was killed while it wrote
    }
  }

  // After the modules have run: V8 then keeps the functions they called, too.
  function write() {
    for (const [filename, { hash, script }] of fresh) {
      kept.set(filename, { hash, code: script.createCachedData() })
    }
    fresh.clear()
    const bytes = v8.serialize(kept)
    if (bytes.length > SIZE_MAX) return
    try {
      fs.writeFileSync(`${path}.${process.pid}`, bytes)
      fs.renameSync(`${path}.${process.pid}`, path)
    } catch {
      // A full disk costs time, not results.
    }
  }
}
