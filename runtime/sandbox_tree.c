/* sandbox_tree.c - weighs and kills all descendants of a process without the help of namespaces.
 *
 * Killing works where the process is a child subreaper: what loses its parent becomes our child, so
 * nobody leaves the tree.  All are stopped before any is killed; else those that fork faster than
 * we read /proc would win.
 */
#include "runtime/sandbox_priv.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TREE_MAX        131072 /* processes of the whole machine */
#define ROUNDS_MAX      400
#define STOP_ROUNDS_MAX 8
#define ROUND_NS        5000000L

struct process {
    pid_t pid;
    pid_t parent;
    bool ours;
};

struct tree {
    size_t count;
    struct process processes[TREE_MAX];
};

static bool read_process(const char *name, struct process *ret_process)
{
    char path[64];
    char text[512];
    (void)snprintf(path, sizeof path, "/proc/%.20s/stat", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t size = read(fd, text, sizeof text - 1);
    (void)close(fd);
    if (size <= 0) {
        return false;
    }
    text[size] = '\0';
    /* "pid (name) state parent": the name may hold anything, so look from its end. */
    const char *after = strrchr(text, ')');
    if (!after || strlen(after) < 5 || after[2] == 'Z') {
        return false;
    }
    *ret_process = (struct process){.pid = (pid_t)strtol(text, NULL, 10),
                                    .parent = (pid_t)strtol(after + 4, NULL, 10)};
    return true;
}

static bool is_kept(pid_t pid, const pid_t *keep, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (keep[i] == pid) {
            return true;
        }
    }
    return false;
}

/* Marks the children of `parent`; returns whether there were new ones. */
static bool mark_children(struct tree *tree, pid_t parent, const pid_t *keep, size_t count)
{
    bool found = false;
    for (size_t i = 0; i < tree->count; i++) {
        struct process *process = &tree->processes[i];
        if (!process->ours && process->parent == parent && !is_kept(process->pid, keep, count)) {
            process->ours = true;
            found = true;
        }
    }
    return found;
}

/* Reads /proc and marks all below root; returns how many there are. */
static size_t scan(struct tree *tree, pid_t root, const pid_t *keep, size_t count)
{
    tree->count = 0;
    DIR *proc = opendir("/proc");
    if (!proc) {
        return 0;
    }
    const struct dirent *entry;
    while (tree->count < TREE_MAX && (entry = readdir(proc))) {
        if (isdigit((unsigned char)entry->d_name[0]) &&
            read_process(entry->d_name, &tree->processes[tree->count])) {
            tree->count++;
        }
    }
    (void)closedir(proc);
    bool more = mark_children(tree, root, keep, count);
    while (more) { /* ends because each turn marks at least one */
        more = false;
        for (size_t i = 0; i < tree->count; i++) {
            if (tree->processes[i].ours) {
                more |= mark_children(tree, tree->processes[i].pid, NULL, 0);
            }
        }
    }
    size_t ours = 0;
    for (size_t i = 0; i < tree->count; i++) {
        ours += tree->processes[i].ours ? 1 : 0;
    }
    return ours;
}

static void signal_all(const struct tree *tree, int signal)
{
    for (size_t i = 0; i < tree->count; i++) {
        if (tree->processes[i].ours) {
            (void)kill(tree->processes[i].pid, signal);
        }
    }
}

/* Reaps our children but those in keep; returns whether one of the others is left. */
static bool reap(const pid_t *keep, size_t count)
{
    siginfo_t info = {.si_pid = 0};
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid > 0) {
        if (is_kept(info.si_pid, keep, count)) {
            return true; /* whoever kept it reaps it first; we come again */
        }
        (void)waitpid(info.si_pid, NULL, WNOHANG);
        info.si_pid = 0;
    }
    return errno != ECHILD;
}

/* Reads the beginning of a process's file; "" when it has ended or may not be read. */
static void read_file(pid_t pid, const char *name, char *text, size_t size)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);
    if (fd >= 0) {
        (void)close(fd);
    }
    text[got < 0 ? 0 : got] = '\0';
}

static uint64_t own_bytes(pid_t pid, bool exact)
{
    char text[1024];
    if (exact) {
        static const char key[] = "Pss_Anon:";
        read_file(pid, "smaps_rollup", text, sizeof text);
        const char *line = strstr(text, key);
        if (line) {
            return strtoull(line + sizeof key - 1, NULL, 10) * 1024;
        }
    }
    read_file(pid, "statm", text, sizeof text);
    char *end = text;
    (void)strtoull(end, &end, 10); /* of the address space */
    uint64_t resident = strtoull(end, &end, 10);
    uint64_t shared = strtoull(end, &end, 10);
    return resident < shared ? 0 : (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t sandbox_tree_memory(pid_t root, bool exact)
{
    struct tree *tree = malloc(sizeof *tree);
    if (!tree) {
        return 0;
    }
    (void)scan(tree, root, NULL, 0);
    uint64_t bytes = 0;
    for (size_t i = 0; i < tree->count; i++) {
        bytes += tree->processes[i].ours ? own_bytes(tree->processes[i].pid, exact) : 0;
    }
    free(tree);
    return bytes;
}

bool sandbox_tree_kill(pid_t root, const pid_t *keep, size_t count)
{
    /* Who adopts all orphans and has no child has no descendant: the usual case, and /proc is slow.
     */
    if (root == getpid() && waitid(P_ALL, 0, &(siginfo_t){0}, WEXITED | WNOHANG | WNOWAIT) != 0 &&
        errno == ECHILD) {
        return true;
    }
    struct tree *tree = malloc(sizeof *tree);
    if (!tree) {
        return false;
    }
    size_t left = 1;
    for (int round = 0; round < ROUNDS_MAX && left > 0; round++) {
        left = scan(tree, root, keep, count);
        size_t before = 0;
        for (int i = 0; i < STOP_ROUNDS_MAX && left > before; i++) {
            signal_all(tree, SIGSTOP);
            before = left;
            left = scan(tree, root, keep, count);
        }
        signal_all(tree, SIGKILL);
        (void)reap(keep, count);
        if (left > 0) {
            (void)nanosleep(&(struct timespec){.tv_nsec = ROUND_NS}, NULL);
        }
    }
    (void)reap(keep, count);
    free(tree);
    return left == 0;
}
