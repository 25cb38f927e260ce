/* exec.c - the ports of the actor system and the callbacks of the net thread.
 *
 * Under the lock a port only notes what is wanted and lists the child; all the rest happens in the
 * net thread.  exec_child.c has the life of one command, exec_stream.c its descriptors.
 */
#include "runtime/exec.h"
#include "runtime/exec_priv.h"

#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { RETRY_MS = 10, PROBE_MS_MAX = 10000 };

#define PROBE_ID UINT64_MAX /* actors' commands are numbered from 1 on */

static void set_timer(struct exec *exec)
{
    if (!exec->timer_set) {
        const struct itimerspec due = {.it_value = {.tv_nsec = RETRY_MS * 1000 * 1000}};
        exec->timer_set = timerfd_settime(exec->timer.fd, 0, &due, NULL) == 0;
    }
}

void exec_try_later(struct child *child)
{
    child->retry = true;
    set_timer(child->exec);
}

/* ---- the net thread's callbacks ---- */

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
    if (event->id == PROBE_ID) {
        exec->level = event->kind == SPAWN_STARTED ? event->level : exec->level;
        exec->level_known = true;
        return;
    }
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
    exec_child_progress(child);
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
            exec_child_fail(child, "spawner died");
            exec_child_progress(child);
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
            exec_child_begin(child);
        }
        if (child->active) {
            exec_child_progress(child);
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
            exec_child_progress(child);
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

/* Only a command that runs tells how much of a sandbox there is, and whoever is started has to be
 * given a home that exists: so one that does nothing is run before all others. */
static void probe_level(struct exec *self)
{
    static const char *const argv[] = {"true", NULL};
    static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
    const struct spawn_spec spec = {.id = PROBE_ID,
                                    .argv = argv,
                                    .env = env,
                                    .limits = {.enabled = true, .deadline_ms = PROBE_MS_MAX}};
    struct spawn_fds fds;
    if (!self->config->sandbox.enabled || spawner_spawn(self->spawner, &spec, &fds) != ERR_OK) {
        self->level_known = true;
        return;
    }
    (void)close(fds.out);
    (void)close(fds.err);
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
    self->level = SANDBOX_NONE;
    probe_level(self);
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

void exec_destroy(struct exec **exec)
{
    assert(exec);
    struct exec *self = *exec;
    if (!self) {
        return;
    }
    spawner_stop(&self->spawner);
    for (size_t i = 0; i < self->count; i++) {
        exec_child_free(self->children[i]);
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
