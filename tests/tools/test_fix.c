/* test_fix.c - what troupe fix reads: outputs, answers of models, patches for a project. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/fix_check.h"
#include "tools/mend.h"

Test(fix, counts_errors_as_compilers_and_runners_tell_them)
{
    cr_expect_eq(mend_count("a.ts(1,2): error TS1: x\nb.ts(3,4): error TS2: y\n"), 2);
    cr_expect_eq(mend_count(" Test Files  1 failed (1)\n      Tests  3 failed | 2 passed (5)\n"),
                 3);
    cr_expect_eq(mend_count(" Test Files  2 failed (2)\n      Tests  no tests\n"), 2);
    cr_expect_eq(mend_count("my Tests  9 failed\n"), 1);
    cr_expect_eq(mend_count(""), 1);
}

Test(fix, knows_a_compiler_that_runs_alone)
{
    cr_expect(mend_is_tsc("tsc --noEmit -p ."));
    cr_expect(mend_is_tsc("npx tsc"));
    cr_expect(mend_is_tsc("./node_modules/.bin/tsc -p x"));
    cr_expect_not(mend_is_tsc("tsc && vitest run"));
    cr_expect_not(mend_is_tsc("tsc-watch"));
    cr_expect_not(mend_is_tsc("vitest run"));
    cr_expect(mend_is_whole_tsc("tsc"));
    cr_expect(mend_is_whole_tsc("npx tsc --noEmit -p ."));
    cr_expect(mend_is_whole_tsc("tsc -p . --noEmit"));
    cr_expect_not(mend_is_whole_tsc("tsc -p packages/a"));
    cr_expect_not(mend_is_whole_tsc("tsc -b"));
    cr_expect_not(mend_is_whole_tsc("tsc --project web"));
    cr_expect(mend_is_whole_vitest("vitest run"));
    cr_expect(mend_is_whole_vitest("npx vitest"));
    cr_expect_not(mend_is_whole_vitest("vitest run a.test.ts"));
    cr_expect_not(mend_is_whole_vitest("vitest --project a"));
    cr_expect_not(mend_is_whole_vitest("tsc"));
}

Test(fix, takes_one_diff_out_of_an_answer)
{
    char reason[POLICY_REASON_SIZE];
    struct msg_str diff;
    cr_assert_eq(fix_check_diff(msg_str("--- a/x\n"), &diff, reason), ERR_OK);
    cr_expect(msg_str_is(diff, "--- a/x\n"));
    cr_assert_eq(fix_check_diff(msg_str("So:\n```diff\n--- a/x\n```\n"), &diff, reason), ERR_OK);
    cr_expect(msg_str_is(diff, "--- a/x\n"));
    cr_expect_eq(fix_check_diff(msg_str("```diff\n--- a/x\n"), &diff, reason), ERR_MALFORMED);
    cr_expect_eq(fix_check_diff(msg_str("```\na\n```\n```\nb\n```\n"), &diff, reason),
                 ERR_MALFORMED);
    cr_expect_eq(fix_check_diff(msg_str("```"), &diff, reason), ERR_MALFORMED);
}

static const char good[] = "--- a/src/a.ts\n+++ b/src/a.ts\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n";

static char base[64];

static void write_file(const char *name, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", base, name);
    FILE *file = fopen(path, "we");
    cr_assert(file);
    cr_assert_geq(fputs(text, file), 0);
    cr_assert_eq(fclose(file), 0);
}

static enum err check(const char *diff, char *reason)
{
    const struct policy policy = {.files_max = 5, .lines_max = 200};
    return fix_check(&policy, base, msg_str(diff), reason);
}

Test(fix, lets_through_what_fits_its_place)
{
    char reason[POLICY_REASON_SIZE] = "";
    char path[128];
    (void)snprintf(base, sizeof base, "/tmp/troupe-fix-XXXXXX");
    cr_assert(mkdtemp(base));
    (void)snprintf(path, sizeof path, "%s/src", base);
    cr_assert_eq(mkdir(path, 0700), 0);
    cr_expect_eq(check(good, reason), ERR_REFUSED); /* there is no such file */
    write_file("src/a.ts", "a\nb\n");
    cr_expect_eq(check(good, reason), ERR_OK, "%s", reason);
    write_file("src/a.ts", "x\na\nb\n");
    cr_expect_eq(check(good, reason), ERR_REFUSED);
    cr_expect(strstr(reason, "applies: line 1"), "%s", reason);
    /* A link is not followed, wherever it leads. */
    write_file("other", "a\nb\n");
    (void)snprintf(path, sizeof path, "%s/src/a.ts", base);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(symlink("../other", path), 0);
    cr_expect_eq(check(good, reason), ERR_REFUSED);
    char command[128];
    (void)snprintf(command, sizeof command, "rm -r %s", base);
    cr_expect_eq(system(command), 0);
}
