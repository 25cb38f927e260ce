/* sandbox_command.c - starts the command inside a sandbox that is ready for it. */
#include "runtime/sandbox_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONTROL_FD      3
#define FIRST_FREE_FD   10 /* above all that the command gets */
#define STACK_BYTES     (8u << 20)
#define COMMAND_UMASK   022
#define EXIT_NO_COMMAND 127

static bool limit(int resource, uint64_t value)
{
    struct rlimit hard;
    if (getrlimit((__rlimit_resource_t)resource, &hard) != 0) {
        return false;
    }
    rlim_t max = (rlim_t)value < hard.rlim_max ? (rlim_t)value : hard.rlim_max;
    struct rlimit wanted = {.rlim_cur = max, .rlim_max = max};
    if (resource == RLIMIT_STACK) { /* the soft limit only: some programs ask for more */
        wanted.rlim_max = hard.rlim_max;
    }
    return setrlimit((__rlimit_resource_t)resource, &wanted) == 0;
}

static enum err set_limits(struct sandbox_task *task)
{
    const struct sandbox_limits *limits = task->job->limits;
    uint32_t files = limits->files_open_max ? limits->files_open_max : SANDBOX_FILES_OPEN_DEFAULT;
    uint32_t processes =
        limits->processes_max ? limits->processes_max : SANDBOX_PROCESSES_MAX_DEFAULT;
    bool ok =
        limit(RLIMIT_CORE, 0) && limit(RLIMIT_NOFILE, files) && limit(RLIMIT_STACK, STACK_BYTES);
    if (ok && limits->file_bytes_max) {
        ok = limit(RLIMIT_FSIZE, limits->file_bytes_max);
    }
    /* Without namespaces the count is that of the whole user, with the user's own desktop in it
     * perhaps: only a limit that somebody asked for is set. */
    if (ok && (task->level == SANDBOX_FULL || limits->processes_max)) {
        ok = limit(RLIMIT_NPROC, processes);
    }
    return ok ? ERR_OK : sandbox_fault(task, "setrlimit", NULL);
}

static enum err set_descriptors(struct sandbox_task *task)
{
    const struct sandbox_job *job = task->job;
    bool ok = dup2(task->sandbox->null_fd, STDIN_FILENO) >= 0 &&
              dup2(job->out, STDOUT_FILENO) >= 0 && dup2(job->err, STDERR_FILENO) >= 0;
    int first = CONTROL_FD;
    if (ok && job->control >= 0) {
        ok = job->control == CONTROL_FD ? fcntl(CONTROL_FD, F_SETFD, 0) == 0
                                        : dup2(job->control, CONTROL_FD) >= 0;
        first++;
    }
    if (!ok || close_range((unsigned)first, UINT32_MAX, CLOSE_RANGE_CLOEXEC) != 0) {
        return sandbox_fault(task, "pass the descriptors", NULL);
    }
    return ERR_OK;
}

static enum err change_directory(struct sandbox_task *task)
{
    const struct sandbox_job *job = task->job;
    const char *cwd = job->cwd ? job->cwd : job->project;
    if (chdir(cwd ? cwd : "/") != 0) {
        return sandbox_fault(task, "change to", cwd);
    }
    return ERR_OK;
}

/* Without namespaces the top of the tree stays what it is, and only the command steps down. */
static enum err step_down(struct sandbox_task *task)
{
    if (task->level == SANDBOX_FULL) {
        return ERR_OK;
    }
    enum err err = sandbox_user_drop(task);
    if (err == ERR_OK && task->level == SANDBOX_PARTIAL) {
        err = sandbox_filter_load(task);
    }
    return err;
}

static void exec_command(struct sandbox_task *task)
{
    enum err err = set_descriptors(task);
    if (err == ERR_OK) {
        err = set_limits(task);
    }
    if (err == ERR_OK) {
        err = step_down(task);
    }
    if (err == ERR_OK) {
        err = change_directory(task);
    }
    if (err != ERR_OK) {
        return;
    }
    (void)setsid();
    (void)umask(COMMAND_UMASK);
    sigset_t none;
    (void)sigemptyset(&none);
    (void)pthread_sigmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    const struct sandbox_job *job = task->job;
    static char *nothing[] = {NULL};
    /* The search for the program goes by the command's own PATH, not by ours; exec promises to
     * change neither list. */
    environ = nothing;
    if (job->env) {
        memcpy(&environ, &job->env, sizeof environ);
    }
    sandbox_scratch_show(task);
    char *const *argv = NULL;
    memcpy(&argv, &job->argv, sizeof argv);
    (void)execvp(argv[0], argv);
    (void)sandbox_fault(task, "execute", argv[0]);
}

enum err sandbox_command_start(struct sandbox_task *task, pid_t *ret_pid)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return sandbox_fault(task, "pipe", NULL);
    }
    pid_t pid = fork();
    if (pid == 0) {
        int end = fcntl(ends[1], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
        int report = fcntl(task->report, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
        task->report = report; /* only to see that the parent's parent lives */
        exec_command(task);
        (void)!write(end, task->fault.text, sizeof task->fault.text);
        _exit(EXIT_NO_COMMAND);
    }
    (void)close(ends[1]);
    if (pid < 0) {
        (void)close(ends[0]);
        return sandbox_fault(task, "fork", NULL);
    }
    char text[SANDBOX_TEXT_MAX + 1];
    ssize_t size;
    do { /* nothing comes if exec has closed the other end */
        size = read(ends[0], text, sizeof text);
    } while (size < 0 && errno == EINTR);
    (void)close(ends[0]);
    if (size != 0) {
        text[SANDBOX_TEXT_MAX] = '\0';
        (void)snprintf(task->fault.text, sizeof task->fault.text, "%s", size > 0 ? text : "pipe");
        (void)waitpid(pid, NULL, 0);
        return ERR_IO;
    }
    *ret_pid = pid;
    return ERR_OK;
}
