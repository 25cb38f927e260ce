/* lease.c - the states of a job, and what counts under which lease.
 *
 * Mutants for the harness that proves that the tests would notice:
 *     TROUPE_MUTANT_NO_FENCE    a result counts whatever its token
 *     TROUPE_MUTANT_NO_DEDUPE   a repeated result counts again
 *     TROUPE_MUTANT_LOST_LEASE  an expired lease is never noticed
 */
#include "actors/coordinator/lease.h"

#include <assert.h>
#include <stddef.h>

#ifdef TROUPE_MUTANT_NO_FENCE
enum { FENCE = 0 };
#else
enum { FENCE = 1 };
#endif
#ifdef TROUPE_MUTANT_NO_DEDUPE
enum { DEDUPE = 0 };
#else
enum { DEDUPE = 1 };
#endif
#ifdef TROUPE_MUTANT_LOST_LEASE
enum { EXPIRY = 0 };
#else
enum { EXPIRY = 1 };
#endif

enum { EPOCH_SHIFT = 32 };
#define EPOCH_MAX   (UINT64_C(0x7fffffff)) /* tokens are kept as int64_t */
#define COUNTER_MAX (UINT64_C(0xffffffff))

/* allowed[from][to]; the picture is in lease.h.  A final state has no way out. */
static const bool allowed[JOB_STATES][JOB_STATES] = {
    [JOB_QUEUED] = {[JOB_LEASED] = true, [JOB_DEAD] = true},
    [JOB_LEASED] = {[JOB_RUNNING] = true, [JOB_QUEUED] = true, [JOB_DEAD] = true},
    [JOB_RUNNING] =
        {[JOB_QUEUED] = true, [JOB_DONE] = true, [JOB_FAILED] = true, [JOB_DEAD] = true},
};

/* What an outcome says about the attempt. */
enum blame {
    BLAME_JOB = 0, /* also for numbers of a newer version: they are counted, so they end */
    BLAME_NOBODY,
    BLAME_INFRA,
    BLAME_INPUT
};

static const enum blame blames[] = {
    [TERM_outcome_COMPLETE] = BLAME_NOBODY,   [TERM_outcome_UNHANDLED] = BLAME_NOBODY,
    [TERM_outcome_TIMEOUT] = BLAME_JOB,       [TERM_outcome_CRASHED] = BLAME_JOB,
    [TERM_outcome_NO_TESTS] = BLAME_NOBODY,   [TERM_outcome_INCOMPLETE] = BLAME_JOB,
    [TERM_outcome_NOT_FOUND] = BLAME_INPUT,   [TERM_outcome_INTERRUPTED] = BLAME_INFRA,
    [TERM_outcome_NOT_STARTED] = BLAME_INFRA,
};

static enum blame blame(const struct job_end *end)
{
    size_t outcome = (size_t)end->outcome;
    if (outcome >= sizeof blames / sizeof blames[0]) {
        return BLAME_JOB;
    }
    /* Fewer tests than announced are no complete result, whatever the runner calls it. */
    return blames[outcome] == BLAME_NOBODY && end->missing ? BLAME_JOB : blames[outcome];
}

/* ---- tokens ---- */

enum err lease_token_next(struct lease_source *source, uint64_t *ret_token)
{
    assert(source->epoch > 0);
    assert(source->epoch <= EPOCH_MAX);
    if (source->counter >= COUNTER_MAX) {
        return ERR_LIMIT;
    }
    source->counter++;
    *ret_token = source->epoch << EPOCH_SHIFT | source->counter;
    return ERR_OK;
}

static bool fence_is_sound(struct fence fence)
{
    return fence.token != 0 && fence.epoch == fence.token >> EPOCH_SHIFT;
}

/* ---- a job ---- */

static bool is_leased(const struct job *job)
{
    return job->state == JOB_LEASED || job->state == JOB_RUNNING;
}

void job_init(struct job *job, uint32_t index, uint64_t now_ms)
{
    *job = (struct job){.index = index, .state = JOB_QUEUED, .since_ms = now_ms};
    job_check(job);
}

