/* schedule.h - in which order to run test files, and how many to give away at a time.
 *
 * Pure.  The partitioner orders, the coordinator cuts batches, `troupe partition` and the simulator
 * call the very same functions.
 *
 * Order: files of unknown length first (one of them may be the longest), then longest first
 * (Graham, "Bounds on multiprocessing timing anomalies", 1969).  Batches: guided self-scheduling
 * (Polychronopoulos and Kuck, 1987): a share of what is left, so that batches are long while much
 * is left and single files at the end.
 */
#ifndef ACTORS_COMMON_SCHEDULE_H
#define ACTORS_COMMON_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"

struct schedule_file {
    uint64_t index;       /* the caller's number for it; breaks ties */
    int64_t expected_us;  /* from history; negative: unknown */
    uint64_t estimate_us; /* set by schedule_order: expected, or a guess */
};

/* Sorts into the order in which to run.  Unknown files are guessed at the median of the known
 * ones, or at `unknown_us` when there are none. */
void schedule_order(struct schedule_file *files, size_t count, uint64_t unknown_us);

/* How much expected work to give to one of `workers` that ask when `left_us` is left.  A batch that
 * costs `boot_us` to start is worth ten times that while nobody gets more than an even share by it,
 * and twice that to the end. */
uint64_t schedule_batch_us(uint64_t left_us, uint64_t workers, uint64_t boot_us);

struct schedule_plan {
    uint64_t makespan_us;    /* when the last worker ends */
    uint64_t lower_bound_us; /* no plan ends earlier: mean load, or the longest file */
};

/* Cuts ordered files over `workers`: each to whoever is free first.  ret_worker[i] is the worker of
 * files[i].  ERR_MEMORY. */
enum err schedule_cut(const struct schedule_file *files, size_t count, size_t workers,
                      size_t *ret_worker, struct schedule_plan *ret_plan) MUST_CHECK;

#endif
