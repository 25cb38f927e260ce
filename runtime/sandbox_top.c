/* sandbox_top.c - the process at the top of a tree.
 *
 * With namespaces it is their init: when it ends, for whatever reason, the kernel kills all that
 * is in them.  Without, it is a guard: all orphans of the tree become its children, and it kills
 * them when the command ends, when the spawner lets go of the leash or when the spawner is dead.
 */
#include "runtime/sandbox_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIGNAL_CODE_BASE 128 /* exit code for a command killed by a signal, as shells have it */

static void tell(const struct sandbox_task *task, enum sandbox_report_kind kind, int status)
{
    struct sandbox_report report = {.kind = kind, .status = status};
    if (kind != SANDBOX_ENDED) {
        const char *text = kind == SANDBOX_READY ? task->notes.text : task->fault.text;
        (void)snprintf(report.text, sizeof report.text, "%s", text);
    }
    (void)!write(task->report, &report, sizeof report);
}

static _Noreturn void end(const struct sandbox_task *task, int status)
{
    tell(task, SANDBOX_ENDED, status);
    _exit(WIFSIGNALED(status) ? SIGNAL_CODE_BASE + WTERMSIG(status) : WEXITSTATUS(status));
}

static _Noreturn void give_up(const struct sandbox_task *task)
{
    tell(task, SANDBOX_FAILED, 0);
    _exit(1);
}

static enum err prepare_init(struct sandbox_task *task)
{
    if (!sandbox_bind_to_parent(task)) {
        return sandbox_fault(task, "bind to the parent's life", NULL);
    }
    (void)setsid();
    (void)prctl(PR_SET_NAME, "sandbox-init");
    enum err err = task->root ? ERR_OK : sandbox_user_map(task);
    if (err == ERR_OK) {
        err = sandbox_root_enter(task);
    }
    if (err == ERR_OK) {
        err = sandbox_user_drop(task);
    }
    return err == ERR_OK ? sandbox_filter_load(task) : err;
}

void sandbox_init_run(struct sandbox_task *task)
{
    pid_t command = 0;
    enum err err = prepare_init(task);
    if (err == ERR_OK && task->job->argv) {
        err = sandbox_command_start(task, &command);
    }
    if (err != ERR_OK) {
        give_up(task);
    }
    tell(task, SANDBOX_READY, 0);
    if (!task->job->argv) {
        _exit(0);
    }
    for (;;) {
        int status = 0;
        pid_t pid = waitpid(-1, &status, 0);
        if (pid == command) {
            end(task, status);
        }
        if (pid < 0 && errno != EINTR) { /* cannot happen before the command was reaped */
            give_up(task);
        }
    }
}

/* Reaps what has ended; returns whether the command was among it. */
static bool reap(pid_t command, int *ret_status)
{
    bool found = false;
    int status = 0;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == command) {
            *ret_status = status;
            found = true;
        }
    }
    return found;
}

static void guard(struct sandbox_task *task, pid_t command, int children)
{
    struct pollfd fds[] = {{.fd = task->leash, .events = POLLIN},
                           {.fd = children, .events = POLLIN}};
    bool running = true;
    int status = SIGKILL; /* as waitpid() would say it */
    while (running) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR) {
            running = false;
        }
        struct signalfd_siginfo info;
        (void)!read(children, &info, sizeof info);
        if (reap(command, &status) || fds[0].revents) {
            running = false;
        }
    }
    (void)sandbox_tree_kill(getpid(), NULL, 0);
    sandbox_scratch_remove(task->scratch);
    end(task, status);
}

void sandbox_guard_run(struct sandbox_task *task)
{
    sigset_t child;
    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    (void)pthread_sigmask(SIG_BLOCK, &child, NULL);
    (void)setsid();
    (void)prctl(PR_SET_NAME, "sandbox-guard");
    /* Nobody of the same user may look into the guard or take it over. */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    pid_t command = 0;
    int children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (children < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
        (void)sandbox_fault(task, "become the guard", NULL);
        give_up(task);
    }
    if (sandbox_command_start(task, &command) != ERR_OK) {
        sandbox_scratch_remove(task->scratch);
        give_up(task);
    }
    tell(task, SANDBOX_READY, 0);
    guard(task, command, children);
    _exit(0);
}
