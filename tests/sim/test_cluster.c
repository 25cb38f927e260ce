/* test_cluster.c - faults with a name, one at a time, over the whole cluster. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/client.h"
#include "tests/support/cluster.h"

enum { EXECUTORS = 2, LIMIT_MS = 120000, LEASE_MS = 2000 };

static struct cluster *cluster;
static struct client_view *view;
static char files[CLIENT_FILES_MAX][CLIENT_FILE_SIZE];
static char why[CLUSTER_WHY_SIZE];

/* What the test has in mind for single messages. */
static struct {
    uint16_t type;
    enum fate fate;
    size_t count; /* of them, from the first on */
    size_t seen;
    uint64_t refused; /* JOB_ACKs that said STALE */
    uint64_t grants;
} hand;

static enum fate on_message(void *arg, size_t from, const struct msg *msg)
{
    (void)arg;
    (void)from;
    hand.grants += msg->type == MSG_GRANT;
    hand.refused += msg->type == MSG_JOB_ACK && msg_as_job_ack(msg)->reason == ERR_STALE;
    if (msg->type != hand.type || hand.seen == hand.count) {
        return FATE_PASS;
    }
    hand.seen++;
    return hand.fate;
}

static void setup(void)
{
    cluster = cluster_new(&(struct cluster_options){.seed = 1, .executors = EXECUTORS});
    view = cluster_client(cluster, 0);
    view->files = files;
    memset(&hand, 0, sizeof hand);
    cluster_watch(cluster, on_message, NULL);
}

static void teardown(void)
{
    cluster_destroy(&cluster);
}

TestSuite(cluster, .init = setup, .fini = teardown);

static void add_files(size_t count, enum job_kind kind, uint64_t ms)
{
    for (size_t i = 0; i < count; i++) {
        cluster_job_name(view->count, kind, ms, files[view->count], CLIENT_FILE_SIZE);
        view->count++;
    }
}

static void let_it_end(void)
{
    while (!view->closed && cluster_now(cluster) < LIMIT_MS) {
        cluster_run(cluster, 100);
    }
}

static void run_until_started(size_t job)
{
    while (cluster_job(cluster, job)->started == 0 && cluster_now(cluster) < LIMIT_MS) {
        cluster_step(cluster);
    }
}

static void expect(enum term verdict, bool all, bool once)
{
    let_it_end();
    cluster_run(cluster, 5000);
    struct cluster_expected expected = {.verdict = (uint64_t)verdict, .all = all, .once = once};
    cr_expect(cluster_check(cluster, 0, &expected, why), "%s", why);
}

Test(cluster, runs_each_file_once_when_nothing_happens)
{
    add_files(30, KIND_PASS, 200);
    add_files(3, KIND_FAIL, 100);
    cluster_start_all(cluster);
    expect(TERM_verdict_FAILED, true, true);
}

Test(cluster, refuses_what_a_paused_executor_hands_in_late)
{
    add_files(12, KIND_PASS, 500);
    cluster_start_all(cluster);
    run_until_started(0);
    cluster_pause(cluster, NODE_EXECUTORS, 4 * LEASE_MS);
    expect(TERM_verdict_PASSED, true, false);
    cr_expect_gt(hand.refused, 0, "its late results were refused");
}

Test(cluster, loses_nothing_when_the_coordinator_crashes_between_commit_and_ack)
{
    add_files(12, KIND_PASS, 300);
    cluster_start_all(cluster);
    for (size_t i = 1; i < 12; i += 3) {
        run_until_started(i);
        cluster_crash(cluster, NODE_COORDINATOR, CRASH_AFTER_COMMIT, 200);
        cluster_run(cluster, 600);
    }
    expect(TERM_verdict_PASSED, true, false);
}

Test(cluster, runs_nothing_again_when_only_the_coordinator_crashes)
{
    add_files(12, KIND_PASS, 300);
    cluster_start_all(cluster);
    run_until_started(5);
    cluster_crash(cluster, NODE_COORDINATOR, CRASH_NOW, 200);
    expect(TERM_verdict_PASSED, true, true);
}

