/* coordinator.c - owns every run: takes it in, gives it slots, tells who watches.
 *
 * Takes  SUBMIT, RUN_FILE, WATCH, CANCEL, SEAL, STATUS from clients
 *        PULL, LEAVE                                   from slots of executors
 *        BEAT, TEST_DONE, JOB_DONE, FILE_FOUND, LISTED from slots, passed on to their run
 *        FINDINGS, REPORTS_DUE, REPORTED, PREPARED, LOOK from clients and the gateway
 *        RUNS, DRAIN                                   from operators
 *        DEMAND, COMMITTED, OFFER                      from its runs
 *        TREATED                                       from triages and remedies
 *        TICK                                          where instances are paid for
 * Sends  SLOT_FREE                                      to runs, of every PULL
 *        SUBMITTED, SEALED, TEST_ROW, FILE_ROW, RUN_CLOSED, WATCHED, STATUS_IS to clients
 *        ERROR_ROW, FIX_ROW, HEAL_ROW, FOUND, REPORT_ROW, REPORTS_END, REPORTED_ACK, likewise
 *        PREPARED_ACK, LOOKED, likewise
 *        RUN_IS, DRAINED to operators; COMMITTED to triages
 *        OFFER to runs; JOB_ACK and REVOKE to slots that work for a run that is over
 *
 * It takes its role only when its epoch is on disk and every open run has its actor again.
 */
#include "actors/coordinator/coordinator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/coordinator/findings.h"
#include "actors/coordinator/look.h"
#include "actors/coordinator/prune.h"
#include "actors/coordinator/run.h"
#include "actors/coordinator/spending.h"
#include "actors/coordinator/submit.h"
#include "actors/coordinator/treated.h"
#include "actors/coordinator/triage.h"
#include "actors/coordinator/watch.h"

struct open_run {
    struct open_run *next;
    char id[LEDGER_RUN_SIZE + 1];
    struct rt_address actor;
    uint64_t slots; /* that it could use now */
    uint64_t queued;
    uint64_t leased;
    uint64_t busy; /* slots at work for it, and those offered since it said so */
    uint64_t work_us;
    uint64_t budget; /* enum budget_stage: how far it was held back */
    bool whole;
    char dir[MSG_MAX_demand_dir + 1];
};

/* A slot that has pulled and was not yet given away. */
struct idle_slot {
    struct idle_slot *next;
    struct rt_address address;
    uint64_t monitor;
    char worker[MSG_MAX_offer_worker + 1];
    char dir[MSG_MAX_offer_dir + 1];
};

struct coordinator {
    uint64_t epoch; /* 0: not ready */
    uint64_t since_ms;
    bool draining;
    struct open_run *runs; /* in the order in which they are served */
    size_t runs_count;
    struct idle_slot *idle; /* waiting longest first */
    struct submits submits;
    struct watches watches;
    struct triages triages;
    struct spending spending;
    uint64_t stale;
    struct treated treated;
};

/* ---- runs ---- */

static struct open_run *find_run(struct coordinator *self, struct msg_str id)
{
    struct open_run *run = self->runs;
    while (run && !msg_str_is(id, run->id)) {
        run = run->next;
    }
    return run;
}

static enum err open_run(struct rt_context *ctx, struct coordinator *self, struct msg_str id)
{
    struct open_run *run = calloc(1, sizeof *run);
    if (!run) {
        return ERR_MEMORY;
    }
    memcpy(run->id, id.at, id.size);
    struct run_arg arg = {.epoch = self->epoch, .coordinator = rt_self(ctx)};
    memcpy(arg.run, run->id, sizeof arg.run);
    enum err err = rt_spawn(ctx, &run_behaviour, &arg, sizeof arg, &run->actor);
    if (err != ERR_OK) {
        free(run);
        return err;
    }
    struct open_run **last = &self->runs;
    while (*last) {
        last = &(*last)->next;
    }
    *last = run;
    self->runs_count++;
    return ERR_OK;
}

static void drop_run(struct coordinator *self, struct open_run *run)
{
    struct open_run **at = &self->runs;
    while (*at != run) {
        at = &(*at)->next;
    }
    *at = run->next;
    self->runs_count--;
    free(run);
}

/* ---- slots ---- */

