/* world.c - the services of one process, wired together. */
#include "tools/world.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "actors/coordinator/ledger.h"
#include "runtime/exec.h"
#include "runtime/net.h"
#include "runtime/store.h"
#include "tools/http.h"

enum { WATCH_MS = WORLD_LINKS_AGE_MS, LINKS_LOOK_MS = 20, GOODBYE_SHARE = 4 };

/* What the net thread has seen of its links, for others. */
struct seen_links {
    pthread_mutex_t lock;
    struct link_stats *all;
    size_t count;
    size_t room;
    struct links_totals totals;
    uint64_t due_ms; /* the net thread's own */
};

struct world {
    struct world_options options;
    struct rt_system *system;
    struct net *net;
    struct store *store;
    struct spawner *spawner; /* until exec has it */
    struct exec *exec;
    struct http *http; /* at the very end there is none, and nobody who waits */
    int failure_fd;
    _Atomic(const char *) failure; /* NULL: none; static text */
    uint64_t since_ms;
    struct seen_links seen;
};

static uint64_t clock_ms(clockid_t clock)
{
    struct timespec at;
    (void)clock_gettime(clock, &at);
    return (uint64_t)at.tv_sec * 1000 + (uint64_t)at.tv_nsec / 1000000;
}

static void fail(struct world *self, const char *what)
{
    const char *none = NULL;
    if (atomic_compare_exchange_strong(&self->failure, &none, what)) {
        const uint64_t one = 1;
        /* Cannot fail: the counter is far from its end. */
        (void)!write(self->failure_fd, &one, sizeof one);
    }
}

/* ---- the ports of the system ---- */

static void on_net_send(void *world, struct envelope **envelope)
{
    struct world *self = world;
    net_send(self->net, envelope);
}

static void on_net_announce(void *world, uint64_t role, uint64_t actor)
{
    struct world *self = world;
    net_announce(self->net, role, actor);
}

static void on_exec(void *world, uint64_t id, struct rt_address owner,
                    const struct rt_command *command)
{
    struct world *self = world;
    if (self->exec) {
        exec_command(self->exec, id, owner, command);
        return;
    }
    if (system_tell(self->system, owner,
                    MSG(exec_exited, .id = id,
                        .error = msg_str("this process runs no commands"))) != ERR_OK) {
        fail(self, "an actor was not told of its command");
    }
}

static enum err on_exec_write(void *world, uint64_t id, const void *bytes, size_t size)
{
    struct world *self = world;
    return self->exec ? exec_write(self->exec, id, bytes, size) : ERR_GONE;
}

static void on_exec_kill(void *world, uint64_t id)
{
    struct world *self = world;
    if (self->exec) {
        exec_kill(self->exec, id);
    }
}

static void on_http(void *world, uint64_t id, struct rt_address owner,
                    const struct rt_http_request *request)
{
    struct world *self = world;
    if (self->http) {
        http_request(self->http, id, owner, request);
    }
}

static void on_http_cancel(void *world, uint64_t id)
{
    struct world *self = world;
    if (self->http) {
        http_cancel(self->http, id);
    }
}

static enum err on_http_serve(void *world, struct rt_address owner, const char *at)
{
    struct world *self = world;
    return self->http ? http_serve(self->http, owner, at) : ERR_GONE;
}

static void on_http_answer(void *world, uint64_t id, uint64_t status, const char *type,
                           struct msg_str body)
{
    struct world *self = world;
    if (self->http) {
        http_answer(self->http, id, status, type, body);
    }
}

static void on_http_close(void *world)
{
    struct world *self = world;
    if (self->http) {
        http_close(self->http);
    }
}

static void on_store(void *world, struct rt_store_op **op)
{
    struct world *self = world;
    if (self->store) {
        store_submit(self->store, op);
        return;
    }
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
    struct world *self = world;
    net_wake(self->net);
}

static void on_log(void *world, enum rt_level level, const char *actor, const char *text)
{
    struct world *self = world;
    self->options.log(self->options.log_world, level, actor, text);
}

/* ---- the store's events ---- */

static void on_store_done(void *arg, struct rt_store_op **op)
{
    struct world *self = arg;
    system_store_done(self->system, op);
}

static void on_store_failed(void *arg, const char *why)
{
    struct world *self = arg;
    on_log(self, RT_ERROR, "store", why);
    fail(self, "the ledger's disk can no longer be trusted");
}

