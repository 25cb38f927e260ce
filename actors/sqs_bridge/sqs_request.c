/* sqs_request.c - the parts of an endpoint, and signed headers. */
#include "actors/sqs_bridge/sqs_request.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

const struct aws_service aws_sqs = {"sqs", "Content-Type: application/x-amz-json-1.0", "AmazonSQS"};
const struct aws_service aws_ecs = {"ecs", "Content-Type: application/x-amz-json-1.1",
                                    "AmazonEC2ContainerServiceV20141113"};
#define FORM "Content-Type: application/x-www-form-urlencoded"
const struct aws_service aws_groups = {"autoscaling", FORM, ""};
const struct aws_service aws_metrics = {"monitoring", FORM, ""};
const struct aws_service aws_s3 = {"s3", "", ""};

/* The scheme's own port is left out, as libcurl leaves it out of the header Host: what is signed
 * must be what is sent. */
static enum err read_host(const char *endpoint, struct sqs_endpoint *ret)
{
    if (strnlen(endpoint, SQS_ENDPOINT_MAX + 1) > SQS_ENDPOINT_MAX) {
        return ERR_LIMIT;
    }
    bool plain = strncmp(endpoint, "http://", 7) == 0;
    if (!plain && strncmp(endpoint, "https://", 8) != 0) {
        return ERR_CONFIG;
    }
    const char *host = endpoint + (plain ? 7 : 8);
    size_t size = strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-:[]");
    if (host[size] && strcmp(host + size, "/") != 0) {
        return ERR_CONFIG;
    }
    const char *own = plain ? ":80" : ":443";
    size_t own_size = strlen(own);
    if (size >= own_size && memcmp(host + size - own_size, own, own_size) == 0) {
        size -= own_size;
    }
    if (size == 0) {
        return ERR_CONFIG;
    }
    memcpy(ret->host, host, size);
    ret->host[size] = '\0';
    int length =
        snprintf(ret->url, sizeof ret->url, "%s://%s/", plain ? "http" : "https", ret->host);
    assert(length > 0 && (size_t)length < sizeof ret->url);
    return ERR_OK;
}

enum err aws_endpoint_read(const struct aws_service *service, const char *endpoint,
                           const char *region, struct sqs_endpoint *ret)
{
    assert(endpoint && region);
    assert(ret);
    struct sqs_endpoint found = {.url = ""};
    size_t size = strnlen(region, SQS_REGION_MAX + 1);
    if (size > SQS_REGION_MAX) {
        return ERR_LIMIT;
    }
    if (size == 0 || region[strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-")]) {
        return ERR_CONFIG;
    }
    memcpy(found.region, region, size);
    char own[SQS_ENDPOINT_MAX + 1];
    (void)snprintf(own, sizeof own, "https://%s.%s.amazonaws.com", service->name, region);
    enum err err = read_host(*endpoint ? endpoint : own, &found);
    if (err == ERR_OK) {
        *ret = found;
    }
    return err;
}

enum err sqs_endpoint_read(const char *endpoint, const char *region, struct sqs_endpoint *ret)
{
    return aws_endpoint_read(&aws_sqs, endpoint, region, ret);
}

/* Behind the first `count` lines. */
static void write_lines(size_t count, const struct sigv4_signature *signature,
                        const struct credentials *credentials, struct sqs_head *ret)
{
    (void)snprintf(ret->date, sizeof ret->date, "X-Amz-Date: %s", signature->date);
    (void)snprintf(ret->authorization, sizeof ret->authorization, "Authorization: %s",
                   signature->authorization);
    ret->lines[count++] = ret->date;
    ret->lines[count++] = ret->authorization;
    if (credentials->token[0]) {
        (void)snprintf(ret->token, sizeof ret->token, "X-Amz-Security-Token: %s",
                       credentials->token);
        ret->lines[count++] = ret->token;
    }
    assert(count <= SQS_HEADERS_MAX);
    ret->lines[count] = NULL;
}

enum err aws_request_sign(const struct sqs_signer *signer, const struct aws_service *service,
                          const char *action, struct sqs_text body, struct sqs_head *ret)
{
    size_t named = service->target[0] ? 1 : 0;
    int length =
        snprintf(ret->target, sizeof ret->target, "X-Amz-Target: %s.%s", service->target, action);
    assert(length > 0 && (size_t)length < sizeof ret->target);
    const struct sigv4_pair headers[] = {{"Content-Type", strchr(service->content_type, ' ') + 1},
                                         {"X-Amz-Target", strchr(ret->target, ' ') + 1}};
    const struct sigv4_request request = {.method = "POST",
                                          .host = signer->endpoint->host,
                                          .path = "/",
                                          .headers = headers,
                                          .header_count = 1 + named,
                                          .body = body.at,
                                          .body_size = body.size};
    const struct sigv4_signer who = {signer->endpoint->region, service->name, signer->credentials,
                                     signer->time_s};
    struct sigv4_signature signature;
    enum err err = sigv4_sign(&request, &who, &signature);
    if (err == ERR_OK) {
        ret->lines[0] = service->content_type;
        ret->lines[1] = ret->target;
        write_lines(1 + named, &signature, signer->credentials, ret);
    }
    return err;
}

enum err aws_get_sign(const struct sqs_signer *signer, const struct aws_service *service,
                      const char *path, struct sqs_head *ret)
{
    char hash[SIGV4_HASH_SIZE];
    struct sigv4_signature signature;
    if (strnlen(path, SQS_PATH_MAX + 1) > SQS_PATH_MAX) {
        return ERR_LIMIT;
    }
    enum err err = sigv4_hash(NULL, 0, hash);
    if (err != ERR_OK) {
        return err;
    }
    /* S3 wants to be told what was signed; others do not mind. */
    const struct sigv4_pair header = {"X-Amz-Content-Sha256", hash};
    const struct sigv4_request request = {.method = "GET",
                                          .host = signer->endpoint->host,
                                          .path = path,
                                          .headers = &header,
                                          .header_count = 1};
    const struct sigv4_signer who = {signer->endpoint->region, service->name, signer->credentials,
                                     signer->time_s};
    err = sigv4_sign(&request, &who, &signature);
    if (err == ERR_OK) {
        (void)snprintf(ret->target, sizeof ret->target, "%s: %s", header.name, hash);
        ret->lines[0] = ret->target;
        write_lines(1, &signature, signer->credentials, ret);
    }
    return err;
}

enum err sqs_request_sign(const struct sqs_signer *signer, enum sqs_action action,
                          struct sqs_text body, struct sqs_head *ret)
{
    return aws_request_sign(signer, &aws_sqs, sqs_action_name(action), body, ret);
}
