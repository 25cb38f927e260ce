/* repair.h - what a broken selector meant, on pages that are known whole.
 *
 * Pure.
 */
#ifndef ACTORS_HEALER_REPAIR_H
#define ACTORS_HEALER_REPAIR_H

#include "actors/healer/match.h"

/* A wrong heal costs as much as twenty that are missed.  That would be 0.95 if pages were like
 * those of tools/train-heal; on others the confidence is the more careful, see README.md. */
static const double repair_confidence_min = 0.9;

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
