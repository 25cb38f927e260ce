/* suggest.h - a selector for an element that a person would write, and that lasts.
 *
 * In this order, as far as the element has it and it hits nothing else on the page: the kind that
 * the author used, if it is one of these; role and name, label, placeholder, text, alternative
 * text, title, test id (first when the author used test ids), the row that it is in, an id or
 * another attribute, classes, its place below the nearest of these.  What a program made up and
 * what holds numbers that nobody meant comes last.
 *
 * Pure.
 */
#ifndef ACTORS_HEALER_SUGGEST_H
#define ACTORS_HEALER_SUGGEST_H

#include "actors/healer/tree.h"

enum { SUGGESTION_SIZE = 1024, SUGGESTIONS_MAX = 4 };

struct suggestions {
    char at[SUGGESTIONS_MAX][SUGGESTION_SIZE]; /* page.getByRole('button', { name: 'Save' }) */
    size_t count;
};

struct suggest_input {
    const struct tree *tree;
    int32_t node;
    const struct tree_node *old; /* what it was; NULL: unknown */
    const char *selector;        /* of the author; "": unknown */
    const char *testid;          /* attribute of getByTestId; NULL: data-testid */
    bool css;                    /* locator('…') with CSS alone */
};

/* Finds up to SUGGESTIONS_MAX, the best first; each hits the element and nothing else.  ERR_MEMORY;
 * none at all is no error. */
enum err suggest(const struct suggest_input *input, struct suggestions *ret) MUST_CHECK;

#endif
