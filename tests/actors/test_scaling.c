/* test_scaling.c - how many instances three rules want. */
#include <criterion/criterion.h>

#include "actors/common/scaling.h"

static struct scaling_policy policy(enum scaling_rule rule, double parameter)
{
    return (struct scaling_policy){.rule = rule,
                                   .parameter = parameter,
                                   .price_per_hour = 3.6,
                                   .slots_per_instance = 4,
                                   .start_lag_s = 60,
                                   .setup_s = 20,
                                   .idle_stop_s = 20,
                                   .instances_max = 16};
}

static uint64_t start(struct scaling_policy policy, double work_s, uint64_t ready, uint64_t coming)
{
    return scaling_start(
        &policy, &(struct scaling_state){.work_s = work_s, .ready = ready, .coming = coming});
}

Test(scaling, meets_a_deadline_with_the_least)
{
    struct scaling_policy rule = policy(SCALING_DEADLINE, 180);
    cr_expect_eq(start(rule, 400, 0, 0), 1, "100 s are left for it, with 4 slots");
    cr_expect_eq(start(rule, 401, 0, 0), 2);
    cr_expect_eq(start(rule, 401, 0, 2), 0, "they are on their way");
    cr_expect_eq(start(rule, 1e6, 0, 5), 11, "no more than instances_max");
    rule.parameter = 70;
    cr_expect_eq(start(rule, 1, 0, 0), 16, "it cannot be met: as fast as may be");
}

Test(scaling, pays_for_speed_what_waiting_costs)
{
    /* A second of waiting is worth 0.01, an instance costs 0.001 a second and is unused for 100. */
    struct scaling_policy rule = policy(SCALING_SQRT, 0.01);
    cr_expect_eq(start(rule, 4000, 0, 0), 10, "sqrt(0.01 * 4000 / (4 * 0.1))");
    cr_expect_eq(start(rule, 1000, 0, 0), 5);
    cr_expect_eq(start(rule, 1000, 0, 5), 0);
}

Test(scaling, gives_each_slot_so_much_work)
{
    struct scaling_policy rule = policy(SCALING_BACKLOG, 50);
    cr_expect_eq(start(rule, 200, 0, 0), 1);
    cr_expect_eq(start(rule, 1000, 0, 1), 4);
}

Test(scaling, starts_nothing_that_would_come_too_late)
{
    for (enum scaling_rule rule = 0; rule < SCALING_RULES; rule++) {
        /* One instance does 4 * 80 s of work before another one can begin. */
        cr_expect_eq(start(policy(rule, 100), 320, 1, 0), 0);
        cr_expect_gt(start(policy(rule, 100), 3200, 1, 0), 0);
        cr_expect_eq(start(policy(rule, 100), 0, 0, 0), 0);
    }
}

Test(scaling, stops_only_who_has_been_idle_for_long)
{
    struct scaling_policy rule = policy(SCALING_SQRT, 1);
    cr_expect_not(scaling_may_stop(&rule, 19));
    cr_expect(scaling_may_stop(&rule, 20));
    rule.idle_stop_s = 0;
    cr_expect_not(scaling_may_stop(&rule, -1), "it works");
    cr_expect(scaling_may_stop(&rule, 0));
}
