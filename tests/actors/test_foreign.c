/* test_foreign.c - errors of other tools: the selectors in them, and selectors in their terms. */
#include <criterion/criterion.h>
#include <string.h>

#include "actors/healer/foreign.h"
#include "actors/healer/selector.h"

static struct foreign foreign;

static bool read_text(const char *text)
{
    return foreign_read(text, strlen(text), &foreign);
}

Test(foreign, finds_selectors_in_errors)
{
    static const struct {
        const char *message;
        enum foreign_tool tool;
        const char *selector;
    } cases[] = {
        {"AssertionError: Timed out retrying after 4000ms: Expected to find element: `.btn-save`, "
         "but never found it.",
         FOREIGN_CYPRESS, ".btn-save"},
        {"CypressError: Timed out retrying: Expected to find element: '#save', but never found it. "
         "Queried from element: <form>",
         FOREIGN_CYPRESS, "#save"},
        {"Timed out retrying after 4000ms: Expected to find content: 'It's' but never did.",
         FOREIGN_CYPRESS, "page.getByText('It\\'s')"},
        {"Expected to find content: '/sav/i' within the selector: 'button' but never did.",
         FOREIGN_CYPRESS, "button:has-text(/sav/i)"},
        {"Expected to find content: 'Save' within the selector: 'button' but never did.",
         FOREIGN_CYPRESS, "button:has-text('Save')"},
        {"Expected to find content: 'Save' within the element: <form> but never did.",
         FOREIGN_CYPRESS, "page.getByText('Save')"},
        {"TestingLibraryElementError: Unable to find an element with the text: Save it. This could "
         "be because the text is broken up by multiple elements.",
         FOREIGN_TESTING_LIBRARY, "page.getByText('Save it', { exact: true })"},
        {"TestingLibraryElementError: Unable to find an element with the text: /save/i. This could "
         "be because",
         FOREIGN_TESTING_LIBRARY, "page.getByText(/save/i)"},
        {"Unable to find a label with the text of: Name", FOREIGN_TESTING_LIBRARY,
         "page.getByLabel('Name', { exact: true })"},
        {"Unable to find an element with the placeholder text of: Search\n\n<body />",
         FOREIGN_TESTING_LIBRARY, "page.getByPlaceholder('Search', { exact: true })"},
        {"Unable to find an element with the alt text: Logo", FOREIGN_TESTING_LIBRARY,
         "page.getByAltText('Logo', { exact: true })"},
        {"Unable to find an element with the title: Close.", FOREIGN_TESTING_LIBRARY,
         "page.getByTitle('Close', { exact: true })"},
        {"Unable to find an element by: [data-testid=\"save\"]\n", FOREIGN_TESTING_LIBRARY,
         "[data-testid=\"save\"]"},
        {"Unable to find an accessible element with the role \"button\" and name \"Save\"\n\nHere",
         FOREIGN_TESTING_LIBRARY, "page.getByRole('button', { name: 'Save', exact: true })"},
        {"Unable to find an accessible element with the role \"button\" and name `/save/i`",
         FOREIGN_TESTING_LIBRARY, "page.getByRole('button', { name: /save/i })"},
        {"Unable to find role=\"x\"\nUnable to find an element with the role \"alert\"\n",
         FOREIGN_TESTING_LIBRARY, "page.getByRole('alert')"},
        {"Found multiple elements with the role \"alert\"", FOREIGN_TESTING_LIBRARY,
         "page.getByRole('alert')"},
        {"no such element: Unable to locate element: {\"method\":\"css selector\",\"selector\":"
         "\"[id=\\\"save\\\"]\"}\n  (Session info: chrome=120)",
         FOREIGN_SELENIUM, "[id=\"save\"]"},
        {"Unable to locate element: {\"method\":\"xpath\",\"selector\":\"//a[1]\"}",
         FOREIGN_SELENIUM, "xpath=//a[1]"},
        {"Unable to locate element: {\"method\":\"link text\",\"selector\":\"Sign out\"}",
         FOREIGN_SELENIUM, "a:text-is(\"Sign out\")"},
        {"Unable to locate element: {\"method\":\"id\",\"selector\":\"save\"}", FOREIGN_SELENIUM,
         "[id=\"save\"]"},
        {"NoSuchElementException: Message: Unable to locate element: #save\nStacktrace:",
         FOREIGN_SELENIUM, "#save"},
        {"Message: Unable to locate element: //button", FOREIGN_SELENIUM, "xpath=//button"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool found = read_text(cases[i].message);
        cr_expect_eq(found, cases[i].selector[0] != '\0', "%s: %s", cases[i].message,
                     foreign.selector);
        if (found) {
            cr_expect_eq(foreign.tool, cases[i].tool, "%s", cases[i].message);
            cr_expect_str_eq(foreign.selector, cases[i].selector);
        }
    }
}

Test(foreign, says_them_so_that_they_are_understood)
{
    static const char *const messages[] = {
        "Expected to find content: 'It's \\ a' within the selector: 'button' but never did.",
        "Expected to find content: 'It's \\ a' but never did.",
        "Unable to find an element with the text: it's \\ a",
        "Unable to find an accessible element with the role \"button\" and name \"it's\"",
        "Unable to locate element: {\"method\":\"partial link text\",\"selector\":\"it's\"}",
    };
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        struct selector *selector = NULL;
        const char *why = "";
        cr_assert(read_text(messages[i]), "%s", messages[i]);
        cr_expect_eq(selector_parse(foreign.selector, &selector, &why), ERR_OK, "%s: %s",
                     foreign.selector, why);
        selector_destroy(&selector);
    }
}

