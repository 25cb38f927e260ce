/* sqs_json.h - requests to Amazon SQS and its answers, in its JSON protocol.
 *
 * Pure; any thread.  Whatever comes from the server is hostile: an answer is what SQS answers, or
 * it is ERR_MALFORMED.
 */
#ifndef ACTORS_SQS_BRIDGE_SQS_JSON_H
#define ACTORS_SQS_BRIDGE_SQS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"

enum {
    SQS_BATCH_MAX = 10,        /* entries of a batch, messages of a receive: the limits of SQS */
    SQS_PAYLOAD_MAX = 1048576, /* bytes of all bodies of one send */
    SQS_URL_MAX = 2048,        /* bytes of a queue's URL */
    SQS_ID_MAX = 100,          /* characters of a message's id */
    SQS_RECEIPT_MAX = 4096,    /* bytes; SQS documents 1024 */
    SQS_NAME_MAX = 80,         /* characters of a queue's name */
    SQS_WAIT_S_MAX = 20,       /* of a long poll */
    SQS_VISIBILITY_S_MAX = 43200,
    SQS_CODE_SIZE = 128,
    SQS_WHY_SIZE = 256
};

enum sqs_action {
    SQS_ACTION_SEND,
    SQS_ACTION_RECEIVE,
    SQS_ACTION_EXTEND,
    SQS_ACTION_DELETE,
    SQS_ACTION_FIND_QUEUE,
    SQS_ACTION_COUNT
};

/* The name that SQS gives an action, "SendMessageBatch"; static. */
const char *sqs_action_name(enum sqs_action action);

/* Text with a size, ended by NUL as well. */
struct sqs_text {
    const char *at;
    size_t size;
};

/* True for text that SQS takes as a body: UTF-8 of tab, line feed, carriage return and the
 * characters from U+0020 on without U+FFFE and U+FFFF. */
bool sqs_text_allowed(struct sqs_text text);

/* True for what can be the name or, with "://" in it, the URL of a queue. */
bool sqs_queue_is_sound(const char *queue);

/* ---- requests ----
 *
 * Bodies ended by NUL; the caller frees *ret_body.
 * ERR_LIMIT: too many entries, too long a text, a number out of range.  ERR_MALFORMED: no entry, an
 * empty text, or one that has what SQS does not take.  ERR_MEMORY. */

struct sqs_outgoing {
    struct sqs_text body;
    const char *reason;     /* why it is sent: attribute troupe.reason; NULL: none */
    const char *message_id; /* of the message it repeats: attribute troupe.message; NULL: none */
};

/* Puts 1..SQS_BATCH_MAX messages into a queue. */
enum err sqs_json_send(const char *queue_url, const struct sqs_outgoing *entries, size_t count,
                       char **ret_body) MUST_CHECK;

struct sqs_ask {
    uint32_t count;        /* of messages, 1..SQS_BATCH_MAX */
    uint32_t wait_s;       /* for the first one, at most SQS_WAIT_S_MAX; 0: none, look at once */
    uint32_t visibility_s; /* how long they are hidden from others; 0: as the queue says */
};

/* Receives messages; none is a good answer, too. */
enum err sqs_json_receive(const char *queue_url, const struct sqs_ask *ask,
                          char **ret_body) MUST_CHECK;

struct sqs_extension {
    const char *receipt;
    uint32_t visibility_s; /* from now; 0: others see it at once; at most SQS_VISIBILITY_S_MAX */
};

/* Hides 1..SQS_BATCH_MAX received messages for longer, or shows them. */
enum err sqs_json_extend(const char *queue_url, const struct sqs_extension *entries, size_t count,
                         char **ret_body) MUST_CHECK;

/* Deletes 1..SQS_BATCH_MAX received messages. */
enum err sqs_json_delete(const char *queue_url, const char *const *receipts, size_t count,
                         char **ret_body) MUST_CHECK;

/* Asks for the URL of a queue of the same account. */
enum err sqs_json_find_queue(const char *name, char **ret_body) MUST_CHECK;

/* Asks how many messages a queue has. */
enum err sqs_json_count(const char *queue_url, char **ret_body) MUST_CHECK;

/* ---- answers ---- */

/* How one entry of a batch fared; entries of one batch fare differently. */
struct sqs_item {
    /* ERR_OK; ERR_REFUSED: the entry is at fault, the same again fails again; ERR_IO: the server
     * is, try again; ERR_MALFORMED: the answer does not tell, it may or may not have been done. */
    enum err err;
    const char *code; /* "InvalidParameterValue"; empty on ERR_OK */
    const char *why;  /* a sentence of the server's; empty if there is none */
};

struct sqs_message {
    const char *id;      /* 1..SQS_ID_MAX bytes */
    const char *receipt; /* what extend and delete want; of this receive alone */
    struct sqs_text body;
    uint64_t receives; /* how often it was received, this time included; 0: not told */
    uint64_t sent_ms;  /* since 1970; 0: not told */
};

struct sqs_counts {
    uint64_t visible; /* waiting; all of them are about right, says SQS */
    uint64_t hidden;  /* received and not deleted */
    uint64_t delayed;
};

struct sqs_answer {
    /* ERR_OK: there was an answer; items say how the entries fared.
     * Another attempt may do better: ERR_IO (no connection, no answer in time, 5xx), ERR_FULL
     * (throttled).  The server said no: ERR_NOT_FOUND (no such queue), ERR_REFUSED (see code).
     * ERR_MALFORMED: it is not what SQS answers. */
    enum err err;
    char code[SQS_CODE_SIZE]; /* of a refusal: "QueueDoesNotExist"; cut, empty if there is none */
    char why[SQS_WHY_SIZE];   /* a sentence; cut */
    size_t item_count;        /* sends, extensions, deletes: an item per entry, in their order */
    struct sqs_item items[SQS_BATCH_MAX];
    size_t message_count;
    struct sqs_message messages[SQS_BATCH_MAX];
    const char *queue_url; /* of a queue found; otherwise NULL */
    struct sqs_counts counts;
};

/* What an answer's texts lie in. */
struct sqs_document;

/* Of what is an answer to a request that had `entries` entries. */
struct sqs_reply {
    enum sqs_action action;
    size_t entries;
    uint64_t status;      /* of HTTP; 0: there was no answer */
    struct sqs_text body; /* or, without an answer, why there was none */
};

/* Reads an answer into *ret, all of which it writes.  *ret_document (NULL or not) is the caller's;
 * *ret must not be used after it was freed. */
void sqs_json_answer(const struct sqs_reply *reply, struct sqs_answer *ret,
                     struct sqs_document **ret_document);

/* NULL is fine. */
void sqs_json_free(struct sqs_document **document);

#endif
