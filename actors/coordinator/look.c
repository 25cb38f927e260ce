/* look.c - see look.h. */
#include "actors/coordinator/look.h"

#include <stdlib.h>
#include <string.h>

#include "actors/coordinator/ledger_view.h"

struct look_op {
    struct rt_store_op op;
    struct rt_caller caller;
    char view[MSG_MAX_look_view + 1];
    char run[MSG_MAX_look_run + 1];
    char word[MSG_MAX_look_word + 1];
    uint64_t after;
    uint64_t wall_ms;
    struct ledger_looked looked;
};

static enum err look_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct look_op *self = (struct look_op *)op;
    return ledger_view(txn,
                       &(struct ledger_look){.view = msg_str(self->view),
                                             .run = msg_str(self->run),
                                             .after = self->after,
                                             .word = msg_str(self->word),
                                             .wall_ms = self->wall_ms},
                       &self->looked);
}

static enum err look_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    (void)state;
    const struct look_op *self = (struct look_op *)op;
    if (op->err != ERR_OK) {
        rt_answer(ctx, self->caller, MSG(failed, .type = MSG_LOOK, .reason = op->err));
        return ERR_OK;
    }
    rt_answer(ctx, self->caller,
              MSG(looked, .rows = {self->looked.rows, self->looked.size},
                  .reached = self->looked.reached, .more = self->looked.more));
    return ERR_OK;
}

static void keep(char *to, struct msg_str from)
{
    memcpy(to, from.at, from.size); /* calloc has put the end there */
}

enum err look_answer(struct rt_context *ctx, const struct msg_look *look)
{
    struct look_op *op = calloc(1, sizeof *op);
    if (!op) {
        return ERR_MEMORY;
    }
    op->op = (struct rt_store_op){.apply = look_apply, .done = look_done};
    op->caller = rt_caller(ctx);
    op->after = look->after;
    op->wall_ms = rt_wall_ms(ctx);
    keep(op->view, look->view);
    keep(op->run, look->run);
    keep(op->word, look->word);
    rt_store(ctx, &(struct rt_store_op *){&op->op});
    return ERR_OK;
}
