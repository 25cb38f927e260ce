/* run_work.c - the queue, grants and leases of a run, and what becomes of lost ones. */
#include <stdlib.h>
#include <string.h>

#include "actors/common/schedule.h"
#include "actors/coordinator/run.h"

/* Jobs under one lease: bounds what one lost executor gives back. */
enum { BATCH_JOBS_MAX = 256 };

/* ---- the queue ---- */

void run_enqueue_piece(struct run *run, struct queue_piece piece)
{
    const struct run_job *job = &run->jobs[piece.file];
    assert(job->job.state == JOB_QUEUED);
    /* What is tried again comes behind all others: later, and more likely elsewhere. */
    bool later = job->job.failures > 0 || job->repeated;
    piece.position = job->position + (later ? run->count : 0);
    piece.expected_us = job->expected_us;
    if (job->split) {
        const struct parts *parts = &job->split->parts;
        piece.expected_us = parts_us(parts, piece.first, piece.count) + parts->setup_us;
    }
    queue_put(&run->queue, &piece);
}

void run_enqueue(struct run *run, uint32_t index)
{
    const struct run_split *split = run->jobs[index].split;
    run_enqueue_piece(run,
                      (struct queue_piece){.file = index, .count = split ? split->parts.count : 1});
}

/* ---- leases ---- */

struct run_lease *run_find_lease(struct run *run, uint64_t token)
{
    struct run_lease *lease = run->leases;
    while (lease && lease->lease.token != token) {
        lease = lease->next;
    }
    return lease;
}

void run_drop_lease(struct rt_context *ctx, struct run *run, struct run_lease *lease)
{
    assert(lease->lease.count == 0);
    struct run_lease **at = &run->leases;
    while (*at != lease) {
        at = &(*at)->next;
    }
    *at = lease->next;
    run->slot_ms += rt_now_ms(ctx) - lease->began_ms;
    if (lease->monitor) {
        rt_demonitor(ctx, lease->monitor);
    }
    free(lease);
}

static struct run_lease *add_lease(struct rt_context *ctx, struct run *run, uint64_t token)
{
    struct run_lease *lease = calloc(1, sizeof *lease);
    if (lease) {
        lease_init(&lease->lease, token, &run->limits, rt_now_ms(ctx));
        lease->began_ms = rt_now_ms(ctx);
        lease->next = run->leases;
        run->leases = lease;
    }
    return lease;
}

uint64_t run_slot_us(struct rt_context *ctx, const struct run *run)
{
    uint64_t now_ms = rt_now_ms(ctx);
    uint64_t ms = run->slot_ms + (run->listing.token ? now_ms - run->listing.since_ms : 0);
    for (const struct run_lease *lease = run->leases; lease; lease = lease->next) {
        ms += now_ms - lease->began_ms;
    }
    return ms * 1000;
}

enum err run_adopt(struct rt_context *ctx, struct run *run, const struct ledger_open_job *stored)
{
    struct run_job *job = &run->jobs[stored->job];
    struct run_lease *lease = run_find_lease(run, job->job.token);
    if (!lease) {
        lease = add_lease(ctx, run, job->job.token);
        if (!lease) {
            return ERR_MEMORY;
        }
        memcpy(lease->worker, stored->worker.at, stored->worker.size);
        /* Half as long again as usual: its worker must find the new coordinator first. */
        struct fence fence = {.epoch = job->job.token >> 32, .token = job->job.token};
        enum err err = lease_renew(&lease->lease, fence, &run->limits,
                                   rt_now_ms(ctx) + run->limits.lease_ms / 2);
        if (err != ERR_OK) {
            return err;
        }
    }
    lease_adopt(&lease->lease, &job->job);
    run->leased_count++;
    return ERR_OK;
}

/* A sign of life: also tells, after a restart, who works under the lease. */
void run_hear_from(struct rt_context *ctx, struct run *run, struct run_lease *lease,
                   struct fence fence)
{
    if (lease_renew(&lease->lease, fence, &run->limits, rt_now_ms(ctx)) != ERR_OK) {
        return;
    }
    if (lease->slot.node == 0) {
        lease->slot = rt_sender(ctx);
        lease->monitor = rt_monitor(ctx, lease->slot);
    }
}

/* ---- grants ---- */

