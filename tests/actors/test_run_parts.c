/* test_run_parts.c - a long file in parts: one result of all of them, or it runs whole. */
#include <stdio.h>
#include <string.h>

#include "tests/actors/run_story.h"

#define RUN2 "01JD0000000000000000000001"

enum { TESTS = 10, MS = 1000, S = 1000000, WORKERS = 4, LEASE_MS = 5000, BEAT_MS = 1000 };

/* Of the second run: 1 was its listing's. */
enum { FIRST = 2 };

static struct rt_address slots[WORKERS];

static void parts_open(void)
{
    story_open();
    probe_config(probe)->schedule.split = true;
    for (int i = 0; i < WORKERS; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "w%d", i);
        slots[i] = probe_peer(probe, name);
    }
    probe_role_up(probe, TERM_role_PARTITIONER, partitioner);
}

TestSuite(parts, .init = parts_open, .fini = story_close);

static void pull(int worker)
{
    char name[16];
    (void)snprintf(name, sizeof name, "w%d/0", worker);
    probe_send(probe, slots[worker], MSG(pull, .worker = msg_str(name), .dir = msg_str("")));
}

static void test_done(int worker, const char *run, uint64_t offset, uint64_t job, uint64_t index,
                      const struct msg_test_done *with)
{
    struct msg_test_done test = *with;
    test.head.type = MSG_TEST_DONE;
    test.run = msg_str(run);
    test.epoch = 1;
    test.token = TOKEN + offset;
    test.job = job;
    test.index = index;
    probe_send(probe, slots[worker], &test.head);
}

struct end {
    uint64_t tests;
    uint64_t seen;
    enum term outcome; /* 0: complete */
};

static void job_done(int worker, const char *run, uint64_t offset, uint64_t job, struct end end)
{
    probe_send(probe, slots[worker],
               MSG(job_done, .run = msg_str(run), .epoch = 1, .token = TOKEN + offset, .job = job,
                   .outcome = (uint64_t)(end.outcome ? end.outcome : TERM_outcome_COMPLETE),
                   .collected = end.tests, .reported = end.tests,
                   .duration_us = end.tests * S + 300 * MS, .seen = end.seen));
}

/* Tests t`first`… of one second each, all passed, and their end. */
static void passed(int worker, const char *run, uint64_t offset, uint64_t job, uint64_t first,
                   struct end end)
{
    for (uint64_t i = 0; i < end.tests; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "t%llu", (unsigned long long)(first + i));
        test_done(worker, run, offset, job, i,
                  &(struct msg_test_done){
                      .test = msg_str(name), .status = TERM_status_PASSED, .duration_us = S});
    }
    job_done(worker, run, offset, job, end);
}

/* A run of one file, listed by the first slot and planned; all slots are free. */
static void begin(const char *run, uint64_t expected_us, bool selects)
{
    probe_ask(
        probe, client,
        MSG(submit, .run = msg_str(run), .dir = msg_str("/project"), .runner = msg_str("vitest")),
        0);
    pull(0);
    probe_send(probe, slots[0],
               MSG(file_found, .run = msg_str(run), .token = TOKEN + 1, .file = msg_str("f")));
    probe_send(probe, slots[0],
               MSG(listed, .run = msg_str(run), .epoch = 1, .token = TOKEN + 1, .count = 1,
                   .runner = msg_str("vitest"), .outcome = TERM_outcome_COMPLETE,
                   .selects = selects));
    for (int i = 0; i < WORKERS; i++) {
        pull(i);
    }
    (void)probe_trace(probe);
    struct rt_address actor = probe_last_sender(probe, partitioner);
    probe_send_to(probe, partitioner, actor,
                  MSG(planned_file, .run = msg_str(run), .expected_us = expected_us));
    probe_send_to(probe, partitioner, actor, MSG(planned, .run = msg_str(run), .count = 1));
}

/* What a first, whole run has left in history. */
static void remember(void)
{
    begin(RUN, S, true);
    cr_assert_eq(story_count("select=0 tests="), 1, "nothing is known of its tests yet");
    passed(0, RUN, 2, 0, 0, (struct end){.tests = TESTS});
    for (int i = 1; i < WORKERS; i++) {
        probe_send(probe, slots[i], MSG(leave, .worker = msg_str("")));
    }
    for (int i = 0; i < WORKERS; i++) {
        pull(i); /* they are served in this order */
    }
    (void)probe_trace(probe);
}

/* The second run, in three parts: t0 to t2, t3 to t5, and all but these. */
static void begin_parts(void)
{
    remember();
    begin(RUN2, 10 * S + 300 * MS, true);
}

static const char *rows(void)
{
    probe_ask(probe, client, MSG(watch, .run = msg_str(RUN2)), 0);
    return probe_trace(probe);
}

static void expect_rows(const char *file_row, size_t tests)
{
    const char *trace = rows();
    cr_expect(strstr(trace, file_row), "%s", trace);
    cr_expect(strstr(trace, "RUN_CLOSED"), "%s", trace);
    size_t count = 0;
    for (const char *at = trace; (at = strstr(at, "TEST_ROW")); at++) {
        count++;
    }
    cr_expect_eq(count, tests, "%s", trace);
}

