/* stress_topics.c - topics under threads: subscribers come, crash and end while others publish.
 *
 * A plain program, so that it also runs under ThreadSanitizer.  Exit 0 when all holds: what was
 * said to have been taken was heard or has another outcome, and nobody is left in a topic.  Tried:
 * fails under ThreadSanitizer without the lock in rt_publish or in topics_forget.
 */
#include <stdio.h>
#include <time.h>

#include "runtime/core.h"

enum { PUBLISHERS = 3, ROUNDS = 3000, LISTENERS = 8, LIVES_OF = 10, ALWAYS = 4 };

static atomic_uint_fast64_t took;
static atomic_uint_fast64_t heard;
static atomic_uint_fast64_t heard_always;
static atomic_uint_fast64_t ended;

static uint64_t now_ms(void *world)
{
    (void)world;
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000 + (uint64_t)at.tv_nsec / 1000000;
}

static void no_timer(void *world)
{
    (void)world;
}

static void no_log(void *world, enum rt_level level, const char *actor, const char *text)
{
    (void)world;
    (void)level;
    (void)actor;
    (void)text;
}

/* ---- listeners: for ever, or for some messages ---- */

static enum err subscribe(struct rt_context *ctx, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    return rt_subscribe(ctx, "stress");
}

static enum err always_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    (void)ctx;
    (void)state;
    (void)msg;
    atomic_fetch_add(&heard_always, 1);
    return ERR_OK;
}

static const struct rt_behaviour always = {
    .name = "always", .start = subscribe, .receive = always_receive};

static enum err mortal_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    uint64_t *count = state;
    (void)msg;
    atomic_fetch_add(&heard, 1);
    if (++*count == LIVES_OF) {
        if (rt_random(ctx) % 2 == 0) {
            rt_unsubscribe(ctx, "stress"); /* the others are forgotten */
        }
        rt_stop(ctx);
    }
    return ERR_OK;
}

static const struct rt_behaviour mortal = {.name = "mortal",
                                           .state_size = sizeof(uint64_t),
                                           .start = subscribe,
                                           .receive = mortal_receive};

/* Replaces each listener that ends. */
static enum err spawn_watched(struct rt_context *ctx)
{
    struct rt_address child;
    enum err err = rt_spawn(ctx, &mortal, NULL, 0, &child);
    if (err == ERR_OK) {
        (void)rt_monitor(ctx, child);
    }
    return err;
}

static enum err nurse_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    enum err err = ERR_OK;
    for (int i = 0; i < LISTENERS && err == ERR_OK; i++) {
        err = spawn_watched(ctx);
    }
    return err;
}

static enum err nurse_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    (void)state;
    if (msg->type != MSG_DOWN) {
        return ERR_UNKNOWN;
    }
    atomic_fetch_add(&ended, 1);
    return spawn_watched(ctx);
}

static const struct rt_behaviour nurse = {
    .name = "nurse", .start = nurse_start, .receive = nurse_receive};

/* ---- publishers ---- */

static atomic_uint_fast64_t published;

static enum err publisher_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    uint64_t *round = state;
    atomic_fetch_add(&took, rt_publish(ctx, "stress", msg));
    atomic_fetch_add(&took, rt_publish_one(ctx, "stress", msg) == ERR_OK);
    atomic_fetch_add(&published, 1);
    if (++*round < ROUNDS) {
        rt_tell(ctx, rt_self(ctx), msg);
    }
    return ERR_OK;
}

static const struct rt_behaviour publisher = {
    .name = "publisher", .state_size = sizeof(uint64_t), .receive = publisher_receive};

/* ---- the check ---- */

static bool run(struct rt_system *system)
{
    struct rt_address publishers[PUBLISHERS];
    struct rt_address other;
    bool ok =
        system_start(system) == ERR_OK && system_spawn(system, &nurse, NULL, 0, &other) == ERR_OK;
    for (int i = 0; i < ALWAYS && ok; i++) {
        ok = system_spawn(system, &always, NULL, 0, &other) == ERR_OK;
    }
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    (void)nanosleep(&pause, NULL);
    for (int i = 0; i < PUBLISHERS && ok; i++) {
        ok = system_spawn(system, &publisher, NULL, 0, &publishers[i]) == ERR_OK &&
             system_tell(system, publishers[i], MSG(submitted, .run = msg_str("x"))) == ERR_OK;
    }
    uint64_t end_ms = now_ms(NULL) + 60000;
    struct system_stats stats;
    do {
        (void)nanosleep(&pause, NULL);
        system_stats(system, &stats);
    } while ((atomic_load(&published) < (uint64_t)PUBLISHERS * ROUNDS || stats.queued > 0) &&
             now_ms(NULL) < end_ms);
    return ok && system_stop(system, 10000) == ERR_OK;
}

int main(void)
{
    struct config config;
    config_defaults(&config);
    config.runtime.workers = 4;
    struct system_options options = {
        .config = &config,
        .name = "stress",
        .node = 7,
        .seed = 1,
        .ports = {.now_ms = now_ms, .wall_ms = now_ms, .timer_set = no_timer, .log = no_log}};
    struct rt_system *system;
    if (system_new(&options, &system) != ERR_OK) {
        return 1;
    }
    bool ok = run(system);
    uint64_t dead = atomic_load(&system->own->outcomes[OUTCOME_DEAD]);
    uint64_t all = heard + heard_always;
    printf("took=%llu heard=%llu always=%llu dead=%llu ended=%llu topics=%u\n",
           (unsigned long long)took, (unsigned long long)heard, (unsigned long long)heard_always,
           (unsigned long long)dead, (unsigned long long)ended, system->topics.count);
    /* The turns of rt_publish_one come on top of what all of them hear. */
    ok = ok && published == (uint64_t)PUBLISHERS * ROUNDS && all <= took && took <= all + dead &&
         heard_always >= (uint64_t)ALWAYS * PUBLISHERS * ROUNDS && ended > LISTENERS &&
         system->topics.count == 0;
    system_destroy(&system);
    return ok ? 0 : 1;
}
