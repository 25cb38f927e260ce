/* client.c - submits a run to the coordinator and watches it to its end.
 *
 * Takes  ROLE_UP, DOWN, TICK                        from the runtime
 *        SUBMITTED, SEALED, WATCHED, FOUND, STATUS_IS, FAILED answers of the coordinator
 *        TEST_ROW, FILE_ROW, RUN_CLOSED, ERROR_ROW, FIX_ROW, HEAL_ROW from the coordinator
 *        CANCEL, SEAL                               from the command
 * Sends  SUBMIT, RUN_FILE, WATCH, SEAL, FINDINGS, CANCEL, STATUS to the coordinator
 */
#include "tools/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUBMIT_MS = 10000, WATCH_MS = 10000, STATUS_MS = 3000, RETRY_MS = 100, CANCEL_MS = 1000 };

/* Behind every finding: asks only whether they are settled. */
#define NO_FINDING UINT64_MAX

enum { TAG_RETRY = 1, TAG_FILES, TAG_CANCEL };

enum phase {
    PHASE_SUBMITTING,
    PHASE_WATCHING,
    PHASE_SEALING,  /* the command looks whether the tree is still the same */
    PHASE_SETTLING, /* the run is closed; its failures are being looked into */
    PHASE_FINDING,  /* they are settled, or as far as they will come in time */
    PHASE_ASKING,
    PHASE_OVER
};

struct client {
    const struct client_plan *plan;
    enum phase phase;
    struct rt_address coordinator; /* nobody: none known */
    uint64_t monitor;
    uint64_t ask;        /* open; 0: none */
    uint64_t file_next;  /* RUN_FILE to send next */
    uint64_t retry_tick; /* set; 0: none */
    struct collect *collect;
    struct run_totals *closed; /* RUN_CLOSED of the answer that is coming in */
    struct findings *findings; /* owned */
    uint64_t settle_ms;        /* when to stop waiting */
    uint64_t red_files;
    bool red; /* the run was */
    bool cancel;
};

/* ---- telling the command ---- */

static enum err put(const struct client *self, const struct client_event *event)
{
    struct client_event *copy = malloc(sizeof *copy);
    if (!copy) {
        return ERR_MEMORY;
    }
    *copy = *event;
    inbox_put(self->plan->inbox, &(struct inbox_item *){&copy->item});
    return ERR_OK;
}

static enum err put_kind(const struct client *self, enum client_event_kind kind)
{
    return put(self, &(struct client_event){.item.kind = (int)kind});
}

void client_event_drop(struct inbox_item *item)
{
    struct client_event *event = (struct client_event *)item;
    if (item->kind == CLIENT_FILE) {
        file_result_free(&event->file);
    } else if (item->kind == CLIENT_CLOSED) {
        free(event->closed);
    } else if (item->kind == CLIENT_ANSWER) {
        free(event->answer);
    } else if (item->kind == CLIENT_SETTLED && event->findings) {
        findings_fini(event->findings);
        free(event->findings);
    }
    free(event);
}

static enum err give_up(struct rt_context *ctx, struct client *self, enum err reason)
{
    self->phase = PHASE_OVER;
    rt_stop(ctx);
    return put(self, &(struct client_event){.item.kind = CLIENT_FAILED, .failed = reason});
}

/* ---- asking the coordinator ---- */

static bool is_linked(const struct client *self)
{
    return self->coordinator.node != 0;
}

static void retry_later(struct rt_context *ctx, struct client *self)
{
    if (self->retry_tick == 0) {
        self->retry_tick = rt_tick(ctx, RETRY_MS, TAG_RETRY);
    }
}

static const char *text_or_none(const char *const *texts, uint64_t i)
{
    return texts && texts[i] ? texts[i] : "";
}

