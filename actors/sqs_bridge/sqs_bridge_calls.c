/* sqs_bridge_calls.c - the bridge's requests to SQS: one of each kind at a time.
 *
 * While one is under way the messages for the next gather: batches fill by themselves when there is
 * much to do, and nothing waits for others when there is little.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/sqs_bridge/retry.h"
#include "actors/sqs_bridge/sqs_bridge_priv.h"

enum {
    CALL_MS = 10000,      /* for an answer */
    WAIT_SPARE_MS = 5000, /* what a long poll is given above its own time */
    EMPTY_MS = 20,        /* before the next, should the server not wait as it was asked to */
    LOUD_FAILURES = 3     /* a single failure is no news */
};

static const struct cfg_sqs *cfg_of(const struct rt_context *ctx)
{
    return &rt_config(ctx)->sqs;
}

/* Half of the time for which a message is hidden. */
static uint64_t lead_ms(const struct rt_context *ctx)
{
    return cfg_of(ctx)->visibility_s * 500;
}

/* ---- beginning ---- */

static bool can_begin(const struct sqs_bridge *self, enum call_kind kind, uint64_t now_ms)
{
    const struct call *call = &self->calls[kind];
    return call->http == 0 && call->due_ms <= now_ms;
}

/* Takes over `body`, the result of a function of sqs_json.h. */
static enum err post(struct sqs_bridge *self, struct rt_context *ctx, enum call_kind kind,
                     enum sqs_action action, char *body)
{
    struct call *call = &self->calls[kind];
    struct sqs_head head;
    const struct sqs_signer signer = {&self->endpoint, self->arg.credentials,
                                      (int64_t)(rt_wall_ms(ctx) / 1000)};
    struct sqs_text text = {body, strlen(body)};
    enum err err = sqs_request_sign(&signer, action, text, &head);
    if (err == ERR_OK) {
        uint64_t wait_ms =
            kind == CALL_RECEIVE ? cfg_of(ctx)->wait_s * 1000 + WAIT_SPARE_MS : CALL_MS;
        call->began_ms = rt_now_ms(ctx);
        call->http = rt_http(ctx, &(struct rt_http_request){.method = "POST",
                                                            .url = self->endpoint.url,
                                                            .headers = head.lines,
                                                            .body = {body, (uint32_t)text.size},
                                                            .timeout_ms = wait_ms});
        err = call->http ? ERR_OK : ERR_MEMORY;
    }
    explicit_bzero(&head, sizeof head);
    free(body);
    return err;
}

static void note_messages(struct call *call, struct held_message *const *messages, size_t count)
{
    call->count = count;
    for (size_t i = 0; i < count; i++) {
        call->serials[i] = messages[i]->serial;
    }
}

/* A queue whose URL is to be asked for; NULL: all are known. */
static struct queue *unknown_queue(struct sqs_bridge *self)
{
    for (size_t i = 0; i < QUEUES; i++) {
        if (self->queues[i].given[0] && !self->queues[i].url[0]) {
            return &self->queues[i];
        }
    }
    return NULL;
}

static enum err begin_find(struct sqs_bridge *self, struct rt_context *ctx)
{
    const struct queue *queue = unknown_queue(self);
    if (!queue || !can_begin(self, CALL_FIND, rt_now_ms(ctx))) {
        return ERR_OK;
    }
    char *body = NULL;
    enum err err = sqs_json_find_queue(queue->given, &body);
    return err == ERR_OK ? post(self, ctx, CALL_FIND, SQS_ACTION_FIND_QUEUE, body) : err;
}

/* Without a coordinator messages are left to bridges that have one. */
static enum err begin_receive(struct sqs_bridge *self, struct rt_context *ctx)
{
    const char *url = self->queues[QUEUE_JOBS].url;
    size_t room = held_room(&self->held);
    if (!url[0] || self->coordinator.node == 0 || room == 0 ||
        !can_begin(self, CALL_RECEIVE, rt_now_ms(ctx))) {
        return ERR_OK;
    }
    const struct sqs_ask ask = {.count =
                                    room < self->receive_max ? (uint32_t)room : self->receive_max,
                                .wait_s = (uint32_t)cfg_of(ctx)->wait_s,
                                .visibility_s = (uint32_t)cfg_of(ctx)->visibility_s};
    char *body = NULL;
    enum err err = sqs_json_receive(url, &ask, &body);
    return err == ERR_OK ? post(self, ctx, CALL_RECEIVE, SQS_ACTION_RECEIVE, body) : err;
}

