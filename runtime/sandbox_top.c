/* sandbox_top.c - the process at the top of a tree.
 *
 * With namespaces it is their init: when it ends, for whatever reason, the kernel kills all that
 * is in them.  Without, it is a guard: all orphans of the tree become its children, and it kills
 * them when the command ends, when the spawner lets go of the leash or when the spawner is dead.
 * Either also weighs its tree: a limit of the address space would hit JavaScript engines, which
 * reserve far more than they use, and a control group is not to be had everywhere.
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
#include <time.h>
#include <unistd.h>

#define SIGNAL_CODE_BASE 128 /* exit code for a command killed by a signal, as shells have it */

/* No tree takes memory faster, so none is far beyond its limit when we look. */
#define GROWTH_BYTES_PER_MS (UINT64_C(4) << 20)
#define LOOK_MS_MIN         50
#define LOOK_MS_MAX         2000

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

static uint64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* How many ms the tree is left alone; the nearer it is to its limit, the sooner we look again.  0:
 * it is beyond. */
static int next_look(const struct sandbox_task *task)
{
    uint64_t max = task->job->limits->memory_bytes_max;
    if (max == 0) {
        max = (uint64_t)sysconf(_SC_PHYS_PAGES) / 4 * 3 * (uint64_t)sysconf(_SC_PAGESIZE);
    }
    uint64_t bytes = sandbox_tree_memory(getpid(), false);
    if (bytes > max) {
        bytes = sandbox_tree_memory(getpid(), true);
    }
    if (bytes > max) {
        return 0;
    }
    uint64_t ms = (max - bytes) / GROWTH_BYTES_PER_MS;
    return (int)(ms < LOOK_MS_MIN ? LOOK_MS_MIN : ms > LOOK_MS_MAX ? LOOK_MS_MAX : ms);
}

/* Until the command ends, the leash is let go, or the tree holds too much memory. */
static _Noreturn void watch(struct sandbox_task *task, pid_t command, int children)
{
    struct pollfd fds[] = {{.fd = task->leash, .events = POLLIN},
                           {.fd = children, .events = POLLIN}};
    bool running = true;
    int status = SIGKILL; /* as waitpid() would say it */
    uint64_t look_ms = now_ms() + LOOK_MS_MIN;
    while (running) {
        uint64_t now = now_ms();
        if (poll(fds, 2, look_ms > now ? (int)(look_ms - now) : 0) < 0 && errno != EINTR) {
            running = false;
        }
        struct signalfd_siginfo info;
        (void)!read(children, &info, sizeof info);
        if (reap(command, &status) || fds[0].revents) {
            running = false;
        } else if (now_ms() >= look_ms) {
            int ms = next_look(task);
            look_ms = now_ms() + (uint64_t)ms;
            if (ms == 0) {
                tell(task, SANDBOX_OUTGROWN, 0);
                running = false;
            }
        }
    }
    if (task->level != SANDBOX_FULL) {
        (void)sandbox_tree_kill(getpid(), NULL, 0);
        sandbox_scratch_remove(task->scratch);
    }
    end(task, status);
}

/* Where the ends of children are told; -1: the reason is the task's fault. */
static int open_children(struct sandbox_task *task)
{
    sigset_t child;
    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    (void)pthread_sigmask(SIG_BLOCK, &child, NULL);
    int children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (children < 0) {
        (void)sandbox_fault(task, "wait for children", NULL);
    }
    return children;
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
    int children = open_children(task);
    enum err err = children < 0 ? ERR_IO : prepare_init(task);
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
    watch(task, command, children);
}

void sandbox_guard_run(struct sandbox_task *task)
{
    int children = open_children(task);
    (void)setsid();
    (void)prctl(PR_SET_NAME, "sandbox-guard");
    /* Nobody of the same user may look into the guard or take it over. */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    pid_t command = 0;
    if (children < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
        (void)sandbox_fault(task, "become the guard", NULL);
        give_up(task);
    }
    if (sandbox_command_start(task, &command) != ERR_OK) {
        sandbox_scratch_remove(task->scratch);
        give_up(task);
    }
    tell(task, SANDBOX_READY, 0);
    watch(task, command, children);
}
