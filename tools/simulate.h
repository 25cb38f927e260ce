/* simulate.h - a run of given files on workers that are only imagined, by the production's
 * scheduling (actors/common/dispatch.h) under a virtual clock.
 *
 * Pure; the same arguments give the same result.
 */
#ifndef TOOLS_SIMULATE_H
#define TOOLS_SIMULATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"

struct simulate_file {
    int64_t expected_us; /* negative: unknown */
    uint64_t actual_us;
    uint64_t *tests_us; /* durations of its tests, together actual_us; NULL: it cannot be cut */
    uint32_t tests;     /* how many; 1 when it cannot be cut */
};

struct simulate_kill {
    size_t worker;
    uint64_t at_us;
};

struct simulate_terms {
    const struct simulate_file *files;
    size_t files_count;
    size_t workers; /* from the beginning; those that join are numbered after them */
    const struct simulate_kill *kills;
    size_t kills_count;
    const uint64_t *joins_us; /* when a further worker starts */
    size_t joins_count;
    uint64_t boot_us;     /* of a worker */
    uint64_t per_file_us; /* of a piece */
    double speed_sd;
    uint64_t seed;
    uint64_t unknown_us; /* partitioner.unknown_ms */
    bool no_relief;      /* dispatch.h */
};

struct simulate_worker {
    uint64_t busy_us; /* at pieces, with their set-up */
    uint64_t files;   /* pieces begun */
    double speed;
};

struct simulate_result {
    uint64_t makespan_us; /* when the last test was reported */
    double lower_bound_us;
    uint64_t lost;                   /* tests without a report */
    uint64_t doubled;                /* tests with more than one */
    struct simulate_worker *workers; /* owned by the caller: free() */
    size_t workers_count;
};

/* ERR_MEMORY. */
enum err simulate(const struct simulate_terms *terms,
                  struct simulate_result *ret_result) MUST_CHECK;

#endif
