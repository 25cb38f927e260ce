/* test_links.c - links over a transport in memory, with a clock that the test moves.
 *
 * Two processes, "a" and "b"; a dials.  What is on the way between them waits in a queue per
 * direction until the test lets it arrive, or loses it.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/links.h"

enum { FRAMES_MAX = 4096, LOG_SIZE = 16384, ROUTE_A = 7, ROUTE_B = 9, NODES = 8 };

/* One process of the test. */
struct side {
    struct links *links;
    struct side *other;
    uint64_t node;
    uint64_t route; /* by which the other reaches this one, in the other's numbers */
    uint64_t out;   /* this one's number for the route to the other */
    struct account own;
    struct account foreign[NODES];
    uint64_t foreign_node[NODES];
    struct envelope *inbox[FRAMES_MAX]; /* delivered and not ended yet */
    size_t inbox_count;
    struct {
        uint8_t *bytes;
        size_t size;
    } frames[FRAMES_MAX]; /* on their way to the other side */
    size_t frames_count;
    size_t frame_bytes_max;
    uint64_t frames_sent;
    enum err transmit_err;
    uint64_t downs;
    uint64_t down_node;
    uint64_t roles;
    uint64_t role_actor;
    uint64_t failed[32]; /* by reason */
    char log[LOG_SIZE];
};

static struct config config;
static struct side a;
static struct side b;
static uint64_t now;

/* ---- the world of one side ---- */

static enum err on_transmit(void *world, uint64_t route, const void *bytes, size_t size)
{
    struct side *self = world;
    if (self->transmit_err != ERR_OK) {
        return self->transmit_err;
    }
    if (route != self->out) {
        return ERR_GONE;
    }
    cr_assert_lt(self->frames_count, (size_t)FRAMES_MAX);
    uint8_t *copy = malloc(size);
    memcpy(copy, bytes, size);
    self->frames[self->frames_count].bytes = copy;
    self->frames[self->frames_count++].size = size;
    self->frames_sent++;
    self->frame_bytes_max = size > self->frame_bytes_max ? size : self->frame_bytes_max;
    return ERR_OK;
}

static void on_deliver(void *world, struct envelope **envelope)
{
    struct side *self = world;
    cr_assert_lt(self->inbox_count, (size_t)FRAMES_MAX);
    self->inbox[self->inbox_count++] = *envelope;
    *envelope = NULL;
}

static void on_undeliverable(void *world, struct envelope **envelope, enum err reason)
{
    struct side *self = world;
    self->failed[reason]++;
    envelope_end(envelope, reason == ERR_FULL      ? OUTCOME_REJECTED
                           : reason == ERR_EXPIRED ? OUTCOME_EXPIRED
                                                   : OUTCOME_LOST);
}

static struct account *on_account(void *world, uint64_t node)
{
    struct side *self = world;
    if (node == 0) {
        return &self->own;
    }
    for (size_t i = 0; i < NODES; i++) {
        if (self->foreign_node[i] == node || self->foreign_node[i] == 0) {
            self->foreign_node[i] = node;
            return &self->foreign[i];
        }
    }
    return NULL;
}

static void on_role_up(void *world, uint64_t role, struct rt_address actor, const char *name)
{
    struct side *self = world;
    (void)role;
    (void)name;
    self->roles++;
    self->role_actor = actor.actor;
}

static void on_node_down(void *world, uint64_t node)
{
    struct side *self = world;
    self->downs++;
    self->down_node = node;
}

static void on_log(void *world, enum rt_level level, const char *text)
{
    struct side *self = world;
    (void)level;
    size_t used = strlen(self->log);
    (void)snprintf(self->log + used, sizeof self->log - used, "%s\n", text);
}

/* ---- the story's vocabulary ---- */

static void side_open(struct side *self, uint64_t node, const char *name)
{
    struct links_ports ports = {.world = self,
                                .transmit = on_transmit,
                                .deliver = on_deliver,
                                .undeliverable = on_undeliverable,
                                .account = on_account,
                                .role_up = on_role_up,
                                .node_down = on_node_down,
                                .log = on_log};
    self->node = node;
    cr_assert_eq(links_new(&config.runtime, node, name, &ports, &self->links), ERR_OK);
}

