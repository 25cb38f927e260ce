/* repair.h - what a broken selector meant, on pages that are known whole.
 *
 * Pure.
 */
#ifndef ACTORS_HEALER_REPAIR_H
#define ACTORS_HEALER_REPAIR_H

#include "actors/healer/match.h"

enum { REPAIR_SELECTOR_SIZE = 1024, REPAIR_ALTERNATIVES_MAX = 4 };

/* A wrong heal costs as much as twenty that are missed. */
static const double repair_confidence_min = 20.0 / 21;

struct repair {
    bool healed;
    int32_t node; /* of the new page; -1: none */
    double confidence;
    const char *reason; /* static */
};

/* Decides on what element `old` has become.  `guess`: whatever is likeliest is taken. */
void repair_decide(const struct match *match, int32_t old, const char *action, bool guess,
                   struct repair *ret_repair);

#endif
