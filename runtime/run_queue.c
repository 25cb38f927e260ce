/* run_queue.c - one producer, many consumers; an index only grows, so that a slow thief notices
 * that others were faster.
 */
#include "runtime/run_queue.h"

#include <stddef.h>

#include "runtime/core.h"

enum { REFILL = RUN_RING / 2 };

void run_queue_init(struct run_queue *queue)
{
    (void)pthread_mutex_init(&queue->lock, NULL);
}

void run_queue_fini(struct run_queue *queue)
{
    (void)pthread_mutex_destroy(&queue->lock);
}

void run_queue_push(struct run_queue *queue, struct actor *actor)
{
    (void)pthread_mutex_lock(&queue->lock);
    actor->run_next = NULL;
    if (queue->last) {
        queue->last->run_next = actor;
    } else {
        queue->first = actor;
    }
    queue->last = actor;
    atomic_fetch_add(&queue->listed, 1);
    (void)pthread_mutex_unlock(&queue->lock);
}

/* Under the lock. */
static struct actor *pop_listed(struct run_queue *queue)
{
    struct actor *actor = queue->first;
    if (actor) {
        queue->first = actor->run_next;
        if (!queue->first) {
            queue->last = NULL;
        }
        atomic_fetch_sub(&queue->listed, 1);
    }
    return actor;
}

static void put(struct run_queue *queue, struct actor *actor)
{
    uint32_t tail = atomic_load_explicit(&queue->tail, memory_order_relaxed);
    atomic_store_explicit(&queue->ring[tail % RUN_RING], actor, memory_order_relaxed);
    atomic_store_explicit(&queue->tail, tail + 1, memory_order_release);
}

static bool has_room(const struct run_queue *queue)
{
    uint32_t head = atomic_load_explicit(&queue->head, memory_order_acquire);
    return atomic_load_explicit(&queue->tail, memory_order_relaxed) - head < RUN_RING;
}

void run_queue_push_own(struct run_queue *queue, struct actor *actor)
{
    /* Behind those in the list, if there are any. */
    if (atomic_load_explicit(&queue->listed, memory_order_relaxed) == 0 && has_room(queue)) {
        put(queue, actor);
    } else {
        run_queue_push(queue, actor);
    }
}

static struct actor *take(struct run_queue *queue)
{
    uint32_t head = atomic_load_explicit(&queue->head, memory_order_acquire);
    for (;;) {
        if (head == atomic_load_explicit(&queue->tail, memory_order_acquire)) {
            return NULL;
        }
        struct actor *actor =
            atomic_load_explicit(&queue->ring[head % RUN_RING], memory_order_relaxed);
        if (atomic_compare_exchange_weak_explicit(&queue->head, &head, head + 1,
                                                  memory_order_acq_rel, memory_order_acquire)) {
            return actor;
        }
    }
}

static void refill(struct run_queue *queue)
{
    (void)pthread_mutex_lock(&queue->lock);
    struct actor *actor;
    for (int i = 0; i < REFILL && (actor = pop_listed(queue)); i++) {
        put(queue, actor);
    }
    (void)pthread_mutex_unlock(&queue->lock);
}

struct actor *run_queue_pop(struct run_queue *queue)
{
    if (atomic_load_explicit(&queue->listed, memory_order_relaxed) > 0 &&
        run_queue_ringed(queue) <= RUN_RING - REFILL) {
        refill(queue);
    }
    return take(queue);
}

struct actor *run_queue_steal(struct run_queue *queue)
{
    struct actor *actor = take(queue);
    if (!actor && run_queue_listed(queue) > 0) {
        (void)pthread_mutex_lock(&queue->lock);
        actor = pop_listed(queue);
        (void)pthread_mutex_unlock(&queue->lock);
    }
    return actor;
}
