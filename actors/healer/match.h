/* match.h - which element of a new page each element of an old one has become.
 *
 * All elements of both pages are assigned to each other at once, one to one: an element that is
 * explained by another one of the old page is not free to be taken.  How alike two elements are is
 * a weighed sum of features (match_pair.h), first of their own, then, in some rounds, also of what
 * their ancestors, descendants and neighbours have become.
 *
 * Pure.
 */
#ifndef ACTORS_HEALER_MATCH_H
#define ACTORS_HEALER_MATCH_H

#include "actors/healer/tree.h"

struct match; /* of two trees, which must outlive it */

/* Whether the trees are what is known of single elements (fingerprints, the page of a test) or
 * whole pages, whose structure means something. */
enum match_kind { MATCH_PAGES, MATCH_FINGERPRINTS, MATCH_KINDS };

/* ERR_MEMORY. */
enum err match_make(const struct tree *old, const struct tree *new, enum match_kind kind,
                    struct match **ret_match) MUST_CHECK;
void match_destroy(struct match **match);

enum { MATCH_RANKING_MAX = 10 };

struct match_found {
    int32_t node;      /* of the new page; -1: none at all */
    double confidence; /* that it is the right one, 0 to 1 */
    int32_t ranking[MATCH_RANKING_MAX];
    size_t ranking_count; /* best first; [0] is node */
};

/* An element of the old page, as long as its tree. */
const struct tree_node *match_old(const struct match *match, int32_t old);

/* What element `old` has become.  `action` (page.h, "" unknown) limits what it may be. */
void match_find(const struct match *match, int32_t old, const char *action,
                struct match_found *ret_found);

/* Whether an element can take the action: fill a text box, check a box. */
bool action_fits(const struct tree_node *node, const char *action);

#endif
