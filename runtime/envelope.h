/* envelope.h - a message on its way, in one allocation: this head, the struct, its strings.
 *
 * Whoever holds the pointer owns it; handing over is a move.  Every envelope that was accepted ends
 * in exactly one outcome, counted once, by envelope_end.
 */
#ifndef RUNTIME_ENVELOPE_H
#define RUNTIME_ENVELOPE_H

#include <stdatomic.h>

#include "proto/frame.h"
#include "runtime/actor.h"
#include "runtime/pool.h"

/* How an accepted message ends. */
enum outcome {
    OUTCOME_HANDLED,  /* its handler took it */
    OUTCOME_EXPIRED,  /* its deadline had passed when it was taken off the mailbox */
    OUTCOME_REJECTED, /* the receiver did not know it, or had no room */
    OUTCOME_DEAD,     /* nobody was there, or it had crashed its receiver too often */
    OUTCOME_DROPPED,  /* by the declared overflow policy */
    OUTCOME_LOST,     /* with the link or the peer that it was for */
    OUTCOMES
};

/* Counters of one source of messages (this process's own actors, or one peer).  The sum of
 * `outcomes` never exceeds `accepted`; what is missing is on its way.  Any thread may add.  What a
 * worker does itself it adds when it has no work left, and now and then. */
struct account {
    atomic_uint_fast64_t accepted;
    atomic_uint_fast64_t outcomes[OUTCOMES];
    atomic_uint_fast64_t ended_bytes; /* of those with an outcome: what credit is given for */
};

/* What is on its way out to one node: handed over by actors, not yet taken by the transport. */
struct outbound {
    atomic_uint_fast64_t count;
    atomic_uint_fast64_t bytes;
};

struct envelope {
    _Atomic(struct envelope *) next; /* in whatever queue it is */
    struct account *account;         /* borrowed; outlives every envelope */
    struct outbound *outbound;       /* that it is counted in, until it ends; or NULL */
    struct rt_address from;
    struct rt_address to;
    uint64_t ask;         /* as in struct frame_envelope */
    uint64_t deadline_ms; /* monotonic, of this process; 0 for none */
    uint64_t trace;
    uint64_t span;
    uint64_t sampled_ns; /* when it was sent, if its times are to be noted; 0: they are not */
    uint32_t bytes;      /* what mailbox and credit limits count: the size, or what came encoded */
    uint32_t size;       /* of this allocation */
    uint8_t lane;
    uint8_t crashes; /* how often it crashed its receiver */
    uint16_t parcel; /* messages in its body, as frame_add writes them; 0: one, not encoded */
    uint8_t chain;   /* of an ask: how many others wait for it, see envelope_chain */
    _Alignas(max_align_t) unsigned char body[];
};

enum { LANE_SYSTEM, LANE_USER, LANES };

static inline const struct msg *envelope_msg(const struct envelope *envelope)
{
    return (const struct msg *)(const void *)envelope->body;
}

/* Who waits for this ask besides its sender, who asked first comes first: so many addresses as
 * `chain` says, at the end of the allocation. */
static inline struct rt_address *envelope_chain(const struct envelope *envelope)
{
    uintptr_t end = (uintptr_t)envelope + envelope->size;
    return (struct rt_address *)end - envelope->chain;
}

/* An envelope for a body of `size` bytes, everything but the body zero; NULL without memory.  The
 * caller owns it, and ends it with envelope_end or envelope_free. */
static inline struct envelope *envelope_empty(size_t size)
{
    size_t whole = sizeof(struct envelope) + size;
    assert(whole <= UINT32_MAX);
    struct envelope *self = (struct envelope *)pool_take(whole);
    if (self) {
        *self = (struct envelope){.bytes = (uint32_t)whole, .size = (uint32_t)whole};
    }
    return self;
}

/* A copy of `msg` (checked) in a new envelope; NULL without memory. */
struct envelope *envelope_new(const struct msg *msg);

/* The same with the check: ERR_UNKNOWN, ERR_LIMIT as msg_check, ERR_MEMORY.  The other one has room
 * for `chain` addresses, 255 at most, which the caller writes. */
enum err envelope_make(const struct msg *msg, struct envelope **ret_envelope) MUST_CHECK;
enum err envelope_make_nested(const struct msg *msg, size_t chain,
                              struct envelope **ret_envelope) MUST_CHECK;

static inline uint64_t envelope_messages(const struct envelope *envelope)
{
    return envelope->parcel > 0 ? envelope->parcel : 1;
}

/* It is not on its way out any more. */
static inline void envelope_arrived(struct envelope *envelope)
{
    if (envelope->outbound) {
        atomic_fetch_sub_explicit(&envelope->outbound->count, envelope_messages(envelope),
                                  memory_order_relaxed);
        atomic_fetch_sub_explicit(&envelope->outbound->bytes, envelope->size, memory_order_relaxed);
        envelope->outbound = NULL;
    }
}

/* Frees without counting an outcome. */
static inline void envelope_free(struct envelope *envelope)
{
    if (envelope) {
        envelope_arrived(envelope);
        pool_give(envelope, envelope->size);
    }
}

/* Counts `outcome` and frees. */
void envelope_end(struct envelope **envelope, enum outcome outcome);

/* The same for a whole list, from `first` on along `next`: what has one account is booked once. */
void envelope_end_all(struct envelope *first, enum outcome outcome);

#endif
