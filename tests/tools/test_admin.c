/* test_admin.c - what an admin says of its own process, passes on to others, and drains. */
#include <stdio.h>
#include <string.h>

#include "tests/support/probe.h"
#include "tools/admin.h"

static struct probe *probe;
static struct rt_address operator_;
static struct rt_address zoe;
static struct admin_arg arg;
static bool ended;

/* ---- a world of figures ---- */

static void on_process(void *world, struct world_process *ret_process)
{
    (void)world;
    *ret_process = (struct world_process){.pid = 7,
                                          .uptime_ms = 61000,
                                          .rss_bytes = 4096,
                                          .cpu_us = 1500,
                                          .links = 2,
                                          .totals = {.began = 4, .ended = 2, .bytes_in = 99},
                                          .system = {.actors = 3,
                                                     .handled = 12,
                                                     .restarts = 1,
                                                     .stuck = 2,
                                                     .outcomes = {[OUTCOME_LOST] = 6},
                                                     .work_open = 5}};
}

static bool on_actor(void *world, uint64_t after, struct actor_stats *ret_stats)
{
    (void)world;
    if (after >= 2) {
        return false;
    }
    *ret_stats = (struct actor_stats){.id = after + 1,
                                      .name = after == 0 ? "slot" : NULL,
                                      .state = TERM_actor_ALIVE,
                                      .queued = 5,
                                      .handled = 9,
                                      .samples = 3,
                                      .wait_p50_ns = 64,
                                      .wait_p99_ns = 96,
                                      .handling_p50_ns = 1000,
                                      .handling_p99_ns = 2000,
                                      .latest_ms = 1000000}; /* not yet: a clock may be behind */
    return true;
}

static bool on_link(void *world, uint64_t index, struct link_stats *ret_stats)
{
    (void)world;
    if (index > 0) {
        return false;
    }
    *ret_stats = (struct link_stats){.node = 9, .name = "peer", .sent = 4, .received = 3};
    return true;
}

static void on_end(void *world)
{
    (void)world;
    ended = true;
}

/* ---- an actor that can be drained, and one that cannot ---- */

static uint64_t busy;

static enum err worker_start(struct rt_context *ctx, void *state, const void *role)
{
    (void)state;
    rt_take_role(ctx, *(const uint64_t *)role);
    return ERR_OK;
}

static enum err worker_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    (void)state;
    if (msg->type != MSG_DRAIN) {
        return ERR_UNKNOWN;
    }
    rt_reply(ctx, MSG(drained, .node = msg_str(""), .on = msg_as_drain(msg)->on, .busy = busy));
    return ERR_OK;
}

static enum err deaf_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    (void)ctx;
    (void)state;
    (void)msg;
    return ERR_UNKNOWN;
}

static const struct rt_behaviour worker = {
    .name = "worker", .state_size = 1, .start = worker_start, .receive = worker_receive};
static const struct rt_behaviour deaf = {
    .name = "deaf", .state_size = 1, .start = worker_start, .receive = deaf_receive};

/* ---- the story ---- */

static void setup(void)
{
    ended = false;
    busy = 0;
    arg = (struct admin_arg){
        .ports = {.process = on_process, .actor = on_actor, .link = on_link, .end = on_end},
        .roles = {TERM_role_EXECUTOR, TERM_role_FIXER},
        .roles_count = 2};
    probe = probe_open(
        &(struct probe_options){.behaviour = &admin_behaviour, .arg = &arg, .size = sizeof arg});
    operator_ = probe_peer(probe, "operator");
    zoe = probe_peer(probe, "zoe");
    probe_expect(probe, "[0] role admin\n");
}

static void teardown(void)
{
    probe_close(&probe);
}

TestSuite(admin, .init = setup, .fini = teardown);

static const char *ask(const struct msg *msg)
{
    (void)probe_trace(probe);
    probe_ask(probe, operator_, msg, 5000);
    return probe_trace(probe);
}

static const char *drain(bool on, bool stop)
{
    return ask(MSG(drain, .node = msg_str("probe"), .on = on, .stop = stop));
}

