/* test_locator.c - locators read, printed and applied; pages read. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/healer/locator.h"
#include "actors/healer/words.h"

static enum err parse(const char *text, struct locator *locator)
{
    /* A copy without a NUL, so that a sanitizer sees each byte too far. */
    size_t size = strlen(text);
    char *copy = malloc(size ? size : 1);
    cr_assert(copy);
    memcpy(copy, text, size);
    enum err err = locator_parse(copy, size, locator);
    free(copy);
    return err;
}

/* What is read is printed as `expected`, and read again as the same. */
static void check_print(const char *text, const char *expected)
{
    struct locator locator;
    struct locator again;
    char print[LOCATOR_PRINT_SIZE];
    cr_assert_eq(parse(text, &locator), ERR_OK, "%s", text);
    cr_assert_eq(locator_print(&locator, print, sizeof print), ERR_OK);
    cr_expect_str_eq(print, expected);
    cr_assert_eq(parse(print, &again), ERR_OK, "%s", print);
    cr_expect(locator_equal(&locator, &again), "%s", text);
    cr_expect_eq(again.size, strlen(print));
}

Test(locator, prints_what_it_reads_in_the_same_quotes)
{
    static const char *const same[] = {
        "getByTestId('save')",
        "getByTestId(\"save\")",
        "getByTestId(`save`)",
        "getByTestId(/^row-\\d+\\/[/]$/)",
        "getByRole('button')",
        "getByRole('button', { name: 'Save' })",
        "getByRole(\"button\", { name: \"Save\", exact: true })",
        "getByRole('button', { name: /save/i })",
        "getByLabel('Name', { exact: true })",
        "getByPlaceholder('you@example.org')",
        "getByText('Caf\xc3\xa9')",
        "getByTitle('It\\'s')",
        "getByTitle(\"It's\")",
        "getByAltText(`a\\$\\`b`)",
        "locator('#save > .x')",
        "locator('a\\\\b\\n')",
    };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        check_print(same[i], same[i]);
    }
    check_print("getByRole(\n  'button',\n  {\n    exact: true,\n    name: 'Save',\n  },\n)",
                "getByRole('button', { name: 'Save', exact: true })");
    check_print("getByTestId ( 'a\\u0041\\x42\\\"' , )", "getByTestId('aAB\"')");
    check_print("getByLabel('x', { exact: false })", "getByLabel('x')");
    check_print("getByText('\\u00e9\\u20ac')", "getByText('\xc3\xa9\xe2\x82\xac')");
}

Test(locator, knows_where_it_ends_and_what_follows)
{
    static const struct {
        const char *text;
        bool chained;
        size_t size;
    } table[] = {
        {"getByTestId('a').click()", false, 16},
        {"getByTestId('a')).toBeVisible()", false, 16},
        {"getByTestId('a').first().click()", true, 16},
        {"getByTestId('a')\n  .nth(2)", true, 16},
        {"getByTestId('a').filter({ hasText: 'x' })", true, 16},
        {"getByTestId('a').getByText('x')", true, 16},
        {"getByTestId('a').locator('x')", true, 16},
        {"getByTestId('a').firstly()", false, 16},
        {"getByTestId(')')", false, 16},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct locator locator;
        cr_assert_eq(parse(table[i].text, &locator), ERR_OK, "%s", table[i].text);
        cr_expect_eq(locator.chained, table[i].chained, "%s", table[i].text);
        cr_expect_eq(locator.size, table[i].size, "%s", table[i].text);
    }
}

Test(locator, says_when_options_would_be_lost)
{
    struct locator locator;
    cr_assert_eq(parse("getByRole('checkbox', { checked: true, name: 'x' })", &locator), ERR_OK);
    cr_expect(locator.other);
    cr_assert_eq(parse("locator('li', { hasText: 'Milk' })", &locator), ERR_OK);
    cr_expect(locator.other);
    cr_assert_eq(parse("getByRole('heading', { level: 2 })", &locator), ERR_OK);
    cr_expect(locator.other);
}

