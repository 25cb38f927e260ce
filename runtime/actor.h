/* actor.h - what an actor is and all that it may do.
 *
 * An actor is a state and a function that takes one message at a time.  It runs on one thread at a
 * time, owns its state alone, and waits for nothing: time, randomness, network, processes and disk
 * are asked of the runtime through the functions below, and answers come as messages.  That is why
 * the same actor runs in production, under a probe with a fake clock, and in a seeded simulation.
 *
 * All functions that take a struct rt_context are called from the actor's own handlers only, on
 * whatever thread runs them, and never block.
 */
#ifndef RUNTIME_ACTOR_H
#define RUNTIME_ACTOR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "proto/message.h"
#include "proto/terms.h"

struct rt_context;

/* Where an actor is: the incarnation of its process, and its id there.  Both 0: nobody. */
struct rt_address {
    uint64_t node;
    uint64_t actor;
};

static inline bool rt_address_equal(struct rt_address a, struct rt_address b)
{
    return a.node == b.node && a.actor == b.actor;
}

/* What happens to a message that finds the receiver's user lane full. */
enum rt_overflow {
    RT_REJECT,     /* the sender is told: ERR_FULL from rt_send, FAILED to an ask */
    RT_DROP_NEWEST /* it is dropped, and counted */
};

/* When an ended actor is started again, under the same address and with its mailbox. */
enum rt_restart { RT_RESTART_ON_CRASH, RT_RESTART_NEVER };

/* What else happens when one child crashes. */
enum rt_strategy { RT_ONE_FOR_ONE, RT_ONE_FOR_ALL, RT_REST_FOR_ONE };

struct rt_behaviour {
    const char *name;  /* for logs; static */
    size_t state_size; /* bytes, zeroed before start */

    /* Begins a life.  `arg` is what rt_spawn was given.  An error is a crash.  May be NULL. */
    enum err (*start)(struct rt_context *ctx, void *state, const void *arg);

    /* Takes one message, borrowed for the time of the call.
     * ERR_UNKNOWN: it is not for this actor; it counts as rejected and an ask is told so.
     * Any other error is a crash: the state is stopped and, by the supervisor's rules, made anew;
     * a message that crashes its actor three times goes to the dead letters. */
    enum err (*receive)(struct rt_context *ctx, void *state, const struct msg *msg);

    /* Ends a life: frees what the state owns.  Runs after a crash too.  May be NULL. */
    void (*stop)(void *state);

    uint32_t mailbox_count_max; /* user lane; 0: runtime.mailbox_count_max */
    enum rt_overflow overflow;
    enum rt_restart restart;
    enum rt_strategy strategy; /* towards its children */
    bool trap_exits;           /* EXITs of linked actors come as messages instead of ending it */
};

/* ---- who and when ---- */

struct rt_address rt_self(const struct rt_context *ctx);

/* Who sent the message being handled; nobody in start(). */
struct rt_address rt_sender(const struct rt_context *ctx);

/* Monotonic milliseconds; comparable only within one process. */
uint64_t rt_now_ms(const struct rt_context *ctx);

/* Wall-clock milliseconds since 1970 UTC; for people only, it may jump. */
uint64_t rt_wall_ms(const struct rt_context *ctx);

uint64_t rt_random(struct rt_context *ctx);

/* The configuration; outlives every actor. */
const struct config *rt_config(const struct rt_context *ctx);

/* Name of this process, the same after a restart; outlives every actor. */
const char *rt_node_name(const struct rt_context *ctx);

enum rt_level { RT_ERROR, RT_WARN, RT_INFO, RT_DEBUG };

