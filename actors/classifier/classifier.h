/* classifier.h - the actor in role CLASSIFIER. */
#ifndef ACTORS_CLASSIFIER_CLASSIFIER_H
#define ACTORS_CLASSIFIER_CLASSIFIER_H

#include "runtime/actor.h"

/* Its argument: where the rules are; they outlive the actor. */
struct classifier_arg {
    const struct rules *rules;
};

extern const struct rt_behaviour classifier_behaviour;

#endif
