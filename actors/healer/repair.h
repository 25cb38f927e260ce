/* repair.h - what a broken selector meant, on pages that are known whole.
 *
 * Pure.
 */
#ifndef ACTORS_HEALER_REPAIR_H
#define ACTORS_HEALER_REPAIR_H

#include "actors/healer/match.h"

/* A wrong heal costs as much as twenty that are missed: where one would do harm or hide a failure,
 * that is, of what cannot be undone and of assertions, more certainty is asked for.  Found on drawn
 * pages that were not trained with, see README.md. */
static const double repair_confidence_min = 0.85;
static const double repair_confidence_grave = 0.88;

struct repair {
    bool healed;
    bool intact;  /* the selector hits it, and nothing else, as it is */
    int32_t node; /* of the new page; -1: none */
    double confidence;
    const char *reason; /* static */
};

/* Decides on what element `old` has become.  `guess`: whatever is likeliest is taken. */
void repair_decide(const struct match *match, int32_t old, const char *action, bool guess,
                   struct repair *ret_repair);

/* Notes whether the author's selector still hits what was decided on. */
void repair_check(const struct tree *tree, const char *selector, struct repair *repair);

#endif
