/* system.c - a system's beginning and end, what the world tells it, and roles. */
#include "runtime/system.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/core.h"

/* ---- beginning and end ---- */

static void init_workers(struct rt_system *self, uint64_t seed)
{
    self->workers_count = (uint32_t)self->config->runtime.workers;
    self->guest = self->workers_count;
    for (uint32_t i = 0; i <= self->workers_count; i++) {
        struct worker *worker = &self->workers[i];
        worker->system = self;
        worker->index = i;
        worker->random = (seed ^ (UINT64_C(0x9E3779B97F4A7C15) * (i + 1))) | 1;
        worker->turns_at_a_time = 1;
        run_queue_init(&worker->queue);
    }
}

enum err system_new(const struct system_options *options, struct rt_system **ret_system)
{
    assert(options->node > 0);
    assert(options->config->runtime.workers >= 1 &&
           options->config->runtime.workers <= WORKERS_MAX);
    struct rt_system *self = calloc(1, sizeof *self);
    if (!self) {
        return ERR_MEMORY;
    }
    self->config = options->config;
    self->ports = options->ports;
    self->node = options->node;
    (void)snprintf(self->name, sizeof self->name, "%s", options->name);
    self->free_first = NO_SLOT;
    init_workers(self, options->seed);
    (void)pthread_mutex_init(&self->lock, NULL);
    (void)pthread_mutex_init(&self->idle_lock, NULL);
    (void)pthread_cond_init(&self->idle_cond, NULL);
    topics_init(&self->topics);
    enum err err = timers_new(&self->timers);
    if (err == ERR_OK) {
        self->own = system_account(self, 0);
        struct birth birth = {.behaviour = &life_root};
        err = self->own ? life_spawn(self, &birth, &self->root) : ERR_MEMORY;
    }
    if (err != ERR_OK) {
        system_destroy(&self);
        return err;
    }
    assert(self->root.actor == ROOT_ACTOR);
    *ret_system = self;
    return ERR_OK;
}

static void drop_queue(struct queue *queue)
{
    struct envelope *envelope;
    while ((envelope = queue_pop(queue))) {
        if (envelope_msg(envelope)->type == 0) {
            order_fini(envelope_order(envelope));
        }
        envelope_end(&envelope, OUTCOME_LOST);
    }
}

static void drop_actor(struct rt_system *self, struct actor *actor)
{
    life_drop(self, actor);
    pool_give(actor->times, sizeof *actor->times);
    mailbox_drain(actor);
    for (int lane = 0; lane < LANES; lane++) {
        drop_queue(&actor->ready[lane]);
    }
}

static void drop_lists(struct rt_system *self)
{
    struct role **lists[] = {&self->holders, &self->watchers};
    for (size_t i = 0; i < 2; i++) {
        while (*lists[i]) {
            struct role *role = *lists[i];
            *lists[i] = role->next;
            free(role);
        }
    }
    while (self->accounts) {
        struct node_account *account = self->accounts;
        self->accounts = account->next;
        free(account);
    }
}

void system_destroy(struct rt_system **system)
{
    struct rt_system *self = *system;
    if (!self) {
        return;
    }
    workers_stop(self);
    for (uint32_t i = 0; i < self->slots; i++) {
        drop_actor(self, &self->chunks[i / ACTOR_CHUNK][i % ACTOR_CHUNK]);
    }
    for (uint32_t i = 0; i < self->slots / ACTOR_CHUNK; i++) {
        free(self->chunks[i]);
    }
    timers_destroy(&self->timers);
    topics_fini(&self->topics);
    drop_lists(self);
    for (uint32_t i = 0; i <= self->guest; i++) {
        run_queue_fini(&self->workers[i].queue);
        wire_buffer_free(&self->workers[i].parcel.buffer);
    }
    (void)pthread_mutex_destroy(&self->lock);
    (void)pthread_mutex_destroy(&self->idle_lock);
    (void)pthread_cond_destroy(&self->idle_cond);
    free(self);
    *system = NULL;
}

