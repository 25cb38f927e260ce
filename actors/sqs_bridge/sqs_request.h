/* sqs_request.h - where SQS is, and the head of a request to it.
 *
 * Pure: the time is an argument.  Any thread.
 */
#ifndef ACTORS_SQS_BRIDGE_SQS_REQUEST_H
#define ACTORS_SQS_BRIDGE_SQS_REQUEST_H

#include "actors/sqs_bridge/sigv4.h"
#include "actors/sqs_bridge/sqs_json.h"

enum {
    SQS_ENDPOINT_MAX = 255, /* bytes */
    SQS_REGION_MAX = 63,    /* bytes */
    SQS_TARGET_SIZE = 96,
    SQS_PATH_MAX = 1024, /* bytes, of a GET */
    SQS_HEADERS_MAX = 5
};

struct sqs_endpoint {
    char url[SQS_ENDPOINT_MAX + 2];  /* of all requests; ends with '/' */
    char host[SQS_ENDPOINT_MAX + 1]; /* as it is signed, and as libcurl sends it */
    char region[SQS_REGION_MAX + 1];
};

/* A service of AWS that takes JSON or forms. */
struct aws_service {
    const char *name; /* in its host, and as it is signed */
    const char *content_type;
    const char *target; /* empty: it takes forms, which name the action themselves */
};

extern const struct aws_service aws_sqs;
extern const struct aws_service aws_ecs;
extern const struct aws_service aws_groups;  /* EC2 Auto Scaling */
extern const struct aws_service aws_metrics; /* CloudWatch */
extern const struct aws_service aws_s3;      /* speaks no JSON: aws_get_sign alone */

/* Reads "http[s]://host[:port][/]"; empty: that of AWS in the region.  *ret is written on ERR_OK
 * only.  ERR_CONFIG: it is none, or the region is empty or cannot be signed.  ERR_LIMIT: too long.
 */
enum err aws_endpoint_read(const struct aws_service *service, const char *endpoint,
                           const char *region, struct sqs_endpoint *ret) MUST_CHECK;

/* The same for SQS. */
enum err sqs_endpoint_read(const char *endpoint, const char *region,
                           struct sqs_endpoint *ret) MUST_CHECK;

/* Header lines, "Name: value", ended by NULL; they point into the struct.  Holds the token of a
 * session: wiped by who made it. */
struct sqs_head {
    const char *lines[SQS_HEADERS_MAX + 1];
    char target[SQS_TARGET_SIZE];
    char date[SIGV4_DATE_SIZE + 16];
    char authorization[SIGV4_AUTHORIZATION_SIZE + 16];
    char token[CREDENTIALS_TOKEN_SIZE + 24];
};

struct sqs_signer {
    const struct sqs_endpoint *endpoint;
    const struct credentials *credentials;
    int64_t time_s; /* since 1970, UTC */
};

/* Signs a POST of `body` to the endpoint.  Each attempt is signed anew: a signature is good for
 * some minutes only.  Errors as those of sigv4_sign. */
enum err aws_request_sign(const struct sqs_signer *signer, const struct aws_service *service,
                          const char *action, struct sqs_text body,
                          struct sqs_head *ret) MUST_CHECK;

/* Signs a GET of `path` at the endpoint, at most SQS_PATH_MAX bytes with '/' first and without a
 * query.  Errors as those of sigv4_sign. */
enum err aws_get_sign(const struct sqs_signer *signer, const struct aws_service *service,
                      const char *path, struct sqs_head *ret) MUST_CHECK;

/* The same for SQS. */
enum err sqs_request_sign(const struct sqs_signer *signer, enum sqs_action action,
                          struct sqs_text body, struct sqs_head *ret) MUST_CHECK;

#endif
