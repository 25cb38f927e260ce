/* teach.h - a model that has learned corrections, and has forgotten nothing that it is tried on.
 *
 * Pure; deterministic.
 */
#ifndef ACTORS_CLASSIFIER_TEACH_H
#define ACTORS_CLASSIFIER_TEACH_H

#include "actors/classifier/learn.h"

/* Texts as they are learned; borrowed. */
struct teach_texts {
    const struct lesson *list;
    size_t count;
};

/* How a model does. */
struct teach_score {
    size_t right;
    double surprise; /* mean of -log of the probability of the truth */
};

struct teach_sums {
    size_t rounds; /* that were kept; 0: the model is as it was */
    struct teach_score taught_before, taught_after;
    struct teach_score tried_before, tried_after;
};

/* Learns `taught` on top of what `base` knows, in rounds with small steps, until all of it is named
 * with some certainty, at most TEACH_ROUNDS_MAX.  A round after which fewer of `tried` are right
 * than before the first, or the surprise at them has grown, is taken back and is the last: so what
 * is not about the corrections stays as it was.  Either list may be empty.  ERR_MEMORY. */
enum { TEACH_ROUNDS_MAX = 40 };
enum err teach(const struct model *base, const struct teach_texts *taught,
               const struct teach_texts *tried, struct model *ret_model,
               struct teach_sums *ret_sums) MUST_CHECK;

#endif