static void lose_frames(struct side *from)
{
    for (size_t i = 0; i < from->frames_count; i++) {
        free(from->frames[i].bytes);
    }
    from->frames_count = 0;
}

static void take_all(struct side *self)
{
    for (size_t i = 0; i < self->inbox_count; i++) {
        envelope_end(&self->inbox[i], OUTCOME_HANDLED);
    }
    self->inbox_count = 0;
}

static void setup(void)
{
    config_defaults(&config);
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    now = 1000;
    a.other = &b;
    b.other = &a;
    a.out = ROUTE_A;
    b.out = ROUTE_B;
    side_open(&a, 0xa1, "a");
    side_open(&b, 0xb1, "b");
}

static void teardown(void)
{
    struct side *sides[] = {&a, &b};
    for (size_t i = 0; i < 2; i++) {
        lose_frames(sides[i]);
        take_all(sides[i]);
        links_destroy(&sides[i]->links);
    }
}

TestSuite(links, .init = setup, .fini = teardown);

/* Lets all frames from one side arrive at the other. */
static void arrive(struct side *from)
{
    struct side *to = from->other;
    size_t count = from->frames_count;
    for (size_t i = 0; i < count; i++) {
        links_receive(to->links, to->out, from->frames[i].bytes, from->frames[i].size, now);
        free(from->frames[i].bytes);
    }
    from->frames_count -= count;
    memmove(from->frames, from->frames + count, from->frames_count * sizeof from->frames[0]);
}

/* Both work until nothing is on the way any more. */
static void settle(void)
{
    do {
        (void)links_run(a.links, now);
        (void)links_run(b.links, now);
        arrive(&a);
        arrive(&b);
        (void)links_run(a.links, now);
        (void)links_run(b.links, now);
    } while (a.frames_count > 0 || b.frames_count > 0);
}

/* Time passes in steps smaller than a heartbeat, for both. */
static void pass(uint64_t ms)
{
    uint64_t end = now + ms;
    while (now < end) {
        now = end - now > 100 ? now + 100 : end;
        settle();
    }
}

/* Time passes for one side alone; the other is stopped. */
static void pass_alone(struct side *side, uint64_t ms)
{
    for (uint64_t end = now + ms; now < end; now += 100) {
        (void)links_run(side->links, now);
    }
}

static void link_up(void)
{
    links_connect(a.links, ROUTE_A, now);
    settle();
    struct link_stats stats;
    cr_assert_eq(links_stats(a.links, &stats, 1), 1);
    cr_assert_eq(links_stats(b.links, &stats, 1), 1);
}

static size_t ups(struct side *self)
{
    return links_stats(self->links, NULL, 0);
}

static struct link_stats stats_of(struct side *self)
{
    struct link_stats stats;
    cr_assert_eq(links_stats(self->links, &stats, 1), 1);
    return stats;
}

static struct envelope *letter(struct side *from, const struct msg *msg)
{
    struct envelope *envelope = envelope_new(msg);
    cr_assert(envelope);
    envelope->account = &from->own;
    envelope->from = (struct rt_address){from->node, 1};
    envelope->to = (struct rt_address){from->other->node, 2};
    atomic_fetch_add(&from->own.accepted, 1);
    return envelope;
}

static void post(struct side *from, const struct msg *msg)
{
    struct envelope *envelope = letter(from, msg);
    links_send(from->links, &envelope, now);
    cr_assert_null(envelope);
}

static void post_ask(struct side *from, const struct msg *msg, uint64_t ask, uint64_t deadline_ms)
{
    struct envelope *envelope = letter(from, msg);
    envelope->ask = ask;
    envelope->deadline_ms = deadline_ms;
    links_send(from->links, &envelope, now);
}

static const struct msg *small(void)
{
    static struct msg_submitted msg = {.head = {MSG_SUBMITTED}, .run = {"01JD", 4}};
    return &msg.head;
}

/* A message of about `size` bytes. */
static const struct msg *large(uint32_t size)
{
    static char text[65536];
    static struct msg_submit msg;
    memset(text, 'x', sizeof text);
    msg = (struct msg_submit){.head = {MSG_SUBMIT},
                              .run = {"", 0},
                              .dir = {"", 0},
                              .runner = {"", 0},
                              .command = {"", 0},
                              .env = {text, size}};
    return &msg.head;
}

