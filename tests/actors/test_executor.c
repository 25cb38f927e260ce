/* test_executor.c - a slot among coordinators: pull, grants, acknowledgements, and each loss. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/actors/executor_probe.h"

static const char *const one[] = {"a.test.js", NULL};
static const char *const two[] = {"a.test.js", "b.test.js", NULL};

TestSuite(executor, .init = probe_setup, .fini = probe_teardown);

static void start(void)
{
    probe_start();
    coordinator_up(0);
}

/* A slot with a command of the runner 'command' under way. */
static void start_command(uint64_t token, const char *const *files)
{
    start();
    (void)heard();
    grant(token, "command", files);
}

Test(executor, pulls_when_a_coordinator_appears_and_again_while_idle)
{
    probe_start();
    advance(60000);
    cr_expect_str_eq(heard(), "");
    coordinator_up(0);
    cr_expect_str_eq(heard(), "PULL worker=w1/0 dir=\n");
    advance(5000);
    cr_expect_str_eq(heard(), "PULL worker=w1/0 dir=\n");
}

Test(executor, has_as_many_slots_as_configured)
{
    config.executor.slots = 3;
    start();
    cr_expect_eq(heard_count("PULL"), 3);
    cr_expect_eq(heard_count("worker=w1/0 "), 1);
    cr_expect_eq(heard_count("worker=w1/2 "), 1);
}

Test(executor, runs_a_command_for_each_file_and_hands_in_the_results)
{
    start_command(9, two);
    cr_expect_str_eq(exec_line(), "/p: sh -c check \"$1\" sh a.test.js [PATH=/bin] [CI=1]");
    advance(20);
    exits(0, 0);
    cr_expect_str_eq(exec_line(), "/p: sh -c check \"$1\" sh b.test.js [PATH=/bin] [CI=1]");
    writes(1, "all is well?\n");
    writes(2, "no\n");
    exits(3, 0);
    cr_expect_str_eq(
        heard(),
        "TEST_DONE run=R epoch=1 token=9 job=0 index=0 test= status=1 duration_us=20000 line=0 "
        "column=0 message= page=\n"
        "JOB_DONE run=R epoch=1 token=9 job=0 outcome=1 failed=false collected=1 reported=1 "
        "duration_us=20000 cpu_us=0 message= seen=0\n"
        "TEST_DONE run=R epoch=1 token=9 job=1 index=0 test= status=2 duration_us=0 line=0 "
        "column=0 message=ended with code 3\nno\n page=\n"
        "JOB_DONE run=R epoch=1 token=9 job=1 outcome=1 failed=false collected=1 reported=1 "
        "duration_us=0 cpu_us=0 message= seen=0\n"
        "PULL worker=w1/0 dir=\n");
}

Test(executor, lists_a_command_as_one_file)
{
    start();
    (void)heard();
    grant_list(9, "command");
    cr_expect_str_eq(heard(), "FILE_FOUND run=R token=9 index=0 file=.\n"
                              "LISTED run=R epoch=1 token=9 count=1 runner=command version= "
                              "serial=false outcome=1 message= shared=false selects=false\n"
                              "PULL worker=w1/0 dir=\n");
    cr_expect_eq(exec_last(), 0);
}

Test(executor, says_that_a_runner_is_not_known)
{
    start();
    (void)heard();
    grant_list(9, "mocha");
    cr_expect(strstr(heard(), "outcome=9 message=there is no runner 'mocha'"));
    grant(10, "mocha", two);
    cr_expect_eq(heard_count("outcome=9"), 2);
}

Test(executor, tells_how_a_command_failed)
{
    static const struct {
        struct msg_exec_exited exited;
        const char *outcome;
    } cases[] = {
        {{.code = 1}, "outcome=1 "},
        {{.signal = 11}, "outcome=1 "},
        {{.signal = 9}, "outcome=4 "},
        {{.signal = 9, .timed_out = true}, "outcome=3 "},
        {{.error = {"no such program", 15}}, "outcome=9 "},
    };
    start();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct msg_exec_exited exited = cases[i].exited;
        exited.head.type = MSG_EXEC_EXITED;
        exited.error.at = exited.error.at ? exited.error.at : "";
        grant(10 + i, "command", one);
        (void)heard();
        exits_as(&exited.head);
        cr_expect(strstr(heard(), cases[i].outcome), "case %zu", i);
    }
}

