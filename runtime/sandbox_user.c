/* sandbox_user.c - gives up everything that a test must not have. */
#include "runtime/sandbox_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAPABILITIES_MAX 64

/* Of Landlock ABI 6, younger than many systems' headers. */
#define SCOPE_ABSTRACT_SOCKETS (1u << 0)
#define SCOPE_SIGNALS          (1u << 1)

struct scope_rules {
    uint64_t files;
    uint64_t network;
    uint64_t scoped;
};

bool sandbox_write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t size = (ssize_t)strlen(text);
    bool ok = write(fd, text, (size_t)size) == size;
    return close(fd) == 0 && ok;
}

enum err sandbox_user_map(struct sandbox_task *task)
{
    char text[64];
    /* Without "deny" an unprivileged user may not map groups. */
    if (!sandbox_write_file("/proc/self/setgroups", "deny") && errno != ENOENT) {
        return sandbox_fault(task, "write /proc/self/setgroups", NULL);
    }
    (void)snprintf(text, sizeof text, "%u %u 1\n", task->uid, task->uid);
    if (!sandbox_write_file("/proc/self/uid_map", text)) {
        return sandbox_fault(task, "write /proc/self/uid_map", NULL);
    }
    (void)snprintf(text, sizeof text, "%u %u 1\n", task->gid, task->gid);
    if (!sandbox_write_file("/proc/self/gid_map", text)) {
        return sandbox_fault(task, "write /proc/self/gid_map", NULL);
    }
    return ERR_OK;
}

bool sandbox_bind_to_parent(const struct sandbox_task *task)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
        return false;
    }
    /* The parent may have died before the line above.  getppid() is always 0 for the first process
     * of a namespace, but the other end of the report pipe dies with the parent too. */
    struct pollfd end = {.fd = task->report};
    return poll(&end, 1, 0) >= 0 && !(end.revents & POLLERR);
}

static enum err drop_capabilities(struct sandbox_task *task)
{
    for (unsigned long i = 0; i < CAPABILITIES_MAX; i++) {
        if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0 || errno == EPERM) {
            continue; /* without privileges there is nothing that exec could give back */
        }
        if (errno == EINVAL) {
            break; /* the kernel knows no more of them */
        }
        return sandbox_fault(task, "drop the bounding set", NULL);
    }
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return ERR_OK;
}

static enum err drop_user(struct sandbox_task *task)
{
    if (setgroups(0, NULL) != 0) {
        return sandbox_fault(task, "setgroups", NULL);
    }
    if (setresgid(task->gid, task->gid, task->gid) != 0) {
        return sandbox_fault(task, "setresgid", NULL);
    }
    if (setresuid(task->uid, task->uid, task->uid) != 0) {
        return sandbox_fault(task, "setresuid", NULL);
    }
    /* Some numbers mean "leave it as it is" to the calls above. */
    if (getuid() != task->uid || geteuid() != task->uid || getegid() != task->gid ||
        (getuid() == 0 && task->level == SANDBOX_FULL)) {
        errno = EPERM;
        return sandbox_fault(task, "become another user", NULL);
    }
    return ERR_OK;
}

static enum err clear_capabilities(struct sandbox_task *task)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}};
    if (syscall(SYS_capset, &head, none) != 0) {
        return sandbox_fault(task, "capset", NULL);
    }
    return ERR_OK;
}

/* Without namespaces this alone keeps the command from killing its guard, and us, where they are
 * of one user; with the host's network it closes the abstract sockets.  Old kernels lack it. */
static void scope_signals(void)
{
    const struct scope_rules rules = {.scoped = SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS};
    long fd = syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
    if (fd >= 0) {
        (void)syscall(SYS_landlock_restrict_self, (int)fd, 0);
        (void)close((int)fd);
    }
}

enum err sandbox_user_drop(struct sandbox_task *task)
{
    enum err err = drop_capabilities(task);
    if (err == ERR_OK && task->root) {
        err = drop_user(task);
    }
    if (err == ERR_OK && task->root && task->level == SANDBOX_FULL) {
        sandbox_user_nest(task);
    }
    if (err == ERR_OK) {
        err = clear_capabilities(task);
    }
    if (err == ERR_OK && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        err = sandbox_fault(task, "no_new_privs", NULL);
    }
    if (err == ERR_OK) {
        scope_signals();
    }
    /* A change of user clears the parent's death signal and who may look into us. */
    if (err == ERR_OK &&
        (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || !sandbox_bind_to_parent(task))) {
        err = sandbox_fault(task, "bind to the parent's life", NULL);
    }
    return err;
}

void sandbox_user_nest(struct sandbox_task *task)
{
    if (unshare(CLONE_NEWUSER) != 0) {
        sandbox_note(task, "processes are counted per user, not per sandbox",
                     strerrordesc_np(errno));
        return;
    }
    /* We are alone in here still; our own map may be written only by one who may be looked into. */
    if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0 || sandbox_user_map(task) != ERR_OK) {
        sandbox_note(task, "no user map", task->fault.text);
        return;
    }
    /* The new namespace came with a full bounding set of its own. */
    if (drop_capabilities(task) != ERR_OK) {
        sandbox_note(task, "bounding set", task->fault.text);
    }
}

enum err sandbox_filter_load(struct sandbox_task *task)
{
    struct sock_fprog filter = task->sandbox->filter;
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) {
        return sandbox_fault(task, "load the system call filter", NULL);
    }
    return ERR_OK;
}
