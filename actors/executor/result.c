/* result.c - results of the batch as messages in the outbox. */
#include "actors/executor/slot.h"

#include <string.h>

static struct msg_str cut(struct msg_str text, size_t max)
{
    return msg_str_cut(text.at ? text.at : "", text.at ? text.size : 0, max);
}

static enum err open_record(struct slot *slot, uint64_t job, struct record **record)
{
    const struct batch *batch = slot->batch;
    if (*record) {
        return ERR_OK;
    }
    struct outbox_key key = {.epoch = batch->epoch,
                             .token = batch->token,
                             .job = job,
                             .listing = batch->work == TERM_work_LIST};
    memcpy(key.run, batch->run, sizeof key.run);
    return outbox_open(slot->outbox, &key, record);
}

enum err result_test(struct slot *slot, struct batch_job *job, const struct event *test)
{
    const struct batch *batch = slot->batch;
    enum err err = open_record(slot, job->job, &job->record);
    if (err != ERR_OK) {
        return err;
    }
    err = outbox_add(
        slot->outbox, job->record,
        MSG(test_done, .run = msg_str(batch->run), .epoch = batch->epoch, .token = batch->token,
            .job = job->job, .index = job->tests, .test = cut(test->test, MSG_MAX_test_done_test),
            .status = test->status, .duration_us = test->duration_us, .line = test->line,
            .column = test->column, .message = cut(test->message, MSG_MAX_test_done_message),
            .page = cut(test->page, MSG_MAX_test_done_page)));
    job->tests += err == ERR_OK;
    return err;
}

enum err result_job(struct slot *slot, struct batch_job *job, const struct verdict *verdict)
{
    struct batch *batch = slot->batch;
    assert(job->state != JOB_ENDED || job == slot->last);
    enum err err = open_record(slot, job->job, &job->record);
    if (err != ERR_OK) {
        return err;
    }
    err = outbox_close(slot->outbox, job->record,
                       MSG(job_done, .run = msg_str(batch->run), .epoch = batch->epoch,
                           .token = batch->token, .job = job->job, .outcome = verdict->outcome,
                           .failed = verdict->failed, .collected = job->collected,
                           .reported = job->tests, .duration_us = verdict->duration_us,
                           .cpu_us = verdict->cpu_us, .seen = job->seen,
                           .message = cut(verdict->message, MSG_MAX_job_done_message)));
    if (err == ERR_OK) {
        job->record = NULL;
        job->state = JOB_ENDED;
        batch->ended++;
    }
    return err;
}

enum err result_jobs(struct slot *slot, enum batch_state state, const struct verdict *verdict)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < slot->batch->filled && err == ERR_OK; i++) {
        if (slot->batch->jobs[i].state == state) {
            err = result_job(slot, &slot->batch->jobs[i], verdict);
        }
    }
    return err;
}

enum err result_file(struct slot *slot, struct msg_str file)
{
    struct batch *batch = slot->batch;
    enum err err = open_record(slot, 0, &batch->record);
    if (err != ERR_OK) {
        return err;
    }
    err = outbox_add(slot->outbox, batch->record,
                     MSG(file_found, .run = msg_str(batch->run), .token = batch->token,
                         .index = batch->files, .file = file));
    batch->files += err == ERR_OK;
    return err;
}

enum err result_listed(struct slot *slot, const struct verdict *verdict)
{
    struct batch *batch = slot->batch;
    const struct host *host = &slot->host;
    bool ready = slot->runner && slot->runner->is_host && host->name[0];
    const char *name = ready ? host->name : slot->runner ? slot->runner->name : batch->runner;
    enum err err = open_record(slot, 0, &batch->record);
    if (err != ERR_OK) {
        return err;
    }
    err = outbox_close(
        slot->outbox, batch->record,
        MSG(listed, .run = msg_str(batch->run), .epoch = batch->epoch, .token = batch->token,
            .count = batch->files, .runner = cut(msg_str(name), MSG_MAX_listed_runner),
            .version = msg_str(ready ? host->version : ""), .serial = ready && host->serial,
            .shared = ready && host->shared, .selects = ready && host->selects,
            .outcome = verdict->outcome, .message = cut(verdict->message, MSG_MAX_listed_message)));
    batch->record = NULL;
    return err;
}

enum err result_not_started(struct slot *slot, const char *message)
{
    const struct verdict verdict = {.outcome = TERM_outcome_NOT_STARTED,
                                    .message = msg_str(message)};
    if (slot->batch->work == TERM_work_LIST) {
        return result_listed(slot, &verdict);
    }
    return result_jobs(slot, JOB_WAITING, &verdict);
}
