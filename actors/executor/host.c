/* host.c - a warm runner: started, asked, listened to with suspicion, and outlived.
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
    return slot->state == SLOT_WORKING && runner_is_host(slot->runner);
}

/* Kills it for a reason; the verdict is given when it has ended. */
static void doom(struct rt_context *ctx, struct slot *slot, uint64_t outcome, const char *reason)
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
    return asprintf(&text, "%s\n%s\n%s\n%s", batch->dir, batch->root, batch->snapshot, batch->env) <
                   0
               ? NULL
               : text;
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
    enum err err = self->identity && self->dir ? env_split(batch->env, &env, &text) : ERR_MEMORY;
    if (err == ERR_OK) {
        err = slot->runner->argv(&options, &argv);
    }
    if (err == ERR_OK) {
        const char *const readable[] = {slot->reporters, NULL};
        const struct rt_command command = {.argv = argv.argv,
                                           .env = env,
                                           .cwd = batch->dir,
                                           .project = batch->root[0] ? batch->root : NULL,
                                           .readable = readable,
                                           .control = true};
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
    char *text =
        list ? self->runner->list(id) : self->runner->run(id, slot->batch, cfg->file_timeout_ms);
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

static void batch_over(struct rt_context *ctx, struct slot *slot)
{
    rest(ctx, slot);
    slot_batch_over(ctx, slot);
}

/* Ready, and done with what went before. */
static enum err go_on(struct rt_context *ctx, struct slot *slot)
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
    return self->state == HOST_NONE ? start(ctx, slot) : go_on(ctx, slot);
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
    char *text = self->runner->cancel(self->command);
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

/* ---- what it says: a run ---- */

static void lied(struct rt_context *ctx, struct slot *slot, const char *text)
{
    doom(ctx, slot, TERM_outcome_INCOMPLETE, text);
}

/* More was reported than can be kept: the file's own doing, or that of a silent coordinator? */
static void too_much(struct rt_context *ctx, struct slot *slot, uint64_t own)
{
    if (own >= rt_config(ctx)->executor.results_max) {
        lied(ctx, slot, "the runner reported more results than executor.results_max");
    } else {
        doom(ctx, slot, TERM_outcome_INTERRUPTED, "too many results are not acknowledged yet");
    }
}

static void open_job(struct rt_context *ctx, struct batch_job *job)
{
    if (job->state == JOB_WAITING) {
        job->state = JOB_OPEN;
        job->since_ms = rt_now_ms(ctx);
    }
}

static enum err on_test(struct rt_context *ctx, struct slot *slot, struct batch_job *job,
                        const struct event *event)
{
    if (job->state == JOB_ENDED) {
        return ERR_OK;
    }
    open_job(ctx, job);
    enum err err = result_test(slot, job, event);
    if (err == ERR_LIMIT) {
        too_much(ctx, slot, job->tests);
        return ERR_OK;
    }
    return err;
}

/* Errors that no open file owns are told after the last file: its result waits for them. */
static enum err hold(struct slot *slot, struct batch_job *job, const struct verdict *verdict)
{
    struct msg_str message =
        msg_str_cut(verdict->message.at, verdict->message.size, MSG_MAX_job_done_message);
    free(slot->last_message);
    slot->last_message = malloc((size_t)message.size + 1);
    if (!slot->last_message) {
        return ERR_MEMORY;
    }
    memcpy(slot->last_message, message.at, message.size);
    slot->last_message[message.size] = '\0';
    slot->last = job;
    slot->last_verdict = *verdict;
    slot->last_verdict.message = (struct msg_str){slot->last_message, message.size};
    job->state = JOB_ENDED;
    return ERR_OK;
}

static enum err release_last(struct slot *slot)
{
    struct batch_job *job = slot->last;
    enum err err = job ? result_job(slot, job, &slot->last_verdict) : ERR_OK;
    slot->last = NULL;
    return err;
}

static enum err on_end(struct rt_context *ctx, struct slot *slot, struct batch_job *job,
                       const struct event *event)
{
    if (job->state == JOB_ENDED) {
        lied(ctx, slot, "the runner ended a file twice");
        return ERR_OK;
    }
    struct verdict verdict = batch_judge(job, event);
    if (event->collected > job->collected) {
        job->collected = event->collected;
    }
    slot->host.vain = 0;
    if (slot->batch->ended + 1 == slot->batch->count) {
        return hold(slot, job, &verdict);
    }
    return result_job(slot, job, &verdict);
}

static enum err on_file_event(struct rt_context *ctx, struct slot *slot, const struct event *event)
{
    struct batch_job *job = batch_find(slot->batch, event->file);
    if (!job) {
        lied(ctx, slot, "the runner named a file that it was not asked for");
        return ERR_OK;
    }
    if (event->kind == EVENT_TEST) {
        return on_test(ctx, slot, job, event);
    }
    if (event->kind == EVENT_END) {
        return on_end(ctx, slot, job, event);
    }
    if (job->state != JOB_ENDED) {
        open_job(ctx, job);
        if (event->kind == EVENT_COLLECTED && event->count > job->collected) {
            job->collected = event->count;
        }
    }
    return ERR_OK;
}

static enum err on_ran(struct rt_context *ctx, struct slot *slot, const struct event *event)
{
    const struct verdict passed_over = {
        .outcome = TERM_outcome_INCOMPLETE,
        .message = msg_str("the runner said that all has run, but this file has not ended")};
    if (event->unhandled_count > 0) {
        rt_log(ctx, RT_WARN, "errors outside of any file run=%s count=%llu", slot->batch->run,
               (unsigned long long)event->unhandled_count);
    }
    if (event->unhandled_count > 0 && slot->last) {
        struct verdict *last = &slot->last_verdict;
        last->outcome =
            last->outcome == TERM_outcome_COMPLETE ? TERM_outcome_UNHANDLED : last->outcome;
        last->failed = true;
        last->message = last->message.size > 0 ? last->message : event->unhandled;
    }
    enum err err = release_last(slot);
    if (err == ERR_OK) {
        err = result_jobs(slot, JOB_OPEN, &passed_over);
    }
    if (err == ERR_OK) {
        err = result_jobs(slot, JOB_WAITING, &passed_over);
    }
    if (err == ERR_OK) {
        batch_over(ctx, slot);
    }
    return err;
}

/* ---- what it says: a list ---- */

static enum err on_file(struct rt_context *ctx, struct slot *slot, struct msg_str file)
{
    if (file.size == 0 || file.size > MSG_MAX_file_found_file) {
        lied(ctx, slot, "the runner listed a file whose name is empty or too long");
        return ERR_OK;
    }
    enum err err = result_file(slot, file);
    if (err == ERR_LIMIT) {
        too_much(ctx, slot, slot->batch->files);
        return ERR_OK;
    }
    return err;
}

static enum err on_listed(struct rt_context *ctx, struct slot *slot, uint64_t count)
{
    bool sound = count == slot->batch->files;
    const struct verdict verdict = {
        .outcome = sound ? TERM_outcome_COMPLETE : TERM_outcome_INCOMPLETE,
        .message = msg_str(sound ? "" : "the runner listed other files than it counted")};
    enum err err = result_listed(slot, &verdict);
    if (err == ERR_OK) {
        batch_over(ctx, slot);
    }
    return err;
}

/* ---- what it says ---- */

static void copy_text(char *to, size_t size, struct msg_str text)
{
    struct msg_str fits = msg_str_cut(text.at, text.size, size - 1);
    memcpy(to, fits.at, fits.size);
    to[fits.size] = '\0';
}

static enum err on_ready(struct rt_context *ctx, struct slot *slot, const struct event *event)
{
    struct host *self = &slot->host;
    if (self->state != HOST_BOOTING) {
        return ERR_OK;
    }
    self->state = HOST_READY;
    self->serial = event->serial;
    copy_text(self->name, sizeof self->name, event->runner);
    copy_text(self->version, sizeof self->version, event->version);
    slot_alarm_off(ctx, slot, ALARM_BOOT);
    return go_on(ctx, slot);
}

static void on_fatal(struct rt_context *ctx, struct slot *slot, const struct event *event)
{
    char text[MSG_MAX_listed_message / 2];
    bool booting = slot->host.state == HOST_BOOTING;
    (void)snprintf(text, sizeof text, "%.*s%s%s",
                   (int)msg_str_cut(event->message.at, event->message.size, sizeof text / 2).size,
                   event->message.at, booting ? "\n" : "",
                   booting ? slot->host.runner->advice : "");
    doom(ctx, slot, TERM_outcome_NOT_STARTED, text);
}

/* An answer to the command under way. */
static enum err on_answer(struct rt_context *ctx, struct slot *slot, const struct event *event)
{
    bool list = slot->batch->work == TERM_work_LIST;
    slot->host.begun = true;
    slot->host.heard_ms = rt_now_ms(ctx);
    switch (event->kind) {
    case EVENT_FILE:
        return list ? on_file(ctx, slot, event->file) : ERR_OK;
    case EVENT_LISTED:
        return list ? on_listed(ctx, slot, event->count) : ERR_OK;
    case EVENT_START:
    case EVENT_COLLECTED:
    case EVENT_TEST:
    case EVENT_END:
        return list ? ERR_OK : on_file_event(ctx, slot, event);
    case EVENT_RAN:
        return list ? ERR_OK : on_ran(ctx, slot, event);
    case EVENT_ERROR:
        lied(ctx, slot, "the runner did not understand its command");
        return ERR_OK;
    case EVENT_OTHER:
    case EVENT_READY:
    case EVENT_FATAL:
        break;
    }
    return ERR_OK;
}

static enum err on_event(struct rt_context *ctx, struct slot *slot, const struct event *event)
{
    struct host *self = &slot->host;
    if (event->kind == EVENT_READY) {
        return on_ready(ctx, slot, event);
    }
    if (event->kind == EVENT_FATAL) {
        on_fatal(ctx, slot, event);
        return ERR_OK;
    }
    if (event->kind == EVENT_ERROR) {
        rt_log(ctx, RT_WARN, "runner complains slot=%s message=\"%.*s\"", slot->name,
               (int)strcspn(event->message.at, "\"\n"), event->message.at);
    }
    if (event->id != 0 && event->id == self->command) {
        return on_answer(ctx, slot, event);
    }
    if (event->kind == EVENT_RAN && event->id != 0 && event->id == self->cancelling) {
        self->cancelling = 0;
        slot_alarm_off(ctx, slot, ALARM_CANCEL);
        return go_on(ctx, slot);
    }
    return ERR_OK;
}

static enum err on_line(struct rt_context *ctx, struct slot *slot, char *line, size_t size)
{
    struct event event;
    if (size == 0) {
        return ERR_OK;
    }
    if (slot->host.runner->decode(line, size, &event) != ERR_OK) {
        lied(ctx, slot, "the runner wrote something that is not its protocol");
        return ERR_OK;
    }
    enum err err = on_event(ctx, slot, &event);
    event_free(&event);
    return err;
}

static bool is_heard(const struct host *self, uint64_t exec)
{
    return self->exec == exec && (self->state == HOST_BOOTING || self->state == HOST_READY);
}

enum err host_output(struct rt_context *ctx, struct slot *slot,
                     const struct msg_exec_output *output)
{
    struct host *self = &slot->host;
    uint64_t exec = self->exec;
    if (output->stream != 3) {
        tail_add(output->stream == 1 ? &self->out : &self->err, output->bytes);
        return ERR_OK;
    }
    if (!is_heard(self, exec)) {
        return ERR_OK;
    }
    enum err err = stream_add(&self->stream, output->bytes.at, output->bytes.size);
    size_t at = 0;
    size_t size = 0;
    char *line;
    while (err == ERR_OK && is_heard(self, exec) &&
           (line = stream_line(&self->stream, &at, &size))) {
        err = on_line(ctx, slot, line, size);
    }
    if (is_heard(self, exec)) {
        stream_cut(&self->stream, at);
        if (self->stream.size > STREAM_LINE_MAX) {
            lied(ctx, slot, "the runner wrote a line that is too long");
        }
    }
    slot_send(ctx, slot);
    return err;
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
    enum err err = release_last(slot);
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
    enum err err = release_last(slot);
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
        doom(ctx, slot, TERM_outcome_TIMEOUT, "the runner did not go on in time and was killed");
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
        doom(ctx, slot, TERM_outcome_NOT_STARTED, text);
    } else if (alarm == ALARM_IDLE && !is_wanted(slot)) {
        retire(ctx, slot);
    } else if (alarm == ALARM_CANCEL) {
        retire(ctx, slot);
        return is_wanted(slot) ? start(ctx, slot) : ERR_OK;
    }
    return ERR_OK;
}
