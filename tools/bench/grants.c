/* grants.c - how long a slot waits for the coordinator, and how much the ledger takes a second.
 *
 *     bench-grants [FILES [SLOTS [WORK_MS [DIRECTORY]]]]
 *
 * Coordinator and partitioner with a ledger in DIRECTORY, and slots that only pretend to work: so
 * many milliseconds for each file, then its results, all in one process.  Prints the time from the
 * last result of a batch being sent until the next GRANT is there, and, with WORK_MS 0, how many
 * durable transitions of jobs (to LEASED, to an end) there were a second.  Exit 0 when every file
 * was acknowledged.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "actors/coordinator/coordinator.h"
#include "actors/partitioner/partitioner.h"
#include "tools/world.h"

enum { FILES_MAX = 100000, SLOTS_MAX = 256, LIMIT_S = 100, ASK_MS = 60000 };

#define RUN "01HGRANTS00000000000000000"

struct bench {
    uint64_t files;
    uint64_t slots;
    uint64_t work_ms;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t over;
    uint64_t *waits_ns; /* of each grant but the first of a slot */
    uint64_t waits;
    uint64_t acked;
    uint64_t refused;
    uint64_t began_ns;
    uint64_t ended_ns;
};

static uint64_t now_ns(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000000000 + (uint64_t)at.tv_nsec;
}

/* ---- a client ---- */

struct client {
    struct bench *bench;
    uint64_t ask;
};

static enum err client_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct client *self = state;
    memcpy(&self->bench, arg, sizeof self->bench);
    rt_watch_role(ctx, TERM_role_COORDINATOR);
    return ERR_OK;
}

static enum err client_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct client *self = state;
    if (msg->type != MSG_ROLE_UP) {
        return msg->type == MSG_SUBMITTED ? ERR_OK : ERR_UNKNOWN;
    }
    struct rt_address to = {msg_as_role_up(msg)->node, msg_as_role_up(msg)->actor};
    enum err err =
        rt_ask(ctx, to,
               MSG(submit, .run = msg_str(RUN), .dir = msg_str("/project"),
                   .runner = msg_str("command"), .command = msg_str("true {}"), .env = msg_str(""),
                   .root = msg_str("/project"), .snapshot = msg_str(""), .origin = msg_str(""),
                   .quarantine = msg_str(""), .files = self->bench->files),
               ASK_MS, &self->ask);
    for (uint64_t i = 0; i < self->bench->files && err == ERR_OK; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "f%" PRIu64, i);
        err =
            rt_send(ctx, to, MSG(run_file, .run = msg_str(RUN), .index = i, .file = msg_str(name)));
    }
    return err;
}

static const struct rt_behaviour client_behaviour = {.name = "client",
                                                     .state_size = sizeof(struct client),
                                                     .start = client_start,
                                                     .receive = client_receive,
                                                     .restart = RT_RESTART_NEVER};

/* ---- a slot ---- */

struct slot {
    struct bench *bench;
    struct rt_address coordinator;
    uint64_t since_ns; /* of its last result; 0: it has had none */
    uint64_t epoch, token, due, count;
    uint64_t jobs[256];
    char name[16];
};

static enum err slot_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct slot *self = state;
    memcpy(&self->bench, arg, sizeof self->bench);
    (void)snprintf(self->name, sizeof self->name, "%" PRIu64, rt_self(ctx).actor % 1000000);
    rt_watch_role(ctx, TERM_role_COORDINATOR);
    return ERR_OK;
}

static enum err pull(struct rt_context *ctx, const struct slot *self)
{
    return rt_send(ctx, self->coordinator,
                   MSG(pull, .worker = msg_str(self->name), .dir = msg_str("")));
}

static void on_grant(struct slot *self, const struct msg_grant *grant)
{
    struct bench *bench = self->bench;
    uint64_t now = now_ns();
    (void)pthread_mutex_lock(&bench->lock);
    bench->began_ns = bench->began_ns ? bench->began_ns : now;
    if (self->since_ns > 0) {
        bench->waits_ns[bench->waits++] = now - self->since_ns;
    }
    (void)pthread_mutex_unlock(&bench->lock);
    self->epoch = grant->epoch;
    self->token = grant->token;
    self->due = grant->count;
    self->count = 0;
}

