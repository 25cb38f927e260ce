// TAP 12 to 14: test lines at the outermost level, with the plan they have to fulfil.

const PLAN = /^1\.\.(\d+)\b/
const TEST = /^(not )?ok\b\s*(\d+)?\s*-?\s*(.*)$/
const DIRECTIVE = /\s*(?<!\\)#\s*(skip|todo)\S*\s*(.*)$/i

/** {tests: [{name, status, message}], problem}: why the report is not to be believed, or ''. */
export function testsOfTap(text) {
  const tests = []
  let planned
  let problem = ''
  for (const line of text.split(/\r?\n/)) {
    const plan = PLAN.exec(line)
    const test = TEST.exec(line)
    if (plan) planned = Number(plan[1])
    else if (test) tests.push(testOf(test))
    else if (/^Bail out!/i.test(line)) problem = line.slice(0, 1000)
    // What belongs to a failure is indented or a comment behind it.
    else if (/^(#|\s)/.test(line) && tests.at(-1)?.status === 'failed') tests.at(-1).lines.push(line)
  }
  if (!problem && planned === undefined) problem = 'there is no plan: it is no TAP, or was cut'
  if (!problem && planned !== tests.length) problem = `${planned} tests were planned, ${tests.length} reported`
  return { tests: tests.map(({ lines, ...test }) => lines.length > 0 ? { ...test, message: lines.join('\n') } : test), problem }
}

function testOf([line, not, number, rest]) {
  const [directive, kind] = DIRECTIVE.exec(rest) ?? []
  const name = (directive ? rest.slice(0, rest.length - directive.length) : rest).trim() || `test ${number ?? ''}`.trim()
  // A failure that is still to do is expected.
  const status = kind ? 'skipped' : not ? 'failed' : 'passed'
  return { name, status, lines: status === 'failed' ? [line] : [] }
}
