/* bench_talk.c - ping-pong, counting, thread-ring: few actors that talk one after the other.
 *
 * Savina benchmarks (Imam and Sarkar, "Savina - An Actor Benchmark Suite", AGERE 2014), with the
 * parameters and the counting of the other runtimes that we are compared with.
 */
#include "tools/bench/bench_stage.h"

enum { COUNTING_BURST = 64 };

static enum err per_second(const struct bench_options *options, const struct rt_behaviour *master,
                           uint64_t operations, struct bench_result *ret_result)
{
    uint64_t ns;
    enum err err = bench_stage(options, &(struct bench_play){master, 2}, &ns);
    if (err == ERR_OK) {
        ret_result->value = (double)operations * 1e9 / (double)ns;
    }
    return err;
}

/* ---- ping-pong: the master pings; a message each way ---- */

struct pinger {
    struct bench_master master;
    struct rt_address ponger;
    uint64_t left;
};

static enum err ponger_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    (void)state;
    return msg->type == MSG_DATA ? bench_send(ctx, rt_sender(ctx), BENCH_PONG, 0) : ERR_UNKNOWN;
}

static const struct rt_behaviour ponger = {
    .name = "ponger", .receive = ponger_receive, .restart = RT_RESTART_NEVER};

static enum err pinger_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct pinger *self = state;
    memcpy(&self->master, arg, sizeof self->master);
    self->left = self->master.options->count;
    enum err err = rt_spawn(ctx, &ponger, NULL, 0, &self->ponger);
    return err == ERR_OK ? bench_send(ctx, self->ponger, BENCH_PING, 0) : err;
}

static enum err pinger_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct pinger *self = state;
    if (msg->type != MSG_DATA) {
        return ERR_UNKNOWN;
    }
    return --self->left == 0 ? bench_done(ctx, &self->master, 0)
                             : bench_send(ctx, self->ponger, BENCH_PING, 0);
}

static const struct rt_behaviour pinger = {.name = "pinger",
                                           .state_size = sizeof(struct pinger),
                                           .start = pinger_start,
                                           .receive = pinger_receive,
                                           .restart = RT_RESTART_NEVER};

enum err bench_ping_pong(const struct bench_options *options, struct bench_result *ret_result)
{
    return per_second(options, &pinger, 2 * options->count, ret_result);
}

/* ---- counting: the master sends, the counter counts ---- */

struct producer {
    struct bench_master master;
    struct rt_address counter;
    uint64_t left;
};

static enum err counter_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    uint64_t *count = state;
    if (msg->type != MSG_DATA) {
        return ERR_UNKNOWN;
    }
    if (msg_as_data(msg)->kind == BENCH_GO) {
        return bench_send(ctx, rt_sender(ctx), BENCH_PONG, *count);
    }
    ++*count;
    return ERR_OK;
}

static const struct rt_behaviour counter = {.name = "counter",
                                            .state_size = sizeof(uint64_t),
                                            .receive = counter_receive,
                                            .restart = RT_RESTART_NEVER};

static enum err produce(struct rt_context *ctx, struct producer *self)
{
    for (int i = 0; i < COUNTING_BURST && self->left > 0; i++) {
        enum err err = bench_send(ctx, self->counter, BENCH_NEXT, 0);
        if (err == ERR_FULL) {
            break;
        }
        if (err != ERR_OK) {
            return err;
        }
        self->left--;
    }
    return self->left > 0 ? bench_send(ctx, rt_self(ctx), BENCH_MORE, 0)
                          : bench_send(ctx, self->counter, BENCH_GO, 0);
}

static enum err producer_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct producer *self = state;
    memcpy(&self->master, arg, sizeof self->master);
    self->left = self->master.options->count;
    enum err err = rt_spawn(ctx, &counter, NULL, 0, &self->counter);
    return err == ERR_OK ? produce(ctx, self) : err;
}

static enum err producer_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct producer *self = state;
    if (msg->type != MSG_DATA) {
        return ERR_UNKNOWN;
    }
    if (msg_as_data(msg)->kind == BENCH_MORE) {
        return produce(ctx, self);
    }
    return msg_as_data(msg)->number == self->master.options->count
               ? bench_done(ctx, &self->master, 0)
               : ERR_CRASHED;
}

static const struct rt_behaviour producer = {.name = "producer",
                                             .state_size = sizeof(struct producer),
                                             .start = producer_start,
                                             .receive = producer_receive,
                                             .restart = RT_RESTART_NEVER};

enum err bench_counting(const struct bench_options *options, struct bench_result *ret_result)
{
    return per_second(options, &producer, options->count, ret_result);
}

/* ---- thread-ring: one token goes round ---- */

struct ringer {
    struct rt_address next;
    struct rt_address master;
};

static enum err ringer_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)ctx;
    memcpy(state, arg, sizeof(struct ringer));
    return ERR_OK;
}

static enum err ringer_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct ringer *self = state;
    if (msg->type != MSG_DATA) {
        return ERR_UNKNOWN;
    }
    const struct msg_data *data = msg_as_data(msg);
    if (data->kind == BENCH_NEXT) {
        self->next = (struct rt_address){data->node, data->actor};
        return ERR_OK;
    }
    return data->number == 0 ? bench_send(ctx, self->master, BENCH_FADED, 0)
                             : bench_send(ctx, self->next, BENCH_GO, data->number - 1);
}

static const struct rt_behaviour ringer = {.name = "ringer",
                                           .state_size = sizeof(struct ringer),
                                           .start = ringer_start,
                                           .receive = ringer_receive,
                                           .restart = RT_RESTART_NEVER};

static enum err ring_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct bench_master *self = state;
    memcpy(self, arg, sizeof *self);
    struct ringer one = {.master = rt_self(ctx)};
    struct rt_address first;
    enum err err = rt_spawn(ctx, &ringer, &one, sizeof one, &first);
    one.next = first;
    for (uint64_t i = 1; err == ERR_OK && i < self->options->actors; i++) {
        struct rt_address address;
        err = rt_spawn(ctx, &ringer, &one, sizeof one, &address);
        one.next = address;
    }
    if (err == ERR_OK) {
        err =
            rt_send(ctx, first,
                    MSG(data, .kind = BENCH_NEXT, .node = one.next.node, .actor = one.next.actor));
    }
    return err == ERR_OK ? bench_send(ctx, first, BENCH_GO, self->options->count) : err;
}

static enum err ring_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    return msg->type == MSG_DATA ? bench_done(ctx, state, 0) : ERR_UNKNOWN;
}

static const struct rt_behaviour ring = {.name = "ring",
                                         .state_size = sizeof(struct bench_master),
                                         .start = ring_start,
                                         .receive = ring_receive,
                                         .restart = RT_RESTART_NEVER};

enum err bench_thread_ring(const struct bench_options *options, struct bench_result *ret_result)
{
    return per_second(options, &ring, options->count, ret_result);
}
