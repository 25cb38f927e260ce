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
 * `outcomes` never exceeds `accepted`; what is missing is on its way.  Any thread may add. */
struct account {
    atomic_uint_fast64_t accepted;
    atomic_uint_fast64_t outcomes[OUTCOMES];
    atomic_uint_fast64_t ended_bytes; /* of those with an outcome: what credit is given for */
};

struct envelope {
    _Atomic(struct envelope *) next; /* in whatever queue it is */
    struct account *account;         /* borrowed; outlives every envelope */
    struct rt_address from;
    struct rt_address to;
    uint64_t ask;         /* as in struct frame_envelope */
    uint64_t deadline_ms; /* monotonic, of this process; 0 for none */
    uint64_t trace;
    uint64_t span;
    uint32_t bytes; /* size of this allocation: what mailbox and credit limits count */
    uint8_t lane;
    uint8_t crashes; /* how often it crashed its receiver */
    _Alignas(max_align_t) unsigned char body[];
};

enum { LANE_SYSTEM, LANE_USER, LANES };

static inline const struct msg *envelope_msg(const struct envelope *envelope)
{
    return (const struct msg *)(const void *)envelope->body;
}

/* A copy of `msg` (checked) in a new envelope, everything else zero; NULL without memory.  The
 * caller owns it. */
struct envelope *envelope_new(const struct msg *msg);

/* Counts `outcome` and frees. */
void envelope_end(struct envelope **envelope, enum outcome outcome);

#endif
