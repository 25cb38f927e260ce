/* test_policy.c - each rule refuses what it names, and lets its near misses through. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "actors/validator/assertion.h"
#include "actors/validator/policy.h"

static char reason[POLICY_REASON_SIZE];

static bool allows(bool heal, const char *diff)
{
    const struct policy policy = {.heal = heal, .files_max = 2, .lines_max = 6};
    struct patch patch;
    cr_assert_eq(patch_read(msg_str(diff), &patch, reason), ERR_OK, "%s\n%s", reason, diff);
    bool allowed = policy_allows(&policy, &patch, reason);
    patch_free(&patch);
    return allowed;
}

static bool allows_file(bool heal, const char *path)
{
    char diff[512];
    (void)snprintf(diff, sizeof diff, "--- a/%s\n+++ b/%s\n@@ -1 +1 @@\n-a\n+b\n", path, path);
    return allows(heal, diff);
}

static bool allows_line(bool heal, const char *removed, const char *added)
{
    char diff[512];
    const char *path = heal ? "tests/a.spec.ts" : "src/a.ts";
    (void)snprintf(diff, sizeof diff, "--- a/%s\n+++ b/%s\n@@ -1 +1 @@\n-%s\n+%s\n", path, path,
                   removed, added);
    return allows(heal, diff);
}

static bool is_by(const char *rule)
{
    size_t size = strlen(rule);
    return strncmp(reason, rule, size) == 0 && reason[size] == ':';
}

static const struct {
    const char *rule;
    const char *path;
} refused[] = {
    {"no-tests", "src/a.test.ts"},
    {"no-tests", "src/a.spec.tsx"},
    {"no-tests", "tests/helper.ts"},
    {"no-tests", "src/__tests__/a.ts"},
    {"no-tests", "e2e/a.ts"},
    {"no-tests", "SRC/A.TEST.TS"},
    {"no-tests", "src/types.test-d.ts"},
    {"no-snapshots", "src/__snapshots__/a.ts"},
    {"no-snapshots", "src/a.snap"},
    {"no-snapshots", "e2e/a.spec.ts-snapshots/x.txt"},
    {"no-ci", ".github/workflows/ci.yml"},
    {"no-ci", "packages/x/Dockerfile.dev"},
    {"no-ci", ".gitlab-ci.yml"},
    {"no-configuration", "package.json"},
    {"no-configuration", "packages/a/package.json"},
    {"no-configuration", "Package.json"},
    {"no-configuration", "tsconfig.json"},
    {"no-configuration", "tsconfig.build.json"},
    {"no-configuration", "vite.config.ts"},
    {"no-configuration", "vitest.config.mts"},
    {"no-configuration", "vitest.workspace.ts"},
    {"no-configuration", "jest.config.js"},
    {"no-configuration", "playwright.config.ts"},
    {"no-configuration", "playwright-ct.config.ts"},
    {"no-configuration", ".env.test"},
    {"no-configuration", "eslint.config.mjs"},
    {"no-lockfiles", "package-lock.json"},
    {"no-lockfiles", "packages/a/yarn.lock"},
    {"no-lockfiles", "pnpm-lock.yaml"},
    {"no-dependencies", "node_modules/x/index.js"},
    {"no-dependencies", "packages/a/node_modules/x/index.js"},
    {"no-repository", ".git/config"},
    {"no-repository", ".git/hooks/pre-commit"},
    {"no-repository", ".gitattributes"},
    {"inside-only", "../x.ts"},
    {"inside-only", "src/../../x.ts"},
    {"inside-only", "./x.ts"},
    {"inside-only", "/etc/passwd"},
    {"inside-only", "src//x.ts"},
    {"inside-only", "src/"},
};

static const char *const allowed[] = {
    "src/a.ts",           "src/latest.ts",        "src/contest/a.ts", "src/testing.ts",
    "src/test.ts",        "src/spec.ts",          "src/github/a.ts",  "src/package.ts",
    "src/packages.json",  "src/tsconfig.ts",      "src/vite.ts",      "src/config.ts",
    "src/environment.ts", "src/node_module/a.ts", "src/..a.ts",       "src/...ts",
    "src/snap.ts",        "src/lock.ts",          "src/gitignore.ts", "src/a b.ts",
};

Test(policy, knows_which_files_a_fix_may_change)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        cr_expect_not(allows_file(false, refused[i].path), "%s", refused[i].path);
        cr_expect(is_by(refused[i].rule), "%s: %s", refused[i].path, reason);
    }
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        cr_expect(allows_file(false, allowed[i]), "%s: %s", allowed[i], reason);
    }
}

static const struct {
    const char *rule; /* NULL: it is let through */
    const char *removed;
    const char *added;
} lines[] = {
    {"no-suppression", "a()", "a() // @ts-ignore"},
    {"no-suppression", "a()", "/* @ts-nocheck */"},
    {"no-suppression", "a()", "// @ts-expect-error later"},
    {"no-suppression", "a()", "a() // eslint-disable-line"},
    {"no-suppression", "a()", "a() // ESLINT-DISABLE-NEXT-LINE no-undef"},
    {NULL, "a() // @ts-ignore", "b() // @ts-ignore"},
    {NULL, "a() // @ts-ignore", "a()"},
    {NULL, "a()", "a() // ts-ignored"},
    {"no-any", "a as X", "a as any"},
    {"no-any", "a as X", "(a as any).b"},
    {"no-any", "a as X", "a as unknown as Y"},
    {"no-any", "f(a)", "f<any>(a)"},
    {"no-any", "f(a)", "f(a: any)"},
    {NULL, "a", "a as anything"},
    {NULL, "a", "has any"},
    {NULL, "a as any", "b as any"},
    {"no-skipping", "it('a')", "it.skip('a')"},
    {"no-skipping", "it('a')", "describe.only('a')"},
    {"no-skipping", "it('a')", "it.todo('a')"},
    {"no-skipping", "it('a')", "xit('a')"},
    {NULL, "a", "a.skipped"},
    {NULL, "a", "a.onlyOnce()"},
    {NULL, "a", "todo.list"},
    {NULL, "a", "exit()"},
    {NULL, "a", "if (x) return y // a remark"},
};

