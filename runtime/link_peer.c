/* link_peer.c - the tables of links: queues, peers by node, their routes; and the log. */
#include "runtime/link_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINE_SIZE = 512, NOTE_INTERVAL_MS = 1000 };

/* ---- queues; their one thread needs no order on `next` ---- */

static struct envelope *after(const struct envelope *envelope)
{
    return atomic_load_explicit(&envelope->next, memory_order_relaxed);
}

static void set_after(struct envelope *envelope, struct envelope *next)
{
    atomic_store_explicit(&envelope->next, next, memory_order_relaxed);
}

void link_queue_push(struct link_queue *queue, struct envelope *envelope)
{
    set_after(envelope, NULL);
    if (queue->last) {
        set_after(queue->last, envelope);
    } else {
        queue->first = envelope;
    }
    queue->last = envelope;
    queue->count += envelope_messages(envelope);
    queue->bytes += envelope->bytes;
}

struct envelope *link_queue_pop(struct link_queue *queue)
{
    struct envelope *envelope = queue->first;
    if (!envelope) {
        return NULL;
    }
    queue->first = after(envelope);
    if (!queue->first) {
        queue->last = NULL;
    }
    assert(queue->bytes >= envelope->bytes);
    queue->count -= envelope_messages(envelope);
    queue->bytes -= envelope->bytes;
    set_after(envelope, NULL);
    return envelope;
}

void link_queue_unpop(struct link_queue *queue, struct link_queue *front)
{
    if (!front->first) {
        return;
    }
    set_after(front->last, queue->first);
    if (!queue->last) {
        queue->last = front->last;
    }
    queue->first = front->first;
    queue->count += front->count;
    queue->bytes += front->bytes;
    *front = (struct link_queue){0};
}

/* ---- peers ---- */

static size_t bucket_of(uint64_t node)
{
    /* Fibonacci hashing: the top byte depends on all bits. */
    return (size_t)((node * UINT64_C(0x9e3779b97f4a7c15)) >> 56) % LINK_BUCKETS;
}

struct peer *link_find(const struct links *links, uint64_t node)
{
    struct peer *peer = links->buckets[bucket_of(node)];
    while (peer && peer->stats.node != node) {
        peer = peer->chain;
    }
    return peer;
}

static void list_append(struct peer **list, struct peer *peer)
{
    while (*list) {
        list = &(*list)->next;
    }
    *list = peer;
    peer->next = NULL;
}

static void list_remove(struct peer **list, const struct peer *peer)
{
    while (*list != peer) {
        assert(*list);
        list = &(*list)->next;
    }
    *list = peer->next;
}

/* Ends what is queued without telling anybody. */
static void peer_free(struct peer *peer)
{
    for (int lane = 0; lane < LANES; lane++) {
        struct envelope *envelope;
        while ((envelope = link_queue_pop(&peer->lanes[lane]))) {
            envelope_end(&envelope, OUTCOME_LOST);
        }
    }
    free(peer);
}

static void forget_oldest(struct links *links)
{
    assert(links->tombs);
    struct peer *peer = links->tombs;
    links->tombs = peer->next;
    links->tombs_count--;
    struct peer **at = &links->buckets[bucket_of(peer->stats.node)];
    while (*at != peer) {
        at = &(*at)->chain;
    }
    *at = peer->chain;
    peer_free(peer);
}

void link_leak(struct links *links, const struct peer *peer, const char *which)
{
    links->totals.leaks++;
    link_note(links, NOTE_LEAK, "link does not balance peer=%s which=%s", peer->stats.name, which);
}

void link_peers_trim(struct links *links)
{
    while (links->tombs_count > LINK_TOMBS_MAX) {
        forget_oldest(links);
    }
}

struct peer *link_peer_new(struct links *links, uint64_t node, const char *name)
{
    assert(!link_find(links, node));
    struct account *account = links->ports.account(links->ports.world, node);
    struct peer *peer = account ? calloc(1, sizeof *peer) : NULL;
    if (!peer) {
        return NULL;
    }
    peer->state = PEER_CLOSED;
    peer->account = account;
    peer->in_bytes = atomic_load_explicit(&account->ended_bytes, memory_order_relaxed);
    peer->stats.node = node;
    (void)snprintf(peer->stats.name, sizeof peer->stats.name, "%s", name);
    struct peer **bucket = &links->buckets[bucket_of(node)];
    peer->chain = *bucket;
    *bucket = peer;
    list_append(&links->tombs, peer);
    links->tombs_count++;
    /* The new one is last, so it is not the one to go. */
    link_peers_trim(links);
    return peer;
}

