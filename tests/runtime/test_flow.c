/* test_flow.c - what a sender learns of a slow node, and how work reaches other threads. */
#include <criterion/criterion.h>
#include <time.h>

#include "runtime/core.h"

enum { NODE = 7, FAR_NODE = 8, ROOM = 8, SENDS = 20, CHILDREN = 50 };

static struct config config;
static struct rt_system *system_under_test;
static struct envelope *way[SENDS + 1]; /* handed over to the network */
static size_t on_the_way;
static enum err answers[SENDS];
static atomic_uint done;
static atomic_uint by_thread[2];  /* what each of two threads has done */
static atomic_ulong first_thread; /* 0: none yet */

static void net_send(void *world, struct envelope **envelope)
{
    (void)world;
    cr_assert_lt(on_the_way, (size_t)SENDS + 1);
    way[on_the_way++] = *envelope;
    *envelope = NULL;
}

static uint64_t now_ms(void *world)
{
    struct timespec at;
    (void)world;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000 + (uint64_t)at.tv_nsec / 1000000;
}

static void no_timer(void *world)
{
    (void)world;
}

static void no_log(void *world, enum rt_level level, const char *actor, const char *text)
{
    (void)world;
    (void)level;
    (void)actor;
    (void)text;
}

static bool parcels; /* the links take them */

static void open_system(uint64_t workers)
{
    config_defaults(&config);
    config.runtime.mailbox_count_max = (uint64_t)2 * ROOM;
    config.runtime.workers = workers;
    const struct system_options options = {.config = &config,
                                           .name = "flow",
                                           .node = NODE,
                                           .seed = 1,
                                           .ports = {.net_send = net_send,
                                                     .net_parcels = parcels,
                                                     .now_ms = now_ms,
                                                     .timer_set = no_timer,
                                                     .log = no_log}};
    cr_assert_eq(system_new(&options, &system_under_test), ERR_OK);
}

static void close_system(void)
{
    system_destroy(&system_under_test);
}

TestSuite(flow, .fini = close_system);

/* Sends more to another node than may be on its way there. */
static enum err sender_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    (void)state;
    if (msg->type != MSG_DATA) {
        return ERR_UNKNOWN;
    }
    for (size_t i = 0; i < SENDS; i++) {
        answers[i] = rt_send(ctx, (struct rt_address){FAR_NODE, 1}, MSG(data, .number = i));
    }
    return ERR_OK;
}

static const struct rt_behaviour sender = {.name = "sender", .receive = sender_receive};

static void send_all(struct rt_address to)
{
    cr_assert_eq(system_tell(system_under_test, to, MSG(data, .kind = 0)), ERR_OK);
    (void)system_run_ready(system_under_test);
}

Test(flow, a_sender_is_told_when_too_much_is_on_its_way_to_a_node_and_nothing_is_dropped)
{
    struct rt_address address;
    open_system(1);
    cr_assert_eq(system_spawn(system_under_test, &sender, NULL, 0, &address), ERR_OK);
    send_all(address);
    for (size_t i = 0; i < SENDS; i++) {
        cr_expect_eq(answers[i], i < ROOM ? ERR_OK : ERR_FULL, "message %zu", i);
    }
    cr_expect_eq(on_the_way, (size_t)ROOM);
    /* The transport takes three; there is room for three. */
    for (size_t i = 0; i < 3; i++) {
        envelope_end(&way[i], OUTCOME_HANDLED);
    }
    send_all(address);
    for (size_t i = 0; i < SENDS; i++) {
        cr_expect_eq(answers[i], i < 3 ? ERR_OK : ERR_FULL, "message %zu", i);
    }
    const struct account *own = system_account(system_under_test, 0);
    cr_expect_eq(own->outcomes[OUTCOME_DROPPED], 0);
    cr_expect_eq(own->outcomes[OUTCOME_LOST], 0);
    for (size_t i = 3; i < on_the_way; i++) {
        envelope_end(&way[i], OUTCOME_HANDLED);
    }
}

/* ---- parcels ---- */

/* Two plain messages, an ask, one more plain message, and one to the link itself. */
static enum err mixed_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    uint64_t ask;
    (void)state;
    if (msg->type != MSG_DATA) {
        return ERR_UNKNOWN;
    }
    const struct rt_address far = {FAR_NODE, 1};
    rt_tell(ctx, far, MSG(data, .number = 1));
    rt_tell(ctx, far, MSG(data, .number = 2));
    enum err err = rt_ask(ctx, far, MSG(data, .number = 3), 1000, &ask);
    rt_tell(ctx, far, MSG(data, .number = 4));
    rt_tell(ctx, (struct rt_address){FAR_NODE, 0}, MSG(data, .number = 5));
    return err;
}

static const struct rt_behaviour mixed = {.name = "mixed", .receive = mixed_receive};

