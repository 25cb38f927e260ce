/* bench_bank.c - bank (Savina): a teller has money moved between accounts, each busy with one
 * transfer at a time; and what an idle actor weighs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/bench/bench_stage.h"

enum { CREDITS_AT_ONCE = 256, SPAWNS_AT_ONCE = 256, AMOUNT = 10, STASH_MIN = 16 };

/* ---- accounts ---- */

/* A message that came while another transfer was under way. */
struct stashed {
    enum bench_kind kind;
    struct rt_address from;
    struct rt_address to; /* of a CREDIT */
    uint64_t amount;
};

struct account {
    int64_t balance;
    uint64_t amount; /* under way */
    struct rt_address teller;
    bool busy;
    struct stashed *stash; /* a ring */
    uint64_t capacity, first, count;
};

static enum err stash(struct account *self, const struct stashed *what)
{
    if (self->count == self->capacity) {
        uint64_t capacity = self->capacity ? 2 * self->capacity : STASH_MIN;
        struct stashed *ring = malloc(capacity * sizeof *ring);
        if (!ring) {
            return ERR_MEMORY;
        }
        for (uint64_t i = 0; i < self->count; i++) {
            ring[i] = self->stash[(self->first + i) % self->capacity];
        }
        free(self->stash);
        self->stash = ring;
        self->capacity = capacity;
        self->first = 0;
    }
    self->stash[(self->first + self->count++) % self->capacity] = *what;
    return ERR_OK;
}

static enum err handle(struct rt_context *ctx, struct account *self, const struct stashed *what)
{
    if (what->kind == BENCH_DEBIT) {
        self->balance += (int64_t)what->amount;
        return bench_send(ctx, what->from, BENCH_DEBITED, 0);
    }
    self->busy = true;
    self->teller = what->from;
    self->amount = what->amount;
    return bench_send(ctx, what->to, BENCH_DEBIT, what->amount);
}

static enum err on_debited(struct rt_context *ctx, struct account *self)
{
    self->busy = false;
    self->balance -= (int64_t)self->amount;
    enum err err = bench_send(ctx, self->teller, BENCH_FADED, 0);
    while (err == ERR_OK && !self->busy && self->count > 0) {
        struct stashed next = self->stash[self->first];
        self->first = (self->first + 1) % self->capacity;
        self->count--;
        err = handle(ctx, self, &next);
    }
    return err;
}

static enum err account_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct account *self = state;
    if (msg->type != MSG_DATA) {
        return ERR_UNKNOWN;
    }
    const struct msg_data *data = msg_as_data(msg);
    if (data->kind == BENCH_DEBITED) {
        return on_debited(ctx, self);
    }
    const struct stashed what = {
        (enum bench_kind)data->kind, rt_sender(ctx), {data->node, data->actor}, data->number};
    return self->busy ? stash(self, &what) : handle(ctx, self, &what);
}

static void account_stop(void *state)
{
    free(((struct account *)state)->stash);
}

static const struct rt_behaviour account = {.name = "account",
                                            .state_size = sizeof(struct account),
                                            .receive = account_receive,
                                            .stop = account_stop,
                                            .restart = RT_RESTART_NEVER};

/* ---- the teller ---- */

struct teller {
    struct bench_master bench;
    struct rt_address *accounts;
    uint64_t left;
    uint64_t awaited;
    uint64_t seed;
};

static enum err teller_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct teller *self = state;
    memcpy(&self->bench, arg, sizeof self->bench);
    self->left = self->awaited = self->bench.options->count;
    self->seed = 12345;
    self->accounts = calloc(self->bench.options->actors, sizeof *self->accounts);
    enum err err = self->accounts ? ERR_OK : ERR_MEMORY;
    for (uint64_t i = 0; err == ERR_OK && i < self->bench.options->actors; i++) {
        err = rt_spawn(ctx, &account, NULL, 0, &self->accounts[i]);
    }
    return err == ERR_OK ? bench_send(ctx, rt_self(ctx), BENCH_MORE, 0) : err;
}