/* ---- the straight way ---- */

Test(parts, of_a_file_go_to_several_slots_and_hold_every_test_once)
{
    begin_parts();
    const char *trace = probe_trace(probe);
    static const char *const leases[] = {
        "-> w1 LEASE run=" RUN2 " token=4294967298 job=1 attempt=1 file=f select=1 "
        "tests=t0\nt1\nt2\n",
        "-> w2 LEASE run=" RUN2 " token=4294967299 job=2 attempt=1 file=f select=1 "
        "tests=t3\nt4\nt5\n",
        "-> w3 LEASE run=" RUN2 " token=4294967300 job=3 attempt=1 file=f select=2 "
        "tests=t0\nt1\nt2\nt3\nt4\nt5\n"};
    for (size_t i = 0; i < 3; i++) {
        cr_expect(strstr(trace, leases[i]), "%s in %s", leases[i], trace);
    }
}

Test(parts, make_one_result_of_their_file)
{
    begin_parts();
    passed(3, RUN2, FIRST + 2, 3, 6, (struct end){.tests = 4, .seen = TESTS});
    passed(1, RUN2, FIRST, 1, 0, (struct end){.tests = 3, .seen = TESTS});
    passed(2, RUN2, FIRST + 1, 2, 3, (struct end){.tests = 3, .seen = TESTS});
    passed(2, RUN2, FIRST + 1, 2, 3, (struct end){.tests = 3, .seen = TESTS});
    expect_rows("job=0 seq=1 file=f status=1 outcome=1 tests=10 planned=10 duration_us=10300000 "
                "attempts=1 worker=w1/0 +2",
                TESTS);
}

Test(parts, take_tests_that_are_new_and_do_without_those_that_are_gone)
{
    begin_parts();
    job_done(1, RUN2, FIRST, 1, (struct end){.seen = 8}); /* t0 to t2 are gone, t10 is new */
    passed(2, RUN2, FIRST + 1, 2, 3, (struct end){.tests = 3, .seen = 8});
    passed(3, RUN2, FIRST + 2, 3, 6, (struct end){.tests = 5, .seen = 8});
    expect_rows("status=1 outcome=1 tests=8 planned=8", 8);
}

/* ---- whatever is not simply passed runs whole ---- */

static void expect_whole(uint64_t offset)
{
    char lease[128];
    (void)snprintf(lease, sizeof lease, "token=%llu job=0 attempt=1 file=f select=0 tests=\n",
                   (unsigned long long)(TOKEN + offset));
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, lease), "%s", trace);
}

Test(parts, that_fail_make_the_file_run_whole)
{
    begin_parts();
    (void)probe_trace(probe);
    test_done(1, RUN2, FIRST, 1, 0,
              &(struct msg_test_done){.test = msg_str("t0"), .status = TERM_status_FAILED});
    job_done(1, RUN2, FIRST, 1, (struct end){.tests = 1, .seen = TESTS});
    expect_whole(FIRST + 3);
    test_done(0, RUN2, FIRST + 3, 0, 0,
              &(struct msg_test_done){.test = msg_str("t0"), .status = TERM_status_FAILED});
    job_done(0, RUN2, FIRST + 3, 0, (struct end){.tests = 1});
    expect_rows("status=2 outcome=1 tests=1 planned=1", 1);
}

Test(parts, that_fail_stop_the_others_and_are_not_tried_again_when_the_whole_passes)
{
    begin_parts();
    (void)probe_trace(probe);
    job_done(1, RUN2, FIRST, 1, (struct end){.seen = TESTS, .outcome = TERM_outcome_TIMEOUT});
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "-> w2 REVOKE run=" RUN2 " token=4294967299\n"), "%s", trace);
    cr_expect(strstr(trace, "-> w3 REVOKE run=" RUN2 " token=4294967300\n"), "%s", trace);
    cr_expect(strstr(trace, "-> w0 LEASE run=" RUN2 " token=4294967301 job=0 attempt=1 file=f "
                            "select=0"),
              "%s", trace);
    /* Late words of a part count for nothing. */
    passed(2, RUN2, FIRST + 1, 2, 3, (struct end){.tests = 3, .seen = TESTS});
    passed(0, RUN2, FIRST + 3, 0, 0, (struct end){.tests = TESTS});
    expect_rows("status=1 outcome=1 tests=10 planned=10", TESTS);
    static const char third[] = "01JD0000000000000000000002";
    begin(third, 10 * S, true);
    cr_expect_eq(story_count("select=0 tests="), 1);
}

static void expect_whole_after(struct end last)
{
    begin_parts();
    passed(1, RUN2, FIRST, 1, 0, (struct end){.tests = 3, .seen = TESTS});
    passed(2, RUN2, FIRST + 1, 2, 3, (struct end){.tests = 3, .seen = TESTS});
    (void)probe_trace(probe);
    passed(3, RUN2, FIRST + 2, 3, 6, last);
    expect_whole(FIRST + 3);
}

