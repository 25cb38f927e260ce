/* spawner_process.c - the life of the spawner process.
 *
 * Takes  SPAWN, KILL  from the daemon; the end of the socket means that the daemon is gone
 * Sends  STARTED, FAILED, EXITED
 *
 * One turn: wait, requests, reports of the trees, ends of the trees, deadlines, events out.  A
 * child keeps its slot until its last event is sent, so a daemon that does not read costs nothing.
 */
#include "runtime/spawner_wire.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REQUESTS_PER_TURN 16
#define GUARD_MS_MAX      5000 /* how long a guard may take to kill its tree */
#define STOP_MS_MAX       5000 /* how long we wait for all trees before we end */

enum slot_state {
    SLOT_FREE,
    SLOT_SETUP,   /* the sandbox is being made */
    SLOT_RUNNING, /* the command runs */
    SLOT_OVER,    /* only the last event is to be sent */
};

struct slot {
    enum slot_state state;
    struct sandbox_child child;
    bool told;  /* STARTED is still to be sent */
    bool ended; /* the top has told how the command ended: status */
    bool dying; /* we have killed it */
    int status; /* as from waitpid() */
    uint64_t start_ms;
    uint64_t deadline_ms; /* 0: none; for a dying guard the end of our patience */
    struct spawn_event started;
    struct spawn_event last;
};

struct server {
    int socket;
    bool done; /* the daemon is gone */
    struct sandbox *sandbox;
    struct slot slots[SPAWN_CHILDREN_MAX];
    struct spawner_order order;
    _Alignas(struct spawner_request) char bytes[SPAWNER_REQUEST_BYTES_MAX];
};

static uint64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- slots ---- */

static struct slot *find(struct server *self, uint64_t id)
{
    for (size_t i = 0; i < SPAWN_CHILDREN_MAX; i++) {
        struct slot *slot = &self->slots[i];
        if (slot->state != SLOT_FREE && slot->last.id == id) {
            return slot;
        }
    }
    return NULL;
}

