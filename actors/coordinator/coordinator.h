/* coordinator.h - the coordinator's behaviour; its interface is its messages. */
#ifndef ACTORS_COORDINATOR_COORDINATOR_H
#define ACTORS_COORDINATOR_COORDINATOR_H

#include "runtime/actor.h"

/* Needs a store opened with ledger_schema behind rt_store. */
extern const struct rt_behaviour coordinator_behaviour;

#endif
