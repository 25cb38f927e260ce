// The whole of tools/generate on a small project: what it writes, keeps and refuses.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const main = join(here, '../../tools/generate/main.mjs')
const modules = join(process.env.TROUPE_TEST_WORK, 'fixture/node_modules')
let root

before(() => {
  root = mkdtempSync(join(tmpdir(), 'troupe-generate-'))
  cpSync(join(here, 'fixture'), root, { recursive: true })
  symlinkSync(modules, join(root, 'node_modules'))
})
after(() => rmSync(root, { recursive: true, force: true }))

function generate(sources, more = {}, folder = root) {
  const done = spawnSync(process.execPath, [main, JSON.stringify({ root: folder, sources, budget_ms: 240_000, ...more })], { encoding: 'utf8', timeout: 300_000 })
  return done.stdout.trim().split('\n').map((line) => JSON.parse(line))
}

const vitest = (files) => spawnSync(process.execPath, [join(modules, 'vitest/vitest.mjs'), 'run', ...files], { cwd: root, encoding: 'utf8', timeout: 120_000 })

test('what it writes passes, compiles and notices faults', () => {
  const events = generate(['src/price.ts', 'src/Counter.tsx', 'src/chance.ts', 'src/types.ts', 'src/none.ts'])
  assert.equal(events.at(-1).ev, 'end')
  const of = Object.fromEntries(events.filter(({ ev }) => ev === 'file').map((one) => [one.source, one]))
  assert.deepEqual(Object.fromEntries(Object.entries(of).map(([source, { status }]) => [source, status])), {
    'src/none.ts': 'not_found', 'src/price.ts': 'generated', 'src/Counter.tsx': 'generated', 'src/chance.ts': 'unstable', 'src/types.ts': 'nothing_to_test',
  })
  // A test of that name exists and stays.
  assert.equal(of['src/price.ts'].test, 'tests/price.generated.test.ts')
  assert.equal(of['src/Counter.tsx'].test, 'tests/Counter.test.tsx')
  for (const { mutants, tests } of [of['src/price.ts'], of['src/Counter.tsx']]) {
    assert.ok(tests > 0)
    assert.ok(mutants.killed / mutants.total >= 0.7, JSON.stringify(mutants))
  }
  // Nothing is left of the work.
  assert.deepEqual(readdirSync(join(root, 'tests')).sort(), ['helpers', 'price.test.ts'])
  assert.ok(!existsSync(join(root, 'troupe-generate')))

  const { text } = of['src/Counter.tsx']
  assert.match(text, /import \{ render, screen \} from '\.\/helpers\/render'/)
  assert.match(text, /language: 'de'/)
  assert.match(text, /await user\.click\(screen\.getByRole\('button', \{ name: 'More' \}\)\)/)
  assert.match(text, /expect\(onFull\)/)
  assert.match(of['src/price.ts'].text, /toThrow\('a discount is between 0 and 1'\)/)
  assert.doesNotMatch(of['src/price.ts'].text + text, /toMatchSnapshot|troupe/i)
  for (const { test: file, text: content } of [of['src/price.ts'], of['src/Counter.tsx']]) writeFileSync(join(root, file), content)
  const passed = vitest([])
  assert.equal(passed.status, 0, passed.stdout + passed.stderr)
  const compiled = spawnSync(process.execPath, [join(modules, 'typescript/bin/tsc'), '-p', root], { encoding: 'utf8' })
  assert.equal(compiled.status, 0, compiled.stdout)

  // A fault that somebody makes later is noticed.
  const sound = join(root, 'src/price.ts')
  writeFileSync(sound, 'export interface Item { name: string; cents: number }\nexport const total = (items: Item[], _discount = 0): number => items.length;\nexport const steps = (to: number, _step: number): number[] => [to];\n')
  assert.equal(vitest(['price.generated']).status, 1)
  cpSync(join(here, 'fixture/src/price.ts'), sound)
})

test('what throws and gives nothing, catches errors or is called often is described', () => {
  const [one] = generate(['src/Guard.tsx'])
  assert.equal(one.status, 'generated')
  assert.match(one.text, /expect\(\(\) => assertShort\('.*'\)\)\.toThrow\('too long'\)/)
  assert.match(one.text, /<Guard><Broken \/><\/Guard>/)
  // One call for each letter.
  assert.match(one.text, /expect\(onAddress\)\.toHaveBeenCalledTimes\(15\)/)
  assert.ok(one.mutants.killed / one.mutants.total >= 0.7, JSON.stringify([one.mutants, one.survivors]))
})

test('existing tests are judged by the faults that they notice', () => {
  const [one, end] = generate(['src/price.ts'], { mutants: true })
  assert.equal(end.ev, 'end')
  assert.equal(one.status, 'judged')
  assert.ok(one.test.split(' ').includes('tests/price.test.ts'))
  assert.ok(one.mutants.killed > 0)
  assert.equal(one.mutants.total - one.mutants.killed, one.survivors.length)
  assert.ok(one.idle.some((name) => name === 'says nothing'))
  const [none] = generate(['src/types.ts'], { mutants: true })
  assert.equal(none.status, 'no_tests')
})

test('a project without vitest is refused', () => {
  const empty = mkdtempSync(join(tmpdir(), 'troupe-generate-'))
  mkdirSync(join(empty, 'src'))
  writeFileSync(join(empty, 'package.json'), '{}')
  writeFileSync(join(empty, 'src/a.ts'), 'export const a = 1\n')
  const [fatal] = generate(['src/a.ts'], {}, empty)
  assert.equal(fatal.ev, 'fatal')
  assert.match(fatal.message, /vitest/)
  rmSync(empty, { recursive: true })
})

test('a vitest that does not begin is told from tests that show nothing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-generate-'))
  try {
    cpSync(join(here, 'fixture'), folder, { recursive: true })
    symlinkSync(modules, join(folder, 'node_modules'))
    writeFileSync(join(folder, 'vitest.config.mts'), "export default { test: { environment: 'there-is-none' } }\n")
    for (const name of readdirSync(folder)) if (/^vite(st)?\.config\./.test(name) && name !== 'vitest.config.mts') rmSync(join(folder, name))
    assert.match(generate(['src/price.ts'], {}, folder).at(-1).message, /ends before any test begins/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
