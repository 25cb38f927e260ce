// No name may lose a result.
import { expect, test } from 'vitest'

const names = [
  '', ' ', ' leading and trailing ', 'a > b', 'a #2', 'new\nline', 'tab\there', '"quoted" \'single\' `back`', '\\back\\slash',
  '$1 ${x} %s %d %j', '[brackets] (parens) {braces} *.?+|^', 'ünïcödé 日本語 🎭', '\u202Eright to left', '\u0000\u0007\u001B[31mred',
  '</testcase><![CDATA[', '&amp; &lt;', '--flag', '../../etc/passwd', 'x'.repeat(5000),
]
for (const name of names) {
  test(name, () => {
    expect(1).toBe(2)
  })
}
