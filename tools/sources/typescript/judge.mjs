// What a quick fix is worth, and what it may touch. The validator has the last word; this only
// keeps it from being asked in vain.

// Declaring what is missing makes the compiler silent about a wrong name: tried last.
const LAST = new Set(['fixMissingMember', 'fixMissingFunctionDeclaration', 'fixMissingProperties', 'addMissingMember', 'addMissingConst', 'extractType'])
const FIRST = new Set(['spelling'])
const NEVER = new Set([
  'disableJsDiagnostics', 'inferFromUsage', 'addConvertToUnknownForNonOverlappingTypes', 'fixUnreachableCode',
  'unusedIdentifier_prefix', 'fixEnableJsxFlag', 'enableExperimentalDecorators', 'fixModuleOption',
  'fixModuleAndTargetOptions', 'installTypesPackage',
])
const TESTS = /(^|\/)(tests?|__tests__|__mocks__|__fixtures__|e2e|specs?|cypress)\/|[._](test|spec|cy|test-d)\.[^/]*$/i
const SILENCED = /@ts-(ignore|nocheck|expect-error)|eslint-disable|[:<]\s*any\b|\bas\s+(any|unknown|never)\b|\bany\[\]/

/** Best first; kinds that are never wanted are left out. Declarations go when a name is only misspelt. */
export function rank(choices) {
  const misspelt = choices.some(({ name }) => FIRST.has(name))
  const worth = ({ name }) => FIRST.has(name) ? 0 : name.startsWith('nearest') ? 2 : LAST.has(name) ? 3 : 1
  return choices
    .filter(({ name, edits }) => edits && !NEVER.has(name) && !(misspelt && LAST.has(name)))
    .sort((a, b) => worth(a) - worth(b))
}

/** Whether a source file of the project may be changed by a fix. */
export function mayChange(path) {
  return path !== undefined && /\.[cm]?[jt]sx?$/.test(path) && !/(^|\/)node_modules\//.test(path) && !TESTS.test(path)
    && !/(^|\/)[^/]+\.config\.[cm]?[jt]s$/.test(path)
}

export function isUseful(projects, project, edits) {
  if (!edits || edits.size === 0) return false
  for (const [file, list] of edits) {
    if (!mayChange(projects.relative(file)) || project.text(file) === undefined) return false
    if (list.some(({ text }) => SILENCED.test(text))) return false
  }
  return true
}

/** Whether an edit meets one of those before it; the same one again does not. */
export function conflicts(edits, { start, end, text }) {
  return edits.some((other) => {
    if (other.start === start && other.end === end) return other.text !== text
    return start < other.end && other.start < end
  })
}
