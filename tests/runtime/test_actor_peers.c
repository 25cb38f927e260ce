/* test_actor_peers.c - monitors and links: who hears of whose end, and how often. */
#include <string.h>

#include "runtime/core.h"
#include "tests/support/puppet.h"

static struct probe *probe;
static struct rt_address peer;
static struct rt_address target;

static void setup(void)
{
    probe = probe_open(&(struct probe_options){.runtime = true});
    peer = probe_peer(probe, "peer");
}

static void teardown(void)
{
    probe_close(&probe);
}

TestSuite(peers, .init = setup, .fini = teardown);

static const struct rt_behaviour puppet = PUPPET();
static const struct rt_behaviour never = PUPPET(.restart = RT_RESTART_NEVER);
static const struct rt_behaviour trapping = PUPPET(.trap_exits = true);

static enum err does(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    if (is_order(msg, "monitor")) {
        self->ask = rt_monitor(ctx, target);
    } else if (is_order(msg, "demonitor")) {
        rt_demonitor(ctx, self->ask);
    } else if (is_order(msg, "link")) {
        rt_link(ctx, target);
    } else if (is_order(msg, "unlink")) {
        rt_unlink(ctx, target);
    } else if (is_order(msg, "exit")) {
        rt_exit(ctx, target);
    } else if (msg && msg->type == MSG_DOWN) {
        cr_expect_eq(msg_as_down(msg)->ref, self->ask);
        cr_expect_eq(msg_as_down(msg)->actor, target.actor);
    }
    return ERR_OK;
}

static struct rt_address add(const struct rt_behaviour *behaviour, const char *name)
{
    struct puppet_arg arg = {.probe = probe, .name = name, .script = does};
    struct rt_address address = probe_spawn(probe, behaviour, &arg, sizeof arg);
    (void)probe_trace(probe);
    return address;
}

static void order(struct rt_address to, const char *word)
{
    probe_send_to(probe, peer, to, ORDER(word));
}

static size_t count_of(const char *text, const char *word)
{
    size_t count = 0;
    for (; (text = strstr(text, word)); text++) {
        count++;
    }
    return count;
}

/* ---- monitors ---- */

Test(peers, hears_once_of_a_normal_end)
{
    struct rt_address a = add(&puppet, "a");
    target = add(&puppet, "b");
    order(a, "monitor");
    order(target, "stop");
    probe_advance(probe, 1000);
    const char *trace = probe_trace(probe);
    cr_expect_eq(count_of(trace, "a got DOWN"), 1, "%s", trace);
    cr_expect(strstr(trace, "reason=0"), "%s", trace);
}

Test(peers, hears_at_once_of_an_end_long_ago)
{
    struct rt_address a = add(&puppet, "a");
    target = add(&puppet, "b");
    order(target, "stop");
    (void)probe_trace(probe);
    order(a, "monitor");
    const char *trace = probe_trace(probe);
    cr_expect_eq(count_of(trace, "a got DOWN"), 1, "%s", trace);
    cr_expect(strstr(trace, "reason=8"), "%s", trace);
}

Test(peers, does_not_take_a_restart_for_an_end)
{
    struct rt_address a = add(&puppet, "a");
    target = add(&puppet, "b");
    order(a, "monitor");
    order(target, "crash");
    probe_advance(probe, 1000);
    cr_expect_eq(count_of(probe_trace(probe), "DOWN"), 0);
    order(target, "stop");
    cr_expect_eq(count_of(probe_trace(probe), "a got DOWN"), 1);
}

Test(peers, hears_why_it_ended)
{
    struct rt_address a = add(&puppet, "a");
    target = add(&never, "b");
    order(a, "monitor");
    order(target, "crash");
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "reason=3\n"), "%s", trace);
}

Test(peers, does_not_hear_what_it_no_longer_watches)
{
    struct rt_address a = add(&puppet, "a");
    target = add(&puppet, "b");
    order(a, "monitor");
    order(a, "demonitor");
    order(target, "stop");
    cr_expect_eq(count_of(probe_trace(probe), "DOWN"), 0);
}

Test(peers, does_not_hear_in_its_next_life)
{
    struct rt_address a = add(&puppet, "a");
    target = add(&puppet, "b");
    order(a, "monitor");
    order(a, "crash");
    probe_advance(probe, 1000);
    order(target, "stop");
    cr_expect_eq(count_of(probe_trace(probe), "DOWN"), 0);
}

