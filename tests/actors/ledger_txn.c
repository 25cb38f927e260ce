/* ledger_txn.c - a ledger in memory, for tests of its functions. */
#include "tests/actors/ledger_txn.h"

#include <criterion/criterion.h>
#include <stdlib.h>

struct store *ledger_txn_open(void)
{
    static const struct cfg_store cfg = {.group_max = 256, .group_ms_max = 2, .busy_ms_max = 1000};
    struct store *store = NULL;
    struct store_why why = {""};
    cr_assert_eq(store_open(":memory:", &cfg, &ledger_schema, &why, &store), ERR_OK, "%s",
                 why.text);
    return store;
}

struct call {
    struct rt_store_op op;
    enum err (*body)(struct store_txn *txn, void *arg);
    void *arg;
};

static enum err call_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct call *self = (struct call *)op;
    return self->body(txn, self->arg);
}

static void on_done(void *arg, struct rt_store_op **op)
{
    *(enum err *)arg = (*op)->err;
    free(*op);
    *op = NULL;
}

enum err ledger_txn(struct store *store, enum err (*body)(struct store_txn *txn, void *arg),
                    void *arg)
{
    enum err err = ERR_OK;
    struct store_events events = {.arg = &err, .done = on_done};
    struct call *call = calloc(1, sizeof *call);
    cr_assert(call);
    *call = (struct call){.op = {.apply = call_apply}, .body = body, .arg = arg};
    struct rt_store_op *op = &call->op;
    store_submit(store, &op);
    cr_assert_eq(store_run(store, &events), 1);
    return err;
}

static enum err begin_body(struct store_txn *txn, void *arg)
{
    return ledger_begin(txn, arg);
}

uint64_t ledger_txn_begin(struct store *store)
{
    uint64_t epoch = 0;
    cr_assert_eq(ledger_txn(store, begin_body, &epoch), ERR_OK);
    return epoch;
}
