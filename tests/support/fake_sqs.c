/* fake_sqs.c - see fake_sqs.h. */
#include "tests/support/fake_sqs.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(struct fake_sqs *self, const struct fake_message *like, const char *body)
{
    if (self->count == FAKE_MESSAGES_MAX) {
        abort();
    }
    struct fake_message *message = &self->messages[self->count++];
    *message = *like;
    message->body = strdup(body);
    if (!message->body) {
        abort();
    }
}

void fake_sqs_put(struct fake_sqs *self, const char *id, const char *body, uint64_t now_ms)
{
    struct fake_message message = {.sent_ms = now_ms};
    (void)snprintf(message.id, sizeof message.id, "%s", id);
    put(self, &message, body);
}

/* ---- entries of a batch ---- */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static uint64_t number_of(const json_t *object, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(object, key));
}

/* A receipt is "PLACE-RECEIVES"; NULL: none of ours.  *ret_newest: it is the latest. */
static struct fake_message *find(struct fake_sqs *self, const json_t *entry, bool *ret_newest)
{
    size_t place = 0;
    uint64_t receives = 0;
    if (sscanf(text_of(entry, "ReceiptHandle"), "%zu-%" SCNu64, &place, &receives) != 2 ||
        place >= self->count) {
        return NULL;
    }
    *ret_newest = receives == self->messages[place].receives;
    return &self->messages[place];
}

static const char *delete_one(struct fake_sqs *self, const struct fake_call *call,
                              const json_t *entry)
{
    bool newest = false;
    struct fake_message *message = find(self, entry, &newest);
    (void)call;
    if (!message) {
        return "ReceiptHandleIsInvalid";
    }
    if (newest && message->body) {
        if (self->on_delete) {
            self->on_delete(self->arg, message);
        }
        free(message->body);
        message->body = NULL;
    }
    return NULL;
}

static const char *extend_one(struct fake_sqs *self, const struct fake_call *call,
                              const json_t *entry)
{
    bool newest = false;
    struct fake_message *message = find(self, entry, &newest);
    if (!message || !newest || !message->body || message->visible_ms <= call->now_ms) {
        return "ReceiptHandleIsInvalid";
    }
    message->visible_ms = call->now_ms + number_of(entry, "VisibilityTimeout") * 1000;
    return NULL;
}

static const char *send_one(struct fake_sqs *self, const struct fake_call *call,
                            const json_t *entry)
{
    struct fake_message message = {.sent_ms = call->now_ms, .dead = true};
    (void)snprintf(message.id, sizeof message.id, "dead-%zu", self->count);
    put(self, &message, text_of(entry, "MessageBody"));
    return NULL;
}

typedef const char *one(struct fake_sqs *self, const struct fake_call *call, const json_t *entry);

/* `each` says why it failed; NULL: it did not. */
static json_t *batch(struct fake_sqs *self, const struct fake_call *call, const json_t *root,
                     one *each)
{
    json_t *good = json_array();
    json_t *bad = json_array();
    const json_t *entries = json_object_get(root, "Entries");
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i);
        bool unlucky = call->unlucky >> (i % 64) & 1;
        const char *why = unlucky ? "InternalError" : each(self, call, entry);
        json_t *told = json_pack("{s:s}", "Id", text_of(entry, "Id"));
        if (why) {
            (void)json_object_set_new(told, "Code", json_string(why));
            (void)json_object_set_new(told, "SenderFault", json_boolean(!unlucky));
        }
        (void)json_array_append_new(why ? bad : good, told);
    }
    return json_pack("{s:o,s:o}", "Successful", good, "Failed", bad);
}

/* ---- the rest of the API ---- */

