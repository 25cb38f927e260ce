/* system.h - the actors of one process, and the ports through which the world reaches them.
 *
 * The same system runs under worker threads (system_start) or, single-threaded and deterministic,
 * under a caller that steps it (system_run_ready, system_advance): tests and the simulator.
 */
#ifndef RUNTIME_SYSTEM_H
#define RUNTIME_SYSTEM_H

#include "runtime/envelope.h"

struct rt_system;

/* What the system asks of the world.  Called from any worker; must not block. */
struct ports {
    void *world;

    /* Takes over an envelope for another node. */
    void (*net_send)(void *world, struct envelope **envelope);
    bool net_parcels; /* links take it: it may be a parcel (envelope.h) */

    /* An actor of this process has taken a role. */
    void (*net_announce)(void *world, uint64_t role, uint64_t actor);

    /* As rt_exec and friends; the answers come back through system_tell. */
    void (*exec)(void *world, uint64_t id, struct rt_address owner,
                 const struct rt_command *command);
    enum err (*exec_write)(void *world, uint64_t id, const void *bytes, size_t size);
    void (*exec_kill)(void *world, uint64_t id);

    /* As rt_http and friends; HTTP_DONE and HTTP_REQUEST come through system_tell.  Of a cancelled
     * request nothing needs to come any more; http_close ends the server that http_serve began. */
    void (*http)(void *world, uint64_t id, struct rt_address owner,
                 const struct rt_http_request *request);
    void (*http_cancel)(void *world, uint64_t id);
    enum err (*http_serve)(void *world, struct rt_address owner, const char *at);
    void (*http_answer)(void *world, uint64_t id, uint64_t status, const char *type,
                        struct msg_str body);
    void (*http_close)(void *world);

    /* Takes over an operation; it comes back through system_store_done. */
    void (*store)(void *world, struct rt_store_op **op);

    /* Monotonic and wall milliseconds. */
    uint64_t (*now_ms)(void *world);
    uint64_t (*wall_ms)(void *world);

    /* A timer earlier than every other was set: whoever sleeps until the next must look again. */
    void (*timer_set)(void *world);

    /* One finished line of log. */
    void (*log)(void *world, enum rt_level level, const char *actor, const char *text);
};

struct system_options {
    const struct config *config; /* borrowed; outlives the system */
    const char *name;            /* of the process; copied */
    uint64_t node;               /* incarnation of the process, > 0 */
    uint64_t seed;               /* for rt_random and jitter */
    struct ports ports;
};

/* ERR_MEMORY. */
enum err system_new(const struct system_options *options, struct rt_system **ret_system) MUST_CHECK;

/* Frees everything; actors still alive are stopped as by a crash of the process: without a word.
 * No thread may use the system any more. */
void system_destroy(struct rt_system **system);

/* Starts a root actor, supervised by the system itself.  Before system_start, or while stepping. */
enum err system_spawn(struct rt_system *system, const struct rt_behaviour *behaviour,
                      const void *arg, size_t size, struct rt_address *ret_address) MUST_CHECK;

/* Starts runtime.workers threads. */
enum err system_start(struct rt_system *system) MUST_CHECK;

/* Stops all actors in reverse order of their start, waits at most `ms_max`, then ends the threads.
 * ERR_TIMEOUT when a handler was still running. */
enum err system_stop(struct rt_system *system, uint64_t ms_max) MUST_CHECK;

/* ---- stepping, without threads ---- */

/* Runs actors, in the order in which they became ready, until none is; true if any ran. */
bool system_run_ready(struct rt_system *system);

/* ---- from the world; any thread ---- */

/* Takes over an envelope that arrived for an actor of this process. */
void system_deliver(struct rt_system *system, struct envelope **envelope);

/* A message of the world itself (exec, …) to an actor; ERR_FULL leaves it to be tried again. */
enum err system_tell(struct rt_system *system, struct rt_address to,
                     const struct msg *msg) MUST_CHECK;

/* A thread of the world that delivers becomes a guest among the workers (one thread at a time; it
 * stays one until it ends): what it readies waits until it calls system_guest_run(), which runs
 * some of it at once and leaves the rest to the workers.  A message that arrives and its answer
 * then cost no change of threads.  Nothing may be locked that handlers lock. */
void system_guest(struct rt_system *system);
void system_guest_run(struct rt_system *system);

/* Takes back an operation whose apply() has been committed, or has failed. */
void system_store_done(struct rt_system *system, struct rt_store_op **op);

/* A node is linked; one of its actors has a role; the node is lost (its monitors fire). */
void system_role_up(struct rt_system *system, uint64_t role, struct rt_address actor,
                    const char *node_name);
void system_node_down(struct rt_system *system, uint64_t node);

/* Fires timers that are due at ports.now_ms(); returns when the next is due, UINT64_MAX for none.
 */
uint64_t system_run_timers(struct rt_system *system);

/* The account of messages from a node (0: this process's actors); lives as long as the system. */
struct account *system_account(struct rt_system *system, uint64_t node);

/* Takes back an envelope that net_send accepted but nobody will get: counts it, and tells whoever
 * asked, monitored or linked. */
void system_undeliverable(struct rt_system *system, struct envelope **envelope, enum err reason);

/* The supervision tree has given up at its root: the process should end with code 70. */
bool system_failed(const struct rt_system *system);

/* ---- looking in; any thread ---- */

struct system_stats {
    uint64_t actors;
    uint64_t queued; /* messages in mailboxes, from wherever they came, and on the way out */
    uint64_t restarts;
    uint64_t late_answers;
    uint64_t stuck;              /* handlers that did not return within runtime.stuck_ms */
    uint64_t handled;            /* messages given to actors, from wherever they came */
    uint64_t outcomes[OUTCOMES]; /* of all messages; those that left this process are HANDLED */
    uint64_t work_open;          /* what the actors told by rt_work, added up */
    uint64_t work_waiting;
};

/* Adds up an account for each node that was ever linked. */
void system_stats(struct rt_system *system, struct system_stats *ret_stats);

/* One actor, as it was a moment ago: each number is right, together they may be of two moments. */
struct actor_stats {
    uint64_t id;
    const char *name;              /* of its behaviour, static; NULL: it has not begun */
    enum term state;               /* TERM_actor_* */
    uint64_t queued, queued_bytes; /* messages that wait, or are being handled */
    uint64_t handled;
    uint64_t restarts;
    uint64_t latest_ms; /* monotonic: when it was given a message last, or began */
    /* Of one message in 64, of late (see times.h): how long it waited and was handled. */
    uint64_t samples;
    uint64_t wait_p50_ns, wait_p99_ns;
    uint64_t handling_p50_ns, handling_p99_ns;
};

/* The actor in the next slot behind that of `after` (0: the first); false: there are no more.
 * Passes over free slots, so the worst case is as many as ever lived at a time. */
bool system_actor_after(const struct rt_system *system, uint64_t after,
                        struct actor_stats *ret_stats);

#endif
