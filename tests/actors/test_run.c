/* test_run.c - a run from its plan to its verdict, and everything that can come between. */
#include <string.h>
#include <time.h>

#include "actors/partitioner/partitioner.h"
#include "tests/actors/run_story.h"

TestSuite(run, .init = story_open, .fini = story_close);

enum { LEASE_MS = 5000, BEAT_MS = 1000 };

static void skip(void)
{
    (void)probe_trace(probe);
}

/* A planned run of so many files of 1 ms each; nothing is granted yet. */
static void begin(const struct msg_submit *with, uint64_t files)
{
    story_submit(with, files);
    story_plan(files);
    skip();
}

static bool closed_with(enum term verdict)
{
    char line[64];
    (void)snprintf(line, sizeof line, "RUN_CLOSED run=" RUN " verdict=%d", (int)verdict);
    probe_ask(probe, client, MSG(watch, .run = msg_str(RUN)), 0);
    return strstr(probe_trace(probe), line) != NULL;
}

/* Grants come one file at a time: a batch is a third of what is left, at the least one file. */
static void let_pass_with_beats(uint64_t token, uint64_t ms)
{
    for (; ms > 0; ms -= ms < BEAT_MS ? ms : BEAT_MS) {
        probe_advance(probe, ms < BEAT_MS ? ms : BEAT_MS);
        story_beat(token);
    }
}

/* ---- the straight way ---- */

Test(run, asks_for_a_plan_as_soon_as_there_is_a_partitioner)
{
    story_submit(&(struct msg_submit){.retries = 0}, 2);
    skip();
    probe_role_up(probe, TERM_role_PARTITIONER, partitioner);
    probe_expect(probe, "[0] -> partitioner PLAN run=" RUN " count=2\n"
                        "[0] -> partitioner PLAN_FILE run=" RUN " index=0 file=f0 expected_us=-1\n"
                        "[0] -> partitioner PLAN_FILE run=" RUN " index=1 file=f1 "
                        "expected_us=-1\n");
    probe_advance(probe, 4000);
    cr_expect_gt(story_count("-> partitioner PLAN run"), 0u, "and again without an answer");
}

static double processor_ms(void)
{
    struct timespec now;
    cr_assert_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* From the partitioner's arrival to the first demand: history asked, planned, written, read. */
Test(run, plans_five_thousand_files_in_no_time)
{
    story_submit(&(struct msg_submit){.retries = 0}, 5000);
    skip();
    double began_ms = processor_ms();
    (void)probe_spawn(probe, &partitioner_behaviour, NULL, 0);
    double took_ms = processor_ms() - began_ms;
    probe_ask(probe, client, MSG(status, .drain = false), 0);
    cr_expect_eq(story_count("jobs_queued=5000"), 1);
    cr_log_info("planned in %.1f ms of processor time", took_ms);
    cr_expect_lt(took_ms, 1000, "0.1 s are wanted; sanitizers take their part: %.1f ms", took_ms);
}

Test(run, grants_to_a_slot_that_pulls)
{
    begin(&(struct msg_submit){.retries = 0}, 1);
    story_pull();
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "[0] -> slot GRANT run=" RUN " work=2 epoch=1 token=4294967297 count=1 "
                            "lease_ms=5000 dir=/project runner=command"),
              "%s", trace);
    cr_expect(strstr(trace, "[0] -> slot LEASE run=" RUN " token=4294967297 job=0 attempt=1 "
                            "file=f0 select=0 tests=\n"),
              "%s", trace);
}

/* Who asks first takes no more than its part, though nobody else is at work yet. */
Test(run, shares_its_files_among_all_slots_that_the_coordinator_knows)
{
    story_submit(&(struct msg_submit){.retries = 0}, 12);
    story_pull();
    for (int i = 1; i < 4; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "w%d", i);
        probe_send(probe, probe_peer(probe, name),
                   MSG(pull, .worker = msg_str(name), .dir = msg_str("")));
    }
    skip();
    story_plan(12);
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "-> slot GRANT run=" RUN " work=2 epoch=1 token=4294967297 count=1 "),
              "a third of a quarter: %s", trace);
    cr_expect(strstr(trace, "-> w3 GRANT"), "%s", trace);
}

Test(run, passes_when_all_of_its_files_have)
{
    begin(&(struct msg_submit){.retries = 0}, 1);
    story_pull();
    skip();
    story_result(TOKEN + 1, 0, TERM_status_PASSED);
    probe_expect(probe, "[0] -> slot JOB_ACK run=" RUN " token=4294967297 job=0 reason=0\n");
    cr_expect(closed_with(TERM_verdict_PASSED));
}

Test(run, fails_when_one_of_its_files_has)
{
    begin(&(struct msg_submit){.retries = 0}, 1);
    story_pull();
    story_result(TOKEN + 1, 0, TERM_status_FAILED);
    cr_expect(closed_with(TERM_verdict_FAILED));
}

