/* worker.c - threads that run actors, one turn at a time.
 *
 * Each worker has a run queue; an idle one steals from the others, then parks.  A turn takes a
 * bounded number of messages, signals of the runtime first.
 */
#include "runtime/core.h"

#include <stdlib.h>

/* The worker that this thread is, so that what an actor readies stays on its core.
 * NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): senders bring no context */
static _Thread_local struct worker *current;

static void run_queue_push(struct worker *worker, struct actor *actor)
{
    (void)pthread_mutex_lock(&worker->lock);
    actor->run_next = NULL;
    if (worker->run_last) {
        worker->run_last->run_next = actor;
    } else {
        worker->run_first = actor;
    }
    worker->run_last = actor;
    (void)pthread_mutex_unlock(&worker->lock);
}

static struct actor *run_queue_pop(struct worker *worker)
{
    (void)pthread_mutex_lock(&worker->lock);
    struct actor *actor = worker->run_first;
    if (actor) {
        worker->run_first = actor->run_next;
        if (!worker->run_first) {
            worker->run_last = NULL;
        }
    }
    (void)pthread_mutex_unlock(&worker->lock);
    return actor;
}

void worker_schedule(struct rt_system *system, struct actor *actor)
{
    struct worker *worker = current;
    if (!worker || worker->system != system) {
        uint32_t turn = atomic_fetch_add_explicit(&system->next_worker, 1, memory_order_relaxed);
        worker = &system->workers[turn % system->workers_count];
    }
    run_queue_push(worker, actor);
    /* Paired with the order in worker_main: idle is raised before scheduled is read there. */
    atomic_fetch_add(&system->scheduled, 1);
    if (atomic_load(&system->idle) > 0) {
        (void)pthread_mutex_lock(&system->idle_lock);
        (void)pthread_cond_signal(&system->idle_cond);
        (void)pthread_mutex_unlock(&system->idle_lock);
    }
}

static void finish(struct actor *actor, struct envelope **envelope, enum outcome outcome)
{
    if ((*envelope)->lane == LANE_USER) {
        atomic_fetch_sub_explicit(&actor->user_count, 1, memory_order_relaxed);
        atomic_fetch_sub_explicit(&actor->user_bytes, (*envelope)->bytes, memory_order_relaxed);
    }
    envelope_end(envelope, outcome);
}

/* An answer must belong to an open ask; whoever waits no longer does not get it. */
static bool take_answer(struct rt_context *ctx, struct envelope *envelope)
{
    uint64_t number = envelope->ask & ~FRAME_ANSWER;
    struct relations *relations = ctx->actor->relations;
    for (struct ask **at = relations ? &relations->asks : NULL; at && *at; at = &(*at)->next) {
        struct ask *ask = *at;
        if (ask->number == number) {
            *at = ask->next;
            timers_cancel(ctx->system->timers, ask->timer);
            if (envelope_msg(envelope)->type == MSG_FAILED) {
                /* The timer does not know what was asked. */
                ((struct msg_failed *)(void *)envelope->body)->type = ask->type;
            }
            free(ask);
            ctx->answered = number;
            return true;
        }
    }
    atomic_fetch_add_explicit(&ctx->system->late_answers, 1, memory_order_relaxed);
    return false;
}

/* Is `id` in the list?  The last word about it takes it out. */
static bool take_number(struct number **at, uint64_t id, bool last)
{
    while (*at && (*at)->number != id) {
        at = &(*at)->next;
    }
    struct number *found = *at;
    if (found && last) {
        *at = found->next;
        free(found);
    }
    return found != NULL;
}

