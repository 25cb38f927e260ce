/* test_life.c - beginnings, crashes, restarts and ends, and who hears of them. */
#include <string.h>

#include "runtime/core.h"
#include "tests/support/puppet.h"

static struct probe *probe;
static struct config config;
static struct rt_address peer;

static void setup(void)
{
    config_defaults(&config);
    config.runtime.restart_jitter = 0;
}

static void teardown(void)
{
    probe_close(&probe);
}

TestSuite(life, .init = setup, .fini = teardown);

static const struct rt_behaviour one_for_one = PUPPET(.strategy = RT_ONE_FOR_ONE);
static const struct rt_behaviour one_for_all = PUPPET(.strategy = RT_ONE_FOR_ALL);
static const struct rt_behaviour rest_for_one = PUPPET(.strategy = RT_REST_FOR_ONE);
static const struct rt_behaviour never = PUPPET(.restart = RT_RESTART_NEVER);
static const struct rt_behaviour trapping = PUPPET(.trap_exits = true);

static void open_probe(void)
{
    probe = probe_open(&(struct probe_options){.config = &config});
    peer = probe_peer(probe, "peer");
}

static struct rt_address add(const struct rt_behaviour *behaviour, const char *name,
                             puppet_script script)
{
    struct puppet_arg arg = {.probe = probe, .name = name, .script = script};
    struct rt_address address = probe_spawn(probe, behaviour, &arg, sizeof arg);
    (void)probe_trace(probe);
    return address;
}

static void order(struct rt_address to, const char *word)
{
    probe_send_to(probe, peer, to, ORDER(word));
}

/* ---- a supervisor with the children x, y, z ---- */

static struct rt_address child[3];
static const struct rt_behaviour *child_behaviour[3];

static enum err supervises(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    static const char *const names[] = {"x", "y", "z"};
    for (size_t i = 0; !msg && i < 3; i++) {
        struct puppet_arg arg = {.probe = self->arg.probe, .name = names[i]};
        enum err err = rt_spawn(ctx, child_behaviour[i], &arg, sizeof arg, &child[i]);
        if (err != ERR_OK) {
            return err;
        }
    }
    return ERR_OK;
}

static struct rt_address supervise(const struct rt_behaviour *behaviour)
{
    for (size_t i = 0; i < 3; i++) {
        child_behaviour[i] = child_behaviour[i] ? child_behaviour[i] : &one_for_one;
    }
    open_probe();
    return add(behaviour, "s", supervises);
}

static void forget_behaviours(void)
{
    memset(child_behaviour, 0, sizeof child_behaviour);
}

Test(life, restarts_the_crashed_child_alone)
{
    forget_behaviours();
    (void)supervise(&one_for_one);
    order(child[1], "crash");
    probe_expect(probe, "[0] y got SUBMITTED run=crash\n[0] y stop\n");
    probe_advance(probe, 10);
    probe_expect(probe, "[10] y start\n[10] y got SUBMITTED run=crash\n[10] y stop\n");
}

Test(life, restarts_all_children_when_told_so)
{
    forget_behaviours();
    (void)supervise(&one_for_all);
    order(child[1], "crash");
    probe_expect(probe, "[0] y got SUBMITTED run=crash\n[0] y stop\n[0] z stop\n[0] x stop\n");
    probe_advance(probe, 9);
    probe_expect(probe, "");
    probe_advance(probe, 1);
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "x start") && strstr(trace, "y start") && strstr(trace, "z start"),
              "%s", trace);
}

Test(life, restarts_the_later_children_when_told_so)
{
    forget_behaviours();
    (void)supervise(&rest_for_one);
    order(child[1], "crash");
    probe_expect(probe, "[0] y got SUBMITTED run=crash\n[0] y stop\n[0] z stop\n");
    probe_advance(probe, 10);
    const char *trace = probe_trace(probe);
    cr_expect(!strstr(trace, "x start") && strstr(trace, "z start"), "%s", trace);
}

Test(life, does_not_restart_a_child_that_lives_once)
{
    forget_behaviours();
    child_behaviour[1] = &never;
    (void)supervise(&one_for_one);
    order(child[1], "crash");
    probe_advance(probe, 10000);
    probe_expect(probe, "[0] y got SUBMITTED run=crash\n[0] y stop\n");
}

Test(life, ends_a_child_that_lives_once_when_its_siblings_are_restarted)
{
    forget_behaviours();
    child_behaviour[2] = &never;
    (void)supervise(&one_for_all);
    order(child[0], "crash");
    probe_advance(probe, 10000);
    const char *trace = probe_trace(probe);
    cr_expect(strstr(trace, "z stop"), "%s", trace);
    cr_expect_null(strstr(trace, "z start"), "%s", trace);
}

