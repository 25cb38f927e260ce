/* aws_query.h - requests to EC2 Auto Scaling and CloudWatch, which take forms and answer in XML.
 *
 * Pure; any thread.  Whatever comes from the server is hostile.
 */
#ifndef ACTORS_SQS_BRIDGE_AWS_QUERY_H
#define ACTORS_SQS_BRIDGE_AWS_QUERY_H

#include "actors/sqs_bridge/ecs_json.h"

enum { AWS_METRICS_MAX = 8 };

struct aws_metric {
    const char *name;
    const char *unit; /* "Seconds", "Count" */
    double value;     /* finite */
};

/* Bodies ended by NUL; the caller frees *ret_body.  ERR_LIMIT: an empty text, one of more than 255
 * bytes, too many metrics, or a value that is not finite; ERR_MEMORY. */

/* PutMetricData: all under one dimension, Cluster. */
enum err aws_query_metrics(const char *space, const char *cluster, const struct aws_metric *metrics,
                           size_t count, char **ret_body) MUST_CHECK;

/* DescribeAutoScalingGroups of one group. */
enum err aws_query_group(const char *group, char **ret_body) MUST_CHECK;

/* SetDesiredCapacity, whatever the group's cooldown. */
enum err aws_query_capacity(const char *group, uint64_t capacity, char **ret_body) MUST_CHECK;

/* TerminateInstanceInAutoScalingGroup, with one less to be desired. */
enum err aws_query_terminate(const char *instance, char **ret_body) MUST_CHECK;

/* Reads an answer; `status` 0: there was none, and `text` says why.  `count` is the first
 * DesiredCapacity in it; `counted`: an answer without one is ERR_MALFORMED. */
void aws_query_answer(uint64_t status, struct sqs_text text, bool counted, struct ecs_answer *ret);

#endif
