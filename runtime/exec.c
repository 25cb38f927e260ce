/* exec.c - from the ports of the actor system to the spawner and back.
 *
 *     exec_command     spawner took it      STARTED            EXITED, FAILED, it died
 *   ----------> WAITING --------> STARTING --------> RUNNING ----------------------> ENDED --> free
 *                  |  killed before          |   what it wrote is read here only        ^
 *                  +-------------------------+------------------------------------------+
 *
 * One function, progress(), brings a child as far as it can come now; whatever has to wait for room
 * somewhere is tried again RETRY_MS later.  The memory of a child is kept for the next one, so a
 * late call for a watch that is no longer wanted finds something sound, reads without waiting, and
 * does no harm.
 */
#include "runtime/exec.h"
#include "runtime/exec_order.h"
#include "runtime/exec_paths.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
    CHUNK_BYTES = MSG_MAX_exec_output_bytes,
    RETRY_MS = 10,
    REST_BYTES_MAX = 4 << 20, /* more than pipe and socket hold: what is read after the end */
    ENV_OWN = 2,              /* HOME, TMPDIR */
    STREAMS = 3
};

enum child_state { CHILD_WAITING, CHILD_STARTING, CHILD_RUNNING, CHILD_ENDED };

/* What a command writes: stdout (1), stderr (2), the control socket (3). */
struct stream {
    struct net_watch watch; /* first, so that a watch is its stream; fd -1: closed */
    struct child *child;
    uint64_t number;
    bool watched;
    size_t head;  /* bytes passed on at once */
    size_t rest;  /* bytes read after the end of the tree */
    uint64_t cut; /* bytes that fell out of the tail */
    char *tail;   /* the latest bytes, a ring; NULL until it is needed */
    size_t size;  /* of them */
    size_t at;    /* the oldest */
    bool cut_told;
};

struct child {
    struct exec *exec;

    /* Under the lock. */
    uint64_t id; /* 0: free */
    struct rt_address owner;
    char *input; /* for its control socket */
    size_t input_size;
    size_t input_capacity;
    bool input_closed;
    bool kill;
    bool listed; /* in exec->work */
    struct child *work_next;

    struct exec_order *order; /* handed over with the first listing, the net thread's since then */

    /* The net thread's. */
    bool active;
    enum child_state state;
    bool kill_sent;
    bool orphan; /* its owner is gone: nobody is told */
    bool retry;
    bool started_due; /* `started` is still to be told */
    struct spawn_event started;
    struct spawn_event last;
    struct stream streams[STREAMS];
    char *held; /* CHUNK_BYTES; what has been read and not yet taken by the owner */
    size_t held_size;
    uint64_t held_stream;
};

struct exec {
    const struct config *config;
    struct spawner *spawner;
    struct net *net;
    struct rt_system *system;
    char *home; /* of our user; NULL: none worth hiding */
    char *writable_text;
    const char *writable[SANDBOX_PATHS_MAX + 1];
    struct net_watch events; /* of the spawner */
    struct net_watch wake;   /* an eventfd: there is work */
    struct net_watch timer;  /* a timerfd: time to try again */
    bool timer_set;
    bool dead; /* the spawner is; net thread */
    atomic_bool failed;
    pthread_mutex_t lock;
    struct child *work; /* newest first */
    struct child *children[EXEC_COMMANDS_MAX];
    size_t count; /* of children that were ever made */
};

static void progress(struct child *child);

/* ---- telling the owner ---- */

static void set_timer(struct exec *exec)
{
    if (!exec->timer_set) {
        const struct itimerspec due = {.it_value = {.tv_nsec = RETRY_MS * 1000 * 1000}};
        exec->timer_set = timerfd_settime(exec->timer.fd, 0, &due, NULL) == 0;
    }
}

static void try_later(struct child *child)
{
    child->retry = true;
    set_timer(child->exec);
}

