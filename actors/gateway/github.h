/* github.h - a request to GitHub's API. */
#ifndef ACTORS_GATEWAY_GITHUB_H
#define ACTORS_GATEWAY_GITHUB_H

#include "runtime/actor.h"

/* Sends it with what GitHub wants of every request; `body` is JSON or empty.  Returns its id for
 * HTTP_DONE, or 0 when memory is short or too many are under way. */
uint64_t github_send(struct rt_context *ctx, const char *token, const char *method, const char *url,
                     struct msg_str body);

#endif