/* Copies the links' figures now and then; without memory those of earlier stay. */
static void look_at_links(struct world *self, uint64_t now_ms)
{
    struct seen_links *seen = &self->seen;
    if (now_ms < seen->due_ms) {
        return;
    }
    seen->due_ms = now_ms + LINKS_LOOK_MS;
    size_t count = net_links(self->net, NULL, 0);
    (void)pthread_mutex_lock(&seen->lock);
    net_totals(self->net, &seen->totals);
    if (count > seen->room) {
        struct link_stats *all = realloc(seen->all, count * sizeof *all);
        seen->all = all ? all : seen->all;
        seen->room = all ? count : seen->room;
    }
    if (count <= seen->room) {
        seen->count = net_links(self->net, seen->all, seen->room);
    }
    (void)pthread_mutex_unlock(&seen->lock);
}

/* Some parts cannot call anybody when they die: they are looked at when the net wakes anyway. */
static uint64_t watch(void *arg)
{
    struct world *self = arg;
    if (system_failed(self->system)) {
        fail(self, "an actor crashed too often");
    }
    if (self->exec && exec_failed(self->exec)) {
        fail(self, "the spawner has died");
    }
    if (http_failed(self->http)) {
        fail(self, "an actor was not told of its HTTP request");
    }
    uint64_t now_ms = clock_ms(CLOCK_MONOTONIC);
    look_at_links(self, now_ms);
    return now_ms + WATCH_MS;
}

/* ---- life ---- */

static enum err open_store(struct world *self, char *why)
{
    struct store_why text = {""};
    enum err err = store_open(self->options.ledger, &self->options.config->store, &ledger_schema,
                              &text, &self->store);
    if (err != ERR_OK) {
        (void)snprintf(why, WORLD_WHY_SIZE, "ledger %.200s: %s", self->options.ledger,
                       text.text[0] ? text.text : err_text(err));
    }
    return err;
}

static enum err open_net(struct world *self, uint64_t node, char *why)
{
    const struct net_options options = {.config = self->options.config,
                                        .name = self->options.name,
                                        .node = node,
                                        .bind = self->options.bind,
                                        .connect = self->options.connect,
                                        .world = self,
                                        .log = on_log};
    return net_new(&options, why, WORLD_WHY_SIZE, &self->net);
}

static enum err open_system(struct world *self, uint64_t node, uint64_t seed)
{
    const struct system_options options = {.config = self->options.config,
                                           .name = self->options.name,
                                           .node = node,
                                           .seed = seed,
                                           .ports = {.world = self,
                                                     .net_send = on_net_send,
                                                     .net_parcels = true,
                                                     .net_announce = on_net_announce,
                                                     .exec = on_exec,
                                                     .exec_write = on_exec_write,
                                                     .exec_kill = on_exec_kill,
                                                     .http = on_http,
                                                     .http_cancel = on_http_cancel,
                                                     .http_serve = on_http_serve,
                                                     .http_answer = on_http_answer,
                                                     .http_close = on_http_close,
                                                     .store = on_store,
                                                     .now_ms = on_now_ms,
                                                     .wall_ms = on_wall_ms,
                                                     .timer_set = on_timer_set,
                                                     .log = on_log}};
    return system_new(&options, &self->system);
}

static enum err open_http(struct world *self)
{
    const struct http_options options = {
        .host = {.config = self->options.config, .system = self->system, .tell = system_tell},
        .module = self->options.http_module,
        .log_world = self,
        .log = on_log};
    return http_new(&options, &self->http);
}

static enum err open_parts(struct world *self, char *why)
{
    uint64_t random[2] = {0, 0};
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        return ERR_IO;
    }
    uint64_t node = random[0] ? random[0] : 1;
    enum err err = self->options.exec ? spawner_start(&self->spawner) : ERR_OK;
    if (err == ERR_OK && self->options.ledger) {
        err = open_store(self, why);
    }
    if (err == ERR_OK) {
        err = open_net(self, node, why);
    }
    if (err == ERR_OK) {
        err = open_system(self, node, random[1]);
    }
    if (err == ERR_OK) {
        err = open_http(self);
    }
    if (err != ERR_OK) {
        return err;
    }
    net_attach(self->net, self->system);
    net_on_turn(self->net, watch, self);
    if (self->options.exec) {
        err = exec_new(&self->spawner, self->options.config, &self->exec);
    }
    return err == ERR_OK && self->exec ? exec_attach(self->exec, self->net, self->system) : err;
}