static void kill_tree(struct child *child)
{
    if (child->state == CHILD_WAITING) {
        child->state = CHILD_ENDED;
        child->last = (struct spawn_event){.killed = true, .signal = SIGKILL};
    } else if (child->state != CHILD_ENDED && !child->kill_sent) {
        child->kill_sent = spawner_kill(child->exec->spawner, child->id) == ERR_OK;
        if (!child->kill_sent) {
            try_later(child);
        }
    }
}

/* False: not now. */
static bool tell(struct child *child, const struct msg *msg)
{
    if (child->orphan) {
        return true;
    }
    enum err err = system_tell(child->exec->system, child->owner, msg);
    if (err == ERR_GONE) {
        child->orphan = true;
        kill_tree(child);
        return true;
    }
    return err == ERR_OK;
}

static bool tell_started(struct child *child)
{
    if (child->started_due) {
        const struct spawn_event *event = &child->started;
        child->started_due =
            !tell(child, MSG(exec_started, .id = child->id, .pid = (uint64_t)event->pid,
                             .level = (uint64_t)event->level, .note = msg_str(event->text)));
    }
    return !child->started_due;
}

static bool tell_held(struct child *child)
{
    if (child->held_size > 0 &&
        tell(child, MSG(exec_output, .id = child->id, .stream = child->held_stream,
                        .bytes = {child->held, (uint32_t)child->held_size}))) {
        child->held_size = 0;
    }
    return child->held_size == 0;
}

static bool tell_exited(struct child *child)
{
    const struct spawn_event *event = &child->last;
    return tell(child, MSG(exec_exited, .id = child->id, .code = (uint64_t)event->code,
                           .signal = (uint64_t)event->signal, .killed = event->killed,
                           .timed_out = event->timed_out, .cpu_us = event->cpu_us,
                           .rss_bytes = event->rss_bytes_max, .wall_ms = event->wall_ms,
                           .error = msg_str(event->kind == SPAWN_FAILED ? event->text : "")));
}

/* ---- what it writes ---- */

static void set_watch(struct stream *stream, short events)
{
    struct net *net = stream->child->exec->net;
    if (stream->watched && stream->watch.events == events && events != 0) {
        return;
    }
    if (stream->watched) {
        net_unwatch(net, &stream->watch);
        stream->watched = false;
    }
    stream->watch.events = events;
    if (events != 0) {
        stream->watched = net_watch(net, &stream->watch) == ERR_OK;
        if (!stream->watched) {
            try_later(stream->child);
        }
    }
}

static void close_stream(struct stream *stream)
{
    if (stream->watch.fd < 0) {
        return;
    }
    set_watch(stream, 0);
    (void)close(stream->watch.fd);
    stream->watch.fd = -1;
    if (stream->number == STREAMS) {
        struct child *child = stream->child;
        (void)pthread_mutex_lock(&child->exec->lock);
        child->input_closed = true;
        child->input_size = 0;
        (void)pthread_mutex_unlock(&child->exec->lock);
    }
}

/* Keeps the latest bytes; what falls out is counted. */
static void keep_tail(struct stream *stream, const char *bytes, size_t size, size_t max)
{
    if (!stream->tail) {
        stream->tail = malloc(max);
    }
    if (!stream->tail) {
        stream->cut += size;
        return;
    }
    if (size > max) {
        stream->cut += size - max;
        bytes += size - max;
        size = max;
    }
    size_t over = stream->size + size > max ? stream->size + size - max : 0;
    stream->at = (stream->at + over) % max;
    stream->size -= over;
    stream->cut += over;
    size_t to = (stream->at + stream->size) % max;
    size_t first = size < max - to ? size : max - to;
    memcpy(stream->tail + to, bytes, first);
    memcpy(stream->tail, bytes + first, size - first);
    stream->size += size;
}

/* Of what was just read: the head stays in `held`, the rest goes into the tail. */
static void divide(struct stream *stream, size_t size)
{
    struct child *child = stream->child;
    uint64_t output_max = child->exec->config->executor.output_max;
    size_t head_max = (size_t)(output_max / 2);
    size_t pass = size;
    if (stream->number < STREAMS && size > head_max - stream->head) {
        pass = head_max - stream->head;
        keep_tail(stream, child->held + pass, size - pass, (size_t)output_max - head_max);
    }
    stream->head += stream->number < STREAMS ? pass : 0;
    child->held_size = pass;
    child->held_stream = stream->number;
}