/* ---- results ---- */

Test(run, acknowledges_a_repeated_result_again_and_counts_it_once)
{
    begin(&(struct msg_submit){.workers = 2}, 3);
    story_pull();
    skip();
    story_result(TOKEN + 1, 0, TERM_status_PASSED);
    story_done(TOKEN + 1, 0, 1);
    story_done(TOKEN + 1, 0, 1);
    cr_expect_eq(story_count("job=0 reason=0"), 3);
    cr_expect(!closed_with(TERM_verdict_PASSED));
}

Test(run, does_not_take_a_result_of_which_tests_are_missing)
{
    begin(&(struct msg_submit){.retries = 0}, 1);
    story_pull();
    skip();
    story_test(TOKEN + 1, 0, 0, TERM_status_PASSED);
    story_test(TOKEN + 1, 0, 2, TERM_status_PASSED); /* the one before it was lost */
    story_done(TOKEN + 1, 0, 3);
    probe_expect(probe, "");
    /* All of it comes again. */
    for (uint64_t i = 0; i < 3; i++) {
        story_test(TOKEN + 1, 0, i, TERM_status_PASSED);
    }
    story_done(TOKEN + 1, 0, 3);
    cr_expect_eq(story_count("JOB_ACK"), 1);
    cr_expect(closed_with(TERM_verdict_PASSED));
}

Test(run, tries_a_failed_file_again_when_told_so)
{
    begin(&(struct msg_submit){.retries = 1}, 1);
    story_pull();
    story_result(TOKEN + 1, 0, TERM_status_FAILED);
    skip();
    story_pull();
    cr_expect(strstr(probe_trace(probe), "token=4294967298 job=0 attempt=2 file=f0"));
    story_result(TOKEN + 2, 0, TERM_status_PASSED);
    probe_ask(probe, client, MSG(watch, .run = msg_str(RUN)), 0);
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "FILE_ROW run=" RUN " job=0 seq=1 file=f0 status=4"), "%s", trace);
    cr_expect(strstr(trace, "verdict=1"), "flaky is not red: %s", trace);
}

/* ---- leases ---- */

Test(run, takes_a_silent_lease_back_and_refuses_what_comes_late)
{
    begin(&(struct msg_submit){.retries = 0}, 1);
    story_pull();
    skip();
    probe_advance(probe, LEASE_MS + 2 * BEAT_MS);
    cr_expect_eq(story_count("-> slot REVOKE run=" RUN " token=4294967297"), 1);
    story_result(TOKEN + 1, 0, TERM_status_PASSED);
    probe_expect(probe, "[7000] -> slot JOB_ACK run=" RUN " token=4294967297 job=0 reason=10\n");
    cr_expect(!closed_with(TERM_verdict_PASSED));
    story_pull();
    cr_expect_eq(story_count("token=4294967298 job=0 attempt=2"), 1);
    story_result(TOKEN + 2, 0, TERM_status_PASSED);
    cr_expect(closed_with(TERM_verdict_PASSED));
}

Test(run, keeps_a_lease_that_is_renewed)
{
    begin(&(struct msg_submit){.retries = 0}, 1);
    story_pull();
    skip();
    let_pass_with_beats(TOKEN + 1, 60000);
    cr_expect_eq(story_count("REVOKE"), 0);
}

Test(run, gives_the_work_of_a_lost_slot_to_the_next)
{
    begin(&(struct msg_submit){.retries = 0}, 1);
    story_pull();
    probe_node_down(probe, slot);
    skip();
    slot = probe_peer(probe, "slot2");
    story_pull();
    cr_expect_eq(story_count("-> slot2 LEASE run=" RUN " token=4294967298 job=0 attempt=2"), 1);
}

Test(run, knows_its_leases_again_after_a_crash_of_its_coordinator)
{
    begin(&(struct msg_submit){.retries = 0}, 1);
    story_pull();
    skip();
    /* Nobody may write any more: a newer coordinator has begun; this one must begin anew. */
    probe_crash_actor(probe);
    probe_advance(probe, 1000);
    skip();
    story_beat(TOKEN + 1);
    probe_expect(probe, "");
    story_result(TOKEN + 1, 0, TERM_status_PASSED);
    cr_expect_eq(story_count("JOB_ACK run=" RUN " token=4294967297 job=0 reason=0"), 1);
    cr_expect(closed_with(TERM_verdict_PASSED));
}

/* ---- other ends ---- */

Test(run, stops_at_the_first_failure_when_told_so)
{
    begin(&(struct msg_submit){.fail_fast = true, .workers = 2}, 5);
    story_pull();
    story_result(TOKEN + 1, 0, TERM_status_FAILED);
    skip();
    cr_expect(closed_with(TERM_verdict_FAILED));
}

