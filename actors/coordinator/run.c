/* run.c - a run from its line in the ledger to its verdict.
 *
 * Takes  OFFER                              from the coordinator: grants or gives it back
 *        SLOT_FREE                          from the coordinator
 *        FILE_FOUND, LISTED                 from the slot that lists
 *        BEAT, TEST_DONE, JOB_DONE          from slots at work
 *        PLANNED_FILE, PLANNED              from the partitioner
 *        ROLE_UP (partitioner), DOWN, TICK  from the runtime
 *        CANCEL, PREPARED                   from a client, through the coordinator
 * Sends  GRANT, LEASE, REVOKE, JOB_ACK      to slots
 *        PLAN, PLAN_FILE                    to the partitioner
 *        DEMAND, COMMITTED, OFFER           to the coordinator
 *        PREPARED_ACK                       to who sent PREPARED
 */
#include "actors/coordinator/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/cost.h"

enum { TICK_BEAT = 1, TICK_TIMEOUT = 2 };

void *run_op_new(const struct run *run, size_t size,
                 enum err (*apply)(struct store_txn *, struct rt_store_op *),
                 enum err (*done)(struct rt_context *, void *, struct rt_store_op *))
{
    assert(size >= sizeof(struct run_op));
    struct run_op *op = calloc(1, size);
    if (op) {
        op->op.apply = apply;
        op->op.done = done;
        memcpy(op->run, run->id, sizeof op->run);
        op->epoch = run->source.epoch;
    }
    return op;
}

void run_committed(struct rt_context *ctx, struct run *run, bool failures, bool closed)
{
    rt_tell(ctx, run->coordinator,
            MSG(committed, .run = msg_str(run->id), .closed = closed, .stale = run->stale,
                .failures = failures));
    run->stale = 0;
}

/* After a restart, nobody may be behind a lease. */
static uint64_t slots_busy(const struct run *run)
{
    uint64_t count = run->listing.token != 0;
    for (const struct run_lease *lease = run->leases; lease; lease = lease->next) {
        count += lease->slot.node != 0;
    }
    return count;
}

/* A serial run has one lease at a time, any other as many as the client allows. */
static uint64_t slots_wanted(const struct run *run)
{
    if (run->phase == RUN_LISTING) {
        return run->listing.token == 0;
    }
    if (run->phase != RUN_RUNNING || run->stopping) {
        return 0;
    }
    uint64_t leases = slots_busy(run);
    uint64_t limit = run->serial ? 1 : run->submit.workers;
    uint64_t room = limit == 0 ? run->queue.count : limit > leases ? limit - leases : 0;
    return room < run->queue.count ? room : run->queue.count;
}

void run_demand(struct rt_context *ctx, struct run *run)
{
    run->demanded = slots_wanted(run);
    rt_tell(ctx, run->coordinator,
            MSG(demand, .run = msg_str(run->id), .slots = run->demanded, .queued = run->queue.count,
                .leased = run->leased_count, .dir = run->submit.dir, .busy = slots_busy(run),
                .work_us = run_work_us(run, rt_now_ms(ctx)),
                .whole = run->submit.files == 0 && !run->submit.affected));
    rt_work(ctx, run->leased_count, run->queue.count);
}

/* ---- closing ---- */

struct close_op {
    struct run_op base;
    struct ledger_closing closing;
    char reason[MSG_MAX_run_closed_reason + 1];
    struct ledger_totals totals;
};

static enum err close_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct close_op *self = (struct close_op *)op;
    self->closing.reason = msg_str(self->reason);
    return ledger_close_run(txn, run_op_key(&self->base), &self->closing, &self->totals);
}

static enum err close_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    struct run *run = state;
    struct close_op *self = (struct close_op *)op;
    if (op->err != ERR_OK && op->err != ERR_REFUSED) {
        return op->err;
    }
    rt_log(ctx, RT_INFO, "run=%s closed verdict=%s files=%llu tests=%llu lost=%llu", run->id,
           term_word("verdict", self->totals.verdict),
           (unsigned long long)self->totals.files.planned,
           (unsigned long long)self->totals.tests.planned,
           (unsigned long long)self->totals.tests.lost);
    run_committed(ctx, run, false, true);
    rt_stop(ctx);
    return ERR_OK;
}

