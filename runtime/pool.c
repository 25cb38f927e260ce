/* pool.c - magazines (Bonwick and Adams, "Magazines and Vmem", 2001): two stacks of blocks per
 * thread and size, so that a thread which takes and gives around a boundary keeps to itself.
 */
#include "runtime/pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined __SANITIZE_ADDRESS__
#define POOL_OFF 1 /* so that AddressSanitizer sees who uses what was given back */
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define POOL_OFF 1
#endif
#endif

#ifdef POOL_OFF

void *pool_take(size_t size)
{
    return malloc(size);
}

void pool_give(void *block, size_t size)
{
    (void)size;
    free(block);
}

#else

enum {
    STEP = 64,          /* sizes are rounded up to multiples of it */
    CLASSES = 16,       /* larger blocks are malloc's business */
    MAGAZINE = 32,      /* blocks that change hands at a time */
    MAGAZINES_MAX = 512 /* that the store keeps of each size */
};

/* A block that nobody uses. */
struct block {
    struct block *next; /* in its magazine */
    struct block *rest; /* in the first of a full magazine: the next magazine of the store */
};

struct cache {
    struct block *loaded;
    uint32_t count;      /* of loaded */
    uint32_t max;        /* MAGAZINE, or 0 before the thread's first */
    struct block *spare; /* a full magazine, or NULL */
};

struct store {
    pthread_mutex_t lock;
    struct block *magazines;
    uint32_t count;
};

/* NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables): an allocator belongs to the
 * process, as malloc does */
static _Thread_local struct cache caches[CLASSES];
static struct store stores[CLASSES]; /* once a thread has entered */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
/* NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables) */

static void free_all(struct block *magazine)
{
    while (magazine) {
        struct block *next = magazine->next;
        free(magazine);
        magazine = next;
    }
}

/* The thread ends. */
static void leave(void *mine)
{
    struct cache *all = mine;
    for (int i = 0; i < CLASSES; i++) {
        free_all(all[i].loaded);
        free_all(all[i].spare);
        all[i] = (struct cache){0};
    }
}

static void prepare(void)
{
    for (int i = 0; i < CLASSES; i++) {
        (void)pthread_mutex_init(&stores[i].lock, NULL);
    }
    /* Without a key the blocks of threads that end are lost, and nothing else. */
    (void)pthread_key_create(&key, leave);
}

static void enter(struct cache *cache)
{
    (void)pthread_once(&once, prepare);
    (void)pthread_setspecific(key, caches);
    cache->max = MAGAZINE;
}

static void store_put(struct store *store, struct block *magazine)
{
    (void)pthread_mutex_lock(&store->lock);
    bool full = store->count == MAGAZINES_MAX;
    if (!full) {
        magazine->rest = store->magazines;
        store->magazines = magazine;
        store->count++;
    }
    (void)pthread_mutex_unlock(&store->lock);
    if (full) {
        free_all(magazine);
    }
}

static struct block *store_get(struct store *store)
{
    (void)pthread_mutex_lock(&store->lock);
    struct block *magazine = store->magazines;
    if (magazine) {
        store->magazines = magazine->rest;
        store->count--;
    }
    (void)pthread_mutex_unlock(&store->lock);
    return magazine;
}

/* Puts a magazine into an empty cache; false when there is none to be had. */
static bool load(struct cache *cache, size_t class)
{
    if (cache->max == 0) {
        enter(cache);
    }
    cache->loaded = cache->spare ? cache->spare : store_get(&stores[class]);
    cache->spare = NULL;
    cache->count = cache->loaded ? MAGAZINE : 0;
    return cache->loaded != NULL;
}

void *pool_take(size_t size)
{
    size_t class = (size - 1) / STEP;
    if (size == 0 || class >= CLASSES) {
        return malloc(size ? size : 1);
    }
    struct cache *cache = &caches[class];
    if (cache->count == 0 && !load(cache, class)) {
        return malloc((class + 1) * STEP);
    }
    struct block *block = cache->loaded;
    cache->loaded = block->next;
    cache->count--;
    return block;
}

void pool_give(void *block, size_t size)
{
    size_t class = (size - 1) / STEP;
    if (!block || size == 0 || class >= CLASSES) {
        free(block);
        return;
    }
    struct cache *cache = &caches[class];
    if (cache->count == cache->max) {
        if (cache->max == 0) {
            enter(cache);
        } else {
            if (cache->spare) {
                store_put(&stores[class], cache->spare);
            }
            cache->spare = cache->loaded;
            cache->loaded = NULL;
            cache->count = 0;
        }
    }
    struct block *it = block;
    it->next = cache->loaded;
    cache->loaded = it;
    cache->count++;
}

#endif

void *pool_take_zeroed(size_t size)
{
    void *block = pool_take(size);
    if (block) {
        memset(block, 0, size);
    }
    return block;
}