/* The next piece of the tail into `held`; false when there is none. */
static bool take_tail(struct stream *stream)
{
    struct child *child = stream->child;
    child->held_stream = stream->number;
    if (stream->cut > 0 && !stream->cut_told) {
        stream->cut_told = true;
        int size = snprintf(child->held, CHUNK_BYTES, "\n[%llu bytes cut]\n",
                            (unsigned long long)stream->cut);
        child->held_size = (size_t)size;
        return true;
    }
    uint64_t output_max = child->exec->config->executor.output_max;
    size_t max = (size_t)(output_max - output_max / 2);
    size_t size = stream->size < max - stream->at ? stream->size : max - stream->at;
    size = size < CHUNK_BYTES ? size : CHUNK_BYTES;
    if (size > 0) {
        memcpy(child->held, stream->tail + stream->at, size);
        stream->at = (stream->at + size) % max;
        stream->size -= size;
    }
    child->held_size = size;
    return child->held_size > 0;
}

/* Reads once; false when nothing was there.  At the end of the tree that means: never again. */
static bool read_once(struct stream *stream, bool ended)
{
    ssize_t size;
    do {
        size = read(stream->watch.fd, stream->child->held, CHUNK_BYTES);
    } while (size < 0 && errno == EINTR);
    if (size < 0 && errno == EAGAIN && !ended) {
        return false;
    }
    stream->rest += ended && size > 0 ? (size_t)size : 0;
    if (size <= 0 || stream->rest > REST_BYTES_MAX) {
        close_stream(stream);
        return false;
    }
    divide(stream, (size_t)size);
    return true;
}

/* After the end: all that is still to be told, piece by piece. */
static bool tell_rest(struct child *child)
{
    for (size_t i = 0; i < STREAMS; i++) {
        struct stream *stream = &child->streams[i];
        while (stream->watch.fd >= 0 && read_once(stream, true)) {
            if (!tell_held(child)) {
                return false;
            }
        }
        while (take_tail(stream)) {
            if (!tell_held(child)) {
                return false;
            }
        }
    }
    return true;
}

/* ---- what it is told ---- */

/* Under the lock.  False: the command no longer listens. */
static bool send_input(struct child *child, int fd)
{
    size_t at = 0;
    while (at < child->input_size) {
        ssize_t size =
            send(fd, child->input + at, child->input_size - at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size < 0 && errno != EAGAIN) {
            return false;
        }
        if (size < 0) {
            break;
        }
        at += (size_t)size;
    }
    memmove(child->input, child->input + at, child->input_size - at);
    child->input_size -= at;
    return true;
}

/* Returns whether something is left to be written. */
static bool flush_input(struct child *child)
{
    int fd = child->streams[STREAMS - 1].watch.fd;
    (void)pthread_mutex_lock(&child->exec->lock);
    if (child->input_size > 0 && fd >= 0 && !send_input(child, fd)) {
        child->input_closed = true;
        child->input_size = 0;
    }
    bool left = child->input_size > 0 && fd >= 0;
    (void)pthread_mutex_unlock(&child->exec->lock);
    return left;
}

/* ---- the life of a child ---- */

static void end_with_error(struct child *child, const char *text)
{
    child->state = CHILD_ENDED;
    child->last = (struct spawn_event){.kind = SPAWN_FAILED};
    (void)snprintf(child->last.text, sizeof child->last.text, "%s", text);
}

static void take_fds(struct child *child, const struct spawn_fds *fds)
{
    const int all[STREAMS] = {fds->out, fds->err, fds->control};
    for (size_t i = 0; i < STREAMS; i++) {
        child->streams[i].watch.fd = all[i];
    }
}

