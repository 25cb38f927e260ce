/* optimize.c - see optimize.h. */
#include "tools/optimize.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static const struct {
    const char *word;
    const char *key;
    double least; /* what is tried */
    double most;
} rules[SCALING_RULES] = {
    [SCALING_DEADLINE] = {"deadline", "scaling.deadline_s", 60, 1200},
    [SCALING_SQRT] = {"sqrt", "scaling.waiting_usd_s", 1e-5, 1e-2},
    [SCALING_BACKLOG] = {"backlog", "scaling.backlog_s", 10, 600},
};

/* The least that scaling.idle_stop_s may be; with less, batches that follow each other start
 * instances anew. */
static const double idle_s[] = {5, 8, 10, 12, 15, 20, 30, 45, 90};

#define FINE (1.02) /* between parameters near the best */

enum { STEPS = 16, REFINEMENTS = 4, IDLES = sizeof idle_s / sizeof idle_s[0] };

const char *optimize_rule(enum scaling_rule rule)
{
    assert(rule < SCALING_RULES);
    return rules[rule].word;
}

const char *optimize_key(enum scaling_rule rule)
{
    assert(rule < SCALING_RULES);
    return rules[rule].key;
}

static enum err play(const struct scaling_policy *policy, struct scaling_arrival *arrivals,
                     size_t count, struct allocation *ret)
{
    struct scaling_result result;
    enum err err = simulate_scaling(policy, arrivals, count, &result);
    if (err != ERR_OK) {
        return err;
    }
    free(result.instances);
    assert(result.lost == 0);
    *ret = (struct allocation){.policy = *policy,
                               .instance_s = result.usd / policy->price_per_hour * 3600,
                               .usd = result.usd,
                               .p50_s = result.p50_s,
                               .p95_s = result.p95_s,
                               .instances_max = result.instances_max};
    return ERR_OK;
}

/* All idle times under one rule with one parameter. */
static enum err try_idle(struct scaling_policy policy, struct scaling_arrival *arrivals,
                         size_t count, struct optimized *found)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < IDLES && err == ERR_OK; i++) {
        struct allocation tried;
        policy.idle_stop_s = idle_s[i];
        err = play(&policy, arrivals, count, &tried);
        found->tried++;
        if (err == ERR_OK && tried.p95_s <= found->now.p95_s &&
            tried.instance_s < found->best.instance_s) {
            found->best = tried;
        }
    }
    return err;
}

/* Its rule with parameters from its own on, each `factor` times the one before. */
static enum err try_rule(struct scaling_policy policy, double factor,
                         struct scaling_arrival *arrivals, size_t count, struct optimized *found)
{
    enum err err = ERR_OK;
    for (int step = 0; step < STEPS && err == ERR_OK; step++) {
        err = try_idle(policy, arrivals, count, found);
        policy.parameter *= factor;
    }
    return err;
}

enum err optimize(const struct scaling_policy *now, struct scaling_arrival *arrivals, size_t count,
                  struct optimized *ret)
{
    assert(now->price_per_hour > 0);
    struct optimized found = {.tried = 1};
    enum err err = play(now, arrivals, count, &found.now);
    found.best = found.now;
    for (enum scaling_rule rule = 0; rule < SCALING_RULES && err == ERR_OK; rule++) {
        double factor = pow(rules[rule].most / rules[rule].least, 1.0 / (STEPS - 1));
        struct scaling_policy policy = *now;
        policy.rule = rule;
        policy.parameter = rules[rule].least;
        err = try_rule(policy, factor, arrivals, count, &found);
    }
    double before_s = INFINITY;
    for (int i = 0; i < REFINEMENTS && err == ERR_OK && found.best.instance_s < before_s; i++) {
        struct scaling_policy near = found.best.policy;
        before_s = found.best.instance_s;
        near.parameter *= pow(FINE, -STEPS / 2.0);
        err = try_rule(near, FINE, arrivals, count, &found);
    }
    if (err == ERR_OK) {
        *ret = found;
    }
    return err;
}
