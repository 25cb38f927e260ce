/* sqs_bridge_scaler.h - the behaviour of what starts executors on ECS, and what it is given. */
#ifndef ACTORS_SQS_BRIDGE_SQS_BRIDGE_SCALER_H
#define ACTORS_SQS_BRIDGE_SQS_BRIDGE_SCALER_H

#include "actors/sqs_bridge/credentials.h"
#include "runtime/actor.h"

/* The argument of its life; what it points to outlives it. */
struct scaler_arg {
    const struct credentials *credentials;
};

extern const struct rt_behaviour scaler_behaviour;

#endif
