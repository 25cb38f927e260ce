/* test_coordinator.c - runs taken in, slots that wait, and what belongs to nobody. */
#include <string.h>

#include "tests/actors/run_story.h"

TestSuite(coordinator, .init = story_open, .fini = story_close);

static void skip(void)
{
    (void)probe_trace(probe);
}

static void ask_status(bool drain)
{
    probe_ask(probe, client, MSG(status, .drain = drain), 0);
}

Test(coordinator, takes_its_role_when_its_epoch_is_on_disk)
{
    probe_expect(probe, "[0] role coordinator\n");
    ask_status(false);
    cr_expect(strstr(probe_trace(probe), "STATUS_IS epoch=1 "));
}

Test(coordinator, answers_a_submit_when_all_files_are_in_the_ledger)
{
    skip();
    story_submit(&(struct msg_submit){.retries = 0}, 2);
    probe_expect(probe, "[0] -> client answer SUBMITTED run=" RUN "\n");
    ask_status(false);
    cr_expect(strstr(probe_trace(probe), "runs_open=1"));
}

Test(coordinator, does_not_begin_a_run_twice)
{
    skip();
    story_submit(&(struct msg_submit){.retries = 0}, 2);
    story_submit(&(struct msg_submit){.retries = 0}, 2);
    cr_expect_eq(story_count("SUBMITTED"), 2);
    ask_status(false);
    cr_expect(strstr(probe_trace(probe), "runs_open=1"));
}

Test(coordinator, waits_for_a_submit_to_come_whole)
{
    skip();
    probe_ask(probe, client,
              MSG(submit, .run = msg_str(RUN), .dir = msg_str("/p"), .runner = msg_str("command"),
                  .files = 2),
              0);
    probe_send(probe, client, MSG(run_file, .run = msg_str(RUN), .index = 1, .file = msg_str("b")));
    probe_send(probe, client, MSG(run_file, .run = msg_str(RUN), .index = 1, .file = msg_str("b")));
    probe_expect(probe, "");
    story_submit(&(struct msg_submit){.retries = 0}, 2);
    cr_expect_eq(story_count("SUBMITTED"), 1);
}

/* ---- held runs ---- */

static void prepared(const char *reason)
{
    probe_ask(probe, client, MSG(prepared, .run = msg_str(RUN), .reason = msg_str(reason)), 0);
}

Test(coordinator, does_nothing_for_a_held_run_before_its_code_is_there)
{
    probe_role_up(probe, TERM_role_PARTITIONER, partitioner);
    story_submit(&(struct msg_submit){.runner = msg_str("vitest"),
                                      .origin = msg_str("github:a/b#1@0"),
                                      .held = true},
                 0);
    story_pull();
    skip();
    probe_advance(probe, 60000);
    cr_expect_eq(story_count("GRANT"), 0);
    probe_ask(probe, client, MSG(reports_due, .after = msg_str("")), 0);
    cr_expect_eq(story_count("settled=false held=true"), 1);
    prepared("");
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "-> client answer PREPARED_ACK run=" RUN "\n"), "%s", trace);
    cr_expect(strstr(trace, "GRANT run=" RUN " work=1"), "%s", trace);
    prepared("too late");
    cr_expect_eq(story_count("PREPARED_ACK"), 1);
    probe_ask(probe, client, MSG(reports_due, .after = msg_str("")), 0);
    cr_expect_eq(story_count("settled=false held=false"), 1);
}

Test(coordinator, keeps_a_run_held_over_its_own_end)
{
    story_submit(&(struct msg_submit){.runner = msg_str("vitest"), .held = true}, 0);
    probe_crash_actor(probe);
    probe_advance(probe, 10000);
    skip();
    story_pull();
    cr_expect_eq(story_count("GRANT"), 0);
    prepared("");
    cr_expect_eq(story_count("GRANT"), 1);
    probe_crash_actor(probe);
    probe_advance(probe, 10000);
    skip();
    story_pull();
    cr_expect_eq(story_count("GRANT"), 1);
}

