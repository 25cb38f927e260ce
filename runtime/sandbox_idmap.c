/* sandbox_idmap.c - user namespaces that lend files of root to an unprivileged user. */
#include "runtime/sandbox_priv.h"

#include <assert.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Root and `id` change places and all others stay, so that every owner has a name: a file whose
 * owner has none could not be copied up. */
static bool write_map(pid_t pid, const char *name, uint32_t id)
{
    char text[160];
    (void)snprintf(text, sizeof text, "0 %u 1\n%u 0 1\n1 1 %u\n%u %u %u\n", id, id, id - 1, id + 1,
                   id + 1, UINT32_MAX - 1 - id);
    if (id == 1) {
        (void)snprintf(text, sizeof text, "0 1 1\n1 0 1\n2 2 %u\n", UINT32_MAX - 2);
    } else if (id == 0) {
        (void)snprintf(text, sizeof text, "0 0 %u\n", UINT32_MAX);
    }
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    return sandbox_write_file(path, text);
}

static int make(uint32_t uid, uint32_t gid)
{
    pid_t parent = getpid();
    long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        while (getppid() == parent) {
            (void)pause();
        }
        _exit(1);
    }
    if (pid < 0) {
        return -1;
    }
    int fd = -1;
    if (write_map((pid_t)pid, "uid_map", uid) && write_map((pid_t)pid, "gid_map", gid)) {
        char path[64];
        (void)snprintf(path, sizeof path, "/proc/%ld/ns/user", pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    (void)kill((pid_t)pid, SIGKILL);
    (void)waitpid((pid_t)pid, NULL, 0);
    return fd;
}

int sandbox_idmap_get(struct sandbox *self, uint32_t uid, uint32_t gid)
{
    assert(self->idmaps_count <= SANDBOX_IDMAPS_MAX);
    for (size_t i = 0; i < self->idmaps_count; i++) {
        if (self->idmaps[i].uid == uid && self->idmaps[i].gid == gid) {
            return self->idmaps[i].fd;
        }
    }
    if (self->idmaps_count == SANDBOX_IDMAPS_MAX) {
        return -1;
    }
    struct sandbox_idmap *idmap = &self->idmaps[self->idmaps_count++];
    *idmap = (struct sandbox_idmap){.uid = uid, .gid = gid, .fd = make(uid, gid)};
    return idmap->fd;
}
