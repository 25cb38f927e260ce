// A command and the reports it writes.

import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { testsOfJunit } from '../../tools/reporters/results/junit.mjs'
import { testsOfTap } from '../../tools/reporters/results/tap.mjs'
import { Host } from './host.mjs'

const XML = '<?xml version="1.0"?><testsuites><testsuite name="s" tests="3"><testcase classname="c" name="a &lt;b&gt; &#x41;" time="0.5"/>'
  + '<testcase classname="c" name="f"><failure message="no"><![CDATA[ a < b ]]></failure></testcase><testcase name="k"><skipped/></testcase></testsuite></testsuites>'
const ONE = '<testsuite name="s" tests="1"><testcase name="a"/></testsuite>'
const brief = ({ tests, problem }) => [tests.map(({ name, status }) => `${name}: ${status}`), problem]

test('junit: names, statuses, texts', () => {
  const { tests, problem } = testsOfJunit(XML)
  assert.equal(problem, '')
  assert.deepEqual(tests, [
    { name: 'c > a <b> A', status: 'passed', duration_ms: 500 },
    { name: 'c > f', status: 'failed', duration_ms: 0, message: 'no a < b' },
    { name: 's > k', status: 'skipped', duration_ms: 0 },
  ])
  assert.deepEqual(brief(testsOfJunit('<testsuite><testcase name="x"><skipped/><error/></testcase></testsuite>')), [['x: failed'], ''])
  assert.deepEqual(brief(testsOfJunit('<testsuites tests="1"><testsuite name="p" tests="0"><testsuite tests="1"><testcase name="x"/></testsuite></testsuite></testsuites>')), [['x: passed'], ''])
})

test('junit: whatever was cut, added or is hostile is a problem', () => {
  for (let size = 1; size < XML.length - 1; size++) assert.notEqual(testsOfJunit(XML.slice(0, size)).problem, '', XML.slice(0, size))
  const cases = [
    '<testsuite tests="2"><testcase name="a"/></testsuite>', `${ONE}${ONE}`, `${ONE}x`, '<testsuite><testcase name="a></testsuite>',
    '<!DOCTYPE a [<!ENTITY b "c">]><testsuite/>', '<testsuite>&b;</testsuite>', '<testsuite>&#x110000;</testsuite>', '<testsuite a="1" a="2"/>',
    '<testsuite><testcase><testcase/></testcase></testsuite>', '<a>'.repeat(100_000), '', '<', '<html></html>',
  ]
  for (const text of cases) assert.notEqual(testsOfJunit(text).problem, '', text.slice(0, 80))
})

test('junit: no bytes do harm', () => {
  let seed = 1
  const random = (count) => (seed = (seed * 48271) % 2147483647) % count
  for (let i = 0; i < 5000; i++) {
    const bytes = [...XML]
    for (let n = random(6) + 1; n > 0; n--) bytes.splice(random(bytes.length), random(3), '<>&"\'/=! \0\u{1F600}]'.charAt(random(12)))
    const { tests, problem } = testsOfJunit(bytes.join(''))
    assert.equal(typeof problem, 'string')
    assert.ok(tests.every(({ name, status }) => typeof name === 'string' && ['passed', 'failed', 'skipped'].includes(status)))
  }
})

test('tap: tests, directives, the plan', () => {
  const text = 'TAP version 14\n1..5\nok 1 - a\nnot ok 2 - b # here\n  ---\n  why: it\n  ...\nok 3 # SKIP not now\nnot ok 4 - d # TODO later\n    ok 1 - inner\nok - e\n'
  assert.deepEqual(testsOfTap(text), {
    tests: [
      { name: 'a', status: 'passed' }, { name: 'b # here', status: 'failed', message: 'not ok 2 - b # here\n  ---\n  why: it\n  ...' },
      { name: 'test 3', status: 'skipped' }, { name: 'd', status: 'skipped' }, { name: 'e', status: 'passed' },
    ],
    problem: '',
  })
  for (const bad of ['', 'ok 1 - a\n', '1..2\nok 1\n', 'ok 1\n1..0\n', '1..1\nok 1\nBail out! no disk\n', 'garbage']) assert.notEqual(testsOfTap(bad).problem, '', bad)
})

async function withHost(command, use, glob = 'out/**/*.xml') {
  const dir = mkdtempSync(join(tmpdir(), 'troupe-results-'))
  mkdirSync(join(dir, 'out/deep'), { recursive: true })
  writeFileSync(join(dir, 'out/stale.xml'), ONE)
  writeFileSync(join(dir, 'sound.xml'), XML.replace(/<failure.*<\/failure>/, ''))
  writeFileSync(join(dir, 'red.xml'), XML)
  writeFileSync(join(dir, 'f 1'), '')
  chmodSync(dir, 0o755)
  const host = new Host(dir, { runner: 'results', args: ['--command', `${glob}\n${command}`] })
  try {
    await host.ready()
    await use(host)
  } finally {
    await host.close()
    rmSync(dir, { recursive: true })
  }
}

const CASES = {
  'cp sound.xml out/deep/a.xml': ['', 3],
  'cp sound.xml out/a.xml; cp sound.xml out/b.xml': ['', 3],
  'touch out/stale.xml': ['', 1],
  'cp red.xml out/a.xml; exit 1': ['', 3],
  'cp red.xml out/a.xml': ['', 3],
  'cp sound.xml out/a.xml; exit 1': ['unhandled', 3],
  'head -c 150 sound.xml >out/a.xml': ['fewer-than-collected', 1],
  'cp sound.xml out/a.xml; : >out/b.xml': ['fewer-than-collected', 3],
  'true': ['no-tests', 0],
  'echo broken; exit 3': ['error', 0],
  'cp sound.xml out/a.xml; kill -9 $$': ['worker-died', 3],
  'nowhere-to-be-found': ['error', 0],
  'sleep 60': ['timeout', 0],
  'echo "<testsuite/>" >out/a.xml': ['no-tests', 0],
}

for (const [command, [reason, count]] of Object.entries(CASES)) {
  test(`results: ${command}`, () => withHost(command, async (host) => {
    assert.deepEqual(await host.list(1), ['.'])
    await host.run(2, ['.'], 3000)
    const [end] = host.of('end', 2)
    assert.deepEqual([end.reason, end.tests], [reason, count], end.message)
    assert.equal(host.of('test', 2).length, count)
  }))
}

test('results: the file is an argument; each runs for itself', () => withHost('(echo "1..1"; echo "ok 1 - "{}) >out/r.tap', async (host) => {
  await host.run(1, ['f 1', 'sound.xml', 'nowhere'])
  assert.deepEqual(host.of('test', 1).map(({ file, test: name, status }) => [file, name, status]), [['f 1', 'f 1', 'passed'], ['sound.xml', 'sound.xml', 'passed']])
  assert.deepEqual(host.of('end', 1).map(({ file, reason }) => [file, reason]).sort(), [['f 1', ''], ['nowhere', 'not-found'], ['sound.xml', '']])
}, 'out/*.tap'))
