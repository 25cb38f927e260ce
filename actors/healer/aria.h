/* aria.h - role and accessible name of an element, as the specifications (HTML-AAM, accname-1.2)
 * and Playwright have it.
 *
 * Pure.
 */
#ifndef ACTORS_HEALER_ARIA_H
#define ACTORS_HEALER_ARIA_H

#include "actors/healer/tree.h"

/* "" when it has none; static or the tree's. */
const char *aria_role(const struct tree *tree, const struct tree_node *node);

/* Whether the element is not in the accessibility tree. */
bool aria_is_hidden(const struct tree *tree, const struct tree_node *node);

/* Writes role and name of all elements of a finished tree.  ERR_MEMORY. */
enum err aria_fill(struct tree *tree) MUST_CHECK;

#endif