static void send_files(struct rt_context *ctx, struct client *self)
{
    const struct msg_submit *submit = &self->plan->submit;
    while (self->file_next < submit->files) {
        uint64_t i = self->file_next;
        enum err err = rt_send(ctx, self->coordinator,
                               MSG(run_file, .run = submit->run, .index = i,
                                   .file = msg_str(self->plan->files[i]),
                                   .why = msg_str(text_or_none(self->plan->whys, i)),
                                   .input = msg_str(text_or_none(self->plan->inputs, i))));
        if (err != ERR_OK) {
            /* Full: when there is room again.  Gone: all of it to the next coordinator. */
            (void)rt_tick(ctx, RETRY_MS, TAG_FILES);
            return;
        }
        self->file_next++;
    }
}

static void tell_cancel(struct rt_context *ctx, const struct client *self)
{
    if (self->cancel && is_linked(self) && self->phase == PHASE_WATCHING) {
        rt_tell(ctx, self->coordinator, MSG(cancel, .run = self->plan->submit.run));
    }
}

/* Asks whatever the phase wants to know; a failure comes as FAILED. */
static void go_on(struct rt_context *ctx, struct client *self)
{
    if (!is_linked(self)) {
        return;
    }
    const struct msg_submit *submit = &self->plan->submit;
    enum err err = ERR_OK;
    switch (self->phase) {
    case PHASE_SUBMITTING:
        self->file_next = 0;
        err = rt_ask(ctx, self->coordinator, &submit->head, SUBMIT_MS, &self->ask);
        if (err == ERR_OK) {
            send_files(ctx, self);
        }
        break;
    case PHASE_WATCHING:
        free(self->closed);
        self->closed = NULL;
        err = rt_ask(ctx, self->coordinator,
                     MSG(watch, .run = submit->run, .after = collect_after(self->collect)),
                     WATCH_MS, &self->ask);
        break;
    case PHASE_SETTLING:
    case PHASE_FINDING:
        err = rt_ask(ctx, self->coordinator,
                     MSG(findings, .run = submit->run,
                         .after = self->phase == PHASE_SETTLING ? NO_FINDING
                                                                : findings_last(self->findings)),
                     STATUS_MS, &self->ask);
        break;
    case PHASE_ASKING:
        err = rt_ask(ctx, self->coordinator, MSG(status, .drain = false), STATUS_MS, &self->ask);
        break;
    default:
        break;
    }
    if (err != ERR_OK) {
        rt_log(ctx, RT_DEBUG, "ask failed: %s", err_text(err));
    }
}

/* ---- the coordinator comes and goes ---- */

static enum err on_role_up(struct client *self, struct rt_context *ctx,
                           const struct msg_role_up *up)
{
    struct rt_address address = {up->node, up->actor};
    if (rt_address_equal(address, self->coordinator)) {
        return ERR_OK;
    }
    if (is_linked(self)) {
        rt_demonitor(ctx, self->monitor);
    }
    self->coordinator = address;
    self->monitor = rt_monitor(ctx, address);
    enum err err = put_kind(self, CLIENT_LINKED);
    go_on(ctx, self);
    tell_cancel(ctx, self);
    return err;
}

static enum err settle(struct rt_context *ctx, struct client *self, bool red);

static enum err on_down(struct client *self, struct rt_context *ctx, const struct msg_down *down)
{
    if (!is_linked(self) || down->ref != self->monitor) {
        return ERR_OK;
    }
    bool sealing = self->phase == PHASE_SEALING && self->ask != 0;
    self->coordinator = (struct rt_address){0, 0};
    self->ask = 0;
    enum err err = put_kind(self, CLIENT_UNLINKED);
    return err == ERR_OK && sealing ? settle(ctx, self, self->red) : err;
}

