/* gateway.h - the role that joins a cluster with GitHub, and the light actors under it. */
#ifndef ACTORS_GATEWAY_GATEWAY_H
#define ACTORS_GATEWAY_GATEWAY_H

#include "actors/gateway/dashboard.h"
#include "actors/gateway/webhook.h"
#include "runtime/actor.h"

enum { GATEWAY_TOKEN_SIZE = 512 };

/* What an actor may not read for itself: the argument of the gateway. */
struct gateway_arg {
    struct signature_secrets secrets;          /* of webhooks */
    char token[GATEWAY_TOKEN_SIZE + 1];        /* for GitHub's API; empty: nothing is reported */
    char env[MSG_MAX_submit_env + 1];          /* what tests may see, NAME=VALUE lines */
    char checkout_env[MSG_MAX_submit_env + 1]; /* what checkouts see: the same, and proxies */
    struct dashboard_arg dashboard;
};

extern const struct rt_behaviour gateway_behaviour;

/* Brings a webhook to the coordinator and answers it. */
struct delivery_arg {
    uint64_t http; /* request to answer */
    struct webhook webhook;
    char env[MSG_MAX_submit_env + 1];
    struct rt_address parent; /* gets a REPORT_ROW when the run is in the ledger */
};

extern const struct rt_behaviour delivery_behaviour;

/* Asks GitHub about a webhook that a comment has sent, and delivers it. */
struct command_arg {
    char token[GATEWAY_TOKEN_SIZE + 1];
    struct delivery_arg delivery;
};

extern const struct rt_behaviour command_behaviour;

enum { GATEWAY_IN_USE_SIZE = 8192 };

/* Brings the code of a held run to its place, and says PREPARED. */
struct checkout_arg {
    char token[GATEWAY_TOKEN_SIZE + 1];
    char env[MSG_MAX_submit_env + 1];
    char run[ULID_SIZE + 1];
    struct origin origin;
    char in_use[GATEWAY_IN_USE_SIZE]; /* OWNER/NAME/COMMITs that stay, with a space between */
};

extern const struct rt_behaviour checkout_behaviour;

/* Brings a run to GitHub. */
struct reporter_arg {
    char token[GATEWAY_TOKEN_SIZE + 1];
    char run[ULID_SIZE + 1];
    struct origin origin;
    bool settled;             /* the run is over: there is no need to say that it has begun */
    struct rt_address parent; /* gets WATCHED and RUN_CLOSED of the run, and REPORTED */
};

extern const struct rt_behaviour reporter_behaviour;

#endif
