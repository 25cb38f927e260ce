/* ledger_txn.h - a ledger in memory, for tests of its functions: one call, one transaction. */
#ifndef TESTS_ACTORS_LEDGER_TXN_H
#define TESTS_ACTORS_LEDGER_TXN_H

#include "actors/coordinator/ledger.h"

/* The caller closes it with store_close.  A test that cannot have it fails. */
struct store *ledger_txn_open(void);

/* Calls body(txn, arg) in a transaction of its own, and returns how that ended. */
enum err ledger_txn(struct store *store, enum err (*body)(struct store_txn *txn, void *arg),
                    void *arg);

/* A coordinator begins to write: its epoch. */
uint64_t ledger_txn_begin(struct store *store);

#endif
