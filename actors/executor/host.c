/* host.c - a warm runner: started, asked, given up, and outlived.
 *
 *     NONE --start--> BOOTING --ready--> READY --(a command, its answer)--> READY
 *       ^                |                 |                                  |
 *       |                +------ fatal, too late, too silent, a lie ----------+
 *       |                                  v
 *       +------------ its end ---------- DOOMED
 *
 * A host without a batch is never DOOMED: it is killed and forgotten at once (retire).
 */
#include "actors/executor/slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_WANTS_ANOTHER = 86 }; /* host.mjs: it has done what it could, and is worn out */

/* ---- beginning and end of a host ---- */

void host_free(struct host *self)
{
    stream_free(&self->stream);
    free(self->dir);
    free(self->identity);
    free(self->reason);
    self->dir = NULL;
    self->identity = NULL;
    self->reason = NULL;
}

static void forget(struct rt_context *ctx, struct slot *slot)
{
    static const enum alarm alarms[] = {ALARM_BOOT, ALARM_WATCH, ALARM_CANCEL, ALARM_IDLE};
    for (size_t i = 0; i < sizeof alarms / sizeof alarms[0]; i++) {
        slot_alarm_off(ctx, slot, alarms[i]);
    }
    struct host *self = &slot->host;
    uint64_t commands = self->commands;
    uint64_t vain = self->vain;
    host_free(self);
    *self = (struct host){.commands = commands, .vain = vain};
}

static void retire(struct rt_context *ctx, struct slot *slot)
{
    if (slot->host.exec) {
        rt_exec_kill(ctx, slot->host.exec);
    }
    forget(ctx, slot);
}

/* Whether the batch at hand is a host's. */
static bool is_wanted(const struct slot *slot)
{
    return slot->state == SLOT_WORKING && slot->runner->is_host;
}

/* Kills it for a reason; the verdict is given when it has ended. */
void host_doom(struct rt_context *ctx, struct slot *slot, uint64_t outcome, const char *reason)
{
    struct host *self = &slot->host;
    rt_log(ctx, RT_WARN, "runner killed slot=%s reason=\"%.*s\"", slot->name,
           (int)strcspn(reason, "\"\n"), reason);
    if (!is_wanted(slot)) {
        retire(ctx, slot);
        return;
    }
    slot_alarm_off(ctx, slot, ALARM_BOOT);
    slot_alarm_off(ctx, slot, ALARM_WATCH);
    free(self->reason);
    self->reason = strdup(reason);
    self->doom = outcome;
    self->state = HOST_DOOMED;
    stream_free(&self->stream);
    rt_exec_kill(ctx, self->exec);
}

static char *identity_of(const struct batch *batch)
{
    char *text = NULL;
    return asprintf(&text, "%s\n%s\n%s\n%s\n%s", batch->dir, batch->root, batch->snapshot,
                    batch->env, batch->command) < 0
               ? NULL
               : text;
}

/* GRANT.env, and for hosts side by side to differ, the number of the slot: the end of its name. */
static enum err env_of(const struct slot *slot, const char ***ret_list, char **ret_text)
{
    const char *slash = strrchr(slot->name, '/');
    char *env = NULL;
    assert(slash);
    if (asprintf(&env, "%s\nTROUPE_SLOT=%s", slot->batch->env, slash + 1) < 0) {
        return ERR_MEMORY;
    }
    enum err err = env_split(env, ret_list, ret_text);
    free(env);
    return err;
}

static enum err start(struct rt_context *ctx, struct slot *slot)
{
    struct host *self = &slot->host;
    const struct batch *batch = slot->batch;
    const struct runner_options options = {.reporters = slot->reporters, .command = batch->command};
    struct runner_argv argv = {.text = NULL};
    const char **env = NULL;
    char *text = NULL;
    self->identity = identity_of(batch);
    self->dir = strdup(batch->dir);
    enum err err = self->identity && self->dir ? env_of(slot, &env, &text) : ERR_MEMORY;
    if (err == ERR_OK) {
        err = runner_argv(slot->runner, &options, &argv);
    }
    if (err == ERR_OK) {
        const char *const readable[] = {slot->reporters, NULL};
        const struct rt_command command = {.argv = argv.argv,
                                           .env = env,
                                           .cwd = batch->dir,
                                           .project = batch->root[0] ? batch->root : NULL,
                                           .readable = readable,
                                           .control = true,
                                           .caches = slot->runner->caches};
        self->exec = rt_exec(ctx, &command);
        self->runner = slot->runner;
        self->state = HOST_BOOTING;
        slot_alarm(ctx, slot, ALARM_BOOT, rt_config(ctx)->executor.boot_timeout_ms);
        err = self->exec ? ERR_OK : ERR_MEMORY;
    }
    free(argv.text);
    free(env);
    free(text);
    return err;
}

/* ---- commands ---- */

