/* cluster.c - a client's hold on the local cluster. */
#include "tools/cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    STEP_MS = 5,     /* between two looks while it starts or ends */
    START_MS = 3000, /* a supervisor that does not serve by then is started again */
    LEAVE_MS = 200,  /* the last client's leaving is seen by then */
    ARGS_MAX = 192,
    ENV_BYTES = 16384,
    LOG_BYTES_MAX = 1 << 20
};

struct cluster {
    struct cluster_options options;
    int fifo_fd;
    int directory_fd; /* of the sockets: every client has a shared lock on it */
    bool started;
};

static uint64_t now_ms(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000 + (uint64_t)at.tv_nsec / 1000000;
}

static void nap(void)
{
    (void)poll(NULL, 0, STEP_MS);
}

/* ---- starting a supervisor ---- */

/* Everything that a new process needs, made before the fork: there are threads beside us. */
struct launch {
    char program[PATH_MAX];
    char workers[32];
    const char *args[ARGS_MAX];
    char texts[ENV_BYTES];
    const char *env[32];
    int log_fd;
};

/* The processes of a cluster know nothing else of their user's environment, secrets least. */
static void collect_env(struct launch *self)
{
    static const char *const names[] = {
        "PATH",   "HOME",         "USER",         "LANG",         "LC_ALL",       "TZ",
        "TMPDIR", "ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"};
    size_t used = 0;
    size_t count = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        size_t room = sizeof self->texts - used;
        int size = value ? snprintf(self->texts + used, room, "%s=%s", names[i], value) : 0;
        if (size > 0 && (size_t)size < room) {
            self->env[count++] = self->texts + used;
            used += (size_t)size + 1;
        }
    }
    self->env[count] = NULL;
}

static void collect_args(struct launch *self, const struct cluster_options *options)
{
    size_t count = 0;
    const char *fixed[] = {"troupe-node",         "--supervise", "--state",
                           options->place->state, "--runtime",   options->place->runtime,
                           "--workers",           self->workers};
    (void)snprintf(self->workers, sizeof self->workers, "%llu",
                   (unsigned long long)options->workers);
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        self->args[count++] = fixed[i];
    }
    if (options->keep) {
        self->args[count++] = "--keep";
    }
    for (size_t i = 0; options->pass[i] && count < ARGS_MAX - 1; i++) {
        self->args[count++] = options->pass[i];
    }
    self->args[count] = NULL;
}

static int open_log(const struct place *place)
{
    char directory[PATH_MAX];
    char path[PATH_MAX];
    if (place_join(place->state, "log", directory) != ERR_OK ||
        place_join(directory, "supervisor.log", path) != ERR_OK ||
        (mkdir(directory, 0700) != 0 && errno != EEXIST)) {
        return -1;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct stat stat;
    if (fd >= 0 && fstat(fd, &stat) == 0 && stat.st_size > LOG_BYTES_MAX) {
        (void)!ftruncate(fd, 0);
    }
    return fd;
}

/* In the new process; only async-signal-safe calls. */
static void become(const struct launch *self)
{
    union {
        const char *const *in;
        char *const *out;
    } args = {.in = self->args}, env = {.in = self->env};
    sigset_t none;
    (void)sigemptyset(&none);
    (void)pthread_sigmask(SIG_SETMASK, &none, NULL);
    (void)setsid();
    int null_fd = open("/dev/null", O_RDONLY);
    (void)!chdir("/");
    (void)dup2(null_fd, STDIN_FILENO);
    (void)dup2(self->log_fd, STDOUT_FILENO);
    (void)dup2(self->log_fd, STDERR_FILENO);
    /* Somebody waits for the end of the pipe that our standard output was. */
    (void)close_range(STDERR_FILENO + 1, ~0U, 0);
    (void)execve(self->program, args.out, env.out);
    _exit(1);
}

/* Supervisors that we started and that have ended. */
static void reap(void)
{
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
}

static enum err start_supervisor(const struct cluster_options *options, char *why)
{
    reap();
    struct launch *self = calloc(1, sizeof *self);
    if (!self) {
        return ERR_MEMORY;
    }
    enum err err = place_node_program(self->program);
    if (err != ERR_OK) {
        (void)snprintf(why, PLACE_WHY_SIZE, "the program troupe-node is not beside this one");
        free(self);
        return err;
    }
    self->log_fd = open_log(options->place);
    if (self->log_fd < 0) {
        (void)snprintf(why, PLACE_WHY_SIZE, "cannot write a log below %.300s",
                       options->place->state);
        free(self);
        return ERR_IO;
    }
    collect_env(self);
    collect_args(self, options);
    pid_t pid = fork();
    if (pid == 0) {
        become(self);
    }
    err = pid < 0 ? ERR_IO : ERR_OK;
    (void)close(self->log_fd);
    free(self);
    return err;
}

/* ---- holding ---- */

static void let_go(struct cluster *self)
{
    if (self->fifo_fd >= 0) {
        (void)close(self->fifo_fd);
    }
    if (self->directory_fd >= 0) {
        (void)close(self->directory_fd);
    }
    self->fifo_fd = -1;
    self->directory_fd = -1;
}

static int open_fifo(const struct place *place)
{
    char path[PATH_MAX];
    return place_join(place->runtime, PLACE_CLIENTS, path) == ERR_OK
               ? open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW)
               : -1;
}

