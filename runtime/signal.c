/* signal.c - what other actors and nodes let an actor know of their ends: links and monitors. */
#include "runtime/core.h"
#include "runtime/mutant.h"

#include <stdlib.h>

/* True when the EXIT is dealt with; false when the actor wants to see it. */
static bool on_exit_signal(struct rt_context *ctx, struct rt_address from, enum err reason)
{
    struct actor *self = ctx->actor;
    if (rt_address_equal(from, self->parent) || from.node == 0) {
        life_end(ctx, ERR_OK);
        return true;
    }
    if (reason == ERR_CANCELLED) { /* rt_exit: a wish, whether linked or not */
        bool obeys = !self->behaviour->trap_exits;
        if (obeys) {
            life_end(ctx, ERR_OK);
        }
        return obeys;
    }
    struct peer **link = self->relations ? peer_find(&self->relations->links, from) : NULL;
    bool linked = link && *link;
    if (linked) {
        peer_remove(link);
    }
    if (self->behaviour->trap_exits) {
        return false;
    }
    /* From one that is not linked any more it comes too late. */
    if (linked && reason != ERR_OK) {
        life_crash(ctx, reason);
    }
    return true;
}

static void on_monitor(struct rt_context *ctx, struct rt_address from, uint64_t ref)
{
    struct actor *self = ctx->actor;
    struct relations *relations = actor_relations(self);
    if (!relations || !peer_add(&relations->watchers, from, ref)) {
        return;
    }
    if (from.node != ctx->system->node) {
        atomic_store_explicit(&self->remote, true, memory_order_relaxed);
    }
}

/* DOWN counts once: whoever is no longer watched is not heard. */
static bool on_down(struct rt_context *ctx, uint64_t ref)
{
    struct relations *relations = ctx->actor->relations;
    struct peer **peer = relations ? peer_find_ref(&relations->watched, ref) : NULL;
    if (!peer || !*peer) {
        return true;
    }
    if (!MUTANT(DOWN_TWICE)) {
        peer_remove(peer);
    }
    return ctx->actor->lifecycle != ACTOR_ALIVE;
}

static void fail_asks_of(struct rt_context *ctx, uint64_t node)
{
    struct rt_address self = rt_self(ctx);
    for (struct ask *ask = ctx->actor->relations->asks; ask; ask = ask->next) {
        if (ask->to.node == node && !MUTANT(ASK_STAYS)) {
            struct envelope *failed =
                envelope_new(MSG(failed, .type = ask->type, .reason = ERR_GONE));
            if (failed) {
                failed->from = ask->to;
                failed->to = self;
                failed->ask = ask->number | FRAME_ANSWER;
                system_deliver(ctx->system, &failed);
            }
        }
    }
}

static void on_node_gone(struct rt_context *ctx, uint64_t node)
{
    struct rt_address self = rt_self(ctx);
    struct relations *relations = ctx->actor->relations;
    if (!relations) {
        return;
    }
    for (struct peer *peer = relations->watched; peer; peer = peer->next) {
        if (peer->address.node == node && !MUTANT(NO_DOWN)) {
            deliver_signal(ctx->system, peer->address, self,
                           MSG(down, .ref = peer->ref, .node = node, .actor = peer->address.actor,
                               .reason = ERR_GONE));
        }
    }
    for (struct peer *peer = relations->links; peer; peer = peer->next) {
        if (peer->address.node == node) {
            deliver_signal(ctx->system, peer->address, self, MSG(exit, .reason = ERR_GONE));
        }
    }
    for (struct peer **at = &relations->watchers; *at;) {
        if ((*at)->address.node == node) {
            peer_remove(at);
        } else {
            at = &(*at)->next;
        }
    }
    fail_asks_of(ctx, node);
}

static void on_link(struct rt_context *ctx, struct rt_address from)
{
    struct relations *relations = actor_relations(ctx->actor);
    if (!relations || *peer_find(&relations->links, from)) {
        return;
    }
    (void)peer_add(&relations->links, from, 0);
    if (from.node != ctx->system->node) {
        atomic_store_explicit(&ctx->actor->remote, true, memory_order_relaxed);
    }
}

/* Takes the ask out of a queue of the user lane; NULL: it is not there. */
static struct envelope *take_ask(struct queue *queue, struct rt_address from, uint64_t ask)
{
    struct envelope *before = NULL;
    for (struct envelope *it = queue->first; it;
         before = it, it = atomic_load_explicit(&it->next, memory_order_relaxed)) {
        if (it->ask != ask || !rt_address_equal(it->from, from)) {
            continue;
        }
        struct envelope *after = atomic_load_explicit(&it->next, memory_order_relaxed);
        if (before) {
            atomic_store_explicit(&before->next, after, memory_order_relaxed);
        } else {
            queue->first = after;
        }
        queue->last = queue->last == it ? before : queue->last;
        return it;
    }
    return NULL;
}

/* Nobody waits for the answer any more: what has not begun is not begun. */
static void on_cancel(struct rt_context *ctx, struct rt_address from, uint64_t ask)
{
    struct actor *self = ctx->actor;
    struct envelope *envelope = ask != 0 ? take_ask(&self->ready[LANE_USER], from, ask) : NULL;
    if (!envelope && ask != 0 && self->relations) {
        envelope = take_ask(&self->relations->stash, from, ask);
    }
    if (envelope) {
        mailbox_finished(self, envelope);
        envelope_end(&envelope, OUTCOME_EXPIRED);
    }
}

bool life_signal(struct rt_context *ctx, const struct envelope *envelope)
{
    const struct msg *msg = envelope_msg(envelope);
    struct rt_address from = envelope->from;
    struct relations *relations = ctx->actor->relations;
    switch (msg->type) {
    case MSG_EXIT:
        return on_exit_signal(ctx, from, (enum err)msg_as_exit(msg)->reason);
    case MSG_CHILD_CRASHED:
        life_child_crashed(ctx, from);
        return true;
    case MSG_CHILD_ENDED:
        life_child_ended(ctx, from);
        return true;
    case MSG_RESTART:
        if (rt_address_equal(from, ctx->actor->parent)) {
            life_restart(ctx);
        } else if (from.node == 0 && from.actor == ctx->actor->life &&
                   ctx->actor->lifecycle == ACTOR_WAITING) {
            life_begin(ctx);
        }
        return true;
    case MSG_MONITOR:
        on_monitor(ctx, from, msg_as_monitor(msg)->ref);
        return true;
    case MSG_DEMONITOR:
        if (relations) {
            peer_remove(peer_find_ref(&relations->watchers, msg_as_demonitor(msg)->ref));
        }
        return true;
    case MSG_LINK:
        on_link(ctx, from);
        return true;
    case MSG_UNLINK:
        if (relations) {
            peer_remove(peer_find(&relations->links, from));
        }
        return true;
    case MSG_CANCEL_ASK:
        on_cancel(ctx, from, msg_as_cancel_ask(msg)->ask);
        return true;
    case MSG_DOWN:
        return on_down(ctx, msg_as_down(msg)->ref);
    case MSG_NODE_GONE:
        on_node_gone(ctx, msg_as_node_gone(msg)->node);
        return true;
    default:
        return false;
    }
}
