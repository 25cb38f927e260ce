/* slot.c - one place of an executor: pulls work, has it done, hands in the results.
 *
 * Takes  ROLE_UP, DOWN     of coordinators: the newest one is ours
 *        GRANT, LEASE…     the answer to PULL: one batch
 *        REVOKE            from the coordinator: drop it
 *        JOB_ACK           from the coordinator: that result is safe
 *        DRAIN             from the executor: take no more, or take some again
 *        EXEC_*            of its runner
 *        TICK              from itself, see enum alarm
 * Sends  PULL              when idle, and every PULL_MS as long as it is
 *        LEAVE             instead of it, while it takes no more
 *        BEAT              every coordinator.beat_ms for each lease with anything outstanding
 *        TEST_DONE…, JOB_DONE, FILE_FOUND…, LISTED    until they are acknowledged
 */
#include "actors/executor/slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- alarms ---- */

void slot_alarm_off(struct rt_context *ctx, struct slot *self, enum alarm alarm)
{
    struct alarm_at *at = &self->alarms[alarm];
    if (at->tick) {
        rt_tick_cancel(ctx, at->tick);
        at->tick = 0;
    }
}

void slot_alarm(struct rt_context *ctx, struct slot *self, enum alarm alarm, uint64_t delay_ms)
{
    struct alarm_at *at = &self->alarms[alarm];
    slot_alarm_off(ctx, self, alarm);
    at->tick = rt_tick(ctx, delay_ms, alarm);
    at->due_ms = rt_now_ms(ctx) + delay_ms;
}

/* A tick that was cancelled too late is still in the mailbox: it comes before its successor's time.
 */
static bool alarm_rings(struct rt_context *ctx, struct slot *self, uint64_t tag)
{
    if (tag >= ALARMS || !self->alarms[tag].tick || rt_now_ms(ctx) < self->alarms[tag].due_ms) {
        return false;
    }
    self->alarms[tag].tick = 0;
    return true;
}

/* ---- to the coordinator ---- */

static bool has_coordinator(const struct slot *self)
{
    return self->coordinator.node != 0;
}

void slot_send(struct rt_context *ctx, struct slot *self)
{
    size_t bytes = 0;
    const struct msg *msg = outbox_next(self->outbox);
    if (!has_coordinator(self)) {
        return;
    }
    for (size_t i = 0; msg && i < SEND_COUNT_MAX && bytes < SEND_BYTES_MAX; i++) {
        bytes += msg_size(msg);
        if (rt_send(ctx, self->coordinator, msg) != ERR_OK) {
            break;
        }
        outbox_sent(self->outbox, rt_now_ms(ctx));
        msg = outbox_next(self->outbox);
    }
    if (msg && !self->alarms[ALARM_SEND].tick) {
        slot_alarm(ctx, self, ALARM_SEND, SEND_MS);
    }
    if (outbox_count(self->outbox) > 0 && !self->alarms[ALARM_RESEND].tick) {
        slot_alarm(ctx, self, ALARM_RESEND, rt_config(ctx)->coordinator.resend_ms);
    }
}

static void pull(struct rt_context *ctx, struct slot *self)
{
    if (self->state != SLOT_IDLE || !has_coordinator(self) || outbox_full(self->outbox)) {
        return;
    }
    if (self->draining) {
        /* Again and again, as PULL: a run may have given the slot back to the coordinator. */
        rt_tell(ctx, self->coordinator, MSG(leave, .worker = msg_str(self->name)));
        slot_alarm(ctx, self, ALARM_PULL, PULL_MS);
        return;
    }
    const struct host *host = &self->host;
    rt_tell(ctx, self->coordinator,
            MSG(pull, .worker = msg_str(self->name),
                .dir = msg_str(host->state == HOST_READY ? host->dir : "")));
    slot_alarm(ctx, self, ALARM_PULL, PULL_MS);
}

