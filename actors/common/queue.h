/* queue.h - tests that wait for a worker, in the order of their plan.
 *
 * Pure: no clock, no I/O.  One thread.  A piece is some tests of a file that follow each other: the
 * whole file, unless its runner can be given less.
 */
#ifndef ACTORS_COMMON_QUEUE_H
#define ACTORS_COMMON_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"

struct queue_piece {
    uint64_t position;    /* in the plan: the least is taken first */
    uint64_t expected_us; /* of all its tests together */
    uint32_t file;        /* the caller's number for it; breaks ties */
    uint32_t first;       /* of its tests */
    uint32_t count;       /* of its tests; 1 stands for a file that is not cut */
};

/* A heap, the first of the plan on top.  Plain data: all zero is an empty one without room. */
struct queue {
    struct queue_piece *pieces; /* owned */
    size_t count;
    size_t capacity;
    uint64_t expected_us; /* of all pieces */
};

/* An empty queue with room for `capacity` pieces; end it with queue_fini.  ERR_MEMORY. */
enum err queue_init(struct queue *queue, size_t capacity) MUST_CHECK;
void queue_fini(struct queue *queue);

/* There must be room. */
void queue_put(struct queue *queue, const struct queue_piece *piece);

/* The first of the plan; the queue must not be empty.  queue_first's holds until the next change.
 */
const struct queue_piece *queue_first(const struct queue *queue);
struct queue_piece queue_take(struct queue *queue);

/* Takes out every piece of a file. */
void queue_drop(struct queue *queue, uint32_t file);

#endif
