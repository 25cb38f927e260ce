/* sandbox_priv.h - what the sandbox_*.c files share.  For nobody else. */
#ifndef RUNTIME_SANDBOX_PRIV_H
#define RUNTIME_SANDBOX_PRIV_H

#include "runtime/sandbox.h"

#include <linux/filter.h>

#define SANDBOX_IDMAPS_MAX 16
#define SANDBOX_PATH_SIZE  4096

/* The first step that failed, with the system's reason. */
struct sandbox_text {
    char text[SANDBOX_TEXT_MAX + 1];
};

/* A user namespace that shows files of root as files of uid and gid, for idmapped mounts. */
struct sandbox_idmap {
    uint32_t uid;
    uint32_t gid;
    int fd; /* -1: the system refused */
};

struct sandbox {
    enum sandbox_level level;   /* the best that is possible */
    struct sandbox_text reason; /* why it is not more */
    struct sock_fprog filter;
    struct sandbox_idmap idmaps[SANDBOX_IDMAPS_MAX];
    size_t idmaps_count;
    int null_fd;
};

/* All that the processes of one tree know about their work. */
struct sandbox_task {
    const struct sandbox *sandbox;
    const struct sandbox_job *job; /* argv NULL: only try the set-up */
    enum sandbox_level level;
    bool root;       /* we have real privileges to give up */
    uint32_t uid;    /* who the command will be */
    uint32_t gid;    /* likewise */
    uint32_t mode;   /* of the project's directory */
    bool root_owned; /* the project belongs to root and uid is somebody else */
    int idmap;       /* -1: none */
    int report;      /* the writing end */
    int leash;       /* the reading end, -1 in the full sandbox */
    char scratch[SANDBOX_SCRATCH_SIZE];
    struct sandbox_text notes;
    struct sandbox_text fault;
};

/* Remembers the step that failed, with errno; returns ERR_IO so that callers can return it. */
enum err sandbox_fault(struct sandbox_task *task, const char *step, const char *detail);

/* Adds a sentence to the notes; what does not fit is cut. */
void sandbox_note(struct sandbox_task *task, const char *text, const char *detail);

/* sandbox_filter.c: the system call filter as a program; the caller frees filter. */
enum err sandbox_filter_new(struct sock_fprog *ret_filter) MUST_CHECK;

/* sandbox_idmap.c: the namespace for uid and gid, made once; -1 if that is not possible. */
int sandbox_idmap_get(struct sandbox *self, uint32_t uid, uint32_t gid);

/* sandbox_mount.c: all paths are absolute and are resolved inside of the new root. */
#define SANDBOX_ATTR_READ  (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
#define SANDBOX_ATTR_WRITE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

struct sandbox_root {
    struct sandbox_task *task;
    int fd; /* the new root */
};

/* As openat(); -1 and errno. */
int sandbox_open_inside(int root, const char *path, uint64_t flags);
/* Opens the place for a mount and makes it, and the directories above it, where missing. */
int sandbox_open_place(int root, const char *path, bool directory);
/* Puts the detached mount `tree` at `path`; takes over the descriptor. */
enum err sandbox_place(struct sandbox_root *self, int tree, const char *path,
                       bool directory) MUST_CHECK;
/* Shows `source` of the host and all below it at `path`. */
enum err sandbox_show(struct sandbox_root *self, const char *source, const char *path,
                      uint64_t attributes) MUST_CHECK;
/* A detached mount of a directory of the host that is written to or copied from; -1: see fault.
 * What belongs to root there belongs to our user in here, if the file system can do that. */
int sandbox_open_lent(struct sandbox_root *self, const char *source, bool root_owned);

/* sandbox_root.c: builds the new root and makes it ours. */
enum err sandbox_root_enter(struct sandbox_task *task) MUST_CHECK;

/* sandbox_user.c: writes `text` to a file of the kernel's in one piece; false: see errno. */
bool sandbox_write_file(const char *path, const char *text);
/* Maps our own uid and gid in the user namespace that we are in. */
enum err sandbox_user_map(struct sandbox_task *task) MUST_CHECK;
/* Gives up root, capabilities and the right to gain any; ends with the parent. */
enum err sandbox_user_drop(struct sandbox_task *task) MUST_CHECK;
/* In the full sandbox of root: a user namespace, so that processes are counted per sandbox. */
void sandbox_user_nest(struct sandbox_task *task);
enum err sandbox_filter_load(struct sandbox_task *task) MUST_CHECK;

/* sandbox_scratch.c: makes a temporary folder for the command; without one, a note says so. */
void sandbox_scratch_make(struct sandbox_task *task);
/* In the command's process: TMPDIR and HOME in `environ` lead there if they lead to /tmp. */
void sandbox_scratch_show(const struct sandbox_task *task);

/* sandbox_top.c: the process at the top of a tree, with and without namespaces. */
_Noreturn void sandbox_init_run(struct sandbox_task *task);
_Noreturn void sandbox_guard_run(struct sandbox_task *task);

/* sandbox_command.c: forks the command and returns when its exec has worked. */
enum err sandbox_command_start(struct sandbox_task *task, pid_t *ret_pid) MUST_CHECK;

/* Dies together with the parent; false if that is dead already. */
bool sandbox_bind_to_parent(const struct sandbox_task *task);

#endif
