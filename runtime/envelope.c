/* envelope.c - making and ending envelopes. */
#include "runtime/envelope.h"

static enum err make(const struct msg *msg, size_t size, size_t chain,
                     struct envelope **ret_envelope)
{
    struct envelope *self = envelope_empty(size);
    if (!self) {
        return ERR_MEMORY;
    }
    /* Types below 0x0200 carry the runtime's own business: it may never wait behind user's. */
    self->lane = msg->type < 0x0200 ? LANE_SYSTEM : LANE_USER;
    self->chain = (uint8_t)chain;
    (void)msg_copy(self->body, msg); /* returns the body */
    *ret_envelope = self;
    return ERR_OK;
}

enum err envelope_make(const struct msg *msg, struct envelope **ret_envelope)
{
    size_t size;
    enum err err = msg_measure(msg, &size);
    return err == ERR_OK ? make(msg, size, 0, ret_envelope) : err;
}

enum err envelope_make_nested(const struct msg *msg, size_t chain, struct envelope **ret_envelope)
{
    assert(chain <= UINT8_MAX);
    size_t size;
    enum err err = msg_measure(msg, &size);
    if (err != ERR_OK) {
        return err;
    }
    enum { STEP = _Alignof(max_align_t) };
    size = (size + STEP - 1) / STEP * STEP + chain * sizeof(struct rt_address);
    return make(msg, size, chain, ret_envelope);
}

struct envelope *envelope_new(const struct msg *msg)
{
    struct envelope *self = NULL;
    enum err err = envelope_make(msg, &self);
    assert(err == ERR_OK || err == ERR_MEMORY);
    return self;
}

void envelope_end(struct envelope **envelope, enum outcome outcome)
{
    struct envelope *self = *envelope;
    if (!self) {
        return;
    }
    if (self->account) {
        atomic_fetch_add_explicit(&self->account->outcomes[outcome], envelope_messages(self),
                                  memory_order_relaxed);
        atomic_fetch_add_explicit(&self->account->ended_bytes, self->bytes, memory_order_relaxed);
    }
    envelope_free(self);
    *envelope = NULL;
}

/* Consecutive envelopes that are booked together. */
struct sum {
    struct account *account;
    struct outbound *outbound;
    uint64_t count;
    uint64_t bytes;
    uint64_t size;
};

static void book(const struct sum *sum, enum outcome outcome)
{
    if (sum->account) {
        atomic_fetch_add_explicit(&sum->account->outcomes[outcome], sum->count,
                                  memory_order_relaxed);
        atomic_fetch_add_explicit(&sum->account->ended_bytes, sum->bytes, memory_order_relaxed);
    }
    if (sum->outbound) {
        atomic_fetch_sub_explicit(&sum->outbound->count, sum->count, memory_order_relaxed);
        atomic_fetch_sub_explicit(&sum->outbound->bytes, sum->size, memory_order_relaxed);
    }
}

void envelope_end_all(struct envelope *first, enum outcome outcome)
{
    struct sum sum = {0};
    while (first) {
        struct envelope *self = first;
        first = atomic_load_explicit(&self->next, memory_order_relaxed);
        if (self->account != sum.account || self->outbound != sum.outbound) {
            book(&sum, outcome);
            sum = (struct sum){.account = self->account, .outbound = self->outbound};
        }
        sum.count += envelope_messages(self);
        sum.bytes += self->bytes;
        sum.size += self->size;
        pool_give(self, self->size);
    }
    book(&sum, outcome);
}
