/* dispatch.h - the whole of a run's scheduling, for runners that can be given parts of a file.
 *
 * With `no_relief` it decides as a run of the cluster does, by the same functions.
 *
 * Pure: time comes in as microseconds of any clock that does not go back.  One thread.
 *
 * A worker asks when it has nothing to do.  It gets a batch of what waits (schedule.h, queue.h), or
 * tests that another one has not begun (split.h); or nothing yet, and asks again when something has
 * changed.  Files without history are learned from as their tests are reported, and what waits is
 * put in order again.  It knows of a duration only by when a test is reported.
 */
#ifndef ACTORS_COMMON_DISPATCH_H
#define ACTORS_COMMON_DISPATCH_H

#include <stdbool.h>

#include "actors/common/queue.h"
#include "actors/common/schedule.h"
#include "actors/common/split.h"

struct dispatch_file {
    int64_t expected_us; /* from history; negative: unknown */
    uint32_t tests;      /* at least 1; 1 is a file that cannot be cut */
};

struct dispatch_terms {
    const struct dispatch_file *files; /* looked at by dispatch_new alone */
    size_t files_count;
    size_t workers;      /* that are expected from the beginning, numbered from 0 */
    size_t workers_max;  /* all are numbered below it */
    uint64_t setup_us;   /* what a worker spends on a piece before its first test */
    uint64_t unknown_us; /* guess for a file when nothing else is known */
    bool no_relief; /* what was given away stays so: long files of known length are cut before */
};

struct dispatch;

/* NULL without memory.  End it with dispatch_free. */
struct dispatch *dispatch_new(const struct dispatch_terms *terms);
void dispatch_free(struct dispatch **dispatch);

/* A worker that is idle; one that was not expected shares the work from its first time on.  True:
 * it has a piece now, whose first test begins `setup_us` later. */
bool dispatch_ask(struct dispatch *dispatch, size_t worker, uint64_t now_us);

/* What the worker is at; it may lose tests at its end whenever another one asks.  Holds until the
 * next call of dispatch_report or dispatch_lose for it. */
const struct queue_piece *dispatch_piece(const struct dispatch *dispatch, size_t worker);

enum dispatch_next {
    DISPATCH_TEST,  /* the piece goes on */
    DISPATCH_PIECE, /* the worker begins the next one of its batch */
    DISPATCH_IDLE   /* it has nothing left and may ask */
};

/* The worker's test has ended, whatever its status. */
enum dispatch_next dispatch_report(struct dispatch *dispatch, size_t worker, uint64_t now_us);

/* The worker is gone, with it the test that it was at; whatever it has not reported waits again. */
void dispatch_lose(struct dispatch *dispatch, size_t worker);

/* True while an idle worker may get something later without any further report: tests wait behind
 * one that takes its time. */
bool dispatch_may_give(const struct dispatch *dispatch);

#endif
