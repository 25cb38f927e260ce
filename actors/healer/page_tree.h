/* page_tree.h - what a browser test saw, as the matcher wants it.
 *
 * Pure.
 */
#ifndef ACTORS_HEALER_PAGE_TREE_H
#define ACTORS_HEALER_PAGE_TREE_H

#include "actors/healer/page.h"
#include "actors/healer/tree.h"

/* Element i of the page becomes element i + 1 of the tree, below a root; `more`, unless NULL, the
 * last one.  The tree's texts are the page's.  *ret_tree is the caller's, for tree_free().
 * ERR_MEMORY, ERR_LIMIT. */
enum err page_tree(const struct page *page, const struct element *more,
                   struct tree *ret_tree) MUST_CHECK;

#endif