Test(locator, refuses_what_it_cannot_understand)
{
    static const char *const bad[] = {
        "",
        "getByTestId",
        "getByTestId(",
        "getByTestId()",
        "getByTestId('",
        "getByTestId('a",
        "getByTestId('a'",
        "getByTestId('a\\",
        "getByTestId('a\\u12",
        "getByTestId('a\\ud800')",
        "getByTestId('a\\0')",
        "getByTestId('a\n')",
        "getByTestId('')",
        "getByTestId(id)",
        "getByTestId(`a${i}`)",
        "getByTestId('a' + i)",
        "getByTestId(/a",
        "getByTestId(/a\\",
        "getByTestId(/[/]",
        "getByRole(/button/)",
        "getByRole('')",
        "getByRole('button', options)",
        "getByRole('button', { name })",
        "getByRole('button', { ...rest })",
        "getByRole('button', { name: name })x",
        "getByRole('button', { exact: maybe })",
        "getByRole('button', { name: 'a' ",
        "getByRole('button', { name: 'a', name: 'b', has: page.locator('x') })",
        "getByTestIds('a')",
        "page.getByTestId('a')",
        "frameLocator('a')",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct locator locator = {.size = 77};
        bool named = strstr(bad[i], "name: name") != NULL;
        /* A variable as a name is an option that is not kept, or nothing at all; never a text. */
        enum err err = parse(bad[i], &locator);
        cr_expect(err == ERR_MALFORMED || (named && err == ERR_OK && locator.other), "%s", bad[i]);
        cr_expect(err == ERR_OK || locator.size == 77, "%s", bad[i]);
    }
}

Test(locator, refuses_texts_that_do_not_fit)
{
    char text[LOCATOR_TEXT_SIZE + 32] = "getByTestId('";
    struct locator locator;
    char print[LOCATOR_PRINT_SIZE];
    memset(text + 13, 'a', LOCATOR_TEXT_SIZE - 1);
    memcpy(text + 13 + LOCATOR_TEXT_SIZE - 1, "')", 3);
    cr_assert_eq(parse(text, &locator), ERR_OK);
    cr_expect_eq(locator_print(&locator, print, sizeof print), ERR_OK);
    cr_expect_eq(locator_print(&locator, print, 20), ERR_LIMIT);
    memcpy(text + 13 + LOCATOR_TEXT_SIZE - 1, "a')", 4);
    cr_expect_eq(parse(text, &locator), ERR_LIMIT);
    cr_expect_eq(parse("getByRole('a-role-that-is-much-too-long-to-be-one-of-them')", &locator),
                 ERR_LIMIT);
}

/* How many of the elements of a small page a locator finds. */
static size_t count(const char *text)
{
    static const char json[] =
        "{\"url\":\"http://x/\",\"elements\":["
        "{\"testid\":\"save\",\"role\":\"button\",\"name\":\"Save\"},"
        "{\"role\":\"button\",\"name\":\" save   all \"},"
        "{\"role\":\"link\",\"name\":\"Save\",\"title\":\"Tip\",\"alt\":\"Alt\"},"
        "{\"role\":\"textbox\",\"label\":\"Your name\",\"placeholder\":\"Name\",\"text\":\"t\"}]}";
    struct page page;
    struct locator locator;
    cr_assert_eq(page_read(json, sizeof json - 1, &page), ERR_OK);
    cr_assert_eq(parse(text, &locator), ERR_OK);
    size_t found = locator_count(&locator, &page);
    page_free(&page);
    return found;
}

Test(locator, finds_what_playwright_finds)
{
    cr_expect_eq(count("getByTestId('save')"), 1);
    cr_expect_eq(count("getByTestId('Save')"), 0);
    cr_expect_eq(count("getByTestId('sav')"), 0);
    cr_expect_eq(count("getByRole('button')"), 2);
    cr_expect_eq(count("getByRole('button', { name: 'SAVE' })"), 2);
    cr_expect_eq(count("getByRole('button', { name: 'Save', exact: true })"), 1);
    cr_expect_eq(count("getByRole('button', { name: 'save all', exact: true })"), 1);
    cr_expect_eq(count("getByRole('button', { name: ' e a' })"), 1);
    cr_expect_eq(count("getByRole('link', { name: 'save', exact: true })"), 0);
    cr_expect_eq(count("getByLabel('name')"), 1);
    cr_expect_eq(count("getByLabel('name', { exact: true })"), 0);
    cr_expect_eq(count("getByPlaceholder('name')"), 1);
    cr_expect_eq(count("getByText('t', { exact: true })"), 1);
    cr_expect_eq(count("getByTitle('tip')"), 1);
    cr_expect_eq(count("getByAltText('alt')"), 1);
}

