/* pool.h - small blocks of memory that are needed and given back all the time.
 *
 * Each thread keeps some blocks of each size at hand; what it has too many or too few of goes
 * through a store shared by all, thirty-two at a time, so that a thread that only sends and one
 * that only receives meet seldom.  What nobody needs goes back to malloc.  Any thread.
 */
#ifndef RUNTIME_POOL_H
#define RUNTIME_POOL_H

#include <stddef.h>
#include <stdint.h>

enum {
    POOL_STEP = 64,   /* sizes are rounded up to multiples of it */
    POOL_CLASSES = 16 /* larger blocks are malloc's business */
};

/* A block that nobody uses. */
struct pool_block {
    struct pool_block *next; /* in its magazine */
    struct pool_block *rest; /* in the first of a full magazine: the next one of the store */
};

/* What a thread has at hand of one size. */
struct pool_cache {
    struct pool_block *loaded;
    uint32_t count;           /* of loaded */
    uint32_t max;             /* 0 before the thread's first */
    struct pool_block *spare; /* a full magazine, or NULL */
};

/* NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): as malloc has its own */
extern _Thread_local struct pool_cache pool_caches[POOL_CLASSES];

/* What the functions below do when nothing, or too much, is at hand. */
void *pool_take_more(size_t size);
void pool_give_back(void *block, size_t size);

/* A block of `size` bytes (> 0), aligned as by malloc, not cleared; NULL without memory. */
static inline void *pool_take(size_t size)
{
    size_t class = (size - 1) / POOL_STEP;
    if (class >= POOL_CLASSES || pool_caches[class].count == 0) {
        return pool_take_more(size);
    }
    struct pool_block *block = pool_caches[class].loaded;
    pool_caches[class].loaded = block->next;
    pool_caches[class].count--;
    return block;
}

/* Gives back a block; `size` as when it was taken.  NULL is fine. */
static inline void pool_give(void *block, size_t size)
{
    size_t class = (size - 1) / POOL_STEP;
    if (!block || class >= POOL_CLASSES || pool_caches[class].count == pool_caches[class].max) {
        pool_give_back(block, size);
        return;
    }
    struct pool_block *it = block;
    it->next = pool_caches[class].loaded;
    pool_caches[class].loaded = it;
    pool_caches[class].count++;
}

/* As pool_take, cleared. */
void *pool_take_zeroed(size_t size);

#endif