enum err run_close(struct rt_context *ctx, struct run *run, enum term verdict, const char *reason)
{
    if (run->phase == RUN_CLOSING) {
        return ERR_OK;
    }
    struct close_op *op = run_op_new(run, sizeof *op, close_apply, close_done);
    if (!op) {
        return ERR_MEMORY;
    }
    run->phase = RUN_CLOSING;
    run_revoke_all(ctx, run);
    run_demand(ctx, run);
    uint64_t now_ms = rt_wall_ms(ctx);
    op->closing.verdict = verdict;
    bool known = run->submit.wall_ms > 0 && now_ms > run->submit.wall_ms;
    op->closing.wall_ms = known ? now_ms - run->submit.wall_ms : 0;
    op->closing.slot_us = run_slot_us(ctx, run);
    op->closing.usd_per_slot_hour = cost_slot_usd(&rt_config(ctx)->cost, UINT64_C(3600000000));
    op->closing.budget = run->budget;
    (void)snprintf(op->reason, sizeof op->reason, "%s", reason);
    rt_store(ctx, &(struct rt_store_op *){&op->base.op});
    return ERR_OK;
}

/* ---- loading: at the start, and after a restart of this actor or of the coordinator ---- */

struct load_op {
    struct run_op base;
    struct ledger_open *open;
    bool split;                 /* files may be given away in parts */
    struct ledger_known *known; /* of `open`, as the next */
    size_t known_count;
};

static enum err load_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct load_op *self = (struct load_op *)op;
    enum err err = ledger_load_run(txn, msg_str(self->base.run), &self->open);
    if (err != ERR_OK) {
        return err;
    }
    const struct ledger_run *run = &self->open->runs[0].run;
    bool split = self->split && run->planned && run->listing.selects && !run->listing.serial;
    return split ? ledger_load_known(txn, self->open, &self->known, &self->known_count) : ERR_OK;
}

static void load_fini(struct rt_store_op *op)
{
    ledger_open_free(&((struct load_op *)op)->open);
}

static enum err load_jobs(struct rt_context *ctx, struct run *run,
                          const struct ledger_open_run *from)
{
    run->count = from->count;
    run->jobs = calloc(from->count ? from->count : 1, sizeof *run->jobs);
    if (queue_init(&run->queue, from->count + RUN_PIECES_MAX) != ERR_OK || !run->jobs) {
        return ERR_MEMORY;
    }
    if (from->run.part_token >> 32 == run->source.epoch &&
        (from->run.part_token & UINT32_MAX) > run->source.counter) {
        run->source.counter = from->run.part_token & UINT32_MAX;
    }
    for (size_t i = 0; i < from->count; i++) {
        const struct ledger_open_job *stored = &from->jobs[i];
        struct run_job *job = &run->jobs[i];
        ledger_restore(stored, &job->job, rt_now_ms(ctx));
        if (stored->token >> 32 == run->source.epoch &&
            (stored->token & UINT32_MAX) > run->source.counter) {
            run->source.counter = stored->token & UINT32_MAX; /* given by an earlier life */
        }
        job->file = strdup(stored->file.at);
        job->runner = stored->runner.size > 0 ? stored->runner.at : run->submit.runner.at;
        job->position = stored->position;
        job->expected_us = stored->expected_us;
        job->audited = stored->audited;
        if (!job->file) {
            return ERR_MEMORY;
        }
        run->final += job_is_final(&job->job);
    }
    return ERR_OK;
}

static enum err start_running(struct rt_context *ctx, struct run *run)
{
    run->phase = RUN_RUNNING;
    for (size_t i = 0; i < run->count; i++) {
        enum err err = ERR_OK;
        if (run->jobs[i].job.state == JOB_QUEUED) {
            run_enqueue(run, (uint32_t)i);
        } else if (run->jobs[i].job.state == JOB_LEASED) {
            err = run_adopt(ctx, run, &run->open->runs[0].jobs[i]);
        }
        if (err != ERR_OK) {
            return err;
        }
    }
    if (run->final == run->count) {
        return run_close(ctx, run, 0, "");
    }
    run_demand(ctx, run);
    return ERR_OK;
}

