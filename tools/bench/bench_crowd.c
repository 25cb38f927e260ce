/* bench_crowd.c - fork-join, big, chameneos, bank, and what an idle actor weighs.
 *
 * Savina benchmarks, see bench_talk.c.  A handler that has much to send does so in portions, with
 * a MORE to itself between them, as handlers are to be: short.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/bench/bench_stage.h"

enum { ROUNDS_AT_ONCE = 32, SPAWNS_AT_ONCE = 256, CREDITS_AT_ONCE = 256, CREDIT_AMOUNT = 10 };

/* The state of all masters here. */
struct master {
    struct bench_master bench;
    struct rt_address *crowd; /* shared with the actors, who outlive it: children end first */
    uint64_t left;            /* to be sent or started */
    uint64_t awaited;         /* answers */
    uint64_t colour;          /* of the creature in the mall, crowd[actors] */
};

/* The argument of all actors here. */
struct member {
    struct rt_address master;
    const struct master *shared;
    uint64_t index;
};

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

static enum err member_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)ctx;
    memcpy(state, arg, sizeof(struct member));
    return ERR_OK;
}

static void master_stop(void *state)
{
    free(((struct master *)state)->crowd);
}

static enum err begin(struct rt_context *ctx, struct master *self, const void *arg,
                      const struct rt_behaviour *behaviour)
{
    memcpy(&self->bench, arg, sizeof self->bench);
    const struct bench_options *options = self->bench.options;
    self->left = options->count;
    self->awaited = options->actors;
    self->crowd = calloc(options->actors + 1, sizeof *self->crowd);
    enum err err = self->crowd ? ERR_OK : ERR_MEMORY;
    for (uint64_t i = 0; err == ERR_OK && behaviour && i < options->actors; i++) {
        struct member member = {rt_self(ctx), self, i};
        err = rt_spawn(ctx, behaviour, &member, sizeof member, &self->crowd[i]);
    }
    return err;
}

static enum err more(struct rt_context *ctx)
{
    return bench_send(ctx, rt_self(ctx), BENCH_MORE, 0);
}

/* One answer less to wait for. */
static enum err one_done(struct rt_context *ctx, struct master *self)
{
    return --self->awaited == 0 ? bench_done(ctx, &self->bench, 0) : ERR_OK;
}

/* ---- fork-join-throughput: `count` messages to each of `actors` ---- */

struct sink {
    struct member member;
    uint64_t left;
};

static enum err sink_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct sink *self = state;
    self->left = ((const struct member *)arg)->shared->bench.options->count;
    return member_start(ctx, &self->member, arg);
}

static enum err sink_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct sink *self = state;
    if (msg->type != MSG_DATA) {
        return ERR_UNKNOWN;
    }
    bench_work(self->member.shared->bench.options->work_ns);
    return --self->left == 0 ? bench_send(ctx, self->member.master, BENCH_FADED, 0) : ERR_OK;
}

static const struct rt_behaviour sink = {.name = "sink",
                                         .state_size = sizeof(struct sink),
                                         .start = sink_start,
                                         .receive = sink_receive,
                                         .restart = RT_RESTART_NEVER};

static enum err throw_start(struct rt_context *ctx, void *state, const void *arg)
{
    enum err err = begin(ctx, state, arg, &sink);
    return err == ERR_OK ? more(ctx) : err;
}

static enum err throw_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct master *self = state;
    if (msg->type != MSG_DATA) {
        return ERR_UNKNOWN;
    }
    if (msg_as_data(msg)->kind != BENCH_MORE) {
        return one_done(ctx, self);
    }
    for (int round = 0; round < ROUNDS_AT_ONCE && self->left > 0; round++, self->left--) {
        for (uint64_t i = 0; i < self->bench.options->actors; i++) {
            enum err err = bench_send(ctx, self->crowd[i], BENCH_GO, 0);
            if (err != ERR_OK) {
                return err;
            }
        }
    }
    return self->left > 0 ? more(ctx) : ERR_OK;
}

static const struct rt_behaviour throw_master = {.name = "throw",
                                                 .state_size = sizeof(struct master),
                                                 .start = throw_start,
                                                 .receive = throw_receive,
                                                 .stop = master_stop,
                                                 .restart = RT_RESTART_NEVER};

enum err bench_fork_join_throughput(const struct bench_options *options,
                                    struct bench_result *ret_result)
{
    return per_second(options, &throw_master, options->count * options->actors, ret_result);
}

/* ---- fork-join-create: each actor gets one message, answers and ends ---- */

static enum err mayfly_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    (void)state;
    if (msg->type != MSG_DATA) {
        return ERR_UNKNOWN;
    }
    rt_stop(ctx);
    return bench_send(ctx, rt_sender(ctx), BENCH_FADED, 0);
}

static const struct rt_behaviour mayfly = {
    .name = "mayfly", .receive = mayfly_receive, .restart = RT_RESTART_NEVER};

static enum err create_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct master *self = state;
    enum err err = begin(ctx, self, arg, NULL);
    self->awaited = self->left;
    return err == ERR_OK ? more(ctx) : err;
}

static enum err create_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct master *self = state;
    if (msg->type != MSG_DATA) {
        return ERR_UNKNOWN;
    }
    if (msg_as_data(msg)->kind != BENCH_MORE) {
        return one_done(ctx, self);
    }
    for (int i = 0; i < SPAWNS_AT_ONCE && self->left > 0; i++, self->left--) {
        struct rt_address child;
        enum err err = rt_spawn(ctx, &mayfly, NULL, 0, &child);
        if (err == ERR_OK) {
            err = bench_send(ctx, child, BENCH_GO, 0);
        }
        if (err != ERR_OK) {
            return err;
        }
    }
    return self->left > 0 ? more(ctx) : ERR_OK;
}

