/* scaling.h - how many instances to have for the work there is, and when to let one go.
 *
 * Pure.  By seconds of work, not by messages.  Instances are only ever added by a decision; each
 * goes by itself when it has been idle for long enough, so that none is stopped that works.
 */
#ifndef ACTORS_COMMON_SCALING_H
#define ACTORS_COMMON_SCALING_H

#include <stdbool.h>
#include <stdint.h>

#include "actors/common/cost.h"
#include "config/config.h"

enum scaling_rule {
    SCALING_DEADLINE, /* parameter: seconds in which all that waits should be done */
    SCALING_SQRT,     /* parameter: what a second of waiting is worth, in the unit of the price */
    SCALING_BACKLOG,  /* parameter: seconds of work for each slot */
    SCALING_RULES
};

struct scaling_policy {
    enum scaling_rule rule;
    double parameter;
    double price_per_hour; /* of an instance, from its start to its end */
    double slots_per_instance;
    double start_lag_s; /* from the decision until an instance runs */
    double setup_s;     /* and until it can work */
    double idle_stop_s;
    double decide_every_s;
    double instances_max;
};

/* The policy of a configuration, at the price of its instances. */
void scaling_policy_of(const struct config *config, struct scaling_policy *ret_policy);

struct scaling_state {
    double work_s;   /* processor seconds that wait or are under way */
    uint64_t ready;  /* instances that can work */
    uint64_t coming; /* instances that were started and cannot work yet */
};

/* How many instances to start now.  Where those that are ready would be done before another one
 * can work, none. */
uint64_t scaling_start(const struct scaling_policy *policy, const struct scaling_state *state);

/* ---- in a cluster ---- */

struct scaling_view {
    double work_s;      /* as far as the budget lets it be done */
    uint64_t slots;     /* of executors that the coordinator knows */
    uint64_t instances; /* that there are, whether they can work yet or not */
    enum budget_stage stage;
    bool no_spot; /* there was no room for one lately */
};

/* How many instances so many slots belong to: one of which only some are there counts. */
uint64_t scaling_ready(const struct scaling_policy *policy, uint64_t slots);

struct scaling_choice {
    uint64_t start;
    bool on_demand;
};

/* What to start now: by the rule, within what the budget still allows. */
struct scaling_choice scaling_choose(const struct scaling_policy *policy, bool spot,
                                     const struct scaling_view *view);

/* Whether an instance that has been idle for so long should end itself; negative: it works. */
bool scaling_may_stop(const struct scaling_policy *policy, double idle_s);

#endif
