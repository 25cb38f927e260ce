/* supervise.c - the processes of a local cluster.
 *
 *     child:  STARTED -> (ended) -> due after a backoff -> STARTED …
 *
 * The state directory itself is the lock: who holds it is the one supervisor of that cluster.
 */
#include "tools/supervise.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/terms.h"
#include "tools/place.h"

enum {
    CHILDREN_MAX = 1024 + 16,
    NAME_MAX_BYTES = 64,
    ARGS_MAX = 192,
    BACKOFF_MIN_MS = 10,
    BACKOFF_MAX_MS = 2000,
    STEADY_MS = 5000,        /* alive so long: the next end counts as the first */
    FIRST_CLIENT_MS = 10000, /* nobody came: whoever started us is gone */
    LOCK_MS_MAX = 15000,     /* an earlier supervisor may still be ending */
    LOG_CHECK_MS = 60000,
    LOG_BYTES_MAX = 16 << 20,
    LINE_MAX_BYTES = 64,
    SOCKET_MS_MAX = 500,
    KILL_MS = 1000
};

/* One process of each; executors are as many as are wanted.  The work of these begins after the
 * first results, and so do they after the executors. */
static const uint64_t coordinator[] = {TERM_role_COORDINATOR, 0};
static const uint64_t partitioner[] = {TERM_role_PARTITIONER, 0};
static const uint64_t executor[] = {TERM_role_EXECUTOR, 0};
static const uint64_t afterwards[][3] = {
    {TERM_role_CLASSIFIER, 0},
    {TERM_role_FIXER, TERM_role_MODELS, 0},
    {TERM_role_VALIDATOR, 0},
    {TERM_role_HEALER, 0},
};

enum { AFTERWARDS = sizeof afterwards / sizeof afterwards[0] };

struct child {
    char name[NAME_MAX_BYTES];
    const uint64_t *roles; /* ends with 0; static */
    pid_t pid;             /* 0: not running */
    uint64_t started_ms;
    uint64_t backoff_ms;
    uint64_t due_ms; /* to be started then, when not running */
    int log_fd;
};

struct supervisor {
    const struct supervise_options *options;
    char program[PATH_MAX];
    char endpoint[PATH_MAX];
    char fifo[PATH_MAX];
    int lock_fd;
    int fifo_fd;
    int signal_fd;
    bool keep;
    bool end;               /* nobody wants the cluster any more */
    uint64_t idle_since_ms; /* without clients; 0: there are some */
    uint64_t idle_ms_max;
    uint64_t log_check_ms;
    struct child *children;
    size_t count;
    uint64_t workers;          /* executors among them */
    char line[LINE_MAX_BYTES]; /* of the FIFO, as far as it has come */
    size_t line_size;
};

static uint64_t now_ms(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000 + (uint64_t)at.tv_nsec / 1000000;
}

static void say(const char *text, const char *detail)
{
    (void)fprintf(stderr, "troupe-node --supervise: %s%s%s\n", text, detail[0] ? ": " : "", detail);
}

/* ---- starting and restarting ---- */

static size_t build_args(const struct supervisor *self, const struct child *child,
                         const char *args[ARGS_MAX])
{
    size_t count = 0;
    bool binds = child->roles == coordinator;
    args[count++] = "troupe-node";
    for (size_t i = 0; child->roles[i] != 0; i++) {
        args[count++] = "--role";
        args[count++] = term_word("role", child->roles[i]);
    }
    args[count++] = "--name";
    args[count++] = child->name;
    args[count++] = "--die-with-parent";
    args[count++] = binds ? "--bind" : "--connect";
    args[count++] = self->endpoint;
    args[count++] = "--state";
    args[count++] = self->options->state;
    for (size_t i = 0; self->options->pass[i] && count < ARGS_MAX - 1; i++) {
        args[count++] = self->options->pass[i];
    }
    args[count] = NULL;
    return count;
}

/* In the new process; only async-signal-safe calls. */
static void become(const struct supervisor *self, const struct child *child, pid_t parent,
                   const char *const *args)
{
    sigset_t none;
    (void)sigemptyset(&none);
    (void)pthread_sigmask(SIG_SETMASK, &none, NULL);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
        _exit(EXIT_INTERNAL);
    }
    (void)dup2(child->log_fd, STDOUT_FILENO);
    (void)dup2(child->log_fd, STDERR_FILENO);
    union {
        const char *const *in;
        char *const *out;
    } argv = {.in = args};
    (void)execv(self->program, argv.out);
    /* It was replaced or removed while we ran. */
    (void)execv("/proc/self/exe", argv.out);
    _exit(EXIT_INTERNAL);
}

