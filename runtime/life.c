/* life.c - how actors begin, crash, are restarted and end, and who hears of it.
 *
 *              BEGIN                 crash, EXIT, rt_stop            children gone
 *     FREE ------------> ALIVE ------------------------> ENDING ---------------------> FREE
 *                          ^                                | another life is due
 *                          |      delay has passed          v
 *                          +---------------------------- WAITING
 *
 * Supervision is that of Erlang/OTP (supervisor behaviour: strategies, intensity and period,
 * escalation, children stopped in reverse order) with an exponential back-off between restarts.
 * Everything here runs on the turn of the actor concerned; others are told by signals.
 */
#include "runtime/core.h"

#include <stdlib.h>

#include "runtime/pool.h"

/* ---- lists ---- */

struct peer **peer_find(struct peer **list, struct rt_address address)
{
    while (*list && !rt_address_equal((*list)->address, address)) {
        list = &(*list)->next;
    }
    return list;
}

struct peer **peer_find_ref(struct peer **list, uint64_t ref)
{
    while (*list && (*list)->ref != ref) {
        list = &(*list)->next;
    }
    return list;
}

bool peer_add(struct peer **list, struct rt_address address, uint64_t ref)
{
    struct peer *peer = malloc(sizeof *peer);
    if (peer) {
        *peer = (struct peer){.next = *list, .address = address, .ref = ref};
        *list = peer;
    }
    return peer != NULL;
}

void peer_remove(struct peer **at)
{
    struct peer *peer = *at;
    if (peer) {
        *at = peer->next;
        free(peer);
    }
}

static void free_peers(struct peer **list)
{
    while (*list) {
        peer_remove(list);
    }
}

/* ---- children ---- */

static struct actor *slot_at(struct rt_system *system, uint32_t slot)
{
    return actors_find(system, UINT64_C(1) << 32 | slot);
}

void life_add_child(struct rt_context *ctx, struct rt_address child)
{
    struct relations *relations = ctx->actor->relations;
    uint32_t slot = (uint32_t)child.actor;
    struct actor *it = slot_at(ctx->system, slot);
    it->sibling_newer = NO_SLOT;
    it->sibling_older = relations->child_newest;
    if (it->sibling_older != NO_SLOT) {
        slot_at(ctx->system, it->sibling_older)->sibling_newer = slot;
    }
    relations->child_newest = slot;
}

/* The slot of a child of ours, which may have ended by now; NULL: it is none. */
static struct actor *child_at(struct rt_context *ctx, struct rt_address address)
{
    struct actor *child = address.node == ctx->system->node && ctx->actor->relations
                              ? actors_find(ctx->system, address.actor)
                              : NULL;
    bool ours = child && child->generation == address.actor >> 32 &&
                rt_address_equal(child->parent, rt_self(ctx));
    return ours ? child : NULL;
}

/* Forgets a child that has ended. */
static void remove_child(struct rt_context *ctx, struct rt_address address, struct actor *child)
{
    struct rt_system *system = ctx->system;
    if (child->sibling_newer != NO_SLOT) {
        slot_at(system, child->sibling_newer)->sibling_older = child->sibling_older;
    } else {
        ctx->actor->relations->child_newest = child->sibling_older;
    }
    if (child->sibling_older != NO_SLOT) {
        slot_at(system, child->sibling_older)->sibling_newer = child->sibling_newer;
    }
    child->parent = (struct rt_address){0, 0};
    actors_give_back(system, (uint32_t)address.actor);
}

/* ---- begin ---- */

static void log_life(struct rt_context *ctx, enum rt_level level, const char *text, enum err err)
{
    rt_log(ctx, level, "%s reason=%s", text, err_name(err));
}

void life_begin(struct rt_context *ctx)
{
    struct actor *self = ctx->actor;
    const struct rt_behaviour *behaviour = self->behaviour;
    self->life++;
    self->restart_granted = false;
    self->end_for_good = false;
    self->lifecycle = ACTOR_ALIVE;
    self->alive_since_ms = system_now(ctx->system);
    atomic_store_explicit(&self->latest_ms, self->alive_since_ms, memory_order_relaxed);
    count_alone(&self->lives);
    self->state = pool_take_zeroed(behaviour->state_size ? behaviour->state_size : 1);
    if (!self->state) {
        life_crash(ctx, ERR_MEMORY);
        return;
    }
    enum err err = behaviour->start ? behaviour->start(ctx, self->state, self->arg) : ERR_OK;
    if (err != ERR_OK) {
        life_crash(ctx, err);
    }
}

