/* test_link_versions.c - links with older and newer nodes, with an earlier incarnation's successor,
 * and what a goodbye proves.  The other side is the test, byte by byte.
 *
 * Tried: without the look at `receiver` in link_on_hello, without refuse() of what is not known,
 * and without on_goodbye_ack's count, one of them fails.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "runtime/links.h"

enum { NODE = 0xa1, PEER = 0xb1, ROUTE = 7, UNKNOWN = 0x7777 };

static struct {
    struct links *links;
    struct account own;
    struct account foreign;
    uint64_t delivered;
    uint64_t downs;
    union msg_any said; /* the last HELLO or FAILED, and its envelope */
    struct frame_envelope head;
    uint64_t hellos;
    char log[4096];
} world;

static struct config config;
static uint64_t now;

static enum err on_transmit(void *ignored, uint64_t route, const void *bytes, size_t size)
{
    (void)ignored;
    struct frame_reader reader;
    cr_assert_eq(route, (uint64_t)ROUTE);
    cr_assert_eq(frame_open(bytes, size, &reader), ERR_OK);
    while (reader.left > 0) {
        struct frame_envelope head;
        union msg_any msg;
        cr_assert_eq(frame_next(&reader, &head, &msg), ERR_OK);
        world.hellos += msg.head.type == MSG_HELLO;
        if (msg.head.type == MSG_FAILED || msg.head.type == MSG_HELLO) {
            world.said = msg;
            world.head = head;
        }
    }
    return ERR_OK;
}

static void on_deliver(void *ignored, struct envelope **envelope)
{
    (void)ignored;
    world.delivered++;
    envelope_end(envelope, OUTCOME_HANDLED);
}

static void on_undeliverable(void *ignored, struct envelope **envelope, enum err reason)
{
    (void)ignored;
    (void)reason;
    envelope_end(envelope, OUTCOME_LOST);
}

static struct account *on_account(void *ignored, uint64_t node)
{
    (void)ignored;
    return node == 0 ? &world.own : &world.foreign;
}

static void on_role_up(void *ignored, uint64_t role, struct rt_address actor, const char *name)
{
    (void)ignored;
    (void)role;
    (void)actor;
    (void)name;
}

static void on_node_down(void *ignored, uint64_t node)
{
    (void)ignored;
    (void)node;
    world.downs++;
}

static void on_log(void *ignored, enum rt_level level, const char *text)
{
    (void)ignored;
    (void)level;
    size_t used = strlen(world.log);
    (void)snprintf(world.log + used, sizeof world.log - used, "%s\n", text);
}

static void setup(void)
{
    const struct links_ports ports = {.transmit = on_transmit,
                                      .deliver = on_deliver,
                                      .undeliverable = on_undeliverable,
                                      .account = on_account,
                                      .role_up = on_role_up,
                                      .node_down = on_node_down,
                                      .log = on_log};
    config_defaults(&config);
    memset(&world, 0, sizeof world);
    now = 1000;
    cr_assert_eq(links_new(&config.runtime, NODE, "hub", &ports, &world.links), ERR_OK);
}

static void teardown(void)
{
    links_destroy(&world.links);
}

TestSuite(link_versions, .init = setup, .fini = teardown);

/* A message of the peer with a body that is msgpack already. */
static void receive_raw(uint64_t seq, uint64_t type, uint64_t to, uint64_t ask, const char *body,
                        size_t size)
{
    struct wire_buffer buffer = {0};
    uint64_t head[] = {type, 5, to, ask, 0, 0, 0};
    frame_begin(&buffer, PEER, seq);
    wire_pack_array(&buffer, 8);
    for (size_t i = 0; i < sizeof head / sizeof *head; i++) {
        wire_pack_uint64(&buffer, head[i]);
    }
    wire_append(&buffer, body, size);
    cr_assert_eq(frame_end(&buffer, 1), ERR_OK);
    links_receive(world.links, ROUTE, buffer.bytes, buffer.size, now);
    wire_buffer_free(&buffer);
}

static void receive(uint64_t seq, uint64_t to, const struct msg *msg)
{
    struct wire_buffer buffer = {0};
    frame_begin(&buffer, PEER, seq);
    frame_add(&buffer, &(struct frame_envelope){.from = 5, .to = to}, msg);
    cr_assert_eq(frame_end(&buffer, 1), ERR_OK);
    links_receive(world.links, ROUTE, buffer.bytes, buffer.size, now);
    wire_buffer_free(&buffer);
}

