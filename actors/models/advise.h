/* advise.h - which models a class should ask, by what was measured of each.
 *
 * Pure.  A model suffices where it mends as many as the best does, or nearly so; of those that
 * suffice the one that takes least time comes first.  What was not measured is not judged.
 */
#ifndef ACTORS_MODELS_ADVISE_H
#define ACTORS_MODELS_ADVISE_H

#include "actors/models/pool.h"

enum {
    ADVISE_CASES_MIN = 3, /* fewer say nothing */
    ADVISE_WHY_SIZE = 160
};

/* So much less of the cases than the best may a model mend and still suffice. */
#define ADVISE_SLACK 0.05

/* What came of one model in one class. */
struct advise_row {
    uint64_t cases; /* that it was tried on */
    uint64_t fixed; /* of these: mended, and proved */
    struct pool_count count;
};

struct advise_class {
    size_t chain[PLAN_CHAIN_MAX]; /* as in struct plan_class */
    size_t chain_count;
    bool measured;   /* false: the chain is as it was, and `why` says why */
    double was_ms;   /* mean time of a generation: by the first model of the chain as it was… */
    double is_ms;    /* …and by the first of this one; 0: not measured */
    double large_ms; /* and by the slowest of all: "always the large one" */
    char why[ADVISE_WHY_SIZE];
};

/* `rows`: one for each of the plan's models. */
void advise_class(const struct plan *plan, size_t class_index, const struct advise_row *rows,
                  struct advise_class *ret_class);

#endif
