/* aws_query.c - see aws_query.h. */
#include "actors/sqs_bridge/aws_query.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS_VERSION  "&Version=2011-01-01"
#define METRICS_VERSION "&Version=2010-08-01"

enum { TEXT_MAX = 255, BODY_SIZE = 8192, XML_MAX = 65536 };

/* ---- requests ---- */

/* A form that grows; `full` when it could not. */
struct form {
    char *text; /* BODY_SIZE; NULL: no memory */
    size_t size;
    enum err err;
};

static struct form begin(const char *action)
{
    struct form form = {.text = malloc(BODY_SIZE)};
    form.err = form.text ? ERR_OK : ERR_MEMORY;
    if (form.text) {
        form.size = (size_t)snprintf(form.text, BODY_SIZE, "Action=%s", action);
    }
    return form;
}

static void add(struct form *form, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct form *form, const char *format, ...)
{
    if (form->err != ERR_OK) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(form->text + form->size, BODY_SIZE - form->size, format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= BODY_SIZE - form->size) {
        form->err = ERR_LIMIT;
        return;
    }
    form->size += (size_t)size;
}

/* All but what RFC 3986 leaves as it is becomes %XX. */
static void add_text(struct form *form, const char *name, const char *text)
{
    size_t size = strnlen(text, TEXT_MAX + 1);
    if (size == 0 || size > TEXT_MAX) {
        form->err = form->err == ERR_OK ? ERR_LIMIT : form->err;
        return;
    }
    add(form, "&%s=", name);
    for (; *text; text++) {
        bool plain = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~",
                            *text) != NULL;
        add(form, plain ? "%c" : "%%%02X", (unsigned char)*text);
    }
}

static enum err finish(struct form *form, char **ret_body)
{
    if (form->err != ERR_OK) {
        free(form->text);
        return form->err;
    }
    *ret_body = form->text;
    return ERR_OK;
}

enum err aws_query_metrics(const char *space, const char *cluster, const struct aws_metric *metrics,
                           size_t count, char **ret_body)
{
    struct form form = begin("PutMetricData" METRICS_VERSION);
    add_text(&form, "Namespace", space);
    form.err = form.err == ERR_OK && count > AWS_METRICS_MAX ? ERR_LIMIT : form.err;
    for (size_t i = 0; i < count && form.err == ERR_OK; i++) {
        char name[80];
        const struct aws_metric *metric = &metrics[i];
        (void)snprintf(name, sizeof name, "MetricData.member.%zu.MetricName", i + 1);
        add_text(&form, name, metric->name);
        (void)snprintf(name, sizeof name, "MetricData.member.%zu.Unit", i + 1);
        add_text(&form, name, metric->unit);
        (void)snprintf(name, sizeof name, "MetricData.member.%zu.Dimensions.member.1.Value", i + 1);
        add(&form, "&MetricData.member.%zu.Dimensions.member.1.Name=Cluster", i + 1);
        add_text(&form, name, cluster);
        add(&form, "&MetricData.member.%zu.Value=%.3f", i + 1, metric->value);
        form.err = form.err == ERR_OK && !isfinite(metric->value) ? ERR_LIMIT : form.err;
    }
    return finish(&form, ret_body);
}

enum err aws_query_group(const char *group, char **ret_body)
{
    struct form form = begin("DescribeAutoScalingGroups" GROUPS_VERSION);
    add_text(&form, "AutoScalingGroupNames.member.1", group);
    return finish(&form, ret_body);
}

enum err aws_query_capacity(const char *group, uint64_t capacity, char **ret_body)
{
    struct form form = begin("SetDesiredCapacity" GROUPS_VERSION);
    add_text(&form, "AutoScalingGroupName", group);
    add(&form, "&HonorCooldown=false&DesiredCapacity=%" PRIu64, capacity);
    return finish(&form, ret_body);
}

enum err aws_query_terminate(const char *instance, char **ret_body)
{
    struct form form = begin("TerminateInstanceInAutoScalingGroup" GROUPS_VERSION);
    add_text(&form, "InstanceId", instance);
    add(&form, "&ShouldDecrementDesiredCapacity=true");
    return finish(&form, ret_body);
}

/* ---- answers ---- */

/* What stands between <name> and the next '<', at most size - 1 bytes of it; false: there is none.
 */
static bool find(const char *xml, const char *name, char *ret, size_t size)
{
    char open[64];
    (void)snprintf(open, sizeof open, "<%s>", name);
    const char *at = strstr(xml, open);
    if (!at) {
        return false;
    }
    at += strlen(open);
    size_t length = strcspn(at, "<");
    (void)snprintf(ret, size, "%.*s", (int)(length < size ? length : size - 1), at);
    return true;
}

static void read_error(const char *xml, uint64_t status, struct ecs_answer *ret)
{
    char code[100] = "";
    char why[140] = "";
    (void)find(xml, "Code", code, sizeof code); /* both stay empty where there are none */
    (void)find(xml, "Message", why, sizeof why);
    bool often = status == 429 || strstr(code, "Throttl");
    ret->err = often ? ERR_FULL : status >= 500 ? ERR_IO : ERR_REFUSED;
    (void)snprintf(ret->why, sizeof ret->why, "%llu %s: %s", (unsigned long long)status, code, why);
}

static void read_count(const char *xml, struct ecs_answer *ret)
{
    char number[24] = "";
    size_t digits =
        find(xml, "DesiredCapacity", number, sizeof number) ? strspn(number, "0123456789") : 0;
    if (digits == 0 || digits > 9 || number[digits]) {
        ret->err = ERR_MALFORMED;
        (void)snprintf(ret->why, sizeof ret->why, "no such group, or no answer about one");
        return;
    }
    ret->count = strtoull(number, NULL, 10);
}

void aws_query_answer(uint64_t status, struct sqs_text text, bool counted, struct ecs_answer *ret)
{
    *ret = (struct ecs_answer){.err = ERR_OK};
    size_t size = text.at ? text.size : 0;
    if (status == 0) {
        ret->err = ERR_IO;
        (void)snprintf(ret->why, sizeof ret->why, "%.*s", (int)(size < 200 ? size : 200),
                       text.at ? text.at : "");
        return;
    }
    if (size > XML_MAX) {
        ret->err = ERR_LIMIT;
        return;
    }
    char *xml = strndup(text.at ? text.at : "", size);
    if (!xml) {
        ret->err = ERR_MEMORY;
        return;
    }
    if (status != 200) {
        read_error(xml, status, ret);
    } else if (counted) {
        read_count(xml, ret);
    }
    free(xml);
}
