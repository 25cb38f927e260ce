/* topics.c - who has subscribed to what: to topics of this process, and to those of others.
 *
 * Publishers share the lock, those who subscribe and end have it alone.  Under it messages are
 * pushed and nobody is waited for; the system's own lock may be taken inside, never the other way
 * round.
 *
 * A topic of another process has an entry of its own here, and a relay (relay.c): an actor that
 * subscribes there once, for all who have subscribed here, and passes on what comes.  So a message
 * that is published goes once over each link, as an ordinary one, under the link's credit; and the
 * subscription ends as any address does: with the relay, with its process, with the link, by the
 * DOWN that the root of the publishing process gets.  A stale one cannot be mistaken for a new one:
 * both processes are known by their incarnation.
 */
#include "runtime/core.h"

#include <stdlib.h>

struct topic {
    struct topic *next;
    uint64_t node;            /* whose topic it is */
    uint64_t relay;           /* the actor that brings it; 0: it is ours */
    struct rt_address *heard; /* by them; who subscribed first comes first */
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
static struct topic **find(struct topics *topics, uint64_t node, const char *name)
{
    struct topic **at = &topics->first;
    while (*at && ((*at)->node != node || strcmp((*at)->name, name) != 0)) {
        at = &(*at)->next;
    }
    return at;
}

static uint32_t place_of(const struct topic *topic, struct rt_address actor)
{
    uint32_t i = 0;
    while (i < topic->count && !rt_address_equal(topic->heard[i], actor)) {
        i++;
    }
    return i;
}

static void destroy(struct topics *topics, struct topic **at)
{
    struct topic *topic = *at;
    *at = topic->next;
    topics->count--;
    free(topic->heard);
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
static enum err topic_for(struct topics *topics, uint64_t node, const char *name,
                          struct topic **ret_topic)
{
    struct topic **at = find(topics, node, name);
    if (!*at) {
        if (topics->count == RT_TOPICS_MAX) {
            return ERR_FULL;
        }
        *at = calloc(1, sizeof **at);
        if (!*at) {
            return ERR_MEMORY;
        }
        (*at)->node = node;
        memcpy((*at)->name, name, strlen(name) + 1);
        topics->count++;
    }
    *ret_topic = *at;
    return ERR_OK;
}

static enum err add(struct topic *topic, struct rt_address actor)
{
    if (topic->count == RT_TOPIC_SUBSCRIBERS_MAX) {
        return ERR_FULL;
    }
    if (topic->count == topic->capacity) {
        uint32_t capacity = topic->capacity > 0 ? 2 * topic->capacity : 4;
        struct rt_address *heard = realloc(topic->heard, capacity * sizeof *heard);
        if (!heard) {
            return ERR_MEMORY;
        }
        topic->heard = heard;
        topic->capacity = capacity;
    }
    topic->heard[topic->count++] = actor;
    return ERR_OK;
}

/* Takes the actor out of the topic, if it is in there.  A topic of nobody ends, and its relay. */
static bool take_out(struct rt_system *system, struct topic **at, struct rt_address actor)
{
    struct topic *topic = *at;
    uint32_t place = place_of(topic, actor);
    if (place < topic->count) {
        topic->count--;
        memmove(topic->heard + place, topic->heard + place + 1,
                (topic->count - place) * sizeof *topic->heard);
        system->topics.foreign -= actor.node != system->node;
    }
    if (topic->count > 0) {
        return false;
    }
    if (topic->relay != 0) {
        deliver_signal(system, (struct rt_address){0, 0},
                       (struct rt_address){system->node, topic->relay},
                       MSG(exit, .reason = ERR_OK));
    }
    destroy(&system->topics, at);
    return true;
}

/* Under the lock, alone. */
static enum err subscribe(struct rt_system *system, uint64_t node, const char *name,
                          struct rt_address actor)
{
    struct topics *topics = &system->topics;
    struct topic *topic;
    bool foreign = actor.node != system->node;
    enum err err = topic_for(topics, node, name, &topic);
    if (err != ERR_OK || place_of(topic, actor) < topic->count) {
        return err == ERR_OK ? ERR_EXISTS : err;
    }
    err = foreign && topics->foreign == RT_TOPIC_NODES_MAX ? ERR_FULL : add(topic, actor);
    topics->foreign += foreign && err == ERR_OK;
    if (err == ERR_OK && node != system->node && topic->relay == 0) {
        err = relay_spawn(system, node, name, &topic->relay);
        topic->count -= err != ERR_OK;
    }
    if (topic->count == 0) {
        destroy(topics, find(topics, node, name));
    }
    return err;
}

enum err topics_subscribe(struct rt_system *system, uint64_t node, const char *topic,
                          struct rt_address actor)
{
    size_t size = strlen(topic);
    if (size == 0 || size > RT_TOPIC_NAME_MAX) {
        return ERR_LIMIT;
    }
    (void)pthread_rwlock_wrlock(&system->topics.lock);
    enum err err = subscribe(system, node, topic, actor);
    (void)pthread_rwlock_unlock(&system->topics.lock);
    return err;
}

enum err rt_subscribe_at(struct rt_context *ctx, uint64_t node, const char *topic)
{
    enum err err = node == 0 ? ERR_GONE : topics_subscribe(ctx->system, node, topic, rt_self(ctx));
    ctx->actor->has_topics |= err == ERR_OK;
    return err == ERR_EXISTS ? ERR_OK : err;
}

enum err rt_subscribe(struct rt_context *ctx, const char *topic)
{
    return rt_subscribe_at(ctx, ctx->system->node, topic);
}

void rt_unsubscribe_at(struct rt_context *ctx, uint64_t node, const char *topic)
{
    struct topics *topics = &ctx->system->topics;
    (void)pthread_rwlock_wrlock(&topics->lock);
    struct topic **at = find(topics, node, topic);
    if (*at) {
        (void)take_out(ctx->system, at, rt_self(ctx));
    }
    (void)pthread_rwlock_unlock(&topics->lock);
}

void rt_unsubscribe(struct rt_context *ctx, const char *topic)
{
    rt_unsubscribe_at(ctx, ctx->system->node, topic);
}

void topics_forget(struct rt_system *system, struct rt_address actor)
{
    struct topics *topics = &system->topics;
    bool ours = actor.node == system->node;
    (void)pthread_rwlock_wrlock(&topics->lock);
    for (struct topic **at = &topics->first; *at;) {
        if (ours && (*at)->relay == actor.actor) {
            destroy(topics, at); /* nothing comes from there any more */
        } else if (!take_out(system, at, actor)) {
            at = &(*at)->next;
        }
    }
    (void)pthread_rwlock_unlock(&topics->lock);
}

void topics_node_down(struct rt_system *system, uint64_t node)
{
    struct topics *topics = &system->topics;
    (void)pthread_rwlock_wrlock(&topics->lock);
    for (struct topic **at = &topics->first; *at;) {
        if ((*at)->node == node) {
            destroy(topics, at); /* its relay hears of the lost node, too, and ends */
        } else {
            at = &(*at)->next;
        }
    }
    (void)pthread_rwlock_unlock(&topics->lock);
}

/* ---- publishing ---- */

size_t rt_publish(struct rt_context *ctx, const char *topic, const struct msg *msg)
{
    struct topics *topics = &ctx->system->topics;
    size_t took = 0;
    (void)pthread_rwlock_rdlock(&topics->lock);
    const struct topic *it = *find(topics, ctx->system->node, topic);
    for (uint32_t i = 0; it && i < it->count; i++) {
        took += rt_send(ctx, it->heard[i], msg) == ERR_OK;
    }
    (void)pthread_rwlock_unlock(&topics->lock);
    return took;
}

enum err rt_publish_one(struct rt_context *ctx, const char *topic, const struct msg *msg)
{
    struct topics *topics = &ctx->system->topics;
    enum err err = ERR_GONE;
    (void)pthread_rwlock_rdlock(&topics->lock);
    struct topic *it = *find(topics, ctx->system->node, topic);
    uint32_t count = it ? it->count : 0;
    uint32_t turn = it ? atomic_fetch_add_explicit(&it->turn, 1, memory_order_relaxed) : 0;
    /* Who has no room, or is about to end, is passed over. */
    for (uint32_t i = 0; i < count && (i == 0 || err == ERR_FULL || err == ERR_GONE); i++) {
        struct rt_address to = it->heard[(turn + i) % count];
        err = to.node == ctx->system->node ? rt_send(ctx, to, msg) : err;
    }
    (void)pthread_rwlock_unlock(&topics->lock);
    return err;
}

void topics_relay(struct rt_context *ctx, uint64_t node, const char *topic)
{
    struct topics *topics = &ctx->system->topics;
    (void)pthread_rwlock_rdlock(&topics->lock);
    const struct topic *it = *find(topics, node, topic);
    /* A relay whose subscribers have gone may have a successor already. */
    uint32_t count = it && it->relay == rt_self(ctx).actor ? it->count : 0;
    for (uint32_t i = 0; i < count; i++) {
        enum err err = rt_forward(ctx, it->heard[i]);
        (void)err; /* as for any publisher: who has no room does not get it, and that is counted */
    }
    (void)pthread_rwlock_unlock(&topics->lock);
}
