/* spawner.h - starts, bounds and kills processes from a process of its own.
 *
 * spawner_start() forks a small process before threads and sockets exist; it makes the sandboxes
 * and keeps the deadlines.  This is the daemon's end.  One thread uses it; nothing here blocks but
 * spawner_stop().  If the daemon dies, however, the spawner kills all trees and ends; if the
 * spawner dies, the trees die with it.
 *
 * Each accepted spawn gives [STARTED] EXITED, or FAILED; nothing follows EXITED and FAILED, and
 * then the id may be used again.
 */
#ifndef RUNTIME_SPAWNER_H
#define RUNTIME_SPAWNER_H

#include "proto/error.h"
#include "runtime/sandbox.h"

#define SPAWN_CHILDREN_MAX 256
#define SPAWN_BYTES_MAX    131072 /* all strings of a spec together, with their ends */
#define SPAWN_ARGS_MAX     4096
#define SPAWN_ENV_MAX      1024
#define SPAWN_PATH_MAX     4095

struct spawner;

struct spawn_spec {
    uint64_t id;             /* chosen by the caller, unique among those that run */
    const char *const *argv; /* ends with NULL; argv[0] is looked up in env's PATH */
    const char *const *env;  /* ends with NULL; exactly this and nothing else; NULL: empty */
    const char *cwd;         /* absolute; NULL: the project, else / */
    const char *project;     /* absolute; shown writable as an overlay; NULL: none */
    bool control;            /* fd 3 of the child: a stream socket, our end in spawn_fds */
    bool merge_output;       /* stderr goes into the same pipe as stdout; spawn_fds.err is -1 */
    struct sandbox_limits limits;
};

/* Our ends, O_CLOEXEC and O_NONBLOCK, owned by the caller; -1 where absent. */
struct spawn_fds {
    int control;
    int out;
    int err;
};

enum spawn_kind {
    SPAWN_STARTED = 1,
    SPAWN_FAILED,
    SPAWN_EXITED,
};

struct spawn_event {
    enum spawn_kind kind;
    uint64_t id;
    char text[SANDBOX_TEXT_MAX + 1]; /* STARTED: notes; FAILED: the step and why; else "" */
    /* STARTED */
    pid_t pid; /* the top of the tree: the sandbox's init or supervisor, not the command */
    enum sandbox_level level;
    /* FAILED */
    enum err err;
    /* EXITED: the command ended by itself with `code`, or by `signal` if that is not 0.  The other
     * figures are those of the whole tree as far as it was waited for. */
    int code;
    int signal;
    bool killed;    /* by spawner_kill() */
    bool timed_out; /* by the deadline */
    bool outgrown;  /* by the limit of its memory */
    uint64_t cpu_us;
    uint64_t rss_bytes_max; /* of the largest process */
    uint64_t wall_ms;
};

/* Forks the spawner process.  Call it from the main thread before there is any other: the process
 * ends with the thread that made it.  ERR_MEMORY, ERR_IO. */
enum err spawner_start(struct spawner **ret_spawner) MUST_CHECK;

/* Kills all trees, ends the process and reaps it (bounded, a few ms as a rule, blocks).  Events not
 * yet read are lost.  NULL inside is fine. */
void spawner_stop(struct spawner **spawner);

/* Asks for a child; does not wait for it.  *ret_fds belongs to the caller.  stdin is /dev/null.
 * ERR_FULL: SPAWN_CHILDREN_MAX run already, or the spawner is behind (try again);
 * ERR_EXISTS: the id runs; ERR_LIMIT: too many or too long strings;
 * ERR_MALFORMED: no argv[0] or a path that is not absolute and plain; ERR_GONE: the spawner died;
 * ERR_IO: no descriptors left. */
enum err spawner_spawn(struct spawner *self, const struct spawn_spec *spec,
                       struct spawn_fds *ret_fds) MUST_CHECK;

/* SIGKILL to the whole tree; EXITED still follows.  ERR_OK also if it has ended or never was.
 * ERR_FULL: the spawner is behind, try again; ERR_GONE. */
enum err spawner_kill(struct spawner *self, uint64_t id) MUST_CHECK;

/* The next event, without waiting.  ERR_NOT_FOUND: none now; ERR_GONE: the spawner died and with
 * it all children; only spawner_stop() makes sense then. */
enum err spawner_next(struct spawner *self, struct spawn_event *ret_event) MUST_CHECK;

/* Readable when spawner_next() has something to say; stays the spawner's. */
int spawner_fd(const struct spawner *self);

/* How many children have not yet given EXITED or FAILED through spawner_next(). */
size_t spawner_count(const struct spawner *self);

/* The spawner process, for the tests that kill it. */
pid_t spawner_pid(const struct spawner *self);

#endif
