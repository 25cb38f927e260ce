/* fuzz_frame.c - hostile bytes as frames: the reader alone, and links before and after a HELLO.
 *
 * Every accepted message must survive being written and read again, and every message that links
 * took in must have ended by the time they are gone.
 */
#include "runtime/links.h"
#include "tests/fuzz/must.h"

enum { NODE = 0x11, PEER = 0x22, ROUTE = 3 };

struct world {
    struct account own;
    struct account foreign;
};

static enum err on_transmit(void *world, uint64_t route, const void *bytes, size_t size)
{
    (void)world;
    struct frame_reader reader;
    MUST(route == ROUTE);
    MUST(frame_open(bytes, size, &reader) == ERR_OK);
    return ERR_OK;
}

static void on_deliver(void *world, struct envelope **envelope)
{
    (void)world;
    envelope_end(envelope, OUTCOME_HANDLED);
}

static void on_undeliverable(void *world, struct envelope **envelope, enum err reason)
{
    (void)world;
    (void)reason;
    envelope_end(envelope, OUTCOME_LOST);
}

static struct account *on_account(void *world, uint64_t node)
{
    struct world *self = world;
    return node == 0 ? &self->own : &self->foreign;
}

static void on_role_up(void *world, uint64_t role, struct rt_address actor, const char *name)
{
    (void)world;
    MUST(role > 0 && actor.actor > 0 && name[0] != '\0');
}

static void on_node_down(void *world, uint64_t node)
{
    (void)world;
    MUST(node != 0);
}

static void on_log(void *world, enum rt_level level, const char *text)
{
    (void)world;
    (void)level;
    for (; *text; text++) {
        MUST((unsigned char)*text >= ' ' && (unsigned char)*text < 0x7f);
    }
}

/* A sound message reads back as itself. */
static void round_trip(const struct frame_envelope *envelope, const struct msg *msg)
{
    struct wire_buffer buffer = {0};
    frame_begin(&buffer, PEER, 1);
    frame_add(&buffer, envelope, msg);
    MUST(frame_end(&buffer, 1) == ERR_OK);
    struct frame_reader reader;
    struct frame_envelope again;
    union msg_any copy;
    MUST(frame_open(buffer.bytes, buffer.size, &reader) == ERR_OK);
    MUST(frame_next(&reader, &again, &copy) == ERR_OK);
    MUST(copy.head.type == msg->type);
    MUST(again.ask == envelope->ask && again.to == envelope->to);
    wire_buffer_free(&buffer);
}

static void read_all(const uint8_t *data, size_t size)
{
    struct frame_reader reader;
    if (frame_open(data, size, &reader) != ERR_OK) {
        return;
    }
    while (reader.left > 0) {
        struct frame_envelope envelope;
        union msg_any msg;
        enum err err = frame_next(&reader, &envelope, &msg);
        if (err == ERR_MALFORMED) {
            return;
        }
        if (err == ERR_OK) {
            round_trip(&envelope, &msg.head);
        }
    }
}

static void greet(struct links *links)
{
    struct wire_buffer buffer = {0};
    frame_begin(&buffer, PEER, 0);
    frame_add(&buffer, &(struct frame_envelope){0},
              MSG(hello, .proto_min = PROTO_VERSION_MIN, .proto_max = PROTO_VERSION_MAX,
                  .node = PEER, .name = msg_str("peer"), .credit_bytes = 100000));
    MUST(frame_end(&buffer, 1) == ERR_OK);
    links_receive(links, ROUTE, buffer.bytes, buffer.size, 1);
    wire_buffer_free(&buffer);
}

/* The same message behind the head of a frame that the peer could have sent. */
static void receive_as_peer(struct links *links, const uint8_t *data, size_t size)
{
    struct wire_buffer buffer = {0};
    frame_begin(&buffer, PEER, 0);
    wire_append(&buffer, data, size);
    MUST(frame_end(&buffer, 1) == ERR_OK);
    links_receive(links, ROUTE, buffer.bytes, buffer.size, 2);
    wire_buffer_free(&buffer);
}

static uint64_t ended(const struct account *account)
{
    uint64_t sum = 0;
    for (int i = 0; i < OUTCOMES; i++) {
        sum += account->outcomes[i];
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_all(data, size);
    struct cfg_runtime config = {.mailbox_count_max = 100,
                                 .mailbox_bytes_max = 100000,
                                 .heartbeat_ms = 50,
                                 .silence_ms_max = 100,
                                 .credit_bytes = 10000,
                                 .frame_bytes_max = 65536,
                                 .batch_bytes_max = 1024,
                                 .batch_count_max = 16};
    struct world world = {0};
    struct links_ports ports = {.world = &world,
                                .transmit = on_transmit,
                                .deliver = on_deliver,
                                .undeliverable = on_undeliverable,
                                .account = on_account,
                                .role_up = on_role_up,
                                .node_down = on_node_down,
                                .log = on_log};
    struct links *links = NULL;
    MUST(links_new(&config, NODE, "fuzzed", &ports, &links) == ERR_OK);
    links_receive(links, ROUTE, data, size, 1);
    greet(links);
    receive_as_peer(links, data, size);
    links_receive(links, ROUTE, data, size, 3);
    (void)links_run(links, 60);
    (void)links_run(links, 300);
    links_destroy(&links);
    MUST(ended(&world.own) == world.own.accepted);
    MUST(ended(&world.foreign) == world.foreign.accepted);
    return 0;
}