Test(life, waits_longer_after_each_crash_in_a_row)
{
    forget_behaviours();
    config.runtime.restart_intensity = 100;
    config.runtime.restart_backoff_max_ms = 50;
    (void)supervise(&one_for_one);
    /* One order crashes three lives; then the order is dead, and another comes. */
    order(child[0], "crash");
    probe_advance(probe, 100);
    order(child[0], "crash");
    probe_advance(probe, 100);
    probe_expect(probe, "[0] x got SUBMITTED run=crash\n[0] x stop\n"
                        "[10] x start\n[10] x got SUBMITTED run=crash\n[10] x stop\n"
                        "[30] x start\n[30] x got SUBMITTED run=crash\n[30] x stop\n"
                        "[70] x start\n"
                        "[100] x got SUBMITTED run=crash\n[100] x stop\n"
                        "[150] x start\n[150] x got SUBMITTED run=crash\n[150] x stop\n"
                        "[200] x start\n[200] x got SUBMITTED run=crash\n[200] x stop\n");
}

Test(life, forgets_its_crashes_after_a_long_life)
{
    forget_behaviours();
    (void)supervise(&one_for_one);
    order(child[0], "crash");
    probe_advance(probe, 20000);
    (void)probe_trace(probe);
    order(child[0], "crash");
    probe_advance(probe, 10);
    cr_expect(strstr(probe_trace(probe), "[20010] x start"));
}

Test(life, spreads_restarts_within_the_jitter)
{
    forget_behaviours();
    config.runtime.restart_jitter = 0.5;
    config.runtime.restart_backoff_min_ms = 1000;
    bool spread = false;
    uint64_t first = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        probe = probe_open(&(struct probe_options){.config = &config, .seed = seed});
        peer = probe_peer(probe, "peer");
        struct rt_address a = add(&one_for_one, "a", NULL);
        order(a, "crash");
        uint64_t ms = 0;
        while (ms < 2000 && !strstr(probe_trace(probe), "a start")) {
            probe_advance(probe, 1);
            ms++;
        }
        cr_expect(ms >= 500 && ms <= 1000, "%llu", (unsigned long long)ms);
        first = first ? first : ms;
        spread |= ms != first;
        probe_close(&probe);
    }
    cr_expect(spread);
}

Test(life, gives_up_when_children_crash_too_often)
{
    forget_behaviours();
    config.runtime.restart_intensity = 2;
    config.runtime.restart_backoff_max_ms = 10;
    struct rt_address s = supervise(&one_for_one);
    (void)s;
    order(child[0], "crash"); /* crashes three lives */
    probe_advance(probe, 20);
    const char *trace = probe_trace(probe);
    /* The third is one too many: the supervisor crashes itself, with all of its children. */
    cr_expect(strstr(trace, "z stop\n[20] y stop\n[20] s stop\n"), "%s", trace);
    probe_advance(probe, 10);
    cr_expect(strstr(probe_trace(probe), "[30] s start\n[30] x start\n"));
    cr_expect(!system_failed(probe_system(probe)));
}

Test(life, fails_the_system_when_the_root_gives_up)
{
    forget_behaviours();
    config.runtime.restart_intensity = 1;
    config.runtime.restart_backoff_max_ms = 10;
    open_probe();
    struct rt_address a = add(&one_for_one, "a", NULL);
    struct rt_address b = add(&one_for_one, "b", NULL);
    order(a, "crash");
    order(b, "crash");
    probe_advance(probe, 100);
    cr_expect(system_failed(probe_system(probe)));
    struct system_stats stats;
    system_stats(probe_system(probe), &stats);
    cr_expect_eq(stats.actors, 0);
}

/* ---- the mailbox through a restart ---- */

static enum err floods(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    (void)self;
    if (is_order(msg, "flood")) {
        cr_expect_eq(rt_send(ctx, child[0], ORDER("1")), ERR_OK);
        cr_expect_eq(rt_send(ctx, child[0], ORDER("crash")), ERR_OK);
        cr_expect_eq(rt_send(ctx, child[0], ORDER("2")), ERR_OK);
    }
    return ERR_OK;
}

Test(life, keeps_the_mailbox_and_gives_up_on_a_message_after_three_crashes)
{
    open_probe();
    child[0] = add(&one_for_one, "x", NULL);
    struct rt_address f = add(&one_for_one, "f", floods);
    order(f, "flood");
    probe_advance(probe, 1000);
    probe_expect(probe, "[0] f got SUBMITTED run=flood\n"
                        "[0] x got SUBMITTED run=1\n"
                        "[0] x got SUBMITTED run=crash\n[0] x stop\n"
                        "[10] x start\n[10] x got SUBMITTED run=crash\n[10] x stop\n"
                        "[30] x start\n[30] x got SUBMITTED run=crash\n[30] x stop\n"
                        "[70] x start\n[70] x got SUBMITTED run=2\n");
    cr_expect_eq(system_account(probe_system(probe), 0)->outcomes[OUTCOME_DEAD], 1);
}

