/* sandbox.h - a place in which hostile code runs and out of which nothing comes.
 *
 * The full sandbox is a new root on a tmpfs in namespaces of its own: programs read-only, the
 * project as an overlay whose changes vanish, a private /tmp, no network but loopback, no
 * capabilities, a system call filter.  Where the kernel permits no namespaces, less is done and
 * the level says so.  Everything here is called by the spawner process, which has one thread;
 * only sandbox_probe() is for others.
 */
#ifndef RUNTIME_SANDBOX_H
#define RUNTIME_SANDBOX_H

#include "proto/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SANDBOX_UID_DEFAULT           65534u
#define SANDBOX_TMP_BYTES_DEFAULT     (UINT64_C(512) << 20)
#define SANDBOX_FILES_OPEN_DEFAULT    4096u
#define SANDBOX_PROCESSES_MAX_DEFAULT 4096u
#define SANDBOX_PATHS_MAX             64 /* entries of one path list */
#define SANDBOX_TEXT_MAX              255
#define SANDBOX_SCRATCH_SIZE          24
#define SANDBOX_HOME                  "/tmp/home" /* exists in the full sandbox, empty and writable */

enum sandbox_level {
    SANDBOX_NONE,    /* asked for: session, user, rlimits, no_new_privs, the tree can be killed */
    SANDBOX_PARTIAL, /* no namespaces here: as above and the system call filter */
    SANDBOX_FULL,    /* everything */
};

/* Zero means the default, so {.enabled = true} is the usual sandbox.  Path lists are absolute,
 * end with NULL, may be NULL, and are only looked at during the call. */
struct sandbox_limits {
    bool enabled;
    bool network;                 /* keep the host's network */
    enum sandbox_level level_min; /* refuse to run below this level */
    uint32_t uid;                 /* used when we are root; 0 means SANDBOX_UID_DEFAULT */
    uint32_t gid;
    uint32_t files_open_max; /* per process */
    uint32_t processes_max;  /* threads count; per sandbox where user namespaces exist */
    uint64_t deadline_ms;    /* wall time from the spawn on; 0 means none */
    uint64_t tmp_bytes_max;  /* all that is written in the sandbox, the overlay included */
    uint64_t file_bytes_max; /* per file; 0 means unlimited */
    uint64_t
        memory_bytes_max; /* of the whole tree, and then it is killed; 0: 3/4 of the machine's */
    const char *const *readable; /* host paths shown read-only at the same path */
    const char *const *writable; /* host directories shown for writing at the same path */
    const char *const *hidden;   /* paths covered by nothing, such as our own keys in /etc */
};

/* What this machine permits, tried out with one empty sandbox (a few ms; forks, so call it with
 * one thread).  Writes a sentence of at most size - 1 bytes, why it is not more, or "". */
enum sandbox_level sandbox_probe(char *text, size_t size);

/* "full", "partial" or "none"; static. */
const char *sandbox_level_name(enum sandbox_level level);

/* ---- for the spawner process only ---- */

struct sandbox; /* what all sandboxes share: the filter, id maps, the level that is possible */

/* One command.  All descriptors stay the caller's; control is -1 where there is none. */
struct sandbox_job {
    const char *const *argv;
    const char *const *env;
    const char *cwd;     /* NULL: the project, else / */
    const char *project; /* NULL: none */
    const struct sandbox_limits *limits;
    int out;
    int err;
    int control;
};

/* The process at the top of a tree.  The caller owns pid and descriptors. */
struct sandbox_child {
    pid_t pid;
    int pidfd;
    int report; /* non-blocking; struct sandbox_report messages */
    int leash;  /* without namespaces: close it and the tree is killed; else -1 */
    enum sandbox_level level;
    char scratch[SANDBOX_SCRATCH_SIZE]; /* without namespaces: its folder in /tmp, or "" */
};

enum sandbox_report_kind {
    SANDBOX_READY = 1, /* the command runs; text: notes */
    SANDBOX_FAILED,    /* it does not; text: the step and why */
    SANDBOX_OUTGROWN,  /* its tree holds too much memory and is killed */
    SANDBOX_ENDED,     /* status: as from waitpid() */
};

/* What the top of the tree tells; one write, so it comes whole or not at all. */
struct sandbox_report {
    enum sandbox_report_kind kind;
    int status;
    char text[SANDBOX_TEXT_MAX + 1];
};

/* Finds out what is possible and compiles the filter.  ERR_MEMORY, ERR_IO. */
enum err sandbox_new(struct sandbox **ret_sandbox) MUST_CHECK;
void sandbox_destroy(struct sandbox **sandbox);

/* Starts the top of a tree; what happens inside is told through ret_child->report.  On an error
 * `text` (SANDBOX_TEXT_MAX + 1 bytes) says which step failed.  ERR_UNSUPPORTED if level_min cannot
 * be reached, ERR_REFUSED for a user that may not be used, else ERR_IO. */
enum err sandbox_launch(struct sandbox *self, const struct sandbox_job *job,
                        struct sandbox_child *ret_child, char *text) MUST_CHECK;

/* SIGKILL to all below `root` that are not its direct children in `keep` (count entries), again
 * and again until none is left or the rounds are used up; reaps what became our child.
 * Returns whether none is left. */
bool sandbox_tree_kill(pid_t root, const pid_t *keep, size_t count);

/* Bytes of memory that all below `root` hold, as of now: what each has for itself.  Pages of files
 * and of shared memory do not count; the latter lie in a tmpfs that has its own limit.  What a
 * process shares with those it forked counts for each, unless `exact`, which costs ms per GiB. */
uint64_t sandbox_tree_memory(pid_t root, bool exact);

/* Removes the folder `path` and all below it, when all of its tree are dead.  The top of a tree
 * does that, and whoever finds the top dead before its tree.  Makes `path` "", which means none. */
void sandbox_scratch_remove(char *path);

#endif
