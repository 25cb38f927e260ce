/* models.h - the models' behaviour; its interface is its messages. */
#ifndef ACTORS_MODELS_MODELS_H
#define ACTORS_MODELS_MODELS_H

#include "actors/models/plan.h"
#include "actors/models/pool.h"
#include "runtime/actor.h"

/* Outlives the actor. */
struct models_arg {
    const struct plan *plan;
    struct pool_count *total; /* NULL, or gets what has come of all models when the actor ends */
};

extern const struct rt_behaviour models_behaviour;

#endif