enum err life_spawn(struct rt_system *system, const struct birth *birth,
                    struct rt_address *ret_address)
{
    const struct rt_behaviour *behaviour = birth->behaviour;
    struct order order = {.kind = ORDER_BEGIN, .behaviour = behaviour, .arg_size = birth->size};
    if (birth->size > 0) {
        order.arg = pool_take(birth->size);
        if (!order.arg) {
            return ERR_MEMORY;
        }
        memcpy(order.arg, birth->arg, birth->size);
    }
    struct actor *actor = actors_take(system);
    if (!actor) {
        order_fini(&order);
        return ERR_MEMORY;
    }
    uint64_t count_max = behaviour->mailbox_count_max ? behaviour->mailbox_count_max
                                                      : system->config->runtime.mailbox_count_max;
    atomic_store_explicit(&actor->user_count_max, count_max, memory_order_relaxed);
    atomic_store_explicit(&actor->drop_newest, behaviour->overflow == RT_DROP_NEWEST,
                          memory_order_relaxed);
    actor->parent = birth->parent;
    struct rt_address address = actor_address(system, actor);
    /* Before it begins: the parent must not hear of the end first. */
    struct order adopt = {.kind = ORDER_ADOPT, .address = address};
    enum err err = birth->adopt ? deliver_order(system, birth->parent.actor, &adopt) : ERR_OK;
    if (err != ERR_OK) {
        order_fini(&order);
        actors_end_id(system, actor);
        actors_give_back(system, (uint32_t)address.actor);
        return err;
    }
    err = deliver_order(system, address.actor, &order);
    if (err != ERR_OK) {
        actors_end_id(system, actor);
        if (birth->adopt) {
            deliver_signal(system, address, birth->parent, MSG(child_ended, .reason = err));
        } else {
            actors_give_back(system, (uint32_t)address.actor);
        }
        return err;
    }
    *ret_address = address;
    return ERR_OK;
}

static enum err store_done(struct rt_context *ctx, const struct order *order)
{
    struct rt_store_op *op = order->op;
    enum err err = ERR_OK;
    if (ctx->actor->lifecycle == ACTOR_ALIVE && op->life == ctx->actor->life &&
        op->owner.actor == ctx->actor->id) {
        err = op->done(ctx, ctx->actor->state, op);
    }
    order_fini(order);
    return err;
}

/* Of the actor that had the slot before. */
static void forget_times(struct actor *self)
{
    struct times *times = atomic_load_explicit(&self->times, memory_order_relaxed);
    if (times && times->samples > 0) {
        times_clear(times);
    }
}

enum err life_order(struct rt_context *ctx, const struct order *order)
{
    struct actor *self = ctx->actor;
    switch (order->kind) {
    case ORDER_BEGIN:
        assert(self->lifecycle == ACTOR_FREE);
        self->behaviour = order->behaviour;
        self->arg = order->arg;
        self->arg_size = order->arg_size;
        self->crash_count = 0;
        atomic_store_explicit(&self->handled, 0, memory_order_relaxed);
        atomic_store_explicit(&self->lives, 0, memory_order_relaxed);
        forget_times(self);
        atomic_store_explicit(&self->name, self->behaviour->name, memory_order_relaxed);
        life_begin(ctx);
        return ERR_OK;
    case ORDER_ADOPT:
        if (!actor_relations(self)) {
            return ERR_MEMORY;
        }
        life_add_child(ctx, order->address);
        return ERR_OK;
    case ORDER_STORE_DONE:
        return store_done(ctx, order);
    }
    return ERR_OK;
}

/* ---- end of a life ---- */

/* What belongs to one life: state, commands, HTTP, asks, and what it watches. */
static void release_life(struct rt_system *system, struct actor *self)
{
    if (self->state) {
        if (self->behaviour->stop) {
            self->behaviour->stop(self->state);
        }
        pool_give(self->state, self->behaviour->state_size ? self->behaviour->state_size : 1);
        self->state = NULL;
    }
    struct relations *relations = self->relations;
    if (!relations) {
        return;
    }
    mailbox_unstash(self);
    actor_work(system, relations, 0, 0);
    while (relations->commands) {
        struct number *command = relations->commands;
        relations->commands = command->next;
        system->ports.exec_kill(system->ports.world, command->number);
        free(command);
    }
    while (relations->requests) {
        struct number *request = relations->requests;
        relations->requests = request->next;
        system->ports.http_cancel(system->ports.world, request->number);
        free(request);
    }
    if (relations->serves) {
        relations->serves = false;
        system->ports.http_close(system->ports.world);
    }
    while (relations->asks) {
        struct ask *ask = relations->asks;
        relations->asks = ask->next;
        timers_cancel(system->timers, ask->timer);
        free(ask);
    }
}

static void unwatch_all(struct rt_context *ctx)
{
    struct rt_address self = rt_self(ctx);
    struct relations *relations = ctx->actor->relations;
    while (relations && relations->watched) {
        struct peer *peer = relations->watched;
        deliver_signal(ctx->system, self, peer->address, MSG(demonitor, .ref = peer->ref));
        peer_remove(&relations->watched);
    }
}

