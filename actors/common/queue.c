/* queue.c - a binary heap. */
#include "actors/common/queue.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

enum err queue_init(struct queue *queue, size_t capacity)
{
    *queue =
        (struct queue){.pieces = calloc(capacity + 1, sizeof *queue->pieces), .capacity = capacity};
    return queue->pieces ? ERR_OK : ERR_MEMORY;
}

void queue_fini(struct queue *queue)
{
    free(queue->pieces);
    *queue = (struct queue){.pieces = NULL};
}

static bool before(const struct queue_piece *a, const struct queue_piece *b)
{
    if (a->position != b->position) {
        return a->position < b->position;
    }
    return a->file != b->file ? a->file < b->file : a->first < b->first;
}

void queue_put(struct queue *queue, const struct queue_piece *piece)
{
    assert(queue->count < queue->capacity);
    size_t at = queue->count++;
    while (at > 0 && before(piece, &queue->pieces[(at - 1) / 2])) {
        queue->pieces[at] = queue->pieces[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    queue->pieces[at] = *piece;
    queue->expected_us += piece->expected_us;
}

const struct queue_piece *queue_first(const struct queue *queue)
{
    assert(queue->count > 0);
    return &queue->pieces[0];
}

struct queue_piece queue_take(struct queue *queue)
{
    assert(queue->count > 0);
    struct queue_piece first = queue->pieces[0];
    struct queue_piece last = queue->pieces[--queue->count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= queue->count) {
            break;
        }
        if (child + 1 < queue->count && before(&queue->pieces[child + 1], &queue->pieces[child])) {
            child++;
        }
        if (!before(&queue->pieces[child], &last)) {
            break;
        }
        queue->pieces[at] = queue->pieces[child];
        at = child;
    }
    queue->pieces[at] = last;
    queue->expected_us -= first.expected_us;
    return first;
}

void queue_drop(struct queue *queue, uint32_t file)
{
    size_t count = queue->count;
    queue->count = 0;
    queue->expected_us = 0;
    /* What is put again stands before what is still to be looked at. */
    for (size_t i = 0; i < count; i++) {
        struct queue_piece piece = queue->pieces[i];
        if (piece.file != file) {
            queue_put(queue, &piece);
        }
    }
}
