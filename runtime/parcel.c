/* parcel.c - what a handler sends to another node, encoded at once and handed over together.
 *
 * An envelope that another core reads, encodes and frees costs its cache lines twice on the way
 * there and back.  So plain messages (no ask among them, nothing that would have to be told to
 * anybody if they were lost) are written as they will travel, one behind the other, and handed over
 * as one envelope when the handler has returned, or before something else goes there.
 */
#include "runtime/core.h"

enum {
    MESSAGE_BYTES_MAX = 2048, /* larger ones travel by themselves */
    PARCEL_BYTES = 8192,      /* then it is closed */
    PARCEL_MESSAGES_MAX = 64,
    /* No message that is taken is longer encoded than this: a number of 8 bytes becomes 9. */
    CAPACITY = PARCEL_BYTES + 2 * MESSAGE_BYTES_MAX
};

void parcel_hand_over(struct worker *worker)
{
    struct parcel *parcel = &worker->parcel;
    struct rt_system *system = worker->system;
    struct envelope *envelope = envelope_empty(parcel->buffer.size);
    if (!envelope) {
        worker->tally.outcomes[OUTCOME_LOST] += parcel->count;
    } else {
        memcpy(envelope->body, parcel->buffer.bytes, parcel->buffer.size);
        envelope->account = system->own;
        envelope->outbound = &parcel->to->outbound;
        envelope->to = (struct rt_address){parcel->to->node, parcel->actor};
        envelope->lane = LANE_USER;
        envelope->parcel = parcel->count;
        atomic_fetch_add_explicit(&envelope->outbound->count, parcel->count, memory_order_relaxed);
        atomic_fetch_add_explicit(&envelope->outbound->bytes, envelope->size, memory_order_relaxed);
        system->ports.net_send(system->ports.world, &envelope);
    }
    parcel->buffer.size = 0;
    parcel->count = 0;
}

/* ERR_FULL: too much is on its way to the node already. */
static enum err has_room(const struct rt_system *system, const struct parcel *parcel)
{
    const struct cfg_runtime *cfg = &system->config->runtime;
    const struct outbound *outbound = &parcel->to->outbound;
    uint64_t count = atomic_load_explicit(&outbound->count, memory_order_relaxed);
    uint64_t bytes = atomic_load_explicit(&outbound->bytes, memory_order_relaxed);
    bool room = count + parcel->count < cfg->mailbox_count_max / 2 &&
                bytes + parcel->buffer.size < cfg->mailbox_bytes_max / 2;
    return room ? ERR_OK : ERR_FULL;
}

static enum err open_parcel(struct worker *worker, struct rt_address to)
{
    struct parcel *parcel = &worker->parcel;
    if (parcel->to && parcel->to->node != to.node) {
        parcel_close(worker);
        parcel->to = NULL;
    }
    if (!parcel->to) {
        parcel->to = system_node_account(worker->system, to.node);
    }
    bool ready = parcel->to && (parcel->buffer.capacity >= CAPACITY ||
                                wire_buffer_reserve(&parcel->buffer, CAPACITY));
    parcel->buffer.failed = false;
    parcel->actor = to.actor;
    return ready ? ERR_OK : ERR_MEMORY;
}

enum err parcel_add(struct worker *worker, struct rt_address to, const struct frame_envelope *head,
                    const struct msg *msg)
{
    struct parcel *parcel = &worker->parcel;
    size_t size;
    enum err err = msg_measure(msg, &size);
    if (err != ERR_OK || size > MESSAGE_BYTES_MAX) {
        return err != ERR_OK ? err : ERR_UNSUPPORTED;
    }
    err = open_parcel(worker, to);
    if (err != ERR_OK) {
        return err;
    }
    worker->tally.accepted++;
    err = has_room(worker->system, parcel);
    if (err != ERR_OK) {
        worker->tally.outcomes[OUTCOME_REJECTED]++;
        return err;
    }
    frame_add(&parcel->buffer, head, msg);
    assert(!parcel->buffer.failed);
    /* With that it fits into a frame, together with others of its kind. */
    const struct cfg_runtime *cfg = &worker->system->config->runtime;
    if (++parcel->count >= PARCEL_MESSAGES_MAX || parcel->count >= cfg->batch_count_max ||
        parcel->buffer.size >= PARCEL_BYTES || parcel->buffer.size >= cfg->batch_bytes_max / 2) {
        parcel_close(worker);
    }
    return ERR_OK;
}
