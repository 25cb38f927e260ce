/* run_queue.h - actors whose turn is due, of one worker.
 *
 * What its own actors ready is in a list that only the worker itself sees, so that a turn costs no
 * bus lock.  Other threads reach two more, under a lock: `arrived` is how they ready an actor, and
 * from `offered` idle workers take what this one has put there for them.
 */
#ifndef RUNTIME_RUN_QUEUE_H
#define RUNTIME_RUN_QUEUE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct actor;

/* First come, first served; linked by run_next. */
struct run_list {
    struct actor *first;
    struct actor *last;
    uint32_t count;
};

struct run_queue {
    struct run_list own; /* the worker's alone */
    pthread_mutex_t lock;
    struct run_list arrived;
    struct run_list offered;
    atomic_uint visible; /* in the two */
};

void run_queue_init(struct run_queue *queue);
void run_queue_fini(struct run_queue *queue);

/* By the worker.  The oldest; of those offered only when there is no other; NULL: nothing.
 * run_queue_offer() offers the older half of its own, at least one if it has any. */
struct actor *run_queue_pop(struct run_queue *queue);
void run_queue_offer(struct run_queue *queue);

/* By anybody. */
void run_queue_arrive(struct run_queue *queue, struct actor *actor);
struct actor *run_queue_steal(struct run_queue *queue); /* NULL: nothing */

/* Whether a thief would find something; ordered with the other atomics that are. */
static inline bool run_queue_visible(const struct run_queue *queue)
{
    return atomic_load(&queue->visible) > 0;
}

#endif
