/* process.c - an actor system and a net thread, wired together; every other port is closed. */
#include "runtime/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "config/load.h"
#include "runtime/net.h"
#include "runtime/system.h"

enum { SETTING_SIZE = 512, GOODBYE_SHARE = 2 };

struct rt_process {
    struct rt_process_options options;
    struct config config;
    struct rt_system *system;
    struct net *net;
    bool started;
};

static uint64_t clock_ms(clockid_t clock)
{
    struct timespec at;
    (void)clock_gettime(clock, &at);
    return (uint64_t)at.tv_sec * 1000 + (uint64_t)at.tv_nsec / 1000000;
}

/* ---- ports ---- */

static void on_net_send(void *world, struct envelope **envelope)
{
    struct rt_process *self = world;
    net_send(self->net, envelope);
}

static void on_net_announce(void *world, uint64_t role, uint64_t actor)
{
    struct rt_process *self = world;
    net_announce(self->net, role, actor);
}

static void on_exec(void *world, uint64_t id, struct rt_address owner,
                    const struct rt_command *command)
{
    struct rt_process *self = world;
    (void)command;
    /* Without memory for it there is nobody left who could be told. */
    (void)!system_tell(self->system, owner,
                       MSG(exec_exited, .id = id, .error = msg_str(err_text(ERR_UNSUPPORTED))));
}

static enum err on_exec_write(void *world, uint64_t id, const void *bytes, size_t size)
{
    (void)world;
    (void)id;
    (void)bytes;
    (void)size;
    return ERR_GONE;
}

static void on_exec_kill(void *world, uint64_t id)
{
    (void)world;
    (void)id;
}

static void on_http(void *world, uint64_t id, struct rt_address owner,
                    const struct rt_http_request *request)
{
    struct rt_process *self = world;
    (void)request;
    (void)!system_tell(self->system, owner,
                       MSG(http_done, .id = id, .error = msg_str(err_text(ERR_UNSUPPORTED))));
}

static enum err on_http_serve(void *world, struct rt_address owner, const char *at)
{
    (void)world;
    (void)owner;
    (void)at;
    return ERR_UNSUPPORTED;
}

static void on_http_answer(void *world, uint64_t id, uint64_t status, const char *type,
                           struct msg_str body)
{
    (void)world;
    (void)id;
    (void)status;
    (void)type;
    (void)body;
}

static void on_http_close(void *world)
{
    (void)world;
}

static void on_store(void *world, struct rt_store_op **op)
{
    struct rt_process *self = world;
    (*op)->err = ERR_UNSUPPORTED;
    system_store_done(self->system, op);
}

static uint64_t on_now_ms(void *world)
{
    (void)world;
    return clock_ms(CLOCK_MONOTONIC);
}

static uint64_t on_wall_ms(void *world)
{
    (void)world;
    return clock_ms(CLOCK_REALTIME);
}

static void on_timer_set(void *world)
{
    struct rt_process *self = world;
    net_wake(self->net);
}

static void on_log(void *world, enum rt_level level, const char *actor, const char *text)
{
    struct rt_process *self = world;
    if (self->options.log) {
        self->options.log(self->options.log_world, level, actor, text);
    } else if (level <= RT_WARN) {
        (void)fprintf(stderr, "level=%s process=%s actor=%s %s\n",
                      level == RT_ERROR ? "error" : "warn", self->options.name, actor, text);
    }
}

/* ---- life ---- */

static enum err read_settings(struct rt_process *self, char *why, size_t size)
{
    config_defaults(&self->config);
    for (const char *const *it = self->options.settings; it && *it; it++) {
        char path[SETTING_SIZE];
        (void)snprintf(path, sizeof path, "%s", *it);
        char *value = strchr(path, '=');
        if (!value) {
            (void)snprintf(why, size, "setting %s: no '='", path);
            return ERR_CONFIG;
        }
        *value = '\0';
        enum err err = config_set(&self->config, path, value + 1, why, size);
        if (err != ERR_OK) {
            return err == ERR_UNKNOWN ? ERR_CONFIG : err;
        }
    }
    self->options.settings = NULL;
    return ERR_OK;
}

