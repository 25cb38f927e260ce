/* models_priv.h - the light actor under the models; private to actors/models/. */
#ifndef ACTORS_MODELS_MODELS_PRIV_H
#define ACTORS_MODELS_MODELS_PRIV_H

#include "actors/models/models.h"

/* Most errors at a time. */
enum { MODELS_FIXES_MAX = 128, MODELS_BUDGET_MS = 300000 };

/* Its start() gets one; then a FIX is forwarded to it. */
struct models_fix_arg {
    const struct plan *plan;
    struct rt_address models;
};

extern const struct rt_behaviour models_fix_behaviour;

/* Runs an instance's own server in the sandbox, with network, until it is killed.  The number of
 * its command; 0: no memory. */
uint64_t models_host_start(struct rt_context *ctx, const struct plan_instance *instance);

#endif
