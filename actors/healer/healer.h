/* healer.h - the actor that finds out which element a broken locator means now. */
#ifndef ACTORS_HEALER_HEALER_H
#define ACTORS_HEALER_HEALER_H

#include "runtime/actor.h"

extern const struct rt_behaviour healer_behaviour;

#endif
