/* queues_apply.c - for each queue: find, or make; read; set what is different; read again. */
#include "actors/sqs_bridge/queues_apply.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

const char *queue_outcome_word(enum queue_outcome outcome)
{
    static const char *const words[] = {
        [QUEUE_SAME] = "same",           [QUEUE_MISSING] = "missing",
        [QUEUE_DIFFERENT] = "different", [QUEUE_CREATED] = "created",
        [QUEUE_CHANGED] = "changed",     [QUEUE_FAILED] = "failed",
        [QUEUE_NOT_ASKED] = "not asked"};
    return words[outcome];
}

void queues_apply_start(struct queues_apply *self, const struct queues *queues, bool check)
{
    *self = (struct queues_apply){.queues = queues, .check = check, .action = QUEUES_FIND};
    for (size_t i = 0; i < queues->count; i++) {
        self->states[i].outcome = QUEUE_NOT_ASKED;
    }
}

/* Empty when the dead-letter queue is missing, which only happens when nothing is changed. */
static const char *dead_arn(const struct queues_apply *self, const struct queue_spec *spec)
{
    return spec->dead_letter ? self->states[spec->dead_letter_at].arn : "";
}

enum err queues_apply_next(struct queues_apply *self, char **ret_body)
{
    *ret_body = NULL;
    if (self->at == self->queues->count) {
        return ERR_OK;
    }
    const struct queue_spec *spec = &self->queues->list[self->at];
    const char *url = self->states[self->at].url;
    switch (self->action) {
    case QUEUES_FIND:
        return queues_json_find(spec->name, ret_body);
    case QUEUES_CREATE:
        return queues_json_create(spec, dead_arn(self, spec), ret_body);
    case QUEUES_READ:
        return queues_json_read(url, ret_body);
    case QUEUES_SET:
        return queues_json_set(spec, url, dead_arn(self, spec), ret_body);
    }
    return ERR_MALFORMED;
}

static void ask(struct queues_apply *self, enum queues_action action)
{
    self->action = action;
    self->attempts = 0;
}

/* This queue is done with. */
static void conclude(struct queues_apply *self, enum queue_outcome outcome, const char *why)
{
    struct queue_state *state = &self->states[self->at++];
    state->outcome = outcome;
    if (why[0]) {
        (void)snprintf(state->why, sizeof state->why, "%s", why);
    }
    self->set = false;
    ask(self, QUEUES_FIND);
}

static void take_url(struct queues_apply *self, const struct queues_answer *answer)
{
    struct queue_state *state = &self->states[self->at];
    if (answer->err == ERR_OK) {
        memcpy(state->url, answer->url, sizeof state->url);
        state->outcome = self->action == QUEUES_CREATE ? QUEUE_CREATED : QUEUE_SAME;
        ask(self, QUEUES_READ);
    } else if (self->check) {
        conclude(self, QUEUE_MISSING, "");
    } else {
        ask(self, QUEUES_CREATE);
    }
}

static void take_attributes(struct queues_apply *self, const struct queues_answer *answer)
{
    struct queue_state *state = &self->states[self->at];
    memcpy(state->arn, answer->arn, sizeof state->arn);
    if (!answer->different[0]) {
        conclude(self, self->set && state->outcome == QUEUE_SAME ? QUEUE_CHANGED : state->outcome,
                 answer->unknown);
    } else if (self->check) {
        conclude(self, QUEUE_DIFFERENT, answer->different);
    } else if (self->set) {
        char why[sizeof answer->different + 64];
        (void)snprintf(why, sizeof why, "the server does not keep it: %s", answer->different);
        conclude(self, QUEUE_FAILED, why);
    } else {
        (void)snprintf(state->why, sizeof state->why, "%s", answer->different);
        self->set = true;
        ask(self, QUEUES_SET);
    }
}

bool queues_apply_take(struct queues_apply *self, uint64_t status, struct sqs_text text)
{
    assert(self->at < self->queues->count);
    const struct queue_spec *spec = &self->queues->list[self->at];
    struct queues_answer answer;
    const struct sqs_reply reply = {
        .action = SQS_ACTION_FIND_QUEUE, .status = status, .body = text};
    queues_json_answer(self->action, spec, dead_arn(self, spec), &reply, &answer);
    bool passing = answer.err == ERR_IO || answer.err == ERR_FULL;
    if (passing && ++self->attempts < QUEUES_ATTEMPTS) {
        return true;
    }
    if (answer.err != ERR_OK && !(answer.err == ERR_NOT_FOUND && self->action == QUEUES_FIND)) {
        conclude(self, QUEUE_FAILED, answer.why);
        /* Who does not answer, or knows us not, would say the same of all others. */
        self->at = self->queues->count;
    } else if (self->action == QUEUES_FIND || self->action == QUEUES_CREATE) {
        take_url(self, &answer);
    } else if (self->action == QUEUES_READ) {
        take_attributes(self, &answer);
    } else {
        ask(self, QUEUES_READ);
    }
    return false;
}

bool queues_apply_good(const struct queues_apply *self)
{
    for (size_t i = 0; i < self->queues->count; i++) {
        enum queue_outcome outcome = self->states[i].outcome;
        if (outcome != QUEUE_SAME && outcome != QUEUE_CREATED && outcome != QUEUE_CHANGED) {
            return false;
        }
    }
    return true;
}
