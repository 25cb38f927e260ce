/* models_bench.c - see models_bench.h.
 *
 * The mender of `troupe fix` with its validator; in the fixer's place an actor that hands every FIX
 * to the models, whose plan has one model only:
 *
 * Takes  ROLE_UP  of the models
 *        FIX      from the mender
 * Sends  FIX      on to the models, which answer in its place
 */
#include "tools/models_bench.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/models/models.h"
#include "actors/validator/validator.h"
#include "tools/project.h"
#include "tools/world.h"

enum { STOP_MS = 500, GRACE_MS = 5000, ENV_SIZE = PATH_MAX * 3 };

struct relay {
    struct rt_address models;
};

static enum err relay_start(struct rt_context *ctx, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    rt_watch_role(ctx, TERM_role_MODELS);
    return ERR_OK;
}

static enum err relay_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct relay *self = state;
    switch (msg->type) {
    case MSG_ROLE_UP:
        self->models = (struct rt_address){msg_as_role_up(msg)->node, msg_as_role_up(msg)->actor};
        rt_take_role(ctx, TERM_role_FIXER);
        return ERR_OK;
    case MSG_FIX:
        return rt_forward(ctx, self->models);
    default:
        return ERR_UNKNOWN;
    }
}

static const struct rt_behaviour relay_behaviour = {.name = "only-models",
                                                    .state_size = sizeof(struct relay),
                                                    .start = relay_start,
                                                    .receive = relay_receive};

/* One call; large, so on the heap. */
struct bench {
    struct mend mend;
    struct plan plan; /* a copy whose classes all are the case's, with one model */
    struct pool_count total;
    struct config config;
    char dir[PATH_MAX];
    char root[PATH_MAX];
    char env[ENV_SIZE];
};

static void on_log(void *log_world, enum rt_level level, const char *actor, const char *text)
{
    const struct invocation *invocation = log_world;
    if (level <= (invocation->verbose ? RT_DEBUG : RT_ERROR)) {
        (void)fprintf(stderr, "troupe: %s: %s\n", actor, text);
    }
}

static int prepare(const struct bench_ask *ask, struct bench *self)
{
    const char *path = getenv("PATH"); /* NOLINT(concurrency-mt-unsafe): no thread runs now */
    struct plan_class class = ask->plan->classes[ask->test->class_index];
    if (!realpath(ask->test->dir, self->dir)) {
        return complainf(EXIT_USAGE, NULL, "%.300s: %s", ask->test->dir, strerrordesc_np(errno));
    }
    if (project_root(self->dir, getenv("HOME"), self->root) != ERR_OK) { /* NOLINT: as before */
        return complainf(EXIT_COULD_NOT, NULL, "%.300s cannot be read", self->dir);
    }
    int size =
        snprintf(self->env, sizeof self->env, "PATH=%s/node_modules/.bin:%s\nCI=1\nNO_COLOR=1\n",
                 self->dir, path ? path : "/usr/local/bin:/usr/bin:/bin");
    if (size < 0 || (size_t)size >= sizeof self->env) {
        return complain(EXIT_COULD_NOT, "the PATH is too long", NULL);
    }
    class.chain[0] = ask->model;
    class.chain_count = 1;
    self->plan = *ask->plan;
    for (size_t i = 0; i < PLAN_CLASSES; i++) {
        self->plan.classes[i] = class;
    }
    self->config = ask->invocation->config;
    self->config.validator.timeout_ms = ask->timeout_ms;
    self->config.fixer.candidates_max = MEND_CANDIDATES_MAX;
    self->mend = (struct mend){.dir = self->dir,
                               .root = self->root,
                               .env = self->env,
                               .snapshot = "",
                               .command = ask->test->command,
                               .allow = "",
                               .timeout_ms = ask->timeout_ms};
    return EXIT_DONE;
}

static enum err spawn_all(struct rt_system *system, struct bench *self)
{
    const struct models_arg models = {.plan = &self->plan, .total = &self->total};
    const struct mend *mend = &self->mend;
    struct rt_address address;
    enum err err = system_spawn(system, &relay_behaviour, NULL, 0, &address);
    if (err == ERR_OK) {
        err = system_spawn(system, &validator_behaviour, NULL, 0, &address);
    }
    if (err == ERR_OK) {
        err = system_spawn(system, &models_behaviour, &models, sizeof models, &address);
    }
    return err == ERR_OK ? system_spawn(system, &mend_behaviour, &mend, sizeof mend, &address)
                         : err;
}

static int play(const struct bench_ask *ask, struct bench *self, int done)
{
    const struct world_options options = {.config = &self->config,
                                          .name = "models",
                                          .exec = true,
                                          .log_world = (void *)(uintptr_t)ask->invocation,
                                          .log = on_log};
    char why[WORLD_WHY_SIZE];
    struct world *world = NULL;
    if (world_new(&options, why, &world) != ERR_OK) {
        return complain(EXIT_COULD_NOT, why, NULL);
    }
    int code = EXIT_DONE;
    if (spawn_all(world_system(world), self) != ERR_OK || world_start(world) != ERR_OK) {
        code = complain(EXIT_COULD_NOT, "the actors cannot be started", NULL);
    } else {
        struct pollfd fds[] = {{.fd = done, .events = POLLIN},
                               {.fd = world_failure_fd(world), .events = POLLIN}};
        (void)poll(fds, 2, (int)ask->timeout_ms + GRACE_MS); /* a signal ends the program */
        code = fds[0].revents   ? EXIT_DONE
               : fds[1].revents ? complain(EXIT_INTERNAL, world_failure(world), NULL)
                                : complain(EXIT_COULD_NOT, "a case did not come to its end", NULL);
    }
    world_stop(world, STOP_MS);
    world_destroy(&world);
    return code;
}

int models_bench(const struct bench_ask *ask, struct bench_result *ret_result)
{
    struct bench *self = calloc(1, sizeof *self);
    int fds[2];
    if (!self) {
        return complain(EXIT_COULD_NOT, "out of memory", NULL);
    }
    int code = prepare(ask, self);
    if (code == EXIT_DONE && pipe(fds) != 0) {
        code = complain(EXIT_COULD_NOT, "no descriptors left", NULL);
    } else if (code == EXIT_DONE) {
        self->mend.done = fds[1];
        code = play(ask, self, fds[0]);
        (void)close(fds[0]);
        (void)close(fds[1]);
    }
    *ret_result = (struct bench_result){.status = self->mend.status, .count = self->total};
    (void)snprintf(ret_result->reason, sizeof ret_result->reason, "%s", self->mend.reason);
    mend_free(&self->mend);
    free(self);
    return code;
}
