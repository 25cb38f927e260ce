/* test_selector.c - which elements selectors hit, as Chromium and Playwright have them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/healer/aria.h"
#include "actors/healer/selector.h"
#include "actors/healer/suggest.h"

/* A page, an element a line: depth, tag, attributes as name=value with ; between, own text. */
static const struct line {
    int depth;
    const char *tag, *attrs, *text;
} page[] = {
    {0, "html", "", ""},
    {1, "body", "", ""},
    {2, "h1", "class=big title", "Users"},                         /* 2 */
    {2, "label", "for=q", "Search users"},                         /* 3 */
    {2, "input", "id=q;type=search;placeholder=Name or mail", ""}, /* 4 */
    {2, "table", "id=users", ""},                                  /* 5 */
    {3, "tr", "class=row;data-testid=ada", ""},                    /* 6 */
    {4, "td", "", "Ada Lovelace"},                                 /* 7 */
    {4, "td", "", ""},                                             /* 8 */
    {5, "button", "class=edit", "Edit"},                           /* 9 */
    {5, "button", "class=delete;disabled=", "Delete"},             /* 10 */
    {3, "tr", "class=row;data-testid=alan", ""},                   /* 11 */
    {4, "td", "", "Alan Turing"},                                  /* 12 */
    {4, "td", "", ""},                                             /* 13 */
    {5, "button", "class=edit", "Edit"},                           /* 14 */
    {5, "button", "class=delete", "Delete"},                       /* 15 */
    {2, "a", "href=/help;title=Help me", ""},                      /* 16 */
    {3, "img", "alt=Help", ""},                                    /* 17 */
    {2, "div", "role=button;aria-label=Close", "x"},               /* 18 */
    {2, "p", "hidden=", "Edit nothing"},                           /* 19 */
};
enum { LINES = sizeof page / sizeof page[0], DEPTHS = 8 };

static void add_attrs(struct tree *tree, int32_t node, const char *text)
{
    size_t count = 0;
    cr_assert_eq(tree_attrs(tree, node, 4), ERR_OK);
    while (*text) {
        size_t name = strcspn(text, "=");
        size_t value = strcspn(text + name + 1, ";");
        tree->nodes[node].attrs[count++] = (struct tree_attr){
            .name = tree_copy(tree, text, name), .value = tree_copy(tree, text + name + 1, value)};
        text += name + 1 + value;
        text += *text == ';';
    }
    tree->nodes[node].attrs_count = (uint16_t)count;
}

static struct tree make(void)
{
    struct tree tree = {0};
    int32_t at[DEPTHS] = {0};
    for (size_t i = 0; i < LINES; i++) {
        int32_t node;
        cr_assert_eq(
            tree_add(&tree, page[i].depth ? at[page[i].depth - 1] : -1, page[i].tag, &node),
            ERR_OK);
        at[page[i].depth] = node;
        add_attrs(&tree, node, page[i].attrs);
        tree.nodes[node].hidden = tree_attr(&tree.nodes[node], "hidden") != NULL;
        if (page[i].text[0]) {
            cr_assert_eq(tree_add_text(&tree, node, page[i].text), ERR_OK);
        }
    }
    cr_assert_eq(tree_finish(&tree), ERR_OK);
    cr_assert_eq(aria_fill(&tree), ERR_OK);
    return tree;
}

/* The matches as "9 14"; or why it is refused. */
static void find(const struct tree *tree, const char *text, char *found, size_t size)
{
    struct selector *selector;
    struct selector_matches matches = {.at = NULL};
    const char *why;
    size_t used = 0;
    found[0] = '\0';
    if (selector_parse(text, &selector, &why) != ERR_OK) {
        (void)snprintf(found, size, "%s", why);
        return;
    }
    cr_assert_eq(selector_find(selector, tree, NULL, &matches), ERR_OK, "%s", text);
    for (size_t i = 0; i < matches.count; i++) {
        used += (size_t)snprintf(found + used, size - used, i ? " %d" : "%d", (int)matches.at[i]);
    }
    selector_matches_free(&matches);
    selector_destroy(&selector);
}

