/* deliver.c - envelopes to their receivers, and word to the sender when there is none. */
#include "runtime/core.h"

#include <stdlib.h>

#include "runtime/pool.h"

enum err deliver(struct rt_system *system, struct envelope **envelope)
{
    if ((*envelope)->to.node == system->node) {
        return mailbox_push(system, envelope);
    }
    if ((*envelope)->to.node == 0) {
        return ERR_GONE;
    }
    system->ports.net_send(system->ports.world, envelope);
    return ERR_OK;
}

static struct envelope *own_envelope(struct rt_system *system, const struct msg *msg)
{
    struct envelope *envelope = envelope_new(msg);
    if (envelope) {
        envelope->account = system->own;
        worker_accepted(system);
    }
    return envelope;
}

void deliver_signal(struct rt_system *system, struct rt_address from, struct rt_address to,
                    const struct msg *msg)
{
    struct envelope *envelope = own_envelope(system, msg);
    if (!envelope) {
        return;
    }
    envelope->from = from;
    envelope->to = to;
    enum err err = deliver(system, &envelope);
    if (err != ERR_OK) {
        deliver_dead(system, &envelope, OUTCOME_DEAD, err);
    }
}

void deliver_failure(struct rt_system *system, const struct envelope *lost, enum err reason)
{
    if (lost->parcel > 0) {
        return; /* nothing in it is awaited by anybody */
    }
    const struct msg *msg = envelope_msg(lost);
    if (msg->type == MSG_MONITOR) {
        deliver_signal(system, lost->to, lost->from,
                       MSG(down, .ref = msg_as_monitor(msg)->ref, .node = lost->to.node,
                           .actor = lost->to.actor, .reason = reason));
    } else if (msg->type == MSG_LINK) {
        deliver_signal(system, lost->to, lost->from, MSG(exit, .reason = reason));
    }
    if (lost->ask == 0 || (lost->ask & FRAME_ANSWER)) {
        return;
    }
    struct envelope *envelope =
        own_envelope(system, MSG(failed, .type = msg->type, .reason = reason));
    if (!envelope) {
        return; /* the asker's own time-out tells it */
    }
    envelope->from = lost->to;
    envelope->to = lost->from;
    envelope->ask = lost->ask | FRAME_ANSWER;
    if (deliver(system, &envelope) != ERR_OK) {
        envelope_end(&envelope, OUTCOME_DEAD);
    }
}

void deliver_dead(struct rt_system *system, struct envelope **envelope, enum outcome outcome,
                  enum err reason)
{
    deliver_failure(system, *envelope, reason);
    envelope_end(envelope, outcome);
}

void order_fini(const struct order *order)
{
    pool_give(order->arg, order->arg_size);
    struct rt_store_op *op = order->op;
    if (op && op->fini) {
        op->fini(op);
    }
    free(op);
}

enum err deliver_order(struct rt_system *system, uint64_t actor, struct order *order)
{
    struct envelope *envelope = envelope_empty(sizeof *order);
    enum err err = ERR_MEMORY;
    if (envelope) {
        envelope->lane = LANE_SYSTEM;
        envelope->to = (struct rt_address){system->node, actor};
        order->head.type = 0;
        memcpy(envelope->body, order, sizeof *order);
        err = mailbox_push(system, &envelope);
    }
    if (err != ERR_OK) {
        order_fini(order);
        envelope_free(envelope);
    }
    return err;
}
