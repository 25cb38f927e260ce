/* run_result.c - results of a run's jobs: collected, judged by the lease, written, acknowledged.
 *
 * Mutants for the harness that proves that the tests would notice:
 *     TROUPE_MUTANT_EARLY_ACK     a result is acknowledged before it is committed
 *     TROUPE_MUTANT_DOUBLE_CLOSE  a repeated result counts as one more finished job
 */
#include <stdlib.h>
#include <string.h>

#include "actors/coordinator/run.h"

/* Tests that one file can announce; the ledger refuses more. */
#define COLLECTED_MAX UINT64_C(1000000000)

/* ---- attempts ---- */

void run_attempt_clear(struct run_attempt *attempt)
{
    for (size_t i = 0; i < attempt->count; i++) {
        free(attempt->tests[i].texts);
    }
    free(attempt->tests);
    *attempt = (struct run_attempt){0};
}

/* Executors are not trusted with the counts: what is no status is a failure. */
static enum term sound_status(uint64_t status)
{
    bool known = status == TERM_status_PASSED || status == TERM_status_SKIPPED ||
                 status == TERM_status_FLAKY;
    return known ? (enum term)status : TERM_status_FAILED;
}

static enum term sound_outcome(const struct msg_job_done *done)
{
    bool known = done->outcome >= TERM_outcome_COMPLETE &&
                 done->outcome <= TERM_outcome_NOT_STARTED && done->collected <= COLLECTED_MAX;
    return known ? (enum term)done->outcome : TERM_outcome_INCOMPLETE;
}

static enum err attempt_add(struct run_attempt *attempt, const struct msg_test_done *done)
{
    if (attempt->count == attempt->capacity) {
        size_t capacity = attempt->capacity ? 2 * attempt->capacity : 16;
        struct run_test *tests = realloc(attempt->tests, capacity * sizeof *tests);
        if (!tests) {
            return ERR_MEMORY;
        }
        attempt->tests = tests;
        attempt->capacity = capacity;
    }
    size_t size = (size_t)done->test.size + done->message.size + done->page.size;
    char *texts = malloc(size + 1);
    if (!texts) {
        return ERR_MEMORY;
    }
    char *message = texts + done->test.size;
    char *page = message + done->message.size;
    memcpy(texts, done->test.at, done->test.size);
    memcpy(message, done->message.at, done->message.size);
    memcpy(page, done->page.at, done->page.size);
    struct ledger_test test = {.name = {texts, done->test.size},
                               .index = done->index,
                               .status = sound_status(done->status),
                               .duration_us = done->duration_us,
                               .line = done->line,
                               .column = done->column,
                               .message = {message, done->message.size},
                               .page = {page, done->page.size}};
    attempt->tests[attempt->count++] = (struct run_test){.test = test, .texts = texts};
    return ERR_OK;
}

/* ---- results ---- */

static void acknowledge(struct rt_context *ctx, const struct run *run, struct rt_address slot,
                        const struct msg_job_done *done, enum err reason)
{
    rt_tell(ctx, slot,
            MSG(job_ack, .run = msg_str(run->id), .token = done->token, .job = done->job,
                .reason = reason));
}

/* The end of an attempt on its way into the ledger. */
struct finish_op {
    struct run_op base;
    struct rt_address slot;
    struct ledger_result result;
    struct ledger_release release; /* when the job is to be tried again */
    bool again;
    struct run_attempt attempt;   /* owned */
    char *message;                /* owned */
    struct ledger_test *tests;    /* owned; texts are in `attempt` */
    struct ledger_failed *failed; /* owned, likewise */
    struct ledger_finished finished;
    bool joined; /* of parts: its one lease is written together with its end */
    char worker[MSG_MAX_offer_worker + 1];
};

static void finish_fini(struct rt_store_op *op)
{
    struct finish_op *self = (struct finish_op *)op;
    run_attempt_clear(&self->attempt);
    free(self->message);
    free(self->tests);
    free(self->failed);
}

static enum err finish_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct finish_op *self = (struct finish_op *)op;
    struct ledger_key key = run_op_key(&self->base);
    if (self->again) {
        return ledger_release(txn, key, &self->release);
    }
    struct ledger_grant grant = {.token = self->result.token,
                                 .worker = msg_str(self->worker),
                                 .jobs = &self->result.job,
                                 .count = 1,
                                 .wall_ms = self->result.wall_ms};
    enum err err = self->joined ? ledger_grant(txn, key, &grant) : ERR_OK;
    return err == ERR_OK ? ledger_finish_job(txn, key, &self->result, &self->finished) : err;
}

