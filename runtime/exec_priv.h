/* exec_priv.h - what the exec*.c files share.  For nobody else.
 *
 * Calls go down only: exec.c knows children, exec_child.c knows streams.  Everything declared here
 * is for the net thread.
 */
#ifndef RUNTIME_EXEC_PRIV_H
#define RUNTIME_EXEC_PRIV_H

#include "runtime/exec.h"
#include "runtime/exec_order.h"

#include <pthread.h>

enum {
    CHUNK_BYTES = MSG_MAX_exec_output_bytes,
    STREAMS = 3 /* stdout, stderr and, last, the control socket */
};

enum child_state { CHILD_WAITING, CHILD_STARTING, CHILD_RUNNING, CHILD_ENDED };

/* What a command writes: stdout (1), stderr (2), the control socket (3). */
struct stream {
    struct net_watch watch; /* first, so that a watch is its stream; fd -1: closed */
    struct child *child;
    uint64_t number;
    bool watched;
    size_t head;  /* bytes passed on at once */
    size_t rest;  /* bytes read after the end of the tree */
    uint64_t cut; /* bytes that fell out of the tail */
    char *tail;   /* the latest bytes, a ring; NULL until it is needed */
    size_t size;  /* of them */
    size_t at;    /* the oldest */
    bool cut_told;
};

struct child {
    struct exec *exec;

    /* Under the lock. */
    uint64_t id; /* 0: free */
    struct rt_address owner;
    char *input; /* for its control socket */
    size_t input_size;
    size_t input_capacity;
    bool input_closed;
    bool kill;
    bool listed; /* in exec->work */
    struct child *work_next;

    struct exec_order *order; /* handed over with the first listing, the net thread's since then */

    /* The net thread's. */
    bool active;
    enum child_state state;
    bool kill_sent;
    bool orphan; /* its owner is gone: nobody is told */
    bool retry;
    bool started_due; /* `started` is still to be told */
    struct spawn_event started;
    struct spawn_event last;
    struct stream streams[STREAMS];
    char *held; /* CHUNK_BYTES; what has been read and not yet taken by the owner */
    size_t held_size;
    uint64_t held_stream;
};

struct exec {
    const struct config *config;
    struct spawner *spawner;
    struct net *net;
    struct rt_system *system;
    char *home; /* of our user; NULL: none worth hiding */
    char *writable_text;
    const char *writable[SANDBOX_PATHS_MAX + 1];
    struct net_watch events; /* of the spawner */
    struct net_watch wake;   /* an eventfd: there is work */
    struct net_watch timer;  /* a timerfd: time to try again */
    bool timer_set;
    bool level_known;
    enum sandbox_level level; /* of all commands */
    bool dead;                /* the spawner is; net thread */
    atomic_bool failed;
    pthread_mutex_t lock;
    struct child *work; /* newest first */
    struct child *children[EXEC_COMMANDS_MAX];
    size_t count; /* of children that were ever made */
};

/* ---- exec.c ---- */

/* A child that cannot go on is tried again, in a few ms. */
void exec_try_later(struct child *child);

/* ---- exec_child.c ---- */

/* A child that has just been admitted. */
void exec_child_begin(struct child *child);

/* As far as it can come now; afterwards it may be free. */
void exec_child_progress(struct child *child);

/* It ends here, with `text` as the reason; progress tells the owner. */
void exec_child_fail(struct child *child, const char *text);

/* Its memory too.  When nothing runs any more. */
void exec_child_free(struct child *child);

/* ---- exec_stream.c ---- */

/* What the net thread is to wake us for. */
void exec_stream_watch_all(struct child *child, bool reading, bool writing);
void exec_stream_close(struct stream *stream);

/* Reads once into child->held, which is empty; false when nothing was there.  At the end of the
 * tree that means: never again. */
bool exec_stream_read(struct stream *stream, bool ended);

/* The next piece of the tail into child->held; false when there is none. */
bool exec_stream_take_tail(struct stream *stream);

/* Writes what the command takes now; returns whether something is left. */
bool exec_stream_flush_input(struct child *child);

#endif
