/* net.c - the net thread: what is handed over, what arrives, what is due; then sleep. */
#include "runtime/net.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "runtime/link_zmq.h"

enum {
    ROLES = 64,
    WATCHES_MIN = 8,
    TRIM_BYTES = 8 << 20,     /* freed memory that is kept at hand: some windows of credit */
    MMAP_BYTES_MIN = 2 << 20, /* no frame is as large */
    LINGER_MS = 100,          /* for the last confirmations, when all else has arrived */
    SLEEP_MS_MAX = 60000
};

struct turn {
    uint64_t (*call)(void *arg);
    void *arg;
};

struct net {
    struct net_options options;
    struct wires *wires;
    struct links *links;
    struct rt_system *system;
    pthread_t thread;
    bool started;
    char endpoint[256];

    /* From any thread to the net thread. */
    _Atomic(struct envelope *) outbound; /* last handed over first */
    atomic_uint_fast64_t roles[ROLES];
    atomic_uint_fast64_t roles_changed; /* bit per role */
    atomic_uint_fast64_t stop_ms;       /* end at this time at the latest; 0: go on */
    atomic_bool woken;                  /* a turn is wanted */
    atomic_bool asleep;                 /* a write to wake_fd is needed to get one */
    int wake_fd;

    /* The net thread's own. */
    bool leaving;
    struct net_watch **watches; /* NULL where one was taken out */
    size_t watches_count;
    size_t watches_capacity;
    struct pollfd *fds; /* wires', the eventfd, the watches' */
    struct turn turns[NET_TURNS_MAX];
    size_t turns_count;
};

static uint64_t now_ms(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000 + (uint64_t)at.tv_nsec / 1000000;
}

/* ---- ports of the links ---- */

static enum err on_transmit(void *world, uint64_t route, const void *bytes, size_t size)
{
    struct net *self = world;
    return wires_transmit(self->wires, route, bytes, size);
}

static void on_deliver(void *world, struct envelope **envelope)
{
    struct net *self = world;
    system_deliver(self->system, envelope);
}

static void on_undeliverable(void *world, struct envelope **envelope, enum err reason)
{
    struct net *self = world;
    system_undeliverable(self->system, envelope, reason);
}

static struct account *on_account(void *world, uint64_t node)
{
    struct net *self = world;
    return system_account(self->system, node);
}

static void on_role_up(void *world, uint64_t role, struct rt_address actor, const char *name)
{
    struct net *self = world;
    system_role_up(self->system, role, actor, name);
}

static void on_node_down(void *world, uint64_t node)
{
    struct net *self = world;
    system_node_down(self->system, node);
}

static bool on_may(void *world, uint64_t route, struct msg_str name, uint64_t role)
{
    const struct net *self = world;
    return wires_may(self->wires, route, name, role);
}

static void on_log(void *world, enum rt_level level, const char *text)
{
    struct net *self = world;
    self->options.log(self->options.world, level, "net", text);
}

/* ---- life ---- */

static enum err open_parts(struct net *self, char *message, size_t size)
{
    const struct net_options *options = &self->options;
    struct links_ports ports = {.world = self,
                                .transmit = on_transmit,
                                .deliver = on_deliver,
                                .undeliverable = on_undeliverable,
                                .account = on_account,
                                .role_up = on_role_up,
                                .node_down = on_node_down,
                                .may = on_may,
                                .log = on_log};
    struct wires_options wires = {.config = &options->config->runtime,
                                  .security = &options->config->security,
                                  .world = self,
                                  .log = on_log,
                                  .name = options->name,
                                  .node = options->node,
                                  .bind = options->bind,
                                  .connect = options->connect};
    enum err err =
        links_new(&options->config->runtime, options->node, options->name, &ports, &self->links);
    if (err == ERR_OK) {
        err = wires_open(&wires, message, size, &self->wires);
    } else {
        (void)snprintf(message, size, "process name: %s", err_text(err));
    }
    if (err != ERR_OK) {
        return err;
    }
    (void)snprintf(self->endpoint, sizeof self->endpoint, "%s", wires_endpoint(self->wires));
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    self->watches_capacity = WATCHES_MIN;
    self->watches = calloc(self->watches_capacity, sizeof *self->watches);
    self->fds = calloc(wires_fds_count(self->wires) + 1 + WATCHES_MIN, sizeof *self->fds);
    if (self->wake_fd < 0 || !self->watches || !self->fds) {
        (void)snprintf(message, size, "no memory or descriptor for the net thread");
        return self->wake_fd < 0 ? ERR_IO : ERR_MEMORY;
    }
    return ERR_OK;
}

enum err net_new(const struct net_options *options, char *message, size_t size,
                 struct net **ret_net)
{
    assert(options->node > 0);
    assert(options->log);
    struct net *self = calloc(1, sizeof *self);
    if (!self) {
        (void)snprintf(message, size, "%s", err_text(ERR_MEMORY));
        return ERR_MEMORY;
    }
    self->options = *options;
    self->wake_fd = -1;
    enum err err = open_parts(self, message, size);
    if (err != ERR_OK) {
        net_destroy(&self);
        return err;
    }
    *ret_net = self;
    return ERR_OK;
}