Test(executor, a_command_beyond_its_time_is_killed)
{
    start_command(9, one);
    advance(config.executor.file_timeout_ms + 9999);
    cr_expect_not(exec_killed(exec_last()));
    advance(1);
    cr_expect(exec_killed(exec_last()));
    exits(0, 9);
    cr_expect(strstr(heard(), "JOB_DONE run=R epoch=1 token=9 job=0 outcome=3"));
}

Test(executor, beats_while_it_works_and_until_all_is_acknowledged)
{
    start_command(9, one);
    advance(3000);
    cr_expect_eq(heard_count("BEAT run=R epoch=1 token=9\n"), 3);
    exits(0, 0);
    (void)heard();
    advance(1000);
    cr_expect_eq(heard_count("BEAT run=R epoch=1 token=9\n"), 1);
    ack(9, 0);
    (void)heard();
    advance(3000);
    cr_expect_eq(heard_count("BEAT"), 0);
}

Test(executor, sends_again_what_is_not_acknowledged)
{
    start_command(9, one);
    exits(0, 0);
    (void)heard();
    advance(2999);
    cr_expect_eq(heard_count("JOB_DONE"), 0);
    advance(1001);
    cr_expect_eq(heard_count("TEST_DONE"), 1);
    cr_expect_eq(heard_count("JOB_DONE"), 1);
    ack(9, 0);
    (void)heard();
    advance(20000);
    cr_expect_eq(heard_count("JOB_DONE"), 0);
}

Test(executor, a_refusal_ends_it_too)
{
    start_command(9, one);
    exits(0, 0);
    give(MSG(job_ack, .run = msg_str("R"), .token = 9, .job = 0, .reason = ERR_STALE));
    (void)heard();
    advance(20000);
    cr_expect_eq(heard_count("JOB_DONE"), 0);
}

Test(executor, acknowledgements_of_others_change_nothing)
{
    start_command(9, one);
    exits(0, 0);
    ack(8, 0);
    ack(9, 1);
    give(MSG(job_ack, .run = msg_str("S"), .token = 9, .job = 0));
    (void)heard();
    advance(4000);
    cr_expect_eq(heard_count("JOB_DONE"), 1);
}

Test(executor, a_new_coordinator_gets_everything_from_the_beginning)
{
    start_command(9, two);
    exits(0, 0);
    coordinator_down();
    exits(0, 0);
    (void)heard();
    advance(10000);
    cr_expect_str_eq(heard(), "");
    coordinator_up(0);
    const char *text = heard();
    const char *first = strstr(text, "JOB_DONE run=R epoch=1 token=9 job=0");
    const char *second = strstr(text, "JOB_DONE run=R epoch=1 token=9 job=1");
    cr_expect(first && second && first < second);
    cr_expect(strstr(text, "BEAT run=R epoch=1 token=9\n"));
    cr_expect(strstr(text, "PULL"));
}

Test(executor, a_new_coordinator_hears_of_the_running_lease)
{
    start_command(9, one);
    coordinator_up(0);
    cr_expect_str_eq(heard(), "BEAT run=R epoch=1 token=9\n");
}

Test(executor, a_lease_that_is_revoked_is_dropped)
{
    start_command(9, two);
    uint64_t first = exec_last();
    exits(0, 0);
    (void)heard();
    revoke(9);
    cr_expect(exec_killed(exec_last()));
    cr_expect_neq(exec_last(), first);
    cr_expect_str_eq(heard(), "PULL worker=w1/0 dir=\n");
    exits(0, 9);
    advance(20000);
    cr_expect_eq(heard_count("JOB_DONE"), 0);
    cr_expect_eq(heard_count("BEAT"), 0);
}

Test(executor, a_second_grant_while_busy_is_ignored)
{
    start_command(9, one);
    grant(10, "command", one);
    cr_expect_eq(exec_count(), 1);
    exits(0, 0);
    cr_expect_eq(heard_count("token=10"), 0);
}

Test(executor, an_old_grant_is_ignored)
{
    start_command(9, one);
    exits(0, 0);
    grant(9, "command", one);
    grant(8, "command", one);
    cr_expect_eq(exec_count(), 1);
}