Test(cluster, takes_results_again_whose_commit_was_lost)
{
    add_files(12, KIND_PASS, 300);
    cluster_start_all(cluster);
    for (size_t i = 1; i < 12; i += 3) {
        run_until_started(i);
        cluster_crash(cluster, NODE_COORDINATOR, CRASH_BEFORE_COMMIT, 200);
        cluster_run(cluster, 600);
    }
    expect(TERM_verdict_PASSED, true, false);
}

Test(cluster, gives_the_batch_of_a_crashed_executor_to_another)
{
    add_files(12, KIND_PASS, 400);
    cluster_start_all(cluster);
    run_until_started(1);
    cluster_crash(cluster, NODE_EXECUTORS, CRASH_NOW, 0);
    uint64_t since_ms = cluster_now(cluster);
    expect(TERM_verdict_PASSED, true, false);
    cr_expect_lt(cluster_now(cluster) - since_ms, 20000u);
}

Test(cluster, goes_on_without_an_executor_that_is_cut_off)
{
    add_files(12, KIND_PASS, 400);
    cluster_start_all(cluster);
    run_until_started(1);
    cluster_cut(cluster, NODE_EXECUTORS, true, true, 10000);
    expect(TERM_verdict_PASSED, true, false);
}

Test(cluster, survives_ways_that_are_open_in_one_direction)
{
    add_files(12, KIND_PASS, 400);
    cluster_start_all(cluster);
    run_until_started(1);
    cluster_cut(cluster, NODE_EXECUTORS, true, false, 6000);
    cluster_cut(cluster, NODE_EXECUTORS + 1, false, true, 3000);
    expect(TERM_verdict_PASSED, true, false);
}

Test(cluster, counts_a_result_once_that_comes_twice)
{
    add_files(20, KIND_PASS, 100);
    hand.type = MSG_JOB_DONE;
    hand.fate = FATE_TWICE;
    hand.count = SIZE_MAX;
    cluster_start_all(cluster);
    expect(TERM_verdict_PASSED, true, true);
    cr_expect_geq(hand.seen, 20);
}

Test(cluster, grants_again_what_got_lost)
{
    add_files(8, KIND_PASS, 100);
    hand.type = MSG_GRANT;
    hand.fate = FATE_LOSE;
    hand.count = 2;
    cluster_start_all(cluster);
    expect(TERM_verdict_PASSED, true, true);
    cr_expect_eq(hand.seen, 2);
}

Test(cluster, grants_again_a_batch_that_came_in_part)
{
    add_files(30, KIND_PASS, 100);
    hand.type = MSG_LEASE;
    hand.fate = FATE_LOSE;
    hand.count = 3;
    cluster_start_all(cluster);
    expect(TERM_verdict_PASSED, true, true);
}

Test(cluster, acknowledges_again_when_that_got_lost)
{
    add_files(8, KIND_PASS, 100);
    hand.type = MSG_JOB_ACK;
    hand.fate = FATE_LOSE;
    hand.count = 5;
    cluster_start_all(cluster);
    expect(TERM_verdict_PASSED, true, true);
    cr_expect_eq(hand.seen, 5);
}

Test(cluster, hears_of_tests_again_that_got_lost)
{
    add_files(8, KIND_PASS, 100);
    hand.type = MSG_TEST_DONE;
    hand.fate = FATE_LOSE;
    hand.count = 5;
    cluster_start_all(cluster);
    expect(TERM_verdict_PASSED, true, true);
}

Test(cluster, does_not_begin_before_there_is_a_partitioner)
{
    add_files(8, KIND_PASS, 100);
    for (size_t i = 0; i < EXECUTORS + CLUSTER_OTHERS; i++) {
        if (i != NODE_PARTITIONER) {
            cluster_start(cluster, i);
        }
    }
    cluster_run(cluster, 10000);
    cr_expect(view->submitted);
    cr_expect_eq(hand.grants, 0);
    cluster_start(cluster, NODE_PARTITIONER);
    expect(TERM_verdict_PASSED, true, true);
}

Test(cluster, plans_anew_when_the_partitioner_dies_meanwhile)
{
    add_files(50, KIND_PASS, 20);
    hand.type = MSG_PLANNED;
    hand.fate = FATE_LOSE;
    hand.count = 1;
    cluster_start_all(cluster);
    while (hand.seen == 0) {
        cluster_step(cluster);
    }
    cluster_crash(cluster, NODE_PARTITIONER, CRASH_NOW, 500);
    expect(TERM_verdict_PASSED, true, true);
}

