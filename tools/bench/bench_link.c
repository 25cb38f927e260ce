/* bench_link.c - messages between processes: one hub that listens, `peers` that link to it.
 *
 * link-throughput: the peers send jobs of ten fields, one by one, as an actor does; the rate is
 * that of the hub, from its first job to its last.  link-rtt: the peers ask in turn, the hub
 * answers; each peer measures its own round trips, the hub merges them.
 */
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/bench/bench_stage.h"

enum { BURST = 64, WARM_TRIPS = 500, STOP_MS_MAX = 5000, ENDPOINT_SIZE = 128, WAIT_S_MAX = 120 };

/* What the processes of a run share, in memory that fork leaves in common. */
struct shared {
    const struct bench_options *options;
    char endpoint[ENDPOINT_SIZE];
    bool trips;
};

/* ---- the peers ---- */

struct sender {
    const struct shared *shared;
    struct rt_address hub;
    uint64_t left;
    uint64_t sent_ns;
    char *filler;
    sem_t *done;
    uint32_t *trips_ns;
    uint64_t trips;
};

struct sender_arg {
    const struct shared *shared;
    sem_t *done;
    uint32_t *trips_ns;
};

static enum err sender_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct sender *self = state;
    const struct sender_arg *given = arg;
    self->shared = given->shared;
    self->done = given->done;
    self->trips_ns = given->trips_ns;
    self->left = self->shared->options->count + (self->shared->trips ? WARM_TRIPS : 0);
    self->filler = malloc(self->shared->options->size);
    if (!self->filler) {
        return ERR_MEMORY;
    }
    memset(self->filler, 'x', self->shared->options->size);
    rt_watch_role(ctx, TERM_role_COORDINATOR);
    return ERR_OK;
}

/* The ten fields of the job that the other runtimes send, as far as a message of ours has them. */
static enum err send_job(struct rt_context *ctx, struct sender *self)
{
    return rt_send(ctx, self->hub,
                   MSG(listed, .run = msg_str("acme/payments-service"), .epoch = 1,
                       .token = UINT64_C(0x100000000) + self->left,
                       .count = 1700000000000 + self->left, .runner = msg_str("run_test"),
                       .version = msg_str("--filter rounding_*"), .serial = true, .outcome = 3,
                       .shared = true,
                       .message = {self->filler, (uint32_t)self->shared->options->size}));
}

static enum err send_burst(struct rt_context *ctx, struct sender *self)
{
    for (int i = 0; i < BURST && self->left > 0; i++, self->left--) {
        enum err err = send_job(ctx, self);
        if (err == ERR_FULL) {
            /* The hub is slower than we are. */
            return rt_tick(ctx, 1, 0) ? ERR_OK : ERR_MEMORY;
        }
        if (err != ERR_OK) {
            return err;
        }
    }
    return self->left > 0 ? bench_send(ctx, rt_self(ctx), BENCH_MORE, 0) : ERR_OK;
}

static enum err send_ping(struct rt_context *ctx, struct sender *self)
{
    self->sent_ns = bench_now_ns();
    return rt_send(ctx, self->hub,
                   MSG(data, .kind = BENCH_PING,
                       .bytes = {self->filler, (uint32_t)self->shared->options->size}));
}

static enum err on_pong(struct rt_context *ctx, struct sender *self)
{
    uint64_t took_ns = bench_now_ns() - self->sent_ns;
    if (self->left <= self->shared->options->count) {
        self->trips_ns[self->trips++] = took_ns < UINT32_MAX ? (uint32_t)took_ns : UINT32_MAX;
    }
    if (--self->left > 0) {
        return send_ping(ctx, self);
    }
    (void)sem_post(self->done); /* fails only for a semaphore that is none */
    return ERR_OK;
}

static enum err sender_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct sender *self = state;
    switch (msg->type) {
    case MSG_ROLE_UP:
        self->hub = (struct rt_address){msg_as_role_up(msg)->node, msg_as_role_up(msg)->actor};
        return self->shared->trips ? send_ping(ctx, self) : send_burst(ctx, self);
    case MSG_TICK:
        return send_burst(ctx, self);
    case MSG_DATA:
        if (msg_as_data(msg)->kind == BENCH_MORE) {
            return send_burst(ctx, self);
        }
        return on_pong(ctx, self);
    default:
        return ERR_UNKNOWN;
    }
}