static void start(struct supervisor *self, struct child *child)
{
    const char *args[ARGS_MAX];
    (void)build_args(self, child, args);
    pid_t parent = getpid();
    child->started_ms = now_ms();
    pid_t pid = fork();
    if (pid == 0) {
        become(self, child, parent, args);
    }
    if (pid < 0) {
        say("cannot fork", strerrordesc_np(errno));
        child->due_ms = child->started_ms + BACKOFF_MAX_MS;
        return;
    }
    child->pid = pid;
}

static void on_child_ended(struct supervisor *self, pid_t pid, int status)
{
    for (size_t i = 0; i < self->count; i++) {
        struct child *child = &self->children[i];
        if (child->pid != pid) {
            continue;
        }
        uint64_t now = now_ms();
        bool steady = now - child->started_ms >= STEADY_MS;
        uint64_t doubled = child->backoff_ms * 2;
        child->backoff_ms = steady || doubled == 0     ? BACKOFF_MIN_MS
                            : doubled > BACKOFF_MAX_MS ? BACKOFF_MAX_MS
                                                       : doubled;
        child->pid = 0;
        child->due_ms = now + child->backoff_ms;
        if (self->end) {
            continue;
        }
        (void)fprintf(stderr, "troupe-node --supervise: %s ended with %s %d, again in %llu ms\n",
                      child->name, WIFSIGNALED(status) ? "signal" : "code",
                      WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
                      (unsigned long long)child->backoff_ms);
    }
}

static void reap(struct supervisor *self)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        on_child_ended(self, pid, status);
    }
}

static enum err add_child(struct supervisor *self, const uint64_t *roles, const char *name)
{
    char directory[PATH_MAX];
    char path[PATH_MAX];
    char file[NAME_MAX_BYTES + 8];
    (void)snprintf(file, sizeof file, "%s.log", name);
    if (self->count == CHILDREN_MAX || place_join(self->options->state, "log", directory) ||
        place_join(directory, file, path)) {
        return ERR_LIMIT;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        say(path, strerrordesc_np(errno));
        return ERR_IO;
    }
    struct child *child = &self->children[self->count++];
    *child = (struct child){.roles = roles, .log_fd = fd};
    (void)snprintf(child->name, sizeof child->name, "%s", name);
    start(self, child);
    return ERR_OK;
}

static void want_workers(struct supervisor *self, uint64_t workers)
{
    for (; self->workers < workers; self->workers++) {
        char name[NAME_MAX_BYTES];
        (void)snprintf(name, sizeof name, "executor-%llu", (unsigned long long)self->workers);
        if (add_child(self, executor, name) != ERR_OK) {
            say("cannot start", name);
            return;
        }
    }
}

/* ---- clients ---- */

static enum err open_fifo(struct supervisor *self)
{
    int fd = open(self->fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        say(self->fifo, strerrordesc_np(errno));
        return ERR_IO;
    }
    /* The new end before the old one goes, so that nobody in between finds it closed. */
    if (self->fifo_fd >= 0) {
        (void)close(self->fifo_fd);
    }
    self->fifo_fd = fd;
    self->line_size = 0;
    return ERR_OK;
}

static void on_line(struct supervisor *self, const char *line)
{
    static const char workers[] = "workers ";
    if (strncmp(line, workers, sizeof workers - 1) == 0) {
        want_workers(self, strtoull(line + sizeof workers - 1, NULL, 10));
    } else if (strcmp(line, "keep") == 0) {
        self->keep = true;
    } else if (strcmp(line, "down") == 0) {
        self->end = true;
    }
}

static void on_clients_gone(struct supervisor *self)
{
    if (!self->keep || open_fifo(self) != ERR_OK) {
        self->end = true;
        return;
    }
    self->idle_since_ms = now_ms();
    self->idle_ms_max = self->options->config->run.keep_idle_ms;
}

static void on_fifo(struct supervisor *self)
{
    char bytes[512];
    ssize_t size;
    while ((size = read(self->fifo_fd, bytes, sizeof bytes)) > 0) {
        self->idle_since_ms = 0;
        for (ssize_t i = 0; i < size; i++) {
            if (bytes[i] != '\n') {
                self->line_size += self->line_size < LINE_MAX_BYTES - 1;
                self->line[self->line_size - 1] = bytes[i];
                continue;
            }
            self->line[self->line_size] = '\0';
            self->line_size = 0;
            on_line(self, self->line);
        }
    }
    if (size == 0 && !self->end) {
        on_clients_gone(self);
    }
}