/* A lease whose last results are not acknowledged yet must not run out over that. */
static void beat(struct rt_context *ctx, struct slot *self)
{
    bool any = self->state == SLOT_WORKING;
    if (any && has_coordinator(self)) {
        rt_tell(ctx, self->coordinator,
                MSG(beat, .run = msg_str(self->batch->run), .epoch = self->batch->epoch,
                    .token = self->batch->token));
    }
    const struct outbox_key *key = outbox_lease_after(self->outbox, NULL);
    for (; key; key = outbox_lease_after(self->outbox, key)) {
        any = true;
        bool told = self->state == SLOT_WORKING && key->token == self->batch->token;
        if (!told && has_coordinator(self)) {
            rt_tell(ctx, self->coordinator,
                    MSG(beat, .run = msg_str(key->run), .epoch = key->epoch, .token = key->token));
        }
    }
    if (any) {
        slot_alarm(ctx, self, ALARM_BEAT, rt_config(ctx)->coordinator.beat_ms);
    }
}

/* ---- the batch ---- */

static void forget_batch(struct rt_context *ctx, struct slot *self)
{
    slot_alarm_off(ctx, self, ALARM_FILL);
    batch_destroy(&self->batch);
    free(self->last_message);
    self->last_message = NULL;
    self->last = NULL;
    self->runner = NULL;
    self->state = SLOT_IDLE;
    rt_work(ctx, 0, 0);
}

void slot_batch_over(struct rt_context *ctx, struct slot *self)
{
    assert(self->state == SLOT_WORKING && !self->last);
    bool empty = self->batch->work == TERM_work_RUN && self->batch->count == 0;
    forget_batch(ctx, self);
    slot_send(ctx, self);
    if (empty) {
        /* A grant of nothing is not asked for again at once: it would be a loop. */
        slot_alarm(ctx, self, ALARM_PULL, PULL_MS);
    } else {
        pull(ctx, self);
    }
}

static enum err begin(struct rt_context *ctx, struct slot *self)
{
    slot_alarm_off(ctx, self, ALARM_FILL);
    self->state = SLOT_WORKING;
    rt_work(ctx, 1, 0);
    self->runner = runner_find(self->batch->runner);
    if (!self->alarms[ALARM_BEAT].tick) {
        slot_alarm(ctx, self, ALARM_BEAT, rt_config(ctx)->coordinator.beat_ms);
    }
    if (self->runner) {
        return self->runner->is_host ? host_begin(ctx, self) : command_begin(ctx, self);
    }
    char text[256];
    (void)snprintf(text, sizeof text, "there is no runner '%s'", self->batch->runner);
    enum err err = result_not_started(self, text);
    if (err == ERR_OK) {
        slot_batch_over(ctx, self);
    }
    return err;
}

/* Come twice, or late: a run never grants under a token twice. */
static bool is_old(const struct slot *self, const struct msg_grant *grant)
{
    return msg_str_is(grant->run, self->token_run) && grant->token <= self->token_max;
}

static enum err on_grant(struct rt_context *ctx, struct slot *self, const struct msg_grant *grant)
{
    bool replaces = self->state == SLOT_FILLING && self->batch->filled == 0;
    if (is_old(self, grant) || (self->state != SLOT_IDLE && !replaces)) {
        return ERR_OK;
    }
    struct batch *batch;
    enum err err = batch_new(grant, &batch);
    if (err != ERR_OK) {
        rt_log(ctx, RT_WARN, "cannot take a grant run=%s reason=%s", grant->run.at, err_name(err));
        return err == ERR_LIMIT ? ERR_OK : err;
    }
    forget_batch(ctx, self);
    self->batch = batch;
    self->token_max = grant->token;
    (void)snprintf(self->token_run, sizeof self->token_run, "%s", grant->run.at);
    self->state = SLOT_FILLING;
    slot_alarm_off(ctx, self, ALARM_PULL);
    if (batch_is_full(batch)) {
        return begin(ctx, self);
    }
    slot_alarm(ctx, self, ALARM_FILL, grant->lease_ms);
    return ERR_OK;
}

static enum err on_lease(struct rt_context *ctx, struct slot *self, const struct msg_lease *lease)
{
    if (self->state != SLOT_FILLING) {
        return ERR_OK;
    }
    enum err err = batch_fill(self->batch, lease);
    return err == ERR_OK && batch_is_full(self->batch) ? begin(ctx, self) : err;
}