Test(run, ends_at_its_time_limit_with_a_word_to_the_slots)
{
    begin(&(struct msg_submit){.timeout_ms = 3000}, 1);
    story_pull();
    skip();
    probe_advance(probe, 3000);
    cr_expect_eq(story_count("-> slot REVOKE"), 1);
    cr_expect(closed_with(TERM_verdict_TIMED_OUT));
}

Test(run, does_not_end_because_the_wall_clock_was_set_back)
{
    story_submit(&(struct msg_submit){.timeout_ms = 3600000}, 1);
    probe_wall_jump(probe, -10000);
    story_plan(1); /* it reads itself anew from the ledger */
    probe_advance(probe, 1000);
    cr_expect(!closed_with(TERM_verdict_TIMED_OUT));
}

Test(run, ends_when_it_is_cancelled)
{
    begin(&(struct msg_submit){.retries = 0}, 2);
    story_pull();
    skip();
    probe_send(probe, client, MSG(cancel, .run = msg_str(RUN)));
    cr_expect_eq(story_count("-> slot REVOKE"), 1);
    cr_expect(closed_with(TERM_verdict_CANCELLED));
    story_result(TOKEN + 1, 0, TERM_status_PASSED);
    cr_expect_eq(story_count("reason=10"), 1, "what comes late does not count");
}

/* ---- listing ---- */

static void found(uint64_t token, uint64_t index, const char *file)
{
    probe_send(probe, slot,
               MSG(file_found, .run = msg_str(RUN), .token = token, .index = index,
                   .file = msg_str(file)));
}

static void listed(uint64_t token, uint64_t count, enum term outcome)
{
    probe_send(probe, slot,
               MSG(listed, .run = msg_str(RUN), .epoch = 1, .token = token, .count = count,
                   .runner = msg_str("vitest"), .version = msg_str("1"),
                   .outcome = (uint64_t)outcome, .message = msg_str("said why")));
}

static void submit_unlisted(void)
{
    story_submit(&(struct msg_submit){.runner = msg_str("auto")}, 0);
    story_pull();
}

Test(run, has_its_files_listed_by_a_slot)
{
    skip();
    submit_unlisted();
    cr_expect_eq(story_count("-> slot GRANT run=" RUN " work=1"), 1);
    found(TOKEN + 1, 0, "a.test.ts");
    found(TOKEN + 1, 1, "b.test.ts");
    listed(TOKEN + 1, 2, TERM_outcome_COMPLETE);
    cr_expect_eq(story_count("JOB_ACK run=" RUN " token=4294967297 job=0 reason=0"), 1);
    probe_role_up(probe, TERM_role_PARTITIONER, partitioner);
    cr_expect_eq(story_count("file=b.test.ts"), 1);
}

Test(run, does_not_take_a_listing_of_which_files_are_missing)
{
    submit_unlisted();
    skip();
    found(TOKEN + 1, 1, "b.test.ts");
    listed(TOKEN + 1, 2, TERM_outcome_COMPLETE);
    probe_expect(probe, "");
    found(TOKEN + 1, 0, "a.test.ts");
    found(TOKEN + 1, 1, "b.test.ts");
    listed(TOKEN + 1, 2, TERM_outcome_COMPLETE);
    cr_expect_eq(story_count("JOB_ACK"), 1);
}

Test(run, has_the_files_listed_by_another_when_the_first_falls_silent)
{
    submit_unlisted();
    skip();
    probe_advance(probe, LEASE_MS + 2 * BEAT_MS);
    slot = probe_peer(probe, "slot2");
    story_pull();
    cr_expect_eq(story_count("-> slot2 GRANT run=" RUN " work=1 epoch=1 token=4294967298"), 1);
}

Test(run, is_listed_again_as_often_as_executors_are_lost)
{
    submit_unlisted();
    for (uint64_t i = 0; i < 10; i++) {
        skip();
        probe_advance(probe, LEASE_MS + 2 * BEAT_MS);
        story_pull();
        cr_assert_eq(story_count("GRANT run=" RUN " work=1"), 1, "after %llu",
                     (unsigned long long)i);
    }
}

Test(run, is_an_error_when_the_listing_crashes_again_and_again)
{
    submit_unlisted();
    for (uint64_t i = 1; i <= 3; i++) {
        skip();
        listed(TOKEN + i, 0, TERM_outcome_CRASHED);
        story_pull();
    }
    cr_expect(closed_with(TERM_verdict_ERROR));
}

Test(run, is_an_error_when_nothing_can_be_listed)
{
    submit_unlisted();
    listed(TOKEN + 1, 0, TERM_outcome_NOT_STARTED);
    skip();
    probe_ask(probe, client, MSG(watch, .run = msg_str(RUN)), 0);
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "verdict=3") && strstr(trace, "said why"), "%s", trace);
}

Test(run, is_an_error_when_there_is_no_file)
{
    submit_unlisted();
    listed(TOKEN + 1, 0, TERM_outcome_COMPLETE);
    cr_expect(closed_with(TERM_verdict_ERROR));
}
