/* cluster_look.c - chance, the trace, and what else a test may know of a cluster. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/cluster_priv.h"

enum { LOG_SIZE = 2048 };

/* ---- chance, trace ---- */

uint64_t cluster_random(struct cluster *cluster)
{
    /* splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014) */
    uint64_t x = cluster->random += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

void cluster_mix(struct cluster *cluster, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    uint64_t hash = cluster->hash ^ cluster->now_ms;
    for (; size >= 8; at += 8, size -= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        hash = (hash ^ word) * UINT64_C(0x9FB21C651E98DF25);
        hash ^= hash >> 29;
    }
    for (; size > 0; at++, size--) {
        hash = (hash ^ *at) * UINT64_C(0x100000001B3);
    }
    cluster->hash = hash;
}

void cluster_note(struct cluster *cluster, const struct node *node, const char *format, ...)
{
    char line[LOG_SIZE];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    size_t used = size < 0 ? 0 : (size_t)size < sizeof line ? (size_t)size : sizeof line - 1;
    cluster_mix(cluster, line, used);
    if (cluster->trace) {
        printf("[%llu] %s %s\n", (unsigned long long)cluster->now_ms, node->name, line);
    }
}

void cluster_blame(struct cluster *cluster, const char *format, ...)
{
    if (cluster->why[0]) {
        return; /* the first is the one to look at */
    }
    va_list args;
    va_start(args, format);
    (void)vsnprintf(cluster->why, sizeof cluster->why, format, args);
    va_end(args);
    if (cluster->trace) {
        printf("[%llu] WRONG %s\n", (unsigned long long)cluster->now_ms, cluster->why);
    }
}

/* ---- looking in ---- */

uint64_t cluster_now(const struct cluster *cluster)
{
    return cluster->now_ms;
}

struct client_view *cluster_client(struct cluster *cluster, size_t run)
{
    return &cluster->views[run];
}

struct rt_system *cluster_system(struct cluster *cluster, size_t node)
{
    return cluster->nodes[node].system;
}

size_t cluster_client_node(const struct cluster *cluster)
{
    return cluster->nodes_count - 1;
}

uint64_t cluster_events(const struct cluster *cluster)
{
    return cluster->events;
}

uint64_t cluster_hash(const struct cluster *cluster)
{
    return cluster->hash;
}

uint64_t cluster_crashed_actors(const struct cluster *cluster)
{
    return cluster->crashed_actors;
}

const char *cluster_why(const struct cluster *cluster)
{
    return cluster->why;
}

struct query_op {
    struct rt_store_op op;
    enum err (*body)(struct store_txn *txn, void *arg);
    void *arg;
};

static enum err query_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct query_op *self = (struct query_op *)op;
    return self->body(txn, self->arg);
}

struct query_end {
    struct node *node;
    enum err err;
};

static void query_done(void *arg, struct rt_store_op **op)
{
    struct query_end *end_of = arg;
    if ((*op)->apply != query_apply) {
        system_store_done(end_of->node->system, op);
        return;
    }
    end_of->err = (*op)->err;
    free(*op);
    *op = NULL;
}

enum err cluster_query(struct cluster *cluster, enum err (*body)(struct store_txn *txn, void *arg),
                       void *arg)
{
    struct node *node = &cluster->nodes[NODE_COORDINATOR];
    struct query_end end_of = {.node = node, .err = ERR_TIMEOUT};
    const struct store_events events = {.arg = &end_of, .done = query_done};
    struct query_op *op = calloc(1, sizeof *op);
    if (!op || !node->store) {
        abort();
    }
    *op = (struct query_op){.op = {.apply = query_apply}, .body = body, .arg = arg};
    store_submit(node->store, &(struct rt_store_op *){&op->op});
    while (end_of.err == ERR_TIMEOUT) {
        (void)store_run(node->store, &events);
    }
    return end_of.err;
}

static uint64_t missing(struct node *node)
{
    uint64_t sum = 0;
    uint64_t queued = 0;
    struct link_stats stats[NODES_MAX];
    size_t links = links_stats(node->links, stats, NODES_MAX);
    for (size_t i = 0; i < links && i < NODES_MAX; i++) {
        queued += stats[i].queued;
    }
    const struct account *own = system_account(node->system, 0);
    uint64_t ended = 0;
    for (int i = 0; i < OUTCOMES; i++) {
        ended += atomic_load(&own->outcomes[i]);
    }
    sum = atomic_load(&own->accepted) - ended;
    return sum > queued ? sum - queued : queued - sum;
}

uint64_t cluster_unaccounted(struct cluster *cluster)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < cluster->nodes_count; i++) {
        if (cluster->nodes[i].alive && cluster->nodes[i].paused_ms == 0) {
            sum += missing(&cluster->nodes[i]);
        }
    }
    return sum;
}
