/* core.h - what the files of the actor system share: actors, workers, the system itself.
 *
 * Private to runtime/.  An actor is run by one worker at a time; everything in struct actor that
 * is not atomic belongs to that turn.  Slots are never given back to the allocator: an address may
 * be looked up at any time, and the id says whether the slot still holds the same actor.
 */
#ifndef RUNTIME_CORE_H
#define RUNTIME_CORE_H

#include <pthread.h>
#include <stdatomic.h>

#include "runtime/run_queue.h"
#include "runtime/system.h"
#include "runtime/timers.h"
#include "runtime/times.h"

#define NO_SLOT    UINT32_MAX
#define ROOT_ACTOR (UINT64_C(1) << 32) /* id of the root of every process: the first of all */

enum {
    ACTOR_CHUNK = 256,           /* slots allocated at a time */
    ACTOR_CHUNKS_MAX = 1 << 13,  /* two million actors */
    TURN_MESSAGES_MAX = 64,      /* messages per turn, so that a busy actor starves nobody */
    CRASHES_PER_MESSAGE_MAX = 3, /* then the message is to blame, not the actor */
    CHAIN_MAX = 32,              /* asks nested in each other */
    STACK_FRAMES_MAX = 24,       /* looked at in a handler that does not return */
    WORKERS_MAX = 64
};

enum actor_state {
    ACTOR_FREE,
    ACTOR_ALIVE,
    ACTOR_WAITING, /* between two lives: keeps its mailbox, takes system messages only */
    ACTOR_ENDING,  /* waits for its children to end */
    ACTOR_STATES
};

/* A queue of envelopes in order of arrival; one thread. */
struct queue {
    struct envelope *first;
    struct envelope *last;
};

/* Who is told of this actor's end, or shares it. */
struct peer {
    struct peer *next;
    struct rt_address address;
    uint64_t ref;
};

struct ask {
    struct ask *next;
    uint64_t number;
    uint64_t timer;
    struct rt_address to;
    uint16_t type;
};

struct number {
    struct number *next;
    uint64_t number;
};

/* What most actors never have. */
struct relations {
    struct peer *watchers; /* they want a DOWN when this actor ends */
    struct peer *watched;  /* this actor wants a DOWN when they end */
    struct peer *links;
    uint32_t child_newest; /* its slot; the others follow by `sibling_older`; or NO_SLOT */
    struct ask *asks;      /* awaiting answers */
    struct queue stash;    /* of the user lane, put aside; counted as ready */
    struct number *commands;
    struct number *requests; /* of HTTP, under way */
    bool serves;             /* HTTP */
    uint64_t *restarts;      /* times of the latest restart_intensity restarts, a ring */
    uint64_t restart_next;
    uint64_t work_open; /* what rt_work said last */
    uint64_t work_waiting;
};

struct actor {
    _Atomic uint64_t id; /* generation in the upper half, slot in the lower; 0 when free */
    /* Newest first, pushed by anybody, of both lanes.  MAILBOX_IDLE: no turn is due, and whoever
     * pushes next schedules one. */
    _Atomic(struct envelope *) inbox;
    /* Of the user lane, count and bytes in one number (see mailbox.c): what is in the inbox, and
     * what the turn has taken out of it and not finished. */
    atomic_uint_fast64_t inbox_load;
    atomic_uint_fast64_t ready_load;
    atomic_uint_fast32_t user_count_max;
    atomic_bool drop_newest; /* RT_DROP_NEWEST */
    atomic_bool remote;      /* has to do with actors of other nodes */
    bool has_roles;          /* it took or watched one */
    bool has_topics;         /* it subscribed to one */
    bool end_for_good;       /* while ENDING: no further life */
    bool restart_granted;    /* while ENDING or WAITING: the supervisor has said RESTART */
    /* For those who look in; only the turn writes, so plain loads and stores do. */
    _Atomic(const char *) name; /* of the behaviour; NULL before the first life */
    atomic_uint_fast64_t handled;
    atomic_uint_fast64_t lives;     /* since BEGIN */
    atomic_uint_fast64_t latest_ms; /* when it was given a message, or began */
    _Atomic(struct times *) times;  /* made for the slot's first sample, and kept */
    uint32_t slot_next;             /* free list, under the system's lock */
    uint32_t generation;            /* of the latest id, likewise */
    /* The parent's turn's own, from rt_spawn until it has heard of the end. */
    uint32_t sibling_newer;
    uint32_t sibling_older;
    struct rt_address parent;