static const struct rt_behaviour create_master = {.name = "create",
                                                  .state_size = sizeof(struct master),
                                                  .start = create_start,
                                                  .receive = create_receive,
                                                  .stop = master_stop,
                                                  .restart = RT_RESTART_NEVER};

enum err bench_fork_join_create(const struct bench_options *options,
                                struct bench_result *ret_result)
{
    return per_second(options, &create_master, options->count, ret_result);
}

/* ---- big: each pings `count` times somebody drawn by lot ---- */

struct big {
    struct member member;
    uint64_t seed;
    uint64_t left;
};

static enum err big_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct big *self = state;
    (void)member_start(ctx, &self->member, arg); /* cannot fail */
    self->seed = (self->member.index + 1) * 7919;
    self->left = self->member.shared->bench.options->count;
    return ERR_OK;
}

static enum err shoot(struct rt_context *ctx, struct big *self)
{
    const struct master *shared = self->member.shared;
    uint64_t whom = bench_draw(&self->seed, shared->bench.options->actors);
    self->left--;
    return bench_send(ctx, shared->crowd[whom], BENCH_PING, 0);
}

static enum err big_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct big *self = state;
    if (msg->type != MSG_DATA) {
        return ERR_UNKNOWN;
    }
    if (msg_as_data(msg)->kind == BENCH_PING) {
        bench_work(self->member.shared->bench.options->work_ns);
        return bench_send(ctx, rt_sender(ctx), BENCH_PONG, 0);
    }
    return self->left > 0 ? shoot(ctx, self) : bench_send(ctx, self->member.master, BENCH_FADED, 0);
}

static const struct rt_behaviour big = {.name = "big",
                                        .state_size = sizeof(struct big),
                                        .start = big_start,
                                        .receive = big_receive,
                                        .restart = RT_RESTART_NEVER};

static enum err big_master_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct master *self = state;
    enum err err = begin(ctx, self, arg, &big);
    for (uint64_t i = 0; err == ERR_OK && i < self->bench.options->actors; i++) {
        err = bench_send(ctx, self->crowd[i], BENCH_GO, 0);
    }
    return err;
}

static enum err big_master_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    return msg->type == MSG_DATA ? one_done(ctx, state) : ERR_UNKNOWN;
}

static const struct rt_behaviour big_master = {.name = "big-master",
                                               .state_size = sizeof(struct master),
                                               .start = big_master_start,
                                               .receive = big_master_receive,
                                               .stop = master_stop,
                                               .restart = RT_RESTART_NEVER};

enum err bench_big(const struct bench_options *options, struct bench_result *ret_result)
{
    return per_second(options, &big_master, 2 * options->count * options->actors, ret_result);
}

/* ---- chameneos: creatures meet in a mall, two at a time, and change colour ---- */

struct creature {
    struct member member;
    uint64_t colour;
};

static enum err creature_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct creature *self = state;
    (void)member_start(ctx, &self->member, arg); /* cannot fail */
    self->colour = self->member.index % 3;
    return bench_send(ctx, self->member.master, BENCH_MEET, self->colour);
}

static enum err creature_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct creature *self = state;
    if (msg->type != MSG_DATA) {
        return ERR_UNKNOWN;
    }
    if (msg_as_data(msg)->kind == BENCH_FADE) {
        return bench_send(ctx, self->member.master, BENCH_FADED, 0);
    }
    uint64_t other = msg_as_data(msg)->number;
    self->colour = other == self->colour ? other : 3 - other - self->colour;
    return bench_send(ctx, self->member.master, BENCH_MEET, self->colour);
}

static const struct rt_behaviour creature = {.name = "creature",
                                             .state_size = sizeof(struct creature),
                                             .start = creature_start,
                                             .receive = creature_receive,
                                             .restart = RT_RESTART_NEVER};

static enum err mall_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct master *self = state;
    if (msg->type != MSG_DATA) {
        return ERR_UNKNOWN;
    }
    struct rt_address *waiting = &self->crowd[self->bench.options->actors];
    uint64_t colour = msg_as_data(msg)->number;
    if (msg_as_data(msg)->kind == BENCH_FADED) {
        return one_done(ctx, self);
    }
    if (self->left == 0) {
        return bench_send(ctx, rt_sender(ctx), BENCH_FADE, 0);
    }
    if (waiting->node == 0) {
        *waiting = rt_sender(ctx);
        self->colour = colour;
        return ERR_OK;
    }
    self->left--;
    enum err err = bench_send(ctx, *waiting, BENCH_MET, colour);
    *waiting = (struct rt_address){0, 0};
    return err == ERR_OK ? bench_send(ctx, rt_sender(ctx), BENCH_MET, self->colour) : err;
}

static enum err mall_start(struct rt_context *ctx, void *state, const void *arg)
{
    return begin(ctx, state, arg, &creature);
}

static const struct rt_behaviour mall = {.name = "mall",
                                         .state_size = sizeof(struct master),
                                         .start = mall_start,
                                         .receive = mall_receive,
                                         .stop = master_stop,
                                         .restart = RT_RESTART_NEVER};

enum err bench_chameneos(const struct bench_options *options, struct bench_result *ret_result)
{
    return per_second(options, &mall, options->count, ret_result);
}
