/* queues_json.c - attributes of queues are texts, numbers in texts, and JSON in a text. */
#include "actors/sqs_bridge/queues_json.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *queues_action_name(enum queues_action action)
{
    static const char *const names[] = {[QUEUES_FIND] = "GetQueueUrl",
                                        [QUEUES_CREATE] = "CreateQueue",
                                        [QUEUES_READ] = "GetQueueAttributes",
                                        [QUEUES_SET] = "SetQueueAttributes"};
    return names[action];
}

/* ---- requests ---- */

/* Takes over `request`, which may be NULL for want of memory. */
static enum err dump(json_t *request, char **ret_body)
{
    char *body = request ? json_dumps(request, JSON_COMPACT) : NULL;
    json_decref(request);
    if (!body) {
        return ERR_MEMORY;
    }
    *ret_body = body;
    return ERR_OK;
}

static int set_number(json_t *attributes, const char *name, unsigned number)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%u", number);
    return json_object_set_new(attributes, name, json_string(text));
}

static int set_redrive(json_t *attributes, const struct queue_spec *spec, const char *dead_arn)
{
    char *text = NULL;
    json_t *policy = json_pack("{s:s, s:i}", "deadLetterTargetArn", dead_arn, "maxReceiveCount",
                               (int)spec->receives_max);
    if (dump(policy, &text) != ERR_OK) {
        return -1;
    }
    int bad = json_object_set_new(attributes, "RedrivePolicy", json_string(text));
    free(text);
    return bad;
}

/* NULL for want of memory.  That a queue is FIFO is said when it is made, and never again. */
static json_t *attributes_of(const struct queue_spec *spec, const char *dead_arn, bool creating)
{
    json_t *attributes = json_object();
    int bad = attributes ? 0 : -1;
    for (size_t i = 0; i < QUEUE_NUMBERS && !bad; i++) {
        if (spec->has[i]) {
            bad = set_number(attributes, queue_numbers[i].attribute, spec->numbers[i]);
        }
    }
    if (!bad && spec->dead_letter) {
        bad = set_redrive(attributes, spec, dead_arn);
    }
    if (!bad && spec->fifo && creating) {
        bad = json_object_set_new(attributes, "FifoQueue", json_string("true"));
    }
    if (!bad && spec->has_deduplicate) {
        bad = json_object_set_new(attributes, "ContentBasedDeduplication",
                                  json_string(spec->deduplicate ? "true" : "false"));
    }
    if (bad) {
        json_decref(attributes);
        return NULL;
    }
    return attributes;
}

enum err queues_json_create(const struct queue_spec *spec, const char *dead_arn, char **ret_body)
{
    return dump(json_pack("{s:s, s:o}", "QueueName", spec->name, "Attributes",
                          attributes_of(spec, dead_arn, true)),
                ret_body);
}

enum err queues_json_set(const struct queue_spec *spec, const char *url, const char *dead_arn,
                         char **ret_body)
{
    return dump(json_pack("{s:s, s:o}", "QueueUrl", url, "Attributes",
                          attributes_of(spec, dead_arn, false)),
                ret_body);
}

enum err queues_json_find(const char *name, char **ret_body)
{
    return dump(json_pack("{s:s}", "QueueName", name), ret_body);
}

enum err queues_json_read(const char *url, char **ret_body)
{
    return dump(json_pack("{s:s, s:[s]}", "QueueUrl", url, "AttributeNames", "All"), ret_body);
}

/* ---- answers ---- */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* A number, or one in a text, as SQS has both; -1: neither. */
static json_int_t number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_integer(value)) {
        return json_integer_value(value);
    }
    const char *text = text_of(object, key);
    char *end = NULL;
    long number = strtol(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' ? number : -1;
}

/* Adds to a list of SQS_WHY_SIZE bytes. */
__attribute__((format(printf, 2, 3))) static void note(char *text, const char *format, ...)
{
    size_t used = strlen(text);
    va_list list;
    if (used > 0 && used + 2 < SQS_WHY_SIZE) {
        memcpy(text + used, ", ", 3);
        used += 2;
    }
    va_start(list, format);
    (void)vsnprintf(text + used, SQS_WHY_SIZE - used, format, list);
    va_end(list);
}

