/* topics.c - who has subscribed to what, in one process.
 *
 * Publishers share the lock, those who subscribe and end have it alone.  Under it messages are
 * pushed and nobody is waited for.  Subscribers are of this process, so nothing sent under the lock
 * needs another one of the system's than that of a run queue.
 */
#include "runtime/core.h"

#include <stdlib.h>

struct topic {
    struct topic *next;
    uint64_t *actors; /* who subscribed first comes first */
    uint32_t count;
    uint32_t capacity;
    atomic_uint turn; /* of rt_publish_one */
    char name[RT_TOPIC_NAME_MAX + 1];
};

void topics_init(struct topics *topics)
{
    (void)pthread_rwlock_init(&topics->lock, NULL);
}

/* Under the lock: the place of a topic, NULL in it when there is none. */
static struct topic **find(struct topics *topics, const char *name)
{
    struct topic **at = &topics->first;
    while (*at && strcmp((*at)->name, name) != 0) {
        at = &(*at)->next;
    }
    return at;
}

static uint32_t place_of(const struct topic *topic, uint64_t actor)
{
    uint32_t i = 0;
    while (i < topic->count && topic->actors[i] != actor) {
        i++;
    }
    return i;
}

static void destroy(struct topics *topics, struct topic **at)
{
    struct topic *topic = *at;
    *at = topic->next;
    topics->count--;
    free(topic->actors);
    free(topic);
}

void topics_fini(struct topics *topics)
{
    while (topics->first) {
        destroy(topics, &topics->first);
    }
    (void)pthread_rwlock_destroy(&topics->lock);
}

/* The topic, made if there is none; ERR_FULL, ERR_MEMORY. */
static enum err topic_for(struct topics *topics, const char *name, struct topic **ret_topic)
{
    struct topic **at = find(topics, name);
    if (!*at) {
        if (topics->count == RT_TOPICS_MAX) {
            return ERR_FULL;
        }
        *at = calloc(1, sizeof **at);
        if (!*at) {
            return ERR_MEMORY;
        }
        memcpy((*at)->name, name, strlen(name) + 1);
        topics->count++;
    }
    *ret_topic = *at;
    return ERR_OK;
}

static enum err add(struct topic *topic, uint64_t actor)
{
    if (place_of(topic, actor) < topic->count) {
        return ERR_OK;
    }
    if (topic->count == RT_TOPIC_SUBSCRIBERS_MAX) {
        return ERR_FULL;
    }
    if (topic->count == topic->capacity) {
        uint32_t capacity = topic->capacity > 0 ? 2 * topic->capacity : 4;
        uint64_t *actors = realloc(topic->actors, capacity * sizeof *actors);
        if (!actors) {
            return ERR_MEMORY;
        }
        topic->actors = actors;
        topic->capacity = capacity;
    }
    topic->actors[topic->count++] = actor;
    return ERR_OK;
}

/* Takes the actor out of the topic, if it is in there; a topic of nobody ends.  True: it ended. */
static bool take_out(struct topics *topics, struct topic **at, uint64_t actor)
{
    struct topic *topic = *at;
    uint32_t place = place_of(topic, actor);
    if (place < topic->count) {
        topic->count--;
        memmove(topic->actors + place, topic->actors + place + 1,
                (topic->count - place) * sizeof *topic->actors);
    }
    if (topic->count == 0) {
        destroy(topics, at);
        return true;
    }
    return false;
}

enum err rt_subscribe(struct rt_context *ctx, const char *topic)
{
    struct topics *topics = &ctx->system->topics;
    size_t size = strlen(topic);
    if (size == 0 || size > RT_TOPIC_NAME_MAX) {
        return ERR_LIMIT;
    }
    (void)pthread_rwlock_wrlock(&topics->lock);
    struct topic *it;
    enum err err = topic_for(topics, topic, &it);
    if (err == ERR_OK) {
        err = add(it, ctx->actor->id);
        if (it->count == 0) {
            destroy(topics, find(topics, topic));
        }
    }
    (void)pthread_rwlock_unlock(&topics->lock);
    ctx->actor->has_topics |= err == ERR_OK;
    return err;
}

void rt_unsubscribe(struct rt_context *ctx, const char *topic)
{
    struct topics *topics = &ctx->system->topics;
    (void)pthread_rwlock_wrlock(&topics->lock);
    struct topic **at = find(topics, topic);
    if (*at) {
        (void)take_out(topics, at, ctx->actor->id);
    }
    (void)pthread_rwlock_unlock(&topics->lock);
}

void topics_forget(struct rt_system *system, uint64_t actor)
{
    struct topics *topics = &system->topics;
    (void)pthread_rwlock_wrlock(&topics->lock);
    for (struct topic **at = &topics->first; *at;) {
        if (!take_out(topics, at, actor)) {
            at = &(*at)->next;
        }
    }
    (void)pthread_rwlock_unlock(&topics->lock);
}

/* Sends to the subscriber at a place. */
static enum err send_to(struct rt_context *ctx, const struct topic *topic, uint32_t place,
                        const struct msg *msg)
{
    return rt_send(ctx, (struct rt_address){ctx->system->node, topic->actors[place]}, msg);
}

size_t rt_publish(struct rt_context *ctx, const char *topic, const struct msg *msg)
{
    struct topics *topics = &ctx->system->topics;
    size_t took = 0;
    (void)pthread_rwlock_rdlock(&topics->lock);
    const struct topic *it = *find(topics, topic);
    for (uint32_t i = 0; it && i < it->count; i++) {
        took += send_to(ctx, it, i, msg) == ERR_OK;
    }
    (void)pthread_rwlock_unlock(&topics->lock);
    return took;
}

enum err rt_publish_one(struct rt_context *ctx, const char *topic, const struct msg *msg)
{
    struct topics *topics = &ctx->system->topics;
    enum err err = ERR_GONE;
    (void)pthread_rwlock_rdlock(&topics->lock);
    struct topic *it = *find(topics, topic);
    uint32_t count = it ? it->count : 0;
    uint32_t turn = it ? atomic_fetch_add_explicit(&it->turn, 1, memory_order_relaxed) : 0;
    /* Who has no room, or is about to end, is passed over. */
    for (uint32_t i = 0; i < count && (i == 0 || err == ERR_FULL || err == ERR_GONE); i++) {
        err = send_to(ctx, it, (turn + i) % count, msg);
    }
    (void)pthread_rwlock_unlock(&topics->lock);
    return err;
}
