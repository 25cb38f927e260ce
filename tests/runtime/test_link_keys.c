/* test_link_keys.c - what a key lets a peer be called and play, and what comes of it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "runtime/link_routes.h"
#include "runtime/links.h"

enum { NODE = 0xa1, PEER = 0xb1, ROUTE = 7, OTHER = 8 };

static struct {
    struct links *links;
    struct account own;
    struct account foreign;
    uint64_t route;   /* that may */
    const char *name; /* be called so */
    uint64_t roles;   /* and play these */
    uint64_t roles_up;
    uint64_t downs;
    uint64_t goodbyes;
    char log[4096];
} world;

static struct config config;
static uint64_t now;

static enum err on_transmit(void *ignored, uint64_t route, const void *bytes, size_t size)
{
    (void)ignored;
    (void)route;
    struct frame_reader reader;
    struct frame_envelope head;
    union msg_any msg;
    cr_assert_eq(frame_open(bytes, size, &reader), ERR_OK);
    cr_assert_eq(frame_next(&reader, &head, &msg), ERR_OK);
    world.goodbyes += msg.head.type == MSG_GOODBYE;
    return ERR_OK;
}

static void on_deliver(void *ignored, struct envelope **envelope)
{
    (void)ignored;
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
    (void)actor;
    (void)name;
    world.roles_up |= UINT64_C(1) << role;
}

static void on_node_down(void *ignored, uint64_t node)
{
    (void)ignored;
    cr_expect_eq(node, (uint64_t)PEER);
    world.downs++;
}

static bool on_may(void *ignored, uint64_t route, struct msg_str name, uint64_t role)
{
    (void)ignored;
    return route == world.route && msg_str_is(name, world.name) &&
           (role == 0 || (world.roles >> role & 1) != 0);
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
    const struct links_ports ports = {.world = &world,
                                      .transmit = on_transmit,
                                      .deliver = on_deliver,
                                      .undeliverable = on_undeliverable,
                                      .account = on_account,
                                      .role_up = on_role_up,
                                      .node_down = on_node_down,
                                      .may = on_may,
                                      .log = on_log};
    config_defaults(&config);
    memset(&world, 0, sizeof world);
    world.route = ROUTE;
    world.name = "worker";
    world.roles = UINT64_C(1) << TERM_role_EXECUTOR;
    now = 1000;
    cr_assert_eq(links_new(&config.runtime, NODE, "hub", &ports, &world.links), ERR_OK);
}

static void teardown(void)
{
    links_destroy(&world.links);
}

TestSuite(link_keys, .init = setup, .fini = teardown);

static void receive(uint64_t route, uint64_t seq, const struct msg *msg)
{
    struct wire_buffer buffer = {0};
    frame_begin(&buffer, PEER, seq);
    frame_add(&buffer, &(struct frame_envelope){0}, msg);
    cr_assert_eq(frame_end(&buffer, 1), ERR_OK);
    links_receive(world.links, route, buffer.bytes, buffer.size, now);
    wire_buffer_free(&buffer);
}

static void greet(uint64_t route, const char *name)
{
    now += 2000; /* past what mutes the log */
    receive(route, 0,
            MSG(hello, .proto_min = PROTO_VERSION_MIN, .proto_max = PROTO_VERSION_MAX, .node = PEER,
                .name = msg_str(name), .credit_bytes = 1000000));
}

static void announce(uint64_t seq, uint64_t role)
{
    receive(ROUTE, seq, MSG(announce, .role = role, .actor = 5));
}

static size_t ups(void)
{
    return links_stats(world.links, NULL, 0);
}

Test(link_keys, a_peer_has_the_name_of_its_key)
{
    greet(ROUTE, "boss");
    cr_expect_eq(ups(), 0);
    cr_expect(strstr(world.log, "key does not allow the name"), "%s", world.log);
    greet(OTHER, "worker");
    cr_expect_eq(ups(), 0);
    greet(ROUTE, "worker");
    cr_expect_eq(ups(), 1);
}

Test(link_keys, a_role_that_is_not_its_own_bars_the_peer)
{
    greet(ROUTE, "worker");
    announce(0, TERM_role_EXECUTOR);
    cr_expect_eq(world.roles_up, UINT64_C(1) << TERM_role_EXECUTOR);
    announce(1, TERM_role_COORDINATOR);
    cr_expect_eq(world.roles_up, UINT64_C(1) << TERM_role_EXECUTOR);
    cr_expect_eq(ups(), 0);
    cr_expect_eq(world.downs, 1);
    cr_expect_eq(world.goodbyes, 1);
    greet(ROUTE, "worker");
    cr_expect_eq(ups(), 0);
    cr_expect(strstr(world.log, "a role that it took"), "%s", world.log);
    /* Its key allows more now, and it has heard of the end. */
    world.roles |= UINT64_C(1) << TERM_role_COORDINATOR;
    links_review(world.links, now);
    receive(ROUTE, 2, MSG(goodbye_ack, .frames = 0));
    greet(ROUTE, "worker");
    cr_expect_eq(ups(), 1);
}

Test(link_keys, a_review_ends_links_of_revoked_keys)
{
    greet(ROUTE, "worker");
    links_review(world.links, now);
    cr_expect_eq(ups(), 1);
    world.name = "nobody";
    links_review(world.links, now);
    cr_expect_eq(ups(), 0);
    cr_expect_eq(world.downs, 1);
    cr_expect_eq(world.goodbyes, 1);
    cr_expect(strstr(world.log, "no longer allowed"), "%s", world.log);
    links_review(world.links, now);
    cr_expect_eq(world.downs, 1);
}

Test(link_keys, a_review_takes_back_roles)
{
    greet(ROUTE, "worker");
    announce(0, TERM_role_EXECUTOR);
    world.roles = 0;
    links_review(world.links, now);
    cr_expect_eq(ups(), 0);
    cr_expect_eq(world.downs, 1);
}

Test(link_keys, a_link_with_one_good_way_left_stays)
{
    greet(ROUTE, "worker");
    world.route = OTHER;
    greet(OTHER, "worker");
    links_review(world.links, now);
    cr_expect_eq(ups(), 1);
    cr_expect(links_knows(world.links, OTHER));
    cr_expect_not(links_knows(world.links, ROUTE));
}

Test(link_keys, an_id_by_another_key_is_another_route)
{
    struct routes *routes = routes_new(1);
    cr_assert_not_null(routes);
    struct route_id id = {.at = (const uint8_t *)"id", .size = 2, .key = "first"};
    uint64_t first = routes_number(routes, &id, world.links);
    cr_expect_eq(routes_number(routes, &id, world.links), first);
    cr_expect_str_eq(routes_key(routes, first), "first");
    id.key = "second";
    uint64_t second = routes_number(routes, &id, world.links);
    cr_expect_neq(second, first);
    cr_expect_str_eq(routes_key(routes, second), "second");
    cr_expect_null(routes_key(routes, first));
    size_t size;
    cr_expect_null(routes_id(routes, first, &size));
    routes_destroy(&routes);
}
