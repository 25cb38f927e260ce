/* ledger_health.h - what the ledger knows of the health of a project's browser tests: which of
 * their locators were healed, and what they saw when they passed last.
 *
 * The rules of ledger.h hold for all functions.
 */
#ifndef ACTORS_COORDINATOR_LEDGER_HEALTH_H
#define ACTORS_COORDINATOR_LEDGER_HEALTH_H

#include "actors/coordinator/ledger_finding.h"

/* Failures of the newest `runs` runs of the project in `dir` that locators were to blame for. */
struct ledger_heals {
    uint64_t refused;  /* failures without a new locator */
    uint64_t healed;   /* edits that were made */
    uint64_t proposed; /* edits that were proved, and left to people */
    uint64_t failures; /* that all these edits were for */
};

enum err ledger_count_heals(struct store_txn *txn, struct msg_str dir, uint64_t runs,
                            struct ledger_heals *ret_heals) MUST_CHECK;

/* Tells what each test of the project saw when it passed last (page.h), by file.  An error of
 * `each` ends it and is returned. */
enum err ledger_known(struct store_txn *txn, struct msg_str dir,
                      enum err (*each)(void *arg, struct msg_str seen), void *arg) MUST_CHECK;

#endif
