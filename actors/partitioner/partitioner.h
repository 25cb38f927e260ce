/* partitioner.h - the partitioner's behaviour; its interface is its messages. */
#ifndef ACTORS_PARTITIONER_PARTITIONER_H
#define ACTORS_PARTITIONER_PARTITIONER_H

#include "runtime/actor.h"

extern const struct rt_behaviour partitioner_behaviour;

#endif
