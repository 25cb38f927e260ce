/* advise.c - see advise.h. */
#include "actors/models/advise.h"

#include <assert.h>
#include <stdio.h>

static double share(const struct advise_row *row)
{
    return (double)row->fixed / (double)row->cases;
}

static double mean_ms(const struct advise_row *row)
{
    uint64_t done = row->count.outcomes[POOL_DONE];
    return done > 0 ? (double)row->count.ms / (double)done : 0;
}

static bool is_known(const struct advise_row *row)
{
    return row->cases >= ADVISE_CASES_MIN && row->count.outcomes[POOL_DONE] > 0;
}

/* Who comes before whom: those that suffice, the fastest first; then the others, the best first. */
static bool before(const struct advise_row *a, const struct advise_row *b, double enough)
{
    bool a_suffices = share(a) >= enough;
    if (a_suffices != (share(b) >= enough)) {
        return a_suffices;
    }
    return a_suffices || a->fixed * b->cases == b->fixed * a->cases ? mean_ms(a) < mean_ms(b)
                                                                    : share(a) > share(b);
}

static void keep(const struct plan_class *class, const char *why, struct advise_class *ret)
{
    ret->chain_count = class->chain_count;
    for (size_t i = 0; i < class->chain_count; i++) {
        ret->chain[i] = class->chain[i];
    }
    ret->is_ms = ret->was_ms;
    (void)snprintf(ret->why, sizeof ret->why, "%s", why);
}

/* Puts a model at its place; whoever is last falls off a full chain. */
static void insert(const struct advise_row *rows, size_t model, double enough,
                   struct advise_class *ret)
{
    size_t at = ret->chain_count;
    while (at > 0 && before(&rows[model], &rows[ret->chain[at - 1]], enough)) {
        at--;
    }
    ret->chain_count += ret->chain_count < PLAN_CHAIN_MAX;
    for (size_t i = ret->chain_count; i-- > at + 1;) {
        ret->chain[i] = ret->chain[i - 1];
    }
    if (at < PLAN_CHAIN_MAX) {
        ret->chain[at] = model;
    }
}

void advise_class(const struct plan *plan, size_t class_index, const struct advise_row *rows,
                  struct advise_class *ret_class)
{
    const struct plan_class *class = &plan->classes[class_index];
    double best = 0;
    bool any = false;
    assert(class->chain_count > 0);
    *ret_class = (struct advise_class){.was_ms = mean_ms(&rows[class->chain[0]])};
    for (size_t i = 0; i < plan->models_count; i++) {
        if (is_known(&rows[i])) {
            any = true;
            best = share(&rows[i]) > best ? share(&rows[i]) : best;
            double ms = mean_ms(&rows[i]);
            ret_class->large_ms = ms > ret_class->large_ms ? ms : ret_class->large_ms;
        }
    }
    if (best <= 0) {
        keep(class, any ? "no model mended anything" : "too few cases were measured", ret_class);
        return;
    }
    for (size_t i = 0; i < plan->models_count; i++) {
        if (is_known(&rows[i]) && rows[i].fixed > 0) {
            insert(rows, i, best - ADVISE_SLACK, ret_class);
        }
    }
    const struct advise_row *first = &rows[ret_class->chain[0]];
    ret_class->measured = true;
    ret_class->is_ms = mean_ms(first);
    (void)snprintf(ret_class->why, sizeof ret_class->why,
                   "%llu of %llu mended (the best: %.0f %%), %.0f ms each",
                   (unsigned long long)first->fixed, (unsigned long long)first->cases, best * 100,
                   ret_class->is_ms);
}
