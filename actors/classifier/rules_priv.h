/* rules_priv.h - what the readers of rules share; for rules*.c only. */
#ifndef ACTORS_CLASSIFIER_RULES_PRIV_H
#define ACTORS_CLASSIFIER_RULES_PRIV_H

#include "actors/classifier/rules.h"
#include "actors/common/binder.h"

/* A set of texts to find the number of one that is known already; open addressing. */
enum { RULES_SLOTS = 2 * NEEDLES_MAX };

/* One reading of one file, or of two.  A step returns an error only when reading cannot go on; what
 * else is wrong goes into the report. */
struct loader {
    struct binder binder;
    struct rules *rules;
    bool is_over;      /* the second file, laid over the first */
    size_t base_count; /* rules of the first */
    size_t base_routes;
    size_t base_tools;
    bool is_full; /* it was said that there is no room for more patterns */
    const char *needles[NEEDLES_MAX];
    uint16_t slots[RULES_SLOTS]; /* number of a needle + 1, or 0 */
};

/* Names of which some are older ones that stand for others. */
struct loader_keys {
    const struct binder_names *names; /* the newer first */
    size_t count;                     /* of the newer */
    const size_t *instead;            /* of the older: which newer one each means */
};

/* binder_next_key, but an older key is told among the warnings and taken for the newer. */
enum err loader_next_key(struct loader *self, const struct loader_keys *keys, uint32_t *seen,
                         size_t *ret_key) MUST_CHECK;

void loader_warn(struct loader *self, const struct reader_item *item, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- rules_patterns.c ---- */

/* A list of patterns; `what` names it. */
enum err loader_read_patterns(struct loader *self, enum rules_list list, const char *what,
                              struct rules_span *ret_span) MUST_CHECK;

/* ---- rules_read.c ---- */

/* One rule; `item` opened its map. */
enum err loader_read_rule(struct loader *self, const struct reader_item *item) MUST_CHECK;
enum err loader_read_otherwise(struct loader *self) MUST_CHECK;

#endif
