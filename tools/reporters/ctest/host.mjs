// ctest controlled from outside: a file is a test of CTest, named as CTest names it. See README.md.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ctestDir } from '../auto/detect.mjs'
import { Names } from '../common/names.mjs'
import { capture } from '../common/process.mjs'
import { serveTool } from '../common/tool.mjs'
import { readXml } from '../results/xml.mjs'

const STARTS = /^\s*Start\s+(\d+): /
const PASSES = /^\s*\d+\/\d+ Test\s+#(\d+): .* \.*\s+Passed\s+([\d.]+) sec/
const SKIPS = /^(SKIP_RETURN_CODE|SKIP_REGULAR_EXPRESSION)/ // any other test that did not run could not

function ctest(root) {
  const dir = ctestDir(root)
  // It would print what the tests print between its own lines.
  const { CTEST_OUTPUT_ON_FAILURE: _, ...env } = process.env
  let numbers = new Map() // name -> number
  let folder

  async function find() {
    const { code, signal, out, tail } = await capture({ argv: ['ctest', '--test-dir', dir, '--show-only=json-v1'], cwd: root, env })
    if (code !== 0) throw new Error(`ctest --show-only ended with ${signal ?? `code ${code}`}\n${tail}`)
    const names = new Names()
    numbers = new Map(JSON.parse(out.slice(out.indexOf('{'))).tests.map(({ name }, index) => [names.unique(name), index + 1]))
    return [...numbers.keys()]
  }

  return {
    name: 'ctest',
    has: (file) => numbers.has(file),

    async start() {
      if (dir === undefined) throw new Error('there is no directory that CMake has configured with tests')
      const { code, out, tail } = await capture({ argv: ['ctest', '--version'], cwd: root })
      if (code !== 0) throw new Error(`no ctest found\n${tail}`)
      await find()
      return { version: /\d[\d.]*/.exec(out)?.[0] ?? '' }
    },

    list: find,

    begin(files) {
      folder ??= mkdtempSync(join(tmpdir(), 'troupe-ctest-'))
      const report = join(folder, 'junit.xml')
      rmSync(report, { force: true })
      const asked = new Map(files.map((file) => [numbers.get(file), file]))
      return {
        argv: ['ctest', '--test-dir', dir, '-j1', '--no-tests=error', '--output-junit', report, '-I', `0,0,0,${[...asked.keys()].join(',')}`],
        env,
        lines: 1,
        // Fixtures that these tests need run, too.
        hear: (line) => {
          const [, started] = STARTS.exec(line) ?? []
          const [, passed, seconds] = PASSES.exec(line) ?? []
          const file = asked.get(Number(started ?? passed))
          if (!file) return []
          return started ? [{ ev: 'start', file }] : [{ ev: 'test', file, name: file, status: 'passed', duration_ms: Number(seconds) * 1000 }, { ev: 'end', file }]
        },
        finish: () => rest(report, files),
      }
    },

    clean() {
      if (folder) rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Tests that did not pass, from the report: only there is what they printed. */
function* rest(path, files) {
  const names = new Names()
  let test
  const found = new Map()
  const reader = {
    open: (name, attributes) => {
      if (name === 'testcase') {
        test = { ...attributes, output: '' }
        found.set(names.unique(attributes.name), test)
      }
      if (name === 'skipped') test.skipped = attributes.message
    },
    text: (text) => {
      if (test) test.output += text
    },
    close: () => {},
  }
  try {
    readXml(readFileSync(path, 'utf8'), reader)
  } catch {
    return // cut off: what has not ended died with it
  }
  for (const file of files) {
    const { status, skipped, output = '', time } = found.get(file) ?? {}
    if (status === undefined || status === 'run') continue
    const isSkipped = status === 'disabled' || (status === 'notrun' && SKIPS.test(skipped))
    const message = isSkipped ? undefined : [skipped, output.trim()].filter(Boolean).join('\n') || 'failed without output'
    yield { ev: 'test', file, name: file, status: isSkipped ? 'skipped' : 'failed', duration_ms: Math.round(Number(time) * 1000) || 0, message }
    yield { ev: 'end', file }
  }
}

await serveTool(ctest)
