/* submit.h - runs on their way into the ledger.
 *
 * A SUBMIT is answered when the run and all the files that it names are committed.  One that comes
 * again begins anew; a run that is in the ledger already is simply confirmed.
 */
#ifndef ACTORS_COORDINATOR_SUBMIT_H
#define ACTORS_COORDINATOR_SUBMIT_H

#include "actors/coordinator/ledger.h"
#include "runtime/actor.h"

struct pending;

struct submits {
    uint64_t epoch;
    /* A new run has been committed; `state` is the actor's. */
    enum err (*accepted)(struct rt_context *ctx, void *state, struct msg_str run);
    struct pending *pending;
    size_t pending_count;
};

enum err submits_add(struct rt_context *ctx, struct submits *submits,
                     const struct msg_submit *submit) MUST_CHECK;
enum err submits_file(struct rt_context *ctx, struct submits *submits,
                      const struct msg_run_file *file) MUST_CHECK;

/* Answers the SUBMIT being handled: it cannot be. */
void submits_refuse(struct rt_context *ctx, enum err reason);

/* Notes that the tree of a run has not changed while it ran, and answers. */
enum err submits_seal(struct rt_context *ctx, const struct submits *submits,
                      const struct msg_seal *seal) MUST_CHECK;

void submits_fini(struct submits *submits);

#endif