static enum err hand_in(struct rt_context *ctx, struct slot *self)
{
    enum err err = ERR_OK;
    for (uint64_t i = 0; i < self->count && err == ERR_OK; i++) {
        err = rt_send(ctx, self->coordinator,
                      MSG(test_done, .run = msg_str(RUN), .epoch = self->epoch,
                          .token = self->token, .job = self->jobs[i], .test = msg_str("a test"),
                          .status = TERM_status_PASSED, .duration_us = self->bench->work_ms * 1000,
                          .message = msg_str(""), .page = msg_str("")));
        self->since_ns = now_ns();
        if (err == ERR_OK) {
            err = rt_send(ctx, self->coordinator,
                          MSG(job_done, .run = msg_str(RUN), .epoch = self->epoch,
                              .token = self->token, .job = self->jobs[i],
                              .outcome = TERM_outcome_COMPLETE, .collected = 1, .reported = 1,
                              .duration_us = self->bench->work_ms * 1000, .message = msg_str("")));
        }
    }
    return err == ERR_OK ? pull(ctx, self) : err;
}

static enum err on_lease(struct rt_context *ctx, struct slot *self, const struct msg_lease *lease)
{
    self->jobs[self->count++] = lease->job;
    if (self->count < self->due) {
        return ERR_OK;
    }
    if (self->bench->work_ms == 0) {
        return hand_in(ctx, self);
    }
    return rt_tick(ctx, self->bench->work_ms * self->count, 0) ? ERR_OK : ERR_MEMORY;
}

static void on_job_ack(struct bench *bench, const struct msg_job_ack *ack)
{
    (void)pthread_mutex_lock(&bench->lock);
    bench->acked += ack->reason == 0;
    bench->refused += ack->reason != 0;
    bench->ended_ns = now_ns();
    if (bench->acked + bench->refused == bench->files) {
        (void)pthread_cond_signal(&bench->over);
    }
    (void)pthread_mutex_unlock(&bench->lock);
}

static enum err slot_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct slot *self = state;
    switch (msg->type) {
    case MSG_ROLE_UP:
        self->coordinator =
            (struct rt_address){msg_as_role_up(msg)->node, msg_as_role_up(msg)->actor};
        return pull(ctx, self);
    case MSG_GRANT:
        on_grant(self, msg_as_grant(msg));
        return ERR_OK;
    case MSG_LEASE:
        return on_lease(ctx, self, msg_as_lease(msg));
    case MSG_TICK:
        return hand_in(ctx, self);
    case MSG_JOB_ACK:
        on_job_ack(self->bench, msg_as_job_ack(msg));
        return ERR_OK;
    default:
        return ERR_UNKNOWN;
    }
}

static const struct rt_behaviour slot_behaviour = {.name = "slot",
                                                   .state_size = sizeof(struct slot),
                                                   .start = slot_start,
                                                   .receive = slot_receive,
                                                   .restart = RT_RESTART_NEVER};

/* ---- the process ---- */

static void on_log(void *world, enum rt_level level, const char *actor, const char *text)
{
    (void)world;
    if (level <= RT_WARN) {
        (void)fprintf(stderr, "%s: %s\n", actor, text);
    }
}

