/* sandbox.c - finds out what is possible and starts the top of a tree. */
#include "runtime/sandbox.h"
#include "runtime/sandbox_priv.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROBE_MS_MAX    5000
#define PROBE_PROJECT   "/usr" /* exists everywhere; the overlay on it is never written to */
#define TASK_FDS_MAX    7
#define PREFIX_SIZE_MAX 60

enum err sandbox_fault(struct sandbox_task *task, const char *step, const char *detail)
{
    int error = errno;
    (void)snprintf(task->fault.text, sizeof task->fault.text, "%s%s%.120s: %s", step,
                   detail ? " " : "", detail ? detail : "", strerrordesc_np(error));
    return ERR_IO;
}

void sandbox_note(struct sandbox_task *task, const char *text, const char *detail)
{
    size_t used = strlen(task->notes.text);
    (void)snprintf(task->notes.text + used, sizeof task->notes.text - used, "%s%s%s%.120s",
                   used ? "; " : "", text, detail ? ": " : "", detail ? detail : "");
}

const char *sandbox_level_name(enum sandbox_level level)
{
    static const char *const names[] = {
        [SANDBOX_NONE] = "none", [SANDBOX_PARTIAL] = "partial", [SANDBOX_FULL] = "full"};
    assert((size_t)level < sizeof names / sizeof names[0]);
    return names[level];
}

static int compare(const void *a, const void *b)
{
    int x = *(const int *)a;
    int y = *(const int *)b;
    return (x > y) - (x < y);
}

/* Closes all but 0 to 2 and what the task names, so that no pipe of another tree stays open. */
static void close_others(const struct sandbox_task *task)
{
    const struct sandbox_job *job = task->job;
    int fds[TASK_FDS_MAX] = {job->out,     job->err,    job->control, task->sandbox->null_fd,
                             task->report, task->leash, task->idmap};
    qsort(fds, TASK_FDS_MAX, sizeof fds[0], compare);
    unsigned from = STDERR_FILENO + 1;
    for (size_t i = 0; i < TASK_FDS_MAX; i++) {
        if (fds[i] >= (int)from) {
            if ((unsigned)fds[i] > from) {
                (void)close_range(from, (unsigned)fds[i] - 1, 0);
            }
            from = (unsigned)fds[i] + 1;
        }
    }
    (void)close_range(from, UINT32_MAX, 0);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        (void)dup2(task->sandbox->null_fd, fd);
    }
}

/* Decides who the command will be: whoever owns the project, so that it can be written to.  Where
 * that is root, namespaces lend it to an unprivileged user.  Without namespaces, as in a plain
 * container, only root can write there: then the command stays root, but without capabilities,
 * like any command of a user for whom there are no namespaces. */
static enum err choose_user(struct sandbox *self, struct sandbox_task *task)
{
    const struct sandbox_limits *limits = task->job->limits;
    struct stat status = {.st_uid = 0};
    if (task->job->project &&
        (stat(task->job->project, &status) != 0 || !S_ISDIR(status.st_mode))) {
        return sandbox_fault(task, "open the project", task->job->project);
    }
    task->mode = status.st_mode & 07777;
    task->idmap = -1;
    task->root = geteuid() == 0;
    if (!task->root) {
        task->uid = geteuid();
        task->gid = getegid();
        return ERR_OK;
    }
    if (task->level != SANDBOX_FULL && task->job->project && status.st_uid == 0) {
        sandbox_note(task, "runs as root without capabilities", NULL);
        return ERR_OK;
    }
    bool own = task->job->project && status.st_uid != 0;
    task->uid = own ? status.st_uid : limits->uid ? limits->uid : SANDBOX_UID_DEFAULT;
    task->gid = own ? status.st_gid : limits->gid ? limits->gid : SANDBOX_UID_DEFAULT;
    if (task->gid == 0) {
        task->gid = task->uid;
    }
    if (task->uid == UINT32_MAX || task->gid == UINT32_MAX) {
        errno = EINVAL;
        (void)sandbox_fault(task, "choose the user", NULL);
        return ERR_REFUSED;
    }
    task->root_owned = !own;
    if (task->level == SANDBOX_FULL && (task->job->project || limits->writable)) {
        task->idmap = sandbox_idmap_get(self, task->uid, task->gid);
    }
    return ERR_OK;
}

