/* queues_apply.h - makes the queues be as they are wanted, or finds what is different.
 *
 * Pure: says what to ask, and is told the answers, one after the other.
 */
#ifndef ACTORS_SQS_BRIDGE_QUEUES_APPLY_H
#define ACTORS_SQS_BRIDGE_QUEUES_APPLY_H

#include "actors/sqs_bridge/queues_json.h"

enum { QUEUES_ATTEMPTS = 6 }; /* at one request, where the server may do better */

enum queue_outcome {
    QUEUE_SAME,
    QUEUE_MISSING, /* only when checking, as the next */
    QUEUE_DIFFERENT,
    QUEUE_CREATED,
    QUEUE_CHANGED,
    QUEUE_FAILED,
    QUEUE_NOT_ASKED
};

/* "same", "created", …; static. */
const char *queue_outcome_word(enum queue_outcome outcome);

struct queue_state {
    enum queue_outcome outcome;
    char url[SQS_URL_MAX + 1];
    char arn[QUEUE_ARN_MAX + 1];
    char why[QUEUE_WHY_SIZE]; /* it failed, or what is or was different */
};

struct queues_apply {
    const struct queues *queues;
    bool check; /* change nothing */
    size_t at;
    enum queues_action action;
    unsigned attempts;
    bool set; /* this queue's attributes */
    struct queue_state states[QUEUES_MAX];
};

/* `queues` is borrowed. */
void queues_apply_start(struct queues_apply *self, const struct queues *queues, bool check);

/* The next request: its action in self->action, its body the caller's to free.  *ret_body is NULL
 * when there is nothing more to ask.  ERR_MEMORY. */
enum err queues_apply_next(struct queues_apply *self, char **ret_body) MUST_CHECK;

/* The answer to it; `status` 0: there was none, and `text` says why.  True: the same again, after
 * a while. */
bool queues_apply_take(struct queues_apply *self, uint64_t status, struct sqs_text text);

/* Whether every queue is as it is wanted. */
bool queues_apply_good(const struct queues_apply *self);

#endif