static enum err on_tick(struct client *self, struct rt_context *ctx, uint64_t tag)
{
    if (tag == TAG_RETRY) {
        self->retry_tick = 0;
        if (self->ask == 0) {
            go_on(ctx, self);
        }
    } else if (tag == TAG_FILES) {
        if (self->phase == PHASE_SUBMITTING && self->ask != 0 && is_linked(self)) {
            send_files(ctx, self);
        }
    } else if (self->phase != PHASE_OVER) {
        tell_cancel(ctx, self);
        (void)rt_tick(ctx, CANCEL_MS, TAG_CANCEL);
    }
    return ERR_OK;
}

/* ---- answers ---- */

static enum err on_sealed(struct client *self, struct rt_context *ctx)
{
    self->ask = 0;
    return settle(ctx, self, self->red);
}

static enum err on_failed(struct client *self, struct rt_context *ctx,
                          const struct msg_failed *failed)
{
    if (self->phase == PHASE_SEALING) {
        return on_sealed(self, ctx);
    }
    self->ask = 0;
    switch (failed->reason) {
    case ERR_LIMIT:
    case ERR_MALFORMED:
    case ERR_REFUSED:
    case ERR_NOT_FOUND:
    case ERR_UNKNOWN:
        return give_up(ctx, self, (enum err)failed->reason);
    default:
        retry_later(ctx, self);
        return ERR_OK;
    }
}

static enum err on_submitted(struct client *self, struct rt_context *ctx)
{
    self->ask = 0;
    self->phase = PHASE_WATCHING;
    enum err err = put_kind(self, CLIENT_SUBMITTED);
    go_on(ctx, self);
    tell_cancel(ctx, self);
    return err;
}

static enum err on_closed(struct client *self, const struct msg_run_closed *closed)
{
    struct run_totals *totals = self->closed ? self->closed : calloc(1, sizeof *totals);
    if (!totals) {
        return ERR_MEMORY;
    }
    *totals = (struct run_totals){.verdict = (enum term)closed->verdict,
                                  .wall_ms = closed->wall_ms,
                                  .cpu_us = closed->cpu_us,
                                  .slot_us = closed->slot_us,
                                  .usd = closed->usd,
                                  .budget = closed->budget,
                                  .files_planned = closed->files_planned,
                                  .files_done = closed->files_done,
                                  .files_lost = closed->files_lost,
                                  .files_not_affected = closed->files_not_affected,
                                  .files_cached = closed->files_cached,
                                  .files_audited = closed->files_audited,
                                  .tests_planned = closed->tests_planned,
                                  .tests_passed = closed->tests_passed,
                                  .tests_failed = closed->tests_failed,
                                  .tests_skipped = closed->tests_skipped,
                                  .tests_flaky = closed->tests_flaky,
                                  .tests_lost = closed->tests_lost};
    (void)snprintf(totals->runner, sizeof totals->runner, "%s", closed->runner.at);
    (void)snprintf(totals->reason, sizeof totals->reason, "%s", closed->reason.at);
    (void)snprintf(totals->note, sizeof totals->note, "%s", closed->note.at);
    self->closed = totals;
    return ERR_OK;
}

/* The end: the command has all that there is. */
static enum err finish(struct rt_context *ctx, struct client *self)
{
    enum err err =
        put(self, &(struct client_event){.item.kind = CLIENT_SETTLED, .findings = self->findings});
    if (err == ERR_OK) {
        self->findings = NULL;
        self->phase = PHASE_OVER;
        rt_stop(ctx);
    }
    return err;
}

static enum err settle(struct rt_context *ctx, struct client *self, bool red)
{
    if (!red) {
        return finish(ctx, self);
    }
    self->findings = calloc(1, sizeof *self->findings);
    if (!self->findings) {
        return ERR_MEMORY;
    }
    self->phase = PHASE_SETTLING;
    uint64_t at_once = self->plan->treated_at_once;
    uint64_t turns = at_once > 0 ? (self->red_files + at_once - 1) / at_once : 1;
    self->settle_ms = rt_now_ms(ctx) + (turns > 0 ? turns : 1) * self->plan->patience_ms;
    go_on(ctx, self);
    return ERR_OK;
}

