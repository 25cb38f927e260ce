/* selector.h - what a selector hits on a page, as a browser and Playwright would say.
 *
 * CSS (Selectors 4 without namespaces, and :has-text, :text, :text-is, :visible, :nth-match of
 * Playwright), XPath 1.0, chains of engines (css=… >> text=… >> nth=0), and locators as they are
 * written in a test: page.getByRole('row', { name: 'Ada' }).locator('button').first().
 * Open shadow roots are pierced by all but XPath.
 *
 * Pure.
 */
#ifndef ACTORS_HEALER_SELECTOR_H
#define ACTORS_HEALER_SELECTOR_H

#include "actors/healer/tree.h"

enum {
    SELECTOR_BYTES_MAX = 4096,
    SELECTOR_DEPTH_MAX = 16,          /* of selectors in selectors */
    SELECTOR_WORK_MAX = 40 * 1000000, /* elements looked at */
    SELECTOR_MATCHES_MAX = TREE_NODES_MAX
};

struct selector;

/* Reads a selector.  On ERR_MALFORMED, ERR_UNSUPPORTED and ERR_LIMIT *ret_why (static) says what is
 * wrong; ERR_MEMORY.  Else *ret_selector is the caller's, for selector_destroy(). */
enum err selector_parse(const char *text, struct selector **ret_selector,
                        const char **ret_why) MUST_CHECK;
void selector_destroy(struct selector **selector);

struct selector_matches {
    int32_t *at; /* in the order in which Playwright would give them */
    size_t count;
    size_t capacity;
};

/* Finds all matches.  `testid` is the attribute of getByTestId, NULL for data-testid.  On success
 * *ret_matches is the caller's, for selector_matches_free().  ERR_LIMIT: more than
 * SELECTOR_WORK_MAX; ERR_MEMORY. */
enum err selector_find(const struct selector *selector, const struct tree *tree, const char *testid,
                       struct selector_matches *ret_matches) MUST_CHECK;
void selector_matches_free(struct selector_matches *matches);

#endif
