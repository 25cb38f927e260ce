/* test_edit.c - the old locator in a test file, and the diff that replaces it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/healer/edit.h"

static struct edit edit;
static const char *why;

static bool make(const char *text, uint64_t line, uint64_t column, const char *before)
{
    struct locator old;
    struct locator new;
    cr_assert_eq(locator_parse(before, strlen(before), &old), ERR_OK);
    cr_assert_eq(locator_parse("getByTestId('new')", 18, &new), ERR_OK);
    memset(&edit, 0x5a, sizeof edit);
    why = NULL;
    bool made = edit_make(&(struct edit_input){.file = "e2e/a.spec.ts",
                                               .text = text,
                                               .size = strlen(text),
                                               .line = line,
                                               .column = column,
                                               .before = &old,
                                               .after = &new},
                          &edit, &why);
    cr_expect(made || why);
    return made;
}

#define OLD "getByRole('button', { name: 'Save' })"

Test(edit, replaces_the_locator_and_nothing_else)
{
    cr_assert(make("one\n"
                   "two\n"
                   "three\n"
                   "four\n"
                   "  await page.getByRole( \"button\", { name: \"Save\" } ).click(); // x\r\n"
                   "six\n"
                   "seven\n"
                   "eight\n"
                   "nine\n",
                   5, 0, OLD));
    cr_expect_str_eq(edit.before, "getByRole( \"button\", { name: \"Save\" } )");
    cr_expect_str_eq(edit.after, "getByTestId(\"new\")");
    cr_expect_eq(edit.line, 5);
    cr_expect_str_eq(edit.diff,
                     "--- a/e2e/a.spec.ts\n"
                     "+++ b/e2e/a.spec.ts\n"
                     "@@ -2,7 +2,7 @@\n"
                     " two\n"
                     " three\n"
                     " four\n"
                     "-  await page.getByRole( \"button\", { name: \"Save\" } ).click(); // x\r\n"
                     "+  await page.getByTestId(\"new\").click(); // x\r\n"
                     " six\n"
                     " seven\n"
                     " eight\n");
}

Test(edit, replaces_a_locator_of_several_lines)
{
    cr_assert(make("await page\n"
                   "  .getByRole('button', {\n"
                   "    name: 'Save',\n"
                   "  })\n"
                   "  .click();",
                   5, 4, OLD));
    cr_expect_eq(edit.line, 2);
    cr_expect_str_eq(edit.diff, "--- a/e2e/a.spec.ts\n"
                                "+++ b/e2e/a.spec.ts\n"
                                "@@ -1,5 +1,3 @@\n"
                                " await page\n"
                                "-  .getByRole('button', {\n"
                                "-    name: 'Save',\n"
                                "-  })\n"
                                "+  .getByTestId('new')\n"
                                "   .click();\n"
                                "\\ No newline at end of file\n");
}

Test(edit, keeps_a_missing_newline_missing)
{
    cr_assert(make("await page." OLD ".click()", 1, 1, OLD));
    cr_expect_str_eq(edit.diff, "--- a/e2e/a.spec.ts\n"
                                "+++ b/e2e/a.spec.ts\n"
                                "@@ -1,1 +1,1 @@\n"
                                "-await page." OLD ".click()\n"
                                "\\ No newline at end of file\n"
                                "+await page.getByTestId('new').click()\n"
                                "\\ No newline at end of file\n");
}

Test(edit, takes_the_one_that_the_call_ends)
{
    static const struct {
        const char *text;
        uint64_t line;
        uint64_t column;
        uint64_t found; /* 0: refused */
    } table[] = {
        {"await page." OLD ".hover();\nawait page." OLD ".click();\n", 1, 50, 1},
        {"await page." OLD ".hover();\nawait page." OLD ".click();\n", 2, 50, 2},
        {"await page." OLD ".hover()\nawait page." OLD ".click()\n", 2, 50, 2},
        {"await page." OLD ".hover()\nawait page." OLD ".click()\n", 1, 50, 1},
        {"await page." OLD ".hover();\nawait page." OLD ".click();\n", 1, 3, 0},
        {"await page." OLD ".hover();\nawait page." OLD ".click();\n", 2, 3, 0},
        {"await page." OLD ".hover();\nawait page." OLD ".click();\n", 2, 0, 0},
        {"\n\nawait page." OLD ".click();\n", 1, 0, 3},
        {"\n\n\nawait page." OLD ".click();\n", 1, 0, 0},
        {"await page." OLD ".click();\n\n\n", 3, 0, 1},
        {"await page." OLD ".click();\n\n\n\n", 4, 0, 0},
        {"/* \xf0\x9f\x99\x82\xc3\xa9 */ page." OLD ".hover(), page." OLD ".click();", 1, 54, 1},
        {"await expect(page." OLD ").toBeVisible()", 1, 20, 1},
        {"this.page." OLD ".click()", 1, 0, 1},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        bool made = make(table[i].text, table[i].line, table[i].column, OLD);
        cr_expect_eq(made, table[i].found > 0, "%zu: %s", i, why);
        cr_expect(!made || edit.line == table[i].found, "%zu", i);
    }
}