static enum err on_revoke(struct rt_context *ctx, struct slot *self,
                          const struct msg_revoke *revoke)
{
    struct batch *batch = self->batch;
    bool ours = batch && batch->token == revoke->token && msg_str_is(revoke->run, batch->run);
    outbox_revoke(self->outbox, revoke->run, revoke->token);
    if (ours && self->state == SLOT_WORKING) {
        if (self->runner->is_host) {
            host_cancel(ctx, self);
        } else {
            command_cancel(ctx, self);
        }
    }
    if (ours) {
        forget_batch(ctx, self);
    }
    if (ours || !self->alarms[ALARM_PULL].tick) {
        pull(ctx, self);
    }
    return ERR_OK;
}

static enum err on_job_ack(struct rt_context *ctx, struct slot *self, const struct msg_job_ack *ack)
{
    if (outbox_ack(self->outbox, ack->run, ack->token, ack->job) && ack->reason != 0) {
        rt_log(ctx, RT_INFO, "result refused run=%s job=%llu reason=%s", ack->run.at,
               (unsigned long long)ack->job, err_name((enum err)ack->reason));
    }
    if (!self->alarms[ALARM_PULL].tick) {
        pull(ctx, self); /* it may have been too much until now */
    }
    return ERR_OK;
}

/* What was granted before the coordinator hears of it is done like any other work. */
static enum err on_drain(struct rt_context *ctx, struct slot *self, const struct msg_drain *drain)
{
    bool changed = self->draining != drain->on;
    self->draining = drain->on;
    if (changed) {
        pull(ctx, self);
    }
    rt_reply(ctx, MSG(drained, .node = msg_str(""), .on = drain->on,
                      .busy = self->state != SLOT_IDLE || outbox_count(self->outbox) > 0));
    return ERR_OK;
}

/* ---- coordinators come and go ---- */

static void forget_coordinator(struct rt_context *ctx, struct slot *self)
{
    if (has_coordinator(self)) {
        rt_demonitor(ctx, self->monitor);
        self->coordinator = (struct rt_address){0, 0};
    }
    slot_alarm_off(ctx, self, ALARM_PULL);
    slot_alarm_off(ctx, self, ALARM_SEND);
}

static enum err on_role_up(struct rt_context *ctx, struct slot *self, const struct msg_role_up *up)
{
    if (up->role != TERM_role_COORDINATOR) {
        return ERR_OK;
    }
    forget_coordinator(ctx, self);
    self->coordinator = (struct rt_address){up->node, up->actor};
    self->monitor = rt_monitor(ctx, self->coordinator);
    if (self->monitor == 0) {
        return ERR_MEMORY;
    }
    /* What the former one has acknowledged is in the ledger; of all else nobody knows. */
    outbox_rewind(self->outbox);
    slot_send(ctx, self);
    beat(ctx, self);
    pull(ctx, self);
    return ERR_OK;
}

static enum err on_down(struct rt_context *ctx, struct slot *self, const struct msg_down *down)
{
    if (down->ref == self->monitor) {
        forget_coordinator(ctx, self);
    }
    return ERR_OK;
}

/* ---- time ---- */

static void resend(struct rt_context *ctx, struct slot *self)
{
    uint64_t age_ms = 3 * rt_config(ctx)->coordinator.resend_ms;
    outbox_expire(self->outbox, rt_now_ms(ctx), age_ms);
    slot_send(ctx, self);
}

