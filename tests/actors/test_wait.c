/* test_wait.c - assertions that look once, and those that wait for the same. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "actors/common/awaited.h"
#include "actors/healer/wait.h"

static bool make(const char *text, uint64_t line, struct edit *edit)
{
    const char *why = NULL;
    const struct edit_input input = {
        .file = "e2e/a.spec.ts", .text = text, .size = strlen(text), .line = line};
    bool made = edit_awaited(&input, edit, &why);
    cr_expect(made || why);
    return made;
}

static struct edit edit;

Test(wait, waits_for_the_same)
{
    static const char *const pairs[][2] = {
        {"expect(await row.isVisible()).toBe(true)", "await expect(row).toBeVisible()"},
        {"expect(await row.isVisible()).toBeTruthy()", "await expect(row).toBeVisible()"},
        {"expect(await row.isVisible()).toEqual(false)", "await expect(row).not.toBeVisible()"},
        {"expect(await row.isVisible()).not.toBe(true)", "await expect(row).not.toBeVisible()"},
        {"expect(await row.isHidden()).not.toBeFalsy()", "await expect(row).toBeHidden()"},
        {"expect(await this.rows.nth(2).isEnabled()).toBe(true)",
         "await expect(this.rows.nth(2)).toBeEnabled()"},
        {"expect(await page.getByText('a) b').isChecked()).toBe(true)",
         "await expect(page.getByText('a) b')).toBeChecked()"},
        {"expect(await page.locator('a\\\\').textContent()).toBe('Due: 3')",
         "await expect(page.locator('a\\\\')).toHaveText('Due: 3')"},
        {"expect(await row.innerText()).toContain(\"it's\")",
         "await expect(row).toContainText(\"it's\")"},
        {"expect(await row.textContent()).not.toBe(`${name}`)",
         "await expect(row).not.toHaveText(`${name}`)"},
        {"expect(await row.inputValue()).toBe('')", "await expect(row).toHaveValue('')"},
        {"expect(await rows.count()).toBe(3)", "await expect(rows).toHaveCount(3)"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char text[256];
        char want[512];
        (void)snprintf(text, sizeof text, "  const a = 1\n  %s;\r\n})\n", pairs[i][0]);
        (void)snprintf(want, sizeof want,
                       "--- a/e2e/a.spec.ts\n+++ b/e2e/a.spec.ts\n@@ -1,3 +1,3 @@\n"
                       "   const a = 1\n-  %s;\r\n+  %s;\r\n })\n",
                       pairs[i][0], pairs[i][1]);
        cr_assert(make(text, 2, &edit), "%s", pairs[i][0]);
        cr_expect_str_eq(edit.diff, want);
        cr_expect_str_eq(edit.before, pairs[i][0]);
        cr_expect_str_eq(edit.after, pairs[i][1]);
        cr_expect_eq(edit.line, 2);
    }
}

Test(wait, leaves_alone_what_could_mean_something_else)
{
    static const char *const lines[] = {
        "await expect(row).toBeVisible()",
        "expect(await row.isVisible()).toBe(shown)",
        "expect(await row.isVisible()).toBe(true) // now",
        "expect(await row.isVisible()).toBe(true), b()",
        "if (x) expect(await row.isVisible()).toBe(true)",
        "// expect(await row.isVisible()).toBe(true)",
        "expect(await a.b() || c.isVisible()).toBe(true)",
        "expect(await rows[0].isVisible()).toBe(true)",
        "expect(await page.isVisible('#a')).toBe(true)",
        "expect(await page.isVisible()).toBe(true)",
        "expect(await row.textContent()).toBe(null)",
        "expect(await row.textContent()).toMatch(/a/)",
        "expect(await row.textContent()).toBe('a' + b)",
        "expect(await row.inputValue()).toContain('a')",
        "expect(await rows.count()).toBe(n)",
        "expect(await rows.count()).toBeGreaterThan(3)",
        "expect(await row.click()).toBe(true)",
        "expect(await row.isVisible()).resolves.toBe(true)",
        "expect(await row.isVisible(",
        "expect(await row.textContent()).toBe('a",
        "expect(",
        "",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "\n%s\n", lines[i]);
        cr_expect_not(make(text, 2, &edit), "%s: %s", lines[i], edit.after);
    }
    cr_expect_not(make("\n", 7, &edit), "the file is shorter");
}

Test(wait, knows_its_own_edits_and_no_others)
{
    static const char was[] = "  expect(await row.isVisible()).toBe(true);";
    struct msg_str removed = {was, sizeof was - 1};
    cr_expect(awaited_is_edit(removed, msg_str("  await expect(row).toBeVisible();")));
    static const char *const others[] = {"await expect(row).toBeVisible();",
                                         "  await expect(row).not.toBeVisible();",
                                         "  await expect(row).toBeVisible()",
                                         "  await expect(other).toBeVisible();",
                                         "  await expect(row).toBeVisible(); x()",
                                         "  expect(await row.isVisible()).toBe(false);",
                                         "  ",
                                         ""};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        cr_expect_not(awaited_is_edit(removed, msg_str(others[i])), "%s", others[i]);
    }
    cr_expect_not(awaited_is_edit(msg_str(""), msg_str("")));
    cr_expect_not(awaited_is_edit(msg_str("  expect(a).toBe(1)"), msg_str("  expect(a).toBe(2)")));
}

static const char *place_of(const char *message)
{
    static char place[128];
    char file[64];
    uint64_t line;
    if (!wait_place(message, strlen(message), file, sizeof file, &line)) {
        return "";
    }
    (void)snprintf(place, sizeof place, "%s %llu", file, (unsigned long long)line);
    return place;
}

Test(wait, finds_the_first_frame_of_the_project)
{
    cr_expect_str_eq(place_of("Error: x\n    at e2e/a.spec.ts:12:5"), "e2e/a.spec.ts 12");
    cr_expect_str_eq(
        place_of("Error: x\n    at /usr/lib/a.js:1:1\n    at ../b.ts:1:1\n"
                 "    at node_modules/a/b.js:1:2\n    at Cart.check (e2e/cart (1).ts:3:4)\n"
                 "    at e2e/a.spec.ts:12:5\n"),
        "1).ts 3", "brackets in a name: the file is not there, and refused later");
    cr_expect_str_eq(place_of("Error: x\n    at Cart.check (e2e/cart.ts:3:4)\n"), "e2e/cart.ts 3");
    static const char *const none[] = {"",
                                       "Error: e2e/a.spec.ts:12:5",
                                       "    at ",
                                       "    at :1:2",
                                       "    at a.ts",
                                       "    at a.ts:1",
                                       "    at a.ts:0:1",
                                       "    at a.ts:99999999999999999999999999:1",
                                       "    at ()",
                                       "    at x (:1:1)"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        cr_expect_str_eq(place_of(none[i]), "", "%s", none[i]);
    }
}