/* False: there is nobody to hold. */
static bool take_hold(struct cluster *self)
{
    let_go(self);
    int fd = open_fifo(self->options.place);
    if (fd < 0) {
        return false;
    }
    self->fifo_fd = fd;
    self->directory_fd = open(self->options.place->runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char line[64];
    int size =
        snprintf(line, sizeof line, "workers %llu\n%s", (unsigned long long)self->options.workers,
                 self->options.keep ? "keep\n" : "");
    bool held = self->directory_fd >= 0 && flock(self->directory_fd, LOCK_SH | LOCK_NB) == 0 &&
                write(fd, line, (size_t)size) == size;
    if (!held) {
        let_go(self);
    }
    return held;
}

enum err cluster_repair(struct cluster *self, uint64_t ms_max, char *why)
{
    uint64_t until_ms = now_ms() + ms_max;
    uint64_t start_ms = 0; /* when to start the next */
    while (!take_hold(self)) {
        uint64_t now = now_ms();
        if (now >= until_ms) {
            (void)snprintf(why, PLACE_WHY_SIZE, "the local cluster did not start; see %.300s/log",
                           self->options.place->state);
            return ERR_TIMEOUT;
        }
        if (now >= start_ms) {
            enum err err = place_make_runtime(self->options.place, why);
            if (err == ERR_OK) {
                err = start_supervisor(&self->options, why);
            }
            if (err != ERR_OK) {
                return err;
            }
            self->started = true;
            start_ms = now + START_MS;
        }
        nap();
    }
    return ERR_OK;
}

enum err cluster_attach(const struct cluster_options *options, uint64_t ms_max, char *why,
                        struct cluster **ret_cluster)
{
    why[0] = '\0';
    struct cluster *self = calloc(1, sizeof *self);
    if (!self) {
        return ERR_MEMORY;
    }
    self->options = *options;
    self->fifo_fd = -1;
    self->directory_fd = -1;
    enum err err = cluster_repair(self, ms_max, why);
    if (err != ERR_OK) {
        if (why[0] == '\0') {
            (void)snprintf(why, PLACE_WHY_SIZE, "%s", err_text(err));
        }
        let_go(self);
        free(self);
        return err;
    }
    *ret_cluster = self;
    return ERR_OK;
}

bool cluster_started(const struct cluster *self)
{
    return self->started;
}

int cluster_fd(const struct cluster *self)
{
    return self->fifo_fd;
}

bool cluster_lives(const struct place *place)
{
    int fd = open(place->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool lives = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (fd >= 0) {
        (void)close(fd);
    }
    return lives;
}

static bool wait_for_end(const struct place *place, uint64_t until_ms)
{
    while (cluster_lives(place)) {
        if (now_ms() >= until_ms) {
            return false;
        }
        nap();
    }
    return true;
}

/* The supervisor takes its FIFO away before anything else when it ends. */
static bool is_ending(const struct place *place)
{
    char path[PATH_MAX];
    return place_join(place->runtime, PLACE_CLIENTS, path) == ERR_OK && access(path, F_OK) != 0;
}

void cluster_leave(struct cluster **cluster, uint64_t ms_max)
{
    struct cluster *self = *cluster;
    if (!self) {
        return;
    }
    bool last = self->directory_fd >= 0 && flock(self->directory_fd, LOCK_EX | LOCK_NB) == 0;
    const struct place *place = self->options.place;
    let_go(self);
    uint64_t now = now_ms();
    /* A cluster that was kept by another client stays: then the wait is short. */
    uint64_t seen_ms = now + LEAVE_MS;
    while (last && !self->options.keep && !is_ending(place) && now_ms() < seen_ms) {
        nap();
    }
    if (is_ending(place)) {
        (void)wait_for_end(place, now + ms_max);
    }
    /* It lets go of the state, then it exits; somebody else's is not waited for. */
    while (self->started && is_ending(place) && waitpid(-1, NULL, WNOHANG) == 0 &&
           now_ms() < now + ms_max) {
        nap();
    }
    free(self);
    *cluster = NULL;
}

enum err cluster_down(const struct place *place, uint64_t ms_max)
{
    if (!cluster_lives(place)) {
        return ERR_NOT_FOUND;
    }
    uint64_t until_ms = now_ms() + ms_max;
    int fd = -1;
    while (fd < 0 && cluster_lives(place) && now_ms() < until_ms) {
        fd = open_fifo(place);
        nap();
    }
    static const char line[] = "down\n";
    if (fd >= 0) {
        (void)!write(fd, line, sizeof line - 1);
    }
    bool ended = wait_for_end(place, until_ms);
    if (fd >= 0) {
        (void)close(fd);
    }
    return ended ? ERR_OK : ERR_TIMEOUT;
}
