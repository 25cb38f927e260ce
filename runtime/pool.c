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

/* NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): what a pool is about */
_Thread_local struct pool_cache pool_caches[POOL_CLASSES];

#ifdef POOL_OFF

/* Nothing is ever at hand. */
void *pool_take_more(size_t size)
{
    return malloc(size);
}

void pool_give_back(void *block, size_t size)
{
    (void)size;
    free(block);
}

#else

enum {
    MAGAZINE = 32,      /* blocks that change hands at a time */
    MAGAZINES_MAX = 512 /* that the store keeps of each size */
};

struct store {
    pthread_mutex_t lock;
    struct pool_block *magazines;
    uint32_t count;
};

/* NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables) */
static struct store stores[POOL_CLASSES]; /* once a thread has entered */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
/* NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables) */

static void free_all(struct pool_block *magazine)
{
    while (magazine) {
        struct pool_block *next = magazine->next;
        free(magazine);
        magazine = next;
    }
}

/* The thread ends. */
static void leave(void *mine)
{
    struct pool_cache *all = mine;
    for (int i = 0; i < POOL_CLASSES; i++) {
        free_all(all[i].loaded);
        free_all(all[i].spare);
        all[i] = (struct pool_cache){0};
    }
}

static void prepare(void)
{
    for (int i = 0; i < POOL_CLASSES; i++) {
        (void)pthread_mutex_init(&stores[i].lock, NULL);
    }
    /* Without a key the blocks of threads that end are lost, and nothing else. */
    (void)pthread_key_create(&key, leave);
}

static void enter(struct pool_cache *cache)
{
    (void)pthread_once(&once, prepare);
    (void)pthread_setspecific(key, pool_caches);
    cache->max = MAGAZINE;
}

static void store_put(struct store *store, struct pool_block *magazine)
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

static struct pool_block *store_get(struct store *store)
{
    (void)pthread_mutex_lock(&store->lock);
    struct pool_block *magazine = store->magazines;
    if (magazine) {
        store->magazines = magazine->rest;
        store->count--;
    }
    (void)pthread_mutex_unlock(&store->lock);
    return magazine;
}

/* Puts a magazine into an empty cache; false when there is none to be had. */
static bool load(struct pool_cache *cache, size_t class)
{
    if (cache->max == 0) {
        enter(cache);
    }
    cache->loaded = cache->spare ? cache->spare : store_get(&stores[class]);
    cache->spare = NULL;
    cache->count = cache->loaded ? MAGAZINE : 0;
    return cache->loaded != NULL;
}

void *pool_take_more(size_t size)
{
    size_t class = (size - 1) / POOL_STEP;
    if (class >= POOL_CLASSES) {
        return malloc(size);
    }
    return load(&pool_caches[class], class) ? pool_take(size) : malloc((class + 1) * POOL_STEP);
}

void pool_give_back(void *block, size_t size)
{
    size_t class = (size - 1) / POOL_STEP;
    if (!block || class >= POOL_CLASSES) {
        free(block);
        return;
    }
    struct pool_cache *cache = &pool_caches[class];
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
    pool_give(block, size);
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
