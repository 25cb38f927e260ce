/* models.h - the models' behaviour; its interface is its messages. */
#ifndef ACTORS_MODELS_MODELS_H
#define ACTORS_MODELS_MODELS_H

#include "actors/models/plan.h"
#include "runtime/actor.h"

/* Outlives the actor. */
struct models_arg {
    const struct plan *plan;
};

extern const struct rt_behaviour models_behaviour;

#endif