static enum err ask(struct rt_context *ctx, struct slot *slot)
{
    struct host *self = &slot->host;
    const struct cfg_executor *cfg = &rt_config(ctx)->executor;
    bool list = slot->batch->work == TERM_work_LIST;
    uint64_t id = ++self->commands;
    char *text = list ? runner_list(id) : runner_run(id, slot->batch, cfg->file_timeout_ms);
    if (!text) {
        return ERR_MEMORY;
    }
    self->asked = true;
    self->begun = false;
    self->command = id;
    self->heard_ms = rt_now_ms(ctx);
    slot_alarm_off(ctx, slot, ALARM_IDLE);
    slot_alarm(ctx, slot, ALARM_WATCH,
               list ? cfg->list_timeout_ms : cfg->file_timeout_ms + GRACE_MS);
    enum err err = rt_exec_write(ctx, self->exec, text, strlen(text));
    free(text);
    if (err != ERR_OK) {
        /* It is about to end, or does not read; its end decides what becomes of the batch. */
        rt_exec_kill(ctx, self->exec);
    }
    return err == ERR_MEMORY ? err : ERR_OK;
}

static void rest(struct rt_context *ctx, struct slot *slot)
{
    uint64_t idle_ms = rt_config(ctx)->executor.runner_idle_ms;
    slot->host.command = 0;
    slot->host.asked = false;
    slot_alarm_off(ctx, slot, ALARM_WATCH);
    if (slot->host.state != HOST_READY) {
        return;
    }
    if (idle_ms == 0) {
        retire(ctx, slot);
    } else {
        slot_alarm(ctx, slot, ALARM_IDLE, idle_ms);
    }
}

void host_batch_over(struct rt_context *ctx, struct slot *slot)
{
    rest(ctx, slot);
    slot_batch_over(ctx, slot);
}

/* Ready, and done with what went before. */
enum err host_go_on(struct rt_context *ctx, struct slot *slot)
{
    struct host *self = &slot->host;
    if (self->state != HOST_READY || self->cancelling || self->asked) {
        return ERR_OK;
    }
    if (is_wanted(slot)) {
        return ask(ctx, slot);
    }
    rest(ctx, slot);
    return ERR_OK;
}

enum err host_begin(struct rt_context *ctx, struct slot *slot)
{
    struct host *self = &slot->host;
    char *identity = identity_of(slot->batch);
    if (!identity) {
        return ERR_MEMORY;
    }
    if (self->state != HOST_NONE &&
        (self->runner != slot->runner || strcmp(self->identity, identity) != 0)) {
        retire(ctx, slot);
    }
    free(identity);
    self->vain = 0;
    self->asked = false;
    self->begun = false;
    self->warm = self->state != HOST_NONE;
    slot_alarm_off(ctx, slot, ALARM_IDLE);
    return self->state == HOST_NONE ? start(ctx, slot) : host_go_on(ctx, slot);
}

void host_cancel(struct rt_context *ctx, struct slot *slot)
{
    struct host *self = &slot->host;
    if (self->state == HOST_DOOMED) {
        retire(ctx, slot);
        return;
    }
    if (self->state != HOST_READY || self->command == 0) {
        return;
    }
    char *text = runner_cancel(self->command);
    if (!text || rt_exec_write(ctx, self->exec, text, strlen(text)) != ERR_OK) {
        retire(ctx, slot);
    } else {
        self->cancelling = self->command;
        self->command = 0;
        self->asked = false;
        slot_alarm_off(ctx, slot, ALARM_WATCH);
        slot_alarm(ctx, slot, ALARM_CANCEL, CANCEL_MS);
    }
    free(text);
}

/* ---- its end ---- */

/* It ended through no fault of the files that it has not begun. */
static bool deserves_another(const struct slot *slot, const struct msg_exec_exited *exited)
{
    const struct host *self = &slot->host;
    if (self->state != HOST_READY || exited->error.size > 0 || self->vain >= HOSTS_IN_VAIN_MAX) {
        return false;
    }
    bool asks = exited->signal == 0 && exited->code == EXIT_WANTS_ANOTHER;
    bool list = slot->batch->work == TERM_work_LIST;
    return (asks && !(list && self->begun)) || (self->warm && !self->begun);
}

/* What is open in it has crashed; the rest goes to a new one. */
static enum err start_another(struct rt_context *ctx, struct slot *slot, const char *text)
{
    const struct verdict crashed = {.outcome = TERM_outcome_CRASHED, .message = msg_str(text)};
    enum err err = host_release_last(slot);
    if (err == ERR_OK) {
        err = result_jobs(slot, JOB_OPEN, &crashed);
    }
    if (err != ERR_OK) {
        return err;
    }
    bool over = slot->batch->work == TERM_work_RUN && slot->batch->ended == slot->batch->count;
    slot->host.vain++;
    forget(ctx, slot);
    if (over) {
        slot_batch_over(ctx, slot);
        return ERR_OK;
    }
    slot_send(ctx, slot);
    return start(ctx, slot);
}

/* Why and how it ended; of a death by our own hand only the reason is worth telling. */
static void explain(const struct slot *slot, const struct msg_exec_exited *exited, char *text,
                    size_t size)
{
    const struct host *self = &slot->host;
    bool doomed = self->state == HOST_DOOMED;
    const char *begin = !doomed ? "the runner " : self->reason ? self->reason : "it was given up";
    (void)snprintf(text, size, "%s", begin);
    size_t used = strlen(text);
    ending_text(doomed ? NULL : exited, &self->out, &self->err, text + used, size - used);
}