/* Ticks and events of what an earlier life asked for are nobody's. */
static bool is_stray(const struct rt_context *ctx, const struct msg *msg)
{
    struct number *none = NULL;
    struct relations *relations = ctx->actor->relations;
    struct number **commands = relations ? &relations->commands : &none;
    switch (msg->type) {
    case MSG_TICK:
        return ctx->envelope->span != ctx->actor->life;
    case MSG_EXEC_STARTED:
        return !take_number(commands, msg_as_exec_started(msg)->id, false);
    case MSG_EXEC_OUTPUT:
        return !take_number(commands, msg_as_exec_output(msg)->id, false);
    case MSG_EXEC_EXITED:
        return !take_number(commands, msg_as_exec_exited(msg)->id, true);
    case MSG_HTTP_DONE:
        return !take_number(relations ? &relations->requests : &none, msg_as_http_done(msg)->id,
                            true);
    case MSG_HTTP_REQUEST:
        return !relations || !relations->serves;
    default:
        return false;
    }
}

static enum err call_receive(struct rt_context *ctx, const struct msg *msg)
{
    struct worker *worker = ctx->worker;
    struct actor *actor = ctx->actor;
    atomic_store_explicit(&worker->handler_actor, actor->id, memory_order_relaxed);
    uint64_t now_ms = system_now(ctx->system);
    atomic_store_explicit(&worker->handler_since_ms, now_ms, memory_order_relaxed);
    atomic_store_explicit(&actor->latest_ms, now_ms, memory_order_relaxed);
    count_alone(&actor->handled);
    count_alone(&worker->handled);
    enum err err = actor->behaviour->receive(ctx, actor->state, msg);
    atomic_store_explicit(&worker->handler_since_ms, 0, memory_order_relaxed);
    return err;
}

/* The message goes back to where it was, unless it has crashed its receiver too often. */
static bool crashed(struct rt_context *ctx, struct envelope **envelope, enum err err)
{
    struct actor *actor = ctx->actor;
    struct envelope *self = *envelope;
    bool again = ++self->crashes < CRASHES_PER_MESSAGE_MAX && !(self->ask & FRAME_ANSWER) &&
                 actor->behaviour->restart == RT_RESTART_ON_CRASH;
    if (again) {
        queue_push_front(&actor->ready[self->lane], self);
        *envelope = NULL;
    } else {
        deliver_failure(ctx->system, self, err);
        finish(actor, envelope, OUTCOME_DEAD);
    }
    life_crash(ctx, err);
    return !again;
}

static bool has_expired(const struct rt_context *ctx, const struct envelope *envelope)
{
    return envelope->deadline_ms && system_now(ctx->system) > envelope->deadline_ms;
}

/* True when the message was used up, false when it was put back. */
static bool handle(struct rt_context *ctx, struct envelope **envelope)
{
    struct envelope *self = *envelope;
    struct actor *actor = ctx->actor;
    const struct msg *msg = envelope_msg(self);
    ctx->envelope = self;
    if (msg->type == 0) {
        enum err err = life_order(ctx, envelope_order(self));
        finish(actor, envelope, OUTCOME_HANDLED);
        if (err != ERR_OK) {
            life_crash(ctx, err);
        }
        return true;
    }
    if (actor->lifecycle == ACTOR_FREE || self->to.actor != actor->id) {
        deliver_failure(ctx->system, self, ERR_GONE);
        finish(actor, envelope, OUTCOME_DEAD);
        return true;
    }
    bool answer = self->ask & FRAME_ANSWER;
    if ((answer && !take_answer(ctx, self)) || (!answer && has_expired(ctx, self))) {
        deliver_failure(ctx->system, self, ERR_EXPIRED);
        finish(actor, envelope, OUTCOME_EXPIRED);
        return true;
    }
    if ((!answer && life_signal(ctx, self)) || is_stray(ctx, msg)) {
        finish(actor, envelope, OUTCOME_HANDLED);
        return true;
    }
    enum err err = actor->lifecycle == ACTOR_ALIVE ? call_receive(ctx, msg) : ERR_UNKNOWN;
    if (err == ERR_OK || err == ERR_UNKNOWN) {
        if (err == ERR_UNKNOWN) {
            deliver_failure(ctx->system, self, err);
        }
        finish(actor, envelope, err == ERR_OK ? OUTCOME_HANDLED : OUTCOME_REJECTED);
        return true;
    }
    return crashed(ctx, envelope, err);
}

