/* test_again.c - exactly one file, by the project's own runner. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "actors/common/again.h"

static char line[4096];

static const char *again(const char *runner, const char *command, const char *file)
{
    struct again found;
    cr_assert_eq(again_command(runner, command, file, &found), ERR_OK);
    line[0] = '\0';
    cr_assert_eq(found.argv[found.count], NULL);
    for (size_t i = 0; i < found.count; i++) {
        size_t used = strlen(line);
        (void)snprintf(line + used, sizeof line - used, "%s%s", i ? " " : "", found.argv[i]);
    }
    again_free(&found);
    return line;
}

Test(again, vitest_excludes_what_contains_the_name)
{
    static const char wanted[] =
        "node_modules/.bin/vitest run --passWithNoTests=false --coverage.enabled=false"
        " --exclude **/?*k1.test.ts --exclude */**/k1.test.ts --exclude **/k1.test.ts?*"
        " --exclude **/?*k1.test.ts?* --exclude */**/k1.test.ts?* k1.test.ts";
    cr_expect_str_eq(again("vitest", "", "k1.test.ts"), wanted);
    cr_expect_str_eq(again("auto", "", "k1.test.ts"), wanted);
}

Test(again, vitest_takes_a_name_literally)
{
    const char *text = again("vitest", "", "-app/[id]/(x).test.ts");
    cr_expect(strstr(text, "--exclude **/?*-app/\\[id\\]/\\(x\\).test.ts "), "%s", text);
    cr_expect(strstr(text, " ./-app/[id]/(x).test.ts"), "%s", text);
}

Test(again, tsc_takes_the_configuration)
{
    cr_expect_str_eq(again("tsc", "", "tsconfig.json"),
                     "node_modules/.bin/tsc --noEmit --pretty false -p ./tsconfig.json");
}

Test(again, jest_and_eslint_take_the_path)
{
    cr_expect_str_eq(again("jest", "", "a/[b].test.ts"),
                     "node_modules/.bin/jest --runInBand --passWithNoTests=false --coverage=false"
                     " --forceExit --runTestsByPath ./a/[b].test.ts");
    cr_expect_str_eq(again("eslint", "", "-a.js"), "node_modules/.bin/eslint --quiet ./-a.js");
}

Test(again, playwright_takes_an_expression)
{
    cr_expect_str_eq(again("playwright", "", "e2e/a.b+c.spec.ts"),
                     "node_modules/.bin/playwright test --reporter=line --retries=0"
                     " /e2e/a\\.b\\+c\\.spec\\.ts$");
}

Test(again, a_command_gets_the_file_as_an_argument)
{
    cr_expect_str_eq(again("command", "check {} {}", "a;b"), "sh -c check \"$1\" \"$1\" sh a;b");
}

Test(again, refuses_what_cannot_be_run)
{
    struct again found;
    cr_expect_eq(again_command("mocha", "", "a", &found), ERR_NOT_FOUND);
    cr_expect_eq(again_command("vitest", "", "", &found), ERR_MALFORMED);
    cr_expect_eq(again_command("command", "", "a", &found), ERR_MALFORMED);
}
