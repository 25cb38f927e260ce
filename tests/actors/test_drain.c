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

static uint64_t token = 8;

/* To the slot that spoke last. */
static void give_work(void)
{
    token++;
    struct rt_address slot = probe_last_sender(probe, coordinator);
    probe_send_to(probe, coordinator, slot,
                  MSG(grant, .run = msg_str("R"), .work = TERM_work_RUN, .epoch = 1, .token = token,
                      .count = 1, .lease_ms = 30000, .dir = msg_str("/p"),
                      .runner = msg_str("command"), .command = msg_str("check {}")));
    probe_send_to(probe, coordinator, slot,
                  MSG(lease, .run = msg_str("R"), .token = token, .job = 0, .attempt = 1,
                      .file = msg_str("a")));
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
                  MSG(job_ack, .run = msg_str("R"), .token = token, .job = 0, .reason = 0));
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

/* ---- ending by itself ---- */

enum { IDLE_STOP_MS = 10000 };

static struct rt_address own_admin;

/* An admin is an actor of the same process: a witness that notes what it is told. */
static enum err witness_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    rt_take_role(ctx, TERM_role_ADMIN);
    return ERR_OK;
}

static enum err witness_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    (void)ctx;
    (void)state;
    const struct msg_drain *told = msg->type == MSG_DRAIN ? msg_as_drain(msg) : NULL;
    if (told) {
        probe_note(probe, "admin told on=%d stop=%d", told->on, told->stop);
    }
    return ERR_OK;
}

static const struct rt_behaviour witness = {
    .name = "witness", .start = witness_start, .receive = witness_receive};

static void setup_paid(void)
{
    struct config config;
    config_defaults(&config);
    config.executor.idle_stop_ms = IDLE_STOP_MS;
    probe = probe_open(&(struct probe_options){
        .config = &config, .behaviour = &executor_behaviour, .arg = "/r", .size = sizeof "/r"});
    coordinator = probe_peer(probe, "coordinator");
    own_admin = probe_spawn(probe, &witness, NULL, 0);
    probe_role_up(probe, TERM_role_COORDINATOR, coordinator);
    (void)probe_trace(probe);
}

TestSuite(idle_stop, .init = setup_paid, .fini = teardown);

Test(idle_stop, leaves_first_and_ends_one_look_later)
{
    probe_advance(probe, IDLE_STOP_MS);
    cr_expect_null(strstr(probe_trace(probe), "LEAVE"));
    probe_advance(probe, 5000);
    const char *trace = probe_trace(probe);
    const char *leave = strstr(trace, "-> coordinator LEAVE");
    const char *told = strstr(trace, "admin told on=1 stop=1");
    cr_assert(leave && told && leave < told, "%s", trace);
}

Test(idle_stop, does_what_was_granted_while_it_was_leaving)
{
    const char *trace = "";
    for (int look = 0; look < 20 && !strstr(trace, "LEAVE"); look++) {
        probe_advance(probe, 1000);
        trace = probe_trace(probe);
    }
    cr_assert(strstr(trace, "LEAVE"), "%s", trace);
    give_work(); /* the coordinator had not heard of it */
    probe_advance(probe, 30000);
    trace = probe_trace(probe);
    cr_expect(strstr(trace, "exec sh -c"), "%s", trace);
    cr_expect_null(strstr(trace, "stop=1"), "%s", trace);
    probe_exec_event(probe, MSG(exec_exited, .id = probe_exec(probe), .error = msg_str("")));
    struct rt_address at = probe_last_sender(probe, coordinator);
    probe_send_to(probe, coordinator, at,
                  MSG(job_ack, .run = msg_str("R"), .token = token, .job = 0, .reason = 0));
    probe_advance(probe, 3000);
    trace = probe_trace(probe);
    cr_expect(strstr(trace, "PULL"), "it goes on: %s", trace);
    probe_advance(probe, IDLE_STOP_MS + 5000);
    cr_expect(strstr(probe_trace(probe), "admin told on=1 stop=1"), "and ends when it is idle");
}

Test(idle_stop, ends_without_a_coordinator_too)
{
    probe_node_down(probe, coordinator);
    probe_advance(probe, IDLE_STOP_MS + 5000);
    cr_expect(strstr(probe_trace(probe), "admin told on=1 stop=1"));
}

/* Work comes and goes at random for so many decisions. */
static void decide(uint64_t *random, int decisions)
{
    uint64_t working_ms = 0; /* until then */
    bool busy = false;
    for (int look = 0; look < decisions; look++) {
        *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        bool began = !busy && (*random >> 33) % 13 == 0;
        if (began) {
            give_work();
            busy = true;
            working_ms = probe_now(probe) + (*random >> 40) % 30000;
        } else if (busy && probe_now(probe) >= working_ms) {
            probe_exec_event(probe,
                             MSG(exec_exited, .id = probe_exec(probe), .error = msg_str("")));
            probe_send_to(probe, coordinator, probe_last_sender(probe, coordinator),
                          MSG(job_ack, .run = msg_str("R"), .token = token, .job = 0, .reason = 0));
            busy = false;
        }
        const char *trace = probe_trace(probe);
        cr_assert(!began || strstr(trace, "exec sh -c"), "look %d: %s", look, trace);
        probe_advance(probe, 700);
        trace = probe_trace(probe);
        cr_assert(!busy || !strstr(trace, "stop=1"), "look %d: %s", look, trace);
    }
}

Test(idle_stop, never_ends_while_it_works_in_10000_decisions)
{
    uint64_t random = 7;
    for (int life = 0; life < 200; life++) {
        decide(&random, 50);
        teardown();
        setup_paid();
    }
}