/* What the command inherits: its own list, and a home and a place for temporary files. */
static void complete_env(const struct exec *exec, const struct exec_order *order, const char **env)
{
    size_t count = 0;
    for (; order->env[count] && count < SPAWN_ENV_MAX - ENV_OWN; count++) {
        env[count] = order->env[count];
    }
    if (!exec_order_env(order, "HOME")) {
        env[count++] = exec->config->sandbox.enabled ? "HOME=" SANDBOX_HOME : "HOME=/tmp";
    }
    if (!exec_order_env(order, "TMPDIR")) {
        env[count++] = "TMPDIR=/tmp";
    }
    env[count] = NULL;
}

static enum err spawn(struct child *child, const struct exec_order *order)
{
    const struct exec *exec = child->exec;
    const struct cfg_sandbox *cfg = &exec->config->sandbox;
    const char *env[SPAWN_ENV_MAX + 1];
    struct exec_paths paths;
    complete_env(exec, order, env);
    const struct exec_program program = {.argv0 = order->argv[0],
                                         .path = exec_order_env(order, "PATH"),
                                         .project = order->project,
                                         .home = exec->home,
                                         .readable = order->readable};
    exec_paths_collect(&paths, &program);
    const struct spawn_spec spec = {.id = child->id,
                                    .argv = order->argv,
                                    .env = env,
                                    .cwd = order->cwd,
                                    .project = order->project,
                                    .control = order->control,
                                    .limits = {.enabled = cfg->enabled,
                                               .network = cfg->network,
                                               .uid = (uint32_t)cfg->uid,
                                               .files_open_max = (uint32_t)cfg->open_files_max,
                                               .processes_max = (uint32_t)cfg->processes_max,
                                               .deadline_ms = order->deadline_ms,
                                               .tmp_bytes_max = cfg->tmp_bytes_max,
                                               .file_bytes_max = cfg->file_bytes_max,
                                               .readable = paths.list,
                                               .writable = exec->writable}};
    struct spawn_fds fds;
    enum err err = spawner_spawn(exec->spawner, &spec, &fds);
    exec_paths_free(&paths);
    if (err == ERR_OK) {
        take_fds(child, &fds);
    }
    return err;
}

static void launch(struct child *child)
{
    struct exec_order *order = child->order;
    if (!child->held) {
        child->held = malloc(CHUNK_BYTES);
    }
    enum err err = !child->held        ? ERR_MEMORY
                   : child->exec->dead ? ERR_GONE
                   : !order->argv[0]   ? ERR_MALFORMED
                                       : spawn(child, order);
    if (err == ERR_FULL) {
        try_later(child);
        return;
    }
    child->order = NULL;
    free(order);
    if (err == ERR_OK) {
        child->state = CHILD_STARTING;
    } else {
        end_with_error(child, err == ERR_GONE ? "spawner died" : err_text(err));
    }
}

static void release(struct child *child)
{
    for (size_t i = 0; i < STREAMS; i++) {
        close_stream(&child->streams[i]);
        free(child->streams[i].tail);
        child->streams[i].tail = NULL;
    }
    free(child->held);
    child->held = NULL;
    child->active = false;
    (void)pthread_mutex_lock(&child->exec->lock);
    free(child->order);
    free(child->input);
    child->order = NULL;
    child->input = NULL;
    child->id = 0;
    (void)pthread_mutex_unlock(&child->exec->lock);
}

/* Tells the owner whatever it has room for; true when nothing is left for now. */
static bool deliver(struct child *child)
{
    if (!tell_started(child) || !tell_held(child)) {
        return false;
    }
    if (child->state != CHILD_ENDED) {
        return true;
    }
    if ((child->held && !tell_rest(child)) || !tell_exited(child)) {
        return false;
    }
    release(child);
    return true;
}

static void watch_streams(struct child *child, bool reading, bool writing)
{
    for (size_t i = 0; i < STREAMS; i++) {
        struct stream *stream = &child->streams[i];
        if (stream->watch.fd >= 0) {
            int events = reading ? POLLIN : 0;
            events |= writing && stream->number == STREAMS ? POLLOUT : 0;
            set_watch(stream, (short)events);
        }
    }
}

static bool wants_kill(struct child *child)
{
    (void)pthread_mutex_lock(&child->exec->lock);
    bool kill = child->kill;
    (void)pthread_mutex_unlock(&child->exec->lock);
    return kill;
}

