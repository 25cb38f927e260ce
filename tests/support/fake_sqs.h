/* fake_sqs.h - two queues that answer as Amazon SQS does, JSON in and JSON out.
 *
 * Standard queues: a receipt that is not the newest deletes nothing and says that it did; who does
 * not delete in time gets the message again.  No clock and no chance of its own.
 */
#ifndef TESTS_SUPPORT_FAKE_SQS_H
#define TESTS_SUPPORT_FAKE_SQS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FAKE_MESSAGES_MAX = 64, FAKE_ID_SIZE = 40 };

#define FAKE_QUEUE_JOBS "jobs"
#define FAKE_QUEUE_DEAD "jobs-dead"

struct fake_message {
    char id[FAKE_ID_SIZE];
    char *body; /* owned; NULL: deleted */
    bool dead;  /* it lies in FAKE_QUEUE_DEAD */
    uint64_t sent_ms;
    uint64_t visible_ms;
    uint64_t receives;
};

struct fake_sqs {
    struct fake_message messages[FAKE_MESSAGES_MAX];
    size_t count;
    /* Hears of each deletion before it is done. */
    void (*on_delete)(void *arg, const struct fake_message *message);
    void *arg;
};

/* A call of the API: `unlucky` has a bit for each entry of a batch that fails this time. */
struct fake_call {
    const char *action; /* "ReceiveMessage" */
    const char *body;
    uint64_t now_ms;
    uint64_t unlucky;
};

void fake_sqs_put(struct fake_sqs *sqs, const char *id, const char *body, uint64_t now_ms);

/* Status of HTTP; *ret_body is the caller's to free. */
uint64_t fake_sqs_answer(struct fake_sqs *sqs, const struct fake_call *call, char **ret_body);

/* When a message of the jobs is there to be received; UINT64_MAX: never. */
uint64_t fake_sqs_next_ms(const struct fake_sqs *sqs);

/* Messages that nobody has deleted. */
size_t fake_sqs_left(const struct fake_sqs *sqs, bool dead);

void fake_sqs_fini(struct fake_sqs *sqs);

#endif