    struct actor *run_next; /* in a run queue */
    struct queue ready[LANES];
    const struct rt_behaviour *behaviour;
    void *state;
    void *arg;
    size_t arg_size;
    struct relations *relations;
    uint64_t life;           /* counts lives over all actors of the slot */
    uint64_t alive_since_ms; /* start of this life */
    uint32_t crash_count;    /* in a row, for the back-off */
    _Atomic(enum actor_state) lifecycle;
    enum err end_reason; /* while ENDING */
};

static inline void run_list_push(struct run_list *list, struct actor *actor)
{
    actor->run_next = NULL;
    if (list->last) {
        list->last->run_next = actor;
    } else {
        list->first = actor;
    }
    list->last = actor;
    list->count++;
}

static inline struct actor *run_list_pop(struct run_list *list)
{
    struct actor *actor = list->first;
    if (actor) {
        list->first = actor->run_next;
        if (!list->first) {
            list->last = NULL;
        }
        list->count--;
    }
    return actor;
}

/* What a worker has not yet added to an account. */
struct tally {
    struct account *account;
    uint64_t accepted; /* of its own only: links count what they accept */
    uint64_t outcomes[OUTCOMES];
    uint64_t ended_bytes;
};

/* Messages to one node, encoded, that the handler under way has sent. */
struct parcel {
    struct wire_buffer buffer;
    struct node_account *to; /* NULL before the first one; accounts stay */
    uint64_t actor;          /* that the last message is for */
    uint16_t count;          /* of messages */
};

/* What a handler is at that does not return: taken by a signal on its thread, see watchdog.c. */
struct stack {
    atomic_uint wanted; /* number of the latest request */
    atomic_uint taken;  /* of the one answered below */
    int count;
    void *frames[STACK_FRAMES_MAX];
};

struct worker {
    struct rt_system *system;
    pthread_t thread;
    struct run_queue queue;
    uint64_t random;
    uint32_t index;
    uint32_t turns; /* until the clock is looked at again */
    uint32_t turns_at_a_time;
    uint64_t now_ms;      /* when it was looked at */
    uint64_t now_ns;      /* likewise, for measuring turns */
    uint64_t number_next; /* numbers set aside, see worker_number */
    uint64_t number_end;
    struct tally tally;   /* of the system's own account */
    struct tally foreign; /* of that of the node whose message ended last */
    struct parcel parcel;
    struct node_account *sent_to; /* the node that got the last message; accounts stay */
    uint64_t turn_ns;             /* how long a turn took lately */
    uint32_t sample_left;         /* messages to be sent until one is sampled */
    uint64_t sample_random;
    /* What its thread is doing, for the watchdog: a number that no other message had, with the type
     * of this one in the lowest 16 bits; 0: nothing.  And whose message it is. */
    atomic_uint_fast64_t doing;
    _Atomic(struct actor *) doer;
    uint64_t steps;
    atomic_int thread_id; /* of the kernel; 0: no thread has come yet */
    struct stack stack;
    atomic_uint_fast64_t handled; /* messages; only this worker writes */
};

struct role {
    struct role *next;
    uint64_t role;
    struct rt_address address; /* of the holder, or of the watcher */
    char name[MSG_MAX_role_up_name + 1];
};

struct node_account {
    struct node_account *next; /* under the system's lock; the rest stays where it is */
    uint64_t node;
    struct account account;
    struct outbound outbound;
};

/* Who has subscribed to what, see topics.c. */
struct topics {
    pthread_rwlock_t lock;
    struct topic *first;
    uint32_t count;
    uint32_t foreign; /* subscriptions of other processes */
};

struct rt_system {
    const struct config *config;
    struct ports ports;
    uint64_t node;
    char name[MSG_MAX_hello_name + 1];
    struct timers *timers;

    pthread_mutex_t lock; /* slots, roles, accounts */
    _Atomic(struct actor *) chunks[ACTOR_CHUNKS_MAX];
    uint32_t slots;
    uint32_t free_first; /* UINT32_MAX: none */
    struct role *holders;
    struct role *watchers;
    struct node_account *accounts;
    struct account *own; /* account of node 0 */

    struct worker workers[WORKERS_MAX + 1]; /* the last one used is the guest, see system_guest */
    uint32_t workers_count;
    uint32_t guest; /* its place in workers */
    bool threaded;
    pthread_mutex_t idle_lock;
    pthread_cond_t idle_cond;
    atomic_uint idle; /* workers that sleep or are about to */
    atomic_bool stopping;
    atomic_uint next_worker;
    struct watchdog *watchdog; /* NULL: none runs */
    struct topics topics;

