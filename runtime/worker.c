/* worker.c - threads that run actors, one turn at a time.
 *
 * Each worker has a run queue.  A turn takes a bounded number of messages, signals of the runtime
 * first.  What an actor readies stays with its worker: to wake another core and to move messages
 * there costs more than most turns take.  So a worker keeps what it has to itself until its turns
 * have been long and another worker is idle; then it offers half and wakes that one: nobody polls.
 * A worker that finds nothing sleeps.
 */
#include "runtime/core.h"
#include "runtime/mutant.h"

#include <stdlib.h>
#include <time.h>

enum {
    TURNS_AT_A_TIME = 32, /* between two looks at the clock, when turns are short */
    NUMBERS_AT_A_TIME = 256,
    STEAL_TURN_NS = 2000,      /* shorter turns are not worth the way to another core */
    SAMPLE_DISTANCE_MIN = 33,  /* to 96, 64 on average */
    EAGER_TURN_NS = 50000,     /* after longer ones even the first actor readied wakes a worker */
    GUEST_NS_MAX = 100000,     /* a guest has something else to do */
    RUNTIME_TYPES_END = 0x1000 /* messages from here on are the actors' own */
};

/* The worker that this thread is, so that what an actor readies stays on its core.
 * NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): senders bring no context */
static _Thread_local struct worker *current;

/* ---- booking ---- */

void worker_accepted(struct rt_system *system)
{
    struct worker *worker = current;
    if (worker && worker->system == system) {
        worker->tally.accepted++;
    } else {
        atomic_fetch_add_explicit(&system->own->accepted, 1, memory_order_relaxed);
    }
}

static void settle(struct tally *tally, struct account *account)
{
    if (tally->accepted > 0) {
        atomic_fetch_add_explicit(&account->accepted, tally->accepted, memory_order_relaxed);
    }
    for (int i = 0; i < OUTCOMES; i++) {
        if (tally->outcomes[i] > 0) {
            atomic_fetch_add_explicit(&account->outcomes[i], tally->outcomes[i],
                                      memory_order_relaxed);
        }
    }
    if (tally->ended_bytes > 0) {
        atomic_fetch_add_explicit(&account->ended_bytes, tally->ended_bytes, memory_order_relaxed);
    }
    *tally = (struct tally){.account = account};
}

void worker_settle(struct worker *worker)
{
    settle(&worker->tally, worker->system->own);
    if (worker->foreign.account) {
        settle(&worker->foreign, worker->foreign.account);
    }
}

void worker_more_numbers(struct worker *worker)
{
    worker->number_next = atomic_fetch_add_explicit(&worker->system->next_number, NUMBERS_AT_A_TIME,
                                                    memory_order_relaxed);
    worker->number_end = worker->number_next + NUMBERS_AT_A_TIME;
}

static uint64_t now_ns(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000000000 + (uint64_t)at.tv_nsec;
}

/* ---- samples ---- */

/* Finer than the system's clock, where there is one. */
static uint64_t sample_ns(const struct rt_system *system)
{
    return system->threaded ? now_ns() : system_now(system) * 1000000;
}

void worker_sample(struct worker *worker, struct envelope *envelope)
{
    /* Knuth, "The Art of Computer Programming", volume 2, 3.3.4: the MMIX generator. */
    worker->sample_random =
        worker->sample_random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    worker->sample_left = SAMPLE_DISTANCE_MIN - 1 + (uint32_t)(worker->sample_random >> 58);
    envelope->sampled_ns = sample_ns(worker->system);
}

void worker_may_sample_arrived(const struct rt_system *system, struct envelope *envelope)
{
    struct worker *worker = current;
    if (worker && worker->system == system) {
        worker_may_sample(worker, envelope);
    }
}

/* Without memory there is one sample less. */
static void note_times(struct actor *actor, uint64_t wait_ns, uint64_t handling_ns)
{
    struct times *times = atomic_load_explicit(&actor->times, memory_order_relaxed);
    if (!times) {
        times = pool_take_zeroed(sizeof *times);
        atomic_store_explicit(&actor->times, times, memory_order_release);
    }
    if (times) {
        times_note(times, wait_ns, handling_ns);
    }
}

