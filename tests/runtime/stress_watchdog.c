/* stress_watchdog.c - a handler that does not return is told of once, with its stack; others never.
 *
 * A plain program, so that it also runs under ThreadSanitizer.  Exit 0 when all holds.  Tried: it
 * fails without the store of `doing` in handle(), without the signal (no stack), with two reports
 * of one handler, and when what is at work is taken for stuck (no comparisons of `doing`).
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/system.h"

enum { STUCK_MS = 400, SLEEP_MS = 2000, LINES_MAX = 8, LINE_SIZE = 2048, BUSY_MS = 1500 };

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

struct log {
    pthread_mutex_t lock;
    char lines[LINES_MAX][LINE_SIZE];
    size_t count;
};

static void keep_line(void *world, enum rt_level level, const char *actor, const char *text)
{
    struct log *log = world;
    (void)level;
    (void)pthread_mutex_lock(&log->lock);
    if (log->count < LINES_MAX) {
        (void)snprintf(log->lines[log->count], LINE_SIZE, "%s %s", actor, text);
    }
    log->count++;
    (void)pthread_mutex_unlock(&log->lock);
}

/* ---- those who are stuck, once each ---- */

static void sleep_all(uint64_t ms)
{
    struct timespec left = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&left, &left) != 0) {
    }
}

static enum err sleeper_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    (void)ctx;
    (void)state;
    if (msg->type == MSG_SUBMITTED) {
        sleep_all(SLEEP_MS);
    }
    return ERR_OK;
}

static const struct rt_behaviour sleeper = {.name = "sleeper", .receive = sleeper_receive};

static atomic_uint_fast64_t turns;

static enum err spinner_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)ctx;
    (void)state;
    (void)arg;
    uint64_t until_ms = now_ms(NULL) + SLEEP_MS;
    while (now_ms(NULL) < until_ms) {
        atomic_fetch_add(&turns, 1);
    }
    return ERR_OK;
}

static enum err deaf(struct rt_context *ctx, void *state, const struct msg *msg)
{
    (void)ctx;
    (void)state;
    (void)msg;
    return ERR_UNKNOWN;
}

static const struct rt_behaviour spinner = {
    .name = "spinner", .start = spinner_start, .receive = deaf};

/* ---- one that is busy for long, a short message at a time ---- */

static atomic_uint_fast64_t rounds;

static enum err busy_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    uint64_t *until_ms = state;
    *until_ms = *until_ms > 0 ? *until_ms : now_ms(NULL) + BUSY_MS;
    atomic_fetch_add(&rounds, 1);
    if (msg->type == MSG_SUBMITTED && now_ms(NULL) < *until_ms) {
        rt_tell(ctx, rt_self(ctx), msg);
    }
    return ERR_OK;
}

static const struct rt_behaviour busy = {
    .name = "busy", .state_size = sizeof(uint64_t), .receive = busy_receive};

/* ---- the check ---- */

static const char *line_of(const struct log *log, const char *actor)
{
    for (size_t i = 0; i < log->count && i < LINES_MAX; i++) {
        if (strncmp(log->lines[i], actor, strlen(actor)) == 0) {
            return log->lines[i];
        }
    }
    return "";
}

/* A stack of several frames, one of them in this program. */
static bool has_stack(const char *line)
{
    const char *stack = strstr(line, "stack=\"");
    const char *own = stack ? strstr(stack, "stress_watchdog+0x") : NULL;
    return own && strchr(own, ' ');
}

static bool check(const struct log *log, uint64_t stuck)
{
    const char *sleeps = line_of(log, "sleeper ");
    const char *spins = line_of(log, "spinner ");
    for (size_t i = 0; i < log->count && i < LINES_MAX; i++) {
        printf("%s\n", log->lines[i]);
    }
    printf("lines=%zu stuck=%llu rounds=%llu\n", log->count, (unsigned long long)stuck,
           (unsigned long long)rounds);
    return log->count == 2 && stuck == 2 && rounds > 100 && has_stack(sleeps) && has_stack(spins) &&
           strstr(sleeps, " message=submitted for_ms=400 ") && strstr(sleeps, "actor_id=1.1 ") &&
           strstr(spins, " message=- ");
}

int main(void)
{
    struct log log = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct config config;
    config_defaults(&config);
    config.runtime.workers = 3;
    config.runtime.stuck_ms = STUCK_MS;
    struct system_options options = {.config = &config,
                                     .name = "stress",
                                     .node = 7,
                                     .seed = 1,
                                     .ports = {.world = &log,
                                               .now_ms = now_ms,
                                               .wall_ms = now_ms,
                                               .timer_set = no_timer,
                                               .log = keep_line}};
    struct rt_system *system;
    struct rt_address address;
    struct rt_address worker;
    if (system_new(&options, &system) != ERR_OK ||
        system_spawn(system, &sleeper, NULL, 0, &address) != ERR_OK ||
        system_spawn(system, &busy, NULL, 0, &worker) != ERR_OK ||
        system_spawn(system, &spinner, NULL, 0, &(struct rt_address){0}) != ERR_OK ||
        system_start(system) != ERR_OK) {
        return 1;
    }
    const struct msg *msg = MSG(submitted, .run = msg_str("x"));
    if (system_tell(system, address, msg) != ERR_OK || system_tell(system, worker, msg) != ERR_OK) {
        return 1;
    }
    sleep_all(SLEEP_MS + SLEEP_MS / 2);
    enum err stopped = system_stop(system, 10000);
    struct system_stats stats;
    system_stats(system, &stats);
    bool ok = stopped == ERR_OK && check(&log, stats.stuck);
    system_destroy(&system);
    return ok ? 0 : 1;
}