Test(policy, knows_what_may_not_be_added)
{
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        bool through = allows_line(false, lines[i].removed, lines[i].added);
        cr_expect_eq(through, lines[i].rule == NULL, "%s: %s", lines[i].added, reason);
        cr_expect(!lines[i].rule || is_by(lines[i].rule), "%s: %s", lines[i].added, reason);
    }
}

Test(policy, lets_only_text_of_files_that_are_there_change)
{
    cr_expect_not(allows(false, "diff --git a/x b/x\nold mode 100644\nnew mode 120000\n"));
    cr_expect(is_by("no-mode"));
    cr_expect_not(allows(false, "--- a/x\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n"));
    cr_expect(is_by("no-rename"));
    cr_expect_not(allows(false, "diff --git a/x b/x\nGIT binary patch\nliteral 0\n"));
    cr_expect(is_by("no-binary"));
    cr_expect_not(allows(false, "--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+b\n"));
    cr_expect(is_by("no-new-files"));
    cr_expect_not(allows(false, "--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-b\n"));
    cr_expect(is_by("no-deleted-files"));
}

#define FILE_DIFF(name) "--- a/" name "\n+++ b/" name "\n@@ -1 +1 @@\n-a\n+b\n"

Test(policy, lets_few_files_and_lines_change)
{
    cr_expect(allows(false, FILE_DIFF("x") FILE_DIFF("y")));
    cr_expect_not(allows(false, FILE_DIFF("x") FILE_DIFF("y") FILE_DIFF("z")));
    cr_expect(is_by("few-files"));
    cr_expect(allows(false, "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n-a\n-a\n-a\n+b\n+b\n+b\n"));
    cr_expect_not(allows(false, "--- a/x\n+++ b/x\n@@ -1,3 +1,4 @@\n-a\n-a\n-a\n+b\n+b\n+b\n+b\n"));
    cr_expect(is_by("few-lines"));
}

/* ---- heal ---- */

Test(policy, lets_a_heal_change_one_test_file_only)
{
    cr_expect(allows_file(true, "tests/a.spec.ts"), "%s", reason);
    cr_expect(allows_file(true, "src/a.test.ts"), "%s", reason);
    cr_expect_not(allows_file(true, "src/a.ts"));
    cr_expect(is_by("one-test-file"));
    cr_expect_not(allows(true, FILE_DIFF("e2e/a.ts") FILE_DIFF("e2e/b.ts")));
    cr_expect(is_by("one-test-file"));
    cr_expect_not(allows_file(true, "tests/__snapshots__/a.snap"));
    cr_expect(is_by("no-snapshots"));
    cr_expect_not(allows_file(true, "tests/playwright.config.ts"));
    cr_expect(is_by("no-configuration"));
}

#define HEAL(body) "--- a/e2e/a.ts\n+++ b/e2e/a.ts\n" body

Test(policy, lets_a_heal_replace_lines_one_for_one)
{
    cr_expect(allows(true, HEAL("@@ -1,3 +1,3 @@\n a\n-b\n-c\n+d\n+e\n")));
    cr_expect(allows(true, HEAL("@@ -1,3 +1,3 @@\n-b\n+c\n a\n-b\n+c\n")));
    static const char *const wrong[] = {
        HEAL("@@ -1 +1,2 @@\n a\n+b\n"),
        HEAL("@@ -1,2 +1 @@\n a\n-b\n"),
        HEAL("@@ -1,2 +1,1 @@\n-a\n-b\n+c\n"),
        HEAL("@@ -1 +1,2 @@\n-a\n+b\n+c\n"),
        HEAL("@@ -1,2 +1,2 @@\n-a\n b\n+c\n"),
        HEAL("@@ -1,2 +1 @@\n-a\n b\n@@ -5 +4,2 @@\n+a\n b\n"),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_expect_not(allows(true, wrong[i]), "%zu", i);
        cr_expect(is_by("line-for-line"), "%zu: %s", i, reason);
    }
}

