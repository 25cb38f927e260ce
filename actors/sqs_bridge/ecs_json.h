/* ecs_json.h - requests to Amazon ECS and its answers, in its JSON protocol.
 *
 * Pure; any thread.  Whatever comes from the server is hostile.
 */
#ifndef ACTORS_SQS_BRIDGE_ECS_JSON_H
#define ACTORS_SQS_BRIDGE_ECS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actors/sqs_bridge/sqs_json.h"

/* Whoever started a task says so in it: by this word ours are found again. */
#define ECS_STARTED_BY "troupe"

enum { ECS_BATCH_MAX = 10, ECS_LIST_MAX = 100 }; /* tasks of a request: the limits of ECS */

enum ecs_action { ECS_LIST, ECS_RUN, ECS_DESCRIBE, ECS_UPDATE, ECS_ACTIONS };

/* "ListTasks"; static. */
const char *ecs_action_name(enum ecs_action action);

struct ecs_run {
    const char *cluster;
    const char *task;
    const char *subnets; /* separated by commas, as the next */
    const char *security_groups;
    const char *token; /* the same request under it starts nothing more */
    bool on_demand;
    uint64_t count; /* at most ECS_BATCH_MAX */
};

/* Bodies ended by NUL; the caller frees *ret_body.  ERR_MALFORMED: a text is not UTF-8, or without
 * subnets; ERR_LIMIT; ERR_MEMORY. */
enum err ecs_json_run(const struct ecs_run *run, char **ret_body) MUST_CHECK;
enum err ecs_json_list(const char *cluster, char **ret_body) MUST_CHECK;
enum err ecs_json_describe(const char *cluster, const char *service, char **ret_body) MUST_CHECK;
enum err ecs_json_update(const char *cluster, const char *service, uint64_t count,
                         char **ret_body) MUST_CHECK;

struct ecs_answer {
    enum err err;   /* ERR_OK, ERR_IO, ERR_FULL (asked too often), ERR_REFUSED, ERR_MALFORMED */
    uint64_t count; /* tasks that run or will; that were started; that a service or group wants */
    bool no_room;   /* some could not be started for want of capacity; `why` */
    char why[SQS_WHY_SIZE];
};

/* Reads an answer; `status` 0: there was none, and `text` says why. */
void ecs_json_answer(enum ecs_action action, uint64_t status, struct sqs_text text,
                     struct ecs_answer *ret);

#endif