Test(foreign, takes_the_page_only_when_it_is_whole)
{
    static const char whole[] =
        "Unable to find an element by: [data-testid=\"a\"]\n\n"
        "Ignored nodes: comments, script, style\n<body>\n  <b>x</b>\n</body>\n";
    cr_assert(read_text(whole));
    cr_assert_not_null(foreign.page);
    cr_expect_eq(foreign.page_size, strlen("<body>\n  <b>x</b>\n</body>"));
    cr_expect_eq(memcmp(foreign.page, "<body>", 6), 0);
    cr_assert(read_text("Unable to find an element by: [data-testid=\"a\"]\n\n<body>\n  <b>x..."));
    cr_expect_null(foreign.page);
}

Test(foreign, knows_no_others)
{
    static const char *const none[] = {
        "",
        "Error: locator.click: Timeout 500ms exceeded.\n waiting for getByRole('button')",
        "Expected to find element: ``, but never found it.",
        "Expected to find element: `a",
        "Unable to find a",
        "Found multiple elements",
        "Unable to locate element: ",
        "Unable to locate element: {\"method\":\"css selector\",\"selector\":\"a\\u0041\"}",
        "Unable to locate element: {\"method\":\"css selector\",\"selector\":\"a",
        "Unable to locate element: {\"method\":\"magic\",\"selector\":\"a\"}",
        "Unable to locate element: {\"method\":\"id\",\"selector\":\"a\\\"]\"}",
    };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        cr_expect_not(read_text(none[i]), "%s: %s", none[i], foreign.selector);
    }
    static char long_one[4096] = "Unable to locate element: ";
    memset(long_one + strlen(long_one), 'a', 4000);
    cr_expect_not(foreign_read(long_one, 4026, &foreign));
}

Test(foreign, spells_what_was_suggested)
{
    static const struct {
        enum foreign_tool tool;
        const char *selector;
        const char *theirs; /* NULL: it cannot be said */
    } cases[] = {
        {FOREIGN_CYPRESS, "page.locator('#save')", "cy.get('#save')"},
        {FOREIGN_CYPRESS, "page.getByRole('button')", NULL},
        {FOREIGN_CYPRESS, "page.frameLocator('iframe').locator('#save')", NULL},
        {FOREIGN_SELENIUM, "page.locator('a[name=\"b\"]')", "a[name=\"b\"]"},
        {FOREIGN_TESTING_LIBRARY, "page.getByRole('button', { name: 'Save' })",
         "screen.getByRole('button', { name: 'Save' })"},
        {FOREIGN_TESTING_LIBRARY, "page.getByLabel('Name')", "screen.getByLabelText('Name')"},
        {FOREIGN_TESTING_LIBRARY, "page.getByPlaceholder('Find')",
         "screen.getByPlaceholderText('Find')"},
        {FOREIGN_TESTING_LIBRARY, "page.getByRole('row').getByText('a')", NULL},
        {FOREIGN_TESTING_LIBRARY, "page.locator('#save')", NULL},
    };
    char text[128];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool said = foreign_print(cases[i].tool, cases[i].selector, text, sizeof text);
        cr_expect_eq(said, cases[i].theirs != NULL, "%s", cases[i].selector);
        if (said && cases[i].theirs) {
            cr_expect_str_eq(text, cases[i].theirs);
        }
    }
    cr_expect_not(foreign_print(FOREIGN_CYPRESS, "page.locator('#save')", text, 10), "no room");
}