static const struct {
    bool kept;
    const char *removed;
    const char *added;
} assertions[] = {
    {true, "await expect(p.locator('#a')).toBeVisible()",
     "await expect(p.locator('#b')).toBeVisible()"},
    {true, "expect(p.getByText('(')).toHaveText('x')", "expect(p.getByText(')')).toHaveText('x')"},
    {true, "await p.click('#a')", "await p.getByRole('button', { name: 'a' }).click()"},
    {true, "await expect(", "await expect("},
    {true, ").toBeVisible()", ").toBeVisible()"},
    {true, "unexpected(a).x", "unexpected(b).y"},
    {false, "expect(a).toBe(1)", "expect(a).toBe(2)"},
    {false, "expect(a).toBe(1)", "expect(a).toEqual(1)"},
    {false, "expect(a).toBe(1)", "expect(a).not.toBe(1)"},
    {false, "expect(a).toBe(1)", "expect(a)"},
    {false, "expect(a).toBe(1)", "void expect(a).toBe(1)"},
    {false, "expect(a).toBe(1)", "console.log(a)"},
    {false, "console.log(a)", "expect(a).toBe(1)"},
    {false, ").toBeVisible()", ").toBeHidden()"},
    {false, ".toHaveText('a')", ".first()"},
    {false, "expect(a", "expect(a).toBe(1)"},
};

Test(policy, lets_a_heal_change_no_assertion)
{
    for (size_t i = 0; i < sizeof assertions / sizeof assertions[0]; i++) {
        cr_expect_eq(assertion_kept(msg_str(assertions[i].removed), msg_str(assertions[i].added)),
                     assertions[i].kept, "%s -> %s", assertions[i].removed, assertions[i].added);
    }
    cr_expect_not(allows_line(true, "expect(a).toBe(1)", "expect(a).toBe(2)"));
    cr_expect(is_by("keep-assertions"));
}

Test(policy, lets_a_heal_go_no_way_around)
{
    static const char *const wrong[] = {"// await p.click('#a')", "return await p.click('#b')",
                                        "if (x) await p.click('#b')",
                                        "try { p.click('#b') } catch {}"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_expect_not(allows_line(true, "await p.click('#a')", wrong[i]), "%s", wrong[i]);
        cr_expect(is_by("no-way-around"), "%s", reason);
    }
    cr_expect(allows_line(true, "p.click('#a')", "p.goto('https://x/')"), "%s", reason);
    cr_expect_not(allows_line(true, "test('a')", "test.fixme('a')"));
    cr_expect(is_by("no-skipping"));
}

Test(policy, takes_no_character_that_deceives)
{
    static const char *const wrong[] = {"a \u202e b", "a \u2066 b", "a \u200b b", "a \x7f b"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_expect_not(allows_line(false, "a b", wrong[i]), "%zu", i);
        cr_expect(is_by("no-hidden-characters"), "%s", reason);
    }
    cr_expect_not(allows_line(false, "a b", "a \xc0\xaf b"));
    cr_expect(is_by("utf-8-only"), "%s", reason);
    cr_expect(allows_line(false, "a b", "a \u00e4\u4e16\U0001f600 b"), "%s", reason);
    cr_expect(allows_line(false, "a \u202e b", "a b"), "%s", reason);
}

static bool allows_test(const char *globs, const char *removed, const char *added)
{
    char diff[512];
    const struct policy policy = {.allow = globs, .files_max = 2, .lines_max = 6};
    struct patch patch;
    (void)snprintf(diff, sizeof diff,
                   "--- a/src/a.test.ts\n+++ b/src/a.test.ts\n@@ -1 +1 @@\n-%s\n+%s\n", removed,
                   added);
    cr_assert_eq(patch_read(msg_str(diff), &patch, reason), ERR_OK, "%s", reason);
    bool may = policy_allows(&policy, &patch, reason);
    patch_free(&patch);
    return may;
}

Test(policy, lets_a_fix_change_a_test_that_is_named_and_keep_what_it_asserts)
{
    static const char before[] = "screen.getByText('old')";
    static const char after[] = "screen.getByText('new')";
    static const char *const named[] = {"*.test.ts", "**/*.test.*", "src/*", "x\nsrc/a.test.ts\n"};
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        cr_expect(allows_test(named[i], before, after), "%s: %s", named[i], reason);
    }
    cr_expect_not(allows_test("", before, after));
    cr_expect_not(allows_test("src/b.test.ts\n*.spec.ts", before, after));
    cr_expect(is_by("no-tests"));
    cr_expect_not(allows_test("*.test.ts", "expect(a).toBe(1)", "expect(a).toBe(2)"));
    cr_expect(is_by("keep-assertions"));
    cr_expect_not(allows_test("*.test.ts", "it('a')", "it.skip('a')"));
    cr_expect(is_by("no-skipping"));
    cr_expect_not(allows_test("*.test.ts", before, "if (0) screen.getByText('new')"));
    cr_expect(is_by("no-way-around"));
}
