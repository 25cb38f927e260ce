/* run_queue.h - actors whose turn is due, of one worker.
 *
 * Its owner pushes into a ring without a lock, and anybody takes from it: a thief runs what has
 * waited longest, as the owner does.  What comes from other threads, or finds the ring full, goes
 * into a list under a lock, from which the owner fills the ring.  First come, first served, but for
 * the two ways in.
 */
#ifndef RUNTIME_RUN_QUEUE_H
#define RUNTIME_RUN_QUEUE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct actor;

enum { RUN_RING = 256 }; /* a power of two */

struct run_queue {
    atomic_uint head; /* of the ring: next to be taken; grows for ever */
    char apart[60];   /* thieves write head, the owner writes tail */
    atomic_uint tail; /* next to be filled */
    _Atomic(struct actor *) ring[RUN_RING];

    pthread_mutex_t lock; /* of the list */
    atomic_uint listed;
    struct actor *first;
    struct actor *last;
};

void run_queue_init(struct run_queue *queue);
void run_queue_fini(struct run_queue *queue);

/* By the owner. */
void run_queue_push_own(struct run_queue *queue, struct actor *actor);
struct actor *run_queue_pop(struct run_queue *queue); /* NULL when empty */

/* By anybody. */
void run_queue_push(struct run_queue *queue, struct actor *actor);
struct actor *run_queue_steal(struct run_queue *queue); /* NULL: nothing */

/* How many there are in the ring, and in the list, as of a moment ago. */
static inline uint32_t run_queue_ringed(const struct run_queue *queue)
{
    uint32_t head = atomic_load_explicit(&queue->head, memory_order_relaxed);
    uint32_t count = atomic_load_explicit(&queue->tail, memory_order_relaxed) - head;
    return count <= RUN_RING ? count : 0; /* the two are of different moments */
}

static inline uint32_t run_queue_listed(const struct run_queue *queue)
{
    return atomic_load(&queue->listed);
}

#endif