const char *net_endpoint(const struct net *net)
{
    return net->endpoint;
}

void net_attach(struct net *net, struct rt_system *system)
{
    assert(!net->started);
    net->system = system;
}

/* All that was handed over, oldest first. */
static struct envelope *take_outbound(struct net *self)
{
    struct envelope *newest = atomic_exchange(&self->outbound, NULL);
    struct envelope *oldest = NULL;
    while (newest) {
        struct envelope *next = atomic_load_explicit(&newest->next, memory_order_relaxed);
        atomic_store_explicit(&newest->next, oldest, memory_order_relaxed);
        oldest = newest;
        newest = next;
    }
    return oldest;
}

static struct envelope *pop(struct envelope **list)
{
    struct envelope *envelope = *list;
    *list = atomic_load_explicit(&envelope->next, memory_order_relaxed);
    atomic_store_explicit(&envelope->next, NULL, memory_order_relaxed);
    return envelope;
}

void net_destroy(struct net **net)
{
    assert(net);
    struct net *self = *net;
    if (!self) {
        return;
    }
    if (self->started) {
        net_stop(self, 0);
    }
    wires_close(&self->wires, 0);
    links_destroy(&self->links);
    /* Telling the asker may make the system hand over something again. */
    struct envelope *list;
    while ((list = take_outbound(self))) {
        while (list) {
            struct envelope *envelope = pop(&list);
            system_undeliverable(self->system, &envelope, ERR_GONE);
        }
    }
    if (self->wake_fd >= 0) {
        (void)close(self->wake_fd);
    }
    free(self->watches);
    free(self->fds);
    free(self);
    *net = NULL;
}

/* ---- from any thread ---- */

/* The net thread says that it sleeps before it looks a last time, and we hand over before we look
 * whether it sleeps: one of the two sees the other. */
static void rouse(struct net *self)
{
    if (atomic_load(&self->asleep) && atomic_exchange(&self->asleep, false)) {
        uint64_t one = 1;
        /* It can only fail when it is full of unread ones, which wake as well. */
        ssize_t written = write(self->wake_fd, &one, sizeof one);
        (void)written;
    }
}

void net_send(struct net *net, struct envelope **envelope)
{
    struct envelope *newest = *envelope;
    *envelope = NULL;
    struct envelope *before = atomic_load_explicit(&net->outbound, memory_order_relaxed);
    do {
        atomic_store_explicit(&newest->next, before, memory_order_relaxed);
    } while (!atomic_compare_exchange_weak(&net->outbound, &before, newest));
    rouse(net);
}

void net_announce(struct net *net, uint64_t role, uint64_t actor)
{
    assert(role > 0);
    assert(role < ROLES);
    atomic_store(&net->roles[role], actor);
    atomic_fetch_or(&net->roles_changed, UINT64_C(1) << role);
    rouse(net);
}

void net_wake(struct net *net)
{
    atomic_store(&net->woken, true);
    rouse(net);
}

/* ---- watches and turns ---- */

enum err net_watch(struct net *net, struct net_watch *watch)
{
    assert(watch->ready);
    if (net->watches_count == net->watches_capacity) {
        size_t capacity = 2 * net->watches_capacity;
        struct net_watch **watches = realloc(net->watches, capacity * sizeof *watches);
        if (!watches) {
            return ERR_MEMORY;
        }
        net->watches = watches;
        size_t fds_count = wires_fds_count(net->wires) + 1 + capacity;
        struct pollfd *fds = realloc(net->fds, fds_count * sizeof *fds);
        if (!fds) {
            return ERR_MEMORY;
        }
        net->fds = fds;
        net->watches_capacity = capacity;
    }
    net->watches[net->watches_count++] = watch;
    return ERR_OK;
}

void net_unwatch(struct net *net, struct net_watch *watch)
{
    for (size_t i = 0; i < net->watches_count; i++) {
        if (net->watches[i] == watch) {
            net->watches[i] = NULL;
        }
    }
}

/* Closes the gaps that net_unwatch left. */
static void compact_watches(struct net *self)
{
    size_t count = 0;
    for (size_t i = 0; i < self->watches_count; i++) {
        if (self->watches[i]) {
            self->watches[count++] = self->watches[i];
        }
    }
    self->watches_count = count;
}

size_t net_links(const struct net *net, struct link_stats *ret_stats, size_t max)
{
    return links_stats(net->links, ret_stats, max);
}

void net_totals(const struct net *net, struct links_totals *ret_totals)
{
    links_totals(net->links, ret_totals);
}

void net_on_turn(struct net *net, uint64_t (*turn)(void *arg), void *arg)
{
    assert(net->turns_count < NET_TURNS_MAX);
    net->turns[net->turns_count++] = (struct turn){turn, arg};
}

