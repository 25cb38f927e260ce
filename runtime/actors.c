/* actors.c - the table of actors: slots in chunks that stay where they are. */
#include "runtime/core.h"

#include <stdlib.h>

static bool add_chunk(struct rt_system *system)
{
    uint32_t index = system->slots / ACTOR_CHUNK;
    if (index >= ACTOR_CHUNKS_MAX) {
        return false;
    }
    struct actor *chunk = calloc(ACTOR_CHUNK, sizeof *chunk);
    if (!chunk) {
        return false;
    }
    for (uint32_t i = 0; i < ACTOR_CHUNK; i++) {
        atomic_store_explicit(&chunk[i].inbox, MAILBOX_IDLE, memory_order_relaxed);
        chunk[i].slot_next = i + 1 < ACTOR_CHUNK ? system->slots + i + 1 : NO_SLOT;
    }
    atomic_store_explicit(&system->chunks[index], chunk, memory_order_release);
    system->free_first = system->slots;
    system->slots += ACTOR_CHUNK;
    return true;
}

struct actor *actors_take(struct rt_system *system)
{
    struct actor *actor = NULL;
    (void)pthread_mutex_lock(&system->lock);
    if (system->free_first != NO_SLOT || add_chunk(system)) {
        uint32_t slot = system->free_first;
        actor = &system->chunks[slot / ACTOR_CHUNK][slot % ACTOR_CHUNK];
        system->free_first = actor->slot_next;
        /* A new generation each time: an old address never means the new actor. */
        actor->generation++;
        uint64_t id = (uint64_t)actor->generation << 32 | slot;
        atomic_store_explicit(&actor->id, id, memory_order_relaxed);
        atomic_fetch_add_explicit(&system->actors, 1, memory_order_relaxed);
    }
    (void)pthread_mutex_unlock(&system->lock);
    return actor;
}

void actors_end_id(struct rt_system *system, struct actor *actor)
{
    atomic_store_explicit(&actor->id, 0, memory_order_relaxed);
    atomic_fetch_sub_explicit(&system->actors, 1, memory_order_relaxed);
}

void actors_give_back(struct rt_system *system, uint32_t slot)
{
    struct actor *actor = &system->chunks[slot / ACTOR_CHUNK][slot % ACTOR_CHUNK];
    (void)pthread_mutex_lock(&system->lock);
    actor->slot_next = system->free_first;
    system->free_first = slot;
    (void)pthread_mutex_unlock(&system->lock);
}

struct relations *actor_relations(struct actor *actor)
{
    if (!actor->relations) {
        actor->relations = calloc(1, sizeof *actor->relations);
        if (actor->relations) {
            actor->relations->child_newest = NO_SLOT;
        }
    }
    return actor->relations;
}
