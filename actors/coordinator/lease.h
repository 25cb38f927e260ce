/* lease.h - jobs, and the leases under which they are given away.
 *
 * Pure: no clock, no I/O, no allocation.  The caller owns every struct; time comes in as monotonic
 * milliseconds.  One thread.
 *
 *     QUEUED -> LEASED -> RUNNING -> DONE    a result in which nothing failed
 *       ^          |         |    -> FAILED  a result in which something failed
 *       +----------+---------+    -> DEAD    no result to be had
 *
 * A lease covers a batch of jobs under one token.  Tokens only grow, also over restarts, because
 * their upper half is the epoch.  A job remembers the token of its last lease; what arrives under
 * any other is stale.  Changing a job here decides; it is true only when the ledger has it:
 *
 *     job_finish() -> ACCEPT -> ledger_finish_job -> committed -> job_committed() -> JOB_ACK
 *
 * Four things count against a job, each with a limit of its own:
 *     crashes   attempts that ended abnormally by the job's own doing (time-out, runner died, …)
 *     infra     leases lost with their worker or by silence: never the job's fault
 *     poison    executors that the job has certainly taken down
 *     failures  complete attempts in which something failed (the run's retries)
 */
#ifndef ACTORS_COORDINATOR_LEASE_H
#define ACTORS_COORDINATOR_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/error.h"
#include "proto/terms.h"

/* Stored in the ledger: numbers are never reused. */
enum job_state {
    JOB_QUEUED = 0,
    JOB_LEASED = 1,
    JOB_RUNNING = 2, /* a lease with a sign of life; stored as LEASED */
    JOB_DONE = 3,
    JOB_FAILED = 4,
    JOB_DEAD = 5,
    JOB_STATES = 6
};

struct lease_limits {
    uint64_t lease_ms;           /* coordinator.lease_ms */
    uint64_t attempts_max;       /* coordinator.attempts_max: crashes until DEAD */
    uint64_t infra_attempts_max; /* coordinator.infra_attempts_max: lost leases until DEAD */
    uint64_t poison_crashes_max; /* coordinator.poison_crashes_max: executors until DEAD */
};

struct lease;

/* One test file of one run.  Fields are for reading; the functions below change them. */
struct job {
    uint32_t index; /* its number in the run */
    enum job_state state;
    bool durable;           /* the ledger has the end of the attempt settled_token */
    uint64_t since_ms;      /* when it entered its state */
    uint64_t token;         /* of its last lease; 0: none yet */
    uint64_t settled_token; /* of the last attempt whose JOB_DONE was taken; 0: none yet */
    uint32_t attempts;      /* leases so far; the number of the current attempt */
    uint32_t crashes;
    uint32_t infra;
    uint32_t poison;
    uint32_t failures;
    struct lease *lease; /* it is under, while LEASED or RUNNING; else NULL */
    struct job *prev;    /* neighbours in the lease */
    struct job *next;
};

/* One GRANT: whatever its worker still owes. */
struct lease {
    uint64_t token;
    uint64_t deadline_ms;
    struct job *jobs; /* those without an end, in the order in which they were added; or NULL */
    struct job *last;
    uint32_t count; /* of them */
};

/* What a worker's message says about the lease it acts under. */
struct fence {
    uint64_t epoch; /* of the coordinator that granted it */
    uint64_t token;
};

/* ---- tokens ---- */

struct lease_source {
    uint64_t epoch;   /* ledger_begin's; 1 to 2^31 - 1, so that tokens fit into int64_t */
    uint64_t counter; /* tokens made in this epoch */
};

/* The next token, greater than all before: epoch << 32 | counter.
 * ERR_LIMIT: this epoch has none left (2^32 - 1 grants): restart for a new epoch. */
enum err lease_token_next(struct lease_source *source, uint64_t *ret_token) MUST_CHECK;

/* ---- a job ---- */

/* A new job, queued. */
void job_init(struct job *job, uint32_t index, uint64_t now_ms);

/* A job as the ledger has it, after a restart. */
struct job_record {
    uint32_t index;
    enum job_state state; /* QUEUED, LEASED or final */
    uint64_t token;
    uint32_t attempts;
    uint32_t crashes;
    uint32_t infra;
    uint32_t poison;
    uint32_t failures;
};

/* Makes a job as it was.  A LEASED one must go to a lease at once (lease_adopt). */
void job_restore(struct job *job, const struct job_record *record, uint64_t now_ms);

/* The one door between states; asserts that the table has it. */
void job_enter(struct job *job, enum job_state to, uint64_t now_ms);

static inline bool job_is_final(const struct job *job)
{
    return job->state == JOB_DONE || job->state == JOB_FAILED || job->state == JOB_DEAD;
}

/* Asserts whatever must always be true of a job. */
void job_check(const struct job *job);

