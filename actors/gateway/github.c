/* github.c - see github.h. */
#include "actors/gateway/github.h"

#include <stdio.h>

#include "actors/gateway/gateway.h"

uint64_t github_send(struct rt_context *ctx, const char *token, const char *method, const char *url,
                     struct msg_str body)
{
    char authorization[GATEWAY_TOKEN_SIZE + 32];
    (void)snprintf(authorization, sizeof authorization, "Authorization: Bearer %s",
                   token); /* bounded by its array */
    const char *const headers[] = {authorization,
                                   "Accept: application/vnd.github+json",
                                   "X-GitHub-Api-Version: 2022-11-28",
                                   "User-Agent: troupe",
                                   "Content-Type: application/json",
                                   NULL};
    return rt_http(ctx,
                   &(struct rt_http_request){.method = method,
                                             .url = url,
                                             .headers = headers,
                                             .body = body,
                                             .timeout_ms = rt_config(ctx)->gateway.request_ms_max});
}