static enum err load_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    struct run *run = state;
    struct load_op *self = (struct load_op *)op;
    if (op->err == ERR_REFUSED) {
        /* Closed meanwhile, by an earlier life of this actor. */
        run_committed(ctx, run, false, true);
        rt_stop(ctx);
        return ERR_OK;
    }
    if (op->err != ERR_OK) {
        return op->err;
    }
    run->slot_ms = run_slot_us(ctx, run) / 1000;
    run_list_fini(run);
    run_work_fini(run);
    ledger_open_free(&run->open);
    run->open = self->open;
    self->open = NULL;
    const struct ledger_open_run *stored = &run->open->runs[0];
    run->submit = stored->run.submit;
    run->serial = stored->run.listed && stored->run.listing.serial;
    run->shared = stored->run.listed && stored->run.listing.shared;
    enum err err = load_jobs(ctx, run, stored);
    err = err == ERR_OK ? run_split_known(ctx, run, self->known, self->known_count) : err;
    if (err != ERR_OK) {
        return err;
    }
    if (run->submit.timeout_ms > 0) {
        uint64_t wall_ms = rt_wall_ms(ctx); /* may have been set back since */
        uint64_t gone_ms = wall_ms > run->submit.wall_ms ? wall_ms - run->submit.wall_ms : 0;
        uint64_t left_ms = gone_ms < run->submit.timeout_ms ? run->submit.timeout_ms - gone_ms : 0;
        (void)rt_tick(ctx, left_ms, TICK_TIMEOUT);
    }
    if (run->submit.held) {
        run->phase = RUN_HELD;
        return ERR_OK;
    }
    if (!stored->run.listed) {
        run->phase = RUN_LISTING;
        run_demand(ctx, run);
        return ERR_OK;
    }
    if (run->count == 0) {
        return run_close(ctx, run, 0, "no change reaches a test");
    }
    if (!stored->run.planned) {
        return run_plan(ctx, run);
    }
    return start_running(ctx, run);
}

enum err run_reload(struct rt_context *ctx, struct run *run)
{
    struct load_op *op = run_op_new(run, sizeof *op, load_apply, load_done);
    if (!op) {
        return ERR_MEMORY;
    }
    run->phase = RUN_LOADING;
    op->base.op.fini = load_fini;
    op->split = rt_config(ctx)->schedule.split;
    rt_store(ctx, &(struct rt_store_op *){&op->base.op});
    return ERR_OK;
}

/* ---- the code of a held run ---- */

struct prepared_op {
    struct run_op base;
    struct rt_caller caller;
};

static enum err prepared_apply(struct store_txn *txn, struct rt_store_op *op)
{
    return ledger_set_prepared(txn, run_op_key((struct run_op *)op));
}

static enum err prepared_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    struct run *run = state;
    if (op->err != ERR_OK && op->err != ERR_REFUSED) {
        return op->err;
    }
    rt_answer(ctx, ((struct prepared_op *)op)->caller, MSG(prepared_ack, .run = msg_str(run->id)));
    return run->phase == RUN_HELD ? run_reload(ctx, run) : ERR_OK;
}

/* Without code there is nothing to judge.  That answer is not waited for: who asks again, when the
 * run is closed, is told so by the coordinator. */
static enum err on_prepared(struct rt_context *ctx, struct run *run,
                            const struct msg_prepared *prepared)
{
    if (run->phase == RUN_LOADING || run->phase == RUN_CLOSING) {
        return ERR_OK; /* it comes again */
    }
    if (run->phase == RUN_HELD && prepared->reason.size > 0) {
        return run_close(ctx, run, TERM_verdict_ERROR, prepared->reason.at);
    }
    struct prepared_op *op = run_op_new(run, sizeof *op, prepared_apply, prepared_done);
    if (!op) {
        return ERR_MEMORY;
    }
    op->caller = rt_caller(ctx);
    rt_store(ctx, &(struct rt_store_op *){&op->base.op});
    return ERR_OK;
}

/* ---- the actor ---- */

