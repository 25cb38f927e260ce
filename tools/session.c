/* session.c - a command's link with a coordinator. */
#include "tools/session.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "config/load.h"
#include "runtime/cert_file.h"
#include "runtime/link_security.h"
#include "tools/asker.h"
#include "tools/logline.h"
#include "tools/world.h"

enum { STOP_MS = 300, LEAVE_MS = 12000, REPAIR_MS = 15000, LOST_MS_MAX = 60000 };

uint64_t session_now_ms(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000 + (uint64_t)at.tv_nsec / 1000000;
}

uint64_t session_workers(const struct config *config)
{
    if (config->run.workers > 0) {
        return config->run.workers;
    }
    cpu_set_t cores;
    int count = sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
    return count > 0 ? (uint64_t)count : 1;
}

/* ---- the cluster ---- */

/* Paths are made absolute, because the cluster runs in /. */
static int collect_pass(struct session *self)
{
    struct invocation *invocation = self->invocation;
    size_t count = 0;
    if (invocation->config_dir) {
        if (!realpath(invocation->config_dir, self->config_dir)) {
            return complainf(EXIT_CONFIG, NULL, "%.300s: no such directory",
                             invocation->config_dir);
        }
        self->pass[count++] = "--config";
        self->pass[count++] = self->config_dir;
    }
    for (size_t i = 0; i < invocation->given_count && count < SESSION_PASS_MAX - 4; i++) {
        if (strcmp(invocation->given[i].option->arg.name, "set") == 0) {
            self->pass[count++] = "--set";
            self->pass[count++] = invocation->given[i].value;
        }
    }
    /* With --allow-write it is more than the configuration says. */
    (void)snprintf(self->writable, sizeof self->writable, "sandbox.writable=%s",
                   invocation->config.sandbox.writable);
    if (invocation->config.sandbox.writable[0]) {
        self->pass[count++] = "--set";
        self->pass[count++] = self->writable;
    }
    self->pass[count] = NULL;
    return EXIT_DONE;
}

/* --allow-write DIR, added to sandbox.writable. */
static int allow_writes(struct invocation *invocation)
{
    for (size_t i = 0; i < invocation->given_count; i++) {
        const struct given *given = &invocation->given[i];
        if (strcmp(given->option->arg.name, "allow-write") != 0) {
            continue;
        }
        char path[PATH_MAX];
        char value[2 * PATH_MAX];
        char why[CONFIG_PROBLEM_SIZE];
        if (!realpath(given->value, path)) {
            return complainf(EXIT_USAGE, "Make it first.",
                             "--allow-write %.300s: no such directory", given->value);
        }
        const char *old = invocation->config.sandbox.writable;
        int size = snprintf(value, sizeof value, "%s%s%s", old, old[0] ? "," : "", path);
        if (size < 0 || (size_t)size >= sizeof value) {
            return complain(EXIT_USAGE, "--allow-write: too many directories", NULL);
        }
        if (config_set(&invocation->config, "sandbox.writable", value, why, sizeof why) != ERR_OK) {
            return complainf(EXIT_USAGE, NULL, "--allow-write: %s", why);
        }
    }
    return EXIT_DONE;
}

static int attach(struct session *self, uint64_t workers, bool keep)
{
    char why[PLACE_WHY_SIZE] = "";
    const struct cluster_options options = {
        .place = &self->place, .workers = workers, .keep = keep, .pass = self->pass};
    enum err err = cluster_attach(&options, SESSION_REACH_MS, why, &self->cluster);
    if (err == ERR_TIMEOUT) {
        return complain(EXIT_NO_CLUSTER, why, "Its processes tell there what kept them.");
    }
    if (err != ERR_OK) {
        return complain(EXIT_COULD_NOT, why, "troupe doctor says more about this machine.");
    }
    bool wanted = invocation_value(self->invocation, "allow-write") != NULL;
    if (wanted && !cluster_started(self->cluster)) {
        (void)complain(0, "--allow-write has no effect: the cluster runs already",
                       "Use troupe down first.");
    }
    return EXIT_DONE;
}

