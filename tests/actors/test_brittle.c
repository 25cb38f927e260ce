/* test_brittle.c - what is brittle in the source of a browser test, and what is not. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "actors/healer/brittle.h"

enum { PLACES_MAX = 32 };

struct places {
    struct brittle_place all[PLACES_MAX];
    size_t count;
};

static void take(void *arg, const struct brittle_place *place)
{
    struct places *self = arg;
    cr_assert_lt(self->count, PLACES_MAX);
    self->all[self->count++] = *place;
}

static struct places scan(const char *text)
{
    struct places places = {.count = 0};
    brittle_scan(text, strlen(text), take, &places);
    return places;
}

static void expect_one(const char *text, enum brittle kind, const char *what)
{
    struct places places = scan(text);
    cr_expect_eq(places.count, 1, "%s: %zu", text, places.count);
    if (places.count == 1) {
        cr_expect_eq(places.all[0].kind, kind, "%s: %s", text, brittle_word(places.all[0].kind));
        cr_expect_str_eq(places.all[0].text, what);
    }
}

Test(brittle, judges_selectors)
{
    static const struct {
        const char *selector;
        enum brittle kind;
    } cases[] = {
        {"#save", BRITTLE_NONE},
        {".cart-total", BRITTLE_NONE},
        {"[data-testid=save]", BRITTLE_NONE},
        {"input[name='a > b c d e f']", BRITTLE_NONE},
        {"form > button", BRITTLE_NONE},
        {"//button[@id='save']", BRITTLE_NONE},
        {"text=Save", BRITTLE_NONE},
        {".css-1qm1lh", BRITTLE_GENERATED},
        {"#\\:r1\\:", BRITTLE_GENERATED},
        {"[id=\"radix-12\"]", BRITTLE_GENERATED},
        {"li:nth-child(3)", BRITTLE_POSITION},
        {"tr >> nth=2", BRITTLE_POSITION},
        {"//li[3]/a", BRITTLE_POSITION},
        {"(//a)[2]", BRITTLE_POSITION},
        {"xpath=//a[last()]", BRITTLE_POSITION},
        {"/html/body/div/a", BRITTLE_ABSOLUTE},
        {"xpath=/html/body", BRITTLE_ABSOLUTE},
        {"main section form button", BRITTLE_DEEP},
        {"main>section > form> button", BRITTLE_DEEP},
        {"//main/section/form/div/button", BRITTLE_DEEP},
        {"text=Order 4711", BRITTLE_VOLATILE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_expect_eq(brittle_selector(cases[i].selector), cases[i].kind, "%s: %s",
                     cases[i].selector, brittle_word(brittle_selector(cases[i].selector)));
    }
}

Test(brittle, finds_calls_and_says_what_they_are)
{
    expect_one("await page.locator('.css-1qm1lh').click()", BRITTLE_GENERATED, ".css-1qm1lh");
    expect_one("await page.click(\"tr:nth-child(2) a\")", BRITTLE_POSITION, "tr:nth-child(2) a");
    expect_one("page.getByRole('button', { name: 'Order 4711' })", BRITTLE_VOLATILE, "Order 4711");
    expect_one("page.getByRole('button')", BRITTLE_NONE, "button");
    expect_one("page.getByText(`Order 4711`)", BRITTLE_VOLATILE, "Order 4711");
    expect_one("await page.waitForTimeout(500)", BRITTLE_SLEEP, "waitForTimeout");
    expect_one("rows.nth(3)", BRITTLE_POSITION, "nth");
    expect_one("rows.first()", BRITTLE_POSITION, "first");
    expect_one("expect(await row.isVisible()).toBe(true)", BRITTLE_ONCE, "isVisible");
}

Test(brittle, leaves_alone_what_only_looks_like_it)
{
    static const char *const texts[] = {
        "// page.waitForTimeout(500)\n",
        "/* page.waitForTimeout(500)\n * rows.first() */",
        "const text = 'page.waitForTimeout(500)'",
        "const text = `page.waitForTimeout(500)`",
        "const pattern = /page.waitForTimeout(500)/",
        "const pattern = [/[/']/, /rows.first()/]",
        "locators(5); nth(3); first(); relocator.nthOf(2)",
        "page.locator(`.row-${number}`)",
        "page.locator(selector)",
        "row.fill('li:nth-child(2)')",
        "if (await row.isVisible()) { row.isVisible() }",
        "rows.first(4)",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cr_expect_eq(scan(texts[i]).count, 0, "%s", texts[i]);
    }
}

