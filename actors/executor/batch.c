/* batch.c - see batch.h. */
#include "actors/executor/batch.h"

#include <stdlib.h>
#include <string.h>

enum err batch_new(const struct msg_grant *grant, struct batch **ret_batch)
{
    if (grant->count > BATCH_JOBS_MAX) {
        return ERR_LIMIT;
    }
    struct batch *self = calloc(1, sizeof *self);
    if (!self) {
        return ERR_MEMORY;
    }
    memcpy(self->run, grant->run.at, grant->run.size);
    self->work = grant->work;
    self->epoch = grant->epoch;
    self->token = grant->token;
    self->lease_ms = grant->lease_ms;
    self->count = grant->work == TERM_work_RUN ? (size_t)grant->count : 0;
    const struct msg_str texts[] = {grant->dir,    grant->root,    grant->env,
                                    grant->runner, grant->command, grant->snapshot};
    char **const copies[] = {&self->dir,    &self->root,    &self->env,
                             &self->runner, &self->command, &self->snapshot};
    bool ok = true;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *copies[i] = strndup(texts[i].at, texts[i].size);
        ok = ok && *copies[i];
    }
    self->jobs = calloc(self->count + 1, sizeof *self->jobs);
    if (!ok || !self->jobs) {
        batch_destroy(&self);
        return ERR_MEMORY;
    }
    *ret_batch = self;
    return ERR_OK;
}

void batch_destroy(struct batch **batch)
{
    struct batch *self = *batch;
    if (!self) {
        return;
    }
    for (size_t i = 0; i < self->filled; i++) {
        free(self->jobs[i].file);
        free(self->jobs[i].names);
    }
    free(self->jobs);
    free(self->dir);
    free(self->root);
    free(self->env);
    free(self->runner);
    free(self->command);
    free(self->snapshot);
    free(self);
    *batch = NULL;
}

enum err batch_fill(struct batch *self, const struct msg_lease *lease)
{
    if (batch_is_full(self) || lease->token != self->token || !msg_str_is(lease->run, self->run)) {
        return ERR_OK;
    }
    struct batch_job *job = &self->jobs[self->filled];
    job->file = strndup(lease->file.at, lease->file.size);
    if (!job->file) {
        return ERR_MEMORY;
    }
    if (lease->select != 0) {
        job->names = strndup(lease->tests.at, lease->tests.size);
        if (!job->names) {
            free(job->file);
            return ERR_MEMORY;
        }
    }
    job->job = lease->job;
    job->select = lease->select;
    self->filled++;
    return ERR_OK;
}

struct batch_job *batch_find(struct batch *self, struct msg_str file)
{
    /* Events of one file come together, and files in their order. */
    for (size_t i = 0; i < self->filled; i++) {
        size_t at = (self->found + i) % self->filled;
        if (msg_str_is(file, self->jobs[at].file)) {
            self->found = at;
            return &self->jobs[at];
        }
    }
    return NULL;
}

struct batch_job *batch_first(struct batch *self, enum batch_state state)
{
    for (size_t i = 0; i < self->filled; i++) {
        if (self->jobs[i].state == state) {
            return &self->jobs[i];
        }
    }
    return NULL;
}

/* Why a file has no complete result, in the words of a host. */
static const struct reason {
    const char *word;
    uint64_t outcome;
    bool failed;
} reasons[] = {
    {"unhandled", TERM_outcome_UNHANDLED, true},
    {"timeout", TERM_outcome_TIMEOUT, false},
    {"worker-died", TERM_outcome_CRASHED, false},
    {"no-tests", TERM_outcome_NO_TESTS, true},
    {"fewer-than-collected", TERM_outcome_INCOMPLETE, false},
    {"not-found", TERM_outcome_NOT_FOUND, false},
    {"interrupted", TERM_outcome_INTERRUPTED, false},
};

static struct verdict lie(const struct event *end, const char *text)
{
    return (struct verdict){.outcome = TERM_outcome_INCOMPLETE,
                            .duration_us = end->duration_us,
                            .message = msg_str(text)};
}

/* It says that every announced test was reported. */
static struct verdict judge_complete(const struct batch_job *job, const struct event *end)
{
    bool failed = msg_str_is(end->reason, "error");
    if (!end->complete) {
        return lie(end, "the runner ended the file without saying why");
    }
    if (end->count != job->tests || end->collected != job->tests ||
        job->collected > end->collected) {
        return lie(end, "the runner announced other tests than it reported");
    }
    /* None of the tests that a part names may be there any more. */
    if (job->tests == 0 && !failed && (job->select == 0 || end->seen == 0)) {
        return lie(end, "the runner reported no test and no failure");
    }
    return (struct verdict){.outcome = TERM_outcome_COMPLETE,
                            .failed = failed,
                            .duration_us = end->duration_us,
                            .message = end->message};
}

struct verdict batch_judge(const struct batch_job *job, const struct event *end)
{
    if (end->reason.size == 0 || msg_str_is(end->reason, "error")) {
        return judge_complete(job, end);
    }
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        const struct reason *reason = &reasons[i];
        if (!msg_str_is(end->reason, reason->word)) {
            continue;
        }
        if (reason->outcome == TERM_outcome_NO_TESTS && job->tests > 0) {
            return lie(end, "the runner reported tests and then said that there are none");
        }
        return (struct verdict){.outcome = reason->outcome,
                                .failed = reason->failed,
                                .duration_us = end->duration_us,
                                .message = end->message};
    }
    return lie(end, "the runner ended the file for a reason that is not known here");
}