static enum err begin_delete(struct sqs_bridge *self, struct rt_context *ctx)
{
    struct held_message *messages[SQS_BATCH_MAX];
    const char *receipts[SQS_BATCH_MAX];
    uint64_t now_ms = rt_now_ms(ctx);
    if (!can_begin(self, CALL_DELETE, now_ms)) {
        return ERR_OK;
    }
    size_t count = held_pick(&self->held, HELD_DELETE, now_ms, messages, SQS_BATCH_MAX);
    if (count == 0) {
        return ERR_OK;
    }
    for (size_t i = 0; i < count; i++) {
        receipts[i] = messages[i]->receipt;
    }
    note_messages(&self->calls[CALL_DELETE], messages, count);
    char *body = NULL;
    enum err err = sqs_json_delete(self->queues[QUEUE_JOBS].url, receipts, count, &body);
    return err == ERR_OK ? post(self, ctx, CALL_DELETE, SQS_ACTION_DELETE, body) : err;
}

/* One at a time: a batch of large ones would be more than HTTP is allowed to carry. */
static enum err begin_dead(struct sqs_bridge *self, struct rt_context *ctx)
{
    const char *url = self->queues[QUEUE_DEAD].url;
    struct held_message *message;
    uint64_t now_ms = rt_now_ms(ctx);
    if (!url[0] || !can_begin(self, CALL_DEAD, now_ms) ||
        held_pick(&self->held, HELD_DEAD, now_ms, &message, 1) == 0) {
        return ERR_OK;
    }
    const struct sqs_outgoing entry = {.body = {message->body, message->body_size},
                                       .reason = message->reason,
                                       .message_id = message->id};
    note_messages(&self->calls[CALL_DEAD], &message, 1);
    char *body = NULL;
    enum err err = sqs_json_send(url, &entry, 1, &body);
    if (err == ERR_LIMIT || err == ERR_MALFORMED) {
        rt_log(ctx, RT_WARN, "message=%s cannot be a dead letter: %s", message->id, err_name(err));
        held_drop(&self->held, message);
        return ERR_OK;
    }
    return err == ERR_OK ? post(self, ctx, CALL_DEAD, SQS_ACTION_SEND, body) : err;
}

static enum err begin_extend(struct sqs_bridge *self, struct rt_context *ctx)
{
    struct held_message *messages[SQS_BATCH_MAX];
    struct sqs_extension entries[SQS_BATCH_MAX];
    uint64_t now_ms = rt_now_ms(ctx);
    if (!can_begin(self, CALL_EXTEND, now_ms)) {
        return ERR_OK;
    }
    size_t count = held_pick_extend(&self->held, now_ms, messages, SQS_BATCH_MAX);
    if (count == 0) {
        return ERR_OK;
    }
    for (size_t i = 0; i < count; i++) {
        entries[i] =
            (struct sqs_extension){messages[i]->receipt, (uint32_t)cfg_of(ctx)->visibility_s};
    }
    note_messages(&self->calls[CALL_EXTEND], messages, count);
    char *body = NULL;
    enum err err = sqs_json_extend(self->queues[QUEUE_JOBS].url, entries, count, &body);
    return err == ERR_OK ? post(self, ctx, CALL_EXTEND, SQS_ACTION_EXTEND, body) : err;
}

static enum err begin_count(struct sqs_bridge *self, struct rt_context *ctx)
{
    const char *url = self->queues[QUEUE_JOBS].url;
    uint64_t now_ms = rt_now_ms(ctx);
    if (!url[0] || !can_begin(self, CALL_COUNT, now_ms)) {
        return ERR_OK;
    }
    self->calls[CALL_COUNT].due_ms = now_ms + cfg_of(ctx)->counts_ms;
    char *body = NULL;
    enum err err = sqs_json_count(url, &body);
    return err == ERR_OK ? post(self, ctx, CALL_COUNT, SQS_ACTION_COUNT, body) : err;
}

