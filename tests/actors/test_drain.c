/* test_drain.c - an executor that is told to take no more work, and what it says of its slots. */
#include <string.h>

#include "actors/executor/executor.h"
#include "tests/support/probe.h"

static struct probe *probe;
static struct rt_address coordinator;
static struct rt_address admin;

static void setup(void)
{
    struct config config;
    config_defaults(&config);
    config.executor.slots = 2;
    probe = probe_open(&(struct probe_options){
        .config = &config, .behaviour = &executor_behaviour, .arg = "/r", .size = sizeof "/r"});
    coordinator = probe_peer(probe, "coordinator");
    admin = probe_peer(probe, "admin");
    probe_role_up(probe, TERM_role_COORDINATOR, coordinator);
    (void)probe_trace(probe);
}

static void teardown(void)
{
    probe_close(&probe);
}

TestSuite(drain, .init = setup, .fini = teardown);

static const char *drain(bool on)
{
    (void)probe_trace(probe);
    probe_ask(probe, admin, MSG(drain, .node = msg_str("w"), .on = on), 5000);
    return probe_trace(probe);
}

/* To the slot that spoke last. */
static void give_work(void)
{
    struct rt_address slot = probe_last_sender(probe, coordinator);
    probe_send_to(probe, coordinator, slot,
                  MSG(grant, .run = msg_str("R"), .work = TERM_work_RUN, .epoch = 1, .token = 9,
                      .count = 1, .lease_ms = 30000, .dir = msg_str("/p"),
                      .runner = msg_str("command"), .command = msg_str("check {}")));
    probe_send_to(
        probe, coordinator, slot,
        MSG(lease, .run = msg_str("R"), .token = 9, .job = 0, .attempt = 1, .file = msg_str("a")));
}

Test(drain, every_slot_leaves_and_is_counted)
{
    const char *trace = drain(true);
    cr_expect(strstr(trace, "-> coordinator LEAVE worker=probe/0\n"), "%s", trace);
    cr_expect(strstr(trace, "-> coordinator LEAVE worker=probe/1\n"), "%s", trace);
    cr_expect(strstr(trace, "-> admin answer DRAINED node= on=true busy=0 stopping=false\n"), "%s",
              trace);
    cr_expect_null(strstr(trace, "PULL"));
    trace = drain(false);
    cr_expect(strstr(trace, "PULL worker=probe/0 "), "%s", trace);
    cr_expect(strstr(trace, " on=false busy=0 "), "%s", trace);
}

Test(drain, a_slot_at_work_is_busy_until_its_results_are_safe)
{
    give_work();
    cr_expect(strstr(drain(true), " on=true busy=1 "));
    probe_exec_event(probe, MSG(exec_exited, .id = probe_exec(probe), .error = msg_str("")));
    const char *trace = drain(true);
    cr_expect(strstr(trace, " on=true busy=1 "), "%s", trace);
    probe_send_to(probe, coordinator, probe_last_sender(probe, coordinator),
                  MSG(job_ack, .run = msg_str("R"), .token = 9, .job = 0, .reason = 0));
    trace = drain(true);
    cr_expect(strstr(trace, " on=true busy=0 "), "%s", trace);
}

Test(drain, answers_to_nothing_change_nothing)
{
    probe_send(probe, coordinator, MSG(drained, .node = msg_str(""), .busy = 7));
    probe_send(probe, coordinator, MSG(failed, .type = MSG_DRAIN, .reason = ERR_GONE));
    probe_expect(probe, "");
    cr_expect(strstr(drain(true), " on=true busy=0 "));
}
