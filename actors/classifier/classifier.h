/* classifier.h - the actor in role CLASSIFIER. */
#ifndef ACTORS_CLASSIFIER_CLASSIFIER_H
#define ACTORS_CLASSIFIER_CLASSIFIER_H

#include "actors/classifier/classify.h"
#include "runtime/actor.h"

/* Its argument: rules and model, which outlive the actor. */
struct classifier_arg {
    struct judge judge;
};

extern const struct rt_behaviour classifier_behaviour;

#endif
