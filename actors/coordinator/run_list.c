/* run_list.c - what there is to run, and in which order.
 *
 * Listing is work for an executor, because it runs the project's own configuration.  Its lease is
 * not in the ledger: after a restart it is simply done again.  So is planning.
 */
#include "actors/coordinator/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLAN_AGAIN_MS = 2000 };

/* Forgets files behind the first `kept`. */
static void cut_files(struct run_listing *listing, size_t kept)
{
    while (listing->count > kept) {
        free(listing->files[--listing->count].file);
    }
}

static void drop_files(struct run_listing *listing)
{
    cut_files(listing, 0);
    free(listing->files);
    listing->files = NULL;
    listing->capacity = 0;
    listing->before = 0;
}

/* The runner whose turn it is; *ret_last: there is none after it. */
static struct msg_str runner_of_turn(const struct run *run, bool *ret_last)
{
    const char *at = run->submit.runner.at;
    for (size_t i = 0; i < run->listing.turn; i++) {
        at += strcspn(at, ",");
        at += *at == ',';
    }
    size_t size = strcspn(at, ",");
    *ret_last = at[size] == '\0';
    return (struct msg_str){at, (uint32_t)size};
}

void run_list_fini(struct run *run)
{
    drop_files(&run->listing);
    run->listing = (struct run_listing){.token = 0};
    free(run->positions);
    run->positions = NULL;
}

/* ---- listing ---- */

enum err run_list_grant(struct rt_context *ctx, struct run *run, const struct msg_offer *offer)
{
    struct run_listing *listing = &run->listing;
    enum err err = lease_token_next(&run->source, &listing->token);
    if (err != ERR_OK) {
        return err;
    }
    listing->slot = (struct rt_address){offer->node, offer->actor};
    listing->since_ms = rt_now_ms(ctx);
    listing->deadline_ms = listing->since_ms + run->limits.lease_ms;
    listing->attempts++;
    cut_files(listing, listing->before);
    struct msg_grant grant = run_grant_msg(run, listing->token);
    bool last;
    grant.work = TERM_work_LIST;
    grant.runner = runner_of_turn(run, &last);
    rt_tell(ctx, listing->slot, &grant.head);
    listing->monitor = rt_monitor(ctx, listing->slot);
    run_demand(ctx, run);
    return ERR_OK;
}

void run_list_over(struct rt_context *ctx, struct run *run)
{
    rt_demonitor(ctx, run->listing.monitor);
    run->slot_ms += rt_now_ms(ctx) - run->listing.since_ms;
    run->listing.token = 0;
}

/* `crashed`: by its own doing; otherwise it was lost with its executor or by silence, which is not
 * the project's fault. */
static enum err list_again(struct rt_context *ctx, struct run *run, const char *why, bool crashed)
{
    struct run_listing *listing = &run->listing;
    run_list_over(ctx, run);
    listing->crashes += crashed;
    if (listing->crashes >= run->limits.attempts_max ||
        listing->attempts >= run->limits.infra_attempts_max) {
        return run_close(ctx, run, TERM_verdict_ERROR, why);
    }
    run_demand(ctx, run);
    return ERR_OK;
}

enum err run_on_file_found(struct rt_context *ctx, struct run *run,
                           const struct msg_file_found *found)
{
    struct run_listing *listing = &run->listing;
    /* Sent again from the beginning, or with a gap: only the next one counts. */
    if (run->phase != RUN_LISTING || found->token != listing->token ||
        found->index != listing->count - listing->before) {
        return ERR_OK;
    }
    if (listing->count == rt_config(ctx)->coordinator.jobs_max) {
        return run_close(ctx, run, TERM_verdict_ERROR,
                         "more test files than coordinator.jobs_max allows");
    }
    if (listing->count == listing->capacity) {
        size_t capacity = listing->capacity ? 2 * listing->capacity : 64;
        struct run_file *files = realloc(listing->files, capacity * sizeof *files);
        if (!files) {
            return ERR_MEMORY;
        }
        listing->files = files;
        listing->capacity = capacity;
    }
    struct run_file *file = &listing->files[listing->count];
    bool last;
    struct msg_str runner = runner_of_turn(run, &last);
    *file = (struct run_file){.file = strdup(found->file.at)};
    if (!file->file) {
        return ERR_MEMORY;
    }
    /* A run of one runner has it once. */
    if (runner.size < run->submit.runner.size) {
        memcpy(file->runner, runner.at, runner.size);
    }
    listing->count++;
    return ERR_OK;
}

struct listed_op {
    struct run_op base;
    struct run_file *files; /* owned */
    size_t count;
    bool named;    /* the client has named the files; they are in the ledger */
    bool affected; /* what the client has named says which of them are to be run */
    struct ledger_listing listing;
    char runner[MSG_MAX_listed_runner + 1];
    char version[MSG_MAX_listed_version + 1];
    struct rt_caller caller;
    uint64_t token;
};

static void listed_fini(struct rt_store_op *op)
{
    struct listed_op *self = (struct listed_op *)op;
    for (size_t i = 0; i < self->count; i++) {
        free(self->files[i].file);
    }
    free(self->files);
}