static enum err begin_fetch(struct sqs_bridge *self, struct rt_context *ctx)
{
    struct held_message *message;
    struct call *call = &self->calls[CALL_FETCH];
    uint64_t now_ms = rt_now_ms(ctx);
    if (!can_begin(self, CALL_FETCH, now_ms) ||
        held_pick(&self->held, HELD_FETCH, now_ms, &message, 1) == 0) {
        return ERR_OK;
    }
    char path[sizeof message->key + sizeof cfg_of(ctx)->bucket + 4];
    char url[sizeof self->bucket.url + sizeof path];
    struct sqs_head head;
    const struct sqs_signer signer = {&self->bucket, self->arg.credentials,
                                      (int64_t)(rt_wall_ms(ctx) / 1000)};
    (void)snprintf(path, sizeof path, "/%s/%s", cfg_of(ctx)->bucket, message->key);
    (void)snprintf(url, sizeof url, "%s%s", self->bucket.url, path + 1);
    note_messages(call, &message, 1);
    enum err err = aws_get_sign(&signer, &aws_s3, path, &head);
    if (err == ERR_OK) {
        call->began_ms = now_ms;
        call->http = rt_http(ctx, &(struct rt_http_request){.method = "GET",
                                                            .url = url,
                                                            .headers = head.lines,
                                                            .body = msg_str(""),
                                                            .timeout_ms = CALL_MS});
        err = call->http ? ERR_OK : ERR_MEMORY;
    }
    explicit_bzero(&head, sizeof head);
    return err;
}

