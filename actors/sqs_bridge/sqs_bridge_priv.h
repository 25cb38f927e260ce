/* sqs_bridge_priv.h - the state of the bridge, shared by its two halves: sqs_bridge.c talks with
 * the coordinator, sqs_bridge_calls.c with SQS.
 */
#ifndef ACTORS_SQS_BRIDGE_SQS_BRIDGE_PRIV_H
#define ACTORS_SQS_BRIDGE_SQS_BRIDGE_PRIV_H

#include "actors/sqs_bridge/held.h"
#include "actors/sqs_bridge/sqs_bridge.h"
#include "actors/sqs_bridge/sqs_request.h"

enum call_kind {
    CALL_FIND,
    CALL_RECEIVE,
    CALL_DELETE,
    CALL_DEAD,
    CALL_EXTEND,
    CALL_COUNT,
    CALL_FETCH, /* from S3 */
    CALLS
};

/* The one request of its kind. */
struct call {
    uint64_t http; /* under way; 0: none */
    uint64_t began_ms;
    uint64_t due_ms;   /* not before; UINT64_MAX: never */
    uint32_t failures; /* in a row */
    size_t count;
    uint64_t serials[SQS_BATCH_MAX]; /* of the messages that it is about */
};

enum { QUEUE_JOBS, QUEUE_DEAD, QUEUES };

struct queue {
    const char *given;         /* name or URL; empty: there is none */
    char url[SQS_URL_MAX + 1]; /* empty: not known yet */
};

struct sqs_bridge {
    struct sqs_bridge_arg arg;
    struct sqs_endpoint endpoint;
    struct sqs_endpoint bucket; /* where S3 is; empty: there is none */
    struct queue queues[QUEUES];
    struct rt_address coordinator; /* the newest that lives; nobody until there is one */
    uint64_t coordinator_ref;
    struct held held;
    struct call calls[CALLS];
    uint32_t receive_max; /* messages to ask for: an answer may be too large to be taken */
    uint64_t tick;        /* the next; 0: none */
    uint64_t tick_ms;
    uint64_t received;
    uint64_t accepted;
    uint64_t dead;
    uint64_t deleted;
    uint64_t visible; /* messages that waited in the queue when it was counted last */
};

/* Begins each request to SQS that is due and can be made. */
enum err sqs_bridge_calls_begin(struct sqs_bridge *self, struct rt_context *ctx) MUST_CHECK;

/* One has ended. */
enum err sqs_bridge_calls_end(struct sqs_bridge *self, struct rt_context *ctx,
                              const struct msg_http_done *done) MUST_CHECK;

/* When the next will be due; UINT64_MAX: none before something happens. */
uint64_t sqs_bridge_calls_due_ms(const struct sqs_bridge *self);

/* A message that was just received; it may become one to be fetched. */
enum err sqs_bridge_take(struct sqs_bridge *self, struct rt_context *ctx,
                         struct held_message *message) MUST_CHECK;

/* The request that a message holds, or that was fetched for it. */
enum err sqs_bridge_read(struct sqs_bridge *self, struct rt_context *ctx,
                         struct held_message *message, struct msg_str text) MUST_CHECK;

/* A message that will never be a run, for the reason in it. */
void sqs_bridge_refuse(struct sqs_bridge *self, struct rt_context *ctx,
                       struct held_message *message);

#endif
