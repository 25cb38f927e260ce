/* executor_cloud.h - the behaviour of what stands between an executor and the cloud it runs in. */
#ifndef ACTORS_EXECUTOR_EXECUTOR_CLOUD_H
#define ACTORS_EXECUTOR_EXECUTOR_CLOUD_H

#include "runtime/actor.h"

/* Without an argument. */
extern const struct rt_behaviour executor_cloud_behaviour;

#endif