Test(cluster, ends_a_run_that_is_cancelled)
{
    add_files(40, KIND_PASS, 500);
    view->cancel_ms = 2000;
    cluster_start_all(cluster);
    expect(TERM_verdict_CANCELLED, false, false);
    uint64_t started = 0;
    for (size_t i = 0; i < view->count; i++) {
        started += cluster_job(cluster, i)->started;
    }
    cr_expect_lt(started, 40u, "the rest was not begun");
}

Test(cluster, ends_a_run_at_its_time_limit)
{
    add_files(40, KIND_PASS, 500);
    view->timeout_ms = 2000;
    cluster_start_all(cluster);
    expect(TERM_verdict_TIMED_OUT, false, false);
}

Test(cluster, keeps_the_time_limit_over_a_restart)
{
    add_files(40, KIND_PASS, 500);
    view->timeout_ms = 3000;
    cluster_start_all(cluster);
    cluster_run(cluster, 1000);
    cluster_crash(cluster, NODE_COORDINATOR, CRASH_NOW, 500);
    expect(TERM_verdict_TIMED_OUT, false, false);
}

Test(cluster, stops_at_the_first_failure_when_told_so)
{
    add_files(3, KIND_FAIL, 100);
    add_files(40, KIND_PASS, 500);
    view->fail_fast = true;
    cluster_start_all(cluster);
    expect(TERM_verdict_FAILED, false, false);
    cr_expect_gt(view->sums[2], 30u, "most files are lost, and said to be");
}

Test(cluster, calls_flaky_what_passes_when_tried_again)
{
    add_files(10, KIND_PASS, 50);
    add_files(4, KIND_ONCE, 50);
    view->retries = 1;
    cluster_start_all(cluster);
    expect(TERM_verdict_PASSED, true, false);
    for (size_t i = 10; i < 14; i++) {
        cr_expect_eq(view->rows[i].status, TERM_status_FLAKY);
        cr_expect_eq(view->rows[i].attempts, 2);
        cr_expect_eq(cluster_job(cluster, i)->started, 2);
    }
}

Test(cluster, fails_what_fails_when_tried_again)
{
    add_files(2, KIND_FAIL, 50);
    view->retries = 2;
    cluster_start_all(cluster);
    expect(TERM_verdict_FAILED, true, false);
    cr_expect_eq(cluster_job(cluster, 0)->started, 3);
}

Test(cluster, gives_up_on_a_file_that_dies_three_times)
{
    add_files(5, KIND_PASS, 50);
    add_files(1, KIND_DIES, 50);
    add_files(1, KIND_STUMBLE, 50);
    cluster_start_all(cluster);
    expect(TERM_verdict_FAILED, true, false);
    cr_expect_eq(cluster_job(cluster, 5)->started, 3);
    cr_expect_eq(view->rows[5].status, TERM_status_LOST);
}

Test(cluster, kills_a_file_that_hangs_and_calls_it_lost)
{
    add_files(5, KIND_PASS, 50);
    add_files(1, KIND_HANGS, 50);
    cluster_start_all(cluster);
    expect(TERM_verdict_FAILED, true, false);
    cr_expect_eq(view->rows[5].outcome, TERM_outcome_TIMEOUT);
}

Test(cluster, accuses_nobody_of_the_coordinators_own_pause)
{
    add_files(12, KIND_PASS, 800);
    cluster_start_all(cluster);
    run_until_started(3);
    cluster_pause(cluster, NODE_COORDINATOR, 5 * LEASE_MS);
    expect(TERM_verdict_PASSED, true, true);
    cr_expect_eq(hand.refused, 0);
}

Test(cluster, pleases_a_client_that_comes_back_after_the_end)
{
    add_files(6, KIND_PASS, 100);
    cluster_start_all(cluster);
    while (!view->submitted) {
        cluster_step(cluster);
    }
    cluster_crash(cluster, cluster_client_node(cluster), CRASH_NOW, 20000);
    cluster_run(cluster, 15000);
    cr_expect(!view->closed);
    expect(TERM_verdict_PASSED, true, true);
}

/* ---- two runs ---- */