/* A frame of one message, as somebody else would write it. */
static void inject(struct side *to, uint64_t node, uint64_t seq, uint64_t actor,
                   const struct msg *msg)
{
    struct wire_buffer buffer = {0};
    frame_begin(&buffer, node, seq);
    frame_add(&buffer, &(struct frame_envelope){.from = 5, .to = actor}, msg);
    cr_assert_eq(frame_end(&buffer, 1), ERR_OK);
    links_receive(to->links, to->out, buffer.bytes, buffer.size, now);
    wire_buffer_free(&buffer);
}

/* Of a newer node, which still speaks this version. */
static void inject_hello(struct side *to, uint64_t node, const char *name, uint64_t version)
{
    inject(to, node, 0, 0,
           MSG(hello, .proto_min = version, .proto_max = version + 4, .node = node,
               .name = msg_str(name), .credit_bytes = 1000000));
}

static uint64_t sum(const struct account *account)
{
    uint64_t total = 0;
    for (int i = 0; i < OUTCOMES; i++) {
        total += atomic_load(&account->outcomes[i]);
    }
    return total;
}

static void expect_balance(struct side *self)
{
    struct link_stats stats;
    if (links_stats(self->links, &stats, 1) == 1) {
        cr_expect_eq(stats.accepted, stats.sent + stats.queued + stats.lost);
    }
    cr_expect_eq(atomic_load(&self->own.accepted), sum(&self->own));
    for (size_t i = 0; i < NODES; i++) {
        cr_expect_eq(atomic_load(&self->foreign[i].accepted), sum(&self->foreign[i]));
    }
}

/* ---- beginning ---- */

Test(links, link_after_a_hello_both_ways)
{
    link_up();
    cr_expect_str_eq(stats_of(&a).name, "b");
    cr_expect_str_eq(stats_of(&b).name, "a");
    cr_expect_eq(stats_of(&a).credit_bytes, config.runtime.credit_bytes);
}

Test(links, greet_until_somebody_answers)
{
    links_connect(a.links, ROUTE_A, now);
    lose_frames(&a);
    uint64_t next = links_run(a.links, now);
    cr_expect_eq(next, now + config.runtime.heartbeat_ms);
    cr_expect_eq(a.frames_count, 0);
    now = next;
    (void)links_run(a.links, now);
    cr_expect_eq(a.frames_count, 1);
    settle();
    cr_expect_eq(ups(&a), 1);
}

Test(links, refuse_a_stranger_version_and_say_theirs)
{
    inject_hello(&b, 0xc1, "c", PROTO_VERSION_MAX + 1);
    cr_expect_eq(ups(&b), 0);
    cr_expect_eq(b.frames_count, 1, "so that it can see ours");
    cr_expect(strstr(b.log, "no common version"));
    for (int i = 0; i < 1000; i++) {
        inject_hello(&b, 0xc1, "c", PROTO_VERSION_MAX + 1);
    }
    cr_expect_lt(strlen(b.log), (size_t)200, "one line a second");
}

Test(links, refuse_bad_names_and_itself)
{
    struct links *links;
    struct links_ports none = {0};
    cr_expect_eq(links_new(&config.runtime, 1, "two words", &none, &links), ERR_MALFORMED);
    cr_expect_eq(links_new(&config.runtime, 1, "", &none, &links), ERR_MALFORMED);
    inject_hello(&b, 0xc1, "c\nd", 1);
    inject_hello(&b, 0xb1, "b", 1);
    cr_expect_eq(ups(&b), 0);
    cr_expect_eq(links_strangers(b.links), 2);
}

Test(links, replace_an_older_incarnation_at_once)
{
    link_up();
    post(&b, small());
    inject_hello(&b, 0xa2, "a", 1);
    cr_expect_eq(b.downs, 1);
    cr_expect_eq(b.down_node, 0xa1);
    cr_expect_eq(b.failed[ERR_GONE], 1);
    cr_expect_eq(stats_of(&b).node, 0xa2);
    inject_hello(&b, 0xa1, "a", 1);
    cr_expect_eq(stats_of(&b).node, 0xa2, "the old one never comes back");
    expect_balance(&b);
}