static enum err spawn_all(struct world *world, struct bench *bench)
{
    struct rt_address address;
    struct rt_system *system = world_system(world);
    enum err err = system_spawn(system, &coordinator_behaviour, NULL, 0, &address);
    if (err == ERR_OK) {
        err = system_spawn(system, &partitioner_behaviour, NULL, 0, &address);
    }
    for (uint64_t i = 0; i <= bench->slots && err == ERR_OK; i++) {
        err = system_spawn(system, i < bench->slots ? &slot_behaviour : &client_behaviour, &bench,
                           sizeof bench, &address);
    }
    return err;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool report(struct bench *bench)
{
    (void)pthread_mutex_lock(&bench->lock);
    qsort(bench->waits_ns, bench->waits, sizeof *bench->waits_ns, compare);
    double seconds = (double)(bench->ended_ns - bench->began_ns) / 1e9;
    double sum_us = 0;
    for (uint64_t i = 0; i < bench->waits; i++) {
        sum_us += (double)bench->waits_ns[i] / 1000;
    }
    if (bench->waits > 0) {
        const uint64_t *half = &bench->waits_ns[bench->waits / 2];
        const uint64_t *most = &bench->waits_ns[bench->waits * 99 / 100];
        (void)printf("%" PRIu64 " grants, result to next grant: p50 %.0f us, p99 %.0f us; for a "
                     "file %.0f us on average\n",
                     bench->waits + bench->slots, (double)*half / 1000, (double)*most / 1000,
                     sum_us / (double)bench->files);
    }
    (void)printf("%" PRIu64 " of %" PRIu64 " files in %.2f s: %.0f durable transitions a second\n",
                 bench->acked, bench->files, seconds, 2 * (double)bench->acked / seconds);
    bool sound = bench->acked == bench->files;
    (void)pthread_mutex_unlock(&bench->lock);
    return sound;
}

static bool play(struct bench *bench, const char *ledger)
{
    struct config config;
    config_defaults(&config);
    struct world_options options = {
        .config = &config, .name = "bench-grants", .ledger = ledger, .log = on_log};
    char why[WORLD_WHY_SIZE] = "";
    struct world *world = NULL;
    enum err err = world_new(&options, why, &world);
    err = err == ERR_OK ? spawn_all(world, bench) : err;
    err = err == ERR_OK ? world_start(world) : err;
    if (err != ERR_OK) {
        (void)fprintf(stderr, "bench-grants: %s %s\n", err_name(err), why);
        world_destroy(&world);
        return false;
    }
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LIMIT_S;
    (void)pthread_mutex_lock(&bench->lock);
    int late = 0;
    while (bench->acked + bench->refused < bench->files && late == 0) {
        late = pthread_cond_timedwait(&bench->over, &bench->lock, &until);
    }
    (void)pthread_mutex_unlock(&bench->lock);
    world_stop(world, 5000);
    world_destroy(&world);
    return report(bench);
}

static uint64_t number(int argc, char **argv, int at, uint64_t otherwise, uint64_t max)
{
    uint64_t value = argc > at ? strtoull(argv[at], NULL, 10) : otherwise;
    return value <= max ? value : max;
}

int main(int argc, char **argv)
{
    struct bench bench = {.files = number(argc, argv, 1, 1000, FILES_MAX),
                          .slots = number(argc, argv, 2, 4, SLOTS_MAX),
                          .work_ms = number(argc, argv, 3, 20, 60000),
                          .lock = PTHREAD_MUTEX_INITIALIZER,
                          .over = PTHREAD_COND_INITIALIZER};
    char ledger[4096];
    char directory[4096];
    (void)snprintf(directory, sizeof directory, "%s/bench-grants-XXXXXX",
                   argc > 4 ? argv[4] : "/tmp");
    if (bench.files == 0 || bench.slots == 0 || !mkdtemp(directory)) {
        (void)fprintf(stderr, "bench-grants: [FILES [SLOTS [WORK_MS [DIRECTORY]]]]\n");
        return 2;
    }
    bench.waits_ns = calloc(bench.files + 1, sizeof *bench.waits_ns);
    bool sound = bench.waits_ns &&
                 (size_t)snprintf(ledger, sizeof ledger, "%s/l", directory) < sizeof ledger &&
                 play(&bench, ledger);
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char path[4200];
        (void)snprintf(path, sizeof path, "%s/l%s", directory, ends[i]);
        (void)unlink(path); /* what is not there need not go */
    }
    (void)rmdir(directory);
    free(bench.waits_ns);
    return sound ? 0 : 1;
}
