/* optimize.h - the scaling that would have cost least for runs that have been, none of them slower.
 *
 * Pure; the same arguments give the same result.
 */
#ifndef TOOLS_OPTIMIZE_H
#define TOOLS_OPTIMIZE_H

#include "tools/simulate_scaling.h"

struct allocation {
    struct scaling_policy policy;
    double instance_s; /* of all instances together, from their starts to their ends */
    double usd;
    double p50_s;
    double p95_s;
    uint64_t instances_max; /* at a time */
};

struct optimized {
    struct allocation now;
    struct allocation best; /* `now` itself when nothing is better */
    size_t tried;
};

/* Plays `arrivals` (which it sorts by time) under `now` and under some hundred others: all rules,
 * parameters, idle times, no more instances than now.  The cheapest of those whose p95
 * is no worse.  ERR_MEMORY; ERR_LIMIT as simulate_scaling. */
enum err optimize(const struct scaling_policy *now, struct scaling_arrival *arrivals, size_t count,
                  struct optimized *ret) MUST_CHECK;

/* The word of a rule as it is configured, and the key of its parameter. */
const char *optimize_rule(enum scaling_rule rule);
const char *optimize_key(enum scaling_rule rule);

#endif