static void grant_alone(uint64_t token)
{
    give(MSG(grant, .run = msg_str("R"), .work = TERM_work_RUN, .epoch = 1, .token = token,
             .count = 2, .lease_ms = 5000, .dir = msg_str("/p"), .runner = msg_str("command"),
             .command = msg_str("x")));
}

Test(executor, a_batch_that_does_not_arrive_whole_is_forgotten)
{
    start();
    grant_alone(9);
    give(MSG(lease, .run = msg_str("R"), .token = 9, .job = 0, .file = msg_str("a")));
    (void)heard();
    advance(4999);
    cr_expect_str_eq(heard(), "");
    advance(1);
    cr_expect_str_eq(heard(), "PULL worker=w1/0 dir=\n");
    give(MSG(lease, .run = msg_str("R"), .token = 9, .job = 1, .file = msg_str("b")));
    cr_expect_eq(exec_count(), 0);
}

Test(executor, a_newer_grant_replaces_one_of_which_nothing_came)
{
    start();
    grant_alone(9);
    grant(10, "command", one);
    cr_expect_eq(exec_count(), 1);
}

Test(executor, a_slow_coordinator_gets_everything_in_order)
{
    probe_start();
    coordinator_up(2);
    (void)heard();
    const char *const files[] = {"a", "b", "c", "d", "e", "f", NULL};
    grant(9, "nobody", files); /* six results at once */
    advance(100);
    const char *text = heard();
    const char *at = text;
    for (char job = '0'; job < '6'; job++) {
        char wanted[64];
        (void)snprintf(wanted, sizeof wanted, "JOB_DONE run=R epoch=1 token=9 job=%c", job);
        at = at ? strstr(at, wanted) : NULL;
    }
    cr_expect(at);
}

Test(executor, takes_no_work_while_too_much_is_unacknowledged)
{
    config.executor.results_max = 64;
    start();
    const char *files[64] = {NULL};
    for (size_t i = 0; i < 63; i++) {
        files[i] = "x";
    }
    files[32] = NULL;
    grant(9, "nobody", files); /* 32 messages */
    files[32] = "x";
    (void)heard();
    grant(10, "nobody", files); /* and 63 more */
    cr_expect_eq(heard_count("PULL"), 0);
    advance(2000);
    cr_expect_eq(heard_count("PULL"), 0);
    for (uint64_t i = 0; i < 32; i++) {
        ack(9, i);
    }
    cr_expect_eq(heard_count("PULL"), 1);
}

Test(executor, a_grant_of_nothing_is_not_a_loop)
{
    static const char *const none[] = {NULL};
    start();
    (void)heard();
    grant(9, "command", none);
    cr_expect_str_eq(heard(), "");
    advance(5000);
    cr_expect_str_eq(heard(), "PULL worker=w1/0 dir=\n");
}

static void drain(bool on)
{
    give(MSG(drain, .node = msg_str(""), .on = on));
}

Test(executor, a_drained_slot_leaves_and_says_so_again)
{
    start();
    (void)heard();
    drain(true);
    cr_expect_str_eq(heard(), "LEAVE worker=w1/0\n");
    drain(true);
    cr_expect_eq(heard_count("LEAVE"), 0);
    (void)heard();
    advance(5000);
    cr_expect_str_eq(heard(), "LEAVE worker=w1/0\n");
    drain(false);
    cr_expect_eq(heard_count("PULL"), 1);
}

Test(executor, a_drained_slot_finishes_what_it_has_and_pulls_no_more)
{
    start_command(9, two);
    (void)heard();
    drain(true);
    cr_expect_str_eq(heard(), "");
    exits(0, 0);
    exits(0, 0);
    cr_expect_eq(heard_count("JOB_DONE"), 2);
    cr_expect_eq(heard_count("PULL"), 0);
    cr_expect_eq(heard_count("LEAVE"), 1);
}

Test(executor, what_was_granted_before_it_left_is_done)
{
    start();
    drain(true);
    (void)heard();
    grant(9, "command", one);
    exits(0, 0);
    cr_expect_eq(heard_count("JOB_DONE"), 1);
}