enum err system_spawn(struct rt_system *self, const struct rt_behaviour *behaviour, const void *arg,
                      size_t size, struct rt_address *ret_address)
{
    struct birth birth = {behaviour, arg, size, self->root, .adopt = true};
    return life_spawn(self, &birth, ret_address);
}

enum err system_start(struct rt_system *self)
{
    watchdog_start(self);
    enum err err = workers_start(self);
    if (err != ERR_OK) {
        watchdog_stop(self);
    }
    return err;
}

enum err system_stop(struct rt_system *self, uint64_t ms_max)
{
    deliver_signal(self, (struct rt_address){0, 0}, self->root, MSG(exit, .reason = ERR_OK));
    const struct timespec pause = {.tv_nsec = 1000 * 1000};
    for (uint64_t ms = 0; ms < ms_max && atomic_load(&self->actors) > 0; ms++) {
        if (self->threaded) {
            (void)nanosleep(&pause, NULL);
        } else if (!system_run_ready(self)) {
            break;
        }
    }
    bool all = atomic_load(&self->actors) == 0;
    workers_stop(self);
    return all ? ERR_OK : ERR_TIMEOUT;
}

bool system_run_ready(struct rt_system *self)
{
    bool any = false;
    struct worker *worker = &self->workers[0];
    worker->turns = 0; /* the clock may have moved */
    while (worker_run_one(worker)) {
        any = true;
    }
    worker_settle(worker);
    return any;
}

/* ---- from the world ---- */

void system_deliver(struct rt_system *self, struct envelope **envelope)
{
    worker_may_sample_arrived(self, *envelope);
    enum err err = deliver(self, envelope);
    if (err != ERR_OK) {
        deliver_dead(self, envelope, err == ERR_FULL ? OUTCOME_REJECTED : OUTCOME_DEAD, err);
    }
}

void system_undeliverable(struct rt_system *self, struct envelope **envelope, enum err reason)
{
    enum outcome outcome = reason == ERR_FULL      ? OUTCOME_REJECTED
                           : reason == ERR_EXPIRED ? OUTCOME_EXPIRED
                                                   : OUTCOME_LOST;
    deliver_dead(self, envelope, outcome, reason);
}

enum err system_tell(struct rt_system *self, struct rt_address to, const struct msg *msg)
{
    struct envelope *envelope = envelope_new(msg);
    if (!envelope) {
        return ERR_MEMORY;
    }
    envelope->account = self->own;
    envelope->to = to;
    worker_accepted(self);
    worker_may_sample_arrived(self, envelope);
    enum err err = deliver(self, &envelope);
    envelope_end(&envelope, err == ERR_FULL ? OUTCOME_REJECTED : OUTCOME_DEAD);
    return err;
}

void system_store_done(struct rt_system *self, struct rt_store_op **op)
{
    struct order order = {.kind = ORDER_STORE_DONE, .op = *op};
    *op = NULL;
    /* Nobody waits for the outcome when its actor is gone: deliver_order has freed it then. */
    (void)deliver_order(self, order.op->owner.actor, &order);
}

static void fire(struct rt_system *self, const struct timer *timer)
{
    if (timer->kind == TIMER_RESTART) {
        life_restart_due(self, timer->actor, timer->life);
        return;
    }
    struct envelope *envelope = timer->kind == TIMER_TICK
                                    ? envelope_new(MSG(tick, .tag = timer->value))
                                    : envelope_new(MSG(failed, .reason = ERR_TIMEOUT));
    if (!envelope) {
        return;
    }
    envelope->to = (struct rt_address){self->node, timer->actor};
    envelope->span = timer->life;
    worker_may_sample_arrived(self, envelope);
    if (timer->kind == TIMER_ASK) {
        envelope->ask = timer->value | FRAME_ANSWER;
    }
    if (deliver(self, &envelope) != ERR_OK) {
        envelope_end(&envelope, OUTCOME_DEAD);
    }
}

uint64_t system_run_timers(struct rt_system *self)
{
    struct timer timer;
    uint64_t number;
    uint64_t now_ms = system_now(self);
    while (timers_pop(self->timers, now_ms, &timer, &number)) {
        fire(self, &timer);
    }
    return timers_next(self->timers);
}

