/* webhook.h - what a request to /webhook is, before anybody acts on it. */
#ifndef ACTORS_GATEWAY_WEBHOOK_H
#define ACTORS_GATEWAY_WEBHOOK_H

#include "actors/gateway/event.h"
#include "actors/gateway/signature.h"

struct webhook {
    uint64_t status;  /* to answer with; 0: there is a run to submit, and then it is 202 */
    const char *text; /* of that answer; static */
    struct event event;
    char run[ULID_SIZE + 1]; /* id of the run */
};

/* `forks`: run pull requests from other repositories, too. */
void webhook_read(const struct msg_http_request *request, const struct signature_secrets *secrets,
                  bool forks, struct webhook *ret_webhook);

/* The same by its event alone, when more has become known of that. */
void webhook_judge(struct webhook *webhook, bool forks);

#endif
