/* bench_stage.c - the conductor, and a process around it. */
#include "tools/bench/bench_stage.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

enum { STOP_MS_MAX = 10000 };

struct stage {
    const struct bench_options *options;
    const struct bench_play *play;
    uint64_t ns;
    sem_t done;
};

struct conductor {
    struct stage *stage;
    struct rt_address master;
    uint64_t passes;
    uint64_t began_ns;
};

static enum err next_pass(struct rt_context *ctx, struct conductor *self)
{
    struct bench_master arg = {self->stage->options, rt_self(ctx)};
    self->began_ns = bench_now_ns();
    enum err err = rt_spawn(ctx, self->stage->play->master, &arg, sizeof arg, &self->master);
    return err == ERR_OK && rt_monitor(ctx, self->master) == 0 ? ERR_MEMORY : err;
}

static enum err conductor_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct conductor *self = state;
    memcpy(&self->stage, arg, sizeof self->stage);
    return next_pass(ctx, self);
}

static enum err conductor_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct conductor *self = state;
    switch (msg->type) {
    case MSG_DATA:
        self->stage->ns = msg_as_data(msg)->number;
        if (self->stage->ns == 0) {
            self->stage->ns = bench_now_ns() - self->began_ns;
        }
        rt_exit(ctx, self->master);
        return ERR_OK;
    case MSG_DOWN:
        if (msg_as_down(msg)->reason != ERR_OK) {
            self->stage->ns = 0;
        } else if (++self->passes < self->stage->play->passes) {
            return next_pass(ctx, self);
        }
        /* Fails only for a semaphore that is none. */
        (void)sem_post(&self->stage->done);
        return ERR_OK;
    default:
        return ERR_UNKNOWN;
    }
}

static const struct rt_behaviour conductor = {.name = "conductor",
                                              .state_size = sizeof(struct conductor),
                                              .start = conductor_start,
                                              .receive = conductor_receive,
                                              .restart = RT_RESTART_NEVER};

enum err bench_stage(const struct bench_options *options, const struct bench_play *play,
                     uint64_t *ret_ns)
{
    char why[256];
    char workers[64];
    (void)snprintf(workers, sizeof workers, "runtime.workers=%llu",
                   (unsigned long long)options->workers);
    const char *const settings[] = {workers, NULL};
    struct stage stage = {.options = options, .play = play};
    struct stage *arg = &stage;
    struct rt_process *process = NULL;
    struct rt_address address;
    if (sem_init(&stage.done, 0, 0) != 0) {
        return ERR_IO;
    }
    enum err err =
        rt_process_new(&(struct rt_process_options){.name = "bench", .settings = settings}, why,
                       sizeof why, &process);
    if (err != ERR_OK) {
        (void)fprintf(stderr, "troupe-bench: %s\n", why);
        return err;
    }
    err = rt_process_spawn(process, &conductor, &arg, sizeof arg, &address);
    if (err == ERR_OK) {
        err = rt_process_start(process);
    }
    while (err == ERR_OK && sem_wait(&stage.done) != 0) {
    }
    if (err == ERR_OK) {
        err = rt_process_stop(process, STOP_MS_MAX);
    }
    rt_process_destroy(&process);
    (void)sem_destroy(&stage.done);
    *ret_ns = stage.ns;
    return err == ERR_OK && stage.ns == 0 ? ERR_CRASHED : err;
}

void bench_work(uint64_t ns)
{
    if (ns > 0) {
        uint64_t until_ns = bench_now_ns() + ns;
        while (bench_now_ns() < until_ns) {
        }
    }
}
