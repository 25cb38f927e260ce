/* queues_json.h - requests to Amazon SQS about queues themselves, and what it says of them.
 *
 * Pure; any thread.  Whatever comes from the server is hostile.  Bodies are ended by NUL; the
 * caller frees *ret_body.  ERR_MEMORY.
 */
#ifndef ACTORS_SQS_BRIDGE_QUEUES_JSON_H
#define ACTORS_SQS_BRIDGE_QUEUES_JSON_H

#include "actors/sqs_bridge/queues.h"
#include "actors/sqs_bridge/sqs_json.h"

enum { QUEUE_ARN_MAX = 256, QUEUE_WHY_SIZE = SQS_CODE_SIZE + SQS_WHY_SIZE + 2 };

enum queues_action { QUEUES_FIND, QUEUES_CREATE, QUEUES_READ, QUEUES_SET };

/* "CreateQueue"; static. */
const char *queues_action_name(enum queues_action action);

/* `dead_arn`: of spec->dead_letter; not used without one. */
enum err queues_json_create(const struct queue_spec *spec, const char *dead_arn,
                            char **ret_body) MUST_CHECK;
enum err queues_json_set(const struct queue_spec *spec, const char *url, const char *dead_arn,
                         char **ret_body) MUST_CHECK;
enum err queues_json_find(const char *name, char **ret_body) MUST_CHECK;
enum err queues_json_read(const char *url, char **ret_body) MUST_CHECK;

struct queues_answer {
    /* ERR_OK; ERR_IO, ERR_FULL: another attempt may do better; ERR_NOT_FOUND; ERR_REFUSED;
     * ERR_MALFORMED: it is not what SQS answers. */
    enum err err;
    char why[QUEUE_WHY_SIZE];
    char url[SQS_URL_MAX + 1];    /* of FIND and CREATE */
    char arn[QUEUE_ARN_MAX + 1];  /* of READ, as the next */
    char different[SQS_WHY_SIZE]; /* what is not as `spec` wants it; empty: nothing; cut */
    char unknown[SQS_WHY_SIZE];   /* what only other servers than that of AWS leave out */
};

/* Reads an answer to `action`; `status` 0: there was none, and `text` says why.  `dead_arn`: what
 * the queue's dead-letter queue has to be; empty: it is not there. */
void queues_json_answer(enum queues_action action, const struct queue_spec *spec,
                        const char *dead_arn, const struct sqs_reply *reply,
                        struct queues_answer *ret);

#endif