static void drop_idle(struct rt_context *ctx, struct idle_slot **at)
{
    struct idle_slot *slot = *at;
    *at = slot->next;
    rt_demonitor(ctx, slot->monitor);
    free(slot);
}

static enum err add_idle(struct rt_context *ctx, struct coordinator *self,
                         const struct msg_offer *offer)
{
    struct rt_address address = {offer->node, offer->actor};
    struct idle_slot **at = &self->idle;
    while (*at) {
        if (rt_address_equal((*at)->address, address)) {
            return ERR_OK;
        }
        at = &(*at)->next;
    }
    struct idle_slot *slot = calloc(1, sizeof *slot);
    if (!slot) {
        return ERR_MEMORY;
    }
    slot->address = address;
    memcpy(slot->worker, offer->worker.at, offer->worker.size);
    memcpy(slot->dir, offer->dir.at, offer->dir.size);
    slot->monitor = rt_monitor(ctx, address);
    *at = slot;
    return ERR_OK;
}

static struct idle_slot **slot_for(struct coordinator *self, const struct open_run *run)
{
    for (struct idle_slot **at = &self->idle; *at; at = &(*at)->next) {
        if (strcmp((*at)->dir, run->dir) == 0) {
            return at; /* its runner is warm */
        }
    }
    return &self->idle;
}

static uint64_t idle_count(const struct coordinator *self)
{
    uint64_t count = 0;
    for (const struct idle_slot *slot = self->idle; slot; slot = slot->next) {
        count++;
    }
    return count;
}

/* How many slots a run may count on: runs with work have even shares of all that there are. */
static uint64_t slots_each(const struct coordinator *self)
{
    uint64_t slots = idle_count(self);
    uint64_t runs = 0;
    for (const struct open_run *run = self->runs; run; run = run->next) {
        slots += run->busy;
        runs += run->slots > 0 || run->busy > 0;
    }
    uint64_t each = slots / (runs > 0 ? runs : 1);
    return each > 0 ? each : 1;
}

/* Whether the month's budget lets it have slots; what it is held back by stays with it. */
static bool may_have(const struct coordinator *self, struct open_run *run)
{
    enum budget_stage stage = self->spending.stage;
    run->budget = stage > run->budget ? stage : run->budget;
    return run->slots > 0 && budget_lets(stage, run->whole);
}

/* Runs take turns: whoever was given a slot goes to the end. */
static void match(struct rt_context *ctx, struct coordinator *self)
{
    struct open_run **at = &self->runs;
    while (self->idle && *at) {
        struct open_run *run = *at;
        if (!may_have(self, run)) {
            at = &run->next;
            continue;
        }
        struct idle_slot **slot = slot_for(self, run);
        rt_tell(ctx, run->actor,
                MSG(offer, .node = (*slot)->address.node, .actor = (*slot)->address.actor,
                    .worker = msg_str((*slot)->worker), .dir = msg_str((*slot)->dir),
                    .slots = slots_each(self), .budget = run->budget));
        drop_idle(ctx, slot);
        run->slots--;
        run->busy++;
        if (run->next) {
            *at = run->next;
            struct open_run **last = at;
            while (*last) {
                last = &(*last)->next;
            }
            run->next = NULL;
            *last = run;
            at = &self->runs;
        }
    }
}

static enum err on_pull(struct coordinator *self, struct rt_context *ctx,
                        const struct msg_pull *pull)
{
    struct rt_address from = rt_sender(ctx);
    struct msg_offer offer = {.head = {MSG_OFFER},
                              .node = from.node,
                              .actor = from.actor,
                              .worker = pull->worker,
                              .dir = pull->dir};
    /* Leases of an earlier life of this slot need not wait for their end. */
    for (const struct open_run *run = self->runs; run; run = run->next) {
        rt_tell(ctx, run->actor, MSG(slot_free, .worker = pull->worker, .node = from.node));
    }
    enum err err = add_idle(ctx, self, &offer);
    match(ctx, self);
    return err;
}

static enum err on_leave(struct coordinator *self, struct rt_context *ctx)
{
    struct rt_address from = rt_sender(ctx);
    for (struct idle_slot **at = &self->idle; *at; at = &(*at)->next) {
        if (rt_address_equal((*at)->address, from)) {
            drop_idle(ctx, at);
            break;
        }
    }
    return ERR_OK;
}