static enum err on_tick(struct rt_context *ctx, struct slot *self, uint64_t tag)
{
    if (!alarm_rings(ctx, self, tag)) {
        return ERR_OK;
    }
    switch ((enum alarm)tag) {
    case ALARM_PULL:
        pull(ctx, self);
        return ERR_OK;
    case ALARM_FILL:
        rt_log(ctx, RT_WARN, "batch did not arrive whole run=%s", self->batch->run);
        forget_batch(ctx, self);
        pull(ctx, self);
        return ERR_OK;
    case ALARM_BEAT:
        beat(ctx, self);
        return ERR_OK;
    case ALARM_SEND:
        slot_send(ctx, self);
        return ERR_OK;
    case ALARM_RESEND:
        resend(ctx, self);
        return ERR_OK;
    case ALARM_WATCH:
        if (self->command.exec) {
            command_late(ctx, self);
            return ERR_OK;
        }
        return host_alarm(ctx, self, ALARM_WATCH);
    case ALARM_BOOT:
    case ALARM_CANCEL:
    case ALARM_IDLE:
        return host_alarm(ctx, self, (enum alarm)tag);
    case ALARMS:
        break;
    }
    return ERR_OK;
}

/* ---- commands ---- */

/* Events of a command that was given up belong to nobody. */
static enum err on_exec_output(struct rt_context *ctx, struct slot *self,
                               const struct msg_exec_output *output)
{
    if (output->id == self->command.exec) {
        command_output(self, output);
    } else if (output->id == self->host.exec) {
        return host_output(ctx, self, output);
    }
    return ERR_OK;
}

static enum err on_exec_exited(struct rt_context *ctx, struct slot *self,
                               const struct msg_exec_exited *exited)
{
    if (exited->id == self->command.exec) {
        return command_exited(ctx, self, exited);
    }
    return exited->id == self->host.exec ? host_exited(ctx, self, exited) : ERR_OK;
}

static void on_exec_started(struct rt_context *ctx, const struct msg_exec_started *started)
{
    if (started->note.size > 0) {
        rt_log(ctx, RT_DEBUG, "sandbox level=%llu note=\"%s\"", (unsigned long long)started->level,
               started->note.at);
    }
}

static enum err slot_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct slot *self = state;
    switch (msg->type) {
    case MSG_ROLE_UP:
        return on_role_up(ctx, self, msg_as_role_up(msg));
    case MSG_DOWN:
        return on_down(ctx, self, msg_as_down(msg));
    case MSG_GRANT:
        return on_grant(ctx, self, msg_as_grant(msg));
    case MSG_LEASE:
        return on_lease(ctx, self, msg_as_lease(msg));
    case MSG_REVOKE:
        return on_revoke(ctx, self, msg_as_revoke(msg));
    case MSG_JOB_ACK:
        return on_job_ack(ctx, self, msg_as_job_ack(msg));
    case MSG_DRAIN:
        return on_drain(ctx, self, msg_as_drain(msg));
    case MSG_EXEC_STARTED:
        on_exec_started(ctx, msg_as_exec_started(msg));
        return ERR_OK;
    case MSG_EXEC_OUTPUT:
        return on_exec_output(ctx, self, msg_as_exec_output(msg));
    case MSG_EXEC_EXITED:
        return on_exec_exited(ctx, self, msg_as_exec_exited(msg));
    case MSG_TICK:
        return on_tick(ctx, self, msg_as_tick(msg)->tag);
    default:
        return ERR_UNKNOWN;
    }
}

/* ---- beginning and end ---- */

static enum err slot_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct slot *self = state;
    const struct slot_arg *with = arg;
    char number[24];
    int size = snprintf(number, sizeof number, "/%llu", (unsigned long long)with->index);
    (void)snprintf(self->name, sizeof self->name, "%.*s%s", (int)sizeof self->name - 1 - size,
                   rt_node_name(ctx), number);
    self->reporters = with->reporters; /* the runtime keeps it as long as the actor */
    enum err err = outbox_new(rt_config(ctx)->executor.results_max, &self->outbox);
    if (err == ERR_OK) {
        rt_watch_role(ctx, TERM_role_COORDINATOR);
    }
    return err;
}

static void slot_stop(void *state)
{
    struct slot *self = state;
    batch_destroy(&self->batch);
    outbox_destroy(&self->outbox);
    host_free(&self->host);
    free(self->last_message);
}

const struct rt_behaviour slot_behaviour = {.name = "slot",
                                            .state_size = sizeof(struct slot),
                                            .start = slot_start,
                                            .receive = slot_receive,
                                            .stop = slot_stop};