static enum err after_commit(struct rt_context *ctx, struct run *run,
                             const struct ledger_finished *finished)
{
    run->final++;
    run_committed(ctx, run, finished->findings > 0, false);
    bool red = finished->status == TERM_status_FAILED || finished->status == TERM_status_LOST;
    if (red && run->submit.fail_fast && !run->stopping) {
        run->stopping = true;
        return run_close(ctx, run, 0, "stopped at the first failure");
    }
    return run->final == run->count ? run_close(ctx, run, 0, "") : ERR_OK;
}

static enum err finish_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    struct run *run = state;
    struct finish_op *self = (struct finish_op *)op;
    uint64_t token = self->again ? self->release.token : self->result.token;
    uint64_t index = self->again ? self->release.job : self->result.job;
    if (op->err != ERR_OK && op->err != ERR_REFUSED) {
        return op->err; /* memory and ledger may differ: begin again from the ledger */
    }
    if (self->slot.node != 0) {
        rt_tell(ctx, self->slot,
                MSG(job_ack, .run = msg_str(run->id), .token = token, .job = index,
                    .reason = op->err == ERR_OK ? ERR_OK : ERR_STALE));
    }
    if (op->err != ERR_OK || run->phase != RUN_RUNNING) {
        return ERR_OK;
    }
    job_committed(&run->jobs[index].job, token);
    if (self->finished.again) {
        job_repeat(&run->jobs[index].job, rt_now_ms(ctx));
        run->jobs[index].repeated = true;
    }
    if (self->again || self->finished.again) {
        run_enqueue(run, (uint32_t)index);
        run_demand(ctx, run);
        return ERR_OK;
    }
    return after_commit(ctx, run, &self->finished);
}

/* Moves the attempt's tests into the operation. */
static enum err fill_tests(struct finish_op *op, struct run_attempt *attempt)
{
    op->attempt = *attempt;
    *attempt = (struct run_attempt){0};
    size_t count = op->attempt.count;
    op->tests = calloc(count + 1, sizeof *op->tests);
    op->failed = calloc(count + 1, sizeof *op->failed);
    if (!op->tests || !op->failed) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        op->tests[i] = op->attempt.tests[i].test;
        if (op->tests[i].status == TERM_status_FAILED) {
            op->failed[op->release.failed_count++] =
                (struct ledger_failed){.test = op->tests[i].name, .message = op->tests[i].message};
        }
    }
    op->release.failed = op->failed;
    op->result.tests = op->tests;
    op->result.count = count;
    return ERR_OK;
}

/* Writes what job_finish or job_lose decided.  `done` is borrowed; the slot gets the JOB_ACK. */
enum err run_store_finish(struct rt_context *ctx, struct run *run, struct rt_address slot,
                          const struct msg_job_done *done)
{
    struct run_job *job = &run->jobs[done->job];
    struct finish_op *op = run_op_new(run, sizeof *op, finish_apply, finish_done);
    if (!op) {
        return ERR_MEMORY;
    }
    op->base.op.fini = finish_fini;
    op->slot = slot;
    op->again = job->job.state == JOB_QUEUED;
    op->message = strndup(done->message.at, done->message.size);
    enum err err = op->message ? fill_tests(op, &job->attempt) : ERR_MEMORY;
    if (err != ERR_OK) {
        finish_fini(&op->base.op);
        free(op);
        return err;
    }
    op->release.job = done->job;
    op->release.token = job->job.token;
    op->release.counts = ledger_counts(&job->job);
    if (done->failed) {
        op->failed[op->release.failed_count++] =
            (struct ledger_failed){.test = msg_str(""), .message = msg_str(op->message)};
    }
    op->result.job = done->job;
    op->result.token = job->job.token;
    op->result.wall_ms = rt_wall_ms(ctx);
    op->result.outcome = sound_outcome(done);
    op->result.failed = done->failed;
    op->result.collected = done->collected <= COLLECTED_MAX ? done->collected : COLLECTED_MAX;
    op->result.duration_us = done->duration_us;
    op->result.cpu_us = done->cpu_us;
    op->result.counts = ledger_counts(&job->job);
    op->result.message = msg_str(op->message);
    op->result.parts_failed = job->parts_failed;
    /* Its slot has the next file already, or is about to pull: the next grant takes along what
     * waits, in one commit, where the slot would wait for two.  The last of all takes them along.
     */
    op->base.op.patient =
        job->job.state == JOB_DONE && (run_find_lease(run, job->job.token) || run->queue.count > 0);
    op->joined = job->split != NULL;
    op->result.new_runs = op->joined ? 1 : run->new_runs;
    if (op->joined) {
        memcpy(op->worker, job->split->worker, sizeof op->worker);
    }
    rt_store(ctx, &(struct rt_store_op *){&op->base.op});
    return ERR_OK;
}