struct msg_grant run_grant_msg(const struct run *run, uint64_t token)
{
    const struct ledger_submit *submit = &run->submit;
    return (struct msg_grant){.head = {MSG_GRANT},
                              .run = msg_str(run->id),
                              .work = TERM_work_RUN,
                              .epoch = run->source.epoch,
                              .token = token,
                              .lease_ms = run->limits.lease_ms,
                              .dir = submit->dir,
                              .runner = submit->runner,
                              .command = submit->command,
                              .env = submit->env,
                              .root = submit->root,
                              .snapshot = submit->snapshot};
}

struct grant_op {
    struct run_op base;
    uint64_t token;
    uint64_t wall_ms;
    bool part; /* one job, and no file */
    char worker[MSG_MAX_offer_worker + 1];
    size_t count;
    uint64_t jobs[BATCH_JOBS_MAX];
};

static enum err grant_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct grant_op *self = (struct grant_op *)op;
    struct ledger_grant grant = {.token = self->token,
                                 .worker = msg_str(self->worker),
                                 .jobs = self->jobs,
                                 .count = self->count,
                                 .wall_ms = self->wall_ms};
    return self->part ? ledger_note_part(txn, run_op_key(&self->base), self->token)
                      : ledger_grant(txn, run_op_key(&self->base), &grant);
}

static enum err send_lease(struct rt_context *ctx, struct run *run, const struct run_lease *lease,
                           const struct job *job)
{
    struct msg_lease msg;
    char *names = NULL;
    enum err err = run_part_lease(run, run_job_at(run, job->index), &msg, &names);
    if (err == ERR_OK) {
        rt_tell(ctx, lease->slot, &msg.head);
    }
    free(names);
    return err;
}

static enum err grant_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    struct run *run = state;
    struct grant_op *self = (struct grant_op *)op;
    if (op->err != ERR_OK) {
        return op->err;
    }
    struct run_lease *lease = run_find_lease(run, self->token);
    if (!lease || run->phase != RUN_RUNNING) {
        return ERR_OK; /* its slot was lost before the commit, or the run is over */
    }
    struct msg_grant grant = run_grant_msg(run, self->token);
    grant.count = lease->lease.count;
    grant.runner = msg_str(run_job_at(run, self->jobs[0])->runner);
    struct fence fence = {.epoch = run->source.epoch, .token = self->token};
    enum err err = lease_renew(&lease->lease, fence, &run->limits, rt_now_ms(ctx));
    if (err == ERR_OK) {
        rt_tell(ctx, lease->slot, &grant.head);
    }
    for (const struct job *job = lease->lease.jobs; job && err == ERR_OK; job = job->next) {
        err = send_lease(ctx, run, lease, job);
    }
    return err;
}

/* Work is shared among the slots that the coordinator knows, as far as the client allows; those at
 * work and this one are among them in any case. */
static uint64_t sharers(const struct run *run, uint64_t slots)
{
    uint64_t count = 1;
    for (const struct run_lease *lease = run->leases; lease; lease = lease->next) {
        count++;
    }
    uint64_t limit = run->submit.workers;
    uint64_t others = limit > 0 && (slots == 0 || limit < slots) ? limit : slots;
    return others > count ? others : count;
}

/* Of what is under way, as much as its time has not passed yet. */
static uint64_t left_us(const struct run *run, uint64_t now_ms)
{
    uint64_t sum_us = run->queue.expected_us;
    for (const struct run_lease *lease = run->leases; lease; lease = lease->next) {
        uint64_t passed_us = (now_ms - lease->began_ms) * 1000;
        sum_us += lease->expected_us > passed_us ? lease->expected_us - passed_us : 0;
    }
    return sum_us;
}

/* What one second of the expectations takes. */
static double pace_of(const struct run *run)
{
    return run->spent_us > 0 && run->spent_expected_us > 0
               ? (double)run->spent_us / (double)run->spent_expected_us
               : 1.0;
}

uint64_t run_work_us(const struct run *run, uint64_t now_ms)
{
    return (uint64_t)((double)left_us(run, now_ms) * pace_of(run));
}