/* ---- pages ---- */

static enum err read_text(const char *text)
{
    struct page page;
    enum err err = page_read(text, strlen(text), &page);
    if (err == ERR_OK) {
        page_free(&page);
    }
    return err;
}

Test(page, reads_all_of_the_format)
{
    static const char json[] =
        "{\"url\":\"http://localhost/\",\"failed\":{\"locator\":\"getByTestId('a')\",\"file\":"
        "\"e2e/a.spec.ts\",\"line\":12,\"column\":38,\"action\":\"click\",\"count\":0},"
        "\"used\":[{\"locator\":\"l\",\"file\":\"f\",\"line\":1,\"column\":2,\"element\":"
        "{\"testid\":\"x\"}}],\"elements\":[{\"testid\":\"1\",\"role\":\"2\",\"name\":\"3\","
        "\"label\":\"4\",\"text\":\"5\",\"tag\":\"6\",\"id\":\"7\",\"placeholder\":\"8\","
        "\"title\":\"9\",\"alt\":\"10\",\"path\":\"11\"},{}],\"truncated\":true}";
    struct page page;
    cr_assert_eq(page_read(json, sizeof json - 1, &page), ERR_OK);
    cr_expect_str_eq(page.url, "http://localhost/");
    cr_expect(page.has_failed && page.truncated);
    cr_expect_str_eq(page.failed.locator, "getByTestId('a')");
    cr_expect_str_eq(page.failed.file, "e2e/a.spec.ts");
    cr_expect_str_eq(page.failed.action, "click");
    cr_expect(page.failed.line == 12 && page.failed.column == 38 && page.failed.count == 0);
    cr_assert_eq(page.used_count, 1);
    cr_expect_str_eq(page.used[0].element.of[ELEMENT_TESTID], "x");
    cr_assert_eq(page.elements_count, 2);
    for (size_t i = 0; i < ELEMENT_FIELDS; i++) {
        cr_expect_eq(strtoul(page.elements[0].of[i], NULL, 10), i + 1);
        cr_expect_str_eq(page.elements[1].of[i], "");
    }
    page_free(&page);
    page_free(&page);
    cr_expect_eq(read_text("{\"failed\":null}"), ERR_OK);
    cr_expect_eq(read_text("{}"), ERR_OK);
}

Test(page, refuses_what_is_not_the_format)
{
    static const char *const bad[] = {
        "",
        "null",
        "[]",
        "{",
        "{\"url\":1}",
        "{\"url\":null}",
        "{\"failed\":1}",
        "{\"failed\":{\"line\":-1}}",
        "{\"failed\":{\"line\":1.5}}",
        "{\"failed\":{\"count\":\"1\"}}",
        "{\"failed\":{\"element\":[]}}",
        "{\"used\":{}}",
        "{\"used\":[1]}",
        "{\"elements\":[[]]}",
        "{\"elements\":[{\"name\":1}]}",
        "{\"elements\":[{\"name\":\"\\u0000\"}]}",
        "{\"elements\":[{\"name\":\"\\ud83d\"}]}",
        "{\"truncated\":1}",
        "{} x",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_eq(read_text(bad[i]), ERR_MALFORMED, "%s", bad[i]);
    }
}

