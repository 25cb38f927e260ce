/* arena.c - chunks of memory. */
#include "actors/healer/arena.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 16384 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t used;
    size_t size;
    max_align_t bytes[];
};

void *arena_alloc(struct arena *arena, size_t size)
{
    struct arena_chunk *chunk = arena->chunks;
    if (size > arena->bytes_max) {
        return NULL;
    }
    size = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
    if (arena->bytes > arena->bytes_max - size) {
        return NULL;
    }
    if (!chunk || chunk->size - chunk->used < size) {
        size_t room = size > CHUNK_BYTES ? size : CHUNK_BYTES;
        chunk = calloc(1, sizeof *chunk + room);
        if (!chunk) {
            return NULL;
        }
        *chunk = (struct arena_chunk){.next = arena->chunks, .size = room};
        arena->chunks = chunk;
    }
    void *at = (char *)chunk->bytes + chunk->used;
    chunk->used += size;
    arena->bytes += size;
    return at;
}

char *arena_copy(struct arena *arena, const char *text, size_t size)
{
    char *copy = arena_alloc(arena, size + 1);
    if (copy) {
        memcpy(copy, text, size);
    }
    return copy;
}

void arena_free(struct arena *arena)
{
    struct arena_chunk *chunk;
    while ((chunk = arena->chunks)) {
        arena->chunks = chunk->next;
        free(chunk);
    }
    arena->bytes = 0;
}