    struct rt_address root;
    atomic_uint_fast64_t next_number; /* of asks, monitors, commands, spans */
    atomic_uint_fast64_t actors;
    atomic_uint_fast64_t restarts;
    atomic_uint_fast64_t late_answers;
    atomic_uint_fast64_t stuck;     /* handlers that did not return in runtime.stuck_ms */
    atomic_uint_fast64_t work_open; /* sums over the actors */
    atomic_uint_fast64_t work_waiting;
    atomic_bool failed; /* the root itself had to give up */
};

struct order;

struct rt_context {
    struct rt_system *system;
    struct worker *worker;
    struct actor *actor;
    const struct envelope *envelope; /* being handled; NULL in start() */
    uint64_t answered;               /* see rt_answered */
    bool stop;
    bool stash; /* the envelope, if its handler succeeds */
};

/* ---- actors.c ---- */

/* The slot of an id, which may hold another actor by now; NULL when there never was one. */
static inline struct actor *actors_find(struct rt_system *system, uint64_t id)
{
    uint32_t slot = (uint32_t)id;
    if (id == 0 || slot / ACTOR_CHUNK >= ACTOR_CHUNKS_MAX) {
        return NULL;
    }
    struct actor *chunk =
        atomic_load_explicit(&system->chunks[slot / ACTOR_CHUNK], memory_order_acquire);
    return chunk ? &chunk[slot % ACTOR_CHUNK] : NULL;
}

/* A slot with a new id; NULL without memory.  To be given back when the id has ended, and nobody
 * needs the slot's links to siblings any more. */
struct actor *actors_take(struct rt_system *system);
void actors_end_id(struct rt_system *system, struct actor *actor);
void actors_give_back(struct rt_system *system, uint32_t slot);
struct relations *actor_relations(struct actor *actor); /* made on first use; NULL: no memory */

/* ---- mailbox.c ---- */

/* Pushes for the actor in envelope->to.  Takes over on ERR_OK; ERR_FULL, ERR_GONE leave it. */
enum err mailbox_push(struct rt_system *system, struct envelope **envelope) MUST_CHECK;

#define MAILBOX_IDLE ((struct envelope *)(uintptr_t)1)

/* Moves what has arrived to actor->ready. */
void mailbox_drain(struct actor *actor);

/* Puts what was put aside before what is ready. */
void mailbox_unstash(struct actor *actor);

/* No turn is due any more, if nothing has arrived since the drain; false: something has.  From
 * then on the actor is not the caller's. */
bool mailbox_close(struct actor *actor);

/* A message of the user lane has found its end. */
void mailbox_finished(struct actor *actor, const struct envelope *envelope);

/* What waits in the user lane, or is being handled. */
void mailbox_load(const struct actor *actor, uint64_t *ret_count, uint64_t *ret_bytes);

void queue_push_front(struct queue *queue, struct envelope *envelope);

static inline struct envelope *queue_pop(struct queue *queue)
{
    struct envelope *envelope = queue->first;
    if (envelope) {
        queue->first = atomic_load_explicit(&envelope->next, memory_order_relaxed);
        if (!queue->first) {
            queue->last = NULL;
        }
    }
    return envelope;
}

static inline void queue_push(struct queue *queue, struct envelope *envelope)
{
    atomic_store_explicit(&envelope->next, NULL, memory_order_relaxed);
    if (queue->last) {
        atomic_store_explicit(&queue->last->next, envelope, memory_order_relaxed);
    } else {
        queue->first = envelope;
    }
    queue->last = envelope;
}

/* ---- worker.c ---- */

void worker_schedule(struct rt_system *system, struct actor *actor);
bool worker_run_one(struct worker *worker);

/* Books an accepted message into the system's own account, from any thread. */
void worker_accepted(struct rt_system *system);

/* Makes this message one of those whose times are noted, and draws when the next one will be. */
void worker_sample(struct worker *worker, struct envelope *envelope);

/* One message in 64 on average, at irregular distances: what alternates must not hide. */
static inline void worker_may_sample(struct worker *worker, struct envelope *envelope)
{
    if (__builtin_expect(worker->sample_left-- == 0, 0)) {
        worker_sample(worker, envelope);
    }
}

/* The same for a message that the world has brought, on whatever thread. */
void worker_may_sample_arrived(const struct rt_system *system, struct envelope *envelope);