static enum err run_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct run *run = state;
    const struct run_arg *from = arg;
    const struct cfg_coordinator *cfg = &rt_config(ctx)->coordinator;
    memcpy(run->id, from->run, sizeof run->id);
    run->coordinator = from->coordinator;
    run->source = (struct lease_source){.epoch = from->epoch};
    run->new_runs = cfg->new_tests_runs;
    run->limits = (struct lease_limits){.lease_ms = cfg->lease_ms,
                                        .attempts_max = cfg->attempts_max,
                                        .infra_attempts_max = cfg->infra_attempts_max,
                                        .poison_crashes_max = cfg->poison_crashes_max};
    run->clock = (struct lease_clock){.tick_ms = cfg->beat_ms, .seen_ms = rt_now_ms(ctx)};
    rt_watch_role(ctx, TERM_role_PARTITIONER);
    (void)rt_tick(ctx, cfg->beat_ms, TICK_BEAT);
    return run_reload(ctx, run);
}

/* Nothing to do for this slot after all: the coordinator may have other work for it. */
static enum err on_offer(struct rt_context *ctx, struct run *run, const struct msg_offer *offer)
{
    run->budget = offer->budget > run->budget ? offer->budget : run->budget;
    if (slots_wanted(run) == 0) {
        run_demand(ctx, run);
        rt_tell(ctx, run->coordinator, &offer->head);
        return ERR_OK;
    }
    return run->phase == RUN_LISTING ? run_list_grant(ctx, run, offer) : run_grant(ctx, run, offer);
}

static enum err on_tick(struct rt_context *ctx, struct run *run, const struct msg_tick *tick)
{
    if (tick->tag == TICK_TIMEOUT) {
        return run_close(ctx, run, TERM_verdict_TIMED_OUT, "the run's time limit has passed");
    }
    (void)rt_tick(ctx, run->clock.tick_ms, TICK_BEAT);
    uint64_t gap_ms = lease_clock_gap(&run->clock, rt_now_ms(ctx));
    enum err err = run_list_tick(ctx, run);
    return err != ERR_OK ? err : run_work_tick(ctx, run, gap_ms);
}

static enum err on_role_up(struct rt_context *ctx, struct run *run, const struct msg_role_up *up)
{
    run->partitioner = (struct rt_address){up->node, up->actor};
    return run->phase == RUN_PLANNING ? run_plan(ctx, run) : ERR_OK;
}

static enum err run_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct run *run = state;
    switch (msg->type) {
    case MSG_OFFER:
        return on_offer(ctx, run, msg_as_offer(msg));
    case MSG_SLOT_FREE:
        return run_on_slot_free(ctx, run, msg_as_slot_free(msg));
    case MSG_FILE_FOUND:
        return run_on_file_found(ctx, run, msg_as_file_found(msg));
    case MSG_LISTED:
        return run_on_listed(ctx, run, msg_as_listed(msg));
    case MSG_PLANNED_FILE:
        return run_on_planned_file(ctx, run, msg_as_planned_file(msg));
    case MSG_PLANNED:
        return run_on_planned(ctx, run, msg_as_planned(msg));
    case MSG_BEAT:
        return run_on_beat(ctx, run, msg_as_beat(msg));
    case MSG_TEST_DONE:
        return run_on_test_done(ctx, run, msg_as_test_done(msg));
    case MSG_JOB_DONE:
        return run_on_job_done(ctx, run, msg_as_job_done(msg));
    case MSG_CANCEL:
        return run_close(ctx, run, TERM_verdict_CANCELLED, "cancelled by a client");
    case MSG_PREPARED:
        return on_prepared(ctx, run, msg_as_prepared(msg));
    case MSG_ROLE_UP:
        return on_role_up(ctx, run, msg_as_role_up(msg));
    case MSG_DOWN:
        return run_on_slot_down(ctx, run, msg_as_down(msg)->ref);
    case MSG_TICK:
        return on_tick(ctx, run, msg_as_tick(msg));
    default:
        return ERR_UNKNOWN;
    }
}

static void run_stop(void *state)
{
    struct run *run = state;
    run_list_fini(run);
    run_work_fini(run);
    ledger_open_free(&run->open);
}

const struct rt_behaviour run_behaviour = {.name = "run",
                                           .state_size = sizeof(struct run),
                                           .start = run_start,
                                           .receive = run_receive,
                                           .stop = run_stop};