enum err world_new(const struct world_options *options, char *why, struct world **ret_world)
{
    why[0] = '\0';
    struct world *self = calloc(1, sizeof *self);
    if (!self) {
        return ERR_MEMORY;
    }
    self->options = *options;
    self->since_ms = clock_ms(CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&self->seen.lock, NULL);
    self->failure_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    enum err err = self->failure_fd < 0 ? ERR_IO : open_parts(self, why);
    if (err != ERR_OK) {
        if (why[0] == '\0') {
            (void)snprintf(why, WORLD_WHY_SIZE, "%s", err_text(err));
        }
        world_destroy(&self);
        return err;
    }
    *ret_world = self;
    return ERR_OK;
}

struct rt_system *world_system(struct world *self)
{
    return self->system;
}

enum err world_start(struct world *self)
{
    const struct store_events events = {
        .arg = self, .done = on_store_done, .failed = on_store_failed};
    enum err err = self->store ? store_start(self->store, &events) : ERR_OK;
    if (err == ERR_OK) {
        err = system_start(self->system);
    }
    return err == ERR_OK ? net_start(self->net) : err;
}

int world_failure_fd(const struct world *self)
{
    return self->failure_fd;
}

const char *world_failure(const struct world *self)
{
    const char *failure = atomic_load(&self->failure);
    return failure ? failure : "nothing";
}

/* /proc is memory: reading it does not wait. */
static uint64_t rss_bytes(void)
{
    char text[128];
    uint64_t pages = 0;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (size > 0) {
        text[size] = '\0';
        const char *second = strchr(text, ' ');
        pages = second ? strtoull(second, NULL, 10) : 0;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t cpu_us(void)
{
    struct timespec used;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000 + (uint64_t)used.tv_nsec / 1000;
}

void world_process(struct world *self, struct world_process *ret_process)
{
    *ret_process = (struct world_process){.pid = (uint64_t)getpid(),
                                          .uptime_ms = clock_ms(CLOCK_MONOTONIC) - self->since_ms,
                                          .rss_bytes = rss_bytes(),
                                          .cpu_us = cpu_us()};
    system_stats(self->system, &ret_process->system);
    (void)pthread_mutex_lock(&self->seen.lock);
    ret_process->links = self->seen.count;
    ret_process->totals = self->seen.totals;
    (void)pthread_mutex_unlock(&self->seen.lock);
}

bool world_link(struct world *self, uint64_t index, struct link_stats *ret_stats)
{
    struct seen_links *seen = &self->seen;
    (void)pthread_mutex_lock(&seen->lock);
    bool there = index < seen->count;
    if (there) {
        *ret_stats = seen->all[index];
    }
    (void)pthread_mutex_unlock(&seen->lock);
    return there;
}

void world_stop(struct world *self, uint64_t ms_max)
{
    uint64_t begin_ms = clock_ms(CLOCK_MONOTONIC);
    if (system_stop(self->system, ms_max - ms_max / GOODBYE_SHARE) != ERR_OK) {
        on_log(self, RT_WARN, "system", "an actor was cut off: it took too long to stop");
    }
    uint64_t took_ms = clock_ms(CLOCK_MONOTONIC) - begin_ms;
    net_stop(self->net, ms_max > took_ms ? ms_max - took_ms : 0);
    if (self->store) {
        store_stop(self->store);
    }
}

void world_destroy(struct world **world)
{
    struct world *self = *world;
    if (!self) {
        return;
    }
    /* From the outside to the inside: each hands what it still holds to the system, the last. */
    net_destroy(&self->net);
    http_destroy(&self->http);
    exec_destroy(&self->exec);
    spawner_stop(&self->spawner);
    if (self->store) {
        store_stop(self->store);
    }
    system_destroy(&self->system);
    store_close(&self->store);
    if (self->failure_fd >= 0) {
        (void)close(self->failure_fd);
    }
    (void)pthread_mutex_destroy(&self->seen.lock);
    free(self->seen.all);
    free(self);
    *world = NULL;
}
