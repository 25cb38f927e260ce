/* test_times.c - the histograms of an actor, and which messages come into them.
 *
 * Tried: without the call in envelope_for nothing is sampled; with a fixed distance of 64 one of
 * two actors that answer each other has no samples; without forget_times in ORDER_BEGIN a new actor
 * shows those of the one that had its slot.
 */
#include <string.h>

#include "runtime/core.h"
#include "tests/support/puppet.h"

/* ---- the histogram ---- */

static struct times times;

Test(times, are_rounded_up_to_the_end_of_a_step_by_half_at_most)
{
    cr_expect_eq(times_percentile(times.wait, 50), 0);
    uint64_t ns = 1;
    for (int i = 0; i < 2500 && ns < UINT64_C(100) * 1000000000; i++, ns += ns / 64 + 1) {
        times_clear(&times);
        times_note(&times, ns, 0);
        uint64_t said = times_percentile(times.wait, 99);
        cr_assert_gt(said, ns - 1, "%llu", (unsigned long long)ns);
        cr_assert_leq(said, ns < 64 ? 64 : ns + ns / 2, "%llu", (unsigned long long)ns);
    }
    cr_expect_gt(ns, UINT64_C(100) * 1000000000 - 1);
    times_note(&times, UINT64_MAX, UINT64_MAX);
    cr_expect_eq(times_count(times.wait), 2);
}

Test(times, say_what_half_and_99_of_100_do_not_exceed)
{
    for (int i = 0; i < 100; i++) {
        times_note(&times, i < 98 ? 100 : 1000000, i < 50 ? 100 : 5000);
    }
    cr_expect_eq(times_percentile(times.wait, 50), 128);
    cr_expect_eq(times_percentile(times.wait, 98), 128);
    cr_expect_eq(times_percentile(times.wait, 99), 1048576);
    cr_expect_eq(times_percentile(times.handling, 50), 128);
    cr_expect_eq(times_percentile(times.handling, 51), 6144);
}

Test(times, of_long_ago_count_less_and_less)
{
    for (int i = 0; i < 100 * TIMES_SAMPLES_MAX; i++) {
        times_note(&times, 1000, 1000);
    }
    cr_expect_leq(times_count(times.wait), TIMES_SAMPLES_MAX);
    for (int i = 0; i < 2 * TIMES_SAMPLES_MAX; i++) {
        times_note(&times, 100, 100);
    }
    cr_expect_eq(times_percentile(times.wait, 50), 128);
    times_clear(&times);
    cr_expect_eq(times_count(times.wait), 0);
}

/* ---- in a system ---- */

enum { PINGS = 6400 };

static struct probe *probe;
static struct rt_address peer;
static const struct rt_behaviour puppet = PUPPET();

static struct actor_stats stats_of(struct rt_address actor)
{
    struct actor_stats stats;
    uint64_t after = 0;
    while (system_actor_after(probe_system(probe), after, &stats)) {
        if (stats.id == actor.actor) {
            return stats;
        }
        after = stats.id;
    }
    cr_assert_fail("no such actor");
    return stats;
}

/* Two of them send each other PINGS messages. */
static enum err pings(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    if (msg && self->tick++ < PINGS) {
        struct rt_address *other = self->arg.arg;
        rt_tell(ctx, *other, ORDER("ping"));
    }
    return ERR_OK;
}

static struct rt_address add(puppet_script script, void *script_arg)
{
    struct puppet_arg arg = {.probe = probe, .script = script, .arg = script_arg};
    return probe_spawn(probe, &puppet, &arg, sizeof arg);
}

Test(times, are_taken_of_one_message_in_64_of_either_of_two_that_alternate)
{
    static struct rt_address a;
    static struct rt_address b;
    probe = probe_open(&(struct probe_options){0});
    peer = probe_peer(probe, "peer");
    a = add(pings, &b);
    b = add(pings, &a);
    probe_send_to(probe, peer, a, ORDER("ping"));
    const struct rt_address both[] = {a, b};
    for (int i = 0; i < 2; i++) {
        uint64_t samples = stats_of(both[i]).samples;
        cr_expect_gt(samples, PINGS / 64 / 2, "%llu", (unsigned long long)samples);
        cr_expect_lt(samples, PINGS / 64 * 2, "%llu", (unsigned long long)samples);
    }
    probe_close(&probe);
}

static void *block_of(struct rt_address actor)
{
    return actors_find(probe_system(probe), actor.actor)->times;
}

Test(times, cost_memory_from_the_first_sample_on_and_are_of_one_actor)
{
    static struct rt_address b;
    probe = probe_open(&(struct probe_options){0});
    peer = probe_peer(probe, "peer");
    struct rt_address idle = add(NULL, NULL);
    b = add(pings, &b);
    struct rt_address silent = b;
    cr_expect_null(block_of(idle));
    probe_send_to(probe, peer, b, ORDER("ping"));
    cr_expect_gt(stats_of(b).samples, 50);
    cr_expect_null(block_of(idle));
    probe_send_to(probe, peer, b, ORDER("stop"));
    struct rt_address later = add(NULL, NULL);
    cr_expect_eq((uint32_t)later.actor, (uint32_t)silent.actor); /* the same slot */
    cr_expect_not_null(block_of(later));
    cr_expect_eq(stats_of(later).samples, 0);
    cr_expect_eq(stats_of(later).wait_p99_ns, 0);
    probe_close(&probe);
}

static enum err sends_many(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    const struct rt_address *other = self->arg.arg;
    for (int i = 0; msg && i < 200; i++) {
        rt_tell(ctx, *other, ORDER("later"));
    }
    return ERR_OK;
}

/* What waits in the mailbox of a crashed actor has waited as long as the delay before its next
 * life. */
Test(times, include_the_wait_for_a_next_life)
{
    static struct rt_address b;
    probe = probe_open(&(struct probe_options){0});
    probe_config(probe)->runtime.restart_backoff_min_ms = 3000;
    probe_config(probe)->runtime.restart_jitter = 0;
    peer = probe_peer(probe, "peer");
    b = add(NULL, NULL);
    probe_send_to(probe, peer, b, ORDER("crash"));
    probe_send_to(probe, peer, add(sends_many, &b), ORDER("go"));
    probe_advance(probe, 60000);
    struct actor_stats stats = stats_of(b);
    cr_expect_geq(stats.samples, 1);
    cr_expect_geq(stats.wait_p99_ns, UINT64_C(3000000000), "%llu",
                  (unsigned long long)stats.wait_p99_ns);
    cr_expect_leq(stats.wait_p99_ns, UINT64_C(120000000000));
    probe_close(&probe);
}