Test(links, resume_when_the_transport_reconnects)
{
    link_up();
    post(&a, small());
    settle();
    links_connect(a.links, ROUTE_A, now);
    post(&a, small());
    settle();
    cr_expect_eq(b.inbox_count, 2);
    cr_expect_eq(a.downs + b.downs, 0);
    cr_expect_eq(stats_of(&b).gaps, 0);
}

Test(links, resume_on_a_new_route_when_the_old_one_is_gone)
{
    link_up();
    a.out = 70;
    b.out = 90;
    links_connect(a.links, 70, now);
    settle();
    post(&b, small());
    post(&a, small());
    settle();
    cr_expect_eq(a.inbox_count, 1);
    cr_expect_eq(b.inbox_count, 1);
    cr_expect_eq(a.downs + b.downs, 0);
}

Test(links, tell_roles_to_present_and_future_peers_once)
{
    links_announce(b.links, TERM_role_EXECUTOR, 42);
    link_up();
    cr_expect_eq(a.roles, 1);
    cr_expect_eq(a.role_actor, 42);
    links_announce(b.links, TERM_role_CLIENT, 43);
    settle();
    cr_expect_eq(a.roles, 2);
    links_connect(a.links, ROUTE_A, now);
    settle();
    cr_expect_eq(a.roles, 2, "said again, taken once");
}

/* ---- messages ---- */

Test(links, carry_a_message_with_its_envelope)
{
    link_up();
    struct envelope *envelope = letter(&a, small());
    envelope->ask = 11;
    envelope->trace = 12;
    envelope->span = 13;
    envelope->deadline_ms = now + 500;
    links_send(a.links, &envelope, now);
    (void)links_run(a.links, now);
    now += 20;
    arrive(&a);
    cr_assert_eq(b.inbox_count, 1);
    const struct envelope *got = b.inbox[0];
    cr_expect(rt_address_equal(got->from, (struct rt_address){0xa1, 1}));
    cr_expect(rt_address_equal(got->to, (struct rt_address){0xb1, 2}));
    cr_expect_eq(got->ask, 11);
    cr_expect_eq(got->trace, 12);
    cr_expect_eq(got->span, 13);
    cr_expect_eq(got->deadline_ms, now + 500, "the clocks of two processes are not compared");
    cr_expect_eq(got->lane, LANE_USER);
    cr_expect(msg_str_is(msg_as_submitted(envelope_msg(got))->run, "01JD"));
}

Test(links, batch_within_the_bounds)
{
    config.runtime.batch_count_max = 10;
    link_up();
    uint64_t before = a.frames_sent;
    for (int i = 0; i < 95; i++) {
        post(&a, small());
    }
    cr_expect_eq(a.frames_sent, before, "nothing leaves before the turn");
    (void)links_run(a.links, now);
    cr_expect_eq(a.frames_sent, before + 10);
    settle();
    cr_expect_eq(b.inbox_count, 95);
    config.runtime.batch_count_max = 256;
    config.runtime.batch_bytes_max = 4096;
    a.frame_bytes_max = 0;
    for (int i = 0; i < 20; i++) {
        post(&a, large(1000));
    }
    settle();
    cr_expect_leq(a.frame_bytes_max, 4096u);
    cr_expect_gt(a.frame_bytes_max, 3000u);
    post(&a, large(16000));
    settle();
    cr_expect_gt(a.frame_bytes_max, 16000u, "a large message travels alone");
    cr_expect_eq(b.inbox_count, 116);
}

Test(links, refuse_a_message_larger_than_a_frame)
{
    link_up();
    config.runtime.frame_bytes_max = 1000;
    config.runtime.batch_bytes_max = 1000;
    post_ask(&a, large(5000), 3, 0);
    post(&a, small());
    settle();
    cr_expect_eq(a.failed[ERR_LIMIT], 1);
    cr_expect_eq(b.inbox_count, 1);
    take_all(&b);
    expect_balance(&a);
}

