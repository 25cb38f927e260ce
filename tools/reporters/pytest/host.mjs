// pytest controlled from outside. See README.md.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { relativePath } from '../common/errors.mjs'
import { capture } from '../common/process.mjs'
import { serveTool } from '../common/tool.mjs'

const OLDEST = 7
const PLUGIN = fileURLToPath(new URL('troupe_pytest.py', import.meta.url))
const PROBE = `import importlib.util as u, json, pytest
print(json.dumps({"version": pytest.__version__, "cov": bool(u.find_spec("pytest_cov")), "xdist": bool(u.find_spec("xdist"))}))`
const LISTS_MAX = 20
const INTERNAL = 3
const USAGE = 4

function pytest(root) {
  let python
  let folder
  let calls = 0
  // The user's configuration decides everything but this.
  const overrides = ['--maxfail=0', '--continue-on-collection-errors', '--color=no']

  async function probe(program) {
    const { code, out } = await capture({ argv: [program, '-c', PROBE], cwd: root })
    return code === 0 ? JSON.parse(out.split('\n').at(-1)) : undefined
  }

  function eventOf({ path, at, ...event }) {
    const place = at ? { at: relativePath(root, at) } : {}
    return { ...event, ...place, ...path && { file: relativePath(root, path) } }
  }

  async function listWithout(fatal) {
    const files = []
    const errors = []
    let loading
    const { code, signal, tail } = await capture({
      argv: [python, PLUGIN, '--troupe-list', '--collect-only', '-q', ...overrides, ...fatal.map((path) => `--ignore=${path}`)],
      cwd: root,
      lines: 3,
      report: (line) => {
        const { ev, path, message } = JSON.parse(line)
        if (ev === 'loading') loading = path
        if (ev === 'loaded') loading = undefined
        if (ev === 'file') files.push(path)
        if (ev === 'error') errors.push(message)
      },
    })
    return { files, loading, code, text: [`pytest --collect-only ended with ${signal ?? `code ${code}`}`, ...errors, tail].join('\n') }
  }

  return {
    name: 'pytest',

    async start() {
      const own = ['.venv', 'venv'].map((name) => join(root, name, 'bin/python')).filter(existsSync)
      for (const program of [...own, 'python3', 'python']) {
        const found = await probe(program)
        if (!found) continue
        if (Number(found.version.split('.')[0]) < OLDEST) throw new Error(`pytest ${found.version} is not supported (${OLDEST} and later are)`)
        python = program
        if (found.cov) overrides.push('--no-cov')
        if (found.xdist) overrides.push('-n0')
        return { version: found.version }
      }
      throw new Error('no pytest found, neither in .venv nor on PATH')
    },

    // A file that ends pytest while it is loaded is a test file, and red.
    async list() {
      const fatal = []
      for (let i = 0; i < LISTS_MAX; i++) {
        const { files, loading, text, code } = await listWithout(fatal)
        if (!loading && code !== null && code !== USAGE && code !== INTERNAL) return [...files, ...fatal].map((path) => relativePath(root, path))
        if (!loading) throw new Error(text)
        fatal.push(loading)
      }
      throw new Error(`${fatal.length} files end pytest while it loads them`)
    },

    begin(files) {
      folder ??= mkdtempSync(join(tmpdir(), 'troupe-pytest-'))
      const list = join(folder, `${++calls}.json`)
      writeFileSync(list, JSON.stringify(files.map((file) => join(root, file))))
      return { argv: [python, PLUGIN, list, ...overrides], lines: 3, hear: (line) => [eventOf(JSON.parse(line))] }
    },

    clean() {
      if (folder) rmSync(folder, { recursive: true, force: true })
    },
  }
}

await serveTool(pytest)