struct node_account *system_node_account(struct rt_system *self, uint64_t node)
{
    (void)pthread_mutex_lock(&self->lock);
    struct node_account *it = self->accounts;
    while (it && it->node != node) {
        it = it->next;
    }
    if (!it) {
        it = calloc(1, sizeof *it);
        if (it) {
            it->node = node;
            it->next = self->accounts;
            self->accounts = it;
        }
    }
    (void)pthread_mutex_unlock(&self->lock);
    return it;
}

struct account *system_account(struct rt_system *self, uint64_t node)
{
    struct node_account *it = system_node_account(self, node);
    return it ? &it->account : NULL;
}

/* ---- roles ---- */

static struct role *role_new(uint64_t role, struct rt_address address, const char *name)
{
    struct role *it = calloc(1, sizeof *it);
    if (it) {
        it->role = role;
        it->address = address;
        (void)snprintf(it->name, sizeof it->name, "%s", name);
    }
    return it;
}

static void tell_role(struct rt_system *self, struct rt_address to, const struct role *role)
{
    deliver_signal(self, (struct rt_address){0, 0}, to,
                   MSG(role_up, .role = role->role, .node = role->address.node,
                       .actor = role->address.actor, .name = msg_str(role->name)));
}

static bool holds(const struct role *holders, uint64_t role, struct rt_address address)
{
    for (; holders; holders = holders->next) {
        if (holders->role == role && rt_address_equal(holders->address, address)) {
            return true;
        }
    }
    return false;
}

void system_role_up(struct rt_system *self, uint64_t role, struct rt_address actor,
                    const char *node_name)
{
    (void)pthread_mutex_lock(&self->lock);
    struct role *holder =
        holds(self->holders, role, actor) ? NULL : role_new(role, actor, node_name);
    if (holder) {
        holder->next = self->holders;
        self->holders = holder;
        /* Signals are pushed, never handled here, so the lock may be held. */
        for (struct role *watcher = self->watchers; watcher; watcher = watcher->next) {
            if (watcher->role == role) {
                tell_role(self, watcher->address, holder);
            }
        }
    }
    (void)pthread_mutex_unlock(&self->lock);
}

void rt_take_role(struct rt_context *ctx, uint64_t role)
{
    struct rt_system *system = ctx->system;
    ctx->actor->has_roles = true;
    system_role_up(system, role, rt_self(ctx), system->name);
    system->ports.net_announce(system->ports.world, role, ctx->actor->id);
}

void rt_watch_role(struct rt_context *ctx, uint64_t role)
{
    struct rt_system *system = ctx->system;
    struct rt_address self = rt_self(ctx);
    ctx->actor->has_roles = true;
    (void)pthread_mutex_lock(&system->lock);
    struct role *watcher = holds(system->watchers, role, self) ? NULL : role_new(role, self, "");
    if (watcher) {
        watcher->next = system->watchers;
        system->watchers = watcher;
    }
    for (struct role *holder = system->holders; holder; holder = holder->next) {
        if (holder->role == role) {
            tell_role(system, self, holder);
        }
    }
    (void)pthread_mutex_unlock(&system->lock);
}

/* ---- lost nodes ---- */

static void forget_roles_of(struct rt_system *self, uint64_t node)
{
    (void)pthread_mutex_lock(&self->lock);
    for (struct role **at = &self->holders; *at;) {
        struct role *role = *at;
        if (role->address.node == node) {
            *at = role->next;
            free(role);
        } else {
            at = &role->next;
        }
    }
    (void)pthread_mutex_unlock(&self->lock);
}

void system_node_down(struct rt_system *self, uint64_t node)
{
    forget_roles_of(self, node);
    topics_node_down(self, node);
    (void)pthread_mutex_lock(&self->lock);
    uint32_t slots = self->slots;
    (void)pthread_mutex_unlock(&self->lock);
    for (uint32_t i = 0; i < slots; i++) {
        struct actor *actor = &self->chunks[i / ACTOR_CHUNK][i % ACTOR_CHUNK];
        if (atomic_load_explicit(&actor->remote, memory_order_relaxed)) {
            deliver_signal(self, (struct rt_address){0, 0}, actor_address(self, actor),
                           MSG(node_gone, .node = node));
        }
    }
}