/* One line of key=value text; never secrets. */
void rt_log(struct rt_context *ctx, enum rt_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- messages ---- */

/* Copies `msg` and sends it.  To another process, ERR_OK proves nothing but acceptance here.
 * ERR_FULL: the receiver (or the link to it) has no room; nothing was sent.
 * ERR_GONE: there is no such actor or node any more.  ERR_LIMIT, ERR_MEMORY. */
enum err rt_send(struct rt_context *ctx, struct rt_address to, const struct msg *msg) MUST_CHECK;

/* As rt_send, for a message whose loss the protocol makes good; a failure is counted. */
void rt_tell(struct rt_context *ctx, struct rt_address to, const struct msg *msg);

/* Sends a message that wants an answer.  The answer, or FAILED when there can be none (time-out
 * after `timeout_ms`, receiver gone or full, message unknown there), comes as a message for which
 * rt_answered() is *ret_ask.  Exactly one of them comes, also when this returns an error.
 *
 * An ask made while handling an ask is nested in that one.  Whoever waits for its answer, however
 * far out, cannot be asked: ERR_CYCLE, and FAILED says who would wait for whom; the actor itself
 * cannot either.  Through actors of other processes only the nearest asker is known; a cycle that
 * is not seen ends with its deadline.  ERR_LIMIT: 32 asks are nested in each other already. */
enum err rt_ask(struct rt_context *ctx, struct rt_address to, const struct msg *msg,
                uint64_t timeout_ms, uint64_t *ret_ask) MUST_CHECK;

/* Takes back an ask of this actor: neither answer nor FAILED comes any more.  Where it still waits
 * in the receiver's mailbox it is ended without being handled (it counts as expired); what has been
 * begun is not interrupted, and one that is overtaken on a link is begun.  Of an ask that was
 * answered, or is none, nothing is changed. */
void rt_cancel(struct rt_context *ctx, uint64_t ask);

/* The ask that the message being handled answers; 0 when it answers none. */
uint64_t rt_answered(const struct rt_context *ctx);

/* Who is to be answered; may be kept and used in a later handler. */
struct rt_caller {
    struct rt_address address;
    uint64_t ask;
};

struct rt_caller rt_caller(const struct rt_context *ctx);

/* Answers a caller; when it did not ask, the message is simply sent. */
void rt_answer(struct rt_context *ctx, struct rt_caller caller, const struct msg *msg);

/* Answers the message being handled. */
void rt_reply(struct rt_context *ctx, const struct msg *msg);

/* Passes the message being handled on to another actor, which sees its first sender, deadline and
 * ask, and answers it in our place.  Errors as for rt_send. */
enum err rt_forward(struct rt_context *ctx, struct rt_address to) MUST_CHECK;

/* Puts the message being handled aside when the handler returns ERR_OK: for what comes too early.
 * It stays one of the mailbox, counts for its bounds, keeps its ask and its deadline, and outlives
 * a crash.  ERR_UNSUPPORTED: a signal of the runtime or an answer, which cannot wait; ERR_MEMORY.
 */
enum err rt_stash(struct rt_context *ctx) MUST_CHECK;

/* Takes all that was put aside, in the order in which it came, before what else is waiting.  The
 * end of a life does the same: the next one sees it again. */
void rt_unstash(struct rt_context *ctx);

/* A TICK with `tag` comes after `delay_ms`.  Returns its number for rt_tick_cancel; 0 when memory
 * ran out.  A tick of a life that has ended does not come. */
uint64_t rt_tick(struct rt_context *ctx, uint64_t delay_ms, uint64_t tag);
void rt_tick_cancel(struct rt_context *ctx, uint64_t tick);

/* ---- other actors ---- */

/* Starts a child, supervised by the caller.  `arg` (`size` bytes) is copied and given to start()
 * at each of its lives.  start() runs later, on the child's own turn. */
enum err rt_spawn(struct rt_context *ctx, const struct rt_behaviour *behaviour, const void *arg,
                  size_t size, struct rt_address *ret_child) MUST_CHECK;

/* Ends this actor normally, after the handler returns; its children before it. */
void rt_stop(struct rt_context *ctx);

/* Asks another actor to end; it does, normally, unless it traps exits. */
void rt_exit(struct rt_context *ctx, struct rt_address other);

/* DOWN comes, exactly once, when `other` has ended for good or its node is lost; at once when it
 * is so already.  A restart by its supervisor is no end. */
uint64_t rt_monitor(struct rt_context *ctx, struct rt_address other);
void rt_demonitor(struct rt_context *ctx, uint64_t ref);

/* When one of the two ends abnormally the other does too. */
void rt_link(struct rt_context *ctx, struct rt_address other);
void rt_unlink(struct rt_context *ctx, struct rt_address other);

/* Says how much this actor has under way and how much waits for it, in whatever pieces it works;
 * for people only.  What the actors of a process say is added up; 0 at each life's beginning. */
void rt_work(struct rt_context *ctx, uint64_t open, uint64_t waiting);

/* ---- roles ---- */

/* Makes this actor the one of its process in a role (enum term, 1-63), known to all linked nodes.
 */
void rt_take_role(struct rt_context *ctx, uint64_t role);

/* ROLE_UP comes for every actor in the role, now and whenever one appears. */
void rt_watch_role(struct rt_context *ctx, uint64_t role);

/* ---- topics ---- */

/* A topic belongs to a process: it is known by its name there, and is for as long as somebody has
 * subscribed to it.  Those who share work by rt_publish_one are a group. */
enum {
    RT_TOPIC_NAME_MAX = 64,
    RT_TOPICS_MAX = 1024, /* of a process, with those of other ones that its actors hear */
    RT_TOPIC_SUBSCRIBERS_MAX = 4096,
    RT_TOPIC_NODES_MAX = 1024 /* subscriptions of other processes to topics of this one */
};

/* This actor gets what is published, until it unsubscribes or has ended for good: like its mailbox
 * a subscription outlives a crash.  To subscribe again changes nothing.  ERR_LIMIT: `topic` is
 * empty or longer than RT_TOPIC_NAME_MAX bytes; ERR_FULL: as many topics or subscribers as there
 * may be; ERR_MEMORY. */
enum err rt_subscribe(struct rt_context *ctx, const char *topic) MUST_CHECK;
void rt_unsubscribe(struct rt_context *ctx, const char *topic); /* if it has subscribed */

/* The same for a topic of process `node`: what is published there comes once over the link, however
 * many have subscribed here, and goes on to each of them with its first sender.  It begins when the
 * word of it has arrived there, what a link loses is lost, and it ends with the link: who wants to
 * hear more monitors an actor of `node` (or watches its role) and subscribes anew, to the next
 * incarnation or link.  It ends, with a line in the log, also when that process has no room for it
 * or is too old to know of it.  Errors as above; ERR_GONE: `node` is 0. */
enum err rt_subscribe_at(struct rt_context *ctx, uint64_t node, const char *topic) MUST_CHECK;
void rt_unsubscribe_at(struct rt_context *ctx, uint64_t node, const char *topic);

/* Copies `msg` to each subscriber, as rt_send; the sender is one too if it has subscribed.  Returns
 * how many took it: those without room did not, and another process counts as one.  Two messages
 * that one actor publishes come to each in this order. */
size_t rt_publish(struct rt_context *ctx, const char *topic, const struct msg *msg);

/* Sends `msg` to one subscriber of this process, in turn, passing over those without room.  Errors
 * as for rt_send: ERR_GONE: there is none; ERR_FULL: none has room. */
enum err rt_publish_one(struct rt_context *ctx, const char *topic,
                        const struct msg *msg) MUST_CHECK;

/* ---- commands ---- */

struct rt_command {
    const char *const *argv;     /* NULL-terminated; argv[0] is looked up in PATH of env */
    const char *const *env;      /* NULL-terminated NAME=VALUE; nothing else is inherited */
    const char *cwd;             /* absolute */
    const char *project;         /* tree shown to it as its own, writable copy; NULL: none */
    const char *const *readable; /* NULL-terminated further paths that it may read; or NULL */
    bool in_place;               /* the project itself instead of a copy: what it writes stays */
    bool network;                /* ours, also where sandbox.network is off */
    uint64_t deadline_ms;        /* wall time after which the whole tree is killed; 0: none */
    bool control;                /* give it a stream socket as descriptor 3 */
    bool caches;                 /* show it what go, cargo and playwright keep in our home */
};

/* Starts a command in the sandbox.  EXEC_STARTED, EXEC_OUTPUT… and, always last and exactly once,
 * EXEC_EXITED come with the number returned (never 0).  It is killed when this actor's life ends.
 */
uint64_t rt_exec(struct rt_context *ctx, const struct rt_command *command);

/* Writes to its control socket; kept until it reads.  ERR_FULL above 8 MiB, ERR_GONE. */
enum err rt_exec_write(struct rt_context *ctx, uint64_t id, const void *bytes,
                       size_t size) MUST_CHECK;

/* Kills the whole tree; EXEC_EXITED still comes. */
void rt_exec_kill(struct rt_context *ctx, uint64_t id);

/* ---- HTTP ---- */

struct rt_http_request {
    const char *method;
    const char *url;            /* http:// or https:// */
    const char *const *headers; /* NULL-terminated "Name: value", or NULL */
    struct msg_str body;
    uint64_t timeout_ms; /* for all of it, > 0 */
    uint64_t connect_ms; /* for the connection; 0: http.connect_ms_max */
    uint64_t silence_s;  /* longest time without a byte of the answer, to the second; 0: any */
};

/* Starts a request; redirects are not followed.  HTTP_DONE comes, exactly once, with the number
 * returned (never 0).  It is given up when this actor's life ends. */
uint64_t rt_http(struct rt_context *ctx, const struct rt_http_request *request);

/* Listens at "HOST:PORT" (HOST a number or localhost) for as long as this life: requests come as
 * HTTP_REQUEST.  ERR_CONFIG: no such place; ERR_IO: cannot be listened at; ERR_EXISTS: there is a
 * server in this process already; ERR_UNSUPPORTED: there is no HTTP here. */
enum err rt_http_serve(struct rt_context *ctx, const char *at) MUST_CHECK;

/* Answers an HTTP_REQUEST, in any later handler.  `status` 200 to 599; `type` of the content, ""
 * for none; further header fields may follow it, each as "\nName: value".  Once a request; one that
 * nobody answers gets 503 after http.answer_ms_max.  Of the answer to a HEAD only the head is sent.
 */
void rt_http_answer(struct rt_context *ctx, uint64_t id, uint64_t status, const char *type,
                    struct msg_str body);

/* ---- disk ---- */

struct store_txn; /* runtime/store.h */

/* A transaction for the one writer of this process's store.  Allocated by the actor with malloc,
 * usually as the first member of a larger struct. */
struct rt_store_op {
    /* On the writer's thread, inside a transaction shared with other operations: an error rolls
     * back this operation alone (each has a savepoint).  Sees nothing of the actor's state. */
    enum err (*apply)(struct store_txn *txn, struct rt_store_op *op);
    /* On the actor's turn, after the commit is durable (op->err ERR_OK) or the operation failed. */
    enum err (*done)(struct rt_context *ctx, void *state, struct rt_store_op *op);
    /* Frees what the operation owns besides itself; NULL when it owns nothing. */
    void (*fini)(struct rt_store_op *op);
    /* Nobody waits for it: for store.patience_ms_max it may wait for others to share its commit. */
    bool patient;
    enum err err;
    /* The runtime's own. */
    struct rt_store_op *next;
    struct rt_address owner;
    uint64_t life;
};

/* Takes over *op.  Operations of one actor are applied and done in order.  done() always runs
 * unless the actor's life has ended; then fini() and free() do.  An error of done() is a crash. */
void rt_store(struct rt_context *ctx, struct rt_store_op **op);

#endif