/* Outcome for what it was doing when it ended. */
static uint64_t outcome_of(const struct host *self)
{
    if (self->state == HOST_DOOMED) {
        return self->doom;
    }
    return self->state == HOST_BOOTING ? TERM_outcome_NOT_STARTED : TERM_outcome_CRASHED;
}

static enum err conclude_run(struct slot *slot, uint64_t outcome, const char *text)
{
    const struct verdict waiting = {.outcome = TERM_outcome_NOT_STARTED, .message = msg_str(text)};
    struct verdict open = {.outcome = outcome, .message = msg_str(text)};
    struct batch_job *blamed = NULL;
    if (outcome == TERM_outcome_NOT_STARTED) {
        open.outcome = TERM_outcome_CRASHED; /* it had begun */
    }
    if (outcome == TERM_outcome_TIMEOUT && !slot->last && !batch_first(slot->batch, JOB_OPEN)) {
        /* Otherwise nobody could ever be blamed for a runner that hangs before its first file. */
        blamed = batch_first(slot->batch, JOB_WAITING);
    }
    if (slot->last && slot->last_verdict.outcome == TERM_outcome_COMPLETE) {
        slot->last_verdict.outcome = open.outcome;
        slot->last_verdict.message = open.message;
    }
    enum err err = host_release_last(slot);
    if (err == ERR_OK && blamed) {
        err = result_job(slot, blamed, &open);
    }
    if (err == ERR_OK) {
        err = result_jobs(slot, JOB_OPEN, &open);
    }
    return err == ERR_OK ? result_jobs(slot, JOB_WAITING, &waiting) : err;
}

enum err host_exited(struct rt_context *ctx, struct slot *slot,
                     const struct msg_exec_exited *exited)
{
    char text[MSG_MAX_job_done_message];
    explain(slot, exited, text, sizeof text);
    if (!is_wanted(slot)) {
        rt_log(ctx, RT_INFO, "idle runner ended slot=%s code=%llu signal=%llu", slot->name,
               (unsigned long long)exited->code, (unsigned long long)exited->signal);
        forget(ctx, slot);
        return ERR_OK;
    }
    if (deserves_another(slot, exited)) {
        return start_another(ctx, slot, text);
    }
    uint64_t outcome = outcome_of(&slot->host);
    const struct verdict verdict = {.outcome = outcome, .message = msg_str(text)};
    enum err err = slot->batch->work == TERM_work_LIST ? result_listed(slot, &verdict)
                                                       : conclude_run(slot, outcome, text);
    if (err == ERR_OK) {
        forget(ctx, slot);
        slot_batch_over(ctx, slot);
    }
    return err;
}

/* ---- time ---- */

/* How long what it does now may go on; 0: it is too late. */
static uint64_t patience_ms(struct rt_context *ctx, const struct slot *slot)
{
    const struct cfg_executor *cfg = &rt_config(ctx)->executor;
    uint64_t now_ms = rt_now_ms(ctx);
    uint64_t due_ms = slot->host.heard_ms + cfg->file_timeout_ms + GRACE_MS;
    if (slot->batch->work == TERM_work_LIST) {
        return 0;
    }
    const struct batch_job *job = batch_first(slot->batch, JOB_OPEN);
    if (job) {
        /* Whoever can write to the host's stream could otherwise keep it alive for ever. */
        uint64_t last_ms = job->since_ms + FILE_TIMES_MAX * cfg->file_timeout_ms + GRACE_MS;
        due_ms = due_ms < last_ms ? due_ms : last_ms;
    }
    return due_ms > now_ms ? due_ms - now_ms : 0;
}

static void on_watch(struct rt_context *ctx, struct slot *slot)
{
    if (!is_wanted(slot) || slot->host.state != HOST_READY) {
        return;
    }
    uint64_t left_ms = patience_ms(ctx, slot);
    if (left_ms > 0) {
        slot_alarm(ctx, slot, ALARM_WATCH, left_ms);
    } else {
        host_doom(ctx, slot, TERM_outcome_TIMEOUT,
                  "the runner did not go on in time and was killed");
    }
}

enum err host_alarm(struct rt_context *ctx, struct slot *slot, enum alarm alarm)
{
    char text[96];
    if (alarm == ALARM_WATCH) {
        on_watch(ctx, slot);
    } else if (alarm == ALARM_BOOT) {
        (void)snprintf(text, sizeof text, "the runner was not ready after %llu ms",
                       (unsigned long long)rt_config(ctx)->executor.boot_timeout_ms);
        host_doom(ctx, slot, TERM_outcome_NOT_STARTED, text);
    } else if (alarm == ALARM_IDLE && !is_wanted(slot)) {
        retire(ctx, slot);
    } else if (alarm == ALARM_CANCEL) {
        retire(ctx, slot);
        return is_wanted(slot) ? start(ctx, slot) : ERR_OK;
    }
    return ERR_OK;
}
