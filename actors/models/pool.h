/* pool.h - which generation goes to which server next, and which waits.
 *
 * Pure.  Turns go round the classes, so that many errors of one kind do not hold up the others; in
 * a class the oldest comes first.  A generation is asked of the first model of its class's chain
 * that some server has; every server that has a model is tried before the next model is.  Of
 * several servers the least loaded is taken; one that has another model in its memory counts as
 * loaded with one more, because a swap costs seconds.  For the same reason classes whose model is
 * loaded come before the one whose turn it is, at most POOL_JUMPS_MAX times on end.
 *
 * A server that can be started (plan_backend.start) and does not answer is off.  The first is
 * wanted when a generation can be asked nowhere else; further ones when the model-seconds that
 * wait for each place would take longer than another start.  It is kept for idle_s after its last
 * generation.
 */
#ifndef ACTORS_MODELS_POOL_H
#define ACTORS_MODELS_POOL_H

#include <stdbool.h>

#include "actors/models/breaker.h"
#include "actors/models/plan.h"

enum {
    POOL_WAITING_MAX = 512,
    POOL_JUMPS_MAX = 15,
    POOL_CHECK_MS = 60000, /* what a server has is asked again after so long */
    POOL_POLL_MS = 500,    /* of one that is being started, so often */
    POOL_MEAN_MS = 10000,  /* of a generation, while none has been measured */
    POOL_NONE = -1
};

enum pool_host {
    POOL_UP, /* or nobody knows: it is asked */
    POOL_OFF,
    POOL_WANTED,   /* to be started: pool_to_start says so */
    POOL_STARTING, /* until it answers, or its start_s are over */
    POOL_STOPPING  /* until pool_stopped */
};

enum pool_outcome {
    POOL_DONE,    /* an answer, whole */
    POOL_FAILED,  /* the server's fault: late, cut, garbage, overloaded, 5xx */
    POOL_MISSING, /* the model is not there or does not fit: the server is well */
    POOL_OUTCOMES
};

struct pool_instance {
    struct breaker breaker;
    unsigned in_flight;
    uint32_t models; /* a bit for each of the plan's; those it said it has */
    bool known;      /* what it has was asked, at checked_ms */
    bool checking;
    uint64_t checked_ms;
    int warm; /* the model used last, or POOL_NONE */
    enum pool_host host;
    bool ours;        /* we started it */
    uint64_t used_ms; /* of one that is ours: when it had work last; STARTING: its begin */
};

/* One generation that waits or is under way. */
struct pool_item {
    bool used;
    bool sent;
    size_t class_index;
    size_t at;      /* its place in the chain */
    uint32_t tried; /* a bit for each instance that was asked for this model */
    uint64_t order;
    int instance; /* where it is, or POOL_NONE */
    uint64_t until_ms;
};

/* What has come of one model in one class; for people. */
struct pool_count {
    uint64_t outcomes[POOL_OUTCOMES];
    uint64_t tokens_in;
    uint64_t tokens_out;
    uint64_t ms; /* of those that are done */
};

struct pool {
    const struct plan *plan; /* borrowed */
    struct pool_instance instances[PLAN_INSTANCES_MAX];
    struct pool_item items[POOL_WAITING_MAX];
    struct pool_count counts[PLAN_MODELS_MAX][PLAN_CLASSES];
    uint64_t order;
    size_t turn;      /* the class that is looked at first */
    size_t warm_turn; /* the same among those whose model is loaded */
    unsigned jumps;   /* times that such a one came before the class at turn */
};

void pool_init(struct pool *pool, const struct plan *plan);

/* Adds a generation that has to begin before `until_ms`.  Its number, or POOL_NONE: no room. */
int pool_add(struct pool *pool, size_t class_index, uint64_t until_ms);

/* An instance whose models have to be asked now, marked as being checked; or POOL_NONE. */
int pool_check(struct pool *pool, uint64_t now_ms);

/* What came of it: `models` are the plan's that it has.  Not ok: it cannot be reached. */
void pool_checked(struct pool *pool, int instance, bool ok, uint32_t models, uint64_t now_ms);

/* An instance that has to be started now; or POOL_NONE.  Whoever asks calls pool_started or
 * pool_stopped for it before it asks again. */
int pool_to_start(const struct pool *pool);
void pool_started(struct pool *pool, int instance, uint64_t now_ms);

/* An instance of ours that has been idle for long enough, or has not answered in start_s, marked as
 * stopping; or POOL_NONE. */
int pool_to_stop(struct pool *pool, uint64_t now_ms);

/* It is off, or was not started.  One that was not to stop is left alone for a while. */
void pool_stopped(struct pool *pool, int instance, uint64_t now_ms);

enum pool_next { POOL_NOTHING, POOL_SEND, POOL_GIVE_UP };

/* What to do next; to be called until POOL_NOTHING.  POOL_SEND: the item goes to items[].instance,
 * for the model pool_model(); POOL_GIVE_UP: nobody can serve it, or its time is over; who asks
 * calls pool_remove. */
enum pool_next pool_next(struct pool *pool, uint64_t now_ms, int *ret_item);

/* The number of the model that an item is asked of. */
size_t pool_model(const struct pool *pool, int item);

/* What came of one that was sent.  DONE: it is removed; else it waits for its next server. */
void pool_ended(struct pool *pool, int item, enum pool_outcome outcome, uint64_t now_ms);
void pool_remove(struct pool *pool, int item);

/* When pool_next or pool_check can say something new though nothing happens; 0: never. */
uint64_t pool_due_ms(const struct pool *pool, uint64_t now_ms);

/* Items that are sent, and those that wait. */
void pool_load(const struct pool *pool, size_t *ret_sent, size_t *ret_waiting);

/* What has come of all models in all classes. */
void pool_total(const struct pool *pool, struct pool_count *ret_total);

#endif