static enum err on_watched(struct client *self, struct rt_context *ctx,
                           const struct msg_watched *watched)
{
    self->ask = 0;
    enum err err = put(self, &(struct client_event){.item.kind = CLIENT_PROGRESS,
                                                    .progress = {.files = watched->files,
                                                                 .done = watched->files_done}});
    bool whole = collect_page(self->collect, watched->seq);
    bool closed = whole && self->closed && watched->verdict != 0;
    bool over = closed && collect_count(self->collect) >= self->closed->files_planned;
    if (err != ERR_OK || (whole && !closed)) {
        go_on(ctx, self);
        return err;
    }
    if (!over) {
        /* The end counts when nothing before it is missing. */
        if (closed) {
            collect_again(self->collect);
        }
        retry_later(ctx, self);
        return ERR_OK;
    }
    bool red = self->closed->tests_failed + self->closed->tests_lost + self->closed->files_lost > 0;
    err = put(self, &(struct client_event){.item.kind = CLIENT_CLOSED, .closed = self->closed});
    if (err != ERR_OK) {
        return err;
    }
    self->closed = NULL;
    self->red = red;
    if (self->plan->submit.reuse_ms > 0) {
        self->phase = PHASE_SEALING; /* the command's SEAL comes next */
        return ERR_OK;
    }
    return settle(ctx, self, red);
}

/* From the command: the tree is the same, or with an empty run it is not.  What is not sealed is
 * only run again: no answer is worth waiting for. */
static enum err on_seal(struct client *self, struct rt_context *ctx, const struct msg_seal *seal)
{
    if (self->phase != PHASE_SEALING || self->ask != 0) {
        return ERR_OK;
    }
    if (seal->run.size > 0 && is_linked(self) &&
        rt_ask(ctx, self->coordinator, &seal->head, STATUS_MS, &self->ask) == ERR_OK) {
        return ERR_OK;
    }
    return settle(ctx, self, self->red);
}

static enum err on_found(struct client *self, struct rt_context *ctx, const struct msg_found *found)
{
    self->ask = 0;
    if (self->phase == PHASE_SETTLING) {
        if (!found->settled && rt_now_ms(ctx) < self->settle_ms) {
            retry_later(ctx, self);
            return ERR_OK;
        }
        self->phase = PHASE_FINDING;
        go_on(ctx, self);
        return ERR_OK;
    }
    if (found->more || found->error != findings_last(self->findings)) {
        retry_later(ctx, self);
        return ERR_OK;
    }
    return finish(ctx, self);
}

static enum err on_status_is(struct client *self, struct rt_context *ctx,
                             const struct msg_status_is *status)
{
    self->phase = PHASE_OVER;
    rt_stop(ctx);
    return put(self, &(struct client_event){.item.kind = CLIENT_STATUS, .status = *status});
}

static enum err on_file_row(struct client *self, const struct msg_file_row *row)
{
    struct file_result *file = NULL;
    enum err err = collect_file(self->collect, row, &file);
    if (err != ERR_OK || !file) {
        return err;
    }
    self->red_files += file->status == TERM_status_FAILED;
    err = put(self, &(struct client_event){.item.kind = CLIENT_FILE, .file = file});
    if (err != ERR_OK) {
        file_result_free(&file);
    }
    return err;
}

static enum err on_cancel(struct client *self, struct rt_context *ctx)
{
    if (!self->cancel) {
        self->cancel = true;
        tell_cancel(ctx, self);
        (void)rt_tick(ctx, CANCEL_MS, TAG_CANCEL);
    }
    return ERR_OK;
}

/* ---- the actor ---- */

static bool is_ours(const struct client *self, struct msg_str run)
{
    return self->phase == PHASE_WATCHING && msg_str_equal(run, self->plan->submit.run);
}