/* A connection that is refused is tried again only after a while. */
static void wait_for_socket(const char *endpoint)
{
    enum { SOCKET_MS_MAX = 1000, STEP_MS = 2 };
    for (int ms = 0; ms < SOCKET_MS_MAX; ms += STEP_MS) {
        if (access(endpoint + strlen("ipc://"), F_OK) == 0) {
            return;
        }
        (void)poll(NULL, 0, STEP_MS);
    }
}

static int open_local(struct session *self, uint64_t workers, bool keep)
{
    char why[PLACE_WHY_SIZE] = "";
    const char *state = invocation_value(self->invocation, "state");
    bool start = workers > 0;
    enum err err =
        start ? place_find(state, &self->place, why) : place_look(state, &self->place, why);
    if (!start && (err == ERR_NOT_FOUND || (err == ERR_OK && !cluster_lives(&self->place)))) {
        return complain(EXIT_NO_CLUSTER, "no local cluster runs",
                        "troupe up starts one; troupe run starts one for itself.");
    }
    if (err != ERR_OK) {
        return complain(EXIT_COULD_NOT, why, "Say --state DIR to keep it elsewhere.");
    }
    int code = start ? collect_pass(self) : EXIT_DONE;
    if (code == EXIT_DONE && start) {
        code = attach(self, workers, keep);
    }
    self->connect[0] = self->place.endpoint;
    if (code == EXIT_DONE) {
        wait_for_socket(self->place.endpoint);
    }
    return code;
}

int session_open(struct session *self, const char *endpoint, uint64_t workers, bool keep)
{
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGHUP);
    self->signal_fd = -1;
    int code = EXIT_DONE;
    if (endpoint) {
        self->connect[0] = endpoint;
    } else {
        code = workers > 0 ? allow_writes(self->invocation) : EXIT_DONE;
        if (code == EXIT_DONE) {
            code = open_local(self, workers, keep);
        }
    }
    if (code != EXIT_DONE) {
        return code;
    }
    (void)pthread_sigmask(SIG_BLOCK, &signals, &self->old_signals);
    self->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (self->signal_fd < 0 || inbox_new(&self->inbox) != ERR_OK) {
        return complain(EXIT_COULD_NOT, "no descriptors or memory left", NULL);
    }
    self->unlinked_ms = session_now_ms();
    return EXIT_DONE;
}

/* ---- the actor ---- */

static void on_log(void *world, enum rt_level level, const char *actor, const char *text)
{
    const struct session *self = world;
    if (level > (self->invocation->verbose ? RT_DEBUG : RT_ERROR)) {
        return;
    }
    struct timespec at;
    (void)clock_gettime(CLOCK_REALTIME, &at);
    char line[LOG_LINE_MAX];
    size_t size = log_line(
        &(struct log_entry){.wall_ms = (uint64_t)at.tv_sec * 1000 + (uint64_t)at.tv_nsec / 1000000,
                            .level = level,
                            .role = "client",
                            .actor = actor,
                            .text = text},
        false, line);
    (void)!write(STDERR_FILENO, line, size);
}

/* The name of this process: with a key, one of several of the key's name. */
static void settle_name(const struct session *self, char *name, size_t size)
{
    const struct cfg_security *security = &self->invocation->config.security;
    char why[WORLD_WHY_SIZE];
    struct cert own;
    uint32_t random = 0;
    bool curve = false;
    /* Whatever is wrong, opening the links says it better. */
    if (security_rule(security, self->connect[0], &curve, why, sizeof why) == ERR_OK && curve &&
        cert_load(security->key_file, false, &own, why, sizeof why) == ERR_OK &&
        getrandom(&random, sizeof random, 0) == (ssize_t)sizeof random) {
        /* Of all machines that share the key. */
        (void)snprintf(name, size, "%s/%d.%08x", own.name, (int)getpid(), random);
        return;
    }
    (void)snprintf(name, size, "client-%d", (int)getpid());
}

