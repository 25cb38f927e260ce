/* outbox.h - results on their way: kept until the coordinator has them for good.
 *
 * Pure: no clock, no sending.  A record is the messages of one attempt at a job (or of a listing),
 * ended by the one that is acknowledged; until then everything in it may have to be sent again.
 * One thread; messages are copies owned by the outbox.
 */
#ifndef ACTORS_EXECUTOR_OUTBOX_H
#define ACTORS_EXECUTOR_OUTBOX_H

#include "proto/message.h"

struct outbox;
struct record;

/* Whose results they are. */
struct outbox_key {
    char run[MSG_MAX_grant_run + 1];
    uint64_t epoch;
    uint64_t token;
    uint64_t job;
    bool listing; /* acknowledged whatever the job number says */
};

/* ERR_MEMORY. */
enum err outbox_new(uint64_t count_max, struct outbox **ret_outbox) MUST_CHECK;
void outbox_destroy(struct outbox **outbox);

/* A new record behind all others; it lives until it is acknowledged or dropped.  ERR_MEMORY. */
enum err outbox_open(struct outbox *outbox, const struct outbox_key *key,
                     struct record **ret_record) MUST_CHECK;

/* Adds a copy.  ERR_LIMIT: twice as much as count_max is kept; ERR_MEMORY. */
enum err outbox_add(struct outbox *outbox, struct record *record, const struct msg *msg) MUST_CHECK;

/* Adds the last message, for which there is always room: an acknowledgement may come from now on.
 */
enum err outbox_close(struct outbox *outbox, struct record *record,
                      const struct msg *msg) MUST_CHECK;

/* Forgets an acknowledged record; false when there is none such. */
bool outbox_ack(struct outbox *outbox, struct msg_str run, uint64_t token, uint64_t job);

/* Forgets all records of a lease. */
void outbox_revoke(struct outbox *outbox, struct msg_str run, uint64_t token);

/* The next message to be sent, NULL for none; and: it was sent. */
const struct msg *outbox_next(const struct outbox *outbox);
void outbox_sent(struct outbox *outbox, uint64_t now_ms);

/* Everything is to be sent again. */
void outbox_rewind(struct outbox *outbox);

/* Records that were sent whole `age_ms` ago and are not acknowledged are to be sent again. */
void outbox_expire(struct outbox *outbox, uint64_t now_ms, uint64_t age_ms);

/* So much is kept that no further work should be taken. */
bool outbox_full(const struct outbox *outbox);

size_t outbox_count(const struct outbox *outbox); /* messages */

/* The key of the first record behind `after` (NULL: of all) whose lease is another than that of the
 * record before it; NULL when there is none.  Walks the leases with something unacknowledged. */
const struct outbox_key *outbox_lease_after(const struct outbox *outbox,
                                            const struct outbox_key *after);

#endif
