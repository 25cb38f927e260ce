/* ledger_pool.c - memory that is freed all at once. */
#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "actors/coordinator/ledger_priv.h"

enum { CHUNK_SIZE = 65536 };

struct chunk {
    struct chunk *next;
    size_t used;
    size_t size;
    alignas(max_align_t) char bytes[];
};

struct ledger_pool {
    struct chunk *chunks; /* the newest first; only it has room */
};

struct ledger_pool *ledger_pool_new(void)
{
    return calloc(1, sizeof(struct ledger_pool));
}

void ledger_pool_free(struct ledger_pool *pool)
{
    if (!pool) {
        return;
    }
    struct chunk *chunk = pool->chunks;
    while (chunk) {
        struct chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    free(pool);
}

static struct chunk *grow(struct ledger_pool *pool, size_t size)
{
    size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
    struct chunk *chunk = calloc(1, sizeof *chunk + room);
    if (!chunk) {
        return NULL;
    }
    chunk->size = room;
    chunk->next = pool->chunks;
    pool->chunks = chunk;
    return chunk;
}

void *ledger_pool_take(struct ledger_pool *pool, size_t count, size_t size)
{
    size_t align = alignof(max_align_t);
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2) {
        return NULL;
    }
    bytes = (bytes + align - 1) / align * align;
    struct chunk *chunk = pool->chunks;
    if (!chunk || chunk->size - chunk->used < bytes) {
        chunk = grow(pool, bytes);
    }
    if (!chunk) {
        return NULL;
    }
    void *at = chunk->bytes + chunk->used;
    chunk->used += bytes;
    assert(chunk->used <= chunk->size);
    return at;
}

enum err ledger_pool_text(struct ledger_pool *pool, struct msg_str text, struct msg_str *ret_text)
{
    char *copy = ledger_pool_take(pool, (size_t)text.size + 1, 1);
    if (!copy) {
        return ERR_MEMORY;
    }
    memcpy(copy, text.at, text.size);
    *ret_text = (struct msg_str){copy, text.size};
    return ERR_OK;
}