enum err run_on_test_done(struct rt_context *ctx, struct run *run, const struct msg_test_done *done)
{
    struct fence fence = {.epoch = done->epoch, .token = done->token};
    struct run_job *job = run_job_at(run, done->job);
    if (run->phase != RUN_RUNNING || !job) {
        return ERR_OK;
    }
    struct run_lease *lease = run_find_lease(run, done->token);
    if (!lease || job_begin(&job->job, fence, rt_now_ms(ctx)) != ERR_OK) {
        return ERR_OK; /* stale; its JOB_DONE will be told so */
    }
    run_hear_from(ctx, run, lease, fence);
    if (job->attempt.token != done->token) {
        run_attempt_clear(&job->attempt);
        job->attempt.token = done->token;
    }
    /* Sent again, or with a gap before it: only the next one is taken, the rest comes again. */
    return done->index == job->attempt.count ? attempt_add(&job->attempt, done) : ERR_OK;
}

static bool has_failed(const struct run_attempt *attempt)
{
    for (size_t i = 0; i < attempt->count; i++) {
        if (attempt->tests[i].test.status == TERM_status_FAILED) {
            return true;
        }
    }
    return false;
}

static enum err take_end(struct rt_context *ctx, struct run *run, const struct msg_job_done *done)
{
    struct run_job *job = run_job_at(run, done->job);
    struct fence fence = {.epoch = done->epoch, .token = done->token};
    struct job_end end = {
        .outcome = sound_outcome(done),
        .failed = done->failed || has_failed(&job->attempt),
        .missing = done->reported<done->collected, .retries = run->submit.retries> job->audited
                       ? run->submit.retries
                       : job->audited};
    struct run_lease *lease = run_find_lease(run, done->token);
    switch (job_finish(&job->job, fence, &end, &run->limits, rt_now_ms(ctx))) {
    case FINISH_ACCEPT:
    case FINISH_AGAIN:
        run->leased_count--;
        run->spent_us += done->duration_us;
        run->spent_expected_us += job->expected_us;
        if (lease && lease->lease.count == 0) {
            run_drop_lease(ctx, run, lease);
            run_demand(ctx, run); /* its slot is about to pull */
        }
#ifdef TROUPE_MUTANT_EARLY_ACK
        acknowledge(ctx, run, rt_sender(ctx), done, ERR_OK);
#endif
        if (run_is_part(run, job)) {
            bool clean = end.outcome == TERM_outcome_COMPLETE && !end.failed && !end.missing;
            acknowledge(ctx, run, rt_sender(ctx), done, ERR_OK);
            return run_part_done(ctx, run, job, done, clean);
        }
        return run_store_finish(ctx, run, rt_sender(ctx), done);
    case FINISH_DUPLICATE:
        acknowledge(ctx, run, rt_sender(ctx), done, ERR_OK);
#ifdef TROUPE_MUTANT_DOUBLE_CLOSE
        return after_commit(ctx, run, &(struct ledger_finished){.status = TERM_status_PASSED});
#else
        return ERR_OK;
#endif
    case FINISH_PENDING:
        return ERR_OK;
    case FINISH_STALE:
        run->stale++;
        acknowledge(ctx, run, rt_sender(ctx), done, ERR_STALE);
        return ERR_OK;
    }
    return ERR_OK;
}

enum err run_on_job_done(struct rt_context *ctx, struct run *run, const struct msg_job_done *done)
{
    if (run->phase == RUN_LOADING) {
        return ERR_OK; /* not yet known; it is sent again */
    }
    struct run_job *job = run_job_at(run, done->job);
    if (run->phase != RUN_RUNNING || !job) {
        run->stale++;
        acknowledge(ctx, run, rt_sender(ctx), done, ERR_STALE);
        return ERR_OK;
    }
    struct run_lease *lease = run_find_lease(run, done->token);
    if (lease) {
        run_hear_from(ctx, run, lease, (struct fence){.epoch = done->epoch, .token = done->token});
    }
    size_t have = job->attempt.token == done->token ? job->attempt.count : 0;
    bool current = job->job.lease && job->job.token == done->token;
    if (current && have != done->reported) {
        return ERR_OK; /* some were lost on the way; all are sent again */
    }
    return take_end(ctx, run, done);
}
