/* prune.c - see prune.h. */
#include "actors/coordinator/prune.h"

#include <stdlib.h>

#include "actors/coordinator/ledger.h"

struct prune_op {
    struct rt_store_op op;
    uint64_t epoch;
    uint64_t kept;
    bool more;
};

static enum err prune_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct prune_op *self = (struct prune_op *)op;
    return ledger_prune(txn, self->epoch, self->kept, &self->more);
}

static enum err prune_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    struct prune_op *self = (struct prune_op *)op;
    (void)state;
    return op->err == ERR_OK && self->more ? prune(ctx, self->epoch) : ERR_OK;
}

enum err prune(struct rt_context *ctx, uint64_t epoch)
{
    struct prune_op *op = calloc(1, sizeof *op);
    if (!op) {
        return ERR_MEMORY;
    }
    op->op = (struct rt_store_op){.apply = prune_apply, .done = prune_done};
    op->epoch = epoch;
    op->kept = rt_config(ctx)->coordinator.closed_runs_kept;
    rt_store(ctx, &(struct rt_store_op *){&op->op});
    return ERR_OK;
}