/* The numbers in what was handed over, parcel or not, are `first` and those after it. */
static void expect_numbers(const struct envelope *envelope, uint64_t first)
{
    struct wire_cursor cursor = {.at = envelope->body,
                                 .end = envelope->body + envelope->size - sizeof *envelope};
    struct frame_reader reader = {.cursor = cursor, .left = envelope->parcel};
    if (envelope->parcel == 0) {
        cr_expect_eq(msg_as_data(envelope_msg(envelope))->number, first);
    }
    for (uint64_t i = 0; i < envelope->parcel; i++) {
        struct frame_envelope head;
        union msg_any msg;
        cr_assert_eq(frame_next(&reader, &head, &msg), ERR_OK);
        cr_expect_eq(head.to, 1);
        cr_expect_eq(head.ask, 0);
        cr_expect_eq(msg.data.number, first + i);
    }
}

Test(flow, plain_messages_of_one_handler_go_together_and_nothing_overtakes)
{
    struct rt_address address;
    parcels = true;
    open_system(1);
    cr_assert_eq(system_spawn(system_under_test, &mixed, NULL, 0, &address), ERR_OK);
    send_all(address);
    static const uint16_t wanted[] = {2, 0, 1, 0};
    uint64_t number = 1;
    cr_assert_eq(on_the_way, sizeof wanted / sizeof wanted[0]);
    for (size_t i = 0; i < on_the_way; i++) {
        cr_expect_eq(way[i]->parcel, wanted[i], "envelope %zu", i);
        expect_numbers(way[i], number);
        number += envelope_messages(way[i]);
    }
    /* The link is lost with all of them: each is counted. */
    const struct account *own = system_account(system_under_test, 0);
    for (size_t i = 0; i < on_the_way; i++) {
        system_undeliverable(system_under_test, &way[i], ERR_GONE);
    }
    cr_expect_eq(own->outcomes[OUTCOME_LOST], 5);
}

Test(flow, a_parcel_counts_as_many_messages_as_it_holds)
{
    struct rt_address address;
    parcels = true;
    open_system(1);
    cr_assert_eq(system_spawn(system_under_test, &sender, NULL, 0, &address), ERR_OK);
    send_all(address);
    for (size_t i = 0; i < SENDS; i++) {
        cr_expect_eq(answers[i], i < ROOM ? ERR_OK : ERR_FULL, "message %zu", i);
    }
    cr_assert_eq(on_the_way, 1);
    cr_expect_eq(way[0]->parcel, ROOM);
    send_all(address);
    cr_expect_eq(on_the_way, 1, "it is still on its way");
    envelope_end_all(way[0], OUTCOME_HANDLED);
    send_all(address);
    cr_assert_eq(on_the_way, 2, "there is room again");
    const struct account *own = system_account(system_under_test, 0);
    cr_expect_eq(own->outcomes[OUTCOME_REJECTED], SENDS - ROOM + SENDS + SENDS - ROOM);
    cr_expect_geq(own->outcomes[OUTCOME_HANDLED], (uint64_t)ROOM);
    envelope_end(&way[1], OUTCOME_HANDLED);
}

/* ---- two workers ---- */

static enum err deaf(struct rt_context *ctx, void *state, const struct msg *msg)
{
    (void)ctx;
    (void)state;
    (void)msg;
    return ERR_UNKNOWN;
}

static enum err busy_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)ctx;
    (void)state;
    (void)arg;
    uint64_t until_ms = now_ms(NULL) + 20;
    while (now_ms(NULL) < until_ms) {
    }
    unsigned long none = 0;
    unsigned long self = (unsigned long)pthread_self();
    bool first = atomic_compare_exchange_strong(&first_thread, &none, self) || none == self;
    atomic_fetch_add(&by_thread[first ? 0 : 1], 1);
    atomic_fetch_add(&done, 1);
    return ERR_OK;
}

static const struct rt_behaviour busy = {.name = "busy", .start = busy_start, .receive = deaf};

static enum err boss_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    for (int i = 0; i < CHILDREN; i++) {
        struct rt_address child;
        enum err err = rt_spawn(ctx, &busy, NULL, 0, &child);
        if (err != ERR_OK) {
            return err;
        }
    }
    return ERR_OK;
}

static const struct rt_behaviour boss = {.name = "boss", .start = boss_start, .receive = deaf};

Test(flow, what_one_worker_cannot_get_done_soon_another_one_takes)
{
    struct rt_address address;
    open_system(2);
    cr_assert_eq(system_spawn(system_under_test, &boss, NULL, 0, &address), ERR_OK);
    cr_assert_eq(system_start(system_under_test), ERR_OK);
    const struct timespec pause = {.tv_nsec = 1000 * 1000};
    for (int i = 0; i < 20000 && atomic_load(&done) < CHILDREN; i++) {
        (void)nanosleep(&pause, NULL);
    }
    cr_expect_eq(atomic_load(&done), (unsigned)CHILDREN);
    cr_expect_eq(system_stop(system_under_test, 10000), ERR_OK);
    cr_expect_gt(atomic_load(&by_thread[0]), 5u);
    cr_expect_gt(atomic_load(&by_thread[1]), 5u);
}
