/* findings.c - failures and reports for those who ask. */
#include "actors/coordinator/findings.h"

#include <stdlib.h>
#include <string.h>

#include "actors/coordinator/ledger_rows.h"

enum { PAGE_FINDINGS_MAX = 32, PAGE_REPORTS_MAX = 64 };

/* ---- failures ---- */

struct findings_op {
    struct rt_store_op op;
    struct rt_caller caller;
    char run[LEDGER_RUN_SIZE + 1];
    uint64_t after;
    uint64_t now_ms;                  /* wall time */
    struct ledger_findings *findings; /* owned */
};

static enum err findings_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct findings_op *self = (struct findings_op *)op;
    const struct ledger_wanted wanted = {.after = self->after,
                                         .state = FINDINGS_OF_ALL_STATES,
                                         .count_max = PAGE_FINDINGS_MAX,
                                         .now_ms = self->now_ms};
    return ledger_read_findings(txn, msg_str(self->run), &wanted, &self->findings);
}

static void findings_fini(struct rt_store_op *op)
{
    ledger_findings_free(&((struct findings_op *)op)->findings);
}

static enum err send_finding(struct rt_context *ctx, struct rt_address to, struct msg_str run,
                             const struct ledger_finding *from)
{
    const struct msg_error_row error = finding_error_row(run, from);
    enum err err = rt_send(ctx, to, &error.head);
    if (err == ERR_OK && from->fix.status != 0) {
        const struct msg_fix_row fix = finding_fix_row(run, from);
        err = rt_send(ctx, to, &fix.head);
    }
    if (err == ERR_OK && from->heal.status != 0) {
        const struct msg_heal_row heal = finding_heal_row(run, from);
        err = rt_send(ctx, to, &heal.head);
    }
    return err;
}

static enum err findings_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    (void)state;
    struct findings_op *self = (struct findings_op *)op;
    if (op->err != ERR_OK) {
        rt_answer(ctx, self->caller, MSG(failed, .type = MSG_FINDINGS, .reason = op->err));
        return ERR_OK;
    }
    struct msg_str run = msg_str(self->run);
    const struct ledger_findings *findings = self->findings;
    uint64_t reached = self->after;
    size_t i = 0;
    /* No room on the way: the rest when it asks again. */
    while (i < findings->count &&
           send_finding(ctx, self->caller.address, run, &findings->all[i]) == ERR_OK) {
        reached = findings->all[i++].error;
    }
    rt_answer(ctx, self->caller,
              MSG(found, .run = run, .error = reached,
                  .more = findings->more || i < findings->count, .settled = findings->run.settled));
    return ERR_OK;
}

enum err findings_answer(struct rt_context *ctx, const struct msg_findings *findings)
{
    struct findings_op *op = findings->run.size == LEDGER_RUN_SIZE ? calloc(1, sizeof *op) : NULL;
    if (!op) {
        rt_reply(ctx, MSG(failed, .type = MSG_FINDINGS, .reason = ERR_NOT_FOUND));
        return ERR_OK;
    }
    op->op =
        (struct rt_store_op){.apply = findings_apply, .done = findings_done, .fini = findings_fini};
    op->caller = rt_caller(ctx);
    op->after = findings->after;
    op->now_ms = rt_wall_ms(ctx);
    memcpy(op->run, findings->run.at, findings->run.size);
    rt_store(ctx, &(struct rt_store_op *){&op->op});
    return ERR_OK;
}

/* ---- reports ---- */

struct due_op {
    struct rt_store_op op;
    struct rt_caller caller;
    char after[LEDGER_RUN_SIZE + 1];
    struct ledger_id ids[PAGE_REPORTS_MAX];
    size_t count;
};

static enum err due_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct due_op *self = (struct due_op *)op;
    struct ledger_ids ids = {.all = self->ids, .max = PAGE_REPORTS_MAX};
    enum err err = ledger_unreported(txn, msg_str(self->after), &ids);
    self->count = ids.count;
    return err;
}

static enum err due_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    (void)state;
    const struct due_op *self = (struct due_op *)op;
    if (op->err != ERR_OK) {
        rt_answer(ctx, self->caller, MSG(failed, .type = MSG_REPORTS_DUE, .reason = op->err));
        return ERR_OK;
    }
    for (size_t i = 0; i < self->count; i++) {
        const struct ledger_id *id = &self->ids[i];
        rt_tell(ctx, self->caller.address,
                MSG(report_row, .run = msg_str(id->run), .origin = msg_str(id->origin),
                    .settled = id->settled, .held = id->held));
    }
    rt_answer(ctx, self->caller, MSG(reports_end, .more = self->count == PAGE_REPORTS_MAX));
    return ERR_OK;
}

enum err reports_answer(struct rt_context *ctx, const struct msg_reports_due *due)
{
    struct due_op *op = calloc(1, sizeof *op);
    if (!op) {
        return ERR_MEMORY;
    }
    op->op = (struct rt_store_op){.apply = due_apply, .done = due_done};
    op->caller = rt_caller(ctx);
    memcpy(op->after, due->after.at, due->after.size);
    rt_store(ctx, &(struct rt_store_op *){&op->op});
    return ERR_OK;
}

struct reported_op {
    struct rt_store_op op;
    struct rt_caller caller;
    uint64_t epoch;
    char run[LEDGER_RUN_SIZE + 1];
};

static enum err reported_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct reported_op *self = (struct reported_op *)op;
    return ledger_set_reported(txn, (struct ledger_key){self->epoch, msg_str(self->run)});
}

static enum err reported_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    (void)state;
    const struct reported_op *self = (struct reported_op *)op;
    if (op->err == ERR_OK) {
        rt_answer(ctx, self->caller, MSG(reported_ack, .run = msg_str(self->run)));
        return ERR_OK;
    }
    rt_answer(ctx, self->caller, MSG(failed, .type = MSG_REPORTED, .reason = op->err));
    return op->err == ERR_STALE ? ERR_STALE : ERR_OK;
}

enum err reports_done(struct rt_context *ctx, uint64_t epoch, const struct msg_reported *reported)
{
    struct reported_op *op = calloc(1, sizeof *op);
    if (!op) {
        return ERR_MEMORY;
    }
    op->op = (struct rt_store_op){.apply = reported_apply, .done = reported_done};
    op->caller = rt_caller(ctx);
    op->epoch = epoch;
    memcpy(op->run, reported->run.at, reported->run.size);
    rt_store(ctx, &(struct rt_store_op *){&op->op});
    return ERR_OK;
}