/* ---- booking, continued ---- */

static inline struct tally *tally_of(struct worker *worker, struct account *account)
{
    if (account == worker->system->own) {
        return &worker->tally;
    }
    if (account != worker->foreign.account) {
        if (worker->foreign.account) {
            settle(&worker->foreign, worker->foreign.account);
        }
        worker->foreign.account = account;
    }
    return &worker->foreign;
}

static inline void finish(struct rt_context *ctx, struct envelope **envelope, enum outcome outcome)
{
    struct envelope *self = *envelope;
    if (self->lane == LANE_USER) {
        mailbox_finished(ctx->actor, self);
    }
    if (self->account) {
        struct tally *tally = tally_of(ctx->worker, self->account);
        tally->outcomes[outcome]++;
        tally->ended_bytes += self->bytes;
    }
    envelope_free(self);
    *envelope = NULL;
}

/* ---- scheduling ---- */

static void wake_one(struct rt_system *system)
{
    if (atomic_load(&system->idle) > 0) {
        (void)pthread_mutex_lock(&system->idle_lock);
        (void)pthread_cond_signal(&system->idle_cond);
        (void)pthread_mutex_unlock(&system->idle_lock);
    }
}

void worker_schedule(struct rt_system *system, struct actor *actor)
{
    struct worker *worker = current;
    bool outside = !worker || worker->system != system;
    if (!outside && (worker->turn_ns < EAGER_TURN_NS ||
                     atomic_load_explicit(&system->idle, memory_order_relaxed) == 0)) {
        run_list_push(&worker->queue.own, actor);
        return;
    }
    if (outside) {
        uint32_t turn = atomic_fetch_add_explicit(&system->next_worker, 1, memory_order_relaxed);
        worker = &system->workers[turn % system->workers_count];
    }
    run_queue_arrive(&worker->queue, actor);
    /* Paired with the order in rest(): idle is raised before the queues are looked at there. */
    wake_one(system);
}

static struct worker *find_victim(struct worker *worker)
{
    struct rt_system *system = worker->system;
    for (uint32_t i = 1; i < system->workers_count; i++) {
        struct worker *other = &system->workers[(worker->index + i) % system->workers_count];
        if (run_queue_visible(&other->queue)) {
            return other;
        }
    }
    return NULL;
}

static struct actor *find_work(struct worker *worker)
{
    struct rt_system *system = worker->system;
    struct actor *actor = run_queue_pop(&worker->queue);
    if (!actor) {
        struct worker *victim = find_victim(worker);
        return victim ? run_queue_steal(&victim->queue) : NULL;
    }
    if (worker->turn_ns >= STEAL_TURN_NS && worker->queue.own.first &&
        atomic_load_explicit(&system->idle, memory_order_relaxed) > 0) {
        run_queue_offer(&worker->queue);
        wake_one(system);
    }
    return actor;
}

/* Time, and how long turns take; the shorter they are, the more seldom it is asked for. */
static void look_at_clock(struct worker *worker)
{
    uint32_t turns = worker->turns_at_a_time;
    uint64_t now_ms = system_now(worker->system);
    bool short_turns = now_ms - worker->now_ms < 2;
    if (worker->system->threaded) {
        uint64_t at_ns = now_ns();
        uint64_t turn_ns = (at_ns - worker->now_ns) / turns;
        worker->turn_ns = turn_ns;
        worker->now_ns = at_ns;
        short_turns = turn_ns < STEAL_TURN_NS;
    }
    turns = !short_turns ? 1 : turns < TURNS_AT_A_TIME ? 2 * turns : TURNS_AT_A_TIME;
    worker->now_ms = now_ms;
    worker->turns = worker->turns_at_a_time = turns;
    worker_settle(worker);
}

/* ---- one message ---- */

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