static struct slot *find_free(struct server *self)
{
    for (size_t i = 0; i < SPAWN_CHILDREN_MAX; i++) {
        if (self->slots[i].state == SLOT_FREE) {
            return &self->slots[i];
        }
    }
    return NULL;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

static void fail(struct slot *slot, enum err err, const char *text)
{
    slot->state = SLOT_OVER;
    slot->last.kind = SPAWN_FAILED;
    slot->last.err = err;
    (void)snprintf(slot->last.text, sizeof slot->last.text, "%s", text);
}

/* An init takes its namespaces along; a guard needs time to kill its tree. */
static void kill_tree(struct slot *slot)
{
    if (slot->dying || (slot->state != SLOT_SETUP && slot->state != SLOT_RUNNING)) {
        return;
    }
    slot->dying = true;
    slot->deadline_ms = 0;
    if (slot->child.level == SANDBOX_FULL) {
        (void)pidfd_send_signal(slot->child.pidfd, SIGKILL, NULL, 0);
        return;
    }
    close_fd(&slot->child.leash);
    slot->deadline_ms = now_ms() + GUARD_MS_MAX;
}

/* Kills what was orphaned by a guard that died before its tree. */
static void sweep(struct server *self)
{
    pid_t tops[SPAWN_CHILDREN_MAX];
    size_t count = 0;
    for (size_t i = 0; i < SPAWN_CHILDREN_MAX; i++) {
        const struct slot *slot = &self->slots[i];
        if (slot->state == SLOT_SETUP || slot->state == SLOT_RUNNING) {
            tops[count++] = slot->child.pid;
        }
    }
    (void)sandbox_tree_kill(getpid(), tops, count);
}

/* ---- requests ---- */

static void on_spawn(struct server *self, size_t size, const int *fds, size_t count)
{
    struct slot *slot = find_free(self);
    enum err err = spawner_decode(self->bytes, size, &self->order);
    const struct spawn_spec *spec = &self->order.spec;
    if (!slot || err != ERR_OK || find(self, spec->id)) {
        self->done = true; /* our other half cannot send this: it is not what we think it is */
        return;
    }
    *slot = (struct slot){.state = SLOT_SETUP, .start_ms = now_ms()};
    slot->last.id = spec->id;
    slot->child = (struct sandbox_child){.pidfd = -1, .report = -1, .leash = -1};
    if (count != spawner_fds_count(spec)) {
        fail(slot, ERR_LIMIT, "the spawner has no descriptors left");
        return;
    }
    if (spec->limits.deadline_ms > 0 && spec->limits.deadline_ms < UINT64_MAX - slot->start_ms) {
        slot->deadline_ms = slot->start_ms + spec->limits.deadline_ms;
    }
    const struct sandbox_job job = {.argv = spec->argv,
                                    .env = spec->env,
                                    .cwd = spec->cwd,
                                    .project = spec->project,
                                    .limits = &spec->limits,
                                    .out = fds[0],
                                    .err = spec->merge_output ? fds[0] : fds[1],
                                    .control = spec->control ? fds[count - 1] : -1};
    char text[SANDBOX_TEXT_MAX + 1];
    err = sandbox_launch(self->sandbox, &job, &slot->child, text);
    if (err != ERR_OK) {
        fail(slot, err, text);
    }
}

static void on_kill(struct server *self, size_t size)
{
    struct spawner_request head;
    if (size != sizeof head) {
        return;
    }
    memcpy(&head, self->bytes, sizeof head);
    struct slot *slot = find(self, head.id);
    if (slot && !slot->dying && slot->state != SLOT_OVER) {
        slot->last.killed = true;
        kill_tree(slot);
    }
}

/* Returns how many descriptors came along. */
static size_t take_fds(struct msghdr *message, int *fds)
{
    size_t count = 0;
    for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head; head = CMSG_NXTHDR(message, head)) {
        if (head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS) {
            count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            assert(count <= SPAWNER_FDS_MAX); /* the kernel cuts at the size of our buffer */
            memcpy(fds, CMSG_DATA(head), count * sizeof(int));
        }
    }
    return count;
}

/* Returns whether there may be more. */
static bool read_request(struct server *self)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(SPAWNER_FDS_MAX * sizeof(int))];
    } control;
    struct iovec part = {.iov_base = self->bytes, .iov_len = sizeof self->bytes};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    ssize_t size = recvmsg(self->socket, &message, MSG_CMSG_CLOEXEC);
    if (size <= 0) {
        self->done |= size == 0 || (errno != EAGAIN && errno != EINTR && errno != ENOBUFS);
        return false;
    }
    int fds[SPAWNER_FDS_MAX] = {-1, -1, -1};
    size_t count = take_fds(&message, fds);
    enum spawner_verb verb = SPAWNER_KILL;
    if ((size_t)size >= sizeof verb) {
        memcpy(&verb, self->bytes, sizeof verb);
    }
    if (verb == SPAWNER_SPAWN) {
        on_spawn(self, (size_t)size, fds, count);
    } else {
        on_kill(self, (size_t)size);
    }
    for (size_t i = 0; i < count; i++) {
        close_fd(&fds[i]);
    }
    return !self->done;
}

/* ---- trees ---- */

static void on_report(struct slot *slot)
{
    struct sandbox_report report;
    while (read(slot->child.report, &report, sizeof report) == (ssize_t)sizeof report) {
        report.text[SANDBOX_TEXT_MAX] = '\0';
        if (report.kind == SANDBOX_READY && slot->state == SLOT_SETUP) {
            slot->state = SLOT_RUNNING;
            slot->told = true;
            slot->started = (struct spawn_event){.kind = SPAWN_STARTED,
                                                 .id = slot->last.id,
                                                 .pid = slot->child.pid,
                                                 .level = slot->child.level};
            memcpy(slot->started.text, report.text, sizeof report.text);
        } else if (report.kind == SANDBOX_OUTGROWN) {
            slot->last.outgrown = true;
        } else if (report.kind == SANDBOX_ENDED) {
            slot->ended = true;
            slot->status = report.status;
        } else if (report.kind == SANDBOX_FAILED) {
            memcpy(slot->last.text, report.text, sizeof report.text);
        }
    }
}