Test(peers, hears_once_of_a_lost_node)
{
    struct rt_address a = add(&puppet, "a");
    target = peer;
    order(a, "monitor");
    cr_expect_eq(count_of(probe_trace(probe), "-> peer MONITOR"), 1);
    probe_node_down(probe, peer);
    probe_node_down(probe, peer);
    /* The word of the actor's own end comes late. */
    probe_send_to(
        probe, peer, a,
        MSG(down, .ref = probe_monitor(probe, peer), .node = peer.node, .actor = peer.actor));
    const char *trace = probe_trace(probe);
    cr_expect_eq(count_of(trace, "a got DOWN"), 1, "%s", trace);
    cr_expect(strstr(trace, "reason=8"), "%s", trace);
}

Test(peers, tells_another_node_of_an_end_that_it_watches)
{
    target = add(&puppet, "b");
    probe_send_to(probe, peer, target, MSG(monitor, .ref = 77));
    order(target, "stop");
    const char *trace = probe_trace(probe);
    cr_expect_eq(count_of(trace, "-> peer DOWN ref=77"), 1, "%s", trace);
}

Test(peers, does_not_tell_a_lost_node)
{
    target = add(&puppet, "b");
    probe_send_to(probe, peer, target, MSG(monitor, .ref = 77));
    probe_node_down(probe, peer);
    order(target, "stop");
    cr_expect_eq(count_of(probe_trace(probe), "-> peer DOWN"), 0);
}

/* ---- links ---- */

Test(peers, shares_the_fate_of_a_linked_actor)
{
    struct rt_address a = add(&never, "a");
    target = add(&never, "b");
    order(a, "link");
    order(target, "crash");
    probe_advance(probe, 1000);
    const char *trace = probe_trace(probe);
    cr_expect_eq(count_of(trace, "a stop"), 1, "%s", trace);
}

Test(peers, shares_it_in_both_directions)
{
    struct rt_address a = add(&never, "a");
    target = add(&never, "b");
    order(a, "link");
    order(a, "crash");
    probe_advance(probe, 1000);
    cr_expect_eq(count_of(probe_trace(probe), "b stop"), 1);
}

Test(peers, does_not_mind_the_normal_end_of_a_linked_actor)
{
    struct rt_address a = add(&never, "a");
    target = add(&never, "b");
    order(a, "link");
    order(target, "stop");
    probe_advance(probe, 1000);
    cr_expect_eq(count_of(probe_trace(probe), "a stop"), 0);
}

Test(peers, shares_nothing_after_unlink)
{
    struct rt_address a = add(&never, "a");
    target = add(&never, "b");
    order(a, "link");
    order(a, "unlink");
    order(target, "crash");
    probe_advance(probe, 1000);
    cr_expect_eq(count_of(probe_trace(probe), "a stop"), 0);
}

Test(peers, ignores_the_crash_of_one_that_it_has_unlinked_meanwhile)
{
    struct rt_address a = add(&never, "a");
    target = peer;
    order(a, "link");
    order(a, "unlink");
    probe_send_to(probe, peer, a, MSG(exit, .reason = ERR_CRASHED));
    probe_advance(probe, 1000);
    cr_expect_eq(count_of(probe_trace(probe), "a stop"), 0);
}

Test(peers, crashes_with_a_link_to_nobody_or_to_a_lost_node)
{
    struct rt_address a = add(&never, "a");
    struct rt_address b = add(&never, "b");
    target = peer;
    order(a, "link");
    probe_node_down(probe, peer);
    cr_expect_eq(count_of(probe_trace(probe), "a stop"), 1);
    target = (struct rt_address){1, (UINT64_C(9) << 32) | 77};
    order(b, "link");
    cr_expect_eq(count_of(probe_trace(probe), "b stop"), 1);
}

Test(peers, sees_exits_as_messages_when_it_traps_them)
{
    struct rt_address a = add(&trapping, "a");
    target = add(&never, "b");
    order(a, "link");
    order(target, "crash");
    const char *trace = probe_trace(probe);
    cr_expect_eq(count_of(trace, "a got EXIT reason=3"), 1, "%s", trace);
    cr_expect_eq(count_of(trace, "a stop"), 0, "%s", trace);
}

Test(peers, ends_when_a_linked_actor_asks_it_to)
{
    struct rt_address a = add(&never, "a");
    target = add(&never, "b");
    order(a, "link");
    order(a, "exit");
    probe_advance(probe, 1000);
    const char *trace = probe_trace(probe);
    cr_expect_eq(count_of(trace, "b stop"), 1, "%s", trace);
}