static enum err on_finding(struct client *self, const struct msg *msg)
{
    if (self->phase != PHASE_FINDING) {
        return ERR_OK;
    }
    switch (msg->type) {
    case MSG_ERROR_ROW:
        return findings_add(self->findings, msg_as_error_row(msg));
    case MSG_FIX_ROW:
        return findings_add_fix(self->findings, msg_as_fix_row(msg));
    default:
        return findings_add_heal(self->findings, msg_as_heal_row(msg));
    }
}

static enum err from_coordinator(struct client *self, struct rt_context *ctx, const struct msg *msg)
{
    switch (msg->type) {
    case MSG_TEST_ROW:
        return is_ours(self, msg_as_test_row(msg)->run)
                   ? collect_test(self->collect, msg_as_test_row(msg))
                   : ERR_OK;
    case MSG_FILE_ROW:
        return is_ours(self, msg_as_file_row(msg)->run) ? on_file_row(self, msg_as_file_row(msg))
                                                        : ERR_OK;
    case MSG_RUN_CLOSED:
        return is_ours(self, msg_as_run_closed(msg)->run) ? on_closed(self, msg_as_run_closed(msg))
                                                          : ERR_OK;
    case MSG_ERROR_ROW:
    case MSG_FIX_ROW:
    case MSG_HEAL_ROW:
        return on_finding(self, msg);
    default:
        break;
    }
    /* The rest are answers; those to an ask that was given up are nobody's. */
    if (self->ask == 0 || rt_answered(ctx) != self->ask) {
        return ERR_OK;
    }
    switch (msg->type) {
    case MSG_FAILED:
        return on_failed(self, ctx, msg_as_failed(msg));
    case MSG_SUBMITTED:
        return on_submitted(self, ctx);
    case MSG_WATCHED:
        return on_watched(self, ctx, msg_as_watched(msg));
    case MSG_SEALED:
        return on_sealed(self, ctx);
    case MSG_FOUND:
        return on_found(self, ctx, msg_as_found(msg));
    case MSG_STATUS_IS:
        return on_status_is(self, ctx, msg_as_status_is(msg));
    default:
        return ERR_UNKNOWN;
    }
}

static enum err client_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct client *self = state;
    switch (msg->type) {
    case MSG_ROLE_UP:
        return on_role_up(self, ctx, msg_as_role_up(msg));
    case MSG_DOWN:
        return on_down(self, ctx, msg_as_down(msg));
    case MSG_TICK:
        return on_tick(self, ctx, msg_as_tick(msg)->tag);
    case MSG_CANCEL:
        return on_cancel(self, ctx);
    case MSG_SEAL:
        return on_seal(self, ctx, msg_as_seal(msg));
    default:
        return from_coordinator(self, ctx, msg);
    }
}

static enum err client_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct client *self = state;
    memcpy(&self->plan, arg, sizeof self->plan);
    self->phase = self->plan->work == CLIENT_RUN     ? PHASE_SUBMITTING
                  : self->plan->work == CLIENT_WATCH ? PHASE_WATCHING
                                                     : PHASE_ASKING;
    rt_watch_role(ctx, TERM_role_COORDINATOR);
    return collect_new(&self->collect);
}

static void client_stop(void *state)
{
    struct client *self = state;
    if (self->plan && self->phase != PHASE_OVER) {
        /* Without memory for this, the command sees nothing happen and gives up by its own clock.
         */
        (void)!put(self, &(struct client_event){.item.kind = CLIENT_FAILED, .failed = ERR_CRASHED});
    }
    if (self->findings) {
        findings_fini(self->findings);
        free(self->findings);
    }
    free(self->closed);
    collect_destroy(&self->collect);
}

const struct rt_behaviour client_behaviour = {.name = "client",
                                              .state_size = sizeof(struct client),
                                              .start = client_start,
                                              .receive = client_receive,
                                              .stop = client_stop,
                                              .mailbox_count_max = 1000000,
                                              .restart = RT_RESTART_NEVER};