static enum err add_listed(struct store_txn *txn, struct ledger_key key, struct listed_op *op)
{
    struct ledger_file *files = calloc(op->count + 1, sizeof *files);
    if (!files) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < op->count; i++) {
        files[i] = (struct ledger_file){
            .job = i, .file = msg_str(op->files[i].file), .runner = msg_str(op->files[i].runner)};
    }
    enum err err = op->affected
                       ? ledger_add_affected(txn, key, files, op->count, &op->listing.files)
                       : ledger_add_files(txn, key, files, op->count);
    free(files);
    return err;
}

static enum err listed_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct listed_op *self = (struct listed_op *)op;
    struct ledger_key key = run_op_key(&self->base);
    enum err err = self->named ? ERR_OK : add_listed(txn, key, self);
    if (err != ERR_OK) {
        return err;
    }
    self->listing.runner = msg_str(self->runner);
    self->listing.version = msg_str(self->version);
    return ledger_set_listed(txn, key, &self->listing);
}

static enum err listed_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    struct run *run = state;
    struct listed_op *self = (struct listed_op *)op;
    if (op->err != ERR_OK && op->err != ERR_EXISTS) {
        return op->err;
    }
    rt_answer(ctx, self->caller,
              MSG(job_ack, .run = msg_str(run->id), .token = self->token, .job = 0));
    run_committed(ctx, run, false, false);
    return run->phase == RUN_LISTING ? run_reload(ctx, run) : ERR_OK;
}

static enum err store_listing(struct rt_context *ctx, struct run *run,
                              const struct msg_listed *listed)
{
    struct run_listing *listing = &run->listing;
    struct listed_op *op = run_op_new(run, sizeof *op, listed_apply, listed_done);
    if (!op) {
        return ERR_MEMORY;
    }
    op->base.op.fini = listed_fini;
    op->files = listing->files;
    op->count = listing->count;
    op->affected = run->submit.affected || run->submit.keyed || ledger_submit_shares(&run->submit);
    op->named = !ledger_submit_lists(&run->submit);
    op->listing = (struct ledger_listing){.serial = listing->serial,
                                          .shared = listing->shared,
                                          .selects = listing->selects,
                                          .files = op->named ? run->submit.files : listing->count};
    memcpy(op->runner, listing->runner, sizeof op->runner);
    memcpy(op->version, listing->version, sizeof op->version);
    op->caller = (struct rt_caller){.address = rt_sender(ctx)};
    op->token = listed->token;
    listing->files = NULL;
    listing->count = 0;
    listing->capacity = 0;
    listing->before = 0;
    rt_store(ctx, &(struct rt_store_op *){&op->base.op});
    return ERR_OK;
}

static void acknowledge(struct rt_context *ctx, const struct run *run, uint64_t token,
                        enum err reason)
{
    rt_tell(ctx, rt_sender(ctx),
            MSG(job_ack, .run = msg_str(run->id), .token = token, .reason = reason));
}

/* Cut where it is full: it is for people. */
static void join(char *to, size_t size, struct msg_str text)
{
    size_t used = strlen(to);
    (void)snprintf(to + used, size - used, "%s%.*s", used > 0 ? ", " : "", (int)text.size, text.at);
}

static enum err next_turn(struct rt_context *ctx, struct run *run)
{
    struct run_listing *listing = &run->listing;
    run_list_over(ctx, run);
    listing->turn++;
    listing->before = listing->count;
    listing->attempts = 0;
    listing->crashes = 0;
    run_demand(ctx, run);
    return ERR_OK;
}

enum err run_on_listed(struct rt_context *ctx, struct run *run, const struct msg_listed *listed)
{
    struct run_listing *listing = &run->listing;
    if (run->phase != RUN_LISTING || listed->token != listing->token) {
        acknowledge(ctx, run, listed->token, ERR_STALE);
        return ERR_OK;
    }
    if (listed->outcome != TERM_outcome_COMPLETE) {
        acknowledge(ctx, run, listed->token, ERR_OK);
        bool infra =
            listed->outcome == TERM_outcome_CRASHED || listed->outcome == TERM_outcome_INTERRUPTED;
        bool crashed = listed->outcome == TERM_outcome_CRASHED;
        return infra ? list_again(ctx, run, listed->message.at, crashed)
                     : run_close(ctx, run, TERM_verdict_ERROR, listed->message.at);
    }
    if (listed->count != listing->count - listing->before) {
        return ERR_OK; /* some were lost on the way; all are sent again */
    }
    bool last;
    (void)runner_of_turn(run, &last);
    listing->serial |= listed->serial;
    listing->shared |= listed->shared;
    listing->selects = listed->selects && (listing->turn == 0 || listing->selects);
    join(listing->runner, sizeof listing->runner, listed->runner);
    join(listing->version, sizeof listing->version, listed->version);
    if (!last) {
        acknowledge(ctx, run, listed->token, ERR_OK);
        return next_turn(ctx, run);
    }
    if (listing->count == 0 && ledger_submit_lists(&run->submit) &&
        !ledger_submit_shares(&run->submit)) {
        acknowledge(ctx, run, listed->token, ERR_OK);
        return run_close(ctx, run, TERM_verdict_ERROR, "the runner lists no test file");
    }
    return store_listing(ctx, run, listed);
}