Test(life, answers_an_ask_that_crashes_its_receiver_three_times)
{
    open_probe();
    struct rt_address a = add(&one_for_one, "a", NULL);
    struct envelope *ask = envelope_new(ORDER("crash"));
    ask->from = peer;
    ask->to = a;
    ask->ask = 7;
    ask->account = system_account(probe_system(probe), peer.node);
    ask->account->accepted++;
    system_deliver(probe_system(probe), &ask);
    probe_advance(probe, 29);
    cr_expect_null(strstr(probe_trace(probe), "FAILED"));
    probe_advance(probe, 1);
    cr_expect(
        strstr(probe_trace(probe), "[30] -> peer answer FAILED type=4099 reason=3 detail=\n"));
}

static bool fail_start;

static enum err may_not_start(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    (void)ctx;
    (void)self;
    return !msg && fail_start ? ERR_IO : ERR_OK;
}

Test(life, tries_again_when_it_cannot_start)
{
    open_probe();
    fail_start = true;
    struct rt_address a = add(&one_for_one, "a", may_not_start);
    order(a, "kept");
    probe_expect(probe, "");
    fail_start = false;
    probe_advance(probe, 10);
    probe_expect(probe, "[10] a start\n[10] a got SUBMITTED run=kept\n");
}

/* ---- ends ---- */

Test(life, ends_children_in_reverse_order_and_then_the_parent)
{
    forget_behaviours();
    struct rt_address s = supervise(&one_for_one);
    order(s, "stop");
    probe_expect(probe, "[0] s got SUBMITTED run=stop\n"
                        "[0] z stop\n[0] y stop\n[0] x stop\n[0] s stop\n");
    struct system_stats stats;
    system_stats(probe_system(probe), &stats);
    cr_expect_eq(stats.actors, 1); /* the root */
}

Test(life, ends_children_that_wait_for_their_next_life_too)
{
    forget_behaviours();
    struct rt_address s = supervise(&one_for_one);
    order(child[1], "crash");
    order(s, "stop");
    probe_advance(probe, 1000);
    probe_expect(probe, "[0] y got SUBMITTED run=crash\n[0] y stop\n"
                        "[0] s got SUBMITTED run=stop\n[0] z stop\n[0] x stop\n[0] s stop\n");
}

Test(life, ends_all_in_reverse_order_when_the_system_stops)
{
    open_probe();
    (void)add(&one_for_one, "a", NULL);
    (void)add(&trapping, "b", NULL);
    cr_expect_eq(system_stop(probe_system(probe), 1000), ERR_OK);
    probe_expect(probe, "[0] b stop\n[0] a stop\n");
}

static enum err exits(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    (void)self;
    if (is_order(msg, "exit")) {
        rt_exit(ctx, child[0]);
    } else if (is_order(msg, "link")) {
        rt_link(ctx, child[0]);
    } else if (is_order(msg, "unlink")) {
        rt_unlink(ctx, child[0]);
    }
    return ERR_OK;
}

Test(life, ends_normally_when_another_asks_it_to)
{
    open_probe();
    child[0] = add(&one_for_one, "x", NULL);
    struct rt_address a = add(&one_for_one, "a", exits);
    order(a, "exit");
    probe_advance(probe, 1000);
    probe_expect(probe, "[0] a got SUBMITTED run=exit\n[0] x stop\n");
}

Test(life, sees_the_wish_that_it_end_when_it_traps_exits)
{
    open_probe();
    child[0] = add(&trapping, "x", NULL);
    struct rt_address a = add(&one_for_one, "a", exits);
    order(a, "exit");
    probe_expect(probe, "[0] a got SUBMITTED run=exit\n[0] x got EXIT reason=15\n");
}

/* ---- slots ---- */

Test(life, does_not_mistake_a_new_actor_for_the_old_one_in_its_slot)
{
    open_probe();
    struct rt_address old = add(&one_for_one, "old", NULL);
    order(old, "stop");
    (void)probe_trace(probe);
    struct rt_address new = add(&one_for_one, "new", NULL);
    cr_expect_eq((uint32_t)old.actor, (uint32_t) new.actor, "the slot is used again");
    cr_expect_neq(old.actor, new.actor);
    order(old, "lost");
    order(new, "found");
    probe_expect(probe, "[0] new got SUBMITTED run=found\n");
    cr_expect_eq(system_account(probe_system(probe), peer.node)->outcomes[OUTCOME_DEAD], 1);
}