static enum err on_offer(struct coordinator *self, struct rt_context *ctx,
                         const struct msg_offer *offer)
{
    enum err err = add_idle(ctx, self, offer);
    match(ctx, self);
    return err;
}

static enum err on_demand(struct coordinator *self, struct rt_context *ctx,
                          const struct msg_demand *demand)
{
    struct open_run *run = find_run(self, demand->run);
    if (run) {
        run->slots = demand->slots;
        run->queued = demand->queued;
        run->leased = demand->leased;
        run->busy = demand->busy;
        run->work_us = demand->work_us;
        run->whole = demand->whole;
        memcpy(run->dir, demand->dir.at, demand->dir.size);
        run->dir[demand->dir.size] = '\0';
        match(ctx, self);
    }
    return ERR_OK;
}

static enum err on_down(struct coordinator *self, struct rt_context *ctx, uint64_t ref)
{
    for (struct idle_slot **at = &self->idle; *at; at = &(*at)->next) {
        if ((*at)->monitor == ref) {
            drop_idle(ctx, at);
            return ERR_OK;
        }
    }
    return triages_down(ctx, &self->triages, ref);
}

/* ---- submission ---- */

static enum err on_accepted(struct rt_context *ctx, void *state, struct msg_str run)
{
    return open_run(ctx, state, run);
}

static enum err on_submit(struct coordinator *self, struct rt_context *ctx,
                          const struct msg_submit *submit)
{
    const struct cfg_coordinator *cfg = &rt_config(ctx)->coordinator;
    if (submit->run.size != LEDGER_RUN_SIZE || submit->files > cfg->jobs_max) {
        submits_refuse(ctx, submit->files > cfg->jobs_max ? ERR_LIMIT : ERR_MALFORMED);
        return ERR_OK;
    }
    if (find_run(self, submit->run)) {
        rt_reply(ctx, MSG(submitted, .run = submit->run));
        return ERR_OK;
    }
    if (self->draining || self->runs_count >= cfg->runs_max) {
        submits_refuse(ctx, self->draining ? ERR_REFUSED : ERR_FULL);
        return ERR_OK;
    }
    return submits_add(ctx, &self->submits, submit);
}

/* ---- messages that belong to a run ---- */

static enum err pass_on(struct coordinator *self, struct rt_context *ctx, struct msg_str id)
{
    struct open_run *run = find_run(self, id);
    if (!run) {
        return ERR_UNKNOWN;
    }
    /* A full run loses the message like a full link would; its sender will send it again. */
    return rt_forward(ctx, run->actor) == ERR_MEMORY ? ERR_MEMORY : ERR_OK;
}

/* A run that is over is not held any more. */
static enum err on_prepared(struct coordinator *self, struct rt_context *ctx, struct msg_str id)
{
    if (find_run(self, id)) {
        return pass_on(self, ctx, id);
    }
    rt_reply(ctx, MSG(prepared_ack, .run = id));
    return ERR_OK;
}

static enum err pass_on_or_refuse(struct coordinator *self, struct rt_context *ctx,
                                  struct msg_str id, uint64_t token, uint64_t job)
{
    if (find_run(self, id)) {
        return pass_on(self, ctx, id);
    }
    self->stale++;
    rt_reply(ctx, MSG(job_ack, .run = id, .token = token, .job = job, .reason = ERR_STALE));
    return ERR_OK;
}

static enum err on_beat(struct coordinator *self, struct rt_context *ctx,
                        const struct msg_beat *beat)
{
    if (find_run(self, beat->run)) {
        return pass_on(self, ctx, beat->run);
    }
    rt_reply(ctx, MSG(revoke, .run = beat->run, .token = beat->token));
    return ERR_OK;
}

/* ---- commits, watches, status ---- */

static enum err on_committed(struct coordinator *self, struct rt_context *ctx,
                             const struct msg_committed *committed)
{
    self->stale += committed->stale;
    enum err err = watches_committed(ctx, &self->watches, committed->run);
    err = err == ERR_OK ? triages_committed(ctx, &self->triages, committed) : err;
    struct open_run *run = find_run(self, committed->run);
    if (run && committed->closed) {
        drop_run(self, run);
        err = err == ERR_OK ? prune(ctx, self->epoch) : err;
    }
    return err;
}

