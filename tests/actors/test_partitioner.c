/* test_partitioner.c - a plan for whoever asks, whole or not at all. */
#include <string.h>

#include "actors/partitioner/partitioner.h"
#include "tests/support/probe.h"

static struct probe *probe;
static struct rt_address run;

static void setup(void)
{
    probe = probe_open(&(struct probe_options){.behaviour = &partitioner_behaviour});
    run = probe_peer(probe, "run");
    (void)probe_trace(probe);
}

static void teardown(void)
{
    probe_close(&probe);
}

TestSuite(partitioner, .init = setup, .fini = teardown);

static void plan(uint64_t count)
{
    probe_send(probe, run, MSG(plan, .run = msg_str("r"), .count = count));
}

static void file(uint64_t index, int64_t expected_us)
{
    probe_send(probe, run,
               MSG(plan_file, .run = msg_str("r"), .index = index, .file = msg_str("f"),
                   .expected_us = expected_us));
}

static const char *const answer =
    "[0] -> run PLANNED_FILE run=r position=0 index=1 expected_us=20\n"
    "[0] -> run PLANNED_FILE run=r position=1 index=2 expected_us=30\n"
    "[0] -> run PLANNED_FILE run=r position=2 index=0 expected_us=20\n"
    "[0] -> run PLANNED run=r count=3\n";

Test(partitioner, answers_with_the_order_when_it_has_all_files)
{
    plan(3);
    file(0, 20);
    file(1, -1);
    probe_expect(probe, "");
    file(2, 30);
    /* The unknown one comes first, at the median of the others (30, 20). */
    probe_expect(probe, "[0] -> run PLANNED_FILE run=r position=0 index=1 expected_us=20\n"
                        "[0] -> run PLANNED_FILE run=r position=1 index=2 expected_us=30\n"
                        "[0] -> run PLANNED_FILE run=r position=2 index=0 expected_us=20\n"
                        "[0] -> run PLANNED run=r count=3\n");
}

Test(partitioner, gives_the_same_answer_again)
{
    for (int i = 0; i < 2; i++) {
        plan(3);
        file(0, 20);
        file(1, -1);
        file(2, 30);
        probe_expect(probe, answer);
    }
}

Test(partitioner, says_nothing_when_a_file_was_lost_on_the_way)
{
    plan(3);
    file(0, 20);
    file(2, 30);
    file(2, 30);
    probe_expect(probe, "");
    plan(3);
    file(0, 20);
    file(1, -1);
    file(2, 30);
    probe_expect(probe, answer);
}

Test(partitioner, does_not_mix_those_who_ask)
{
    struct rt_address other = probe_peer(probe, "other");
    plan(1);
    probe_send(probe, other, MSG(plan, .run = msg_str("r"), .count = 1));
    file(0, 7);
    probe_expect(probe, "[0] -> run PLANNED_FILE run=r position=0 index=0 expected_us=7\n"
                        "[0] -> run PLANNED run=r count=1\n");
    probe_send(probe, other, MSG(plan_file, .run = msg_str("r"), .index = 0, .expected_us = 9));
    probe_expect(probe, "[0] -> other PLANNED_FILE run=r position=0 index=0 expected_us=9\n"
                        "[0] -> other PLANNED run=r count=1\n");
}

Test(partitioner, forgets_the_oldest_of_too_many_that_never_end)
{
    for (uint64_t i = 0; i < 200; i++) {
        char name[24];
        (void)snprintf(name, sizeof name, "r%llu", (unsigned long long)i);
        probe_send(probe, run, MSG(plan, .run = msg_str(name), .count = 1000));
    }
    plan(1);
    file(0, 1);
    cr_expect(strstr(probe_trace(probe), "PLANNED run=r count=1"));
}

Test(partitioner, refuses_more_files_than_any_run_may_have)
{
    probe_ask(probe, run, MSG(plan, .run = msg_str("r"), .count = UINT64_MAX), 0);
    cr_expect(strstr(probe_trace(probe), "FAILED"));
}