/* From one of the first four fifths to one behind it: so no two wait for each other. */
static enum err transfer(struct rt_context *ctx, struct teller *self)
{
    uint64_t actors = self->bench.options->actors;
    uint64_t from = bench_draw(&self->seed, actors * 8 / 10);
    uint64_t to = from + 1 + bench_draw(&self->seed, actors - from - 1);
    return rt_send(ctx, self->accounts[from],
                   MSG(data, .kind = BENCH_CREDIT, .number = AMOUNT,
                       .node = self->accounts[to].node, .actor = self->accounts[to].actor));
}

static enum err teller_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct teller *self = state;
    if (msg->type != MSG_DATA) {
        return ERR_UNKNOWN;
    }
    if (msg_as_data(msg)->kind != BENCH_MORE) {
        return --self->awaited == 0 ? bench_done(ctx, &self->bench, 0) : ERR_OK;
    }
    for (int i = 0; i < CREDITS_AT_ONCE && self->left > 0; i++, self->left--) {
        enum err err = transfer(ctx, self);
        if (err != ERR_OK) {
            return err;
        }
    }
    return self->left > 0 ? bench_send(ctx, rt_self(ctx), BENCH_MORE, 0) : ERR_OK;
}

static void teller_stop(void *state)
{
    free(((struct teller *)state)->accounts);
}

static const struct rt_behaviour teller = {.name = "teller",
                                           .state_size = sizeof(struct teller),
                                           .start = teller_start,
                                           .receive = teller_receive,
                                           .stop = teller_stop,
                                           .restart = RT_RESTART_NEVER};

enum err bench_bank(const struct bench_options *options, struct bench_result *ret_result)
{
    uint64_t ns;
    enum err err = bench_stage(options, &(struct bench_play){&teller, 2}, &ns);
    if (err == ERR_OK) {
        ret_result->value = (double)options->count * 1e9 / (double)ns;
    }
    return err;
}

/* ---- idle actors ---- */

struct crowd {
    struct bench_master bench;
    uint64_t left;
    uint64_t rss_bytes;
};

static uint64_t rss_bytes(void)
{
    uint64_t pages = 0;
    char text[128];
    FILE *file = fopen("/proc/self/statm", "re");
    if (file) {
        if (fgets(text, sizeof text, file)) {
            char *end = text;
            (void)strtoull(end, &end, 10); /* of the address space */
            pages = strtoull(end, &end, 10);
        }
        (void)fclose(file);
    }
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static enum err idler_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    (void)state;
    return msg->type == MSG_DATA ? bench_send(ctx, rt_sender(ctx), BENCH_FADED, 0) : ERR_UNKNOWN;
}

static const struct rt_behaviour idler = {
    .name = "idler", .receive = idler_receive, .restart = RT_RESTART_NEVER};

static enum err crowd_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct crowd *self = state;
    if (msg->type != MSG_DATA) {
        return ERR_UNKNOWN;
    }
    if (msg_as_data(msg)->kind == BENCH_FADED) {
        /* The last one has begun, and so have all before it.  Bytes, told as nanoseconds. */
        return bench_done(ctx, &self->bench, rss_bytes() - self->rss_bytes);
    }
    struct rt_address last = {0, 0};
    for (int i = 0; i < SPAWNS_AT_ONCE && self->left > 0; i++, self->left--) {
        enum err err = rt_spawn(ctx, &idler, NULL, 0, &last);
        if (err != ERR_OK) {
            return err;
        }
    }
    return self->left > 0 ? bench_send(ctx, rt_self(ctx), BENCH_MORE, 0)
                          : bench_send(ctx, last, BENCH_GO, 0);
}

static enum err crowd_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct crowd *self = state;
    memcpy(&self->bench, arg, sizeof self->bench);
    self->left = self->bench.options->actors;
    self->rss_bytes = rss_bytes();
    return bench_send(ctx, rt_self(ctx), BENCH_MORE, 0);
}

static const struct rt_behaviour crowd = {.name = "crowd",
                                          .state_size = sizeof(struct crowd),
                                          .start = crowd_start,
                                          .receive = crowd_receive,
                                          .restart = RT_RESTART_NEVER};

enum err bench_actor_memory(const struct bench_options *options, struct bench_result *ret_result)
{
    uint64_t bytes;
    enum err err = bench_stage(options, &(struct bench_play){&crowd, 1}, &bytes);
    if (err == ERR_OK) {
        ret_result->value = (double)bytes / (double)options->actors;
    }
    return err;
}
