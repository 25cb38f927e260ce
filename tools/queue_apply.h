/* queue_apply.h - troupe queue apply: the queues of distributed-queues.yml, made and checked. */
#ifndef TOOLS_QUEUE_APPLY_H
#define TOOLS_QUEUE_APPLY_H

#include "actors/sqs_bridge/queues_apply.h"
#include "tools/command.h"

/* The whole command.  An exit code; everything is told. */
int queue_apply(struct invocation *invocation);

/* {"check","good","queues":[{"queue","state","url","reason"}]}: ERR_MEMORY, ERR_IO. */
enum err json_queues(FILE *out, const struct queues_apply *apply) MUST_CHECK;

#endif
