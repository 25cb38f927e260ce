/* cluster_net.c - frames between the coordinator and the others, and what becomes of them. */
#include <stdlib.h>
#include <string.h>

#include "tests/support/cluster_priv.h"

static bool before(const struct frame_at *a, const struct frame_at *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

static void push(struct cluster *cluster, struct frame_at *frame)
{
    if (cluster->frames_count == cluster->frames_capacity) {
        cluster->frames_capacity = cluster->frames_capacity ? 2 * cluster->frames_capacity : 64;
        cluster->frames =
            realloc(cluster->frames, cluster->frames_capacity * sizeof(struct frame_at *));
        if (!cluster->frames) {
            abort();
        }
    }
    size_t at = cluster->frames_count++;
    while (at > 0 && before(frame, cluster->frames[(at - 1) / 2])) {
        cluster->frames[at] = cluster->frames[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    cluster->frames[at] = frame;
}

static struct frame_at *pop(struct cluster *cluster)
{
    struct frame_at *first = cluster->frames[0];
    struct frame_at *last = cluster->frames[--cluster->frames_count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= cluster->frames_count) {
            break;
        }
        if (child + 1 < cluster->frames_count &&
            before(cluster->frames[child + 1], cluster->frames[child])) {
            child++;
        }
        if (!before(cluster->frames[child], last)) {
            break;
        }
        cluster->frames[at] = cluster->frames[child];
        at = child;
    }
    cluster->frames[at] = last;
    return first;
}

uint64_t net_next_ms(const struct cluster *cluster)
{
    return cluster->frames_count > 0 ? cluster->frames[0]->due_ms : UINT64_MAX;
}

static bool happens(struct cluster *cluster, uint64_t permille)
{
    return permille > 0 && cluster_random(cluster) % 1000 < permille;
}

static void send_copy(struct node *from, struct node *to, const void *bytes, size_t size)
{
    struct cluster *cluster = from->cluster;
    const struct network *network = &cluster->network;
    struct frame_at *frame = malloc(sizeof *frame + size);
    if (!frame) {
        abort();
    }
    uint64_t jitter_ms = network->jitter_ms ? cluster_random(cluster) % network->jitter_ms : 0;
    *frame = (struct frame_at){.due_ms = cluster->now_ms + 1 + network->delay_ms + jitter_ms,
                               .order = cluster->frames_order++,
                               .from = from->index,
                               .from_life = from->life,
                               .to = to->index,
                               .to_life = to->life,
                               .size = size};
    memcpy(frame->bytes, bytes, size);
    push(cluster, frame);
}

/* Where a route of the node leads; NULL: to nobody any more. */
static struct node *behind(const struct node *node, uint64_t route)
{
    struct cluster *cluster = node->cluster;
    if (node->index != NODE_COORDINATOR) {
        return &cluster->nodes[NODE_COORDINATOR];
    }
    struct node *to = &cluster->nodes[route / ROUTE_FACTOR];
    return to->alive && to->life == route % ROUTE_FACTOR ? to : NULL;
}

enum err net_transmit(void *world, uint64_t route, const void *bytes, size_t size)
{
    struct node *node = world;
    struct cluster *cluster = node->cluster;
    const struct network *network = &cluster->network;
    struct node *to = behind(node, route);
    if (!to) {
        /* Half-open: it takes a while until the transport knows. */
        return cluster_random(cluster) % 2 ? ERR_GONE : ERR_OK;
    }
    if (happens(cluster, network->full)) {
        return ERR_FULL;
    }
    bool cut = node->cut_from_ms > cluster->now_ms || to->cut_to_ms > cluster->now_ms;
    if (!to->alive || cut || happens(cluster, network->loss)) {
        return ERR_OK;
    }
    send_copy(node, to, bytes, size);
    if (happens(cluster, network->twice)) {
        send_copy(node, to, bytes, size);
    }
    return ERR_OK;
}

static void receive(struct node *to, const struct frame_at *frame)
{
    struct cluster *cluster = to->cluster;
    uint64_t route = to->index == NODE_COORDINATOR ? frame->from * ROUTE_FACTOR + frame->from_life
                                                   : (uint64_t)ROUTE_UP;
    cluster_mix(cluster, frame->bytes, frame->size);
    links_receive(to->links, route, frame->bytes, frame->size, node_now(to));
}

void net_arrive(struct cluster *cluster)
{
    struct frame_at *frame = pop(cluster);
    struct node *to = &cluster->nodes[frame->to];
    if (!to->alive || to->life != frame->to_life) {
        free(frame);
    } else if (to->paused_ms > 0) {
        frame->next = NULL;
        *to->held_last = frame;
        to->held_last = &frame->next;
    } else {
        receive(to, frame);
        free(frame);
        node_turn(to);
    }
}

void net_release(struct node *node)
{
    struct frame_at *frame = node->held;
    node->held = NULL;
    node->held_last = &node->held;
    while (frame) {
        struct frame_at *next = frame->next;
        receive(node, frame);
        free(frame);
        frame = next;
    }
}

void net_drop(struct node *node)
{
    while (node->held) {
        struct frame_at *frame = node->held;
        node->held = frame->next;
        free(frame);
    }
    node->held_last = &node->held;
}

void net_free(struct cluster *cluster)
{
    for (size_t i = 0; i < cluster->frames_count; i++) {
        free(cluster->frames[i]);
    }
    free(cluster->frames);
}
