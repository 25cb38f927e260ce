/* mailbox.c - two lanes into each actor, pushed by anybody, emptied by the worker that runs it.
 *
 * Senders push onto one stack with a compare-and-swap (the one who finds MAILBOX_IDLE there has to
 * schedule the actor); the worker takes the whole stack at once and puts it in order, by lane: the
 * inbox of CAF (Charousset et al., "Revisiting actor programming in C++", 2016).
 *
 * What a user lane holds is the difference of two sums, of what was pushed and of what is finished,
 * so that the receiver needs no bus lock.  Each sum is count and bytes in one number, which may
 * wrap: the difference is right as long as it fits, and the largest limits leave room.
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

enum { BYTES_BITS = 38 };
#define ONE_MESSAGE (UINT64_C(1) << BYTES_BITS)

/* Senders may pass the limit together by as many messages as there are of them. */
static bool has_room(struct rt_system *system, struct actor *actor, uint32_t bytes)
{
    uint64_t count_max = atomic_load_explicit(&actor->user_count_max, memory_order_relaxed);
    uint64_t pushed =
        atomic_fetch_add_explicit(&actor->pushed, ONE_MESSAGE + bytes, memory_order_relaxed);
    uint64_t load = pushed - atomic_load_explicit(&actor->finished, memory_order_relaxed);
    /* Negative: others have pushed meanwhile, and their messages are finished already. */
    if ((int64_t)load < 0 ||
        ((load >> BYTES_BITS) < count_max &&
         (load & (ONE_MESSAGE - 1)) + bytes <= system->config->runtime.mailbox_bytes_max)) {
        return true;
    }
    atomic_fetch_sub_explicit(&actor->pushed, ONE_MESSAGE + bytes, memory_order_relaxed);
    return false;
}

void mailbox_finished(struct actor *actor, const struct envelope *envelope)
{
    uint64_t finished = atomic_load_explicit(&actor->finished, memory_order_relaxed);
    atomic_store_explicit(&actor->finished, finished + ONE_MESSAGE + envelope->bytes,
                          memory_order_relaxed);
}

void mailbox_load(const struct actor *actor, uint64_t *ret_count, uint64_t *ret_bytes)
{
    uint64_t finished = atomic_load_explicit(&actor->finished, memory_order_relaxed);
    uint64_t load = atomic_load_explicit(&actor->pushed, memory_order_relaxed) - finished;
    *ret_count = (int64_t)load < 0 ? 0 : load >> BYTES_BITS;
    *ret_bytes = (int64_t)load < 0 ? 0 : load & (ONE_MESSAGE - 1);
}

/* True when the actor has to be scheduled. */
static bool push(struct actor *actor, struct envelope *envelope)
{
    struct envelope *head = atomic_load_explicit(&actor->inbox, memory_order_relaxed);
    do {
        atomic_store_explicit(&envelope->next, head == MAILBOX_IDLE ? NULL : head,
                              memory_order_relaxed);
    } while (!atomic_compare_exchange_weak_explicit(&actor->inbox, &head, envelope,
                                                    memory_order_acq_rel, memory_order_relaxed));
    return head == MAILBOX_IDLE;
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
    if (push(actor, self)) {
        worker_schedule(system, actor);
    }
    return ERR_OK;
}

void mailbox_drain(struct actor *actor)
{
    struct envelope *newest = atomic_exchange_explicit(&actor->inbox, NULL, memory_order_acquire);
    struct envelope *oldest = NULL;
    if (newest == MAILBOX_IDLE) {
        return; /* only at the end of the process */
    }
    while (newest) {
        struct envelope *next = atomic_load_explicit(&newest->next, memory_order_relaxed);
        atomic_store_explicit(&newest->next, oldest, memory_order_relaxed);
        oldest = newest;
        newest = next;
    }
    while (oldest) {
        struct envelope *next = atomic_load_explicit(&oldest->next, memory_order_relaxed);
        queue_push(&actor->ready[oldest->lane], oldest);
        oldest = next;
    }
}

bool mailbox_close(struct actor *actor)
{
    struct envelope *empty = NULL;
    return atomic_compare_exchange_strong_explicit(&actor->inbox, &empty, MAILBOX_IDLE,
                                                   memory_order_acq_rel, memory_order_relaxed);
}
