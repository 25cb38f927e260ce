/* run_queue.c - three lists, two of them under a lock. */
#include "runtime/run_queue.h"

#include "runtime/core.h"

void run_queue_init(struct run_queue *queue)
{
    (void)pthread_mutex_init(&queue->lock, NULL);
}

void run_queue_fini(struct run_queue *queue)
{
    (void)pthread_mutex_destroy(&queue->lock);
}

/* Appends all of `from`, which is empty afterwards. */
static void append(struct run_list *to, struct run_list *from)
{
    if (from->first) {
        if (to->last) {
            to->last->run_next = from->first;
        } else {
            to->first = from->first;
        }
        to->last = from->last;
        to->count += from->count;
        *from = (struct run_list){0};
    }
}

static void take_visible(struct run_queue *queue)
{
    (void)pthread_mutex_lock(&queue->lock);
    uint32_t before = queue->own.count;
    append(&queue->own, &queue->arrived);
    if (queue->own.count == 0) {
        append(&queue->own, &queue->offered);
    }
    atomic_fetch_sub(&queue->visible, queue->own.count - before);
    (void)pthread_mutex_unlock(&queue->lock);
}

struct actor *run_queue_pop(struct run_queue *queue)
{
    if (atomic_load_explicit(&queue->visible, memory_order_relaxed) > 0) {
        take_visible(queue);
    }
    return run_list_pop(&queue->own);
}

void run_queue_offer(struct run_queue *queue)
{
    uint32_t count = (queue->own.count + 1) / 2;
    (void)pthread_mutex_lock(&queue->lock);
    for (uint32_t i = 0; i < count; i++) {
        run_list_push(&queue->offered, run_list_pop(&queue->own));
    }
    atomic_fetch_add(&queue->visible, count);
    (void)pthread_mutex_unlock(&queue->lock);
}

void run_queue_arrive(struct run_queue *queue, struct actor *actor)
{
    (void)pthread_mutex_lock(&queue->lock);
    run_list_push(&queue->arrived, actor);
    atomic_fetch_add(&queue->visible, 1);
    (void)pthread_mutex_unlock(&queue->lock);
}

struct actor *run_queue_steal(struct run_queue *queue)
{
    (void)pthread_mutex_lock(&queue->lock);
    struct actor *actor = run_list_pop(&queue->offered);
    actor = actor ? actor : run_list_pop(&queue->arrived);
    if (actor) {
        atomic_fetch_sub(&queue->visible, 1);
    }
    (void)pthread_mutex_unlock(&queue->lock);
    return actor;
}