Test(brittle, counts_lines_and_columns_and_goes_on_after_strings)
{
    struct places places = scan("const a = 'it\\'s' / 2 // '\n"
                                "/* `\n*/ const b = `x\n${a}`\n"
                                "  await page.waitForTimeout(1)\n"
                                "const c = 'not closed\n"
                                "page.locator('#save')\n");
    cr_assert_eq(places.count, 2);
    cr_expect_eq(places.all[0].line, 5);
    cr_expect_eq(places.all[0].column, 14);
    cr_expect_eq(places.all[1].line, 7);
    cr_expect_eq(places.all[1].column, 6);
    cr_expect_str_eq(places.all[1].text, "#save");
}

Test(brittle, cuts_what_is_long_between_characters)
{
    char text[1000] = "page.getByText('";
    size_t size = strlen(text);
    for (; size + 6 < sizeof text; size += 2) {
        memcpy(text + size, "\xc3\xa4", 2);
    }
    memcpy(text + size, "')", 3);
    struct places places = scan(text);
    cr_assert_eq(places.count, 1);
    cr_expect_leq(strlen(places.all[0].text), BRITTLE_TEXT_SIZE - 1);
    cr_expect_eq(strlen(places.all[0].text) % 2, 0);
    cr_expect_gt(strlen(places.all[0].text), 100);
}

/* Every beginning of a text, and bytes drawn by lot: nothing is read that is not there. */
Test(brittle, reads_any_bytes)
{
    static const char text[] =
        "await page.locator(`a${b}`).nth( 3 ) /[a/]\\/x/ '\\' \"\\\n /* */ // $$(\n"
        "expect(await a.count()).toBe(2); page.getByRole('a', { name: \"b\\\"c\" })";
    unsigned seed = 9;
    for (size_t i = 0; i <= sizeof text; i++) {
        char *copy = malloc(i + 1); /* as large as it is, for sanitizers */
        cr_assert_not_null(copy);
        memcpy(copy, text, i < sizeof text ? i : sizeof text);
        struct places places = {.count = 0};
        brittle_scan(copy, i < sizeof text ? i : sizeof text, take, &places);
        free(copy);
    }
    for (int round = 0; round < 2000; round++) {
        char bytes[64];
        static const char some[] = "(\\'\"`/*$.[]{}\nlocator nth first a1";
        for (size_t i = 0; i < sizeof bytes; i++) {
            seed = seed * 1103515245u + 12345u;
            bytes[i] = some[(seed >> 16) % (sizeof some - 1)];
        }
        struct places places = {.count = 0};
        brittle_scan(bytes, sizeof bytes, take, &places);
        cr_expect_lt(places.count, 20);
    }
}

Test(brittle, says_what_would_last)
{
    struct element element;
    char text[LOCATOR_PRINT_SIZE];
    for (size_t i = 0; i < ELEMENT_FIELDS; i++) {
        element.of[i] = "";
    }
    cr_expect_not(brittle_instead(&element, text));
    element.of[ELEMENT_PLACEHOLDER] = "Search";
    cr_expect(brittle_instead(&element, text));
    cr_expect_str_eq(text, "getByPlaceholder('Search')");
    element.of[ELEMENT_ROLE] = "button";
    element.of[ELEMENT_NAME] = "Save";
    cr_expect(brittle_instead(&element, text));
    cr_expect_str_eq(text, "getByRole('button', { name: 'Save' })");
    element.of[ELEMENT_TESTID] = "css-1qm1lh";
    cr_expect(brittle_instead(&element, text));
    cr_expect_str_eq(text, "getByRole('button', { name: 'Save' })", "a test id that was made up");
    element.of[ELEMENT_TESTID] = "save";
    cr_expect(brittle_instead(&element, text));
    cr_expect_str_eq(text, "getByTestId('save')");
    element.of[ELEMENT_TESTID] = "";
    element.of[ELEMENT_NAME] = "Order 4711";
    cr_expect(brittle_instead(&element, text));
    cr_expect_str_eq(text, "getByPlaceholder('Search')", "not by a number");
}