Test(page, refuses_more_than_its_bounds)
{
    static char text[PAGE_BYTES_MAX + 2];
    cr_expect_eq(read_text("[[[[[[[1]]]]]]]"), ERR_LIMIT);
    memset(text, ' ', PAGE_BYTES_MAX + 1);
    cr_expect_eq(read_text(text), ERR_LIMIT);
    static const char *const keys[] = {"used", "elements"};
    static const size_t most[] = {PAGE_USED_MAX, PAGE_ELEMENTS_MAX};
    for (size_t i = 0; i < 2; i++) {
        for (size_t extra = 0; extra < 2; extra++) {
            size_t used = (size_t)snprintf(text, sizeof text, "{\"%s\":[{}", keys[i]);
            for (size_t j = 1; j < most[i] + extra; j++) {
                memcpy(text + used, ",{}", 4);
                used += 3;
            }
            memcpy(text + used, "]}", 3);
            cr_expect_eq(read_text(text), extra ? ERR_LIMIT : ERR_OK, "%s", keys[i]);
        }
    }
}

/* ---- words ---- */

static void check_words(const struct words *words, const char *expected)
{
    char line[WORDS_MAX * WORD_SIZE] = "";
    for (size_t i = 0; i < words->count; i++) {
        strcat(line, i > 0 ? " " : "");
        strcat(line, words->at[i]);
    }
    cr_expect_str_eq(line, expected);
}

Test(words, are_cut_out_of_texts_and_identifiers)
{
    static const struct {
        const char *text;
        bool identifier;
        const char *words;
        const char *role;
    } table[] = {
        {"Sign in to your account", false, "signin account", NULL},
        {"Don't save", false, "dont save", NULL},
        {"Don\xe2\x80\x99t save!", false, "dont save", NULL},
        {"Delete 3 items", false, "delete 3 items", NULL},
        {"Caf\xc3\xa9 \xe2\x80\x94 men\xc3\xbc", false, "caf\xc3\xa9 \xe2\x80\x94 men\xc3\xbc",
         NULL},
        {"btn-saveOrder", true, "save order", "button"},
        {"save_order.button", true, "save order", "button"},
        {"HTMLView2", true, "html view 2", NULL},
        {"userID", true, "user id", NULL},
        {"link-account", true, "link account", NULL},
        {"account-link", true, "account", "link"},
        {"logInField", true, "signin", "textbox"},
        {"remove-item-qty", true, "delete item quantity", NULL},
        {"---", true, "", NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct words words = {.count = 0};
        if (table[i].identifier) {
            words_add_identifier(&words, table[i].text);
        } else {
            words_add_text(&words, table[i].text);
        }
        check_words(&words, table[i].words);
        cr_expect(!words.overflow);
        cr_expect(table[i].role ? words.role && strcmp(words.role, table[i].role) == 0
                                : !words.role,
                  "%s", table[i].text);
    }
}

Test(words, say_when_they_are_too_many_or_too_long)
{
    struct words words = {.count = 0};
    words_add_text(&words, "a1 b2 c3 d4 e5 f6 g7 h8 i9 j10 k11 l12 m13 n14");
    cr_expect(words.overflow);
    cr_expect_eq(words.count, WORDS_MAX);
    words = (struct words){.count = 0};
    words_add_text(&words, "averyveryveryverylongwordoversize");
    cr_expect(words.overflow);
}

Test(words, conflict_when_they_cannot_mean_the_same)
{
    static const struct {
        const char *a;
        const char *b;
        bool conflict;
    } table[] = {
        {"Save", "Delete", true},          {"Save", "Cancel", true},
        {"Save", "Don't save", true},      {"Save", "Save changes", false},
        {"Save", "Cancel and save", true}, {"Delete", "Remove", false},
        {"First name", "Last name", true}, {"Step 1", "Step 2", true},
        {"Step 1", "Step", true},          {"Billing street", "Shipping street", true},
        {"Email", "Email address", false}, {"Email address", "Street address", true},
        {"Sign in", "Sign up", true},      {"Sign in", "Log in", false},
        {"Open menu", "Close menu", true}, {"Order", "Orders", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct words a = {.count = 0};
        struct words b = {.count = 0};
        words_add_text(&a, table[i].a);
        words_add_text(&b, table[i].b);
        cr_expect_eq(words_conflict(&a, &b), table[i].conflict, "%s, %s", table[i].a, table[i].b);
        cr_expect_eq(words_conflict(&b, &a), table[i].conflict, "%s, %s", table[i].b, table[i].a);
    }
}
