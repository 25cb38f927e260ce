/* test_spending.c - a coordinator that pays for its slots, and what its budget makes of runs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/cost.h"
#include "actors/coordinator/coordinator.h"
#include "actors/coordinator/ledger.h"
#include "tests/actors/run_story.h"

/* A slot costs a dollar in 3.6 s; 26.65 of the month's 103 to 120 are fixed. */
static void open_paid(void)
{
    static struct config config;
    config_defaults(&config);
    (void)snprintf(config.cost.instance, sizeof config.cost.instance, "c7g.xlarge");
    config.cost.instance_usd_hour = 1000;
    config.cost.slots = 1;
    probe = probe_open(&(struct probe_options){.behaviour = &coordinator_behaviour,
                                               .schema = &ledger_schema,
                                               .config = &config,
                                               .log = true});
    client = probe_peer(probe, "client");
    slot = probe_peer(probe, "slot");
    partitioner = probe_peer(probe, "partitioner");
}

TestSuite(spending, .init = open_paid, .fini = story_close);

static const char *status(void)
{
    (void)probe_trace(probe);
    probe_ask(probe, client, MSG(status, .drain = false), 0);
    return probe_trace(probe);
}

static double figure(const char *name)
{
    const char *at = strstr(status(), name);
    cr_assert(at, "%s", name);
    return strtod(at + strlen(name), NULL);
}

static void idle_for(uint64_t ms)
{
    story_pull();
    probe_advance(probe, ms);
}

Test(spending, counts_slots_while_they_are_there_whether_they_work_or_not)
{
    probe_advance(probe, 60000);
    cr_expect(fabs(figure(" spent_usd=")) < 1e-9, "nobody was there");
    idle_for(36000);
    double spent = figure(" spent_usd=");
    cr_expect(spent > 8 && spent < 12, "36 s, seen every 10: %f", spent);
    cr_expect(strstr(status(), " paid=true "));
    probe_send(probe, slot, MSG(leave, .worker = msg_str("w/0")));
    probe_advance(probe, 10000);
    double after = figure(" spent_usd=");
    probe_advance(probe, 60000);
    cr_expect(fabs(figure(" spent_usd=") - after) < 1e-9, "it has left");
}

Test(spending, is_remembered_over_a_crash)
{
    idle_for(30000);
    double spent = figure(" spent_usd=");
    probe_crash_actor(probe);
    probe_advance(probe, 1000);
    cr_expect(fabs(figure(" spent_usd=") - spent) < 1e-9 && spent > 5);
}

Test(spending, tells_each_threshold_once)
{
    story_pull();
    (void)probe_trace(probe);
    probe_advance(probe, 330000);
    const char *trace = probe_trace(probe);
    const char *half = strstr(trace, "budget=50%");
    const char *most = strstr(trace, "budget=80%");
    cr_assert(half && most && half < most, "%s", trace);
    cr_expect_not(strstr(half + 1, "budget=50%"));
    cr_expect(strstr(trace, "budget_stage=selected-only"), "%s", trace);
}

Test(spending, holds_whole_suites_back_and_lets_chosen_files_run)
{
    idle_for(290000); /* 80.6: with the fixed part more than 103, less than 120 */
    (void)probe_trace(probe);
    story_submit(&(struct msg_submit){.retries = 0}, 0);
    probe_advance(probe, 1000);
    cr_expect_eq(story_count("GRANT"), 0, "all that the runner lists");
    story_submit(&(struct msg_submit){.run = msg_str("01JD0000000000000000000001")}, 1);
    probe_role_up(probe, TERM_role_PARTITIONER, partitioner);
    struct rt_address run = probe_last_sender(probe, partitioner);
    struct msg_str id = msg_str("01JD0000000000000000000001");
    probe_send_to(probe, partitioner, run,
                  MSG(planned_file, .run = id, .position = 0, .index = 0, .expected_us = 1000));
    probe_send_to(probe, partitioner, run, MSG(planned, .run = id, .count = 1));
    cr_expect_eq(story_count("GRANT"), 1);
}

Test(spending, lets_what_waited_run_in_the_next_month_and_says_that_it_waited)
{
    idle_for(400000);
    story_submit(&(struct msg_submit){.retries = 0}, 1);
    story_plan(1);
    probe_advance(probe, 20000);
    cr_expect_eq(story_count("GRANT"), 0, "nothing is left to spend");
    probe_wall_jump(probe, INT64_C(31) * 86400000);
    size_t granted = 0;
    for (int second = 0; second < 20 && granted == 0; second++) {
        probe_advance(probe, 1000);
        granted = story_count("GRANT");
    }
    cr_assert_eq(granted, 1);
    probe_advance(probe, 3600);
    story_result(TOKEN + 1, 0, TERM_status_PASSED);
    (void)probe_trace(probe);
    probe_ask(probe, client, MSG(watch, .run = msg_str(RUN)), 0);
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, " budget=4"), "%s", trace);
    const char *usd = strstr(trace, " usd=");
    cr_assert(usd, "%s", trace);
    double price = strtod(usd + 5, NULL);
    cr_expect(price > 0.9 && price < 1.4, "3.6 s and at most one more: %f", price);
}