/* Fills in the last event from what the top told, or else from how the top itself ended. */
static void conclude(struct slot *slot, int status, const struct rusage *usage)
{
    struct spawn_event *last = &slot->last;
    bool ran = slot->state == SLOT_RUNNING;
    slot->state = SLOT_OVER;
    if (!ran && !slot->dying) {
        last->kind = SPAWN_FAILED;
        last->err = ERR_IO;
        if (!last->text[0]) {
            (void)snprintf(last->text, sizeof last->text, "the sandbox died while it was made");
        }
        return;
    }
    if (slot->ended) {
        status = slot->status;
    }
    last->kind = SPAWN_EXITED;
    last->text[0] = '\0';
    last->code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    last->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (slot->ended && WIFEXITED(status)) { /* it was quicker than our signal */
        last->killed = false;
        last->timed_out = false;
    }
    last->cpu_us = (uint64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000 +
                   (uint64_t)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
    last->rss_bytes_max = (uint64_t)usage->ru_maxrss * 1024;
    last->wall_ms = now_ms() - slot->start_ms;
}

static void on_end(struct server *self, struct slot *slot)
{
    int status = 0;
    struct rusage usage;
    if (wait4(slot->child.pid, &status, WNOHANG, &usage) != slot->child.pid) {
        return;
    }
    on_report(slot); /* what it told last */
    bool orphans = slot->child.level != SANDBOX_FULL && !slot->ended;
    conclude(slot, status, &usage);
    close_fd(&slot->child.pidfd);
    close_fd(&slot->child.report);
    close_fd(&slot->child.leash);
    if (orphans) {
        sweep(self);
        sandbox_scratch_remove(slot->child.scratch);
    }
}

static void check_deadline(struct slot *slot, uint64_t now)
{
    if (slot->deadline_ms == 0 || now < slot->deadline_ms || slot->state == SLOT_OVER) {
        return;
    }
    if (slot->dying) { /* a guard that does not end; the sweep will find its tree */
        slot->deadline_ms = 0;
        (void)pidfd_send_signal(slot->child.pidfd, SIGKILL, NULL, 0);
        return;
    }
    slot->last.timed_out = true;
    kill_tree(slot);
}

/* ---- events ---- */

static bool send_event(struct server *self, const struct spawn_event *event)
{
    ssize_t sent = send(self->socket, event, sizeof *event, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS) {
        self->done = true;
    }
    return sent == (ssize_t)sizeof *event;
}

static void send_events(struct server *self)
{
    for (size_t i = 0; i < SPAWN_CHILDREN_MAX && !self->done; i++) {
        struct slot *slot = &self->slots[i];
        if (slot->state != SLOT_FREE && slot->told) {
            slot->told = !send_event(self, &slot->started);
        }
        if (slot->state == SLOT_OVER && !slot->told && send_event(self, &slot->last)) {
            slot->state = SLOT_FREE;
        }
    }
}

/* ---- the loop ---- */

static int time_left(const struct server *self)
{
    uint64_t next = UINT64_MAX;
    for (size_t i = 0; i < SPAWN_CHILDREN_MAX; i++) {
        const struct slot *slot = &self->slots[i];
        bool alive = slot->state == SLOT_SETUP || slot->state == SLOT_RUNNING;
        if (alive && slot->deadline_ms > 0 && slot->deadline_ms < next) {
            next = slot->deadline_ms;
        }
    }
    uint64_t now = now_ms();
    if (next == UINT64_MAX) {
        return -1;
    }
    uint64_t left = next > now ? next - now : 0;
    return left > INT32_MAX ? INT32_MAX : (int)left;
}

/* Entries 1 + 2 i and 2 + 2 i are those of slot i. */
static void wait_for_something(const struct server *self, struct pollfd *fds)
{
    bool unsent = false;
    for (size_t i = 0; i < SPAWN_CHILDREN_MAX; i++) {
        const struct slot *slot = &self->slots[i];
        bool alive = slot->state == SLOT_SETUP || slot->state == SLOT_RUNNING;
        fds[1 + 2 * i] = (struct pollfd){.fd = alive ? slot->child.pidfd : -1, .events = POLLIN};
        /* After the end of the command only the end of the process is news. */
        bool listen = alive && slot->state == SLOT_SETUP;
        fds[2 + 2 * i] = (struct pollfd){.fd = listen ? slot->child.report : -1, .events = POLLIN};
        unsent |= slot->state != SLOT_FREE && (slot->told || slot->state == SLOT_OVER);
    }
    fds[0] =
        (struct pollfd){.fd = self->socket, .events = (short)(POLLIN | (unsent ? POLLOUT : 0))};
    (void)poll(fds, 1 + 2 * SPAWN_CHILDREN_MAX, time_left(self));
}

static bool is_top(const struct server *self, pid_t pid)
{
    for (size_t i = 0; i < SPAWN_CHILDREN_MAX; i++) {
        const struct slot *slot = &self->slots[i];
        bool alive = slot->state == SLOT_SETUP || slot->state == SLOT_RUNNING;
        if (alive && slot->child.pid == pid) {
            return true;
        }
    }
    return false;
}

/* Orphans that came to us are dead or will be soon.  Stops at the first of our own: its slot needs
 * the status, and the next turn goes on behind it. */
static void reap_strangers(const struct server *self)
{
    siginfo_t info = {.si_pid = 0};
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid > 0 &&
           !is_top(self, info.si_pid)) {
        (void)waitpid(info.si_pid, NULL, WNOHANG);
        info.si_pid = 0;
    }
}

