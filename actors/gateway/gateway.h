/* gateway.h - the role that joins a cluster with GitHub, and the light actors under it. */
#ifndef ACTORS_GATEWAY_GATEWAY_H
#define ACTORS_GATEWAY_GATEWAY_H

#include "actors/common/ulid.h"
#include "actors/gateway/origin.h"
#include "actors/gateway/signature.h"
#include "runtime/actor.h"

enum { GATEWAY_TOKEN_SIZE = 512 };

/* What an actor may not read for itself: the argument of the gateway. */
struct gateway_arg {
    struct signature_secrets secrets;   /* of webhooks */
    char token[GATEWAY_TOKEN_SIZE + 1]; /* for GitHub's API */
    char env[MSG_MAX_submit_env + 1];   /* what tests may see, NAME=VALUE lines */
};

extern const struct rt_behaviour gateway_behaviour;

/* Takes one HTTP_REQUEST, a webhook, and answers it. */
struct delivery_arg {
    struct gateway_arg gateway;
    struct rt_address parent; /* gets a REPORT_ROW when there is a run */
};

extern const struct rt_behaviour delivery_behaviour;

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
