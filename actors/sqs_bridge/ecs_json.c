/* ecs_json.c - see ecs_json.h. */
#include "actors/sqs_bridge/ecs_json.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

const char *ecs_action_name(enum ecs_action action)
{
    static const char *const names[ECS_ACTIONS] = {[ECS_LIST] = "ListTasks",
                                                   [ECS_RUN] = "RunTask",
                                                   [ECS_DESCRIBE] = "DescribeServices",
                                                   [ECS_UPDATE] = "UpdateService"};
    return names[action];
}

/* ---- requests ---- */

/* "a,b" as a list; NULL: no memory, or not UTF-8. */
static json_t *list_of(const char *text)
{
    json_t *list = json_array();
    while (list && *text) {
        size_t size = strcspn(text, ",");
        if (size > 0 && json_array_append_new(list, json_stringn(text, size)) != 0) {
            json_decref(list);
            return NULL;
        }
        text += size + (text[size] == ',');
    }
    return list;
}

static enum err write(json_t *object, char **ret_body)
{
    char *body = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    if (!body) {
        return ERR_MALFORMED;
    }
    *ret_body = body;
    return ERR_OK;
}

enum err ecs_json_run(const struct ecs_run *run, char **ret_body)
{
    if (run->count == 0 || run->count > ECS_BATCH_MAX) {
        return ERR_LIMIT;
    }
    json_t *subnets = list_of(run->subnets);
    if (json_array_size(subnets) == 0) {
        json_decref(subnets);
        return ERR_MALFORMED;
    }
    /* An address of its own: without a NAT gateway it could not fetch its image otherwise. */
    return write(json_pack("{s:s, s:s, s:I, s:s, s:s, s:[{s:s, s:i}], s:{s:{s:o, s:o, s:s}}}",
                           "cluster", run->cluster, "taskDefinition", run->task, "count",
                           (json_int_t)run->count, "startedBy", ECS_STARTED_BY, "clientToken",
                           run->token, "capacityProviderStrategy", "capacityProvider",
                           run->on_demand ? "FARGATE" : "FARGATE_SPOT", "weight", 1,
                           "networkConfiguration", "awsvpcConfiguration", "subnets", subnets,
                           "securityGroups", list_of(run->security_groups), "assignPublicIp",
                           "ENABLED"),
                 ret_body);
}

/* ECS lists what is meant to run unless it is told otherwise, and takes no second filter. */
enum err ecs_json_list(const char *cluster, char **ret_body)
{
    return write(json_pack("{s:s, s:s, s:i}", "cluster", cluster, "startedBy", ECS_STARTED_BY,
                           "maxResults", ECS_LIST_MAX),
                 ret_body);
}

enum err ecs_json_describe(const char *cluster, const char *service, char **ret_body)
{
    return write(json_pack("{s:s, s:[s]}", "cluster", cluster, "services", service), ret_body);
}

enum err ecs_json_update(const char *cluster, const char *service, uint64_t count, char **ret_body)
{
    return write(json_pack("{s:s, s:s, s:I}", "cluster", cluster, "service", service,
                           "desiredCount", (json_int_t)count),
                 ret_body);
}

/* ---- answers ---- */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* AWS says it in a sentence, in a code, and in an older code. */
static bool is_capacity(const char *why)
{
    return strstr(why, "apacity") || strncmp(why, "RESOURCE", 8) == 0;
}

static void read_failures(const json_t *root, struct ecs_answer *ret)
{
    size_t i = 0;
    json_t *failure = NULL;
    json_array_foreach(json_object_get(root, "failures"), i, failure)
    {
        const char *why = text_of(failure, "reason");
        ret->no_room = ret->no_room || is_capacity(why);
        (void)snprintf(ret->why, sizeof ret->why, "%s", why);
    }
}

static void read_error(const json_t *root, uint64_t status, struct ecs_answer *ret)
{
    const char *type = text_of(root, "__type");
    const char *why = text_of(root, "message");
    why = *why ? why : text_of(root, "Message");
    ret->no_room = is_capacity(why);
    bool often = status == 429 || strstr(type, "Throttl");
    ret->err = often ? ERR_FULL : status >= 500 ? ERR_IO : ERR_REFUSED;
    (void)snprintf(ret->why, sizeof ret->why, "%.100s: %.140s", type, why);
}

/* DescribeServices and UpdateService. */
static void read_service(const json_t *root, struct ecs_answer *ret)
{
    const json_t *service = json_object_get(root, "service");
    service = service ? service : json_array_get(json_object_get(root, "services"), 0);
    const json_t *count = json_object_get(service, "desiredCount");
    read_failures(root, ret);
    if (json_is_integer(count) && json_integer_value(count) >= 0) {
        ret->count = (uint64_t)json_integer_value(count);
    } else {
        ret->err = ERR_MALFORMED;
    }
}

void ecs_json_answer(enum ecs_action action, uint64_t status, struct sqs_text text,
                     struct ecs_answer *ret)
{
    *ret = (struct ecs_answer){.err = ERR_OK};
    if (status == 0) {
        ret->err = ERR_IO;
        (void)snprintf(ret->why, sizeof ret->why, "%.*s", (int)(text.size < 200 ? text.size : 200),
                       text.at ? text.at : "");
        return;
    }
    json_t *root = json_loadb(text.at ? text.at : "", text.size, 0, NULL);
    const json_t *tasks = json_object_get(root, action == ECS_LIST ? "taskArns" : "tasks");
    if (status >= 400) {
        read_error(root, status, ret);
    } else if (status == 200 && (action == ECS_DESCRIBE || action == ECS_UPDATE)) {
        read_service(root, ret);
    } else if (status != 200 || !json_is_array(tasks)) {
        ret->err = ERR_MALFORMED;
    } else {
        ret->count = json_array_size(tasks);
        read_failures(root, ret);
    }
    json_decref(root);
}
