/* link_routes.c - a hash table from routing ids to numbers.
 *
 * A number is the index of its entry with a serial above it: found without a search, never used
 * twice.
 */
#include "runtime/link_routes.h"

#include <stdio.h>
#include <stdlib.h>

enum { INDEX_BITS = 11, ENTRIES = 1 << INDEX_BITS, NONE = ENTRIES };

struct entry {
    uint64_t route; /* 0: free */
    uint16_t chain; /* next entry of its bucket, or NONE */
    uint8_t size;
    uint8_t id[ROUTE_ID_MAX];
    char key[CERT_KEY_TEXT + 1];
};

struct routes {
    uint64_t seed;
    uint64_t serial; /* of the last number */
    size_t hand;     /* where to look for room */
    uint16_t buckets[ENTRIES];
    struct entry entries[ENTRIES];
};

struct routes *routes_new(uint64_t seed)
{
    struct routes *self = calloc(1, sizeof *self);
    if (!self) {
        return NULL;
    }
    self->seed = seed;
    for (size_t i = 0; i < ENTRIES; i++) {
        self->buckets[i] = NONE;
    }
    return self;
}

void routes_destroy(struct routes **routes)
{
    free(*routes);
    *routes = NULL;
}

/* FNV-1a, begun with the seed. */
static size_t bucket_of(const struct routes *self, const uint8_t *id, size_t size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ self->seed;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ id[i]) * UINT64_C(0x100000001b3);
    }
    return (size_t)(hash >> (64 - INDEX_BITS));
}

static void remove_entry(struct routes *self, struct entry *entry)
{
    uint16_t index = (uint16_t)(entry - self->entries);
    uint16_t *at = &self->buckets[bucket_of(self, entry->id, entry->size)];
    while (*at != index) {
        assert(*at != NONE);
        at = &self->entries[*at].chain;
    }
    *at = entry->chain;
    entry->route = 0;
}

/* A free entry: the next that is, or that nobody would miss. */
static struct entry *make_room(struct routes *self, const struct links *links)
{
    for (size_t i = 0; i < ENTRIES; i++) {
        struct entry *entry = &self->entries[self->hand];
        self->hand = (self->hand + 1) % ENTRIES;
        if (entry->route == 0) {
            return entry;
        }
        if (!links_knows(links, entry->route)) {
            remove_entry(self, entry);
            return entry;
        }
    }
    return NULL;
}

uint64_t routes_number(struct routes *self, const struct route_id *id, const struct links *links)
{
    assert(id->size <= ROUTE_ID_MAX);
    assert(strlen(id->key) <= CERT_KEY_TEXT);
    size_t bucket = bucket_of(self, id->at, id->size);
    for (uint16_t i = self->buckets[bucket]; i != NONE; i = self->entries[i].chain) {
        struct entry *entry = &self->entries[i];
        if (entry->size == id->size && memcmp(entry->id, id->at, id->size) == 0) {
            if (strcmp(entry->key, id->key) == 0) {
                return entry->route;
            }
            /* What belongs to the one key is not to be found by the other. */
            remove_entry(self, entry);
            break;
        }
    }
    struct entry *entry = make_room(self, links);
    if (!entry) {
        return 0;
    }
    uint16_t index = (uint16_t)(entry - self->entries);
    entry->route = ++self->serial << INDEX_BITS | index;
    entry->size = (uint8_t)id->size;
    memcpy(entry->id, id->at, id->size);
    (void)snprintf(entry->key, sizeof entry->key, "%s", id->key);
    entry->chain = self->buckets[bucket];
    self->buckets[bucket] = index;
    return entry->route;
}

static const struct entry *find(const struct routes *self, uint64_t route)
{
    const struct entry *entry = &self->entries[route % ENTRIES];
    return route != 0 && entry->route == route ? entry : NULL;
}

const void *routes_id(const struct routes *self, uint64_t route, size_t *ret_size)
{
    const struct entry *entry = find(self, route);
    if (!entry) {
        return NULL;
    }
    *ret_size = entry->size;
    return entry->id;
}

const char *routes_key(const struct routes *self, uint64_t route)
{
    const struct entry *entry = find(self, route);
    return entry ? entry->key : NULL;
}

void routes_remove(struct routes *self, uint64_t route)
{
    if (find(self, route)) {
        remove_entry(self, &self->entries[route % ENTRIES]);
    }
}
