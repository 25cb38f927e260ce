/* batch.h - the work of one GRANT, and what is believed of its runner.
 *
 * Pure: no clock, no I/O.  A host's word is checked against what it did before: a result is
 * COMPLETE only when the tests that came are the tests that were announced.
 */
#ifndef ACTORS_EXECUTOR_BATCH_H
#define ACTORS_EXECUTOR_BATCH_H

#include "actors/executor/outbox.h"
#include "actors/executor/stream.h"

enum { BATCH_JOBS_MAX = 65536 };

enum batch_state {
    JOB_WAITING,
    JOB_OPEN, /* its runner has begun it */
    JOB_ENDED /* its JOB_DONE is in the outbox */
};

/* How an attempt ended. */
struct verdict {
    uint64_t outcome;
    bool failed;
    uint64_t duration_us;
    uint64_t cpu_us;
    struct msg_str message;
};

struct batch_job {
    uint64_t job;
    char *file;
    enum batch_state state;
    uint64_t tests;        /* reported so far */
    uint64_t collected;    /* announced so far, at most */
    uint64_t since_ms;     /* when it was begun */
    struct record *record; /* borrowed from the outbox while OPEN, if it has any result */
    uint64_t select;       /* of its tests; 0: all */
    char *names;           /* of a selection, a line each; else NULL */
    uint64_t seen;         /* of a selection: tests in the whole file */
};

/* A GRANT.  Strings are the batch's own. */
struct batch {
    char run[MSG_MAX_grant_run + 1];
    uint64_t work;
    uint64_t epoch;
    uint64_t token;
    uint64_t lease_ms;
    char *dir;
    char *root;
    char *env;
    char *runner;
    char *command;
    char *snapshot;
    struct batch_job *jobs;
    size_t count;  /* that belong to it */
    size_t filled; /* that have arrived */
    size_t ended;
    size_t found;          /* where batch_find looks first */
    uint64_t files;        /* of a listing, so far */
    struct record *record; /* of a listing */
};

/* ERR_LIMIT: more than BATCH_JOBS_MAX jobs; ERR_MEMORY. */
enum err batch_new(const struct msg_grant *grant, struct batch **ret_batch) MUST_CHECK;
void batch_destroy(struct batch **batch);

/* Takes the next job; one of another lease or beyond the count is ignored.  ERR_MEMORY. */
enum err batch_fill(struct batch *batch, const struct msg_lease *lease) MUST_CHECK;

static inline bool batch_is_full(const struct batch *batch)
{
    return batch->filled == batch->count;
}

/* The job of a file; NULL when it is not of this batch. */
struct batch_job *batch_find(struct batch *batch, struct msg_str file);

/* The first job in this state; NULL when there is none. */
struct batch_job *batch_first(struct batch *batch, enum batch_state state);

/* What to believe when a host says that a file has ended.  The message is borrowed from the event,
 * or static. */
struct verdict batch_judge(const struct batch_job *job, const struct event *end);

#endif