static void progress(struct child *child)
{
    if (wants_kill(child)) {
        kill_tree(child);
    }
    if (child->state == CHILD_WAITING) {
        launch(child);
    }
    bool writing = child->state != CHILD_WAITING && flush_input(child);
    bool told = child->state == CHILD_WAITING || deliver(child);
    if (!told) {
        try_later(child);
    }
    if (child->active) {
        watch_streams(child, told && child->state == CHILD_RUNNING, writing);
    }
}

/* ---- the net thread's callbacks ---- */

static void on_stream(struct net_watch *watch, short revents)
{
    struct stream *stream = (struct stream *)(void *)watch;
    struct child *child = stream->child;
    (void)revents;
    if (!child->active || watch->fd < 0) {
        return;
    }
    if (child->state == CHILD_RUNNING && child->held_size == 0) {
        (void)read_once(stream, false);
    }
    progress(child);
}

static struct child *find_active(struct exec *exec, uint64_t id)
{
    (void)pthread_mutex_lock(&exec->lock);
    size_t count = exec->count;
    (void)pthread_mutex_unlock(&exec->lock);
    for (size_t i = 0; i < count; i++) {
        struct child *child = exec->children[i];
        if (child->active && child->id == id) {
            return child;
        }
    }
    return NULL;
}

static void on_event(struct exec *exec, const struct spawn_event *event)
{
    struct child *child = find_active(exec, event->id);
    if (!child || child->state == CHILD_ENDED) {
        return;
    }
    if (event->kind == SPAWN_STARTED) {
        child->state = CHILD_RUNNING;
        child->started = *event;
        child->started_due = true;
    } else {
        child->state = CHILD_ENDED;
        child->last = *event;
    }
    progress(child);
}

static void spawner_died(struct exec *exec)
{
    exec->dead = true;
    atomic_store(&exec->failed, true);
    net_unwatch(exec->net, &exec->events);
    (void)pthread_mutex_lock(&exec->lock);
    size_t count = exec->count;
    (void)pthread_mutex_unlock(&exec->lock);
    for (size_t i = 0; i < count; i++) {
        struct child *child = exec->children[i];
        if (child->active && child->state != CHILD_ENDED) {
            end_with_error(child, "spawner died");
            progress(child);
        }
    }
}

static void on_spawner(struct net_watch *watch, short revents)
{
    struct exec *exec = (struct exec *)(void *)((char *)watch - offsetof(struct exec, events));
    struct spawn_event event;
    enum err err;
    (void)revents;
    if (exec->dead) {
        return;
    }
    while ((err = spawner_next(exec->spawner, &event)) == ERR_OK) {
        on_event(exec, &event);
    }
    if (err == ERR_GONE) {
        spawner_died(exec);
    }
}

static void init_child(struct child *child)
{
    child->active = true;
    child->state = CHILD_WAITING;
    child->kill_sent = false;
    child->orphan = false;
    child->retry = false;
    child->started_due = false;
    child->held_size = 0;
    memset(child->streams, 0, sizeof child->streams);
    for (size_t i = 0; i < STREAMS; i++) {
        child->streams[i].watch = (struct net_watch){.fd = -1, .ready = on_stream};
        child->streams[i].child = child;
        child->streams[i].number = i + 1;
    }
}

/* *ret_fresh: it has not been seen since it was admitted.  Asked under the lock, because a free one
 * may be admitted again at any time (and is then listed again). */
static struct child *next_work(struct exec *exec, bool *ret_fresh)
{
    (void)pthread_mutex_lock(&exec->lock);
    struct child *child = exec->work;
    if (child) {
        exec->work = child->work_next;
        child->listed = false;
        *ret_fresh = !child->active && child->id != 0;
    }
    (void)pthread_mutex_unlock(&exec->lock);
    return child;
}