static void turn(struct server *self)
{
    struct pollfd fds[1 + 2 * SPAWN_CHILDREN_MAX];
    wait_for_something(self, fds);
    for (size_t i = 0; i < SPAWN_CHILDREN_MAX; i++) {
        struct slot *slot = &self->slots[i];
        if (fds[2 + 2 * i].revents & POLLIN) {
            on_report(slot);
        }
        if (fds[1 + 2 * i].revents) {
            on_end(self, slot);
        }
    }
    reap_strangers(self);
    uint64_t now = now_ms();
    for (size_t i = 0; i < SPAWN_CHILDREN_MAX; i++) {
        if (self->slots[i].state != SLOT_FREE) {
            check_deadline(&self->slots[i], now);
        }
    }
    if (fds[0].revents & (POLLIN | POLLHUP | POLLERR)) {
        for (int i = 0; i < REQUESTS_PER_TURN && read_request(self); i++) {
        }
    }
    send_events(self);
}

static void kill_all(struct server *self)
{
    uint64_t until = now_ms() + STOP_MS_MAX;
    for (size_t i = 0; i < SPAWN_CHILDREN_MAX; i++) {
        kill_tree(&self->slots[i]);
    }
    for (size_t i = 0; i < SPAWN_CHILDREN_MAX; i++) {
        struct slot *slot = &self->slots[i];
        while ((slot->state == SLOT_SETUP || slot->state == SLOT_RUNNING) && now_ms() < until) {
            struct pollfd fd = {.fd = slot->child.pidfd, .events = POLLIN};
            (void)poll(&fd, 1, (int)(until - now_ms()));
            on_end(self, slot);
        }
    }
    sweep(self);
}

void spawner_serve(int socket)
{
    socket = spawner_settle(socket);
    struct server *self = calloc(1, sizeof *self);
    if (!self || sandbox_new(&self->sandbox) != ERR_OK) {
        _exit(1);
    }
    self->socket = socket;
    while (!self->done) {
        turn(self);
    }
    kill_all(self);
    sandbox_destroy(&self->sandbox);
    free(self);
    _exit(0);
}
