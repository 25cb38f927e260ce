/* mailbox.c - two lanes into each actor, pushed by anybody, emptied by the worker that runs it.
 *
 * Senders push onto one stack with a compare-and-swap (the one who finds MAILBOX_IDLE there has to
 * schedule the actor); the worker takes the whole stack at once and puts it in order, by lane: the
 * inbox of CAF (Charousset et al., "Revisiting actor programming in C++", 2016).
 *
 * What waits in a user lane is counted without bus locks: senders count what is in the inbox, the
 * turn what it took out of it, and sets the inbox's sum to zero when it empties it.  Senders that
 * push in the same moment may count one for two, and so pass the limit together, at most by as many
 * times as there are threads; with the next drain all is right again, because each counts before it
 * pushes.
 */
#include "runtime/core.h"

void queue_push_front(struct queue *queue, struct envelope *envelope)
{
    atomic_store_explicit(&envelope->next, queue->first, memory_order_relaxed);
    queue->first = envelope;
    if (!queue->last) {
        queue->last = envelope;
    }
}

enum { BYTES_BITS = 38 };
#define ONE_MESSAGE (UINT64_C(1) << BYTES_BITS)

static uint64_t load_of(const struct actor *actor)
{
    return atomic_load_explicit(&actor->inbox_load, memory_order_relaxed) +
           atomic_load_explicit(&actor->ready_load, memory_order_relaxed);
}

/* Counts a message in, if there is room for it. */
static bool take_room(struct rt_system *system, struct actor *actor, uint32_t bytes)
{
    uint64_t load = load_of(actor);
    if ((load >> BYTES_BITS) >=
            atomic_load_explicit(&actor->user_count_max, memory_order_relaxed) ||
        (load & (ONE_MESSAGE - 1)) + bytes > system->config->runtime.mailbox_bytes_max) {
        return false;
    }
    uint64_t before = atomic_load_explicit(&actor->inbox_load, memory_order_relaxed);
    atomic_store_explicit(&actor->inbox_load, before + ONE_MESSAGE + bytes, memory_order_relaxed);
    return true;
}

void mailbox_finished(struct actor *actor, const struct envelope *envelope)
{
    uint64_t load = atomic_load_explicit(&actor->ready_load, memory_order_relaxed);
    atomic_store_explicit(&actor->ready_load, load - ONE_MESSAGE - envelope->bytes,
                          memory_order_relaxed);
}

void mailbox_load(const struct actor *actor, uint64_t *ret_count, uint64_t *ret_bytes)
{
    uint64_t load = load_of(actor);
    *ret_count = load >> BYTES_BITS;
    *ret_bytes = load & (ONE_MESSAGE - 1);
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
    if (self->lane == LANE_USER && !take_room(system, actor, self->bytes)) {
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
    uint64_t load = atomic_load_explicit(&actor->ready_load, memory_order_relaxed);
    while (oldest) {
        struct envelope *next = atomic_load_explicit(&oldest->next, memory_order_relaxed);
        load += oldest->lane == LANE_USER ? ONE_MESSAGE + oldest->bytes : 0;
        queue_push(&actor->ready[oldest->lane], oldest);
        oldest = next;
    }
    atomic_store_explicit(&actor->ready_load, load, memory_order_relaxed);
    atomic_store_explicit(&actor->inbox_load, 0, memory_order_relaxed);
}

void mailbox_unstash(struct actor *actor)
{
    struct relations *relations = actor->relations;
    struct queue *ready = &actor->ready[LANE_USER];
    if (!relations || !relations->stash.first) {
        return;
    }
    atomic_store_explicit(&relations->stash.last->next, ready->first, memory_order_relaxed);
    ready->first = relations->stash.first;
    ready->last = ready->last ? ready->last : relations->stash.last;
    relations->stash = (struct queue){0};
}

bool mailbox_close(struct actor *actor)
{
    struct envelope *empty = NULL;
    return atomic_compare_exchange_strong_explicit(&actor->inbox, &empty, MAILBOX_IDLE,
                                                   memory_order_acq_rel, memory_order_relaxed);
}