/* ---- planning ---- */

struct expected_op {
    struct run_op base;
    int64_t *expected_us; /* owned */
    size_t count;
};

static void expected_fini(struct rt_store_op *op)
{
    free(((struct expected_op *)op)->expected_us);
}

static enum err expected_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct expected_op *self = (struct expected_op *)op;
    return ledger_expected(txn, msg_str(self->base.run), self->expected_us, self->count);
}

static enum err expected_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    struct run *run = state;
    struct expected_op *self = (struct expected_op *)op;
    if (op->err != ERR_OK || run->phase != RUN_PLANNING) {
        return op->err;
    }
    struct msg_str id = msg_str(run->id);
    rt_tell(ctx, run->partitioner, MSG(plan, .run = id, .count = run->count));
    for (size_t i = 0; i < run->count; i++) {
        rt_tell(ctx, run->partitioner,
                MSG(plan_file, .run = id, .index = i, .file = msg_str(run->jobs[i].file),
                    .expected_us = self->expected_us[i]));
    }
    return ERR_OK;
}

enum err run_plan(struct rt_context *ctx, struct run *run)
{
    run->phase = RUN_PLANNING;
    run->plan_asked_ms = rt_now_ms(ctx);
    run->plan_seen = 0;
    run->plan_writing = false;
    if (run->partitioner.node == 0) {
        return ERR_OK; /* ROLE_UP brings us back */
    }
    free(run->positions);
    run->positions = malloc((run->count + 1) * sizeof *run->positions);
    struct expected_op *op = run_op_new(run, sizeof *op, expected_apply, expected_done);
    if (!op || !run->positions) {
        free(op);
        return ERR_MEMORY;
    }
    memset(run->positions, 0xff, (run->count + 1) * sizeof *run->positions);
    op->base.op.fini = expected_fini;
    op->count = run->count;
    op->expected_us = calloc(run->count + 1, sizeof *op->expected_us);
    if (!op->expected_us) {
        free(op);
        return ERR_MEMORY;
    }
    rt_store(ctx, &(struct rt_store_op *){&op->base.op});
    return ERR_OK;
}

enum err run_on_planned_file(struct rt_context *ctx, struct run *run,
                             const struct msg_planned_file *planned)
{
    (void)ctx;
    if (run->phase != RUN_PLANNING || run->plan_writing || !run->positions ||
        planned->index >= run->count || planned->position >= run->count) {
        return ERR_OK;
    }
    if (run->positions[planned->index] == UINT64_MAX) {
        run->plan_seen++;
    }
    run->positions[planned->index] = planned->position;
    run->jobs[planned->index].expected_us = planned->expected_us;
    return ERR_OK;
}

struct plan_op {
    struct run_op base;
    struct ledger_place *places; /* owned */
    size_t count;
    uint64_t repeat_percent;
};

static void plan_fini(struct rt_store_op *op)
{
    free(((struct plan_op *)op)->places);
}

static enum err plan_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct plan_op *self = (struct plan_op *)op;
    struct ledger_key key = run_op_key(&self->base);
    enum err err = ledger_set_plan(txn, key, self->places, self->count);
    return err == ERR_OK ? ledger_allow_repeats(txn, key, self->repeat_percent) : err;
}

static enum err plan_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    struct run *run = state;
    if (op->err != ERR_OK) {
        return op->err;
    }
    return run->phase == RUN_PLANNING ? run_reload(ctx, run) : ERR_OK;
}

enum err run_on_planned(struct rt_context *ctx, struct run *run, const struct msg_planned *planned)
{
    if (run->phase != RUN_PLANNING || run->plan_writing || !run->positions ||
        planned->count != run->count || run->plan_seen != run->count) {
        return ERR_OK;
    }
    struct plan_op *op = run_op_new(run, sizeof *op, plan_apply, plan_done);
    struct ledger_place *places = calloc(run->count + 1, sizeof *places);
    if (!op || !places) {
        free(op);
        free(places);
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < run->count; i++) {
        places[i] = (struct ledger_place){
            .job = i, .position = run->positions[i], .expected_us = run->jobs[i].expected_us};
    }
    op->base.op.fini = plan_fini;
    op->places = places;
    op->count = run->count;
    op->repeat_percent = rt_config(ctx)->coordinator.new_tests_percent;
    run->plan_writing = true;
    rt_store(ctx, &(struct rt_store_op *){&op->base.op});
    return ERR_OK;
}

enum err run_list_tick(struct rt_context *ctx, struct run *run)
{
    uint64_t now_ms = rt_now_ms(ctx);
    if (run->phase == RUN_LISTING && run->listing.token && now_ms > run->listing.deadline_ms) {
        return list_again(ctx, run, "no executor could list the test files", false);
    }
    if (run->phase == RUN_PLANNING && !run->plan_writing &&
        now_ms > run->plan_asked_ms + PLAN_AGAIN_MS) {
        return run_plan(ctx, run);
    }
    return ERR_OK;
}
