/* healer_request.h - one HEAL, by one light actor under the healer. */
#ifndef ACTORS_HEALER_HEALER_REQUEST_H
#define ACTORS_HEALER_HEALER_REQUEST_H

#include "runtime/actor.h"

/* Started without an argument, it takes one HEAL, answers it with HEALED, and ends. */
extern const struct rt_behaviour healer_request_behaviour;

#endif