static void play(uint64_t role, const struct rt_behaviour *behaviour)
{
    (void)probe_spawn(probe, behaviour, &role, sizeof role);
}

Test(admin, says_how_its_process_is)
{
    const char *trace = ask(MSG(node, .node = msg_str("probe")));
    cr_expect(strstr(trace, "[0] -> operator answer NODE_IS node=probe "), "%s", trace);
    cr_expect(strstr(trace, " silent=false draining=false roles=40 pid=7 uptime_ms=61000 "), "%s",
              trace);
    cr_expect(strstr(trace, " handled=12 restarts=1 rss_bytes=4096 links=2 cpu_us=1500 "
                            "work_open=5 work_waiting=0 expired=0 rejected=0 dead=0 dropped=0 "
                            "lost=6 links_began=4 links_ended=2 frames_sent=0 frames_received=0 "
                            "bytes_sent=0 bytes_received=99 gaps=0 stuck=2\n"),
              "%s", trace);
}

Test(admin, goes_through_its_actors_one_by_one)
{
    cr_expect_str_eq(ask(MSG(actors, .node = msg_str("probe"), .after = 0)),
                     "[0] -> operator answer ACTOR_IS id=1 name=slot state=2 queued=5 "
                     "queued_bytes=0 handled=9 restarts=0 quiet_ms=0 samples=3 "
                     "wait_p50_ns=64 wait_p99_ns=96 handling_p50_ns=1000 handling_p99_ns=2000\n");
    cr_expect(strstr(ask(MSG(actors, .node = msg_str("probe"), .after = 1)), "id=2 name= "));
    cr_expect(strstr(ask(MSG(actors, .node = msg_str("probe"), .after = 2)), "id=0 name= "));
}

Test(admin, goes_through_its_links_one_by_one)
{
    cr_expect(strstr(ask(MSG(links, .node = msg_str("probe"), .index = 0)),
                     "LINK_IS peer=peer incarnation=9 sent=4 received=3 "));
    cr_expect(strstr(ask(MSG(links, .node = msg_str("probe"), .index = 1)), "LINK_IS peer= "));
    cr_expect(
        strstr(ask(MSG(links, .node = msg_str("probe"), .index = UINT64_MAX)), "LINK_IS peer= "));
}

Test(admin, knows_only_processes_that_it_is_linked_with)
{
    cr_expect(strstr(ask(MSG(actors, .node = msg_str("zoe"), .after = 0)), "FAILED type=6148 "));
    probe_role_up(probe, TERM_role_ADMIN, zoe);
    cr_expect(strstr(ask(MSG(actors, .node = msg_str("zoe"), .after = 7)),
                     "-> zoe ask ACTORS node=zoe after=7\n"));
    probe_node_down(probe, zoe);
    cr_expect(strstr(probe_trace(probe), "-> operator answer FAILED type=6148 "));
    cr_expect(strstr(ask(MSG(actors, .node = msg_str("zoe"), .after = 0)), "FAILED type=6148 "));
}

Test(admin, hands_back_what_another_answers)
{
    probe_role_up(probe, TERM_role_ADMIN, zoe);
    (void)ask(MSG(drain, .node = msg_str("zoe"), .on = true));
    probe_answer(probe, zoe, MSG(drained, .node = msg_str("zoe"), .on = true, .busy = 3));
    probe_expect(probe, "[0] -> operator answer DRAINED node=zoe on=true busy=3 stopping=false\n");
}

Test(admin, lists_itself_among_the_others_by_name)
{
    struct rt_address ann = probe_peer(probe, "ann");
    probe_role_up(probe, TERM_role_ADMIN, zoe);
    probe_role_up(probe, TERM_role_ADMIN, ann);
    cr_expect(strstr(ask(MSG(nodes, .after = msg_str(""))), "-> ann ask NODE node=ann\n"));
    cr_expect(strstr(ask(MSG(nodes, .after = msg_str("ann"))), "answer NODE_IS node=probe "));
    cr_expect(strstr(ask(MSG(nodes, .after = msg_str("probe"))), "-> zoe ask NODE node=zoe\n"));
    cr_expect(strstr(ask(MSG(nodes, .after = msg_str("zoe"))), "answer NODE_IS node= "));
}

