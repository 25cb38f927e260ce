/* validator.h - the validator's behaviour; its interface is its messages. */
#ifndef ACTORS_VALIDATOR_VALIDATOR_H
#define ACTORS_VALIDATOR_VALIDATOR_H

#include "runtime/actor.h"

/* Takes no arg.  Needs commands behind rt_exec. */
extern const struct rt_behaviour validator_behaviour;

#endif