/* Adds what the worker has not yet added; for its own thread. */
void worker_settle(struct worker *worker);

/* A number that no other thing of this process has: of asks, monitors, commands, spans. */
void worker_more_numbers(struct worker *worker);

static inline uint64_t worker_number(struct worker *worker)
{
    if (worker->number_next == worker->number_end) {
        worker_more_numbers(worker);
    }
    return ++worker->number_next;
}
enum err workers_start(struct rt_system *system) MUST_CHECK;
void workers_stop(struct rt_system *system);

/* ---- watchdog.c ---- */

/* Without runtime.stuck_ms there is none; without a thread for it neither, which is logged. */
void watchdog_start(struct rt_system *system);
void watchdog_stop(struct rt_system *system);

/* This thread runs the worker's actors from now on: it may be asked for its stack. */
void watchdog_admit(struct worker *worker);

/* ---- chain.c: asks that are nested in each other ---- */

/* How many addresses go with an ask made by the handler under way: those that wait for it besides
 * the asker. */
size_t chain_count(const struct rt_context *ctx);

/* Writes them into an envelope with room for chain_count(). */
void chain_write(const struct rt_context *ctx, struct envelope *envelope);

/* Whether an ask to that actor would wait for itself; says in `text` who would wait for whom.
 * ERR_CYCLE; ERR_LIMIT: too many asks are nested in each other, `text` is empty. */
enum err chain_check(const struct rt_context *ctx, struct rt_address to, char *text,
                     size_t size) MUST_CHECK;

/* ---- topics.c ---- */

void topics_init(struct topics *topics);
void topics_fini(struct topics *topics);

/* An actor, or the relay of another process, has ended for good. */
void topics_forget(struct rt_system *system, struct rt_address actor);

/* The link to a node is lost, and with it what is heard from there: at once, so that whoever hears
 * of the next link and subscribes anew is not forgotten with the old relay. */
void topics_node_down(struct rt_system *system, uint64_t node);

/* As rt_subscribe_at, for an actor of this process or, to one of our topics, of another.
 * ERR_EXISTS: it has subscribed already. */
enum err topics_subscribe(struct rt_system *system, uint64_t node, const char *topic,
                          struct rt_address actor) MUST_CHECK;

/* On the turn of the topic's relay: passes the message being handled on to all subscribers. */
void topics_relay(struct rt_context *ctx, uint64_t node, const char *topic);

/* ---- relay.c: topics between processes ---- */

/* Starts the actor that brings a topic of another process; pushes only. */
enum err relay_spawn(struct rt_system *system, uint64_t node, const char *topic,
                     uint64_t *ret_relay) MUST_CHECK;

/* On the root's turn: what relays of other processes ask of it. */
enum err relay_accept(struct rt_context *ctx, const struct msg *msg) MUST_CHECK;

/* ---- life.c: starts, crashes, ends, and the signals about them ---- */

/* Of an actor to be.  `arg` is copied. */
struct birth {
    const struct rt_behaviour *behaviour;
    const void *arg;
    size_t size;
    struct rt_address parent; /* node 0: none */
    bool adopt; /* the parent is to be told of its child: it does not spawn it itself */
};

/* Unless `adopt` is set, the parent's turn makes it one of its children with life_add_child. */
enum err life_spawn(struct rt_system *system, const struct birth *birth,
                    struct rt_address *ret_address) MUST_CHECK;

/* Ends the present life, children first.  A crash asks the supervisor for another one. */
void life_crash(struct rt_context *ctx, enum err reason);
void life_end(struct rt_context *ctx, enum err reason);

/* Follows an order; an error is a crash of the actor. */
enum err life_order(struct rt_context *ctx, const struct order *order) MUST_CHECK;

/* The delay before a next life has passed. */
void life_restart_due(struct rt_system *system, uint64_t actor, uint64_t life);

/* Begins the next life. */
void life_begin(struct rt_context *ctx);

/* On the supervisor's turn: decides about a crashed child, forgets an ended one.  On the child's:
 * its supervisor wants another life. */
void life_add_child(struct rt_context *ctx, struct rt_address child);
void life_child_crashed(struct rt_context *ctx, struct rt_address child);
void life_child_ended(struct rt_context *ctx, struct rt_address child);
void life_restart(struct rt_context *ctx);

/* Lists of actors: the place of one, NULL in it when it is not there. */
struct peer **peer_find(struct peer **list, struct rt_address address);
struct peer **peer_find_ref(struct peer **list, uint64_t ref);
bool peer_add(struct peer **list, struct rt_address address, uint64_t ref); /* false: no memory */
void peer_remove(struct peer **at);

