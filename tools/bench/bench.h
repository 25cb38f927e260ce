/* bench.h - the benchmarks of `troupe bench`: one row each in bench.c, one function each.
 *
 * A run is one call of that function in a process of its own.
 */
#ifndef TOOLS_BENCH_BENCH_H
#define TOOLS_BENCH_BENCH_H

#include <stdint.h>

#include "proto/error.h"

/* What a run is to do: the row's numbers, or what the command line said instead. */
struct bench_options {
    uint64_t count;        /* operations */
    uint64_t actors;       /* or files, or whatever else there are many of; 0: it has none */
    uint64_t workers;      /* threads that run actors */
    uint64_t work_ns;      /* spent in each handler of fork-join-throughput and big */
    uint64_t size;         /* bytes of a message */
    uint64_t peers;        /* processes that send */
    const char *transport; /* "tcp" or "ipc" */
};

struct bench_result {
    double value;
    double p99; /* where value is a median of single operations; 0: it is not */
};

/* Fills *ret_result.  Errors are told on standard error. */
typedef enum err bench_function(const struct bench_options *options,
                                struct bench_result *ret_result);

/* bench_talk.c, bench_crowd.c: actors in one process; operations per second. */
bench_function bench_ping_pong, bench_counting, bench_thread_ring;
bench_function bench_fork_join_throughput, bench_fork_join_create, bench_big, bench_chameneos,
    bench_bank;

/* bench_crowd.c: bytes of resident memory per idle actor. */
bench_function bench_actor_memory;

/* bench_link.c: between processes. */
bench_function bench_link_throughput, bench_link_rtt;

/* bench_parts.c: pure modules, per second; classify: microseconds for a text of `size` bytes. */
bench_function bench_codec, bench_partition, bench_classify;

/* bench_heal.c: milliseconds for one match of two pages. */
bench_function bench_heal;

/* Monotonic, for measuring. */
uint64_t bench_now_ns(void);

/* Sorts, and returns the middle one. */
double bench_median(double *values, uint64_t count);

#endif