Test(coordinator, closes_a_held_run_whose_code_is_not_to_be_had)
{
    story_submit(&(struct msg_submit){.runner = msg_str("vitest"), .held = true}, 0);
    skip();
    prepared("no such commit");
    probe_ask(probe, client, MSG(watch, .run = msg_str(RUN)), 0);
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "RUN_CLOSED run=" RUN " verdict=3"), "%s", trace);
    cr_expect(strstr(trace, "reason=no such commit"), "%s", trace);
    prepared("no such commit");
    cr_expect_eq(story_count("PREPARED_ACK"), 1);
}

Test(coordinator, cancels_a_held_run)
{
    story_submit(&(struct msg_submit){.runner = msg_str("vitest"), .held = true}, 0);
    probe_send(probe, client, MSG(cancel, .run = msg_str(RUN)));
    probe_ask(probe, client, MSG(watch, .run = msg_str(RUN)), 0);
    cr_expect(strstr(probe_trace(probe), "RUN_CLOSED run=" RUN " verdict=4"));
}

Test(coordinator, refuses_a_run_without_a_proper_id)
{
    skip();
    story_submit(&(struct msg_submit){.run = msg_str("short")}, 0);
    probe_expect(probe, "[0] -> client answer FAILED type=4097 reason=3 detail=\n");
}

Test(coordinator, refuses_more_files_than_a_run_may_have)
{
    skip();
    probe_ask(probe, client, MSG(submit, .run = msg_str(RUN), .files = UINT64_MAX), 0);
    probe_expect(probe, "[0] -> client answer FAILED type=4097 reason=2 detail=\n");
}

Test(coordinator, takes_no_runs_while_it_drains)
{
    ask_status(true);
    skip();
    story_submit(&(struct msg_submit){.retries = 0}, 0);
    probe_expect(probe, "[0] -> client answer FAILED type=4097 reason=14 detail=\n");
}

Test(coordinator, is_not_filled_up_by_submits_that_never_come_whole)
{
    skip();
    for (int i = 0; i < 40; i++) {
        char run[27];
        (void)snprintf(run, sizeof run, "01JD00000000000000000001%02u", (unsigned)i % 100);
        probe_ask(probe, client,
                  MSG(submit, .run = msg_str(run), .dir = msg_str("/p"),
                      .runner = msg_str("command"), .files = 2),
                  0);
    }
    skip();
    story_submit(&(struct msg_submit){.retries = 0}, 2);
    cr_expect_eq(story_count("SUBMITTED"), 1);
}

/* ---- slots ---- */

Test(coordinator, keeps_idle_slots_until_they_are_gone)
{
    story_pull();
    story_pull();
    ask_status(false);
    cr_expect(strstr(probe_trace(probe), "slots_idle=1"));
    probe_node_down(probe, slot);
    ask_status(false);
    cr_expect(strstr(probe_trace(probe), "slots_idle=0"));
}

Test(coordinator, forgets_a_slot_that_leaves)
{
    story_pull();
    probe_send(probe, slot, MSG(leave, .worker = msg_str("w/0")));
    probe_send(probe, slot, MSG(leave, .worker = msg_str("w/0")));
    ask_status(false);
    cr_expect(strstr(probe_trace(probe), "slots_idle=0"));
    story_pull();
    ask_status(false);
    cr_expect(strstr(probe_trace(probe), "slots_idle=1"), "it is back");
}

/* ---- operators ---- */

static void ask_runs(const char *after)
{
    skip();
    probe_ask(probe, client, MSG(runs, .after = msg_str(after)), 0);
}

Test(coordinator, shows_its_open_runs_one_by_one)
{
    ask_runs("");
    cr_expect(strstr(probe_trace(probe), "answer RUN_IS run= "));
    story_submit(&(struct msg_submit){.retries = 0}, 2);
    ask_runs("");
    cr_expect(strstr(probe_trace(probe), "answer RUN_IS run=" RUN " "));
    ask_runs(RUN);
    cr_expect(strstr(probe_trace(probe), "answer RUN_IS run= "));
}

