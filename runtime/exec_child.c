/* exec_child.c - the life of one command, in the net thread.
 *
 *     exec_command     spawner took it      STARTED            EXITED, FAILED, it died
 *   ----------> WAITING --------> STARTING --------> RUNNING ----------------------> ENDED --> free
 *                  |  killed before          |   what it wrote is read here only        ^
 *                  +-------------------------+------------------------------------------+
 *
 * One function, exec_child_progress(), brings a child as far as it can come now; whatever has to
 * wait for room somewhere is tried again a little later.  The memory of a child is kept for the
 * next one, so a late call for a watch that is no longer wanted finds something sound, reads
 * without waiting, and does no harm.
 */
#include "runtime/exec_paths.h"
#include "runtime/exec_priv.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ENV_OWN = 2 + EXEC_CACHES_MAX }; /* HOME, TMPDIR, where caches are */

static void kill_tree(struct child *child)
{
    if (child->state == CHILD_WAITING) {
        child->state = CHILD_ENDED;
        child->last = (struct spawn_event){.killed = true, .signal = SIGKILL};
    } else if (child->state != CHILD_ENDED && !child->kill_sent) {
        child->kill_sent = spawner_kill(child->exec->spawner, child->id) == ERR_OK;
        if (!child->kill_sent) {
            exec_try_later(child);
        }
    }
}

/* ---- telling the owner ---- */

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
                           .error = msg_str(event->kind == SPAWN_FAILED ? event->text : ""),
                           .outgrown = event->outgrown));
}

/* After the end: all that is still to be told, piece by piece. */
static bool tell_rest(struct child *child)
{
    for (size_t i = 0; i < STREAMS; i++) {
        struct stream *stream = &child->streams[i];
        while (stream->watch.fd >= 0 && exec_stream_read(stream, true)) {
            if (!tell_held(child)) {
                return false;
            }
        }
        while (exec_stream_take_tail(stream)) {
            if (!tell_held(child)) {
                return false;
            }
        }
    }
    return true;
}

/* ---- its start and end ---- */

void exec_child_fail(struct child *child, const char *text)
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

/* What the command inherits: its own list, a home, a place for temporary files, and where the
 * caches are that it is shown.  Borrows from all three. */
static void complete_env(const struct exec *exec, const struct exec_order *order,
                         const struct exec_paths *paths, const char **env)
{
    size_t count = 0;
    for (; order->env[count] && count < SPAWN_ENV_MAX - ENV_OWN; count++) {
        env[count] = order->env[count];
    }
    if (!exec_order_env(order, "HOME")) {
        env[count++] = exec->level == SANDBOX_FULL ? "HOME=" SANDBOX_HOME : "HOME=/tmp";
    }
    if (!exec_order_env(order, "TMPDIR")) {
        env[count++] = "TMPDIR=/tmp";
    }
    for (size_t i = 0; i < paths->env_count; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(paths->env[i], "="), paths->env[i]);
        if (!exec_order_env(order, name)) {
            env[count++] = paths->env[i];
        }
    }
    env[count] = NULL;
}

/* What is written there stays: the paths of the configuration and, if it is wanted in place, the
 * project, laid over the copy that decides who the command will be.  False: there is no room. */
static bool collect_writable(const struct exec *exec, const struct exec_order *order,
                             const char *writable[SANDBOX_PATHS_MAX + 1])
{
    size_t count = 0;
    for (; count < SANDBOX_PATHS_MAX && exec->writable[count]; count++) {
        writable[count] = exec->writable[count];
    }
    if (order->in_place && order->project) {
        if (count == SANDBOX_PATHS_MAX) {
            return false;
        }
        writable[count++] = order->project;
    }
    writable[count] = NULL;
    return true;
}

static enum err spawn(struct child *child, const struct exec_order *order)
{
    const struct exec *exec = child->exec;
    const struct cfg_sandbox *cfg = &exec->config->sandbox;
    const char *env[SPAWN_ENV_MAX + 1];
    const char *writable[SANDBOX_PATHS_MAX + 1];
    struct exec_paths paths;
    if (!collect_writable(exec, order, writable)) {
        return ERR_LIMIT;
    }
    const struct exec_program program = {.argv0 = order->argv[0],
                                         .path = exec_order_env(order, "PATH"),
                                         .project = order->project,
                                         .home = exec->home,
                                         .readable = order->readable,
                                         .caches = order->caches};
    exec_paths_collect(&paths, &program);
    complete_env(exec, order, &paths, env);
    const struct spawn_spec spec = {.id = child->id,
                                    .argv = order->argv,
                                    .env = env,
                                    .cwd = order->cwd,
                                    .project = order->project,
                                    .control = order->control,
                                    .limits = {.enabled = cfg->enabled,
                                               .network = cfg->network || order->network,
                                               .uid = (uint32_t)cfg->uid,
                                               .files_open_max = (uint32_t)cfg->open_files_max,
                                               .processes_max = (uint32_t)cfg->processes_max,
                                               .deadline_ms = order->deadline_ms,
                                               .tmp_bytes_max = cfg->tmp_bytes_max,
                                               .file_bytes_max = cfg->file_bytes_max,
                                               .memory_bytes_max = cfg->memory_bytes_max,
                                               .readable = paths.list,
                                               .writable = writable}};
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
    enum err err = !child->held                ? ERR_MEMORY
                   : child->exec->dead         ? ERR_GONE
                   : !order->argv[0]           ? ERR_MALFORMED
                   : !child->exec->level_known ? ERR_FULL
                                               : spawn(child, order);
    if (err == ERR_FULL) {
        exec_try_later(child);
        return;
    }
    child->order = NULL;
    free(order);
    if (err == ERR_OK) {
        child->state = CHILD_STARTING;
    } else {
        exec_child_fail(child, err == ERR_GONE ? "spawner died" : err_text(err));
    }
}

static void release(struct child *child)
{
    for (size_t i = 0; i < STREAMS; i++) {
        exec_stream_close(&child->streams[i]);
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

static bool wants_kill(struct child *child)
{
    (void)pthread_mutex_lock(&child->exec->lock);
    bool kill = child->kill;
    (void)pthread_mutex_unlock(&child->exec->lock);
    return kill;
}

void exec_child_progress(struct child *child)
{
    if (wants_kill(child)) {
        kill_tree(child);
    }
    if (child->state == CHILD_WAITING) {
        launch(child);
    }
    bool writing = child->state != CHILD_WAITING && exec_stream_flush_input(child);
    bool told = child->state == CHILD_WAITING || deliver(child);
    if (!told) {
        exec_try_later(child);
    }
    if (child->active) {
        exec_stream_watch_all(child, told && child->state == CHILD_RUNNING, writing);
    }
}

static void on_stream(struct net_watch *watch, short revents)
{
    struct stream *stream = (struct stream *)(void *)watch;
    struct child *child = stream->child;
    (void)revents;
    if (!child->active || watch->fd < 0) {
        return;
    }
    if (child->state == CHILD_RUNNING && child->held_size == 0) {
        (void)exec_stream_read(stream, false);
    }
    exec_child_progress(child);
}

void exec_child_begin(struct child *child)
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

void exec_child_free(struct child *child)
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