/* Frees what a life holds, without telling anybody; for the end of the process. */
void life_drop(struct rt_system *system, struct actor *actor);
extern const struct rt_behaviour life_root;

/* ---- signal.c ---- */

/* Takes a signal that is the runtime's business; false: it is the actor's. */
bool life_signal(struct rt_context *ctx, const struct envelope *envelope);

/* ---- deliver.c: sending, asks, roles ---- */

/* Sends from the runtime itself or on behalf of `from`; never fails for the caller: what cannot be
 * delivered is counted, and an ask among it is answered. */
void deliver_signal(struct rt_system *system, struct rt_address from, struct rt_address to,
                    const struct msg *msg);

/* Answers the ask in `envelope`, if it is one, with FAILED. */
void deliver_failure(struct rt_system *system, const struct envelope *envelope, enum err reason);

/* Routes an envelope to here or to another node.  Takes over on ERR_OK only. */
enum err deliver(struct rt_system *system, struct envelope **envelope) MUST_CHECK;

/* The account of a node, and what is on its way there; made on first use; NULL without memory. */
struct node_account *system_node_account(struct rt_system *system, uint64_t node);

/* ---- parcel.c: plain messages to other nodes; the worker's own thread ---- */

/* Whether a message may travel in a parcel; actor 0 would be the link itself. */
static inline bool parcel_may(const struct rt_system *system, struct rt_address to,
                              const struct msg *msg)
{
    return to.node != system->node && system->ports.net_parcels && to.node != 0 && to.actor != 0 &&
           msg->type >= 0x0200;
}

/* Adds a message that may.  ERR_UNSUPPORTED: it is too large and has to go by itself; ERR_FULL,
 * which is counted; ERR_LIMIT and ERR_UNKNOWN as msg_check; ERR_MEMORY. */
enum err parcel_add(struct worker *worker, struct rt_address to, const struct frame_envelope *head,
                    const struct msg *msg) MUST_CHECK;

/* Hands over what there is: when a handler has returned, and before anything overtakes it. */
void parcel_hand_over(struct worker *worker);

static inline void parcel_close(struct worker *worker)
{
    if (worker->parcel.count > 0) {
        parcel_hand_over(worker);
    }
}

/* ---- deliver.c, continued ---- */

/* Ends an envelope that nobody took. */
void deliver_dead(struct rt_system *system, struct envelope **envelope, enum outcome outcome,
                  enum err reason);

/* What the runtime tells an actor's turn with a pointer inside: an envelope whose type is 0. */
enum order_kind { ORDER_BEGIN, ORDER_ADOPT, ORDER_STORE_DONE };

struct order {
    struct msg head;
    enum order_kind kind;
    const struct rt_behaviour *behaviour; /* BEGIN */
    void *arg;                            /* BEGIN; owned */
    size_t arg_size;                      /* BEGIN */
    struct rt_address address;            /* BEGIN: of the parent; ADOPT: of the child */
    struct rt_store_op *op;               /* STORE_DONE; owned */
};

static inline const struct order *envelope_order(const struct envelope *envelope)
{
    return (const struct order *)(const void *)envelope->body;
}

/* Pushes an order; without memory or receiver what it owns is freed and the error returned. */
enum err deliver_order(struct rt_system *system, uint64_t actor, struct order *order);

/* Frees what an order owns. */
void order_fini(const struct order *order);

/* Counts where there is one writer: no bus lock. */
static inline void count_alone(atomic_uint_fast64_t *counter)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

/* Of an actor, on its turn; the sums wrap around and come out right. */
static inline void actor_work(struct rt_system *system, struct relations *relations, uint64_t open,
                              uint64_t waiting)
{
    atomic_fetch_add_explicit(&system->work_open, open - relations->work_open,
                              memory_order_relaxed);
    atomic_fetch_add_explicit(&system->work_waiting, waiting - relations->work_waiting,
                              memory_order_relaxed);
    relations->work_open = open;
    relations->work_waiting = waiting;
}

static inline uint64_t system_now(const struct rt_system *system)
{
    return system->ports.now_ms(system->ports.world);
}

static inline struct rt_address actor_address(const struct rt_system *system,
                                              const struct actor *actor)
{
    return (struct rt_address){system->node,
                               atomic_load_explicit(&actor->id, memory_order_relaxed)};
}

#endif
