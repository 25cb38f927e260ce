/* prune.h - forgets the details of old runs.  A part of the coordinator: runs on its turns. */
#ifndef ACTORS_COORDINATOR_PRUNE_H
#define ACTORS_COORDINATOR_PRUNE_H

#include "runtime/actor.h"

/* Forgets what coordinator.closed_runs_kept does not keep, one run after the other.  ERR_MEMORY. */
enum err prune(struct rt_context *ctx, uint64_t epoch) MUST_CHECK;

#endif