static enum err on_status(struct coordinator *self, struct rt_context *ctx,
                          const struct msg_status *status)
{
    self->draining |= status->drain;
    struct msg_status_is is = {.head = {MSG_STATUS_IS},
                               .epoch = self->epoch,
                               .uptime_ms = rt_now_ms(ctx) - self->since_ms,
                               .runs_open = self->runs_count,
                               .stale_refused = self->stale,
                               .slots_idle = idle_count(self)};
    treated_status(&self->treated, &is);
    for (const struct open_run *run = self->runs; run; run = run->next) {
        is.jobs_queued += run->queued;
        is.jobs_leased += run->leased;
        is.slots_busy += run->busy;
        is.work_ms +=
            spending_work_ms(&self->spending, run->whole, run->slots, run->busy, run->work_us);
    }
    spending_status(ctx, &self->spending, &is);
    rt_reply(ctx, &is.head);
    return ERR_OK;
}

static enum err on_tick(struct coordinator *self, struct rt_context *ctx)
{
    uint64_t slots = idle_count(self);
    for (const struct open_run *run = self->runs; run; run = run->next) {
        slots += run->busy;
    }
    enum err err = spending_tick(ctx, &self->spending, slots);
    match(ctx, self); /* the budget may allow again what it did not */
    return err;
}

/* ---- operators ---- */

/* The runs change places as they are served; their ids give them an order to go through. */
static enum err on_runs(const struct coordinator *self, struct rt_context *ctx,
                        const struct msg_runs *runs)
{
    const struct open_run *next = NULL;
    for (const struct open_run *run = self->runs; run; run = run->next) {
        bool behind = strcmp(run->id, runs->after.at) > 0;
        if (behind && (!next || strcmp(run->id, next->id) < 0)) {
            next = run;
        }
    }
    struct msg_run_is is = {.head = {MSG_RUN_IS}, .run = msg_str(""), .dir = msg_str("")};
    if (next) {
        is.run = msg_str(next->id);
        is.dir = msg_str(next->dir);
        is.queued = next->queued;
        is.leased = next->leased;
        is.slots = next->slots;
    }
    rt_reply(ctx, &is.head);
    return ERR_OK;
}

static enum err on_drain(struct coordinator *self, struct rt_context *ctx,
                         const struct msg_drain *drain)
{
    self->draining = drain->on;
    rt_reply(ctx, MSG(drained, .node = msg_str(""), .on = drain->on, .busy = self->runs_count));
    return ERR_OK;
}

/* ---- the actor ---- */

struct begin_op {
    struct rt_store_op op;
    uint64_t epoch;
    struct ledger_open *open;
};

static enum err begin_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct begin_op *self = (struct begin_op *)op;
    enum err err = ledger_begin(txn, &self->epoch);
    return err != ERR_OK ? err : ledger_load_open_runs(txn, &self->open);
}

static void begin_fini(struct rt_store_op *op)
{
    ledger_open_free(&((struct begin_op *)op)->open);
}

static enum err begin_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    struct coordinator *self = state;
    struct begin_op *begin = (struct begin_op *)op;
    if (op->err != ERR_OK) {
        return op->err;
    }
    self->epoch = begin->epoch;
    self->submits = (struct submits){.epoch = begin->epoch, .accepted = on_accepted};
    for (size_t i = 0; i < begin->open->count; i++) {
        enum err err = open_run(ctx, self, begin->open->runs[i].run.run);
        if (err != ERR_OK) {
            return err;
        }
    }
    rt_log(ctx, RT_INFO, "epoch=%llu open_runs=%zu", (unsigned long long)self->epoch,
           begin->open->count);
    rt_take_role(ctx, TERM_role_COORDINATOR);
    enum err err = spending_begin(ctx, &self->spending, self->epoch);
    return err == ERR_OK ? triages_begin(ctx, &self->triages, self->epoch) : err;
}