Test(parts, that_saw_different_numbers_of_tests_make_the_file_run_whole)
{
    expect_whole_after((struct end){.tests = 4, .seen = 11});
}

Test(parts, that_leave_a_test_out_make_the_file_run_whole)
{
    expect_whole_after((struct end){.tests = 3, .seen = TESTS});
}

Test(parts, of_a_runner_that_did_not_select_make_the_file_run_whole)
{
    expect_whole_after((struct end){.tests = 4});
}

Test(parts, that_run_a_test_twice_make_the_file_run_whole)
{
    begin_parts();
    passed(1, RUN2, FIRST, 1, 0, (struct end){.tests = 3, .seen = TESTS});
    passed(2, RUN2, FIRST + 1, 2, 3, (struct end){.tests = 3, .seen = TESTS});
    (void)probe_trace(probe);
    passed(3, RUN2, FIRST + 2, 3, 5, (struct end){.tests = 4, .seen = TESTS}); /* t5 again */
    expect_whole(FIRST + 3);
}

/* ---- lost workers ---- */

Test(parts, of_a_lost_slot_go_to_the_next)
{
    begin_parts();
    (void)probe_trace(probe);
    probe_node_down(probe, slots[2]);
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "-> w0 LEASE run=" RUN2 " token=4294967301 job=4 attempt=1 file=f "
                            "select=1 tests=t3\nt4\nt5\n"),
              "%s", trace);
    passed(2, RUN2, FIRST + 1, 2, 3, (struct end){.tests = 3, .seen = TESTS});
    cr_expect_eq(story_count("token=4294967299 job=2 reason=10"), 1, "too late");
    passed(0, RUN2, FIRST + 3, 4, 3, (struct end){.tests = 3, .seen = TESTS});
    passed(1, RUN2, FIRST, 1, 0, (struct end){.tests = 3, .seen = TESTS});
    passed(3, RUN2, FIRST + 2, 3, 6, (struct end){.tests = 4, .seen = TESTS});
    expect_rows("status=1 outcome=1 tests=10 planned=10", TESTS);
}

Test(parts, that_are_lost_again_and_again_make_the_file_run_whole)
{
    begin_parts();
    for (uint64_t i = 0; i < 4; i++) {
        (void)probe_trace(probe);
        job_done(i == 0 ? 1 : 0, RUN2, i == 0 ? FIRST : FIRST + 2 + i, i == 0 ? 1 : 3 + i,
                 (struct end){.outcome = TERM_outcome_INTERRUPTED});
        pull(0);
    }
    expect_whole(FIRST + 6);
}

Test(parts, are_forgotten_with_their_coordinator_and_the_file_runs_whole)
{
    begin_parts();
    passed(1, RUN2, FIRST, 1, 0, (struct end){.tests = 3, .seen = TESTS});
    probe_crash_actor(probe);
    probe_advance(probe, 1000);
    (void)probe_trace(probe);
    probe_send(probe, slots[2],
               MSG(beat, .run = msg_str(RUN2), .epoch = 1, .token = TOKEN + FIRST + 1));
    cr_expect_eq(story_count("-> w2 REVOKE run=" RUN2 " token=4294967299\n"), 1);
    passed(2, RUN2, FIRST + 1, 2, 3, (struct end){.tests = 3, .seen = TESTS});
    cr_expect_eq(story_count("token=4294967299 job=2 reason=10"), 1);
    cr_expect_null(strstr(rows(), "FILE_ROW"));
}

/* ---- when nothing is cut ---- */

Test(parts, are_not_made_where_the_runner_cannot_select)
{
    remember();
    begin(RUN2, 10 * S, false);
    cr_expect_eq(story_count("select=0 tests="), 1);
}

Test(parts, are_not_made_when_told_so)
{
    remember();
    probe_config(probe)->schedule.split = false;
    begin(RUN2, 10 * S, true);
    cr_expect_eq(story_count("select=0 tests="), 1);
}

/* Tests that disturb one another may pass in parts. */
Test(parts, are_not_made_of_every_twentieth_result)
{
    char run[] = "01JD0000000000000000000100";
    for (int i = 0; i < 20; i++) {
        (void)snprintf(run + 23, 4, "%03d", 100 + i);
        begin(run, S - 1, true);
        const char *lease = strstr(probe_trace(probe), "select=0 tests=");
        cr_assert(lease);
        passed(0, run, 2, 0, 0, (struct end){.tests = TESTS});
        for (int worker = 0; worker < WORKERS; worker++) {
            pull(worker);
        }
    }
    begin(RUN2, 10 * S, true);
    cr_expect_eq(story_count("select=0 tests="), 1);
}

Test(parts, are_not_made_of_a_short_file)
{
    remember();
    begin(RUN2, S - 1, true);
    cr_expect_eq(story_count("select=0 tests="), 1);
}
