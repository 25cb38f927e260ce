/* simulate_scaling.h - runs that arrive, on instances that come and go by the production's scaling
 * (actors/common/scaling.h), under a virtual clock.
 *
 * Pure.  Runs are worked at in the order of their arrival, each by all slots that there are.
 */
#ifndef TOOLS_SIMULATE_SCALING_H
#define TOOLS_SIMULATE_SCALING_H

#include <stddef.h>

#include "actors/common/scaling.h"
#include "proto/error.h"

struct scaling_arrival {
    double at_s;
    double cpu_s;
};

struct scaling_instance {
    double busy_s;
};

struct scaling_result {
    double makespan_s;
    double lower_bound_s; /* the latest of: a run that arrives finds nothing and gets everything */
    double usd;
    double p50_s; /* from arrival to end, of the runs */
    double p95_s;
    uint64_t instances_max; /* at a time */
    uint64_t stopped_busy;
    uint64_t lost;                      /* runs without an end */
    struct scaling_instance *instances; /* all there were; owned by the caller: free() */
    size_t instances_count;
};

/* Sorts the arrivals by time.  ERR_MEMORY; ERR_LIMIT: more than a million instances. */
enum err simulate_scaling(const struct scaling_policy *policy, struct scaling_arrival *arrivals,
                          size_t count, struct scaling_result *ret_result) MUST_CHECK;

/* Reads a policy from YAML: price_per_hour, slots_per_instance, start_lag_s, setup_s,
 * instances_max, idle_stop_s, decide_every_s, rule, and one key more, whatever its name: the rule's
 * parameter.  ERR_MALFORMED: `why` (size bytes) says what is wrong; ERR_MEMORY. */
enum err scaling_policy_read(const char *text, size_t text_size, struct scaling_policy *ret_policy,
                             char *why, size_t size) MUST_CHECK;

#endif