Test(coordinator, takes_runs_again_when_it_no_longer_drains)
{
    skip();
    probe_ask(probe, client, MSG(drain, .node = msg_str("c"), .on = true), 0);
    probe_expect(probe, "[0] -> client answer DRAINED node= on=true busy=0 stopping=false\n");
    story_submit(&(struct msg_submit){.retries = 0}, 0);
    cr_expect_eq(story_count("SUBMITTED"), 0);
    probe_ask(probe, client, MSG(drain, .node = msg_str("c"), .on = false), 0);
    skip();
    story_submit(&(struct msg_submit){.retries = 0}, 2);
    cr_expect_eq(story_count("SUBMITTED"), 1);
    skip();
    probe_ask(probe, client, MSG(drain, .node = msg_str("c"), .on = true), 0);
    cr_expect(strstr(probe_trace(probe), "busy=1"));
}

/* ---- what belongs to nobody ---- */

Test(coordinator, refuses_results_of_a_run_that_it_does_not_know)
{
    skip();
    story_done(TOKEN + 1, 0, 0);
    probe_expect(probe, "[0] -> slot JOB_ACK run=" RUN " token=4294967297 job=0 reason=10\n");
    ask_status(false);
    cr_expect(strstr(probe_trace(probe), "stale_refused=1"));
}

Test(coordinator, revokes_a_lease_of_a_run_that_it_does_not_know)
{
    skip();
    story_beat(TOKEN + 1);
    probe_expect(probe, "[0] -> slot REVOKE run=" RUN " token=4294967297\n");
}

Test(coordinator, cannot_show_a_run_that_it_does_not_know)
{
    skip();
    probe_ask(probe, client, MSG(watch, .run = msg_str(RUN)), 0);
    probe_expect(probe, "[0] -> client answer FAILED type=4100 reason=12 detail=\n");
    probe_ask(probe, client, MSG(cancel, .run = msg_str(RUN)), 0);
    cr_expect(strstr(probe_trace(probe), "FAILED"));
}

Test(coordinator, lets_watchers_wait_for_the_next_commit)
{
    story_submit(&(struct msg_submit){.retries = 0}, 2);
    skip();
    probe_ask(probe, client, MSG(watch, .run = msg_str(RUN)), 0);
    probe_expect(probe, "");
    probe_send(probe, client, MSG(cancel, .run = msg_str(RUN)));
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "RUN_CLOSED run=" RUN " verdict=4"), "%s", trace);
    cr_expect(strstr(trace, "answer WATCHED"), "%s", trace);
}

Test(coordinator, asks_the_ledger_again_only_for_what_a_watcher_has_not_seen)
{
    story_submit(&(struct msg_submit){.retries = 0}, 3);
    story_plan(3);
    story_pull();
    story_result(TOKEN + 1, 0, TERM_status_PASSED);
    skip();
    probe_ask(probe, client, MSG(watch, .run = msg_str(RUN)), 0);
    cr_expect_eq(story_count("FILE_ROW"), 1);
    probe_ask(probe, client, MSG(watch, .run = msg_str(RUN), .after = 1), 0);
    cr_expect_eq(story_count("WATCHED"), 0, "there is nothing new");
    probe_ask(probe, client, MSG(watch, .run = msg_str(RUN)), 0);
    cr_expect_eq(story_count("FILE_ROW"), 1, "it has lost the answer");
    story_pull();
    story_result(TOKEN + 2, 1, TERM_status_PASSED);
    skip();
    probe_ask(probe, client, MSG(watch, .run = msg_str(RUN), .after = 1), 0);
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "FILE_ROW run=" RUN " job=1 seq=2"), "%s", trace);
    cr_expect(strstr(trace, "answer WATCHED run=" RUN " seq=2"), "%s", trace);
    probe_ask(probe, client, MSG(watch, .run = msg_str(RUN), .after = 2), 0);
    story_pull();
    skip();
    story_result(TOKEN + 3, 2, TERM_status_PASSED);
    trace = probe_trace(probe);
    cr_expect(strstr(trace, "answer WATCHED run=" RUN " seq=3"), "%s", trace);
}