/* A sign that this job of a batch is being worked on (TEST_DONE): LEASED -> RUNNING.
 * ERR_STALE: not under this lease (any more). */
enum err job_begin(struct job *job, struct fence fence, uint64_t now_ms) MUST_CHECK;

/* How an attempt ended, out of JOB_DONE and the TEST_DONEs before it. */
struct job_end {
    enum term outcome; /* TERM_outcome_… */
    bool failed;       /* the file itself, or at least one test */
    bool missing;      /* fewer tests were reported than announced */
    uint64_t retries;  /* of the run */
};

enum finish {
    FINISH_ACCEPT,    /* final now: write ledger_finish_job (job->token), then acknowledge */
    FINISH_AGAIN,     /* counted, queued again: write ledger_release, then acknowledge */
    FINISH_DUPLICATE, /* taken and committed before: acknowledge again, nothing else */
    FINISH_PENDING,   /* taken before, its commit is under way: the acknowledgement will follow */
    FINISH_STALE      /* of a lease that is over: acknowledge with ERR_STALE, count nothing */
};

/* Takes the end of an attempt.  A complete result is final, unless it failed and the run has
 * retries left.  An abnormal end (time-out, runner died, fewer tests than announced) is tried
 * again until attempts_max, then final as it is: DEAD, with the tests that were reported.
 * `interrupted` and `not-started` count as infra, `not-found` is final at once.
 * After ACCEPT or AGAIN the job has left its lease. */
enum finish job_finish(struct job *job, struct fence fence, const struct job_end *end,
                       const struct lease_limits *limits, uint64_t now_ms);

/* The ledger has what job_finish or job_lose decided under `token`.  Ignored for an older one. */
void job_committed(struct job *job, uint64_t token);

/* The ledger has taken the result of a job that passed for one to be repeated: it waits again.
 * Only between job_finish and whatever else looks at the job. */
void job_repeat(struct job *job, uint64_t now_ms);

/* Why a leased job comes back without an end. */
enum loss {
    LOSS_EXPIRED,  /* silence: infra */
    LOSS_WORKER,   /* its worker or node is gone: infra, never poison */
    LOSS_POISON,   /* this job alone has taken its executor down: poison */
    LOSS_RETURNED, /* handed back in good order (drain): counts nothing */
    LOSS_CANCELLED /* the run is over: DEAD */
};

/* Takes a LEASED or RUNNING job off its lease; with LOSS_CANCELLED a QUEUED one, too.  JOB_QUEUED:
 * write ledger_release. JOB_DEAD: a limit is reached: write ledger_finish_job with outcome
 * `interrupted` (poison: `worker-died`), the job's token and no tests; after LOSS_CANCELLED write
 * nothing: ledger_close_run does. */
enum job_state job_lose(struct job *job, enum loss loss, const struct lease_limits *limits,
                        uint64_t now_ms);

/* ---- a lease ---- */

/* An empty lease under a token from lease_token_next. */
void lease_init(struct lease *lease, uint64_t token, const struct lease_limits *limits,
                uint64_t now_ms);

/* Gives a QUEUED job to the lease: LEASED, next attempt.  Write ledger_grant for all of them, and
 * send GRANT only when that is committed (then lease_renew: the worker's time begins there). */
void lease_grant(struct lease *lease, struct job *job, uint64_t now_ms);

/* After a restart: puts a job that the ledger says is LEASED under this token (job->token) back
 * under a lease made with the same token, without a new attempt.  Give it half again the usual
 * time (lease_renew with now + lease_ms / 2): its worker must find the coordinator first. */
void lease_adopt(struct lease *lease, struct job *job);

/* A BEAT.  ERR_STALE: another lease's, leave it alone and answer REVOKE. */
enum err lease_renew(struct lease *lease, struct fence fence, const struct lease_limits *limits,
                     uint64_t now_ms) MUST_CHECK;

/* True when its time is over: lose all of its jobs with
 *     while (lease.jobs) { job_lose(lease.jobs, LOSS_EXPIRED, …) } */
bool lease_expired(const struct lease *lease, uint64_t now_ms);

/* Moves the deadline by the time for which the coordinator itself was not there. */
void lease_shift(struct lease *lease, uint64_t gap_ms);

/* ---- the detector's own lateness ---- */

struct lease_clock {
    uint64_t tick_ms; /* how often lease_clock_gap is meant to be called */
    uint64_t seen_ms; /* when it was last */
};

/* Call at each tick, before anything is accused of silence.  Returns by how much the caller was
 * late (stopped, starved, swapped out): every lease's deadline moves by it (lease_shift).  0 when
 * it was less than one further tick late.  A clock that stands still is no gap. */
uint64_t lease_clock_gap(struct lease_clock *clock, uint64_t now_ms);

#endif
