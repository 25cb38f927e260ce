/* test_cost.c - prices, months and what a budget allows. */
#include <criterion/criterion.h>
#include <math.h>
#include <time.h>

#include "actors/common/cost.h"

static struct cfg_cost instance(const char *name)
{
    struct config config;
    config_defaults(&config);
    struct cfg_cost cfg = config.cost;
    (void)snprintf(cfg.instance, sizeof cfg.instance, "%s", name);
    return cfg;
}

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fmax(1, fabs(b));
}

Test(cost, an_instance_has_its_price_by_the_table)
{
    struct cfg_cost fargate = instance("fargate");
    struct cfg_cost spot = instance("fargate-spot");
    struct cfg_cost machine = instance("c7g.xlarge");
    cr_expect(near(cost_instance_usd(&fargate), 4 * 0.04048 + 8 * 0.004445));
    cr_expect(near(cost_instance_usd(&spot), 0.3 * cost_instance_usd(&fargate)));
    cr_expect(near(cost_instance_usd(&machine), 0.145));
    machine.instance_usd_hour = 0.2;
    cr_expect(near(cost_instance_usd(&machine), 0.2), "another region");
    cr_expect(near(cost_slot_usd(&machine, UINT64_C(3600000000)), 0.05), "one of four slots");
}

Test(cost, a_run_pays_for_work_and_for_what_its_instances_do_besides)
{
    struct cfg_cost cfg = instance("c7g.xlarge");
    cfg.instance_usd_hour = 0.0592;
    double usd = cost_run_usd(&cfg, 6000, 8, 115);
    cr_expect(near(usd, (1500 + 920) / 3600.0 * 0.0592));
}

Test(cost, machines_of_ones_own_cost_nothing)
{
    struct cfg_cost own = instance("own");
    own.instance_usd_hour = 5;
    cr_expect_not(cost_counts(&own));
    cr_expect(near(cost_instance_usd(&own), 0) && near(cost_fixed_usd(&own), 0));
    cr_expect(near(cost_slot_usd(&own, UINT64_MAX), 0));
}

Test(cost, every_price_says_where_it_is_from)
{
    for (size_t i = 0; i < PRICES; i++) {
        cr_expect(prices[i].usd > 0 && prices[i].usd < 1, "%s", prices[i].name);
        cr_expect(strncmp(prices[i].source, "https://", 8) == 0, "%s", prices[i].name);
        cr_expect(strlen(prices[i].read) == 0 || strlen(prices[i].read) == 10);
    }
}

/* Held against the C library, hour by hour over a century with all kinds of leap years. */
Test(cost, a_month_is_that_of_the_calendar)
{
    for (uint64_t hour = 0; hour < UINT64_C(24) * 366 * 140; hour += 7) {
        time_t time = (time_t)(hour * 3600);
        struct tm tm;
        cr_assert(gmtime_r(&time, &tm));
        double share = -1;
        uint64_t month = cost_month(hour * 3600000, &share);
        cr_assert_eq(month, (uint64_t)(tm.tm_year + 1900) * 12 + (uint64_t)tm.tm_mon);
        cr_assert(share > 0 && share <= 1);
        cr_assert(cost_month_begin(month) <= hour * 3600000);
    }
    double share = 0;
    (void)cost_month(cost_month_begin((uint64_t)2026 * 12 + 5) - 1, &share);
    cr_expect(near(share, 1), "the last millisecond of May");
}

static struct budget_state spent(double spent_usd, double share)
{
    return (struct budget_state){.month_usd = 103,
                                 .month_usd_max = 120,
                                 .fixed_usd = 23,
                                 .spent_usd = spent_usd,
                                 .share = share};
}

static enum budget_stage decide(double spent_usd, double share)
{
    struct budget_state state = spent(spent_usd, share);
    return budget_decide(&state);
}

Test(cost, degrades_in_the_order_that_was_promised)
{
    cr_expect_eq(decide(39, 0.5), BUDGET_OPEN, "78 + 23 in all");
    cr_expect_eq(decide(40, 0.5), BUDGET_FEWER, "80 + 23");
    cr_expect_eq(decide(48.5, 0.5), BUDGET_SPOT, "97 + 23");
    cr_expect_eq(decide(80, 1), BUDGET_SELECTED);
    cr_expect_eq(decide(97, 1), BUDGET_QUEUE);
    cr_expect_eq(decide(97, 0.01), BUDGET_QUEUE, "also on the first day");
    cr_expect_eq(decide(2, 0.001), BUDGET_OPEN, "an hour says little of a month");
}

Test(cost, more_spending_never_allows_more)
{
    for (double share = 0.001; share <= 1; share += 0.037) {
        enum budget_stage last = BUDGET_OPEN;
        for (double usd = 0; usd < 130; usd += 0.25) {
            enum budget_stage now = decide(usd, share);
            cr_assert(now >= last, "at %f of %f", usd, share);
            last = now;
        }
        cr_expect_eq(last, BUDGET_QUEUE);
    }
}

Test(cost, only_what_waits_is_held_back_and_says_so)
{
    for (int stage = BUDGET_OPEN; stage < BUDGET_STAGES; stage++) {
        cr_expect_eq(budget_lets((enum budget_stage)stage, true), stage < BUDGET_SELECTED);
        cr_expect_eq(budget_lets((enum budget_stage)stage, false), stage < BUDGET_QUEUE);
        cr_expect(strlen(budget_text((uint64_t)stage)) > 20);
    }
    struct budget_state none = {.month_usd = 0, .month_usd_max = 0};
    cr_expect_eq(budget_decide(&none), BUDGET_QUEUE, "no money, no run");
    struct budget_state half = spent(40, 0.5);
    cr_expect(near(budget_used(&half), (11.5 + 40) / 103));
}