Test(cluster, serves_two_runs_at_a_time_and_one_after_the_other)
{
    static char others[20][CLIENT_FILE_SIZE];
    struct client_view *other = cluster_client(cluster, 1);
    add_files(20, KIND_PASS, 100);
    for (size_t i = 0; i < 20; i++) {
        cluster_job_name(CLUSTER_RUN_JOBS + i, i % 2 ? KIND_FAIL : KIND_PASS, 300, others[i],
                         CLIENT_FILE_SIZE);
    }
    other->files = others;
    other->count = 20;
    other->delay_ms = 1000;
    cluster_start_all(cluster);
    expect(TERM_verdict_PASSED, true, true);
    view = other;
    let_it_end();
    cluster_run(cluster, 5000);
    struct cluster_expected expected = {.verdict = TERM_verdict_FAILED, .all = true, .once = true};
    cr_expect(cluster_check(cluster, 1, &expected, why), "%s", why);
    for (size_t i = 0; i < 20; i++) {
        cr_expect_eq(other->rows[i].attempts, 1, "file %zu: %llu", i,
                     (unsigned long long)other->rows[i].attempts);
    }
}

/* ---- runs from outside ---- */

static void expect_outside(void)
{
    while (!cluster_outside_done(cluster) && cluster_now(cluster) < LIMIT_MS) {
        cluster_run(cluster, 100);
    }
    cr_expect(cluster_outside_check(cluster, why), "%s", why);
}

static bool is_seen(uint16_t type)
{
    return hand.type == type && hand.seen > 0;
}

/* Stops at the first message of that type. */
static void run_until(uint16_t type)
{
    hand.type = type;
    hand.count = 1;
    hand.seen = 0;
    hand.fate = FATE_PASS;
    while (!is_seen(type) && cluster_now(cluster) < LIMIT_MS) {
        cluster_step(cluster);
    }
}

Test(cluster, makes_each_message_of_a_queue_one_run)
{
    add_files(6, KIND_PASS, 200);
    cluster_queue(cluster, 0, 500, false);
    cluster_queue_rubbish(cluster, 700);
    cluster_start_all(cluster);
    expect(TERM_verdict_PASSED, true, true);
    expect_outside();
}

Test(cluster, makes_a_message_one_run_when_its_bridge_dies_before_it_is_deleted)
{
    add_files(6, KIND_PASS, 200);
    cluster_queue(cluster, 0, 500, true);
    cluster_start_all(cluster);
    run_until(MSG_SUBMITTED);
    cluster_crash(cluster, NODE_EDGE, CRASH_NOW, 500);
    expect(TERM_verdict_PASSED, true, true);
    expect_outside();
}

Test(cluster, lists_runs_and_reports_a_pull_request)
{
    add_files(6, KIND_PASS, 200);
    add_files(2, KIND_FAIL, 200);
    add_files(1, KIND_DIES, 200);
    cluster_webhook(cluster, 0, 500);
    cluster_start_all(cluster);
    expect(TERM_verdict_FAILED, true, false);
    expect_outside();
}

Test(cluster, reports_once_when_the_gateway_dies_and_half_of_all_answers_fail)
{
    add_files(6, KIND_PASS, 200);
    cluster_http(cluster, 500);
    cluster_webhook(cluster, 0, 500);
    cluster_start_all(cluster);
    run_until(MSG_SUBMITTED);
    cluster_crash(cluster, NODE_GATEWAY, CRASH_NOW, 500);
    run_until(MSG_RUN_CLOSED);
    cluster_run(cluster, 200);
    cluster_crash(cluster, NODE_GATEWAY, CRASH_NOW, 500);
    expect(TERM_verdict_PASSED, true, false);
    expect_outside();
}

Test(cluster, shows_all_processes_and_no_old_figures_of_a_coordinator)
{
    cluster_start_all(cluster);
    cluster_run(cluster, 10000);
    cr_expect(cluster_monitored(cluster, 3000));
    cluster_crash(cluster, NODE_COORDINATOR, CRASH_NOW, 20000);
    cluster_run(cluster, 15000);
    cr_expect(!cluster_monitored(cluster, 13000));
    cr_expect_str_empty(cluster_why(cluster));
    cluster_run(cluster, 20000);
    cr_expect(cluster_monitored(cluster, 30000));
}