static const struct trial {
    const char *selector;
    const char *found;
} trials[] = {
    /* CSS */
    {"tr > td:first-child", "7 12"},
    {"tr:nth-child(2) .edit", "14"},
    {"tr:nth-last-child(2) button:nth-of-type(2)", "10"},
    {"td:has(> .delete:not([disabled]))", "13"},
    {"button:disabled, h1.big.title", "2 10"},
    {"[data-testid^='a'][data-testid$=\"n\"]", "11"},
    {"[class~=title], [placeholder*='MAIL' i]", "2 4"},
    {"h1 + label ~ a", "16"},
    {":is(a, p):not(:visible)", "19"},
    {"tr:has-text('alan') button:text-is('Edit')", "14"},
    {"td:nth-child(odd)", "7 12"},
    {":nth-match(button, 3)", "14"},
    {"img:only-child", "17"},
    /* XPath */
    {"xpath=//tr[2]/td[2]/button[1]", "14"},
    {"//button[not(@disabled)][last()]", "9 15"},
    {"xpath=(//button)[last()]", "15"},
    {"xpath=//td[contains(., 'Ada')]/following-sibling::td//button[position() = 2]", "10"},
    {"xpath=//button[text()='Edit' and ../../@data-testid='alan']", "14"},
    {"xpath=//*[@id='q' or starts-with(@title, 'Help')]", "4 16"},
    {"xpath=//button/ancestor::tr[1]", "6 11"},
    {"xpath=//tr[count(td) >= 2 and string-length(td[1]) < 12]", "11"},
    /* engines in chains */
    {"#users >> text=delete >> nth=-1", "15"},
    {"text=\"Edit\"", "9 14"},
    {"role=button[name='close'i]", "18"},
    {"tr >> nth=1 >> css=.delete", "15"},
    {"data-testid=alan >> button >> visible=true", "14 15"},
    /* locators */
    {"page.getByRole('button', { name: 'edit' })", "9 14"},
    {"page.getByRole('button', { name: /^(close|del)/i })", "10 15 18"},
    {"page.getByRole('button', { disabled: true })", "10"},
    {"page.getByRole('row', { name: 'Ada' }).getByRole('button').first()", "9"},
    {"page.locator('tr').filter({ hasText: 'Turing' }).locator('.delete')", "15"},
    {"page.locator('tr', { has: page.getByText('Ada Lovelace') })", "6"},
    {"page.locator('tr').filter({ hasNotText: /ada/i })", "11"},
    {"page.getByText('Edit', { exact: true })", "9 14"},
    {"page.getByText('edit')", "9 14 19"},
    {"page.getByLabel('search')", "4"},
    {"page.getByPlaceholder('mail')", "4"},
    {"page.getByAltText('Help')", "17"},
    {"page.getByTitle(\"help\")", "16"},
    {"page.getByTestId('ada').getByRole('button').nth(1)", "10"},
    {"page.getByRole('link', { name: 'Help' })", "16"},
    {"page.getByRole('img').or(page.locator('h1'))", "2 17"},
    {"this.page.getByRole('button').and(page.locator('.edit')).last()", "14"},
    {"getByRole('heading', { level: 1 })", "2"},
    {"page.getByRole('searchbox', { name: 'Search users', exact: true })", "4"},
    /* nothing */
    {"page.getByRole('button').nth(9)", ""},
    {"xpath=//svg", ""},
    /* refused */
    {"page.getByText(name)", "a locator with a variable in it"},
    {"page.getByText(`${name}`)", "a text with a variable in it"},
    {"tr >", "a part of the selector is empty"},
    {"tr:frobnicate", "a pseudo-class that is not known"},
    {"xpath=//tr[", "not XPath"},
    {"page.getByRole('button').click()", "a method that is not known"},
};

Test(selector, finds_what_a_browser_does)
{
    struct tree tree = make();
    char found[512];
    for (size_t i = 0; i < sizeof trials / sizeof trials[0]; i++) {
        find(&tree, trials[i].selector, found, sizeof found);
        cr_expect_str_eq(found, trials[i].found, "%s: %s, not %s", trials[i].selector, found,
                         trials[i].found);
    }
    tree_free(&tree);
}