Test(links, stop_when_credit_is_used_up_and_go_on_when_it_is_given)
{
    link_up();
    config.runtime.credit_bytes = 100000;
    links_destroy(&b.links);
    side_open(&b, 0xb2, "b");
    links_connect(a.links, ROUTE_A, now);
    settle();
    for (int i = 0; i < 30; i++) {
        post(&a, large(10000));
    }
    settle();
    cr_expect_eq(b.inbox_count, 10, "one oversteps");
    cr_expect_eq(stats_of(&a).credit_bytes, 0);
    pass(50);
    cr_expect_eq(b.inbox_count, 10);
    cr_expect_eq(stats_of(&b).outstanding_bytes / 10000, 10);
    cr_expect_leq(links_run(b.links, now), now + 100, "the account is looked at soon");
    take_all(&b);
    pass(200);
    cr_expect_eq(b.inbox_count, 10);
    take_all(&b);
    pass(1000);
    cr_expect_eq(b.inbox_count, 10);
    take_all(&b);
    pass(2000);
    cr_expect_eq(stats_of(&a).queued, 0);
    cr_expect_eq(stats_of(&a).sent, 30);
    expect_balance(&a);
    expect_balance(&b);
}

Test(links, let_system_messages_pass_without_credit)
{
    config.runtime.credit_bytes = 20000;
    link_up();
    for (int i = 0; i < 10; i++) {
        post(&a, large(10000));
    }
    post(&a, MSG(exit, .reason = 1));
    settle();
    cr_expect_eq(b.inbox_count, 3);
    cr_expect_eq(envelope_msg(b.inbox[0])->type, MSG_EXIT, "and before the others");
    cr_expect_eq(b.inbox[0]->lane, LANE_SYSTEM);
}

Test(links, survive_the_loss_of_messages_and_of_credit)
{
    config.runtime.credit_bytes = 100000;
    link_up();
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 8; i++) {
            post(&a, large(10000));
        }
        (void)links_run(a.links, now);
        if (round % 2) {
            lose_frames(&a);
        }
        settle();
        take_all(&b);
        (void)links_run(b.links, now);
        if (round % 3 == 0) {
            lose_frames(&b);
        }
        pass(3000);
        take_all(&b);
        pass(3000);
    }
    cr_expect_eq(stats_of(&a).sent, 160);
    cr_expect_gt(stats_of(&a).credit_bytes, 99900, "what was lost is not held against us");
    cr_expect_gt(stats_of(&b).gaps, 5);
    cr_expect_eq(a.downs + b.downs, 0);
    expect_balance(&b);
}

Test(links, reject_what_oversteps_the_window_by_far)
{
    config.runtime.credit_bytes = 20000;
    config.runtime.frame_bytes_max = 20000;
    inject_hello(&b, 0xc1, "c", 1);
    uint64_t seq = 0;
    for (int i = 0; i < 20; i++) {
        inject(&b, 0xc1, seq, 2, large(10000));
        seq += 10100;
    }
    cr_expect_lt(b.inbox_count, (size_t)8);
    cr_expect_gt(atomic_load(&b.foreign[0].outcomes[OUTCOME_REJECTED]), 10);
    take_all(&b);
    expect_balance(&b);
}

Test(links, refuse_what_finds_the_queue_full)
{
    config.runtime.mailbox_count_max = 5;
    link_up();
    a.transmit_err = ERR_FULL;
    for (int i = 0; i < 7; i++) {
        post(&a, small());
    }
    post(&a, MSG(exit, .reason = 1));
    cr_expect_eq(a.failed[ERR_FULL], 2);
    cr_expect_eq(stats_of(&a).refused, 2);
    (void)links_run(a.links, now);
    cr_expect_eq(stats_of(&a).queued, 6);
    a.transmit_err = ERR_OK;
    pass(200);
    cr_expect_eq(b.inbox_count, 6);
    config.runtime.mailbox_count_max = 1000;
    config.runtime.mailbox_bytes_max = 30000;
    a.transmit_err = ERR_FULL;
    for (int i = 0; i < 5; i++) {
        post(&a, large(10000));
    }
    cr_expect_eq(stats_of(&a).queued, 2);
    cr_expect_eq(a.failed[ERR_FULL], 5);
    a.transmit_err = ERR_OK;
    pass(200);
    take_all(&b);
    expect_balance(&a);
}

Test(links, try_a_full_transport_again_ever_more_slowly)
{
    link_up();
    a.transmit_err = ERR_FULL;
    post(&a, small());
    uint64_t first = links_run(a.links, now);
    cr_expect_eq(first, now + 1);
    for (int i = 0; i < 10; i++) {
        now = links_run(a.links, now);
    }
    cr_expect_eq(links_run(a.links, now), now + 100);
}

