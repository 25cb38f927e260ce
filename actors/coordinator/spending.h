/* spending.h - what the month has cost, and what its budget still allows.
 *
 * A part of the coordinator: runs on its turns.  Slots are counted while they are there, whether
 * they work or not, because that is what is paid for; the sums are in the ledger.  Without paid
 * instances nothing is counted and nothing held back.
 */
#ifndef ACTORS_COORDINATOR_SPENDING_H
#define ACTORS_COORDINATOR_SPENDING_H

#include "actors/common/cost.h"
#include "runtime/actor.h"

struct spending {
    uint64_t epoch;
    uint64_t seen_ms; /* up to when slots have been counted */
    uint64_t slot_us; /* not yet on disk, as the next */
    double usd;
    bool writing;
    double month_usd; /* on disk */
    enum budget_stage stage;
    uint64_t alert; /* per cent of the budget told last: 0, 50, 80, 100 */
};

enum { SPENDING_MS = 10000 };

/* Reads what the month has cost.  Where that is paid for, TICKs come from now on, one every
 * SPENDING_MS.  ERR_MEMORY. */
enum err spending_begin(struct rt_context *ctx, struct spending *self, uint64_t epoch) MUST_CHECK;

/* At a TICK: so many slots have been there since the last.  ERR_MEMORY. */
enum err spending_tick(struct rt_context *ctx, struct spending *self, uint64_t slots) MUST_CHECK;

/* Expected time of a run, of which the budget lets be done what counts; what is to be listed is not
 * known yet: a second for each slot that it could use or has. */
uint64_t spending_work_ms(const struct spending *self, bool whole, uint64_t slots, uint64_t busy,
                          uint64_t work_us);

/* Fills in what STATUS_IS says of it. */
void spending_status(struct rt_context *ctx, const struct spending *self, struct msg_status_is *is);

#endif