Test(life, uses_slots_again_and_again)
{
    open_probe();
    for (int i = 0; i < 10000; i++) {
        struct puppet_arg arg = {.probe = probe};
        struct rt_address it = probe_spawn(probe, &one_for_one, &arg, sizeof arg);
        order(it, "stop");
    }
    struct system_stats stats;
    system_stats(probe_system(probe), &stats);
    cr_expect_eq(stats.actors, 1);
}

/* ---- looking in ---- */

static struct actor_stats look(uint64_t after)
{
    struct actor_stats stats = {.id = 0};
    (void)system_actor_after(probe_system(probe), after, &stats);
    return stats;
}

Test(life, can_be_looked_at_from_outside)
{
    open_probe();
    struct rt_address a = add(&one_for_one, "a", NULL);
    struct actor_stats root = look(0);
    struct actor_stats first = look(root.id);
    cr_expect_eq(first.id, a.actor);
    cr_expect_str_eq(first.name, "puppet");
    cr_expect_eq(first.state, TERM_actor_ALIVE);
    cr_expect_eq(look(first.id).id, 0u, "there are no more");
    probe_advance(probe, 70);
    order(a, "shrug");
    order(a, "echo");
    struct actor_stats later = look(root.id);
    cr_expect_eq(later.handled, first.handled + 2);
    cr_expect_eq(later.latest_ms - first.latest_ms, 70u);
    cr_expect_eq(later.queued, 0u);
    struct system_stats stats;
    system_stats(probe_system(probe), &stats);
    cr_expect_geq(stats.handled, later.handled);
}

/* "busy": it has two things under way and three waiting. */
static enum err works(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    (void)self;
    if (is_order(msg, "busy")) {
        rt_work(ctx, 2, 3);
    } else if (is_order(msg, "idle")) {
        rt_work(ctx, 0, 1);
    }
    return ERR_OK;
}

static void expect_work(uint64_t open, uint64_t waiting)
{
    struct system_stats stats;
    system_stats(probe_system(probe), &stats);
    cr_expect_eq(stats.work_open, open);
    cr_expect_eq(stats.work_waiting, waiting);
}

Test(life, adds_up_the_work_of_all_actors_until_their_lives_end)
{
    open_probe();
    struct rt_address a = add(&one_for_one, "a", works);
    struct rt_address b = add(&one_for_one, "b", works);
    expect_work(0, 0);
    order(a, "busy");
    order(b, "busy");
    order(b, "busy");
    expect_work(4, 6);
    order(a, "idle");
    expect_work(2, 4);
    order(b, "crash");
    expect_work(0, 1);
    order(a, "stop");
    expect_work(0, 0);
}

Test(life, shows_what_waits_and_how_often_it_crashed)
{
    open_probe();
    struct rt_address a = add(&one_for_one, "a", NULL);
    uint64_t root = look(0).id;
    order(a, "crash");
    order(a, "kept");
    struct actor_stats between = look(root);
    cr_expect_eq(between.state, TERM_actor_WAITING);
    cr_expect_eq(between.restarts, 0u);
    cr_expect_geq(between.queued, 1u);
    cr_expect_gt(between.queued_bytes, 0u);
    probe_advance(probe, 1000);
    struct actor_stats after = look(root);
    cr_expect_eq(after.id, a.actor);
    cr_expect_eq(after.state, TERM_actor_ALIVE);
    cr_expect_eq(after.restarts, 3u, "the message that crashes is given three times");
    cr_expect_eq(after.queued, 0u);
}

Test(life, a_slot_that_is_used_again_counts_from_nothing)
{
    open_probe();
    struct rt_address a = add(&one_for_one, "a", NULL);
    uint64_t root = look(0).id;
    order(a, "echo");
    cr_expect_gt(look(root).handled, 0u);
    order(a, "stop");
    cr_expect_eq(look(root).id, 0u);
    struct rt_address b = add(&one_for_one, "b", NULL);
    struct actor_stats stats = look(root);
    cr_expect_eq(stats.id, b.actor);
    cr_expect_eq(stats.handled, 0u);
    cr_expect_eq(stats.restarts, 0u);
}

Test(life, whoever_looks_may_name_a_slot_that_never_was)
{
    open_probe();
    cr_expect_eq(look(UINT64_MAX).id, 0u);
    cr_expect_eq(look(UINT32_MAX).id, 0u);
    cr_expect_eq(look(UINT64_C(1) << 32).id, 0u);
}