static void sender_stop(void *state)
{
    free(((struct sender *)state)->filler);
}

static const struct rt_behaviour sender = {.name = "sender",
                                           .state_size = sizeof(struct sender),
                                           .start = sender_start,
                                           .receive = sender_receive,
                                           .stop = sender_stop,
                                           .restart = RT_RESTART_NEVER};

/* ---- the hub ---- */

struct hub {
    const struct bench_options *options;
    uint64_t received;
    uint64_t first_ns;
    uint64_t *ret_ns;
    sem_t *done;
};

static enum err hub_start(struct rt_context *ctx, void *state, const void *arg)
{
    memcpy(state, arg, sizeof(struct hub));
    rt_take_role(ctx, TERM_role_COORDINATOR);
    return ERR_OK;
}

static enum err hub_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct hub *self = state;
    if (msg->type == MSG_DATA) {
        return rt_send(ctx, rt_sender(ctx),
                       MSG(data, .kind = BENCH_PONG, .bytes = msg_as_data(msg)->bytes));
    }
    if (msg->type != MSG_LISTED) {
        return ERR_UNKNOWN;
    }
    if (self->received++ == 0) {
        self->first_ns = bench_now_ns();
    }
    if (self->received == self->options->count * self->options->peers) {
        *self->ret_ns = bench_now_ns() - self->first_ns;
        (void)sem_post(self->done);
    }
    return ERR_OK;
}

static const struct rt_behaviour hub = {.name = "hub",
                                        .state_size = sizeof(struct hub),
                                        .start = hub_start,
                                        .receive = hub_receive,
                                        .restart = RT_RESTART_NEVER};

/* ---- processes ---- */

/* A process with one actor, until `done` was posted (NULL: it is started only). */
static enum err open_process(const struct rt_process_options *options,
                             const struct rt_behaviour *behaviour, const void *arg, size_t size,
                             struct rt_process **ret_process)
{
    char why[256];
    struct rt_address address;
    enum err err = rt_process_new(options, why, sizeof why, ret_process);
    if (err != ERR_OK) {
        (void)fprintf(stderr, "troupe-bench: %s\n", why);
        return err;
    }
    err = rt_process_spawn(*ret_process, behaviour, arg, size, &address);
    return err == ERR_OK ? rt_process_start(*ret_process) : err;
}

static enum err wait_for(sem_t *done)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_S_MAX;
    return sem_timedwait(done, &until) == 0 ? ERR_OK : ERR_TIMEOUT;
}

/* A child's whole life; sends its round trips through `out`, then waits to be killed. */
static enum err run_peer(const struct shared *shared, uint64_t index, int out)
{
    char name[32];
    const char *const connect[] = {shared->endpoint, NULL};
    sem_t done;
    struct sender_arg arg = {shared, &done, NULL};
    struct rt_process *process = NULL;
    size_t size = shared->trips ? shared->options->count * sizeof *arg.trips_ns : 0;
    arg.trips_ns = calloc(1, size + 1);
    if (!arg.trips_ns || sem_init(&done, 0, 0) != 0) {
        free(arg.trips_ns);
        return ERR_MEMORY;
    }
    (void)snprintf(name, sizeof name, "peer-%llu", (unsigned long long)index);
    enum err err = open_process(&(struct rt_process_options){.name = name, .connect = connect},
                                &sender, &arg, sizeof arg, &process);
    if (err == ERR_OK && shared->trips) {
        err = wait_for(&done);
        const char *at = (const char *)arg.trips_ns;
        while (err == ERR_OK && size > 0) {
            ssize_t written = write(out, at, size);
            err = written > 0 ? ERR_OK : ERR_IO;
            at += written > 0 ? written : 0;
            size -= written > 0 ? (size_t)written : 0;
        }
    } else if (err == ERR_OK) {
        (void)pause(); /* until the parent has all, and ends us */
    }
    rt_process_destroy(&process);
    free(arg.trips_ns);
    return err;
}