void link_peer_enter(struct links *links, struct peer *peer, enum peer_state state)
{
    bool was_up = peer->state == PEER_UP;
    bool is_up = state == PEER_UP;
    peer->state = state;
    if (was_up == is_up) {
        return;
    }
    list_remove(was_up ? &links->up : &links->tombs, peer);
    list_append(is_up ? &links->up : &links->tombs, peer);
    if (is_up) {
        links->up_count++;
        links->tombs_count--;
        return;
    }
    links->up_count--;
    links->tombs_count++;
}

void link_peers_free(struct links *links)
{
    struct peer *lists[] = {links->up, links->tombs};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct peer *next;
        for (struct peer *peer = lists[i]; peer; peer = next) {
            next = peer->next;
            peer_free(peer);
        }
    }
    links->up = NULL;
    links->tombs = NULL;
}

uint64_t link_outstanding(const struct peer *peer)
{
    uint64_t ended = atomic_load_explicit(&peer->account->ended_bytes, memory_order_relaxed);
    return peer->in_bytes > ended ? peer->in_bytes - ended : 0;
}

/* ---- routes ---- */

struct way *link_way(struct peer *peer, uint64_t route)
{
    for (size_t i = 0; i < peer->ways_count; i++) {
        if (peer->ways[i].route == route) {
            return &peer->ways[i];
        }
    }
    return NULL;
}

void link_way_drop(struct peer *peer, uint64_t route)
{
    struct way *way = link_way(peer, route);
    if (!way) {
        return;
    }
    size_t behind = (size_t)(peer->ways + peer->ways_count - way) - 1;
    memmove(way, way + 1, behind * sizeof *way);
    peer->ways_count--;
}

/* A route leads to one process: whoever had it before has lost it, and maybe its last. */
static void take_from_others(struct links *links, const struct peer *owner, uint64_t route)
{
    struct peer *next;
    for (struct peer *peer = links->up; peer; peer = next) {
        next = peer->next;
        if (peer == owner || !link_way(peer, route)) {
            continue;
        }
        link_way_drop(peer, route);
        if (peer->ways_count == 0) {
            link_down(links, peer, PEER_CLOSED, "its route leads to another process");
        }
    }
    for (struct peer *peer = links->tombs; peer; peer = peer->next) {
        if (peer != owner) {
            link_way_drop(peer, route);
        }
    }
}

void link_way_add(struct links *links, struct peer *peer, uint64_t route, bool first)
{
    take_from_others(links, peer, route);
    struct way way = {route, links->now_ms};
    bool known = link_way(peer, route) != NULL;
    if (known && !first) {
        link_way(peer, route)->heard_ms = links->now_ms;
        return;
    }
    link_way_drop(peer, route);
    if (peer->ways_count == LINK_WAYS_MAX) {
        peer->ways_count--;
    }
    if (first) {
        memmove(peer->ways + 1, peer->ways, peer->ways_count * sizeof way);
        peer->ways[0] = way;
    } else {
        peer->ways[peer->ways_count] = way;
    }
    peer->ways_count++;
}

struct dial *link_dial(struct links *links, uint64_t route)
{
    for (size_t i = 0; i < links->dials_count; i++) {
        if (links->dials[i].route == route) {
            return &links->dials[i];
        }
    }
    return NULL;
}

/* ---- log ---- */

void link_log(struct links *links, enum rt_level level, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    links->ports.log(links->ports.world, level, line);
}

void link_note(struct links *links, enum link_note note, const char *format, ...)
{
    if (links->now_ms < links->muted_until_ms[note]) {
        links->muted[note]++;
        return;
    }
    char line[LINE_SIZE];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (links->muted[note] > 0 && size > 0 && (size_t)size < sizeof line) {
        (void)snprintf(line + size, sizeof line - (size_t)size, " untold=%" PRIu64,
                       links->muted[note]);
    }
    links->muted[note] = 0;
    links->muted_until_ms[note] = links->now_ms + NOTE_INTERVAL_MS;
    links->ports.log(links->ports.world, RT_WARN, line);
}