/* Seldom, and out of the way of the others. */
static __attribute__((noinline, cold)) enum err receive_sampled(struct rt_context *ctx,
                                                                const struct msg *msg)
{
    struct actor *actor = ctx->actor;
    uint64_t sent_ns = ctx->envelope->sampled_ns;
    uint64_t from_ns = sample_ns(ctx->system);
    enum err err = actor->behaviour->receive(ctx, actor->state, msg);
    note_times(actor, from_ns - sent_ns, sample_ns(ctx->system) - from_ns);
    return err;
}

static enum err call_receive(struct rt_context *ctx, const struct msg *msg)
{
    struct actor *actor = ctx->actor;
    atomic_store_explicit(&actor->latest_ms, ctx->worker->now_ms, memory_order_relaxed);
    count_alone(&actor->handled);
    count_alone(&ctx->worker->handled);
    if (__builtin_expect(ctx->envelope->sampled_ns != 0, 0)) {
        return receive_sampled(ctx, msg);
    }
    return actor->behaviour->receive(ctx, actor->state, msg);
}

/* The message goes back to where it was, unless it has crashed its receiver too often. */
static void crashed(struct rt_context *ctx, struct envelope **envelope, enum err err)
{
    struct actor *actor = ctx->actor;
    struct envelope *self = *envelope;
    bool again = (++self->crashes < CRASHES_PER_MESSAGE_MAX || MUTANT(POISON)) &&
                 !MUTANT(CRASH_LOSES) && !(self->ask & FRAME_ANSWER) &&
                 actor->behaviour->restart == RT_RESTART_ON_CRASH;
    if (again) {
        queue_push_front(&actor->ready[self->lane], self);
        *envelope = NULL;
    } else {
        deliver_failure(ctx->system, self, err);
        finish(ctx, envelope, OUTCOME_DEAD);
    }
    life_crash(ctx, err);
}

static bool has_expired(const struct rt_context *ctx, const struct envelope *envelope)
{
    return !MUTANT(NO_DEADLINE) && envelope->deadline_ms &&
           system_now(ctx->system) > envelope->deadline_ms;
}

static void handle(struct rt_context *ctx, struct envelope **envelope)
{
    struct envelope *self = *envelope;
    struct actor *actor = ctx->actor;
    const struct msg *msg = envelope_msg(self);
    ctx->envelope = self;
    ctx->worker->steps += UINT64_C(1) << 16;
    atomic_store_explicit(&ctx->worker->doing, ctx->worker->steps | msg->type,
                          memory_order_release);
    if (msg->type == 0) {
        enum err err = life_order(ctx, envelope_order(self));
        finish(ctx, envelope, OUTCOME_HANDLED);
        if (err != ERR_OK) {
            life_crash(ctx, err);
        }
        return;
    }
    if (actor->lifecycle == ACTOR_FREE || self->to.actor != actor->id) {
        deliver_failure(ctx->system, self, ERR_GONE);
        finish(ctx, envelope, OUTCOME_DEAD);
        return;
    }
    bool answer = self->ask & FRAME_ANSWER;
    if ((answer && !take_answer(ctx, self)) || (!answer && has_expired(ctx, self))) {
        deliver_failure(ctx->system, self, ERR_EXPIRED);
        finish(ctx, envelope, OUTCOME_EXPIRED);
        return;
    }
    if (msg->type < RUNTIME_TYPES_END &&
        ((!answer && life_signal(ctx, self)) || is_stray(ctx, msg))) {
        finish(ctx, envelope, OUTCOME_HANDLED);
        return;
    }
    enum err err = actor->lifecycle == ACTOR_ALIVE ? call_receive(ctx, msg) : ERR_UNKNOWN;
    if (err == ERR_OK && ctx->stash) {
        queue_push(&actor->relations->stash, self);
        *envelope = NULL;
        return;
    }
    if (err == ERR_OK || err == ERR_UNKNOWN) {
        if (err == ERR_UNKNOWN) {
            deliver_failure(ctx->system, self, err);
        }
        finish(ctx, envelope, err == ERR_OK ? OUTCOME_HANDLED : OUTCOME_REJECTED);
        return;
    }
    crashed(ctx, envelope, err);
}