static void on_wake(struct net_watch *watch, short revents)
{
    struct exec *exec = (struct exec *)(void *)((char *)watch - offsetof(struct exec, wake));
    uint64_t count;
    (void)revents;
    (void)!read(watch->fd, &count, sizeof count);
    struct child *child;
    bool fresh;
    while ((child = next_work(exec, &fresh))) {
        if (fresh) {
            init_child(child);
        }
        if (child->active) {
            progress(child);
        }
    }
}

static void on_timer(struct net_watch *watch, short revents)
{
    struct exec *exec = (struct exec *)(void *)((char *)watch - offsetof(struct exec, timer));
    uint64_t count;
    (void)revents;
    (void)!read(watch->fd, &count, sizeof count);
    exec->timer_set = false;
    (void)pthread_mutex_lock(&exec->lock);
    size_t children = exec->count;
    (void)pthread_mutex_unlock(&exec->lock);
    for (size_t i = 0; i < children; i++) {
        struct child *child = exec->children[i];
        if (child->active && child->retry) {
            child->retry = false;
            progress(child);
        }
    }
}

/* ---- the ports ---- */

/* Under the lock: hands a child to the net thread. */
static void list_work(struct exec *exec, struct child *child)
{
    const uint64_t one = 1;
    if (child->listed) {
        return;
    }
    child->listed = true;
    child->work_next = exec->work;
    exec->work = child;
    (void)!write(exec->wake.fd, &one, sizeof one);
}

/* Under the lock. */
static struct child *find(struct exec *exec, uint64_t id)
{
    for (size_t i = 0; i < exec->count; i++) {
        if (exec->children[i]->id == id) {
            return exec->children[i];
        }
    }
    return NULL;
}

/* Under the lock: a free child, an old one if possible; NULL when there may be no more.  One that
 * is still listed is left alone: its old name is on the way to the net thread. */
static struct child *take_child(struct exec *exec)
{
    for (size_t i = 0; i < exec->count; i++) {
        if (exec->children[i]->id == 0 && !exec->children[i]->listed) {
            return exec->children[i];
        }
    }
    struct child *child = exec->count < EXEC_COMMANDS_MAX ? calloc(1, sizeof *child) : NULL;
    if (child) {
        child->exec = exec;
        exec->children[exec->count++] = child;
    }
    return child;
}

static bool admit(struct exec *exec, uint64_t id, struct rt_address owner, struct exec_order *order)
{
    (void)pthread_mutex_lock(&exec->lock);
    struct child *child = take_child(exec);
    if (child) {
        child->id = id;
        child->owner = owner;
        child->order = order;
        child->input_size = 0;
        child->input_capacity = 0;
        child->input_closed = !order->control;
        child->kill = false;
        list_work(exec, child);
    }
    (void)pthread_mutex_unlock(&exec->lock);
    return child != NULL;
}

void exec_command(struct exec *exec, uint64_t id, struct rt_address owner,
                  const struct rt_command *command)
{
    assert(id != 0);
    struct exec_order *order = NULL;
    enum err err = exec_order_new(command, &order);
    if (err == ERR_OK && admit(exec, id, owner, order)) {
        return;
    }
    free(order);
    const char *why = err == ERR_OK ? "too many commands at once" : err_text(err);
    err = system_tell(exec->system, owner, MSG(exec_exited, .id = id, .error = msg_str(why)));
    if (err != ERR_OK && err != ERR_GONE) {
        /* There is no memory to remember it by, and an actor that waits for ever is worse. */
        atomic_store(&exec->failed, true);
    }
}

/* Under the lock. */
static enum err add_input(struct child *child, const void *bytes, size_t size)
{
    if (child->input_closed) {
        return ERR_GONE;
    }
    if (size > EXEC_CONTROL_BYTES_MAX - child->input_size) {
        return ERR_FULL;
    }
    size_t needed = child->input_size + size;
    if (needed > child->input_capacity) {
        size_t capacity = needed < 4096 ? 4096 : needed + needed / 2;
        char *input = realloc(child->input, capacity);
        if (!input) {
            return ERR_MEMORY;
        }
        child->input = input;
        child->input_capacity = capacity;
    }
    memcpy(child->input + child->input_size, bytes, size);
    child->input_size = needed;
    return ERR_OK;
}

