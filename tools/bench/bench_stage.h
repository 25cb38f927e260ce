/* bench_stage.h - what the benchmarks with actors share: a process, a conductor, short words.
 *
 * The conductor starts a benchmark's master, takes the time until the master says DONE, ends it
 * with all of its children, and does so twice: the first pass only warms up.
 */
#ifndef TOOLS_BENCH_BENCH_STAGE_H
#define TOOLS_BENCH_BENCH_STAGE_H

#include "runtime/process.h"
#include "tools/bench/bench.h"

/* Kinds of DATA. */
enum bench_kind {
    BENCH_DONE, /* to the conductor: number is how many nanoseconds it took, 0: the whole pass */
    BENCH_MORE, /* to oneself: go on with what a handler may not do in one go */
    BENCH_GO,
    BENCH_PING,
    BENCH_PONG,
    BENCH_NEXT,
    BENCH_MEET,
    BENCH_MET,
    BENCH_FADE,
    BENCH_FADED,
    BENCH_CREDIT,
    BENCH_DEBIT,
    BENCH_DEBITED
};

/* The argument of every master. */
struct bench_master {
    const struct bench_options *options;
    struct rt_address conductor;
};

/* A benchmark of actors in one process. */
struct bench_play {
    const struct rt_behaviour *master;
    uint64_t passes; /* 2: one to warm up; 1 */
};

/* Returns the nanoseconds of the last pass in *ret_ns. */
enum err bench_stage(const struct bench_options *options, const struct bench_play *play,
                     uint64_t *ret_ns) MUST_CHECK;

/* Sends DATA; a receiver without room is an error of the benchmark, which crashes. */
static inline enum err bench_send(struct rt_context *ctx, struct rt_address to,
                                  enum bench_kind kind, uint64_t number)
{
    return rt_send(ctx, to, MSG(data, .kind = kind, .number = number));
}

/* Says DONE. */
static inline enum err bench_done(struct rt_context *ctx, const struct bench_master *master,
                                  uint64_t ns)
{
    return bench_send(ctx, master->conductor, BENCH_DONE, ns);
}

/* The linear congruential generator that the peers use, too. */
static inline uint64_t bench_draw(uint64_t *seed, uint64_t below)
{
    *seed = (*seed * 1103515245 + 12345) & 0x7fffffff;
    return *seed / 8 % below;
}

/* Keeps the processor busy for so long. */
void bench_work(uint64_t ns);

#endif