/* Expected work to put into the next batch, in the units of the expectations. */
static uint64_t batch_us(struct rt_context *ctx, const struct run *run, uint64_t workers)
{
    double pace = pace_of(run);
    uint64_t queued_us = (uint64_t)((double)run->queue.expected_us * pace);
    uint64_t boot_us = run->shared ? rt_config(ctx)->coordinator.batch_boot_ms * 1000 : 0;
    return (uint64_t)((double)schedule_batch_us(queued_us, workers, boot_us) / pace);
}

static void grant_job(struct rt_context *ctx, struct run *run, struct run_lease *lease,
                      struct run_job *job)
{
    lease_grant(&lease->lease, &job->job, rt_now_ms(ctx));
    lease->expected_us += job->expected_us;
    run_attempt_clear(&job->attempt);
    run->leased_count++;
}

/* The first of the queue, and with it whole files as long as they fit into a batch. */
static enum err fill_grant(struct rt_context *ctx, struct run *run, struct run_lease *lease,
                           struct run_taker taker, struct grant_op *op)
{
    uint64_t target_us = batch_us(ctx, run, taker.workers);
    struct queue_piece piece = queue_take(&run->queue);
    struct run_job *job;
    enum err err = run_part_take(ctx, run, &piece, taker, &job);
    if (err != ERR_OK) {
        return err;
    }
    const char *runner = job->runner;
    op->part = run_is_part(run, job);
    for (;;) {
        grant_job(ctx, run, lease, job);
        op->jobs[op->count++] = job->job.index;
        /* What has failed goes alone, so that no other file is to blame. */
        if (op->part || job->job.failures > 0 || op->count == BATCH_JOBS_MAX ||
            run->queue.count == 0) {
            return ERR_OK;
        }
        job = &run->jobs[queue_first(&run->queue)->file];
        if (job->split || job->job.failures > 0 || strcmp(job->runner, runner) != 0 ||
            lease->expected_us + job->expected_us > target_us) {
            return ERR_OK;
        }
        (void)queue_take(&run->queue);
    }
}

enum err run_grant(struct rt_context *ctx, struct run *run, const struct msg_offer *offer)
{
    struct grant_op *op = run_op_new(run, sizeof *op, grant_apply, grant_done);
    struct run_taker taker = {.worker = offer->worker,
                              .left_us = left_us(run, rt_now_ms(ctx)),
                              .workers = sharers(run, offer->slots)};
    uint64_t token = 0;
    enum err err = op ? lease_token_next(&run->source, &token) : ERR_MEMORY;
    struct run_lease *lease = err == ERR_OK ? add_lease(ctx, run, token) : NULL;
    if (!lease) {
        free(op);
        return err != ERR_OK ? err : ERR_MEMORY;
    }
    err = fill_grant(ctx, run, lease, taker, op);
    if (err != ERR_OK) {
        free(op);
        return err;
    }
    op->token = token;
    op->wall_ms = rt_wall_ms(ctx);
    memcpy(op->worker, offer->worker.at, offer->worker.size);
    memcpy(lease->worker, offer->worker.at, offer->worker.size);
    lease->slot = (struct rt_address){offer->node, offer->actor};
    lease->monitor = rt_monitor(ctx, lease->slot);
    rt_store(ctx, &(struct rt_store_op *){&op->base.op});
    run_demand(ctx, run);
    return ERR_OK;
}

enum err run_on_beat(struct rt_context *ctx, struct run *run, const struct msg_beat *beat)
{
    if (run->phase == RUN_LOADING) {
        return ERR_OK;
    }
    if (run->phase == RUN_LISTING && beat->token == run->listing.token) {
        run->listing.deadline_ms = rt_now_ms(ctx) + run->limits.lease_ms;
        return ERR_OK;
    }
    struct run_lease *lease = run_find_lease(run, beat->token);
    if (lease) {
        run_hear_from(ctx, run, lease, (struct fence){.epoch = beat->epoch, .token = beat->token});
    } else {
        rt_reply(ctx, MSG(revoke, .run = beat->run, .token = beat->token));
    }
    return ERR_OK;
}

/* ---- lost leases ---- */

