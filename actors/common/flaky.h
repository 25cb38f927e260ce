/* flaky.h - whether a test is flaky, by its results over many runs.
 *
 * Pure.  The evidence is an event: in one run it failed and then passed, or in two runs of the very
 * same tree it did so.  Events of runs in which far more tests were flaky than usual do not count:
 * then the machine was to blame.  Two events make a test flaky.  One does too, unless tests with a
 * single one are so many, beside those with more, that most of them are accidents.
 *
 * Order of calls: flaky_add_run of each run, oldest first; flaky_judge_runs; for each test, from
 * all zero, flaky_add of its results, oldest first, then flaky_count; then flaky_is.
 */
#ifndef ACTORS_COMMON_FLAKY_H
#define ACTORS_COMMON_FLAKY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"
#include "proto/terms.h"

struct flaky_run {
    uint64_t no;     /* grows */
    uint64_t flaky;  /* tests that were */
    uint64_t failed; /* tests that did, after all attempts */
    uint64_t at_ms;
    uint64_t tree; /* of its snapshot; set by flaky_add_run */
    bool noisy;    /* too many were flaky; set by flaky_judge_runs, as the next */
    bool broken;   /* too many failed */
};

struct flaky_runs {
    struct flaky_run *all; /* owned */
    size_t count;
    size_t capacity;
};

/* `snapshot` names the tree that was tested; empty: nobody knows.  ERR_MEMORY. */
enum err flaky_add_run(struct flaky_runs *runs, const struct flaky_run *run,
                       const char *snapshot) MUST_CHECK;
void flaky_judge_runs(struct flaky_runs *runs);
void flaky_runs_fini(struct flaky_runs *runs);

/* A test; all zero is one without results. */
struct flaky_test {
    uint64_t runs;    /* in which it passed or failed */
    uint64_t failed;  /* of them, after all attempts */
    uint64_t events;  /* of them, in which it was seen to do both */
    uint64_t flips;   /* runs that ended otherwise than the one before, or were flaky */
    uint64_t seen_ms; /* the newest event */
    size_t at;        /* run of the newest result, with 1 added; 0: none */
    enum term last;
};

/* A result in the run `no`; of a run that was not added it is left out. */
void flaky_add(struct flaky_test *test, const struct flaky_runs *runs, uint64_t no,
               enum term status);

/* How many tests have one event, and more. */
struct flaky_suite {
    uint64_t once;
    uint64_t again;
};

void flaky_count(struct flaky_suite *suite, const struct flaky_test *test);
bool flaky_is(const struct flaky_test *test, const struct flaky_suite *suite);

/* Share of its runs with an event. */
double flaky_rate(const struct flaky_test *test);

#endif