Test(edit, refuses_what_is_not_this_locator)
{
    static const char *const texts[] = {
        "await save.click();\n",
        "await page.getByRole('button', { name: 'Save all' }).click();\n",
        "await page.getByRole('link', { name: 'Save' }).click();\n",
        "await page." OLD ".first().click();\n",
        "await page.getByTestId('dialog')." OLD ".click();\n",
        "await rows[0]." OLD ".click();\n",
        "await page.my" OLD ".click();\n",
        "await " OLD ".click();\n",
        "// await page." OLD ".click();\n",
        " * await page." OLD ".click();\n",
        "x(); /* page." OLD ".click(); */\n",
        "log(\"page." OLD ".click()\");\n",
        "await page.getByRole('button', { name: label }).click();\n",
        "await page.getByRole('button', { name: `Save${x}` }).click();\n",
        "",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cr_expect(!make(texts[i], 1, 0, OLD), "%s", texts[i]);
    }
    cr_expect(!make("await page." OLD ".click();\n", 2, 0, OLD));
}

/* Whatever the place of the call in a long file, patch(1) has its three lines of context. */
Test(edit, has_context_on_both_sides)
{
    for (uint64_t call = 1; call <= 60; call++) {
        static char text[8192];
        uint64_t first;
        uint64_t last;
        size_t used = 0;
        edit_range(call, &first, &last);
        last = last < 60 ? last : 60;
        for (uint64_t i = first; i <= last; i++) {
            used += (size_t)snprintf(text + used, sizeof text - used,
                                     i == call ? "await page." OLD ".click();\n" : "%d\n", (int)i);
        }
        cr_assert(make(text, call, 0, OLD), "%d: %s", (int)call, why);
        uint64_t from = call > 3 ? call - 3 : 1;
        uint64_t to = call < 58 ? call + 3 : 60;
        char head[64];
        (void)snprintf(head, sizeof head, "@@ -%d,%d +%d,%d @@\n", (int)from, (int)(to - from + 1),
                       (int)from, (int)(to - from + 1));
        cr_expect(strstr(edit.diff, head), "%s in %s", head, edit.diff);
    }
}

Test(edit, refuses_long_and_hostile_texts)
{
    static char text[EDIT_TEXT_MAX + 2];
    memset(text, 'a', EDIT_TEXT_MAX + 1);
    cr_expect(!make(text, 1, 0, OLD));
    memset(text, '\n', 100);
    text[100] = '\0';
    cr_expect(!make(text, 1, 0, OLD)); /* more lines than were asked for */
    int used = snprintf(text, sizeof text, "await page." OLD ".click();");
    memset(text + used, 'x', EDIT_TEXT_MAX - 1 - (size_t)used);
    text[EDIT_TEXT_MAX - 1] = '\0';
    cr_expect(!make(text, 1, 0, OLD)); /* its diff would be twice as long */
    for (size_t i = 0; i + 16 < EDIT_TEXT_MAX; i += 16) {
        memcpy(text + i, ".getByTestId('a\"", 17);
    }
    cr_expect(!make(text, 1, 0, OLD));
}

Test(edit, takes_paths_inside_of_the_project_only)
{
    static const char *const good[] = {"a", "a/b.ts", "a b/c.ts", "..a/b", "a/...", "-n", ".a"};
    static const char *const bad[] = {"",     "/a",   "..",   "../a",  "a/../b",
                                      "a/..", "a//b", "./a",  "a/",    "a\nb",
                                      "a\tb", "a\"b", "a\\b", "a/./b", "\x1b[2J"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        cr_expect(edit_is_path(good[i]), "%s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect(!edit_is_path(bad[i]), "%s", bad[i]);
    }
}
