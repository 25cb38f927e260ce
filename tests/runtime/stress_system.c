/* stress_system.c - many actors on several threads: nothing lost, nothing twice, all ends.
 *
 * A plain program, so that it also runs under ThreadSanitizer.  Exit 0 when all holds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/system.h"

enum { PAIRS = 50, ROUNDS = 2000, CHURN = 2000 };

static atomic_uint_fast64_t pongs;
static atomic_uint_fast64_t downs;
static atomic_uint_fast64_t timeouts;

static uint64_t world_now_ms(void *world)
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

static void no_announce(void *world, uint64_t role, uint64_t actor)
{
    (void)world;
    (void)role;
    (void)actor;
}

static void no_log(void *world, enum rt_level level, const char *actor, const char *text)
{
    (void)world;
    (void)level;
    (void)actor;
    (void)text;
}

/* Echo: answers every TICK-like ask; crashes on every 500th. */
struct echo {
    uint64_t seen;
};

static enum err echo_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct echo *self = state;
    if (msg->type != MSG_SUBMITTED) {
        return ERR_UNKNOWN;
    }
    if (++self->seen % 500 == 0) {
        return ERR_MALFORMED;
    }
    rt_reply(ctx, msg);
    return ERR_OK;
}

static const struct rt_behaviour echo = {
    .name = "echo", .state_size = sizeof(struct echo), .receive = echo_receive};

struct pinger {
    struct rt_address echo;
    uint64_t left;
    uint64_t ask;
};

static enum err ping(struct rt_context *ctx, struct pinger *self)
{
    return rt_ask(ctx, self->echo, MSG(submitted, .run = msg_str("x")), 20000, &self->ask);
}

static enum err pinger_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct pinger *self = state;
    (void)arg;
    self->left = ROUNDS;
    enum err err = rt_spawn(ctx, &echo, NULL, 0, &self->echo);
    return err != ERR_OK ? err : ping(ctx, self);
}

static enum err pinger_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct pinger *self = state;
    if (rt_answered(ctx) != self->ask) {
        return ERR_UNKNOWN;
    }
    if (msg->type == MSG_FAILED) {
        atomic_fetch_add(&timeouts, 1);
    }
    atomic_fetch_add(&pongs, 1);
    if (--self->left == 0) {
        rt_stop(ctx);
        return ERR_OK;
    }
    return ping(ctx, self);
}

static const struct rt_behaviour pinger = {.name = "pinger",
                                           .state_size = sizeof(struct pinger),
                                           .start = pinger_start,
                                           .receive = pinger_receive,
                                           .restart = RT_RESTART_NEVER};

/* Churn: starts short-lived actors and counts their ends. */
static enum err mayfly_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    rt_stop(ctx);
    return ERR_OK;
}

static enum err mayfly_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    (void)ctx;
    (void)state;
    (void)msg;
    return ERR_UNKNOWN;
}

static const struct rt_behaviour mayfly = {
    .name = "mayfly", .start = mayfly_start, .receive = mayfly_receive};

static enum err spawn_watched(struct rt_context *ctx)
{
    struct rt_address child;
    enum err err = rt_spawn(ctx, &mayfly, NULL, 0, &child);
    if (err == ERR_OK) {
        (void)rt_monitor(ctx, child);
    }
    return err;
}

static enum err churn_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    return spawn_watched(ctx);
}

static enum err churn_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    uint64_t *seen = state;
    if (msg->type != MSG_DOWN) {
        return ERR_UNKNOWN;
    }
    atomic_fetch_add(&downs, 1);
    if (++*seen == CHURN) {
        rt_stop(ctx);
        return ERR_OK;
    }
    return spawn_watched(ctx);
}

static const struct rt_behaviour churn = {.name = "churn",
                                          .state_size = sizeof(uint64_t),
                                          .start = churn_start,
                                          .receive = churn_receive,
                                          .restart = RT_RESTART_NEVER};

static uint64_t sum_of_outcomes(const struct account *account)
{
    uint64_t sum = 0;
    for (int i = 0; i < OUTCOMES; i++) {
        sum += atomic_load(&account->outcomes[i]);
    }
    return sum;
}

int main(void)
{
    struct config config;
    config_defaults(&config);
    config.runtime.workers = 4;
    config.runtime.restart_intensity = 1000;
    config.runtime.restart_backoff_min_ms = 1;
    struct system_options options = {.config = &config,
                                     .name = "stress",
                                     .node = 7,
                                     .seed = 1,
                                     .ports = {.net_announce = no_announce,
                                               .now_ms = world_now_ms,
                                               .wall_ms = world_now_ms,
                                               .timer_set = no_timer,
                                               .log = no_log}};
    struct rt_system *system;
    if (system_new(&options, &system) != ERR_OK || system_start(system) != ERR_OK) {
        return 1;
    }
    struct rt_address address;
    for (int i = 0; i < PAIRS; i++) {
        if (system_spawn(system, &pinger, NULL, 0, &address) != ERR_OK) {
            return 1;
        }
    }
    for (int i = 0; i < 4; i++) {
        if (system_spawn(system, &churn, NULL, 0, &address) != ERR_OK) {
            return 1;
        }
    }
    uint64_t begin_ms = world_now_ms(NULL);
    struct system_stats stats;
    do {
        (void)system_run_timers(system);
        const struct timespec pause = {.tv_nsec = 1000 * 1000};
        (void)nanosleep(&pause, NULL);
        system_stats(system, &stats);
    } while (stats.actors > 1 && world_now_ms(NULL) - begin_ms < 60000);
    uint64_t took_ms = world_now_ms(NULL) - begin_ms;
    enum err stopped = system_stop(system, 5000);
    const struct account *account = system_account(system, 0);
    uint64_t accepted = atomic_load(&account->accepted);
    uint64_t ended = sum_of_outcomes(account);
    printf("pongs=%llu downs=%llu timeouts=%llu restarts=%llu accepted=%llu ended=%llu ms=%llu\n",
           (unsigned long long)pongs, (unsigned long long)downs, (unsigned long long)timeouts,
           (unsigned long long)stats.restarts, (unsigned long long)accepted,
           (unsigned long long)ended, (unsigned long long)took_ms);
    bool ok = stopped == ERR_OK && pongs == (uint64_t)PAIRS * ROUNDS && downs == 4 * CHURN &&
              timeouts == 0 && accepted == ended;
    system_destroy(&system);
    return ok ? 0 : 1;
}