static void drop_roles(struct role **list, struct rt_address address)
{
    while (*list) {
        struct role *role = *list;
        if (rt_address_equal(role->address, address)) {
            *list = role->next;
            free(role);
        } else {
            list = &role->next;
        }
    }
}

static void end_for_good(struct rt_context *ctx)
{
    struct rt_system *system = ctx->system;
    struct actor *self = ctx->actor;
    struct rt_address address = rt_self(ctx);
    struct relations *relations = self->relations;
    enum err reason = self->end_reason;
    if (self->has_topics) { /* before anybody hears of the end */
        topics_forget(system, address);
        self->has_topics = false;
    }
    while (relations && relations->watchers) {
        struct peer *peer = relations->watchers;
        deliver_signal(system, address, peer->address,
                       MSG(down, .ref = peer->ref, .node = address.node, .actor = address.actor,
                           .reason = reason));
        peer_remove(&relations->watchers);
    }
    while (relations && relations->links) {
        deliver_signal(system, address, relations->links->address, MSG(exit, .reason = reason));
        peer_remove(&relations->links);
    }
    if (self->parent.node == 0 && reason != ERR_OK) {
        atomic_store(&system->failed, true);
    }
    if (self->has_roles) {
        (void)pthread_mutex_lock(&system->lock);
        drop_roles(&system->holders, address);
        drop_roles(&system->watchers, address);
        (void)pthread_mutex_unlock(&system->lock);
        self->has_roles = false;
    }
    free(relations ? relations->restarts : NULL);
    free(relations);
    pool_give(self->arg, self->arg_size);
    self->relations = NULL;
    self->arg = NULL;
    self->behaviour = NULL;
    atomic_store_explicit(&self->name, NULL, memory_order_relaxed);
    self->lifecycle = ACTOR_FREE;
    atomic_store_explicit(&self->remote, false, memory_order_relaxed);
    actors_end_id(system, self);
    /* The slot is the parent's to give back, which goes from child to child by it. */
    if (self->parent.node != 0) {
        deliver_signal(system, address, self->parent, MSG(child_ended, .reason = reason));
    }
}

static uint64_t restart_delay_ms(struct rt_context *ctx)
{
    const struct cfg_runtime *cfg = &ctx->system->config->runtime;
    struct actor *self = ctx->actor;
    if (system_now(ctx->system) - self->alive_since_ms > cfg->restart_period_ms) {
        self->crash_count = 0;
    }
    uint64_t delay_ms = cfg->restart_backoff_min_ms;
    for (uint32_t i = 0; i < self->crash_count && delay_ms < cfg->restart_backoff_max_ms; i++) {
        delay_ms *= 2;
    }
    if (delay_ms > cfg->restart_backoff_max_ms) {
        delay_ms = cfg->restart_backoff_max_ms;
    }
    self->crash_count++;
    /* Jitter, so that what crashed together does not come back together. */
    uint64_t jitter_ms = (uint64_t)((double)delay_ms * cfg->restart_jitter);
    return delay_ms - rt_random(ctx) % (jitter_ms + 1);
}

static void wait_for_next_life(struct rt_context *ctx)
{
    struct rt_system *system = ctx->system;
    struct actor *self = ctx->actor;
    struct timer timer = {.due_ms = system_now(system) + restart_delay_ms(ctx),
                          .actor = self->id,
                          .life = self->life,
                          .kind = TIMER_RESTART};
    bool first;
    if (timers_set(system->timers, &timer, &first) == 0) {
        self->end_for_good = true;
        end_for_good(ctx);
    } else if (first) {
        system->ports.timer_set(system->ports.world);
    }
}

/* The children are gone: the life ends now. */
static void end_life(struct rt_context *ctx)
{
    struct actor *self = ctx->actor;
    release_life(ctx->system, self);
    unwatch_all(ctx);
    if (self->end_for_good) {
        end_for_good(ctx);
        return;
    }
    self->lifecycle = ACTOR_WAITING;
    if (self->restart_granted) {
        wait_for_next_life(ctx);
    } else {
        deliver_signal(ctx->system, rt_self(ctx), self->parent,
                       MSG(child_crashed, .reason = self->end_reason));
    }
}

/* The newest child goes first; its CHILD_ENDED brings us back here. */
static void end_children(struct rt_context *ctx)
{
    struct relations *relations = ctx->actor->relations;
    if (relations && relations->child_newest != NO_SLOT) {
        deliver_signal(ctx->system, rt_self(ctx),
                       actor_address(ctx->system, slot_at(ctx->system, relations->child_newest)),
                       MSG(exit, .reason = ERR_OK));
    } else {
        end_life(ctx);
    }
}