int session_start(struct session *self)
{
    char name[64];
    settle_name(self, name, sizeof name);
    const struct world_options options = {.config = &self->invocation->config,
                                          .name = name,
                                          .connect = self->connect,
                                          .log_world = self,
                                          .log = on_log};
    char why[WORLD_WHY_SIZE];
    enum err err = world_new(&options, why, &self->world);
    if (err == ERR_CONFIG) {
        return complain(EXIT_USAGE, why, "An endpoint is ipc://PATH or tcp://HOST:PORT.");
    }
    if (err == ERR_REFUSED) {
        return complain(EXIT_CONFIG, why, "troupe keys makes keys; the section is security.");
    }
    if (err != ERR_OK) {
        return complain(EXIT_COULD_NOT, why, NULL);
    }
    self->plan.inbox = self->inbox;
    const struct client_plan *arg = &self->plan;
    struct rt_system *system = world_system(self->world);
    err = self->asks ? system_spawn(system, &asker_behaviour, &self->inbox, sizeof self->inbox,
                                    &self->client)
                     : system_spawn(system, &client_behaviour, &arg, sizeof arg, &self->client);
    if (err == ERR_OK) {
        err = world_start(self->world);
    }
    return err == ERR_OK ? EXIT_DONE : complain(EXIT_COULD_NOT, err_text(err), NULL);
}

void session_tell(struct session *self, const struct msg *msg)
{
    enum err err = system_tell(world_system(self->world), self->client, msg);
    if (err != ERR_OK) {
        on_log(self, RT_DEBUG, "session", err_text(err));
    }
}

/* ---- waiting ---- */

static void note(struct session *self, const struct client_event *event)
{
    if (event->item.kind == CLIENT_LINKED) {
        self->linked = true;
        self->ever_linked = true;
    } else if (event->item.kind == CLIENT_UNLINKED) {
        self->linked = false;
        self->unlinked_ms = session_now_ms();
    }
}

static bool is_lost(const struct session *self)
{
    bool ever = self->ever_linked;
    uint64_t max_ms = ever ? LOST_MS_MAX : SESSION_REACH_MS;
    if (self->linked || session_now_ms() - self->unlinked_ms < max_ms) {
        return false;
    }
    (void)complainf(0, ever ? "Go on later with troupe run --resume last." : "troupe doctor helps.",
                    "the coordinator at %.200s was not reached for %llu s", self->connect[0],
                    (unsigned long long)(max_ms / 1000));
    return true;
}

static bool repair(struct session *self)
{
    char why[PLACE_WHY_SIZE] = "";
    if (cluster_repair(self->cluster, REPAIR_MS, why) != ERR_OK) {
        (void)complain(0, why, "Go on later with troupe run --resume last.");
        return false;
    }
    return true;
}

/* Reads one signal; false: there was none. */
static bool take_signal(const struct session *self)
{
    struct signalfd_siginfo info;
    return read(self->signal_fd, &info, sizeof info) == (ssize_t)sizeof info;
}

enum session_news session_wait(struct session *self, int timeout_ms,
                               struct client_event **ret_event)
{
    enum { LOOK_MS = 1000 };
    uint64_t until_ms = timeout_ms < 0 ? UINT64_MAX : session_now_ms() + (uint64_t)timeout_ms;
    for (;;) {
        struct inbox_item *item = inbox_take(self->inbox);
        if (item) {
            *ret_event = (struct client_event *)item;
            note(self, *ret_event);
            return SESSION_EVENT;
        }
        if (take_signal(self)) {
            return SESSION_SIGNAL;
        }
        uint64_t now = session_now_ms();
        if (is_lost(self)) {
            return SESSION_LOST;
        }
        if (now >= until_ms) {
            return SESSION_TIME;
        }
        struct pollfd fds[] = {{.fd = inbox_fd(self->inbox), .events = POLLIN},
                               {.fd = self->signal_fd, .events = POLLIN},
                               {.fd = world_failure_fd(self->world), .events = POLLIN},
                               {.fd = self->cluster ? cluster_fd(self->cluster) : -1}};
        int wait_ms = until_ms - now < LOOK_MS ? (int)(until_ms - now) : LOOK_MS;
        (void)poll(fds, 4, wait_ms);
        if (fds[2].revents) {
            (void)complain(0, world_failure(self->world), NULL);
            return SESSION_LOST;
        }
        if (fds[3].revents && !repair(self)) {
            return SESSION_LOST;
        }
    }
}

void session_close(struct session *self)
{
    if (self->world) {
        world_stop(self->world, STOP_MS);
        world_destroy(&self->world);
    }
    inbox_destroy(&self->inbox, client_event_drop);
    if (self->signal_fd >= 0) {
        (void)close(self->signal_fd);
        self->signal_fd = -1;
    }
    cluster_leave(&self->cluster, LEAVE_MS);
}