Test(selector, pierces_shadow_roots_but_not_with_xpath)
{
    struct tree tree = {0};
    int32_t host;
    int32_t inner;
    char found[64];
    cr_assert_eq(tree_add(&tree, -1, "html", &host), ERR_OK);
    cr_assert_eq(tree_add(&tree, 0, "x-a", &host), ERR_OK);
    cr_assert_eq(tree_add(&tree, host, "button", &inner), ERR_OK);
    tree.nodes[inner].shadow = true;
    cr_assert_eq(tree_add_text(&tree, inner, "Save"), ERR_OK);
    cr_assert_eq(tree_add(&tree, host, "button", &inner), ERR_OK);
    cr_assert_eq(tree_finish(&tree), ERR_OK);
    cr_assert_eq(aria_fill(&tree), ERR_OK);
    cr_expect_str_eq(tree.nodes[2].path, "/html[1]/x-a[1]/#shadow-root/button[1]");
    cr_expect_str_eq(tree.nodes[3].path, "/html[1]/x-a[1]/button[1]");
    find(&tree, "x-a > button:first-child", found, sizeof found);
    cr_expect_str_eq(found, "2 3");
    find(&tree, "page.getByText('save')", found, sizeof found);
    cr_expect_str_eq(found, "2");
    find(&tree, "xpath=//button", found, sizeof found);
    cr_expect_str_eq(found, "3");
    tree_free(&tree);
}

Test(selector, gives_up_what_takes_too_much)
{
    struct tree tree = {0};
    struct selector *selector;
    struct selector_matches matches = {.at = NULL};
    const char *why;
    int32_t node;
    cr_assert_eq(tree_add(&tree, -1, "html", &node), ERR_OK);
    for (int i = 0; i < 5000; i++) {
        cr_assert_eq(tree_add(&tree, 0, "b", &node), ERR_OK);
    }
    cr_assert_eq(tree_finish(&tree), ERR_OK);
    cr_assert_eq(
        selector_parse("b:nth-last-child(3n):has(+ b:nth-last-child(2n))", &selector, &why),
        ERR_OK);
    cr_expect_eq(selector_find(selector, &tree, NULL, &matches), ERR_LIMIT);
    selector_destroy(&selector);
    tree_free(&tree);
}

/* ---- new selectors ---- */

static const struct {
    int32_t node;
    const char *author;
    const char *first;
} suggestions[] = {
    {4, "page.locator('.x input')", "page.getByRole('searchbox', { name: 'Search users' })"},
    {4, "page.getByPlaceholder('Mail')", "page.getByPlaceholder('Name or mail')"},
    {14, "page.locator('tr:nth-child(2) .edit')",
     "page.getByRole('row').filter({ hasText: 'Alan Turing' }).getByRole('button', { name: 'Edit' "
     "})"},
    {6, "page.getByTestId('x')", "page.getByTestId('ada')"},
    {17, "page.getByAltText('Hilfe')", "page.getByAltText('Help')"},
    {18, "", "page.getByRole('button', { name: 'Close' })"},
    {5, "page.locator('table')", "page.getByRole('table')"},
};

Test(suggest, names_what_tells_the_element_apart)
{
    struct tree tree = make();
    static struct suggestions made;
    for (size_t i = 0; i < sizeof suggestions / sizeof suggestions[0]; i++) {
        const struct suggest_input input = {
            .tree = &tree, .node = suggestions[i].node, .selector = suggestions[i].author};
        cr_assert_eq(suggest(&input, &made), ERR_OK);
        cr_assert_gt(made.count, (size_t)0);
        cr_expect_str_eq(made.at[0], suggestions[i].first);
    }
    tree_free(&tree);
}

Test(suggest, finds_something_for_every_element_and_all_of_it_hits)
{
    struct tree tree = make();
    static struct suggestions made;
    char found[64];
    char wanted[16];
    for (int32_t i = 1; i < (int32_t)tree.count; i++) {
        const struct suggest_input input = {.tree = &tree, .node = i, .selector = ""};
        cr_assert_eq(suggest(&input, &made), ERR_OK);
        cr_assert_gt(made.count, (size_t)0, "%s", tree.nodes[i].path);
        for (size_t j = 0; j < made.count; j++) {
            find(&tree, made.at[j], found, sizeof found);
            (void)snprintf(wanted, sizeof wanted, "%d", (int)i);
            cr_expect_str_eq(found, wanted, "%s", made.at[j]);
        }
    }
    tree_free(&tree);
}
