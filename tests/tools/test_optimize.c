/* test_optimize.c - what the proposed scaling saves, and whether that is what would be paid. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "tests/support/arrivals.h"
#include "tools/optimize.h"

static struct scaling_policy configured(const char *rule)
{
    struct config config;
    struct scaling_policy policy;
    config_defaults(&config);
    (void)strcpy(config.cost.instance, "fargate-spot");
    (void)strcpy(config.scaling.rule, rule);
    scaling_policy_of(&config, &policy);
    policy.decide_every_s = (double)config.scaling.decide_ms / 1000;
    return policy;
}

/* ---- a meter ---- */

enum { METER_MAX = 64 };

struct machine {
    double began_s;
    double idle_s; /* for how long */
};

struct meter {
    const struct scaling_policy *policy;
    struct machine machines[METER_MAX];
    size_t count;
    double work_s; /* that waits */
    double paid_s;
};

static bool works(const struct meter *self, const struct machine *machine, double now_s)
{
    return now_s - machine->began_s >= self->policy->start_lag_s + self->policy->setup_s;
}

/* As a scaler decides: by what it sees then. */
static void scale(struct meter *self, double now_s)
{
    struct scaling_state state = {.work_s = self->work_s};
    for (size_t i = 0; i < self->count; i++) {
        state.ready += works(self, &self->machines[i], now_s);
    }
    state.coming = self->count - state.ready;
    uint64_t more = scaling_start(self->policy, &state);
    for (; more > 0 && self->count < METER_MAX; more--) {
        self->machines[self->count++] = (struct machine){.began_s = now_s};
    }
}

/* A second: each works at what there is, and ends when it had nothing for long enough, two looks
 * later.  Less than a minute is not paid for by less than a minute. */
static void second(struct meter *self, double now_s)
{
    for (size_t i = self->count; i > 0; i--) {
        struct machine *machine = &self->machines[i - 1];
        if (!works(self, machine, now_s)) {
            continue;
        }
        machine->idle_s = self->work_s > 0 ? 0 : machine->idle_s + 1;
        self->work_s = fmax(0, self->work_s - self->policy->slots_per_instance);
        if (machine->idle_s >= self->policy->idle_stop_s + 2) {
            self->paid_s += fmax(60, now_s - machine->began_s);
            *machine = self->machines[--self->count];
        }
    }
}

/* What a cloud would have put on the bill, second by second, for arrivals in their order. */
static double metered_s(const struct scaling_policy *policy, const struct scaling_arrival *arrivals,
                        size_t count)
{
    struct meter self = {.policy = policy};
    size_t next = 0;
    for (double now_s = 0; next < count || self.count > 0 || self.work_s > 0; now_s++) {
        for (; next < count && arrivals[next].at_s <= now_s; next++) {
            self.work_s += arrivals[next].cpu_s;
        }
        if (fmod(now_s, policy->decide_every_s) < 1) {
            scale(&self, now_s);
        }
        second(&self, now_s);
    }
    return self.paid_s;
}

/* ---- tests ---- */

static struct scaling_arrival arrivals[ARRIVALS_MAX];

static struct optimized optimized_for(const struct scaling_policy *now, uint64_t seed,
                                      size_t *ret_count)
{
    struct optimized found;
    *ret_count = arrivals_make(seed, arrivals);
    cr_assert_eq(optimize(now, arrivals, *ret_count, &found), ERR_OK);
    cr_assert_leq(found.best.p95_s, found.now.p95_s);
    cr_assert_leq(found.best.instances_max, (uint64_t)now->instances_max);
    return found;
}

static void estimate_is_near(const struct allocation *allocation, size_t count)
{
    double paid_s = metered_s(&allocation->policy, arrivals, count);
    double off = allocation->instance_s / paid_s - 1;
    cr_expect_lt(fabs(off), 0.15, "%.0f estimated, %.0f metered", allocation->instance_s, paid_s);
}

Test(optimize, saves_a_fifth_at_equal_p95_and_says_truly_how_much)
{
    /* Ours as shipped, by a deadline, and by messages' worth of work with KEDA's cool-down. */
    static const struct {
        const char *rule;
        double idle_s;
    } rules[] = {{"sqrt", 45}, {"deadline", 45}, {"backlog", 300}};
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        size_t count;
        struct scaling_policy now = configured(rules[i].rule);
        now.idle_stop_s = rules[i].idle_s;
        struct optimized found = optimized_for(&now, 4 + i, &count);
        double saved = 1 - found.best.instance_s / found.now.instance_s;
        cr_expect_geq(saved, 0.20, "%s: %.1f %% saved", rules[i].rule, 100 * saved);
        estimate_is_near(&found.now, count);
        estimate_is_near(&found.best, count);
    }
}

Test(optimize, finds_hardly_anything_better_than_what_it_found)
{
    size_t count;
    struct scaling_policy now = configured("sqrt");
    struct scaling_policy best = optimized_for(&now, 9, &count).best.policy;
    struct optimized again = optimized_for(&best, 9, &count);
    cr_expect_geq(again.best.instance_s, 0.98 * again.now.instance_s);
}