Test(links, fail_messages_to_nobody)
{
    post_ask(&a, small(), 3, 0);
    cr_expect_eq(a.failed[ERR_GONE], 1);
    link_up();
    struct envelope *envelope = letter(&a, small());
    envelope->to.actor = 0;
    links_send(a.links, &envelope, now);
    cr_expect_eq(a.failed[ERR_GONE], 2, "0 is the link itself");
    expect_balance(&a);
}

Test(links, do_not_send_what_has_expired)
{
    link_up();
    post_ask(&a, small(), 1, now + 10);
    post_ask(&a, small(), 2, now + 30);
    now += 10;
    settle();
    cr_expect_eq(a.failed[ERR_EXPIRED], 1);
    cr_assert_eq(b.inbox_count, 1);
    cr_expect_eq(b.inbox[0]->ask, 2);
    take_all(&b);
    expect_balance(&a);
}

/* Writes a frame with one message of a type that does not exist. */
static void inject_unknown(struct side *to, uint64_t node, uint64_t seq, uint64_t ask)
{
    struct wire_buffer buffer = {0};
    frame_begin(&buffer, node, seq);
    wire_pack_array(&buffer, 8);
    uint64_t head[] = {0x7777, 5, 2, ask, 0, 0, 0};
    for (size_t i = 0; i < sizeof head / sizeof *head; i++) {
        wire_pack_uint64(&buffer, head[i]);
    }
    wire_pack_array(&buffer, 1);
    wire_pack_uint64(&buffer, 99);
    cr_assert_eq(frame_end(&buffer, 1), ERR_OK);
    links_receive(to->links, to->out, buffer.bytes, buffer.size, now);
    wire_buffer_free(&buffer);
}

Test(links, answer_an_ask_of_a_newer_version)
{
    link_up();
    uint64_t seq = stats_of(&b).frames_in;
    inject_unknown(&b, 0xa1, seq, 77);
    inject_unknown(&b, 0xa1, 1000000, 0);
    cr_expect_eq(b.inbox_count, 0);
    cr_expect_eq(atomic_load(&b.foreign[0].outcomes[OUTCOME_REJECTED]), 2);
    settle();
    cr_assert_eq(a.inbox_count, 1);
    const struct msg_failed *failed = msg_as_failed(envelope_msg(a.inbox[0]));
    cr_expect_eq(failed->type, 0x7777);
    cr_expect_eq(failed->reason, ERR_UNKNOWN);
    cr_expect_eq(a.inbox[0]->ask, 77 | FRAME_ANSWER);
    cr_expect_eq(a.inbox[0]->to.actor, 5);
    take_all(&a);
    expect_balance(&b);
}

Test(links, take_no_local_messages_from_others)
{
    link_up();
    post(&a, MSG(tick, .tag = 1));
    post(&a, MSG(role_up, .role = 1));
    settle();
    cr_expect_eq(b.inbox_count, 0);
    cr_expect_eq(atomic_load(&b.foreign[0].outcomes[OUTCOME_REJECTED]), 2);
    expect_balance(&b);
}

/* ---- losses ---- */

Test(links, count_a_hole_and_deliver_what_follows)
{
    link_up();
    post(&a, small());
    (void)links_run(a.links, now);
    lose_frames(&a);
    post(&a, small());
    settle();
    cr_expect_eq(b.inbox_count, 1);
    cr_expect_eq(stats_of(&b).gaps, 1);
    cr_expect_gt(stats_of(&b).gap_bytes, 10);
    cr_expect_eq(a.downs + b.downs, 0);
}

Test(links, take_no_frame_twice_or_late)
{
    link_up();
    post(&a, small());
    (void)links_run(a.links, now);
    uint8_t copy[1024];
    size_t size = a.frames[0].size;
    memcpy(copy, a.frames[0].bytes, size);
    settle();
    links_receive(b.links, b.out, copy, size, now);
    cr_expect_eq(b.inbox_count, 1);
    cr_expect_eq(stats_of(&b).stale, 1);
}

Test(links, beat_when_there_is_nothing_else)
{
    link_up();
    uint64_t before = a.frames_sent;
    pass(config.runtime.heartbeat_ms * 10 + 50);
    cr_expect_eq(a.frames_sent, before + 10);
    cr_expect_eq(a.downs + b.downs, 0);
}