/* ---- looking in ---- */

bool system_failed(const struct rt_system *self)
{
    return atomic_load(&self->failed);
}

/* In this order a message that ends meanwhile still counts as queued, never as less than none. */
static void add_account(const struct account *account, struct system_stats *stats)
{
    uint64_t ended = 0;
    for (int i = 0; i < OUTCOMES; i++) {
        uint64_t count = atomic_load_explicit(&account->outcomes[i], memory_order_relaxed);
        stats->outcomes[i] += count;
        ended += count;
    }
    uint64_t accepted = atomic_load_explicit(&account->accepted, memory_order_relaxed);
    stats->queued += accepted > ended ? accepted - ended : 0;
}

void system_stats(struct rt_system *self, struct system_stats *ret_stats)
{
    *ret_stats = (struct system_stats){
        .actors = atomic_load_explicit(&self->actors, memory_order_relaxed),
        .restarts = atomic_load_explicit(&self->restarts, memory_order_relaxed),
        .late_answers = atomic_load_explicit(&self->late_answers, memory_order_relaxed),
        .stuck = atomic_load_explicit(&self->stuck, memory_order_relaxed),
        .work_open = atomic_load_explicit(&self->work_open, memory_order_relaxed),
        .work_waiting = atomic_load_explicit(&self->work_waiting, memory_order_relaxed)};
    for (uint32_t i = 0; i <= self->guest; i++) {
        ret_stats->handled += atomic_load_explicit(&self->workers[i].handled, memory_order_relaxed);
    }
    (void)pthread_mutex_lock(&self->lock);
    for (const struct node_account *it = self->accounts; it; it = it->next) {
        add_account(&it->account, ret_stats);
    }
    (void)pthread_mutex_unlock(&self->lock);
}

static void look_at(const struct actor *actor, uint64_t id, struct actor_stats *ret_stats)
{
    static const enum term states[ACTOR_STATES] = {[ACTOR_FREE] = TERM_actor_STARTING,
                                                   [ACTOR_ALIVE] = TERM_actor_ALIVE,
                                                   [ACTOR_WAITING] = TERM_actor_WAITING,
                                                   [ACTOR_ENDING] = TERM_actor_ENDING};
    uint64_t lives = atomic_load_explicit(&actor->lives, memory_order_relaxed);
    *ret_stats = (struct actor_stats){
        .id = id,
        .name = atomic_load_explicit(&actor->name, memory_order_relaxed),
        .state = states[atomic_load_explicit(&actor->lifecycle, memory_order_relaxed)],
        .handled = atomic_load_explicit(&actor->handled, memory_order_relaxed),
        .restarts = lives > 0 ? lives - 1 : 0,
        .latest_ms = atomic_load_explicit(&actor->latest_ms, memory_order_relaxed)};
    mailbox_load(actor, &ret_stats->queued, &ret_stats->queued_bytes);
    const struct times *times = atomic_load_explicit(&actor->times, memory_order_acquire);
    if (times) {
        ret_stats->samples = times_count(times->handling);
        ret_stats->wait_p50_ns = times_percentile(times->wait, 50);
        ret_stats->wait_p99_ns = times_percentile(times->wait, 99);
        ret_stats->handling_p50_ns = times_percentile(times->handling, 50);
        ret_stats->handling_p99_ns = times_percentile(times->handling, 99);
    }
}

bool system_actor_after(const struct rt_system *self, uint64_t after, struct actor_stats *ret_stats)
{
    uint64_t slot = after == 0 ? 0 : (after & UINT32_MAX) + 1;
    for (; slot / ACTOR_CHUNK < ACTOR_CHUNKS_MAX; slot++) {
        const struct actor *chunk =
            atomic_load_explicit(&self->chunks[slot / ACTOR_CHUNK], memory_order_acquire);
        if (!chunk) {
            return false;
        }
        const struct actor *actor = &chunk[slot % ACTOR_CHUNK];
        uint64_t id = atomic_load_explicit(&actor->id, memory_order_relaxed);
        if (id != 0) {
            look_at(actor, id, ret_stats);
            return true;
        }
    }
    return false;
}