static unsigned long clone_flags(const struct sandbox_task *task)
{
    unsigned long flags = CLONE_PIDFD | SIGCHLD;
    if (task->level != SANDBOX_FULL) {
        return flags;
    }
    flags |= CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
    flags |= task->root ? 0 : CLONE_NEWUSER;
    flags |= task->job->limits->network ? 0 : CLONE_NEWNET;
    return flags;
}

/* Like fork; the child does not return. */
static enum err fork_top(struct sandbox_task *task, struct sandbox_child *ret_child)
{
    int pidfd = -1;
    /* The old call, because default filters of container engines do not know the new one. */
    long pid = syscall(SYS_clone, clone_flags(task), NULL, &pidfd, NULL, NULL);
    if (pid < 0) {
        return sandbox_fault(task, "clone", NULL);
    }
    if (pid == 0) {
        close_others(task);
        if (task->level == SANDBOX_FULL) {
            sandbox_init_run(task);
        }
        sandbox_guard_run(task);
    }
    ret_child->pid = (pid_t)pid;
    ret_child->pidfd = pidfd;
    return ERR_OK;
}

static void close_pair(int ends[2])
{
    for (int i = 0; i < 2; i++) {
        if (ends[i] >= 0) {
            (void)close(ends[i]);
        }
    }
}

/* Who says `> /dev/stdout` opens the pipe again, which its owner alone may. */
static void give_pipe(struct sandbox_task *task, int fd)
{
    struct stat status;
    if (task->root && fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode) &&
        fchown(fd, task->uid, task->gid) != 0) {
        sandbox_note(task, "/dev/stdout cannot be opened", strerrordesc_np(errno));
    }
}

static enum err launch(struct sandbox_task *task, struct sandbox_child *ret_child)
{
    int report[2] = {-1, -1};
    int leash[2] = {-1, -1};
    enum err err = ERR_IO;
    struct sandbox_child child = {.level = task->level, .leash = -1, .report = -1};
    if (pipe2(report, O_CLOEXEC) != 0 || fcntl(report[0], F_SETFL, O_NONBLOCK) != 0 ||
        (task->level != SANDBOX_FULL && pipe2(leash, O_CLOEXEC) != 0)) {
        err = sandbox_fault(task, "pipe", NULL);
        goto out;
    }
    task->report = report[1];
    task->leash = leash[0];
    if (task->level != SANDBOX_FULL) {
        sandbox_scratch_make(task);
        memcpy(child.scratch, task->scratch, sizeof child.scratch);
    }
    err = fork_top(task, &child);
    if (err == ERR_OK) {
        child.report = report[0];
        child.leash = leash[1];
        report[0] = -1;
        leash[1] = -1;
        *ret_child = child;
    } else {
        sandbox_scratch_remove(child.scratch);
    }
out:
    close_pair(report);
    close_pair(leash);
    return err;
}

enum err sandbox_launch(struct sandbox *self, const struct sandbox_job *job,
                        struct sandbox_child *ret_child, char *text)
{
    struct sandbox_task task = {.sandbox = self, .job = job, .leash = -1};
    task.level = job->limits->enabled ? self->level : SANDBOX_NONE;
    if (task.level < job->limits->level_min) {
        (void)snprintf(text, SANDBOX_TEXT_MAX + 1, "only level %s: %.200s",
                       sandbox_level_name(task.level), self->reason.text);
        return ERR_UNSUPPORTED;
    }
    if (task.level == SANDBOX_PARTIAL) {
        sandbox_note(&task, self->reason.text, NULL);
    }
    enum err err = choose_user(self, &task);
    if (err == ERR_OK) {
        give_pipe(&task, job->out);
        give_pipe(&task, job->err);
        err = launch(&task, ret_child);
    }
    if (err != ERR_OK) {
        (void)snprintf(text, SANDBOX_TEXT_MAX + 1, "%s", task.fault.text);
    }
    return err;
}