static void greet(uint64_t receiver)
{
    receive(0, 0,
            MSG(hello, .proto_min = PROTO_VERSION_MIN, .proto_max = PROTO_VERSION_MAX + 3,
                .node = PEER, .name = msg_str("peer"), .credit_bytes = 1000000,
                .receiver = receiver));
}

static struct link_stats stats(void)
{
    struct link_stats one;
    cr_assert_eq(links_stats(world.links, &one, 1), 1, "%s", world.log);
    return one;
}

/* Versions 1 to 1, node 0xb1, "peer", credit 100: and nothing of what came later. */
Test(link_versions, an_older_node_says_less)
{
    static const char hello[] = "\x95\x01\x01\xcc\xb1\xa4peer\x64";
    receive_raw(0, MSG_HELLO, 0, 0, hello, sizeof hello - 1);
    cr_expect_eq(stats().version, 1);
    receive(0, 2, MSG(submitted, .run = msg_str("01JD")));
    cr_expect_eq(world.delivered, 1);
}

/* Versions 1 to 9, three fields more than we know, a message to the link that we have not heard of,
 * and one to an actor with a field more. */
Test(link_versions, a_newer_node_says_more)
{
    static const char hello[] = "\x9a\x01\x09\xcc\xb1\xa4peer\x64\xc2\x00\x07\xa3new\xc3";
    receive_raw(0, MSG_HELLO, 0, 0, hello, sizeof hello - 1);
    cr_expect_eq(stats().version, PROTO_VERSION_MAX);
    receive_raw(0, UNKNOWN, 0, 0, "\x91\x05", 2);
    receive_raw(1, MSG_SUBMITTED, 2, 0,
                "\x92\xa4"
                "01JD\x05",
                7);
    cr_expect_eq(world.delivered, 1, "%s", world.log);
    cr_expect_eq(world.downs, 0);
}

Test(link_versions, what_is_not_known_is_refused_with_an_answer_and_the_link_stays)
{
    greet(0);
    receive_raw(0, UNKNOWN, 2, 77, "\x91\x05", 2);
    (void)links_run(world.links, now);
    cr_assert_eq(world.said.head.type, MSG_FAILED);
    cr_expect_eq(world.said.failed.reason, ERR_UNKNOWN);
    cr_expect_eq(world.said.failed.type, UNKNOWN);
    cr_expect_eq(world.head.ask, 77 | FRAME_ANSWER);
    uint64_t seq = stats().frames_in + 1000; /* a hole at most: the link goes on */
    receive(seq, 2, MSG(submitted, .run = msg_str("01JD")));
    cr_expect_eq(world.delivered, 1);
    cr_expect_eq(world.downs, 0);
    cr_expect_eq(atomic_load(&world.foreign.outcomes[OUTCOME_REJECTED]), 1);
}

Test(link_versions, a_hello_for_an_earlier_incarnation_begins_no_link)
{
    greet(NODE + 1);
    cr_expect_eq(links_stats(world.links, NULL, 0), 0);
    receive(0, 2, MSG(submitted, .run = msg_str("01JD")));
    cr_expect_eq(world.delivered, 0, "it was for somebody else");
    cr_assert_eq(world.hellos, 1);
    cr_expect_not(world.said.hello.answer, "it is asked to say HELLO to us");
    greet(NODE);
    receive(0, 2, MSG(submitted, .run = msg_str("01JD")));
    cr_expect_eq(world.delivered, 1);
}

Test(link_versions, a_goodbye_that_is_confirmed_says_what_never_came)
{
    struct links_totals totals;
    greet(0);
    for (int i = 0; i < 3; i++) {
        (void)links_run(world.links, now);
        now += config.runtime.heartbeat_ms;
    }
    links_goodbye(world.links, now);
    (void)links_run(world.links, now);
    cr_expect_not(links_drained(world.links));
    receive(0, 0, MSG(goodbye_ack, .frames = stats().frames_out - 2));
    cr_expect(links_drained(world.links));
    links_totals(world.links, &totals);
    cr_expect_eq(totals.frames_lost, 2);
    cr_expect(strstr(world.log, "never had peer=peer count=2"), "%s", world.log);
}
