/* triages.c - which runs have a triage.
 *
 * Mutant for the harness that proves that the tests would notice:
 *     TROUPE_MUTANT_FORGOTTEN_TRIAGE  after a restart nobody goes on with unsettled runs
 */
#include <stdlib.h>
#include <string.h>

#include "actors/coordinator/triage.h"

enum { TRIAGES_MAX = 256 };

struct triage_entry {
    struct triage_entry *next;
    struct rt_address actor;
    uint64_t monitor;
    char run[LEDGER_RUN_SIZE + 1];
};

static struct triage_entry *find(const struct triages *triages, struct msg_str run)
{
    struct triage_entry *entry = triages->first;
    while (entry && !msg_str_is(run, entry->run)) {
        entry = entry->next;
    }
    return entry;
}

static enum err add(struct rt_context *ctx, struct triages *triages, struct msg_str run)
{
    if (find(triages, run)) {
        return ERR_OK;
    }
    if (triages->count == TRIAGES_MAX) {
        triages->backlog = true;
        return ERR_OK;
    }
    struct triage_entry *entry = calloc(1, sizeof *entry);
    if (!entry) {
        return ERR_MEMORY;
    }
    memcpy(entry->run, run.at, run.size);
    struct triage_arg arg = {.epoch = triages->epoch, .coordinator = rt_self(ctx)};
    memcpy(arg.run, entry->run, sizeof arg.run);
    enum err err = rt_spawn(ctx, &triage_behaviour, &arg, sizeof arg, &entry->actor);
    if (err != ERR_OK) {
        free(entry);
        return err;
    }
    entry->monitor = rt_monitor(ctx, entry->actor);
    entry->next = triages->first;
    triages->first = entry;
    triages->count++;
    return ERR_OK;
}

struct unsettled_op {
    struct rt_store_op op;
    struct triages *triages; /* in the actor's state: done() runs in the same life or not at all */
    struct ledger_id ids[TRIAGES_MAX];
    size_t count;
};

static enum err unsettled_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct unsettled_op *self = (struct unsettled_op *)op;
    struct ledger_ids ids = {.all = self->ids, .max = TRIAGES_MAX};
    enum err err = ledger_unsettled(txn, msg_str(""), &ids);
    self->count = ids.count;
    return err;
}

static enum err unsettled_done(struct rt_context *ctx, void *state, struct rt_store_op *op)
{
    (void)state;
    struct unsettled_op *self = (struct unsettled_op *)op;
    enum err err = op->err;
    for (size_t i = 0; i < self->count && err == ERR_OK; i++) {
        err = add(ctx, self->triages, msg_str(self->ids[i].run));
    }
    self->triages->backlog |= self->count == TRIAGES_MAX;
    return err;
}

/* Those with a triage are among the answers, so that a full page says nothing of the rest. */
static enum err take_up(struct rt_context *ctx, struct triages *triages)
{
    struct unsettled_op *op = calloc(1, sizeof *op);
    if (!op) {
        return ERR_MEMORY;
    }
    op->op = (struct rt_store_op){.apply = unsettled_apply, .done = unsettled_done};
    op->triages = triages;
    triages->backlog = false;
    rt_store(ctx, &(struct rt_store_op *){&op->op});
    return ERR_OK;
}

enum err triages_begin(struct rt_context *ctx, struct triages *triages, uint64_t epoch)
{
    triages->epoch = epoch;
#ifdef TROUPE_MUTANT_FORGOTTEN_TRIAGE
    (void)ctx;
    return ERR_OK;
#else
    return take_up(ctx, triages);
#endif
}

enum err triages_committed(struct rt_context *ctx, struct triages *triages,
                           const struct msg_committed *committed)
{
    const struct triage_entry *entry = find(triages, committed->run);
    if (entry) {
        rt_tell(ctx, entry->actor, &committed->head);
        return ERR_OK;
    }
    return committed->failures ? add(ctx, triages, committed->run) : ERR_OK;
}

enum err triages_down(struct rt_context *ctx, struct triages *triages, uint64_t ref)
{
    struct triage_entry **at = &triages->first;
    while (*at && (*at)->monitor != ref) {
        at = &(*at)->next;
    }
    struct triage_entry *entry = *at;
    if (!entry) {
        return ERR_OK;
    }
    *at = entry->next;
    free(entry);
    triages->count--;
    return triages->backlog ? take_up(ctx, triages) : ERR_OK;
}

void triages_fini(struct triages *triages)
{
    while (triages->first) {
        struct triage_entry *entry = triages->first;
        triages->first = entry->next;
        free(entry);
    }
}
