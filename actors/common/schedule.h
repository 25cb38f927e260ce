/* schedule.h - in which order to run test files, and how many to give away at a time.
 *
 * Pure.  The partitioner orders, the coordinator cuts batches, `troupe partition` and the simulator
 * call the very same functions.
 *
 * Order: files of unknown length first (one of them may be the longest; where it is known how many
 * tests they have, the one that may hold the longest test), then longest first
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
    uint64_t longest_us;  /* of an unknown one: what its longest test may take; 0: no idea */
    uint64_t estimate_us; /* set by schedule_order: expected, or a guess */
};

/* Sorts into the order in which to run.  Unknown files are guessed at the median of the known
 * ones, or at `unknown_us` when there are none. */
void schedule_order(struct schedule_file *files, size_t count, uint64_t unknown_us);

/* What tests that have run say about those that have not: how long one takes, and how that goes
 * with the number of tests in its file.  All zero knows nothing. */
struct schedule_guess {
    double tests, spent_us;     /* tests so far, and their time */
    double files, x, y, xx, xy; /* x: logarithm of a file's tests, y: of the time of one */
};

/* A test took so long; a file of so many tests took so long altogether. */
void schedule_saw_tests(struct schedule_guess *guess, uint64_t tests, uint64_t spent_us);
void schedule_saw_file(struct schedule_guess *guess, uint64_t tests, uint64_t spent_us);

/* Expected time of one test of an unknown file that has `tests` (at least 1); `unknown_us` is the
 * guess for a whole file as long as nothing has run. */
double schedule_test_us(const struct schedule_guess *guess, uint64_t tests, uint64_t unknown_us);

/* How much longer than the mean the longest of `count` tests may be (of exponential lengths). */
double schedule_longest(uint64_t count);

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