static void start_ending(struct rt_context *ctx, enum err reason, bool for_good)
{
    struct actor *self = ctx->actor;
    self->end_for_good |= for_good;
    if (self->lifecycle == ACTOR_ALIVE) {
        self->lifecycle = ACTOR_ENDING;
        self->end_reason = reason;
        end_children(ctx);
    } else if (self->lifecycle == ACTOR_WAITING && self->end_for_good) {
        end_for_good(ctx);
    }
}

void life_end(struct rt_context *ctx, enum err reason)
{
    start_ending(ctx, reason, true);
}

void life_crash(struct rt_context *ctx, enum err reason)
{
    struct actor *self = ctx->actor;
    if (self->lifecycle == ACTOR_FREE) {
        return;
    }
    log_life(ctx, RT_ERROR, "crashed", reason);
    bool again = self->behaviour->restart == RT_RESTART_ON_CRASH && self->parent.node != 0;
    start_ending(ctx, reason, !again);
}

/* ---- supervision ---- */

/* More than the intensity within the period; a ring of the latest times tells. */
static bool too_many_restarts(struct rt_context *ctx)
{
    const struct cfg_runtime *cfg = &ctx->system->config->runtime;
    struct relations *relations = ctx->actor->relations;
    uint64_t ring = cfg->restart_intensity;
    if (ring == 0) {
        return true;
    }
    if (!relations->restarts) {
        relations->restarts = calloc(ring, sizeof *relations->restarts);
    }
    if (!relations->restarts) {
        return true;
    }
    uint64_t now_ms = system_now(ctx->system);
    uint64_t *slot = &relations->restarts[relations->restart_next++ % ring];
    uint64_t oldest_ms = *slot;
    *slot = now_ms;
    return relations->restart_next > ring && now_ms - oldest_ms < cfg->restart_period_ms;
}

void life_child_crashed(struct rt_context *ctx, struct rt_address child)
{
    struct actor *self = ctx->actor;
    struct rt_address me = rt_self(ctx);
    struct actor *crashed = child_at(ctx, child);
    if (!crashed) {
        return;
    }
    if (self->lifecycle != ACTOR_ALIVE) {
        deliver_signal(ctx->system, me, child, MSG(exit, .reason = ERR_OK));
        return;
    }
    if (too_many_restarts(ctx)) {
        log_life(ctx, RT_ERROR, "children crash too often", ERR_CRASHED);
        life_crash(ctx, ERR_CRASHED);
        return;
    }
    atomic_fetch_add_explicit(&ctx->system->restarts, 1, memory_order_relaxed);
    enum rt_strategy strategy = self->behaviour->strategy;
    /* Newest first: what stands before the child in the list was started after it. */
    uint32_t slot =
        strategy == RT_ONE_FOR_ONE ? (uint32_t)child.actor : self->relations->child_newest;
    while (slot != NO_SLOT) {
        struct actor *it = slot_at(ctx->system, slot);
        deliver_signal(ctx->system, me, actor_address(ctx->system, it),
                       MSG(restart, .delay_ms = 0));
        slot = it == crashed && strategy != RT_ONE_FOR_ALL ? NO_SLOT : it->sibling_older;
    }
}

void life_child_ended(struct rt_context *ctx, struct rt_address child)
{
    struct actor *ended = child_at(ctx, child);
    if (!ended) {
        return;
    }
    remove_child(ctx, child, ended);
    if (ctx->actor->lifecycle == ACTOR_ENDING) {
        end_children(ctx);
    }
}

void life_restart(struct rt_context *ctx)
{
    struct actor *self = ctx->actor;
    if (self->lifecycle == ACTOR_WAITING && !self->restart_granted) {
        self->restart_granted = true;
        wait_for_next_life(ctx);
    } else if (self->lifecycle == ACTOR_ALIVE) {
        bool again = self->behaviour->restart == RT_RESTART_ON_CRASH;
        self->restart_granted = again;
        start_ending(ctx, ERR_CRASHED, !again);
    }
}

void life_restart_due(struct rt_system *system, uint64_t actor, uint64_t life)
{
    struct rt_address to = {system->node, actor};
    deliver_signal(system, (struct rt_address){0, life}, to, MSG(restart, .delay_ms = 0));
}

void life_drop(struct rt_system *system, struct actor *self)
{
    if (self->lifecycle == ACTOR_FREE) {
        return;
    }
    release_life(system, self);
    if (self->relations) {
        free_peers(&self->relations->watchers);
        free_peers(&self->relations->watched);
        free_peers(&self->relations->links);
        free(self->relations->restarts);
        free(self->relations);
    }
    pool_give(self->arg, self->arg_size);
}

static enum err root_receive(struct rt_context *ctx, void *state, const struct msg *msg)
{
    (void)state;
    return relay_accept(ctx, msg);
}

const struct rt_behaviour life_root = {
    .name = "root", .receive = root_receive, .restart = RT_RESTART_NEVER};
