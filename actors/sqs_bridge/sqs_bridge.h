/* sqs_bridge.h - the behaviour of the bridge from a queue of SQS, and what it is given. */
#ifndef ACTORS_SQS_BRIDGE_SQS_BRIDGE_H
#define ACTORS_SQS_BRIDGE_SQS_BRIDGE_H

#include "actors/sqs_bridge/credentials.h"
#include "runtime/actor.h"

/* The argument of its life; what it points to outlives it. */
struct sqs_bridge_arg {
    const struct credentials *credentials;
    const char *env; /* of all runs that it submits, NAME=VALUE lines */
};

extern const struct rt_behaviour sqs_bridge_behaviour;

#endif