enum err sqs_bridge_calls_begin(struct sqs_bridge *self, struct rt_context *ctx)
{
    static enum err (*const begin[])(struct sqs_bridge * self, struct rt_context * ctx) = {
        begin_find,  begin_delete,  begin_dead, begin_extend,
        begin_fetch, begin_receive, begin_count};
    enum err err = ERR_OK;
    for (size_t i = 0; i < sizeof begin / sizeof begin[0] && err == ERR_OK; i++) {
        err = begin[i](self, ctx);
    }
    return err;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* When this call, which has something to do from `due_ms` on, will be made. */
static uint64_t call_due_ms(const struct sqs_bridge *self, enum call_kind kind, uint64_t due_ms)
{
    const struct call *call = &self->calls[kind];
    if (call->http != 0) {
        return UINT64_MAX; /* its end comes first */
    }
    return due_ms > call->due_ms ? due_ms : call->due_ms;
}

uint64_t sqs_bridge_calls_due_ms(const struct sqs_bridge *self)
{
    bool found = self->queues[QUEUE_JOBS].url[0] != '\0';
    bool dead = self->queues[QUEUE_DEAD].url[0] != '\0';
    bool missing = !found || (self->queues[QUEUE_DEAD].given[0] && !dead);
    bool able = found && self->coordinator.node != 0 && held_room(&self->held) > 0;
    uint64_t due = UINT64_MAX;
    due = earlier(due, missing ? call_due_ms(self, CALL_FIND, 0) : UINT64_MAX);
    due = earlier(due, able ? call_due_ms(self, CALL_RECEIVE, 0) : UINT64_MAX);
    due = earlier(due, call_due_ms(self, CALL_FETCH, held_due_ms(&self->held, HELD_FETCH)));
    due = earlier(due, call_due_ms(self, CALL_DELETE, held_due_ms(&self->held, HELD_DELETE)));
    due = earlier(due, dead ? call_due_ms(self, CALL_DEAD, held_due_ms(&self->held, HELD_DEAD))
                            : UINT64_MAX);
    due = earlier(due, call_due_ms(self, CALL_EXTEND, held_extend_ms(&self->held)));
    return earlier(due, found ? call_due_ms(self, CALL_COUNT, 0) : UINT64_MAX);
}

/* ---- ends ---- */

static void log_failure(struct rt_context *ctx, enum sqs_action action,
                        const struct sqs_answer *answer, uint32_t failures)
{
    bool passing = answer->err == ERR_IO || answer->err == ERR_FULL;
    rt_log(ctx, passing && failures < LOUD_FAILURES ? RT_DEBUG : RT_WARN,
           "%s failed reason=%s code=%s why=\"%s\"", sqs_action_name(action), err_name(answer->err),
           answer->code, answer->why);
}

/* For kinds that are about no message: when to make the next. */
static void settle_call(struct call *call, struct rt_context *ctx)
{
    const struct cfg_sqs *cfg = cfg_of(ctx);
    uint64_t random = rt_random(ctx);
    call->due_ms = call->failures > 0
                       ? rt_now_ms(ctx) + retry_delay_ms(call->failures, cfg->backoff_ms,
                                                         cfg->backoff_ms_max, &random)
                       : 0;
}

static enum err on_found(struct sqs_bridge *self, struct rt_context *ctx,
                         const struct sqs_answer *answer)
{
    struct queue *queue = unknown_queue(self);
    settle_call(&self->calls[CALL_FIND], ctx);
    if (answer->err != ERR_OK || !queue) {
        return ERR_OK;
    }
    memcpy(queue->url, answer->queue_url, strlen(answer->queue_url) + 1); /* it was measured */
    rt_log(ctx, RT_INFO, "found queue=%s url=%s", queue->given, queue->url);
    struct queue *dead = &self->queues[QUEUE_DEAD];
    if (strcmp(self->queues[QUEUE_JOBS].url, dead->url) == 0) {
        rt_log(ctx, RT_ERROR, "sqs.dead_letter is sqs.queue itself: there are no dead letters");
        *dead = (struct queue){.given = ""};
    }
    return ERR_OK;
}

static enum err on_received(struct sqs_bridge *self, struct rt_context *ctx,
                            const struct sqs_answer *answer)
{
    settle_call(&self->calls[CALL_RECEIVE], ctx);
    if (answer->err != ERR_OK) {
        /* Should one of the messages be too large to be taken, it alone is to suffer for it. */
        self->receive_max = 1;
        return ERR_OK;
    }
    if (answer->message_count == 0) {
        self->calls[CALL_RECEIVE].due_ms = rt_now_ms(ctx) + EMPTY_MS;
        return ERR_OK;
    }
    uint32_t twice = self->receive_max * 2;
    self->receive_max = twice < SQS_BATCH_MAX ? twice : SQS_BATCH_MAX;
    uint64_t extend_ms = rt_now_ms(ctx) + lead_ms(ctx);
    enum err err = ERR_OK;
    for (size_t i = 0; i < answer->message_count && err == ERR_OK; i++) {
        struct held_message *message = NULL;
        err = held_take(&self->held, &answer->messages[i], extend_ms, &message);
        self->received += err == ERR_OK;
        if (err == ERR_OK) {
            err = sqs_bridge_take(self, ctx, message);
        } else if (err == ERR_EXISTS || err == ERR_FULL) {
            err = ERR_OK; /* a server that gives more than was asked for: they come again */
        }
    }
    return err;
}

/* How the message in this place of a batch fared. */
static enum err item_err(const struct sqs_answer *answer, size_t index)
{
    if (answer->err != ERR_OK) {
        /* No message is at fault. */
        return answer->err == ERR_REFUSED ? ERR_IO : answer->err;
    }
    return index < answer->item_count ? answer->items[index].err : ERR_MALFORMED;
}

/* Once more later, or never: then the queue gives it out again. */
static void try_again(struct sqs_bridge *self, struct rt_context *ctx, struct held_message *message,
                      enum err err)
{
    if (err == ERR_REFUSED || message->tries + 1 >= cfg_of(ctx)->attempts_max) {
        rt_log(ctx, RT_WARN, "message=%s left to the queue: %s failed reason=%s", message->id,
               message->stage == HELD_DELETE  ? "deleting it"
               : message->stage == HELD_FETCH ? "its body in S3"
                                              : "its dead letter",
               err_name(err));
        held_drop(&self->held, message);
        return;
    }
    held_delay(&self->held, message, rt_now_ms(ctx));
}

static void on_deleted(struct sqs_bridge *self, struct rt_context *ctx,
                       struct held_message *message, enum err err)
{
    if (err == ERR_OK && !message->renewed) {
        self->deleted++;
        held_drop(&self->held, message);
    } else if (message->renewed) {
        held_enter(message, HELD_DELETE); /* it came again: by its new receipt, too */
    } else {
        try_again(self, ctx, message, err);
    }
}

static void on_dead(struct sqs_bridge *self, struct rt_context *ctx, struct held_message *message,
                    enum err err)
{
    if (err == ERR_OK) {
        self->dead++;
        rt_log(ctx, RT_WARN, "message=%s is a dead letter: %s", message->id, message->reason);
        held_enter(message, HELD_DELETE);
    } else {
        try_again(self, ctx, message, err);
    }
}

static void on_extended(struct sqs_bridge *self, struct rt_context *ctx,
                        struct held_message *message, enum err err)
{
    message->extending = false;
    if (err == ERR_OK) {
        message->extend_ms = self->calls[CALL_EXTEND].began_ms + lead_ms(ctx);
    } else if (err == ERR_REFUSED) {
        message->extend_ms = UINT64_MAX; /* its receipt is no longer good: it will come again */
    } else {
        message->extend_ms = rt_now_ms(ctx) + lead_ms(ctx) / 4;
    }
}

static void on_counted(struct sqs_bridge *self, struct rt_context *ctx,
                       const struct sqs_answer *answer)
{
    if (answer->err != ERR_OK) {
        return; /* the next will come */
    }
    const struct sqs_counts *counts = &answer->counts;
    self->visible = counts->visible;
    rt_log(ctx, RT_INFO,
           "queue=%s visible=%llu hidden=%llu delayed=%llu held=%zu received=%llu accepted=%llu "
           "dead=%llu deleted=%llu",
           self->queues[QUEUE_JOBS].given, (unsigned long long)counts->visible,
           (unsigned long long)counts->hidden, (unsigned long long)counts->delayed,
           self->held.count, (unsigned long long)self->received, (unsigned long long)self->accepted,
           (unsigned long long)self->dead, (unsigned long long)self->deleted);
}

static void on_batch(struct sqs_bridge *self, struct rt_context *ctx, enum call_kind kind,
                     const struct sqs_answer *answer)
{
    static void (*const end[CALLS])(struct sqs_bridge * self, struct rt_context * ctx,
                                    struct held_message * message, enum err err) = {
        [CALL_DELETE] = on_deleted, [CALL_DEAD] = on_dead, [CALL_EXTEND] = on_extended};
    const struct call *call = &self->calls[kind];
    for (size_t i = 0; i < call->count; i++) {
        struct held_message *message = held_find(&self->held, call->serials[i]);
        if (message) {
            end[kind](self, ctx, message, item_err(answer, i));
        }
    }
}

static enum err end_call(struct sqs_bridge *self, struct rt_context *ctx, enum call_kind kind,
                         const struct sqs_answer *answer)
{
    switch (kind) {
    case CALL_FIND:
        return on_found(self, ctx, answer);
    case CALL_RECEIVE:
        return on_received(self, ctx, answer);
    case CALL_COUNT:
        on_counted(self, ctx, answer);
        return ERR_OK;
    default:
        on_batch(self, ctx, kind, answer);
        return ERR_OK;
    }
}

/* What is not there, or may not be seen, will not come: the sender put it there first. */
static enum err end_fetch(struct sqs_bridge *self, struct rt_context *ctx,
                          const struct msg_http_done *done)
{
    struct call *call = &self->calls[CALL_FETCH];
    struct held_message *message = held_find(&self->held, call->serials[0]);
    call->count = 0;
    if (!message) {
        return ERR_OK;
    }
    if (done->status == 200) {
        held_enter(message, HELD_SUBMIT);
        return sqs_bridge_read(self, ctx, message, done->body);
    }
    rt_log(ctx, RT_WARN, "message=%s its body in S3 failed status=%llu %.100s", message->id,
           (unsigned long long)done->status, done->status > 0 ? "" : done->error.at);
    if (done->status >= 400 && done->status < 500 && done->status != 429) {
        (void)snprintf(message->reason, sizeof message->reason,
                       "its body in S3 cannot be had: status %llu",
                       (unsigned long long)done->status);
        sqs_bridge_refuse(self, ctx, message);
    } else {
        try_again(self, ctx, message, ERR_IO);
    }
    return ERR_OK;
}

enum err sqs_bridge_calls_end(struct sqs_bridge *self, struct rt_context *ctx,
                              const struct msg_http_done *done)
{
    static const enum sqs_action actions[CALLS] = {
        [CALL_FIND] = SQS_ACTION_FIND_QUEUE, [CALL_RECEIVE] = SQS_ACTION_RECEIVE,
        [CALL_DELETE] = SQS_ACTION_DELETE,   [CALL_DEAD] = SQS_ACTION_SEND,
        [CALL_EXTEND] = SQS_ACTION_EXTEND,   [CALL_COUNT] = SQS_ACTION_COUNT};
    enum call_kind kind = CALL_FIND;
    while (kind < CALLS && (done->id == 0 || self->calls[kind].http != done->id)) {
        kind++;
    }
    if (kind == CALLS) {
        return ERR_OK;
    }
    struct call *call = &self->calls[kind];
    call->http = 0;
    if (kind == CALL_FETCH) {
        return end_fetch(self, ctx, done);
    }
    struct msg_str text = done->status > 0 ? done->body : done->error;
    const struct sqs_reply reply = {actions[kind], call->count, done->status, {text.at, text.size}};
    struct sqs_answer answer;
    struct sqs_document *document = NULL;
    sqs_json_answer(&reply, &answer, &document);
    call->failures = answer.err == ERR_OK ? 0 : call->failures + 1;
    if (answer.err != ERR_OK) {
        log_failure(ctx, reply.action, &answer, call->failures);
    }
    enum err err = end_call(self, ctx, kind, &answer);
    call->count = 0;
    sqs_json_free(&document);
    return err;
}