/* ---- time ---- */

static void bound_logs(struct supervisor *self)
{
    for (size_t i = 0; i < self->count; i++) {
        struct stat stat;
        int fd = self->children[i].log_fd;
        if (fstat(fd, &stat) == 0 && stat.st_size > LOG_BYTES_MAX) {
            (void)!ftruncate(fd, 0);
        }
    }
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Does what is due; returns when the next thing is. */
static uint64_t on_time(struct supervisor *self)
{
    uint64_t now = now_ms();
    if (now >= self->log_check_ms) {
        bound_logs(self);
        self->log_check_ms = now + LOG_CHECK_MS;
    }
    uint64_t next = self->log_check_ms;
    for (size_t i = 0; i < self->count; i++) {
        struct child *child = &self->children[i];
        if (child->pid == 0 && child->due_ms <= now) {
            start(self, child);
        }
        if (child->pid == 0) {
            next = least(next, child->due_ms);
        }
    }
    if (self->idle_since_ms > 0) {
        uint64_t idle_end_ms = self->idle_since_ms + self->idle_ms_max;
        self->end |= now >= idle_end_ms;
        next = least(next, idle_end_ms);
    }
    return next;
}

static void on_signal(struct supervisor *self)
{
    struct signalfd_siginfo info;
    while (read(self->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGCHLD) {
            reap(self);
        } else {
            self->end = true;
        }
    }
}

/* The others find it at once, instead of trying again later. */
static void wait_for_socket(const struct supervisor *self)
{
    for (uint64_t until_ms = now_ms() + SOCKET_MS_MAX; now_ms() < until_ms;) {
        if (access(self->endpoint + strlen("ipc://"), F_OK) == 0) {
            return;
        }
        (void)poll(NULL, 0, 2);
    }
}

static void loop(struct supervisor *self)
{
    while (!self->end) {
        uint64_t next_ms = on_time(self);
        uint64_t now = now_ms();
        struct pollfd fds[] = {{.fd = self->signal_fd, .events = POLLIN},
                               {.fd = self->fifo_fd, .events = POLLIN}};
        int timeout = next_ms > now ? (int)least(next_ms - now, LOG_CHECK_MS) : 0;
        if (self->end || poll(fds, 2, timeout) <= 0) {
            continue;
        }
        if (fds[0].revents) {
            on_signal(self);
        }
        if (fds[1].revents) {
            on_fifo(self);
        }
    }
}

/* ---- beginning and end ---- */

/* ERR_EXISTS: another one serves already. */
static enum err lock_state(struct supervisor *self)
{
    self->lock_fd = open(self->options->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (self->lock_fd < 0) {
        say(self->options->state, strerrordesc_np(errno));
        return ERR_IO;
    }
    uint64_t until_ms = now_ms() + LOCK_MS_MAX;
    while (flock(self->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        int fd = open(self->fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        if (fd >= 0) {
            (void)close(fd);
            return ERR_EXISTS;
        }
        if (now_ms() > until_ms) {
            say("another supervisor holds the state and does not serve", self->options->state);
            return ERR_TIMEOUT;
        }
        (void)poll(NULL, 0, 10);
    }
    return ERR_OK;
}

static enum err prepare(struct supervisor *self)
{
    const struct supervise_options *options = self->options;
    char logs[PATH_MAX];
    char socket[PATH_MAX];
    if (place_join(options->state, "log", logs) ||
        place_join(options->runtime, PLACE_SOCKET, socket) ||
        strlen(socket) + sizeof "ipc://" > sizeof self->endpoint) {
        return ERR_LIMIT;
    }
    (void)snprintf(self->endpoint, sizeof self->endpoint, "ipc://%.4000s", socket);
    /* A socket that is left over from a killed cluster would only be in the way. */
    (void)unlink(socket);
    bool made = (mkdir(logs, 0700) == 0 || errno == EEXIST) &&
                (mkdir(options->runtime, 0700) == 0 || errno == EEXIST) &&
                (mkfifo(self->fifo, 0600) == 0 || errno == EEXIST);
    if (!made) {
        say("cannot prepare its directories", strerrordesc_np(errno));
        return ERR_IO;
    }
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGCHLD);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    self->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return self->signal_fd < 0 ? ERR_IO : ERR_OK;
}

static void signal_all(const struct supervisor *self, size_t first, int number)
{
    for (size_t i = first; i < self->count; i++) {
        if (self->children[i].pid > 0) {
            (void)kill(self->children[i].pid, number);
        }
    }
}

static bool any_runs(const struct supervisor *self, size_t first)
{
    for (size_t i = first; i < self->count; i++) {
        if (self->children[i].pid > 0) {
            return true;
        }
    }
    return false;
}

static void wait_for_all(struct supervisor *self, size_t first, uint64_t ms_max)
{
    uint64_t until_ms = now_ms() + ms_max;
    reap(self);
    while (any_runs(self, first) && now_ms() < until_ms) {
        struct pollfd fd = {.fd = self->signal_fd, .events = POLLIN};
        (void)poll(&fd, 1, (int)least(until_ms - now_ms(), 1000));
        struct signalfd_siginfo info;
        while (read(self->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        }
        reap(self);
    }
}

/* Removes what is in the runtime directory, and it. */
static void clear_runtime(const struct supervisor *self)
{
    const char *path = self->options->runtime;
    DIR *directory = opendir(path);
    struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
        (void)unlinkat(dirfd(directory), entry->d_name, 0);
    }
    if (directory) {
        (void)closedir(directory);
    }
    (void)rmdir(path);
    char parent[PATH_MAX];
    (void)snprintf(parent, sizeof parent, "%s", path);
    char *slash = strrchr(parent, '/');
    if (!slash || slash == parent) {
        return;
    }
    *slash = '\0';
    slash = strrchr(parent, '/');
    if (slash && strncmp(slash, "/troupe", strlen("/troupe")) == 0) {
        (void)rmdir(parent); /* stays when another cluster uses it */
    }
}

/* The FIFO goes first: who comes now waits for the lock and starts a new cluster. */
static void finish(struct supervisor *self)
{
    (void)unlink(self->fifo);
    if (self->fifo_fd >= 0) {
        (void)close(self->fifo_fd);
    }
    /* The coordinator last: it confirms the goodbyes of the others. */
    uint64_t stop_ms = self->options->config->runtime.stop_ms_max;
    signal_all(self, 1, SIGTERM);
    wait_for_all(self, 1, stop_ms);
    signal_all(self, 0, SIGTERM);
    wait_for_all(self, 0, stop_ms);
    signal_all(self, 0, SIGKILL);
    wait_for_all(self, 0, KILL_MS);
    clear_runtime(self);
    for (size_t i = 0; i < self->count; i++) {
        (void)close(self->children[i].log_fd);
    }
    free(self->children);
    (void)close(self->signal_fd);
    (void)close(self->lock_fd);
}

static enum err start_cast(struct supervisor *self)
{
    enum err err = add_child(self, coordinator, "coordinator");
    if (err == ERR_OK) {
        wait_for_socket(self);
        err = add_child(self, partitioner, "partitioner");
    }
    if (err == ERR_OK) {
        want_workers(self, self->options->workers);
    }
    for (size_t i = 0; i < AFTERWARDS && err == ERR_OK; i++) {
        err = add_child(self, afterwards[i], term_word("role", afterwards[i][0]));
    }
    return err;
}

enum exit_code supervise(const struct supervise_options *options)
{
    struct supervisor self = {
        .options = options, .fifo_fd = -1, .lock_fd = -1, .keep = options->keep};
    self.children = calloc(CHILDREN_MAX, sizeof *self.children);
    if (!self.children || place_join(options->runtime, PLACE_CLIENTS, self.fifo) ||
        place_node_program(self.program) != ERR_OK) {
        say("cannot find its own program", options->runtime);
        free(self.children);
        return EXIT_COULD_NOT;
    }
    enum err err = lock_state(&self);
    if (err == ERR_OK) {
        err = prepare(&self);
    }
    if (err != ERR_OK) {
        free(self.children);
        return err == ERR_EXISTS ? EXIT_DONE : EXIT_COULD_NOT;
    }
    err = open_fifo(&self);
    if (err == ERR_OK) {
        err = start_cast(&self);
    }
    if (err == ERR_OK) {
        self.idle_since_ms = now_ms();
        self.idle_ms_max = FIRST_CLIENT_MS;
        loop(&self);
    }
    finish(&self);
    return err == ERR_OK ? EXIT_DONE : EXIT_COULD_NOT;
}