Test(links, add_up_what_all_of_them_did)
{
    struct links_totals mine;
    struct links_totals theirs;
    link_up();
    links_totals(b.links, &theirs);
    pass_alone(&a, 10000);
    links_totals(a.links, &mine);
    cr_expect_eq(mine.frames_out, a.frames_sent);
    cr_expect(mine.began == 1 && mine.ended == 1 && theirs.began == 1 && theirs.ended == 0);
    cr_expect(mine.bytes_in == theirs.bytes_out && mine.bytes_out > theirs.bytes_in);
}

Test(links, give_up_a_silent_peer)
{
    link_up();
    post(&a, small());
    a.transmit_err = ERR_FULL;
    for (uint64_t end = now + config.runtime.silence_ms_max; now < end; now += 100) {
        (void)links_run(a.links, now);
    }
    cr_expect_eq(a.downs, 0);
    now += 1;
    (void)links_run(a.links, now);
    cr_expect_eq(a.downs, 1);
    cr_expect_eq(a.down_node, 0xb1);
    cr_expect_eq(a.failed[ERR_GONE], 1);
    expect_balance(&a);
}

Test(links, do_not_accuse_others_of_their_own_pause)
{
    link_up();
    (void)links_run(a.links, now);
    (void)links_run(b.links, now);
    now += 60000; /* both were stopped */
    (void)links_run(a.links, now);
    (void)links_run(b.links, now);
    cr_expect_eq(a.downs + b.downs, 0);
    settle();
    pass(10000);
    cr_expect_eq(a.downs + b.downs, 0);
}

/* The other one is stopped until it is given up; then it goes on. */
static void pause_and_return(struct side *side)
{
    link_up();
    pass_alone(side, config.runtime.silence_ms_max * 3);
    cr_expect_eq(side->downs, 1);
    cr_expect_eq(side->other->downs, 0);
    pass(3000);
    cr_expect_eq(side->other->downs, 1, "it learns that it was given up");
    cr_expect_eq(ups(&a), 1);
    cr_expect_eq(ups(&b), 1);
    post(&a, small());
    post(&b, small());
    settle();
    cr_expect_eq(a.inbox_count, 1);
    cr_expect_eq(b.inbox_count, 1);
    cr_expect_eq(stats_of(&a).gaps + stats_of(&b).gaps, 0);
    cr_expect_eq(side->downs, 1);
}

Test(links, link_anew_with_a_paused_dialer)
{
    pause_and_return(&b);
}

Test(links, link_anew_with_a_paused_listener)
{
    pause_and_return(&a);
}

Test(links, link_anew_after_a_partition)
{
    link_up();
    for (int i = 0; i < 80; i++) {
        now += 100;
        (void)links_run(a.links, now);
        (void)links_run(b.links, now);
        lose_frames(&a);
        lose_frames(&b);
    }
    cr_expect_eq(a.downs, 1);
    cr_expect_eq(b.downs, 1);
    pass(5000);
    cr_expect_eq(ups(&a), 1);
    cr_expect_eq(ups(&b), 1);
    cr_expect_eq(a.downs, 1);
    cr_expect_eq(b.downs, 1);
}

Test(links, survive_a_half_partition)
{
    link_up();
    for (int i = 0; i < 80; i++) {
        now += 100;
        (void)links_run(a.links, now);
        (void)links_run(b.links, now);
        arrive(&a);
        lose_frames(&b);
    }
    cr_expect_eq(a.downs, 1);
    pass(5000);
    cr_expect_eq(ups(&a), 1);
    cr_expect_eq(ups(&b), 1);
    post(&a, small());
    settle();
    cr_expect_eq(b.inbox_count, 1);
}

/* ---- the end ---- */

Test(links, drain_before_goodbye)
{
    link_up();
    for (int i = 0; i < 100; i++) {
        post(&a, small());
    }
    links_goodbye(a.links, now);
    cr_expect_not(links_drained(a.links));
    (void)links_run(a.links, now);
    cr_expect_not(links_drained(a.links), "not before the other side says so");
    settle();
    cr_expect(links_drained(a.links));
    cr_expect_eq(b.inbox_count, 100);
    cr_expect_eq(b.downs, 1);
    cr_expect_null(strstr(b.log, "arrived="), "every frame came");
    post(&a, small());
    cr_expect_eq(a.failed[ERR_GONE], 1);
    pass(20000);
    cr_expect_eq(b.downs, 1);
}