static json_t *receive(struct fake_sqs *self, const struct fake_call *call, const json_t *root)
{
    json_t *list = json_array();
    uint64_t wanted = number_of(root, "MaxNumberOfMessages");
    for (size_t i = 0; i < self->count && json_array_size(list) < wanted; i++) {
        struct fake_message *message = &self->messages[i];
        if (!message->body || message->dead || message->visible_ms > call->now_ms) {
            continue;
        }
        char receipt[48];
        char sent[24];
        char receives[24];
        message->receives++;
        message->visible_ms = call->now_ms + number_of(root, "VisibilityTimeout") * 1000;
        (void)snprintf(receipt, sizeof receipt, "%zu-%" PRIu64, i, message->receives);
        (void)snprintf(sent, sizeof sent, "%" PRIu64, message->sent_ms);
        (void)snprintf(receives, sizeof receives, "%" PRIu64, message->receives);
        (void)json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:{s:s,s:s}}", "MessageId",
                                                    message->id, "ReceiptHandle", receipt, "Body",
                                                    message->body, "Attributes", "SentTimestamp",
                                                    sent, "ApproximateReceiveCount", receives));
    }
    return json_pack("{s:o}", "Messages", list);
}

static json_t *counts(const struct fake_sqs *self, uint64_t now_ms)
{
    char visible[24];
    char hidden[24];
    size_t all = fake_sqs_left(self, false);
    size_t seen = 0;
    for (size_t i = 0; i < self->count; i++) {
        const struct fake_message *message = &self->messages[i];
        seen += message->body && !message->dead && message->visible_ms <= now_ms;
    }
    (void)snprintf(visible, sizeof visible, "%zu", seen);
    (void)snprintf(hidden, sizeof hidden, "%zu", all - seen);
    return json_pack("{s:{s:s,s:s,s:s}}", "Attributes", "ApproximateNumberOfMessages", visible,
                     "ApproximateNumberOfMessagesNotVisible", hidden,
                     "ApproximateNumberOfMessagesDelayed", "0");
}

static json_t *answer(struct fake_sqs *self, const struct fake_call *call, const json_t *root)
{
    if (strcmp(call->action, "ReceiveMessage") == 0) {
        return receive(self, call, root);
    }
    if (strcmp(call->action, "DeleteMessageBatch") == 0) {
        return batch(self, call, root, delete_one);
    }
    if (strcmp(call->action, "ChangeMessageVisibilityBatch") == 0) {
        return batch(self, call, root, extend_one);
    }
    if (strcmp(call->action, "SendMessageBatch") == 0) {
        return batch(self, call, root, send_one);
    }
    if (strcmp(call->action, "GetQueueAttributes") == 0) {
        return counts(self, call->now_ms);
    }
    char url[96];
    (void)snprintf(url, sizeof url, "http://sqs.test/1/%s", text_of(root, "QueueName"));
    return strcmp(call->action, "GetQueueUrl") == 0 ? json_pack("{s:s}", "QueueUrl", url) : NULL;
}

uint64_t fake_sqs_answer(struct fake_sqs *self, const struct fake_call *call, char **ret_body)
{
    json_t *root = json_loads(call->body, 0, NULL);
    json_t *told = root ? answer(self, call, root) : NULL;
    *ret_body = told ? json_dumps(told, JSON_COMPACT) : strdup("{}");
    json_decref(root);
    json_decref(told);
    if (!*ret_body) {
        abort();
    }
    return told ? 200 : 400;
}

uint64_t fake_sqs_next_ms(const struct fake_sqs *self)
{
    uint64_t next_ms = UINT64_MAX;
    for (size_t i = 0; i < self->count; i++) {
        const struct fake_message *message = &self->messages[i];
        if (message->body && !message->dead && message->visible_ms < next_ms) {
            next_ms = message->visible_ms;
        }
    }
    return next_ms;
}

size_t fake_sqs_left(const struct fake_sqs *self, bool dead)
{
    size_t left = 0;
    for (size_t i = 0; i < self->count; i++) {
        left += self->messages[i].body && self->messages[i].dead == dead;
    }
    return left;
}

void fake_sqs_fini(struct fake_sqs *self)
{
    for (size_t i = 0; i < self->count; i++) {
        free(self->messages[i].body);
    }
    self->count = 0;
}