/* A free slot takes everything too: there is nobody for whom to keep it. */
static struct envelope *next_message(struct actor *actor)
{
    struct envelope *envelope = queue_pop(&actor->ready[LANE_SYSTEM]);
    bool open = actor->lifecycle == ACTOR_ALIVE || actor->lifecycle == ACTOR_FREE;
    return envelope || !open ? envelope : queue_pop(&actor->ready[LANE_USER]);
}

static bool has_message(const struct actor *actor)
{
    bool open = actor->lifecycle == ACTOR_ALIVE || actor->lifecycle == ACTOR_FREE;
    return actor->ready[LANE_SYSTEM].first || (open && actor->ready[LANE_USER].first);
}

static void turn(struct worker *worker, struct actor *actor)
{
    mailbox_drain(actor);
    atomic_store_explicit(&worker->doer, actor, memory_order_relaxed);
    for (int i = 0; i < TURN_MESSAGES_MAX; i++) {
        struct envelope *envelope = next_message(actor);
        if (!envelope) {
            break;
        }
        struct rt_context ctx = {.system = worker->system, .worker = worker, .actor = actor};
        handle(&ctx, &envelope);
        parcel_close(worker);
        if (ctx.stop && actor->lifecycle == ACTOR_ALIVE) {
            life_end(&ctx, ERR_OK);
        }
    }
    atomic_store_explicit(&worker->doing, 0, memory_order_relaxed);
    /* When it is closed another worker may run the actor. */
    if (has_message(actor) || !mailbox_close(actor)) {
        worker_schedule(worker->system, actor);
    }
}

/* ---- the thread ---- */

bool worker_run_one(struct worker *worker)
{
    struct worker *outer = current;
    current = worker;
    if (worker->turns == 0) {
        look_at_clock(worker);
    }
    worker->turns--;
    struct actor *actor = find_work(worker);
    if (actor) {
        turn(worker, actor);
    }
    current = outer;
    return actor != NULL;
}

static bool has_work(struct worker *worker)
{
    return run_queue_visible(&worker->queue) || find_victim(worker);
}

/* Sleeps until there is something to do. */
static void rest(struct worker *worker)
{
    struct rt_system *system = worker->system;
    worker_settle(worker);
    worker->turn_ns = 0;
    (void)pthread_mutex_lock(&system->idle_lock);
    atomic_fetch_add(&system->idle, 1);
    while (!has_work(worker) && !atomic_load(&system->stopping)) {
        (void)pthread_cond_wait(&system->idle_cond, &system->idle_lock);
    }
    atomic_fetch_sub(&system->idle, 1);
    (void)pthread_mutex_unlock(&system->idle_lock);
    worker->turns = worker->turns_at_a_time = 1;
    worker->now_ms = system_now(system);
    worker->now_ns = now_ns();
}

static void *worker_main(void *arg)
{
    struct worker *worker = arg;
    watchdog_admit(worker);
    worker->now_ns = now_ns();
    while (!atomic_load(&worker->system->stopping)) {
        if (!worker_run_one(worker)) {
            rest(worker);
        }
    }
    worker_settle(worker);
    return NULL;
}

/* ---- the guest ---- */

void system_guest(struct rt_system *system)
{
    current = &system->workers[system->guest];
    watchdog_admit(current);
}

void system_guest_run(struct rt_system *system)
{
    struct worker *worker = &system->workers[system->guest];
    if (!worker->queue.own.first) {
        if (worker->tally.accepted > 0) {
            worker_settle(worker); /* what this thread has told others meanwhile */
        }
        return;
    }
    assert(current == worker);
    uint64_t until_ns = now_ns() + GUEST_NS_MAX;
    worker->now_ms = system_now(system);
    struct actor *actor;
    while ((actor = run_list_pop(&worker->queue.own))) {
        if (!atomic_load(&system->stopping) && now_ns() < until_ns) {
            turn(worker, actor);
            continue;
        }
        uint32_t place = atomic_fetch_add_explicit(&system->next_worker, 1, memory_order_relaxed);
        run_queue_arrive(&system->workers[place % system->workers_count].queue, actor);
        wake_one(system);
    }
    worker_settle(worker);
}

/* ---- their beginning and end ---- */

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
    watchdog_stop(system);
}