static enum err lose(struct rt_context *ctx, struct run *run, struct run_lease *lease,
                     enum loss loss)
{
    uint64_t token = lease->lease.token;
    if (lease->slot.node != 0) {
        rt_tell(ctx, lease->slot, MSG(revoke, .run = msg_str(run->id), .token = token));
    }
    enum err err = ERR_OK;
    while (lease->lease.jobs && err == ERR_OK) {
        struct run_job *job = run_job_at(run, lease->lease.jobs->index);
        if (run_is_part(run, job)) {
            err = run_part_lost(ctx, run, job);
            continue;
        }
        run_attempt_clear(&job->attempt);
        (void)job_lose(&job->job, loss, &run->limits, rt_now_ms(ctx));
        run->leased_count--;
        struct msg_job_done done = {.job = job->job.index,
                                    .token = token,
                                    .outcome = TERM_outcome_INTERRUPTED,
                                    .message = msg_str("its executor was lost too often")};
        err = run_store_finish(ctx, run, (struct rt_address){0, 0}, &done);
    }
    if (err == ERR_OK) {
        run_drop_lease(ctx, run, lease);
        run_demand(ctx, run);
    }
    return err;
}

enum err run_on_slot_free(struct rt_context *ctx, struct run *run, const struct msg_slot_free *slot)
{
    if (run->phase != RUN_RUNNING) {
        return ERR_OK;
    }
    struct run_lease *next;
    for (struct run_lease *lease = run->leases; lease; lease = next) {
        next = lease->next;
        /* The same process may still owe results of its last batch; an earlier one never will. */
        if (msg_str_is(slot->worker, lease->worker) && lease->slot.node != slot->node) {
            enum err err = lose(ctx, run, lease, LOSS_WORKER);
            if (err != ERR_OK) {
                return err;
            }
            next = run->leases; /* it may have ended others */
        }
    }
    return ERR_OK;
}

enum err run_on_slot_down(struct rt_context *ctx, struct run *run, uint64_t ref)
{
    if (run->phase == RUN_LISTING && run->listing.token && run->listing.monitor == ref) {
        /* Lost with its executor: no fault of the listing. */
        run_list_over(ctx, run);
        run->listing.attempts--;
        run_demand(ctx, run);
        return ERR_OK;
    }
    for (struct run_lease *lease = run->leases; lease; lease = lease->next) {
        if (lease->monitor == ref) {
            rt_log(ctx, RT_WARN, "run=%s worker=%s lost jobs=%u", run->id, lease->worker,
                   lease->lease.count);
            return lose(ctx, run, lease, LOSS_WORKER);
        }
    }
    return ERR_OK;
}

enum err run_work_tick(struct rt_context *ctx, struct run *run, uint64_t gap_ms)
{
    if (run->phase != RUN_RUNNING) {
        return ERR_OK;
    }
    uint64_t now_ms = rt_now_ms(ctx);
    struct run_lease *next;
    for (struct run_lease *lease = run->leases; lease && gap_ms > 0; lease = lease->next) {
        lease_shift(&lease->lease, gap_ms);
    }
    for (struct run_lease *lease = run->leases; lease; lease = next) {
        next = lease->next;
        if (lease_expired(&lease->lease, now_ms)) {
            rt_log(ctx, RT_WARN, "run=%s worker=%s silent jobs=%u", run->id, lease->worker,
                   lease->lease.count);
            enum err err = lose(ctx, run, lease, LOSS_EXPIRED);
            if (err != ERR_OK) {
                return err;
            }
            next = run->leases; /* it may have ended others */
        }
    }
    run_demand(ctx, run);
    return ERR_OK;
}

void run_revoke_all(struct rt_context *ctx, struct run *run)
{
    struct msg_str id = msg_str(run->id);
    if (run->listing.token && run->listing.slot.node != 0) {
        rt_tell(ctx, run->listing.slot, MSG(revoke, .run = id, .token = run->listing.token));
    }
    for (struct run_lease *lease = run->leases; lease; lease = lease->next) {
        if (lease->slot.node != 0) {
            rt_tell(ctx, lease->slot, MSG(revoke, .run = id, .token = lease->lease.token));
        }
    }
}

void run_work_fini(struct run *run)
{
    run_parts_fini(run);
    for (size_t i = 0; run->jobs && i < run->count; i++) {
        run_attempt_clear(&run->jobs[i].attempt);
        free(run->jobs[i].file);
    }
    while (run->leases) {
        struct run_lease *lease = run->leases;
        run->leases = lease->next;
        free(lease);
    }
    free(run->jobs);
    queue_fini(&run->queue);
    run->jobs = NULL;
    run->count = 0;
    run->leased_count = 0;
    run->final = 0;
}
