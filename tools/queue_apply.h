/* queue_apply.h - troupe queue apply: the queues of distributed-queues.yml, made and checked. */
#ifndef TOOLS_QUEUE_APPLY_H
#define TOOLS_QUEUE_APPLY_H

#include "actors/sqs_bridge/credentials.h"
#include "actors/sqs_bridge/queues_apply.h"
#include "tools/command.h"

/* The whole command.  An exit code; everything is told. */
int queue_apply(struct invocation *invocation);

/* Whether the queues are as they are wanted; changes nothing.  `text` (size bytes) says what was
 * found. */
bool queue_check(const struct invocation *invocation, const struct credentials *credentials,
                 char *text, size_t size);

/* {"check","good","queues":[{"queue","state","url","reason"}]}: ERR_MEMORY, ERR_IO. */
enum err json_queues(FILE *out, const struct queues_apply *apply) MUST_CHECK;

#endif