/* ---- the thread ---- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void pass_on(struct net *self)
{
    uint64_t changed = atomic_exchange(&self->roles_changed, 0);
    for (uint64_t role = 1; role < ROLES; role++) {
        if (changed >> role & 1) {
            links_announce(self->links, role, atomic_load(&self->roles[role]));
        }
    }
    uint64_t at_ms = now_ms();
    struct envelope *list = take_outbound(self);
    while (list) {
        struct envelope *envelope = pop(&list);
        links_send(self->links, &envelope, at_ms);
    }
}

/* Fills self->fds; returns how many they are. */
static size_t collect_fds(struct net *self)
{
    size_t count = wires_fds_count(self->wires);
    wires_fds(self->wires, self->fds);
    self->fds[count++] = (struct pollfd){.fd = self->wake_fd, .events = POLLIN};
    compact_watches(self);
    for (size_t i = 0; i < self->watches_count; i++) {
        self->fds[count++] =
            (struct pollfd){.fd = self->watches[i]->fd, .events = self->watches[i]->events};
    }
    return count;
}

static bool has_work(struct net *self)
{
    return atomic_load(&self->outbound) || atomic_load(&self->roles_changed) != 0 ||
           atomic_load(&self->woken) || wires_ready(self->wires);
}

static int sleep_ms(uint64_t until_ms)
{
    uint64_t at_ms = now_ms();
    uint64_t left_ms = until_ms > at_ms ? until_ms - at_ms : 0;
    return (int)earlier(left_ms, SLEEP_MS_MAX);
}

/* Sleeps until there is something to do, then calls the watches whose descriptors are ready. */
static void sleep_until(struct net *self, uint64_t until_ms)
{
    size_t count = collect_fds(self);
    size_t watches = self->watches_count;
    atomic_store(&self->asleep, true);
    int ready = poll(self->fds, (nfds_t)count, has_work(self) ? 0 : sleep_ms(until_ms));
    atomic_store(&self->asleep, false);
    if (ready <= 0) {
        return;
    }
    const struct pollfd *fd = self->fds + (count - watches - 1);
    if (fd->revents != 0) {
        uint64_t ignored;
        ssize_t taken = read(self->wake_fd, &ignored, sizeof ignored);
        (void)taken;
    }
    /* A callback may take out this or another watch, or bring new ones, which move self->fds. */
    size_t first = count - watches;
    for (size_t i = 0; i < watches; i++) {
        struct net_watch *watch = self->watches[i];
        short revents = self->fds[first + i].revents;
        if (watch && revents != 0) {
            watch->ready(watch, revents);
        }
    }
}

/* Whether the thread may end, and if not yet, when it must look again. */
static bool may_end(struct net *self, uint64_t *next_ms)
{
    uint64_t stop_ms = atomic_load(&self->stop_ms);
    if (stop_ms == 0) {
        return false;
    }
    uint64_t at_ms = now_ms();
    if (!self->leaving) {
        self->leaving = true;
        wires_unbind(self->wires);
        links_goodbye(self->links, at_ms);
        *next_ms = at_ms; /* GOODBYE is sent in the next turn */
    }
    *next_ms = earlier(*next_ms, stop_ms);
    return at_ms >= stop_ms || links_drained(self->links);
}

static void *run(void *arg)
{
    struct net *self = arg;
    system_guest(self->system);
    for (;;) {
        atomic_store(&self->woken, false);
        wires_receive(self->wires, self->links, now_ms());
        uint64_t wires_ms = wires_run(self->wires, self->links, now_ms());
        uint64_t next_ms = earlier(wires_ms, system_run_timers(self->system));
        system_guest_run(self->system);
        pass_on(self);
        for (size_t i = 0; i < self->turns_count; i++) {
            next_ms = earlier(next_ms, self->turns[i].call(self->turns[i].arg));
        }
        next_ms = earlier(next_ms, links_run(self->links, now_ms()));
        /* A link that ended may have readied somebody, too.  What is sent or set now wakes us. */
        system_guest_run(self->system);
        if (may_end(self, &next_ms)) {
            break;
        }
        sleep_until(self, next_ms);
    }
    system_guest_run(self->system); /* whom a watch has readied last */
    wires_close(&self->wires, links_drained(self->links) ? LINGER_MS : 0);
    return NULL;
}

enum err net_start(struct net *net)
{
    assert(net->system);
    assert(!net->started);
    /* Frames are allocated on one side of a link and freed in bulk on the other: if each went back
     * to the kernel, its pages would be a third of what a message costs.
     * NOLINTNEXTLINE(concurrency-mt-unsafe): glibc locks */
    (void)(mallopt(M_TRIM_THRESHOLD, TRIM_BYTES) && mallopt(M_MMAP_THRESHOLD, MMAP_BYTES_MIN));
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&net->thread, NULL, run, net);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0) {
        return ERR_IO;
    }
    (void)pthread_setname_np(net->thread, "net");
    net->started = true;
    return ERR_OK;
}

void net_stop(struct net *net, uint64_t ms_max)
{
    if (!net->started) {
        return;
    }
    assert(!pthread_equal(pthread_self(), net->thread));
    atomic_store(&net->stop_ms, now_ms() + ms_max);
    net_wake(net);
    (void)pthread_join(net->thread, NULL);
    net->started = false;
}