/* A free slot takes everything too: there is nobody for whom to keep it. */
static struct envelope *next_message(struct actor *actor)
{
    struct envelope *envelope = queue_pop(&actor->ready[LANE_SYSTEM]);
    bool open = actor->lifecycle == ACTOR_ALIVE || actor->lifecycle == ACTOR_FREE;
    return envelope || !open ? envelope : queue_pop(&actor->ready[LANE_USER]);
}

static void turn(struct worker *worker, struct actor *actor)
{
    int_fast64_t taken = 0;
    (void)mailbox_drain(actor);
    for (int i = 0; i < TURN_MESSAGES_MAX; i++) {
        struct envelope *envelope = next_message(actor);
        if (!envelope) {
            break;
        }
        struct rt_context ctx = {.system = worker->system, .worker = worker, .actor = actor};
        taken += handle(&ctx, &envelope);
        if (ctx.stop && actor->lifecycle == ACTOR_ALIVE) {
            life_end(&ctx, ERR_OK);
        }
    }
    if (actor->lifecycle == ACTOR_WAITING || actor->lifecycle == ACTOR_ENDING) {
        /* May be less than was parked: a life can begin and end within one turn. */
        taken += (int_fast64_t)actor->ready[LANE_USER].count - (int_fast64_t)actor->parked;
        actor->parked = actor->ready[LANE_USER].count;
    } else if (actor->parked > 0) {
        taken -= actor->parked;
        actor->parked = 0;
    }
    /* From here on another worker may run the actor. */
    int_fast64_t before = atomic_fetch_sub_explicit(&actor->pending, taken, memory_order_acq_rel);
    if (before - taken > 0) {
        worker_schedule(worker->system, actor);
    }
}

static struct actor *find_work(struct worker *worker)
{
    struct rt_system *system = worker->system;
    struct actor *actor = run_queue_pop(worker);
    for (uint32_t i = 1; !actor && i < system->workers_count; i++) {
        actor = run_queue_pop(&system->workers[(worker->index + i) % system->workers_count]);
    }
    if (actor) {
        atomic_fetch_sub(&system->scheduled, 1);
    }
    return actor;
}

bool worker_run_one(struct worker *worker)
{
    struct worker *outer = current;
    current = worker;
    struct actor *actor = find_work(worker);
    if (actor) {
        turn(worker, actor);
    }
    current = outer;
    return actor != NULL;
}

static void *worker_main(void *arg)
{
    struct worker *worker = arg;
    struct rt_system *system = worker->system;
    while (!atomic_load(&system->stopping)) {
        if (worker_run_one(worker)) {
            continue;
        }
        (void)pthread_mutex_lock(&system->idle_lock);
        atomic_fetch_add(&system->idle, 1);
        while (atomic_load(&system->scheduled) == 0 && !atomic_load(&system->stopping)) {
            (void)pthread_cond_wait(&system->idle_cond, &system->idle_lock);
        }
        atomic_fetch_sub(&system->idle, 1);
        (void)pthread_mutex_unlock(&system->idle_lock);
    }
    return NULL;
}

enum err workers_start(struct rt_system *system)
{
    system->threaded = true;
    for (uint32_t i = 0; i < system->workers_count; i++) {
        if (pthread_create(&system->workers[i].thread, NULL, worker_main, &system->workers[i])) {
            system->workers_count = i > 0 ? i : 1;
            system->threaded = i > 0;
            return i > 0 ? ERR_OK : ERR_IO;
        }
    }
    return ERR_OK;
}

void workers_stop(struct rt_system *system)
{
    (void)pthread_mutex_lock(&system->idle_lock);
    atomic_store(&system->stopping, true);
    (void)pthread_cond_broadcast(&system->idle_cond);
    (void)pthread_mutex_unlock(&system->idle_lock);
    for (uint32_t i = 0; system->threaded && i < system->workers_count; i++) {
        (void)pthread_join(system->workers[i].thread, NULL);
    }
    system->threaded = false;
}
