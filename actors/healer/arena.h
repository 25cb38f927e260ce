/* arena.h - memory that is given back all at once, up to a limit.  Not for several threads. */
#ifndef ACTORS_HEALER_ARENA_H
#define ACTORS_HEALER_ARENA_H

#include <stddef.h>

struct arena {
    struct arena_chunk *chunks;
    size_t bytes;
    size_t bytes_max;
};

/* Zeroed memory; NULL when there is none or bytes_max is reached. */
void *arena_alloc(struct arena *arena, size_t size);

/* A copy of `size` bytes with a NUL; NULL as above. */
char *arena_copy(struct arena *arena, const char *text, size_t size);

/* Leaves an empty one. */
void arena_free(struct arena *arena);

#endif
