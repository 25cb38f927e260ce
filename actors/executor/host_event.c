/* host_event.c - what a line of a warm runner means; it is listened to with suspicion.
 *
 * Whoever tells what cannot be true is killed (lied), and its files get no verdict from it.
 */
#include "actors/executor/slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void lied(struct rt_context *ctx, struct slot *slot, const char *text)
{
    host_doom(ctx, slot, TERM_outcome_INCOMPLETE, text);
}

/* More was reported than can be kept: the file's own doing, or that of a silent coordinator? */
static void too_much(struct rt_context *ctx, struct slot *slot, uint64_t own)
{
    if (own >= rt_config(ctx)->executor.results_max) {
        lied(ctx, slot, "the runner reported more results than executor.results_max");
    } else {
        host_doom(ctx, slot, TERM_outcome_INTERRUPTED, "too many results are not acknowledged yet");
    }
}

/* ---- a run ---- */

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

enum err host_release_last(struct slot *slot)
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
    job->seen = event->seen;
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
    enum err err = host_release_last(slot);
    if (err == ERR_OK) {
        err = result_jobs(slot, JOB_OPEN, &passed_over);
    }
    if (err == ERR_OK) {
        err = result_jobs(slot, JOB_WAITING, &passed_over);
    }
    if (err == ERR_OK) {
        host_batch_over(ctx, slot);
    }
    return err;
}

/* ---- a list ---- */

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

static enum err on_listed(struct rt_context *ctx, struct slot *slot, const struct event *event)
{
    uint64_t count = event->count;
    slot->host.shared = event->shared;
    slot->host.selects = event->selects;
    slot->host.serial |= event->serial; /* of several, only listing tells */
    bool sound = count == slot->batch->files;
    const struct verdict verdict = {
        .outcome = sound ? TERM_outcome_COMPLETE : TERM_outcome_INCOMPLETE,
        .message = msg_str(sound ? "" : "the runner listed other files than it counted")};
    enum err err = result_listed(slot, &verdict);
    if (err == ERR_OK) {
        host_batch_over(ctx, slot);
    }
    return err;
}

/* ---- any line ---- */

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
    return host_go_on(ctx, slot);
}

static void on_fatal(struct rt_context *ctx, struct slot *slot, const struct event *event)
{
    char text[MSG_MAX_listed_message / 2];
    bool booting = slot->host.state == HOST_BOOTING;
    (void)snprintf(text, sizeof text, "%.*s%s%s",
                   (int)msg_str_cut(event->message.at, event->message.size, sizeof text / 2).size,
                   event->message.at, booting ? "\n" : "",
                   booting ? slot->host.runner->advice : "");
    host_doom(ctx, slot, TERM_outcome_NOT_STARTED, text);
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
        return list ? on_listed(ctx, slot, event) : ERR_OK;
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
        return host_go_on(ctx, slot);
    }
    return ERR_OK;
}

static enum err on_line(struct rt_context *ctx, struct slot *slot, char *line, size_t size)
{
    struct event event;
    if (size == 0) {
        return ERR_OK;
    }
    if (event_decode(line, size, &event) != ERR_OK) {
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
