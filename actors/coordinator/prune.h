/* prune.h - old runs leave the ledger. */
#ifndef ACTORS_COORDINATOR_PRUNE_H
#define ACTORS_COORDINATOR_PRUNE_H

#include "runtime/actor.h"

/* Forgets the details of closed runs beyond coordinator.closed_runs_kept, one after the other, in
 * the name of the coordinator of this epoch.  ERR_MEMORY. */
enum err prune(struct rt_context *ctx, uint64_t epoch) MUST_CHECK;

#endif
