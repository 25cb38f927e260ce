/* spawner.c - the daemon's end: asks, and reads what happened. */
#include "runtime/spawner.h"
#include "runtime/spawner_wire.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOCKET_BYTES (1 << 20)
#define STOP_MS_MAX  8000

struct spawner {
    pid_t pid;
    int pidfd;
    int socket;
    size_t count; /* children that have not ended as far as the caller knows */
    uint64_t ids[SPAWN_CHILDREN_MAX];
    char bytes[SPAWNER_REQUEST_BYTES_MAX];
};

static size_t find(const struct spawner *self, uint64_t id)
{
    size_t i = 0;
    while (i < self->count && self->ids[i] != id) {
        i++;
    }
    return i;
}

static _Noreturn void become_spawner(int socket, pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
        _exit(1);
    }
    spawner_serve(socket);
}

enum err spawner_start(struct spawner **ret_spawner)
{
    assert(ret_spawner);
    int ends[2] = {-1, -1};
    const int size = SOCKET_BYTES;
    struct spawner *self = calloc(1, sizeof *self);
    if (!self) {
        return ERR_MEMORY;
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
        goto out;
    }
    /* As much as the system grants; its default holds one request of the largest size. */
    (void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    (void)setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    pid_t parent = getpid();
    self->pid = fork();
    if (self->pid == 0) {
        (void)close(ends[0]);
        free(self);
        become_spawner(ends[1], parent);
    }
    if (self->pid < 0) {
        goto out;
    }
    (void)close(ends[1]);
    self->socket = ends[0];
    self->pidfd = pidfd_open(self->pid, 0);
    *ret_spawner = self;
    return ERR_OK;
out:
    if (ends[0] >= 0) {
        (void)close(ends[0]);
        (void)close(ends[1]);
    }
    free(self);
    return ERR_IO;
}

void spawner_stop(struct spawner **spawner)
{
    assert(spawner);
    struct spawner *self = *spawner;
    if (!self) {
        return;
    }
    (void)close(self->socket); /* the process takes this as the order to end */
    struct pollfd end = {.fd = self->pidfd, .events = POLLIN};
    int ready;
    do {
        ready = self->pidfd < 0 ? 0 : poll(&end, 1, STOP_MS_MAX);
    } while (ready < 0 && errno == EINTR);
    if (ready <= 0) {
        (void)kill(self->pid, SIGKILL);
    }
    while (waitpid(self->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    if (self->pidfd >= 0) {
        (void)close(self->pidfd);
    }
    free(self);
    *spawner = NULL;
}

static enum err send_bytes(const struct spawner *self, struct msghdr *message)
{
    ssize_t sent;
    do {
        sent = sendmsg(self->socket, message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0) {
        return ERR_OK;
    }
    return errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS ? ERR_FULL
           : errno == EPIPE || errno == ECONNRESET                      ? ERR_GONE
                                                                        : ERR_IO;
}

static enum err send_request(struct spawner *self, size_t size, const int *fds, size_t count)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(SPAWNER_FDS_MAX * sizeof(int))];
    } control;
    memset(&control, 0, sizeof control);
    struct iovec part = {.iov_base = self->bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(head), fds, count * sizeof(int));
    return send_bytes(self, &message);
}

/* A pair: ours does not block, the child's does. */
static bool make_pipe(int *ret_ours, int *ret_theirs)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *ret_ours = ends[0];
    *ret_theirs = ends[1];
    return true;
}

static bool make_control(int *ret_ours, int *ret_theirs)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return false;
    }
    (void)fcntl(ends[0], F_SETFL, O_RDWR | O_NONBLOCK);
    *ret_ours = ends[0];
    *ret_theirs = ends[1];
    return true;
}

static void close_some(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (fds[i] >= 0) {
            (void)close(fds[i]);
        }
    }
}

enum err spawner_spawn(struct spawner *self, const struct spawn_spec *spec,
                       struct spawn_fds *ret_fds)
{
    assert(self);
    assert(spec);
    assert(ret_fds);
    size_t size = 0;
    if (find(self, spec->id) < self->count) {
        return ERR_EXISTS;
    }
    if (self->count == SPAWN_CHILDREN_MAX) {
        return ERR_FULL;
    }
    enum err err = spawner_encode(spec, self->bytes, &size);
    if (err != ERR_OK) {
        return err;
    }
    int ours[SPAWNER_FDS_MAX] = {-1, -1, -1}; /* out, err, control */
    int theirs[SPAWNER_FDS_MAX] = {-1, -1, -1};
    size_t count = 0; /* of theirs, which lie in the order of the wire */
    bool ok = make_pipe(&ours[0], &theirs[count++]);
    if (ok && !spec->merge_output) {
        ok = make_pipe(&ours[1], &theirs[count++]);
    }
    if (ok && spec->control) {
        ok = make_control(&ours[2], &theirs[count++]);
    }
    err = ok ? send_request(self, size, theirs, count) : ERR_IO;
    close_some(theirs, SPAWNER_FDS_MAX);
    if (err != ERR_OK) {
        close_some(ours, SPAWNER_FDS_MAX);
        return err;
    }
    self->ids[self->count++] = spec->id;
    *ret_fds = (struct spawn_fds){.out = ours[0], .err = ours[1], .control = ours[2]};
    return ERR_OK;
}

enum err spawner_kill(struct spawner *self, uint64_t id)
{
    assert(self);
    if (find(self, id) == self->count) {
        return ERR_OK;
    }
    struct spawner_request head;
    memset(&head, 0, sizeof head);
    head.verb = SPAWNER_KILL;
    head.id = id;
    struct iovec part = {.iov_base = &head, .iov_len = sizeof head};
    return send_bytes(self, &(struct msghdr){.msg_iov = &part, .msg_iovlen = 1});
}

enum err spawner_next(struct spawner *self, struct spawn_event *ret_event)
{
    assert(self);
    assert(ret_event);
    struct spawn_event event;
    ssize_t size;
    do {
        size = recv(self->socket, &event, sizeof event, MSG_TRUNC);
    } while (size < 0 && errno == EINTR);
    if (size < 0 && errno == EAGAIN) {
        return ERR_NOT_FOUND;
    }
    if (size != (ssize_t)sizeof event) {
        return ERR_GONE;
    }
    event.text[SANDBOX_TEXT_MAX] = '\0';
    size_t i = find(self, event.id);
    if (i < self->count && event.kind != SPAWN_STARTED) {
        self->ids[i] = self->ids[--self->count];
    }
    *ret_event = event;
    return ERR_OK;
}

int spawner_fd(const struct spawner *self)
{
    return self->socket;
}

size_t spawner_count(const struct spawner *self)
{
    return self->count;
}

pid_t spawner_pid(const struct spawner *self)
{
    return self->pid;
}
