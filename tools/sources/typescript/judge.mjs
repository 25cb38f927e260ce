// What a quick fix is worth, and what it may touch. The validator has the last word; this only
// keeps it from being asked in vain.

// Costs of the compiler's own fixes, on the scale of rules/kit.mjs. Declaring what is missing makes
// the compiler silent about a wrong name; what it adds without knowing a value is no repair.
const COSTS = new Map(Object.entries({
  spelling: 1, import: 1, fixOverrideModifier: 0.5, convertToTypeOnlyImport: 0.5, splitTypeOnlyImport: 0.5, fixNaNEquality: 0.5,
  extendsInterfaceBecomesImplements: 0.5, classSuperMustPrecedeThisAccess: 0.6, fixConvertConstToLet: 0.7, fixAwaitInSyncFunction: 0.8,
  fixExpectedComma: 0.8, unusedIdentifier: 1, unusedIdentifier_delete: 1, unusedIdentifier_deleteImports: 1, addMissingNewOperator: 0.9,
  fixMissingCallParentheses: 1, returnValueCorrect: 1, forgottenThisPropertyAccess: 1, fixReturnTypeInAsyncFunction: 1,
  fixImportNonExportedMember: 1, removeAccidentalCallParentheses: 1, fixImplicitThis: 1, wrapJsxInFragment: 1, addMissingAwait: 1.3,
  constructorForDerivedNeedSuperCall: 1.8, addMissingAsync: 2, inferFromUsage: 2.2, fixMissingProperties: 3.6, fixMissingAttributes: 4,
  addOptionalPropertyUndefined: 4.2, strictClassInitialization: 4.2, addMissingPropertyDefiniteAssignmentAssertions: 5, addMissingParam: 5,
  addOptionalParam: 5, fixMissingMember: 5, addMissingMember: 5, fixMissingFunctionDeclaration: 6, addMissingConst: 5, extractType: 6,
  fixClassIncorrectlyImplementsInterface: 6, fixClassDoesntImplementInheritedAbstractMember: 6,
}))
const OTHER = 2.5
const LAST = 3.5 // from here on it is rather declared than mended
const NEVER = new Set([
  'disableJsDiagnostics', 'addConvertToUnknownForNonOverlappingTypes', 'fixUnreachableCode',
  'unusedIdentifier_prefix', 'fixEnableJsxFlag', 'enableExperimentalDecorators', 'fixModuleOption',
  'fixModuleAndTargetOptions', 'installTypesPackage',
])
const TESTS = /(^|\/)(tests?|__tests__|__mocks__|__fixtures__|e2e|specs?|cypress)\/|[._](test|spec|cy|test-d)\.[^/]*$/i
const SILENCED = /@ts-(ignore|nocheck|expect-error)|eslint-disable|[:<|]\s*any\b|\bas\s+(any|unknown|never)\b|\bany\[\]|not implemented/i

// When a candidate that is proved is still not to be made unasked.
const GUESS = 3.3 // a step that costs so much was made up
const APART = 0.15 // costs that differ less say nothing
const ALIKE = new Set(['fallback', 'await', 'optional']) // kinds that do the same wherever they stand

/** Each with why it is doubtful, if it is: what it does was made up, or others would do as well. */
export function judged(list, how) {
  return list.map((one) => {
    const rivals = list.filter((other) => other !== one && other.left === one.left && Math.abs(other.cost - one.cost) < APART && other.key !== undefined && !(other.name === one.name && ALIKE.has(one.name)) && words(other.key) !== words(one.key))
    const doubt = one.worst >= GUESS ? `${one.name} is a guess: nothing in the project tells what was meant`
      : rivals.length > 0 ? `${rivals.length} other ${rivals.length > 1 ? 'changes' : 'change'} would ${how}: ${rivals.slice(0, 3).map(({ name }) => name).join(', ')}` : undefined
    return { ...one, doubt: one.doubt ?? doubt }
  })
}

/** The same for changes that only order differently: a * b, b * a. */
function words(key) {
  return key.split('\n').sort().join('\n')
}

/** What one of the compiler's fixes costs. */
export function costOf(name) {
  return COSTS.get(name) ?? OTHER
}

/** Best first; kinds that are never wanted are left out. Declarations go when a name is only misspelt. */
export function rank(choices) {
  const misspelt = choices.some(({ name }) => name === 'spelling')
  return choices
    .filter(({ name, source, edits, cost }) => edits && !NEVER.has(name) && !(source === 'tsserver' && misspelt && cost > LAST))
    .sort((a, b) => a.cost - b.cost)
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