static enum err open_parts(struct rt_process *self, char *why, size_t size)
{
    uint64_t random[2];
    enum err err = read_settings(self, why, size);
    if (err != ERR_OK) {
        return err;
    }
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        return ERR_IO;
    }
    const uint64_t node = random[0] ? random[0] : 1;
    const struct net_options net = {.config = &self->config,
                                    .name = self->options.name,
                                    .node = node,
                                    .bind = self->options.bind,
                                    .connect = self->options.connect,
                                    .world = self,
                                    .log = on_log};
    const struct system_options system = {.config = &self->config,
                                          .name = self->options.name,
                                          .node = node,
                                          .seed = random[1],
                                          .ports = {.world = self,
                                                    .net_send = on_net_send,
                                                    .net_parcels = true,
                                                    .net_announce = on_net_announce,
                                                    .exec = on_exec,
                                                    .exec_write = on_exec_write,
                                                    .exec_kill = on_exec_kill,
                                                    .http = on_http,
                                                    .http_cancel = on_exec_kill,
                                                    .http_serve = on_http_serve,
                                                    .http_answer = on_http_answer,
                                                    .http_close = on_http_close,
                                                    .store = on_store,
                                                    .now_ms = on_now_ms,
                                                    .wall_ms = on_wall_ms,
                                                    .timer_set = on_timer_set,
                                                    .log = on_log}};
    err = net_new(&net, why, size, &self->net);
    if (err == ERR_OK) {
        err = system_new(&system, &self->system);
    }
    if (err == ERR_OK) {
        net_attach(self->net, self->system);
    }
    return err;
}

enum err rt_process_new(const struct rt_process_options *options, char *why, size_t size,
                        struct rt_process **ret_process)
{
    assert(options->name);
    assert(size > 0);
    why[0] = '\0';
    struct rt_process *self = calloc(1, sizeof *self);
    enum err err = ERR_MEMORY;
    if (self) {
        self->options = *options;
        err = open_parts(self, why, size);
    }
    if (err != ERR_OK) {
        if (why[0] == '\0') {
            (void)snprintf(why, size, "%s", err_text(err));
        }
        rt_process_destroy(&self);
        return err;
    }
    *ret_process = self;
    return ERR_OK;
}

const char *rt_process_endpoint(const struct rt_process *self)
{
    return net_endpoint(self->net);
}

enum err rt_process_spawn(struct rt_process *self, const struct rt_behaviour *behaviour,
                          const void *arg, size_t size, struct rt_address *ret_address)
{
    assert(!self->started);
    return system_spawn(self->system, behaviour, arg, size, ret_address);
}

enum err rt_process_start(struct rt_process *self)
{
    assert(!self->started);
    enum err err = net_start(self->net);
    if (err == ERR_OK) {
        self->started = true;
        err = system_start(self->system);
    }
    return err;
}

uint64_t rt_process_actors(const struct rt_process *self)
{
    struct system_stats stats;
    system_stats(self->system, &stats);
    return stats.actors > 0 ? stats.actors - 1 : 0;
}

bool rt_process_failed(const struct rt_process *self)
{
    return system_failed(self->system);
}

enum err rt_process_stop(struct rt_process *self, uint64_t ms_max)
{
    if (!self->started) {
        return ERR_OK;
    }
    uint64_t until_ms = clock_ms(CLOCK_MONOTONIC) + ms_max;
    enum err err = system_stop(self->system, ms_max - ms_max / GOODBYE_SHARE);
    uint64_t now_ms = clock_ms(CLOCK_MONOTONIC);
    net_stop(self->net, until_ms > now_ms ? until_ms - now_ms : 0);
    self->started = false;
    return err;
}

void rt_process_destroy(struct rt_process **process)
{
    struct rt_process *self = *process;
    if (!self) {
        return;
    }
    /* What was still running is cut off here: there is nobody left to be told. */
    (void)!rt_process_stop(self, 0);
    net_destroy(&self->net);
    system_destroy(&self->system);
    free(self);
    *process = NULL;
}
