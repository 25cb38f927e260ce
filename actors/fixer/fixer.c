/* fixer.c - asks the sources of candidates about an error.
 *
 * Takes  FIX         from a coordinator
 *        DOWN        of its requests and hosts, and of the models
 *        ROLE_UP     of the models, which are asked as if they were a host
 * Sends  FIX         on to a light actor per error (fixer_request.c), which asks a light actor per
 *                    source and project (fixer_host.c) and answers in its place
 *        CANDIDATES  when there are too many errors at a time
 */
#include "actors/fixer/fixer.h"

#include <stdlib.h>
#include <string.h>

#include "actors/fixer/fixer_priv.h"

enum { HOSTS_MAX = 8 };

/* A source of a project, whether its process runs or not. */
struct host {
    const struct source *source; /* NULL: a free place */
    char *dir;
    struct rt_address address;
    uint64_t monitor;
    uint64_t used_ms;
};

struct fixer {
    const char *folder;
    struct host hosts[HOSTS_MAX];
    uint64_t requests[FIXER_REQUESTS_MAX]; /* their monitors; 0: a free place */
    struct rt_address models;              /* nobody: there are none */
    uint64_t models_monitor;
};

/* ---- hosts ---- */

static void forget_host(struct host *host)
{
    free(host->dir);
    *host = (struct host){.source = NULL};
}

/* A free place, or that of the host that was used longest ago, which ends. */
static struct host *make_room(struct rt_context *ctx, struct fixer *self)
{
    struct host *oldest = &self->hosts[0];
    for (size_t i = 0; i < HOSTS_MAX; i++) {
        struct host *host = &self->hosts[i];
        if (!host->source) {
            return host;
        }
        oldest = host->used_ms < oldest->used_ms ? host : oldest;
    }
    rt_demonitor(ctx, oldest->monitor);
    rt_exit(ctx, oldest->address);
    forget_host(oldest);
    return oldest;
}

static enum err start_host(struct rt_context *ctx, struct fixer *self, struct host *host,
                           const struct source *source)
{
    size_t size = sizeof(struct fixer_host_arg) + strlen(self->folder) + 1;
    struct fixer_host_arg *arg = malloc(size);
    if (!arg) {
        return ERR_MEMORY;
    }
    arg->source = source;
    memcpy(arg->folder, self->folder, strlen(self->folder) + 1);
    enum err err = rt_spawn(ctx, &fixer_host_behaviour, arg, size, &host->address);
    free(arg);
    if (err == ERR_OK) {
        host->source = source;
        host->monitor = rt_monitor(ctx, host->address);
    }
    return err;
}

static enum err find_host(struct rt_context *ctx, struct fixer *self, const struct source *source,
                          struct msg_str dir, struct rt_address *ret_address)
{
    struct host *host = NULL;
    for (size_t i = 0; i < HOSTS_MAX && !host; i++) {
        bool same = self->hosts[i].source == source && msg_str_is(dir, self->hosts[i].dir);
        host = same ? &self->hosts[i] : NULL;
    }
    if (!host) {
        host = make_room(ctx, self);
        host->dir = strdup(dir.at);
        enum err err = host->dir ? start_host(ctx, self, host, source) : ERR_MEMORY;
        if (err != ERR_OK) {
            forget_host(host);
            return err;
        }
    }
    host->used_ms = rt_now_ms(ctx);
    *ret_address = host->address;
    return ERR_OK;
}

/* ---- messages ---- */

static enum err on_fix(struct rt_context *ctx, struct fixer *self, const struct msg_fix *fix)
{
    struct fixer_request_arg arg = {.count = 0};
    size_t place = 0;
    while (place < FIXER_REQUESTS_MAX && self->requests[place] != 0) {
        place++;
    }
    if (place == FIXER_REQUESTS_MAX) {
        rt_reply(ctx, MSG(candidates, .run = fix->run, .error = fix->error,
                          .reason = msg_str("the fixer has too many errors at a time")));
        return ERR_OK;
    }
    enum err err = ERR_OK;
    for (size_t i = 0; sources[i] && err == ERR_OK; i++) {
        if (sources[i]->fits(fix)) {
            assert(arg.count < FIXER_SOURCES_MAX);
            err = find_host(ctx, self, sources[i], fix->dir, &arg.hosts[arg.count++]);
        }
    }
    if (self->models.node && err == ERR_OK) {
        assert(arg.count < FIXER_SOURCES_MAX);
        arg.hosts[arg.count++] = self->models;
    }
    struct rt_address request;
    if (err == ERR_OK) {
        err = rt_spawn(ctx, &fixer_request_behaviour, &arg, sizeof arg, &request);
    }
    if (err != ERR_OK) {
        return err;
    }
    self->requests[place] = rt_monitor(ctx, request);
    return rt_forward(ctx, request);
}

/* The first that there are, until they end. */
static void on_role_up(struct rt_context *ctx, struct fixer *self, const struct msg_role_up *up)
{
    if (!self->models.node) {
        self->models = (struct rt_address){up->node, up->actor};
        self->models_monitor = rt_monitor(ctx, self->models);
    }
}

static void on_down(struct fixer *self, uint64_t ref)
{
    if (self->models.node && self->models_monitor == ref) {
        self->models = (struct rt_address){0, 0};
        return;
    }
    for (size_t i = 0; i < FIXER_REQUESTS_MAX; i++) {
        if (self->requests[i] == ref) {
            self->requests[i] = 0;
            return;
        }
    }
    for (size_t i = 0; i < HOSTS_MAX; i++) {
        if (self->hosts[i].source && self->hosts[i].monitor == ref) {
            forget_host(&self->hosts[i]);
            return;
        }
    }
}

static enum err fixer_start(struct rt_context *ctx, void *state, const void *arg)
{
    struct fixer *self = state;
    assert(arg);
    self->folder = arg;
    rt_take_role(ctx, TERM_role_FIXER);
    rt_watch_role(ctx, TERM_role_MODELS);
    return ERR_OK;
}

static enum err fixer_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    struct fixer *self = state;
    switch (msg->type) {
    case MSG_FIX:
        return on_fix(ctx, self, msg_as_fix(msg));
    case MSG_ROLE_UP:
        on_role_up(ctx, self, msg_as_role_up(msg));
        return ERR_OK;
    case MSG_DOWN:
        on_down(self, msg_as_down(msg)->ref);
        return ERR_OK;
    default:
        return ERR_UNKNOWN;
    }
}

static void fixer_stop(void *state)
{
    struct fixer *self = state;
    for (size_t i = 0; i < HOSTS_MAX; i++) {
        forget_host(&self->hosts[i]);
    }
}

const struct rt_behaviour fixer_behaviour = {.name = "fixer",
                                             .state_size = sizeof(struct fixer),
                                             .start = fixer_start,
                                             .receive = fixer_receive,
                                             .stop = fixer_stop};
