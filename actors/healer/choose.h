/* choose.h - looks for the element that a broken locator means; see heal.h for the rules.
 *
 * Pure.
 */
#ifndef ACTORS_HEALER_CHOOSE_H
#define ACTORS_HEALER_CHOOSE_H

#include "actors/healer/locator.h"
#include "actors/healer/page.h"

struct search {
    const struct page *page;
    const struct page *known;     /* NULL: unknown */
    const struct element *target; /* what the locator hit then, in `known`; NULL: unknown */
    struct locator locator;       /* the failed one */
    const char *action;           /* of page.h */
};

struct choice {
    const struct element *element; /* NULL: none */
    double confidence;
    const char *why; /* or why not; static */
};

/* "toBeVisible", "not.toHaveText": it claims something of the element. */
bool action_is_assertion(const char *action);

/* The claim could be that there is no such element. */
bool action_is_absence(const char *action);

/* Looks for search->target, which is known.  None, with `why` NULL: nothing of it is there. */
struct choice choose_by_target(const struct search *search);

/* Compares the name of search->target, which is known, with those of its role.  None, with `why`
 * NULL: it had no name of its own, or nothing is named like that. */
struct choice choose_by_old_name(const struct search *search);

/* Asks the matcher (match.h) what search->target, which is known, has become.  None, with `why`
 * NULL: it is not sure enough. */
struct choice choose_by_match(const struct search *search);

/* Compares what the locator says with the page. */
struct choice choose_by_words(const struct search *search);

/* Whether both are the same element, as far as can be told over time. */
bool element_resembles(const struct element *a, const struct element *b);

#endif
