/* spending.c - see spending.h. */
#include "actors/coordinator/spending.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

#include "actors/coordinator/ledger.h"

struct spend_op {
    struct rt_store_op op;
    struct spending *self; /* lives as long as the actor; done() alone touches it */
    uint64_t epoch;
    uint64_t month;
    struct ledger_spending spending;
};

static enum err spend_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct spend_op *self = (struct spend_op *)op;
    return ledger_spend(txn, self->epoch, self->month, &self->spending);
}

static struct budget_state state_of(struct rt_context *ctx, const struct spending *self,
                                    uint64_t *ret_month)
{
    const struct config *config = rt_config(ctx);
    double share = 1;
    *ret_month = cost_month(rt_wall_ms(ctx), &share);
    return (struct budget_state){.month_usd = config->budget.month_usd,
                                 .month_usd_max = config->budget.month_usd_max,
                                 .fixed_usd = cost_fixed_usd(&config->cost),
                                 .spent_usd = self->month_usd + self->usd,
                                 .share = share};
}

/* Each threshold is told once when it is passed; a new month begins anew. */
static void alert(struct rt_context *ctx, struct spending *self, const struct budget_state *state)
{
    static const uint64_t thresholds[] = {100, 80, 50, 0};
    double used = budget_used(state);
    size_t i = 0;
    while (used * 100 < (double)thresholds[i]) {
        i++;
    }
    if (thresholds[i] > self->alert) {
        rt_log(ctx, RT_WARN, "budget=%llu%% spent=%.2f of=%.2f USD this month",
               (unsigned long long)thresholds[i], used * state->month_usd, state->month_usd);
    }
    self->alert = thresholds[i];
}

static void decide(struct rt_context *ctx, struct spending *self)
{
    uint64_t month;
    struct budget_state state = state_of(ctx, self, &month);
    enum budget_stage stage = budget_decide(&state);
    alert(ctx, self, &state);
    if (stage != self->stage) {
        rt_log(ctx, stage > self->stage ? RT_WARN : RT_INFO, "budget_stage=%s: %s",
               budget_word(stage), budget_text(stage));
    }
    self->stage = stage;
}

static enum err spend_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    struct spend_op *spend = (struct spend_op *)op;
    struct spending *self = spend->self;
    (void)state;
    if (op->err != ERR_OK) {
        return op->err; /* a newer coordinator, or no disk: as for every commit */
    }
    self->writing = false;
    self->month_usd = spend->spending.usd;
    decide(ctx, self);
    return ERR_OK;
}

/* What was counted goes to disk, and counts for the month that it is now. */
static enum err write(struct rt_context *ctx, struct spending *self)
{
    struct spend_op *op = calloc(1, sizeof *op);
    if (!op) {
        return ERR_MEMORY;
    }
    op->op = (struct rt_store_op){.apply = spend_apply, .done = spend_done};
    op->self = self;
    op->epoch = self->epoch;
    (void)state_of(ctx, self, &op->month);
    op->spending = (struct ledger_spending){.slot_us = self->slot_us, .usd = self->usd};
    self->writing = true;
    self->slot_us = 0;
    self->usd = 0;
    rt_store(ctx, &(struct rt_store_op *){&op->op});
    return ERR_OK;
}

enum err spending_begin(struct rt_context *ctx, struct spending *self, uint64_t epoch)
{
    *self = (struct spending){.epoch = epoch, .seen_ms = rt_now_ms(ctx)};
    if (!cost_counts(&rt_config(ctx)->cost)) {
        return ERR_OK;
    }
    return rt_tick(ctx, SPENDING_MS, 0) ? write(ctx, self) : ERR_MEMORY;
}

enum err spending_tick(struct rt_context *ctx, struct spending *self, uint64_t slots)
{
    uint64_t now_ms = rt_now_ms(ctx);
    uint64_t slot_us = (now_ms - self->seen_ms) * 1000 * slots;
    self->seen_ms = now_ms;
    self->slot_us += slot_us;
    self->usd += cost_slot_usd(&rt_config(ctx)->cost, slot_us);
    if (!rt_tick(ctx, SPENDING_MS, 0)) {
        return ERR_MEMORY;
    }
    return self->writing ? ERR_OK : write(ctx, self);
}

uint64_t spending_work_ms(const struct spending *self, bool whole, uint64_t slots, uint64_t busy,
                          uint64_t work_us)
{
    uint64_t least_ms = (slots + busy) * 1000;
    uint64_t ms = work_us / 1000 > least_ms ? work_us / 1000 : least_ms;
    return budget_lets(self->stage, whole) || busy > 0 ? ms : 0;
}

void spending_status(struct rt_context *ctx, const struct spending *self, struct msg_status_is *is)
{
    uint64_t month;
    struct budget_state state = state_of(ctx, self, &month);
    is->paid = cost_counts(&rt_config(ctx)->cost);
    is->spent_usd = state.spent_usd;
    is->forecast_usd = cost_forecast(state.fixed_usd, state.spent_usd, state.share);
    is->budget_used = budget_used(&state);
    is->budget = self->stage;
}