struct peers {
    pid_t *pids;
    uint64_t count;
    int out; /* reading end */
};

static enum err start_peers(const struct shared *shared, struct peers *ret_peers)
{
    int fds[2];
    struct peers peers = {.pids = calloc(shared->options->peers, sizeof(pid_t))};
    if (!peers.pids || pipe(fds) != 0) {
        free(peers.pids);
        return ERR_IO;
    }
    for (uint64_t i = 0; i < shared->options->peers; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            (void)close(fds[0]);
            _exit(run_peer(shared, i, fds[1]) == ERR_OK ? 0 : 1);
        }
        if (pid > 0) {
            peers.pids[peers.count++] = pid;
        }
    }
    (void)close(fds[1]);
    peers.out = fds[0];
    *ret_peers = peers;
    return peers.count == shared->options->peers ? ERR_OK : ERR_IO;
}

static void end_peers(struct peers *peers)
{
    for (uint64_t i = 0; i < peers->count; i++) {
        (void)kill(peers->pids[i], SIGKILL);
        (void)waitpid(peers->pids[i], NULL, 0);
    }
    (void)close(peers->out);
    free(peers->pids);
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static enum err read_trips(const struct bench_options *options, int in,
                           struct bench_result *ret_result)
{
    size_t count = options->count * options->peers;
    uint32_t *trips = malloc(count * sizeof *trips);
    size_t got = 0;
    ssize_t more = 1;
    while (trips && got < count * sizeof *trips && more > 0) {
        more = read(in, (char *)trips + got, count * sizeof *trips - got);
        got += more > 0 ? (size_t)more : 0;
    }
    bool all = trips && got == count * sizeof *trips;
    if (all) {
        qsort(trips, count, sizeof *trips, by_size);
        size_t middle = count / 2;
        size_t late = count * 99 / 100;
        ret_result->value = (double)trips[middle] / 1000;
        ret_result->p99 = (double)trips[late] / 1000;
    }
    free(trips);
    return all ? ERR_OK : ERR_IO;
}

/* Forks the peers first, who keep trying until the hub listens. */
static enum err run(const struct bench_options *options, bool trips,
                    struct bench_result *ret_result)
{
    char directory[] = "/tmp/troupe-bench-XXXXXX";
    struct shared shared = {.options = options, .trips = trips};
    struct rt_process *process = NULL;
    struct peers peers = {.out = -1};
    uint64_t ns = 0;
    sem_t done;
    if (!mkdtemp(directory) || sem_init(&done, 0, 0) != 0) {
        return ERR_IO;
    }
    if (strcmp(options->transport, "ipc") == 0) {
        (void)snprintf(shared.endpoint, sizeof shared.endpoint, "ipc://%s/hub", directory);
    } else {
        (void)snprintf(shared.endpoint, sizeof shared.endpoint, "tcp://127.0.0.1:%d",
                       20000 + (int)(getpid() % 20000));
    }
    enum err err = start_peers(&shared, &peers);
    if (err == ERR_OK) {
        struct hub arg = {.options = options, .ret_ns = &ns, .done = &done};
        err = open_process(&(struct rt_process_options){.name = "hub", .bind = shared.endpoint},
                           &hub, &arg, sizeof arg, &process);
    }
    if (err == ERR_OK && trips) {
        err = read_trips(options, peers.out, ret_result);
    } else if (err == ERR_OK) {
        err = wait_for(&done);
        ret_result->value =
            ns > 0 ? (double)(options->count * options->peers - 1) * 1e9 / (double)ns : 0;
    }
    end_peers(&peers);
    rt_process_destroy(&process);
    (void)sem_destroy(&done);
    (void)unlink(shared.endpoint + (sizeof "ipc://" - 1));
    (void)rmdir(directory);
    return err;
}

enum err bench_link_throughput(const struct bench_options *options, struct bench_result *ret_result)
{
    return run(options, false, ret_result);
}

enum err bench_link_rtt(const struct bench_options *options, struct bench_result *ret_result)
{
    return run(options, true, ret_result);
}