enum err exec_write(struct exec *exec, uint64_t id, const void *bytes, size_t size)
{
    (void)pthread_mutex_lock(&exec->lock);
    struct child *child = id ? find(exec, id) : NULL;
    enum err err = child ? ERR_OK : ERR_GONE;
    if (child && size > 0) {
        err = add_input(child, bytes, size);
        list_work(exec, child);
    }
    (void)pthread_mutex_unlock(&exec->lock);
    return err;
}

void exec_kill(struct exec *exec, uint64_t id)
{
    (void)pthread_mutex_lock(&exec->lock);
    struct child *child = id ? find(exec, id) : NULL;
    if (child && !child->kill) {
        child->kill = true;
        list_work(exec, child);
    }
    (void)pthread_mutex_unlock(&exec->lock);
}

bool exec_failed(const struct exec *exec)
{
    return atomic_load(&exec->failed);
}

/* ---- beginning and end ---- */

static enum err read_paths(struct exec *self)
{
    char bytes[4096];
    struct passwd entry;
    struct passwd *user = NULL;
    (void)getpwuid_r(getuid(), &entry, bytes, sizeof bytes, &user);
    if (user && user->pw_dir[0] == '/' && user->pw_dir[1] != '\0') {
        self->home = realpath(user->pw_dir, NULL);
    }
    self->writable_text = strdup(self->config->sandbox.writable);
    if (!self->writable_text) {
        return ERR_MEMORY;
    }
    size_t count = 0;
    char *rest = NULL;
    for (char *path = strtok_r(self->writable_text, ", ", &rest); path;
         path = strtok_r(NULL, ", ", &rest)) {
        if (count == SANDBOX_PATHS_MAX) {
            return ERR_LIMIT;
        }
        self->writable[count++] = path;
    }
    return ERR_OK;
}

enum err exec_new(struct spawner **spawner, const struct config *config, struct exec **ret_exec)
{
    assert(spawner && *spawner);
    struct exec *self = calloc(1, sizeof *self);
    if (!self) {
        return ERR_MEMORY;
    }
    self->config = config;
    (void)pthread_mutex_init(&self->lock, NULL);
    self->wake.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    self->timer.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    enum err err = self->wake.fd >= 0 && self->timer.fd >= 0 ? read_paths(self) : ERR_IO;
    if (err != ERR_OK) {
        exec_destroy(&self);
        return err;
    }
    self->spawner = *spawner;
    *spawner = NULL;
    self->events.fd = spawner_fd(self->spawner);
    self->events.ready = on_spawner;
    self->wake.ready = on_wake;
    self->timer.ready = on_timer;
    *ret_exec = self;
    return ERR_OK;
}

enum err exec_attach(struct exec *self, struct net *net, struct rt_system *system)
{
    struct net_watch *const watches[] = {&self->events, &self->wake, &self->timer};
    assert(!self->net);
    self->net = net;
    self->system = system;
    enum err err = ERR_OK;
    for (size_t i = 0; i < sizeof watches / sizeof watches[0] && err == ERR_OK; i++) {
        watches[i]->events = POLLIN;
        err = net_watch(net, watches[i]);
    }
    return err;
}

static void free_child(struct child *child)
{
    for (size_t i = 0; i < STREAMS; i++) {
        if (child->active && child->streams[i].watch.fd >= 0) {
            (void)close(child->streams[i].watch.fd);
        }
        free(child->streams[i].tail);
    }
    free(child->held);
    free(child->order);
    free(child->input);
    free(child);
}

void exec_destroy(struct exec **exec)
{
    assert(exec);
    struct exec *self = *exec;
    if (!self) {
        return;
    }
    spawner_stop(&self->spawner);
    for (size_t i = 0; i < self->count; i++) {
        free_child(self->children[i]);
    }
    if (self->wake.fd >= 0) {
        (void)close(self->wake.fd);
    }
    if (self->timer.fd >= 0) {
        (void)close(self->timer.fd);
    }
    (void)pthread_mutex_destroy(&self->lock);
    free(self->writable_text);
    free(self->home);
    free(self);
    *exec = NULL;
}