/* Runs an empty sandbox with an overlay to its end.  Returns whether all steps worked. */
static bool try_full(struct sandbox *self, struct sandbox_text *ret_reason)
{
    const struct sandbox_limits limits = {.enabled = true};
    const struct sandbox_job job = {.project = PROBE_PROJECT,
                                    .limits = &limits,
                                    .out = self->null_fd,
                                    .err = self->null_fd,
                                    .control = -1};
    struct sandbox_child child = {.pid = -1, .report = -1, .pidfd = -1};
    self->level = SANDBOX_FULL;
    if (sandbox_launch(self, &job, &child, ret_reason->text) != ERR_OK) {
        return false;
    }
    struct sandbox_report report = {.kind = SANDBOX_FAILED, .text = "no answer"};
    struct pollfd fd = {.fd = child.report, .events = POLLIN};
    int ready;
    do {
        ready = poll(&fd, 1, PROBE_MS_MAX);
    } while (ready < 0 && errno == EINTR);
    if (ready > 0 && read(child.report, &report, sizeof report) != (ssize_t)sizeof report) {
        report = (struct sandbox_report){.kind = SANDBOX_FAILED, .text = "it died"};
    }
    (void)kill(child.pid, SIGKILL);
    (void)waitpid(child.pid, NULL, 0);
    (void)close(child.report);
    (void)close(child.pidfd);
    report.text[SANDBOX_TEXT_MAX] = '\0';
    (void)snprintf(ret_reason->text, sizeof ret_reason->text, "%s", report.text);
    return report.kind == SANDBOX_READY;
}

enum err sandbox_new(struct sandbox **ret_sandbox)
{
    struct sandbox *self = calloc(1, sizeof *self);
    if (!self) {
        return ERR_MEMORY;
    }
    self->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    enum err err = self->null_fd < 0 ? ERR_IO : sandbox_filter_new(&self->filter);
    if (err != ERR_OK) {
        sandbox_destroy(&self);
        return err;
    }
    struct sandbox_text reason = {.text = ""};
    if (!try_full(self, &reason)) {
        self->level = SANDBOX_PARTIAL;
        (void)snprintf(self->reason.text, sizeof self->reason.text, "no namespaces (%.*s)",
                       SANDBOX_TEXT_MAX - PREFIX_SIZE_MAX, reason.text);
    } else {
        self->reason = reason;
    }
    *ret_sandbox = self;
    return ERR_OK;
}

void sandbox_destroy(struct sandbox **sandbox)
{
    assert(sandbox);
    struct sandbox *self = *sandbox;
    if (!self) {
        return;
    }
    for (size_t i = 0; i < self->idmaps_count; i++) {
        if (self->idmaps[i].fd >= 0) {
            (void)close(self->idmaps[i].fd);
        }
    }
    if (self->null_fd >= 0) {
        (void)close(self->null_fd);
    }
    free(self->filter.filter);
    free(self);
    *sandbox = NULL;
}

enum sandbox_level sandbox_probe(char *text, size_t size)
{
    assert(text);
    assert(size > 0);
    struct sandbox *sandbox = NULL;
    enum err err = sandbox_new(&sandbox);
    if (err != ERR_OK) {
        (void)snprintf(text, size, "%s", err_text(err));
        return SANDBOX_NONE;
    }
    enum sandbox_level level = sandbox->level;
    (void)snprintf(text, size, "%s", sandbox->reason.text);
    sandbox_destroy(&sandbox);
    return level;
}
