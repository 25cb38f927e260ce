/* mailbox.c - two lanes into each actor, pushed by anybody, emptied by the worker that runs it.
 *
 * Each lane is a stack that senders push with one compare-and-swap and the receiver takes whole
 * with one exchange, then reverses: the inbox of CAF (Charousset et al., "Revisiting actor
 * programming in C++", 2016).  `pending` counts both lanes: the push that makes it 1 schedules the
 * actor, and the turn subtracts what it took, so an actor is in at most one run queue.
 */
#include "runtime/core.h"

struct envelope *queue_pop(struct queue *queue)
{
    struct envelope *envelope = queue->first;
    if (envelope) {
        queue->first = atomic_load_explicit(&envelope->next, memory_order_relaxed);
        if (!queue->first) {
            queue->last = NULL;
        }
        queue->count--;
        atomic_store_explicit(&envelope->next, NULL, memory_order_relaxed);
    }
    return envelope;
}

void queue_push(struct queue *queue, struct envelope *envelope)
{
    atomic_store_explicit(&envelope->next, NULL, memory_order_relaxed);
    if (queue->last) {
        atomic_store_explicit(&queue->last->next, envelope, memory_order_relaxed);
    } else {
        queue->first = envelope;
    }
    queue->last = envelope;
    queue->count++;
}

void queue_push_front(struct queue *queue, struct envelope *envelope)
{
    atomic_store_explicit(&envelope->next, queue->first, memory_order_relaxed);
    queue->first = envelope;
    if (!queue->last) {
        queue->last = envelope;
    }
    queue->count++;
}

/* Senders may pass the limit together by as many messages as there are of them. */
static bool has_room(struct rt_system *system, struct actor *actor, uint32_t bytes)
{
    uint64_t count_max = atomic_load_explicit(&actor->user_count_max, memory_order_relaxed);
    uint64_t count = atomic_fetch_add_explicit(&actor->user_count, 1, memory_order_relaxed);
    uint64_t used = atomic_fetch_add_explicit(&actor->user_bytes, bytes, memory_order_relaxed);
    if (count < count_max && used + bytes <= system->config->runtime.mailbox_bytes_max) {
        return true;
    }
    atomic_fetch_sub_explicit(&actor->user_count, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&actor->user_bytes, bytes, memory_order_relaxed);
    return false;
}

static void push(struct actor *actor, struct envelope *envelope)
{
    _Atomic(struct envelope *) *inbox = &actor->inbox[envelope->lane];
    struct envelope *head = atomic_load_explicit(inbox, memory_order_relaxed);
    do {
        atomic_store_explicit(&envelope->next, head, memory_order_relaxed);
    } while (!atomic_compare_exchange_weak_explicit(inbox, &head, envelope, memory_order_release,
                                                    memory_order_relaxed));
}

enum err mailbox_push(struct rt_system *system, struct envelope **envelope)
{
    struct envelope *self = *envelope;
    struct actor *actor = actors_find(system, self->to.actor);
    if (!actor || atomic_load_explicit(&actor->id, memory_order_relaxed) != self->to.actor) {
        return ERR_GONE;
    }
    if (self->lane == LANE_USER && !has_room(system, actor, self->bytes)) {
        return ERR_FULL;
    }
    *envelope = NULL;
    push(actor, self);
    if (atomic_fetch_add_explicit(&actor->pending, 1, memory_order_acq_rel) == 0) {
        worker_schedule(system, actor);
    }
    return ERR_OK;
}

uint32_t mailbox_drain(struct actor *actor)
{
    uint32_t count = 0;
    for (int lane = 0; lane < LANES; lane++) {
        struct envelope *newest =
            atomic_exchange_explicit(&actor->inbox[lane], NULL, memory_order_acquire);
        struct envelope *oldest = NULL;
        while (newest) {
            struct envelope *next = atomic_load_explicit(&newest->next, memory_order_relaxed);
            atomic_store_explicit(&newest->next, oldest, memory_order_relaxed);
            oldest = newest;
            newest = next;
        }
        while (oldest) {
            struct envelope *next = atomic_load_explicit(&oldest->next, memory_order_relaxed);
            queue_push(&actor->ready[lane], oldest);
            oldest = next;
            count++;
        }
    }
    return count;
}