void job_restore(struct job *job, const struct job_record *record, uint64_t now_ms)
{
    assert(record->state < JOB_STATES);
    assert(record->state != JOB_RUNNING); /* the ledger knows leases, not signs of life */
    assert(record->state == JOB_QUEUED || record->state == JOB_DEAD || record->token != 0);
    *job = (struct job){
        .index = record->index,
        .state = record->state,
        .since_ms = now_ms,
        .token = record->token,
        .attempts = record->attempts,
        .crashes = record->crashes,
        .infra = record->infra,
        .poison = record->poison,
        .failures = record->failures,
    };
    if (job_is_final(job)) {
        job->settled_token = job->token;
        job->durable = true;
    }
}

void job_check(const struct job *job)
{
    assert(job->state < JOB_STATES);
    assert(is_leased(job) == (job->lease != NULL));
    assert(!job->lease || job->lease->token == job->token);
    assert(job->lease || (!job->prev && !job->next));
    assert(job->settled_token <= job->token);
    assert(!is_leased(job) || job->settled_token < job->token);
    assert((job->attempts == 0) == (job->token == 0));
    assert(!is_leased(job) || job->attempts > 0);
    assert(job->state != JOB_DONE || job->settled_token == job->token);
    assert(job->state != JOB_FAILED || job->settled_token == job->token);
}

void job_enter(struct job *job, enum job_state to, uint64_t now_ms)
{
    assert(job->state < JOB_STATES);
    assert(to < JOB_STATES);
    assert(allowed[job->state][to]);
    assert(now_ms >= job->since_ms);
    job->state = to;
    job->since_ms = now_ms;
}

static bool holds(const struct job *job, struct fence fence)
{
    return is_leased(job) && (!FENCE || (fence_is_sound(fence) && fence.token == job->token));
}

enum err job_begin(struct job *job, struct fence fence, uint64_t now_ms)
{
    job_check(job);
    if (!holds(job, fence)) {
        return ERR_STALE;
    }
    if (job->state == JOB_LEASED) {
        job_enter(job, JOB_RUNNING, now_ms);
    }
    return ERR_OK;
}

/* Takes a job off its lease's list. */
static void leave(struct job *job)
{
    struct lease *lease = job->lease;
    assert(lease && lease->count > 0);
    *(job->prev ? &job->prev->next : &lease->jobs) = job->next;
    *(job->next ? &job->next->prev : &lease->last) = job->prev;
    lease->count--;
    assert((lease->count == 0) == (lease->jobs == NULL));
    job->lease = NULL;
    job->prev = NULL;
    job->next = NULL;
}

/* Counts one more event against the job: true while it may be tried again. */
static bool count(uint32_t *counter, uint64_t limit)
{
    (*counter)++;
    return *counter < limit;
}

/* Where an attempt that ended like this leads. */
static enum job_state next_state(struct job *job, const struct job_end *end,
                                 const struct lease_limits *limits)
{
    switch (blame(end)) {
    case BLAME_NOBODY:
        if (!end->failed && end->outcome == TERM_outcome_COMPLETE) {
            return JOB_DONE;
        }
        job->failures++;
        return job->failures <= end->retries ? JOB_QUEUED : JOB_FAILED;
    case BLAME_JOB:
        return count(&job->crashes, limits->attempts_max) ? JOB_QUEUED : JOB_DEAD;
    case BLAME_INFRA:
        return count(&job->infra, limits->infra_attempts_max) ? JOB_QUEUED : JOB_DEAD;
    case BLAME_INPUT:
        break;
    }
    return JOB_DEAD;
}

enum finish job_finish(struct job *job, struct fence fence, const struct job_end *end,
                       const struct lease_limits *limits, uint64_t now_ms)
{
    job_check(job);
    bool settled = fence_is_sound(fence) && fence.token == job->settled_token;
    if (settled && !DEDUPE) {
        return FINISH_ACCEPT;
    }
    if (settled) {
        return job->durable ? FINISH_DUPLICATE : FINISH_PENDING;
    }
    if (!holds(job, fence)) {
        return FINISH_STALE;
    }
    enum job_state to = next_state(job, end, limits);
    leave(job);
    if (job->state == JOB_LEASED) {
        job_enter(job, JOB_RUNNING, now_ms); /* its end is its first sign of life */
    }
    job_enter(job, to, now_ms);
    job->settled_token = job->token;
    job->durable = false;
    job_check(job);
    return to == JOB_QUEUED ? FINISH_AGAIN : FINISH_ACCEPT;
}

