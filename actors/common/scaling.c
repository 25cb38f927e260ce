/* scaling.c - three rules. */
#include "actors/common/scaling.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "actors/common/cost.h"

void scaling_policy_of(const struct config *config, struct scaling_policy *ret_policy)
{
    const struct cfg_scaling *cfg = &config->scaling;
    bool deadline = strcmp(cfg->rule, "deadline") == 0;
    bool value = strcmp(cfg->rule, "sqrt") == 0;
    *ret_policy = (struct scaling_policy){.rule = deadline ? SCALING_DEADLINE
                                                  : value  ? SCALING_SQRT
                                                           : SCALING_BACKLOG,
                                          .parameter = deadline ? cfg->deadline_s
                                                       : value  ? cfg->waiting_usd_s
                                                                : cfg->backlog_s,
                                          .price_per_hour = cost_instance_usd(&config->cost),
                                          .slots_per_instance = (double)config->cost.slots,
                                          .start_lag_s = (double)cfg->start_lag_s,
                                          .setup_s = (double)cfg->setup_s,
                                          .idle_stop_s = (double)cfg->idle_stop_s,
                                          .instances_max = (double)cfg->instances_max};
}

/* Work that is left when a new instance can begin, if those that are ready go on. */
static double left_s(const struct scaling_policy *policy, const struct scaling_state *state)
{
    double lag_s = policy->start_lag_s + policy->setup_s;
    return fmax(0, state->work_s - (double)state->ready * policy->slots_per_instance * lag_s);
}

/* Those that begin after the lag have so much less time until the deadline. */
static double for_deadline(const struct scaling_policy *policy, double work_s)
{
    double time_s = policy->parameter - policy->start_lag_s - policy->setup_s;
    return time_s > 0 ? work_s / (policy->slots_per_instance * time_s) : INFINITY;
}

/* n instances wait work / (slots n) seconds, which cost the parameter each, and are paid for lag,
 * set-up and idle time without working: the sum is least where both grow by the same. */
static double for_value(const struct scaling_policy *policy, double work_s)
{
    double unused_s = policy->start_lag_s + policy->setup_s + policy->idle_stop_s;
    double unused_price = policy->price_per_hour / 3600 * unused_s;
    return sqrt(policy->parameter * work_s / (policy->slots_per_instance * unused_price));
}

static double for_backlog(const struct scaling_policy *policy, double work_s)
{
    return work_s / (policy->slots_per_instance * policy->parameter);
}

uint64_t scaling_start(const struct scaling_policy *policy, const struct scaling_state *state)
{
    static double (*const rules[SCALING_RULES])(const struct scaling_policy *,
                                                double) = {[SCALING_DEADLINE] = for_deadline,
                                                           [SCALING_SQRT] = for_value,
                                                           [SCALING_BACKLOG] = for_backlog};
    assert(policy->rule < SCALING_RULES);
    double work_s = left_s(policy, state);
    if (work_s <= 0) {
        return 0;
    }
    double wanted = ceil(rules[policy->rule](policy, work_s));
    double have = (double)(state->ready + state->coming);
    double most = fmin(wanted, policy->instances_max);
    return most > have ? (uint64_t)(most - have) : 0;
}

uint64_t scaling_ready(const struct scaling_policy *policy, uint64_t slots)
{
    return (uint64_t)ceil((double)slots / policy->slots_per_instance);
}

struct scaling_choice scaling_choose(const struct scaling_policy *policy, bool spot,
                                     const struct scaling_view *view)
{
    struct scaling_policy allowed = *policy;
    struct scaling_choice choice = {.on_demand = !spot || view->no_spot};
    if (view->stage >= BUDGET_FEWER) {
        allowed.instances_max = ceil(policy->instances_max / 2);
    }
    if (view->stage >= BUDGET_SPOT) {
        choice.on_demand = false;
    }
    uint64_t ready = scaling_ready(policy, view->slots);
    ready = ready < view->instances ? ready : view->instances;
    const struct scaling_state state = {
        .work_s = view->work_s, .ready = ready, .coming = view->instances - ready};
    choice.start = scaling_start(&allowed, &state);
    if (choice.start == 0 && view->work_s > 0 && view->instances + view->slots == 0) {
        choice.start = 1; /* however little it is, somebody has to do it */
    }
    return choice;
}

bool scaling_may_stop(const struct scaling_policy *policy, double idle_s)
{
    return idle_s >= 0 && idle_s >= policy->idle_stop_s;
}
