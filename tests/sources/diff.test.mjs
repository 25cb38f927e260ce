// Every diff must be taken by git, and make exactly the text that was meant.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileDiff, isPlainName } from '../../tools/sources/typescript/diff.mjs'

function applied(before, diff, name) {
  const dir = mkdtempSync(join(tmpdir(), 'troupe-diff-'))
  try {
    writeFileSync(join(dir, name), before)
    if (diff !== '') execFileSync('git', ['apply', '--whitespace=nowarn', '-'], { cwd: dir, input: diff, env: { ...process.env, GIT_DIR: '/dev/null' } })
    return readFileSync(join(dir, name), 'utf8')
  } finally {
    rmSync(dir, { recursive: true })
  }
}

function check(before, edits, name = 'a.ts') {
  let after = ''
  let at = 0
  for (const { start, end, text } of edits) {
    after += before.slice(at, start) + text
    at = end
  }
  after += before.slice(at)
  const diff = fileDiff(name, before, edits)
  assert.equal(diff === '', before === after)
  assert.equal(applied(before, diff, name), after, diff)
  return diff
}

function replaced(before, from, to) {
  const start = before.indexOf(from)
  return { start, end: start + from.length, text: to }
}

const TWENTY = Array.from({ length: 20 }, (_, index) => `line ${index + 1}\n`).join('')

test('one word', () => {
  assert.equal(check(TWENTY, [replaced(TWENTY, 'line 9', 'nine')]), [
    '--- a/a.ts', '+++ b/a.ts', '@@ -6,7 +6,7 @@', ' line 6', ' line 7', ' line 8', '-line 9', '+nine', ' line 10', ' line 11', ' line 12', '',
  ].join('\n'))
})

test('changes far apart have hunks of their own, near ones share one', () => {
  const far = check(TWENTY, [replaced(TWENTY, 'line 2\n', 'two\nand more\n'), replaced(TWENTY, 'line 18', 'eighteen')])
  assert.deepEqual(far.match(/^@@.*$/gm), ['@@ -1,5 +1,6 @@', '@@ -15,6 +16,6 @@'])
  const near = check(TWENTY, [replaced(TWENTY, 'line 2\n', ''), replaced(TWENTY, 'line 9', 'nine')])
  assert.equal(near.match(/^@@.*$/gm).length, 1)
})

test('several changes of one line are one line', () => {
  const text = 'const a = b + c\n'
  assert.equal(check(text, [replaced(text, 'a', 'x'), replaced(text, 'b', 'y')]).match(/^[-+][^-+]/gm).length, 2)
})

test('ends of lines stay: CRLF, a missing last one, a byte order mark, tabs behind names', () => {
  check('a\r\nb\r\nc\r\n', [{ start: 3, end: 4, text: 'x\r\ny' }])
  check('a\nb', [{ start: 2, end: 3, text: 'x' }])
  check('a\nb', [{ start: 3, end: 3, text: '\n' }])
  check('a\nb\n', [{ start: 3, end: 4, text: '' }])
  check('\uFEFFa\nb\n', [{ start: 1, end: 2, text: 'ä€😀' }])
  check('a\n', [{ start: 0, end: 1, text: 'b' }], 'a b.ts')
  check('a\n', [{ start: 0, end: 0, text: 'b\n' }])
  check('a\n', [{ start: 2, end: 2, text: 'b\n' }])
  check('a\n', [{ start: 0, end: 1, text: 'a' }])
})

test('any changes', () => {
  let seed = 1
  const random = (count) => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return Math.floor(seed / 65536) % count
  }
  for (let round = 0; round < 150; round++) {
    const before = Array.from({ length: 1 + random(40) }, () => 'xyz\n\r '.charAt(random(6)) + (random(3) ? '\n' : '')).join('')
    const edits = []
    let at = 0
    while (at < before.length && edits.length < 6) {
      const start = at + random(before.length - at + 1)
      const end = Math.min(before.length, start + random(4))
      edits.push({ start, end, text: ['', 'q', 'q\n', '\n', 'q\nr\n\ns'][random(5)] })
      at = end + 1
    }
    const after = edits.reduceRight((text, { start, end, text: made }) => text.slice(0, start) + made + text.slice(end), before)
    // A file that is emptied or was empty is removed or made by git: none of ours.
    if (before !== '' && after !== '') check(before, edits)
  }
})

test('names that git quotes are left alone', () => {
  assert.ok(isPlainName('src/a b/[id].tsx'))
  for (const name of ['a"b', 'a\\b', 'a\tb', 'a\nb', 'a:b']) assert.ok(!isPlainName(name), name)
})
