/* envelope.c - making and ending envelopes. */
#include "runtime/envelope.h"

#include <stdlib.h>

struct envelope *envelope_new(const struct msg *msg)
{
    size_t size = sizeof(struct envelope) + msg_size(msg);
    assert(size <= UINT32_MAX);
    struct envelope *self = calloc(1, size);
    if (!self) {
        return NULL;
    }
    self->bytes = (uint32_t)size;
    /* Types below 0x0200 carry the runtime's own business: it may never wait behind user's. */
    self->lane = msg->type < 0x0200 ? LANE_SYSTEM : LANE_USER;
    (void)msg_copy(self->body, msg);
    return self;
}

void envelope_end(struct envelope **envelope, enum outcome outcome)
{
    struct envelope *self = *envelope;
    if (!self) {
        return;
    }
    if (self->account) {
        atomic_fetch_add_explicit(&self->account->outcomes[outcome], 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&self->account->ended_bytes, self->bytes, memory_order_relaxed);
    }
    free(self);
    *envelope = NULL;
}