Test(links, say_goodbye_again_when_it_is_lost)
{
    link_up();
    links_goodbye(a.links, now);
    (void)links_run(a.links, now);
    lose_frames(&a);
    pass(1500);
    cr_expect(links_drained(a.links));
    cr_expect_eq(b.downs, 1);
}

Test(links, leave_at_the_same_time)
{
    link_up();
    links_goodbye(a.links, now);
    links_goodbye(b.links, now);
    settle();
    cr_expect(links_drained(a.links));
    cr_expect(links_drained(b.links));
}

Test(links, take_a_silent_peer_for_drained)
{
    link_up();
    links_goodbye(a.links, now);
    pass_alone(&a, config.runtime.silence_ms_max + 1000);
    cr_expect(links_drained(a.links));
}

/* ---- strangers ---- */

Test(links, take_nothing_from_a_route_that_has_not_said_hello)
{
    link_up();
    inject(&b, 0xc1, 0, 2, small());
    b.out = 55;
    inject(&b, 0xa1, 1, 2, small());
    cr_expect_eq(b.inbox_count, 0);
    cr_expect_eq(links_strangers(b.links), 2);
    cr_expect(links_knows(b.links, ROUTE_B));
    cr_expect_not(links_knows(b.links, 55));
}

Test(links, survive_random_bytes)
{
    link_up();
    size_t quiet = strlen(b.log);
    uint32_t seed = 42;
    uint8_t bytes[256];
    for (int i = 0; i < 20000; i++) {
        size_t size = (size_t)i % sizeof bytes;
        for (size_t k = 0; k < size; k++) {
            seed = seed * 1664525 + 1013904223;
            bytes[k] = (uint8_t)(seed >> 24);
        }
        links_receive(b.links, b.out, bytes, size, now);
    }
    cr_expect_eq(links_strangers(b.links), 20000);
    cr_expect_lt(strlen(b.log), quiet + 300);
    post(&a, small());
    settle();
    cr_expect_eq(b.inbox_count, 1);
}

Test(links, survive_every_changed_byte_of_a_frame)
{
    link_up();
    uint64_t seq = stats_of(&b).frames_in;
    struct wire_buffer buffer = {0};
    frame_begin(&buffer, 0xa1, seq);
    frame_add(&buffer, &(struct frame_envelope){.from = 1, .to = 2, .ask = 3}, small());
    frame_add(&buffer, &(struct frame_envelope){0}, MSG(announce, .role = 3, .actor = 4));
    frame_add(&buffer, &(struct frame_envelope){0}, MSG(heartbeat, .frames = 3));
    cr_assert_eq(frame_end(&buffer, 3), ERR_OK);
    for (size_t i = 0; i < buffer.size; i++) {
        for (int bit = 0; bit < 8; bit++) {
            buffer.bytes[i] ^= (uint8_t)(1 << bit);
            links_receive(b.links, b.out, buffer.bytes, buffer.size, now);
            links_receive(b.links, b.out, buffer.bytes, i, now);
            buffer.bytes[i] ^= (uint8_t)(1 << bit);
        }
    }
    wire_buffer_free(&buffer);
    take_all(&b);
    expect_balance(&b);
}

Test(links, bound_the_number_of_links)
{
    char name[32];
    for (uint64_t i = 0; i < 3000; i++) {
        (void)snprintf(name, sizeof name, "c%d", (int)i);
        b.foreign_node[0] = 0x10000 + i; /* all in one account */
        b.out = 10000 + i;
        inject_hello(&b, 0x10000 + i, name, 1);
        lose_frames(&b);
    }
    cr_expect_eq(ups(&b), 1024);
    cr_expect_eq(links_strangers(b.links), 3000 - 1024);
    pass_alone(&b, config.runtime.silence_ms_max + 1000);
    cr_expect_eq(ups(&b), 0);
    cr_expect_eq(b.downs, 1024);
}

Test(links, give_a_route_to_one_process_only)
{
    inject_hello(&b, 0xc1, "c", 1);
    inject_hello(&b, 0xc2, "d", 1);
    cr_expect_eq(ups(&b), 1);
    cr_expect_eq(b.downs, 1);
    cr_expect_eq(b.down_node, 0xc1);
}