/* ---- in the cloud ---- */

static void setup_cloud(void)
{
    struct config config;
    config_defaults(&config);
    config.executor.idle_stop_ms = IDLE_STOP_MS;
    (void)strcpy(config.executor.idle_end, "wait");
    (void)strcpy(config.executor.agent_url, "http://agent/api/x");
    (void)strcpy(config.executor.notices_url, "http://metadata");
    probe = probe_open(&(struct probe_options){
        .config = &config, .behaviour = &executor_behaviour, .arg = "/r", .size = sizeof "/r"});
    coordinator = probe_peer(probe, "coordinator");
    own_admin = probe_spawn(probe, &witness, NULL, 0);
}

TestSuite(cloud, .init = setup_cloud, .fini = teardown);

#define PROTECTED "{\"protection\":{\"ProtectionEnabled\":true}}"

static void answer(uint64_t id, uint64_t status, const char *body)
{
    probe_http_event(probe, MSG(http_done, .id = id, .status = status, .headers = msg_str(""),
                                .body = msg_str(body), .error = msg_str("")));
}

/* Of the two requests of the start, for protection and for a token, the former is answered. */
static void begin_in_cloud(void)
{
    answer(probe_http(probe) - 1, 200, PROTECTED);
    probe_role_up(probe, TERM_role_COORDINATOR, coordinator);
}

Test(cloud, is_protected_before_it_asks_for_work_and_until_it_has_none)
{
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "http PUT http://agent/api/x/task-protection/v1/state "
                            "body={\"ProtectionEnabled\":true,\"ExpiresInMinutes\":60}"),
              "%s", trace);
    cr_expect_null(strstr(trace, "PULL"));
    begin_in_cloud();
    give_work();
    probe_advance(probe, IDLE_STOP_MS + 10000);
    trace = probe_trace(probe);
    cr_expect_null(strstr(trace, "ProtectionEnabled"), "%s", trace);
    probe_exec_event(probe, MSG(exec_exited, .id = probe_exec(probe), .error = msg_str("")));
    probe_send_to(probe, coordinator, probe_last_sender(probe, coordinator),
                  MSG(job_ack, .run = msg_str("R"), .token = token, .job = 0, .reason = 0));
    probe_advance(probe, IDLE_STOP_MS + 5000);
    trace = probe_trace(probe);
    const char *leave = strstr(trace, "-> coordinator LEAVE");
    const char *dropped = strstr(trace, "body={\"ProtectionEnabled\":false}");
    cr_assert(leave && dropped && leave < dropped, "%s", trace);
    cr_expect(strstr(trace, "admin told on=1 stop=0"), "it waits for its end: %s", trace);
    cr_expect_null(strstr(trace, "stop=1"), "%s", trace);
}

Test(cloud, ends_after_all_when_nobody_ends_it)
{
    begin_in_cloud();
    (void)probe_trace(probe);
    probe_advance(probe, IDLE_STOP_MS + 5000);
    cr_expect_null(strstr(probe_trace(probe), "stop=1"));
    for (int minute = 0; minute < 10; minute++) {
        probe_advance(probe, 60000);
        const char *trace = probe_trace(probe);
        cr_expect_eq(strstr(trace, "stop=1") != NULL, minute == 9, "minute %d: %s", minute, trace);
    }
}

Test(cloud, renews_its_protection_and_tries_again_what_failed)
{
    begin_in_cloud();
    give_work();
    int asked = 0;
    for (int minute = 0; minute < 45; minute++) {
        probe_advance(probe, 60000);
        bool now = strstr(probe_trace(probe), "\"ProtectionEnabled\":true") != NULL;
        asked += now;
        if (now) {
            answer(probe_http(probe), asked == 1 ? 500 : 200, asked == 1 ? "no" : PROTECTED);
        }
    }
    cr_expect_eq(asked, 3, "at 20 minutes, at once again, at 40: %d", asked);
}

Test(cloud, takes_no_more_work_after_a_notice)
{
    begin_in_cloud();
    uint64_t id = probe_http(probe);
    cr_expect(strstr(probe_http_headers(probe), "X-aws-ec2-metadata-token-ttl-seconds: 21600"));
    answer(id, 200, "TOKEN==");
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "http GET http://metadata/latest/meta-data/spot/instance-action"), "%s",
              trace);
    cr_expect(strstr(probe_http_headers(probe), "X-aws-ec2-metadata-token: TOKEN=="));
    answer(probe_http(probe), 404, "");
    probe_advance(probe, 5000);
    cr_expect_null(strstr(probe_trace(probe), "admin told"));
    answer(probe_http(probe), 200, "{\"action\":\"terminate\"}");
    cr_expect(strstr(probe_trace(probe), "admin told on=1 stop=1"));
    probe_advance(probe, 5000);
    cr_expect(strstr(probe_trace(probe), "admin told on=1 stop=1"), "until the process ends");
}

Test(cloud, asks_for_another_token_and_takes_no_strange_one)
{
    begin_in_cloud();
    answer(probe_http(probe), 200, "bad\r\nX: y");
    (void)probe_trace(probe);
    probe_advance(probe, 5000);
    cr_expect(strstr(probe_trace(probe), "http PUT http://metadata/latest/api/token"));
    answer(probe_http(probe), 200, "T");
    answer(probe_http(probe), 401, "");
    (void)probe_trace(probe);
    probe_advance(probe, 5000);
    cr_expect(strstr(probe_trace(probe), "http PUT http://metadata/latest/api/token"));
}