void job_committed(struct job *job, uint64_t token)
{
    job_check(job);
    if (token != 0 && token == job->settled_token) {
        job->durable = true;
    }
}

void job_repeat(struct job *job, uint64_t now_ms)
{
    assert(job->state == JOB_DONE);
    assert(!job->lease);
    job->state = JOB_QUEUED; /* not by the table: nobody has been told that it was final */
    job->since_ms = now_ms;
    job_check(job);
}

enum job_state job_lose(struct job *job, enum loss loss, const struct lease_limits *limits,
                        uint64_t now_ms)
{
    job_check(job);
    assert(is_leased(job) || (job->state == JOB_QUEUED && loss == LOSS_CANCELLED));
    bool again = true;
    switch (loss) {
    case LOSS_EXPIRED:
    case LOSS_WORKER:
        again = count(&job->infra, limits->infra_attempts_max);
        break;
    case LOSS_POISON:
        again = count(&job->poison, limits->poison_crashes_max);
        break;
    case LOSS_RETURNED:
        break;
    case LOSS_CANCELLED:
        again = false;
        break;
    }
    if (job->lease) {
        leave(job);
    }
    job_enter(job, again ? JOB_QUEUED : JOB_DEAD, now_ms);
    job_check(job);
    return job->state;
}

/* ---- a lease ---- */

void lease_init(struct lease *lease, uint64_t token, const struct lease_limits *limits,
                uint64_t now_ms)
{
    assert(token >> EPOCH_SHIFT > 0);
    assert(limits->lease_ms > 0);
    *lease = (struct lease){.token = token, .deadline_ms = now_ms + limits->lease_ms};
}

static void join(struct lease *lease, struct job *job)
{
    assert(!job->lease && !job->prev && !job->next);
    assert((lease->count == 0) == (lease->jobs == NULL));
    job->lease = lease;
    job->prev = lease->last;
    *(lease->last ? &lease->last->next : &lease->jobs) = job;
    lease->last = job;
    lease->count++;
}

void lease_grant(struct lease *lease, struct job *job, uint64_t now_ms)
{
    job_check(job);
    assert(job->token < lease->token); /* tokens only grow */
    job_enter(job, JOB_LEASED, now_ms);
    job->token = lease->token;
    job->attempts++;
    join(lease, job);
    job_check(job);
}

void lease_adopt(struct lease *lease, struct job *job)
{
    assert(job->state == JOB_LEASED);
    assert(job->token == lease->token);
    join(lease, job);
    job_check(job);
}

enum err lease_renew(struct lease *lease, struct fence fence, const struct lease_limits *limits,
                     uint64_t now_ms)
{
    if (!fence_is_sound(fence) || fence.token != lease->token) {
        return ERR_STALE;
    }
    uint64_t deadline_ms = now_ms + limits->lease_ms;
    if (deadline_ms > lease->deadline_ms) {
        lease->deadline_ms = deadline_ms; /* never nearer: the first one may be generous */
    }
    return ERR_OK;
}

bool lease_expired(const struct lease *lease, uint64_t now_ms)
{
    return EXPIRY && now_ms >= lease->deadline_ms;
}

void lease_shift(struct lease *lease, uint64_t gap_ms)
{
    assert(lease->deadline_ms <= UINT64_MAX - gap_ms);
    lease->deadline_ms += gap_ms;
}

/* ---- the detector's own lateness ---- */

uint64_t lease_clock_gap(struct lease_clock *clock, uint64_t now_ms)
{
    assert(now_ms >= clock->seen_ms);
    assert(clock->tick_ms > 0);
    uint64_t passed_ms = now_ms - clock->seen_ms;
    clock->seen_ms = now_ms;
    return passed_ms > 2 * clock->tick_ms ? passed_ms - clock->tick_ms : 0;
}
