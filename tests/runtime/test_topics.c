/* test_topics.c - what is published comes to whoever has subscribed, and to nobody else.
 *
 * Tried: without topics_forget in end_for_good the tests about ends fail; without the turn of
 * rt_publish_one that about groups.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/core.h"
#include "tests/support/puppet.h"

static struct probe *probe;
static struct rt_address peer;
static struct rt_address speaker;
static size_t took;
static enum err said;

static const struct rt_behaviour puppet = PUPPET();
static const struct rt_behaviour narrow = PUPPET(.mailbox_count_max = 1);

/* "on" and "off" subscribe and unsubscribe. */
static enum err listens(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    (void)self;
    if (is_order(msg, "on")) {
        return rt_subscribe(ctx, "news");
    }
    if (is_order(msg, "off")) {
        rt_unsubscribe(ctx, "news");
    }
    return ERR_OK;
}

/* "all" and "one" publish, "two" publishes twice before anybody runs. */
static enum err speaks(struct rt_context *ctx, struct puppet *self, const struct msg *msg)
{
    (void)self;
    if (is_order(msg, "all")) {
        took = rt_publish(ctx, "news", ORDER("new"));
    } else if (is_order(msg, "one") || is_order(msg, "two")) {
        said = rt_publish_one(ctx, "news", ORDER("new"));
        said = is_order(msg, "two") ? rt_publish_one(ctx, "news", ORDER("newer")) : said;
    }
    return ERR_OK;
}

static struct rt_address add(const struct rt_behaviour *behaviour, const char *name,
                             puppet_script script)
{
    struct puppet_arg arg = {.probe = probe, .name = name, .script = script};
    return probe_spawn(probe, behaviour, &arg, sizeof arg);
}

static void order(struct rt_address to, const char *word)
{
    probe_send_to(probe, peer, to, ORDER(word));
}

static void setup(void)
{
    probe = probe_open(&(struct probe_options){0});
    peer = probe_peer(probe, "peer");
    speaker = add(&puppet, NULL, speaks);
    took = SIZE_MAX;
    said = ERR_EXISTS;
}

static void teardown(void)
{
    probe_close(&probe);
}

TestSuite(topics, .init = setup, .fini = teardown);

/* What the order makes those with names hear. */
static const char *heard(const char *word)
{
    (void)probe_trace(probe);
    order(speaker, word);
    return probe_trace(probe);
}

Test(topics, all_who_have_subscribed_hear_it_in_their_order_once)
{
    struct rt_address a = add(&puppet, "a", listens);
    struct rt_address b = add(&puppet, "b", listens);
    (void)add(&puppet, "c", listens);
    order(b, "on");
    order(a, "on");
    order(b, "on");
    cr_expect_str_eq(heard("all"), "[0] b got SUBMITTED run=new\n[0] a got SUBMITTED run=new\n");
    cr_expect_eq(took, 2);
    order(b, "off");
    order(b, "off");
    cr_expect_str_eq(heard("all"), "[0] a got SUBMITTED run=new\n");
    cr_expect_eq(took, 1);
}

Test(topics, nobody_has_subscribed)
{
    cr_expect_str_eq(heard("all"), "");
    cr_expect_eq(took, 0);
    (void)heard("one");
    cr_expect_eq(said, ERR_GONE);
}

Test(topics, who_has_ended_for_good_is_forgotten_and_so_is_a_topic_of_nobody)
{
    struct rt_address a = add(&puppet, "a", listens);
    order(a, "on");
    order(a, "stop");
    cr_expect_str_eq(heard("all"), "");
    cr_expect_eq(took, 0);
    cr_expect_eq(probe_system(probe)->topics.count, 0);
    cr_expect_null(probe_system(probe)->topics.first);
}

Test(topics, a_subscription_outlives_a_crash)
{
    struct rt_address a = add(&puppet, "a", listens);
    order(a, "on");
    order(a, "crash");
    cr_expect_eq(probe_system(probe)->topics.count, 1);
    (void)heard("all");
    cr_expect_eq(took, 1); /* it waits in its mailbox for the next life */
    probe_advance(probe, 60000);
    cr_expect(strstr(probe_trace(probe), "a got SUBMITTED run=new\n"));
}

Test(topics, one_of_a_group_hears_it_in_turn)
{
    struct rt_address a = add(&puppet, "a", listens);
    struct rt_address b = add(&puppet, "b", listens);
    order(a, "on");
    order(b, "on");
    cr_expect_str_eq(heard("one"), "[0] a got SUBMITTED run=new\n");
    cr_expect_str_eq(heard("one"), "[0] b got SUBMITTED run=new\n");
    cr_expect_str_eq(heard("one"), "[0] a got SUBMITTED run=new\n");
    cr_expect_eq(said, ERR_OK);
}

Test(topics, who_has_no_room_is_passed_over)
{
    struct rt_address a = add(&narrow, "a", listens);
    order(a, "on");
    cr_expect_str_eq(heard("two"), "[0] a got SUBMITTED run=new\n");
    cr_expect_eq(said, ERR_FULL);
    struct rt_address b = add(&narrow, "b", listens);
    order(b, "on");
    (void)heard("two");
    cr_expect_eq(said, ERR_OK);
}

/* ---- bounds ---- */

static char name_at[RT_TOPICS_MAX + 1][8];

static enum err subscribes_to_many(struct rt_context *ctx, struct puppet *self,
                                   const struct msg *msg)
{
    (void)self;
    if (!is_order(msg, "many")) {
        return ERR_OK;
    }
    char longest[RT_TOPIC_NAME_MAX + 2];
    memset(longest, 'x', sizeof longest);
    longest[RT_TOPIC_NAME_MAX + 1] = '\0';
    cr_expect_eq(rt_subscribe(ctx, longest), ERR_LIMIT);
    cr_expect_eq(rt_subscribe(ctx, ""), ERR_LIMIT);
    for (size_t i = 0; i < RT_TOPICS_MAX; i++) {
        (void)snprintf(name_at[i], sizeof name_at[i], "%zu", i);
        cr_assert_eq(rt_subscribe(ctx, name_at[i]), ERR_OK);
    }
    cr_expect_eq(rt_subscribe(ctx, "one more"), ERR_FULL);
    rt_unsubscribe(ctx, "7");
    cr_expect_eq(rt_subscribe(ctx, "one more"), ERR_OK);
    return ERR_OK;
}

Test(topics, are_only_so_many)
{
    struct rt_address a = add(&puppet, NULL, subscribes_to_many);
    order(a, "many");
    cr_expect_eq(probe_system(probe)->topics.count, RT_TOPICS_MAX);
    order(a, "stop");
    cr_expect_eq(probe_system(probe)->topics.count, 0);
}

Test(topics, have_only_so_many_subscribers)
{
    struct rt_context ctx = {.system = probe_system(probe)};
    struct actor some = {.id = 0};
    ctx.actor = &some;
    for (uint64_t i = 0; i < RT_TOPIC_SUBSCRIBERS_MAX; i++) {
        some.id = UINT64_C(5) << 32 | i;
        cr_assert_eq(rt_subscribe(&ctx, "news"), ERR_OK);
    }
    some.id = UINT64_C(6) << 32;
    cr_expect_eq(rt_subscribe(&ctx, "news"), ERR_FULL);
    order(speaker, "all");
    cr_expect_eq(took, 0);
}