static void compare_redrive(const struct queue_spec *spec, const char *dead_arn,
                            const json_t *attributes, struct queues_answer *ret)
{
    json_t *policy = json_loads(text_of(attributes, "RedrivePolicy"), 0, NULL);
    const char *arn = text_of(policy, "deadLetterTargetArn");
    if (!dead_arn[0] || strcmp(arn, dead_arn) != 0) {
        note(ret->different, "dead_letter %s is not %s", arn[0] ? arn : "(none)",
             spec->dead_letter);
    } else if (number_of(policy, "maxReceiveCount") != (json_int_t)spec->receives_max) {
        note(ret->different, "receives_max %" JSON_INTEGER_FORMAT " is not %u",
             number_of(policy, "maxReceiveCount"), spec->receives_max);
    }
    json_decref(policy);
}

static void compare(const struct queue_spec *spec, const char *dead_arn, const json_t *attributes,
                    struct queues_answer *ret)
{
    for (size_t i = 0; i < QUEUE_NUMBERS; i++) {
        json_int_t number = number_of(attributes, queue_numbers[i].attribute);
        if (spec->has[i] && !json_object_get(attributes, queue_numbers[i].attribute)) {
            note(ret->unknown, "the server has no %s", queue_numbers[i].key);
        } else if (spec->has[i] && number != (json_int_t)spec->numbers[i]) {
            note(ret->different, "%s %" JSON_INTEGER_FORMAT " is not %u", queue_numbers[i].key,
                 number, spec->numbers[i]);
        }
    }
    bool deduplicates = strcmp(text_of(attributes, "ContentBasedDeduplication"), "true") == 0;
    if (spec->has_deduplicate && deduplicates != spec->deduplicate) {
        note(ret->different, "deduplicate %s is not %s", deduplicates ? "true" : "false",
             spec->deduplicate ? "true" : "false");
    }
    if (spec->dead_letter) {
        compare_redrive(spec, dead_arn, attributes, ret);
    }
}

static enum err copy(char *to, size_t max, const char *text)
{
    size_t size = strnlen(text, max + 1);
    if (size == 0 || size > max) {
        return ERR_MALFORMED;
    }
    memcpy(to, text, size + 1);
    return ERR_OK;
}

void queues_json_answer(enum queues_action action, const struct queue_spec *spec,
                        const char *dead_arn, const struct sqs_reply *reply,
                        struct queues_answer *ret)
{
    struct sqs_answer error;
    struct sqs_document *document = NULL;
    *ret = (struct queues_answer){.err = ERR_OK};
    if (reply->status != 200) { /* errors are those of every action */
        sqs_json_answer(reply, &error, &document);
        ret->err = error.err;
        (void)snprintf(ret->why, sizeof ret->why, "%s%s%s", error.code, error.code[0] ? ": " : "",
                       error.why);
        if (!ret->why[0]) {
            (void)snprintf(ret->why, sizeof ret->why, "status %llu without a word why",
                           (unsigned long long)reply->status);
        }
        sqs_json_free(&document);
        return;
    }
    json_t *root = json_loadb(reply->body.at ? reply->body.at : "", reply->body.size, 0, NULL);
    const json_t *attributes = json_object_get(root, "Attributes");
    if (action == QUEUES_FIND || action == QUEUES_CREATE) {
        ret->err = copy(ret->url, SQS_URL_MAX, text_of(root, "QueueUrl"));
    } else if (action == QUEUES_READ) {
        ret->err = copy(ret->arn, QUEUE_ARN_MAX, text_of(attributes, "QueueArn"));
        compare(spec, dead_arn, attributes, ret);
    }
    json_decref(root);
    if (ret->err != ERR_OK) {
        (void)snprintf(ret->why, sizeof ret->why, "%s: not what SQS answers",
                       queues_action_name(action));
    }
}
