/* held.h - messages that were received and are not done with.
 *
 *     FETCH ──> SUBMIT, where the body lies in S3
 *
 *     SUBMIT ──> ASKED ──> DELETE ──> (gone)
 *       │          │          ▲
 *       └──────────┴──> DEAD ─┘        DEAD: refused, to be put into the dead-letter queue
 *
 * A message that is dropped on the way is not lost: SQS gives it out again when its time of
 * visibility is over.  All that is tried again is tried again from here, with growing random
 * delays.
 *
 * Pure: the time is an argument, milliseconds of one monotonic clock.  One thread.
 */
#ifndef ACTORS_SQS_BRIDGE_HELD_H
#define ACTORS_SQS_BRIDGE_HELD_H

#include "actors/sqs_bridge/job.h"
#include "actors/sqs_bridge/sqs_json.h"

enum held_stage { HELD_FETCH, HELD_SUBMIT, HELD_ASKED, HELD_DEAD, HELD_DELETE };

struct held_message {
    uint64_t serial; /* 0: a free place */
    enum held_stage stage;
    bool busy;      /* a call of its stage is under way */
    bool extending; /* one that extends is */
    bool renewed;   /* it was received again since then */
    uint32_t tries; /* failed, in this stage */
    uint64_t due_ms;
    uint64_t extend_ms; /* when to extend its visibility; UINT64_MAX: never again */
    uint64_t ask;       /* ASKED */
    uint64_t sent_ms;   /* when it was put into the queue, since 1970 */
    char run[JOB_RUN_SIZE + 1];
    struct job job;            /* SUBMIT, ASKED */
    char key[JOB_KEY_MAX + 1]; /* FETCH: what to fetch */
    char reason[JOB_WHY_SIZE]; /* DEAD */
    char *id;
    char *receipt; /* the newest */
    char *body;
    size_t body_size;
};

struct held_options {
    size_t places; /* > 0 */
    uint64_t backoff_ms;
    uint64_t backoff_ms_max;
    uint64_t random; /* any number */
};

struct held {
    struct held_options options;
    struct held_message *places;
    size_t count;
    uint64_t last;
};

/* ERR_MEMORY. */
enum err held_init(struct held *held, const struct held_options *options) MUST_CHECK;
void held_fini(struct held *held);

size_t held_room(const struct held *held);

/* Keeps a copy of a received message, in stage SUBMIT.  ERR_EXISTS: it is held already and has its
 * new receipt now.  ERR_FULL, ERR_MEMORY. */
enum err held_take(struct held *held, const struct sqs_message *message, uint64_t extend_ms,
                   struct held_message **ret_message) MUST_CHECK;

void held_drop(struct held *held, struct held_message *message);

/* NULL: it is gone. */
struct held_message *held_find(struct held *held, uint64_t serial);
struct held_message *held_find_ask(struct held *held, uint64_t ask);

/* Begins a stage, to be worked on at once. */
void held_enter(struct held_message *message, enum held_stage stage);

/* SUBMIT becomes ASKED, under this ask; its failures still count. */
void held_asked(struct held_message *message, uint64_t ask);

/* It has failed once more: not before a random delay.  ASKED becomes SUBMIT. */
void held_delay(struct held *held, struct held_message *message, uint64_t now_ms);

/* Up to `max` messages of a stage that are due and not busy; they are busy now. */
size_t held_pick(struct held *held, enum held_stage stage, uint64_t now_ms,
                 struct held_message **ret, size_t max);

/* Up to `max` messages whose visibility is to be extended; they are extending now. */
size_t held_pick_extend(struct held *held, uint64_t now_ms, struct held_message **ret, size_t max);

size_t held_count(const struct held *held, enum held_stage stage);

/* When a message of this stage that is not busy will be due, and when one is to be extended;
 * UINT64_MAX: never. */
uint64_t held_due_ms(const struct held *held, enum held_stage stage);
uint64_t held_extend_ms(const struct held *held);

/* All that waits for another try is due now. */
void held_hurry(struct held *held, enum held_stage stage);

#endif