static enum err coordinator_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct coordinator *self = state;
    (void)arg;
    self->since_ms = rt_now_ms(ctx);
    struct begin_op *op = calloc(1, sizeof *op);
    if (!op) {
        return ERR_MEMORY;
    }
    op->op = (struct rt_store_op){.apply = begin_apply, .done = begin_done, .fini = begin_fini};
    rt_store(ctx, &(struct rt_store_op *){&op->op});
    return ERR_OK;
}

static enum err from_slot(struct coordinator *self, struct rt_context *ctx, const struct msg *msg)
{
    switch (msg->type) {
    case MSG_PULL:
        return on_pull(self, ctx, msg_as_pull(msg));
    case MSG_LEAVE:
        return on_leave(self, ctx);
    case MSG_BEAT:
        return on_beat(self, ctx, msg_as_beat(msg));
    case MSG_TEST_DONE:
        return pass_on(self, ctx, msg_as_test_done(msg)->run);
    case MSG_FILE_FOUND:
        return pass_on(self, ctx, msg_as_file_found(msg)->run);
    case MSG_JOB_DONE:
        return pass_on_or_refuse(self, ctx, msg_as_job_done(msg)->run, msg_as_job_done(msg)->token,
                                 msg_as_job_done(msg)->job);
    case MSG_LISTED:
        return pass_on_or_refuse(self, ctx, msg_as_listed(msg)->run, msg_as_listed(msg)->token, 0);
    default:
        return ERR_UNKNOWN;
    }
}

static enum err from_client(struct coordinator *self, struct rt_context *ctx, const struct msg *msg)
{
    switch (msg->type) {
    case MSG_SUBMIT:
        return on_submit(self, ctx, msg_as_submit(msg));
    case MSG_RUN_FILE:
        return submits_file(ctx, &self->submits, msg_as_run_file(msg));
    case MSG_WATCH:
        return watches_add(ctx, &self->watches, msg_as_watch(msg));
    case MSG_CANCEL:
        return pass_on(self, ctx, msg_as_cancel(msg)->run);
    case MSG_PREPARED:
        return on_prepared(self, ctx, msg_as_prepared(msg)->run);
    case MSG_STATUS:
        return on_status(self, ctx, msg_as_status(msg));
    case MSG_RUNS:
        return on_runs(self, ctx, msg_as_runs(msg));
    case MSG_DRAIN:
        return on_drain(self, ctx, msg_as_drain(msg));
    case MSG_FINDINGS:
        return findings_answer(ctx, msg_as_findings(msg));
    case MSG_LOOK:
        return look_answer(ctx, msg_as_look(msg));
    case MSG_REPORTS_DUE:
        return reports_answer(ctx, msg_as_reports_due(msg));
    case MSG_REPORTED:
        return reports_done(ctx, self->epoch, msg_as_reported(msg));
    case MSG_SEAL:
        return submits_seal(ctx, &self->submits, msg_as_seal(msg));
    default:
        return from_slot(self, ctx, msg);
    }
}

static enum err coordinator_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct coordinator *self = state;
    if (self->epoch == 0) {
        return ERR_UNKNOWN; /* nobody should know us yet */
    }
    switch (msg->type) {
    case MSG_DEMAND:
        return on_demand(self, ctx, msg_as_demand(msg));
    case MSG_COMMITTED:
        return on_committed(self, ctx, msg_as_committed(msg));
    case MSG_OFFER:
        return on_offer(self, ctx, msg_as_offer(msg));
    case MSG_TREATED:
        treated_count(&self->treated, msg_as_treated(msg));
        return ERR_OK;
    case MSG_DOWN:
        return on_down(self, ctx, msg_as_down(msg)->ref);
    case MSG_TICK:
        return on_tick(self, ctx);
    default:
        return from_client(self, ctx, msg);
    }
}

static void coordinator_stop(void *state)
{
    struct coordinator *self = state;
    while (self->runs) {
        drop_run(self, self->runs);
    }
    while (self->idle) {
        struct idle_slot *slot = self->idle;
        self->idle = slot->next;
        free(slot);
    }
    submits_fini(&self->submits);
    watches_fini(&self->watches);
    triages_fini(&self->triages);
}

const struct rt_behaviour coordinator_behaviour = {.name = "coordinator",
                                                   .state_size = sizeof(struct coordinator),
                                                   .start = coordinator_start,
                                                   .receive = coordinator_receive,
                                                   .stop = coordinator_stop};