Test(admin, shows_a_process_that_does_not_answer_as_silent)
{
    probe_role_up(probe, TERM_role_ADMIN, zoe);
    (void)ask(MSG(nodes, .after = msg_str("probe")));
    probe_advance(probe, 1999);
    cr_expect_null(strstr(probe_trace(probe), "NODE_IS"));
    probe_advance(probe, 1);
    cr_expect(strstr(probe_trace(probe), "[2000] -> operator answer NODE_IS node=zoe "));
}

Test(admin, takes_the_newest_life_of_a_process_for_it)
{
    probe_role_up(probe, TERM_role_ADMIN, zoe);
    struct rt_address again = probe_peer(probe, "zoe");
    probe_role_up(probe, TERM_role_ADMIN, again);
    (void)ask(MSG(nodes, .after = msg_str("probe")));
    probe_answer(probe, again, MSG(node_is, .node = msg_str("zoe"), .version = msg_str("9")));
    cr_expect(strstr(probe_trace(probe), "answer NODE_IS node=zoe "));
    cr_expect(strstr(ask(MSG(nodes, .after = msg_str("zoe"))), "answer NODE_IS node= "),
              "it stands in the list once");
}

Test(admin, passes_on_only_so_many_questions_at_a_time)
{
    probe_role_up(probe, TERM_role_ADMIN, zoe);
    for (int i = 0; i < 256; i++) {
        cr_expect_null(strstr(ask(MSG(node, .node = msg_str("zoe"))), "FAILED"));
    }
    cr_expect(strstr(ask(MSG(node, .node = msg_str("zoe"))), "FAILED type=6146 "));
    probe_advance(probe, 2000);
    cr_expect_null(strstr(ask(MSG(node, .node = msg_str("zoe"))), "FAILED"), "there is room again");
}

Test(admin, has_nothing_to_drain_without_anybody_who_obeys)
{
    cr_expect(strstr(drain(true, false), "FAILED type=6152 "));
    play(TERM_role_FIXER, &deaf);
    cr_expect(strstr(drain(true, true), "FAILED type=6152 "));
    cr_expect_not(ended);
}

Test(admin, drains_whoever_obeys_and_says_so_from_then_on)
{
    play(TERM_role_FIXER, &deaf);
    play(TERM_role_EXECUTOR, &worker);
    busy = 2;
    cr_expect_str_eq(drain(true, false),
                     "[0] -> operator answer DRAINED node=probe on=true busy=2 stopping=false\n");
    cr_expect(strstr(ask(MSG(node, .node = msg_str("probe"))), " draining=true "));
    cr_expect(strstr(drain(false, false), " on=false busy=2 "));
    cr_expect(strstr(ask(MSG(node, .node = msg_str("probe"))), " draining=false "));
}

Test(admin, ends_the_process_when_nothing_is_left_to_finish)
{
    play(TERM_role_EXECUTOR, &worker);
    busy = 1;
    cr_expect(strstr(drain(true, true), "busy=1 stopping=false"));
    cr_expect_not(ended);
    busy = 0;
    cr_expect(strstr(drain(true, false), "busy=0 stopping=false"));
    cr_expect(strstr(drain(false, true), "on=false busy=0 stopping=false"),
              "not when it is undone");
    cr_expect_not(ended);
    cr_expect(strstr(drain(true, true), "busy=0 stopping=true"));
    cr_expect(ended);
}

Test(admin, answers_to_nobody_change_nothing)
{
    (void)probe_trace(probe);
    probe_send(probe, zoe, MSG(drained, .node = msg_str("zoe"), .on = true));
    probe_send(probe, zoe, MSG(node_is, .node = msg_str("zoe"), .version = msg_str("")));
    probe_send(probe, zoe, MSG(failed, .type = MSG_NODE, .reason = ERR_GONE));
    probe_expect(probe, "");
}
