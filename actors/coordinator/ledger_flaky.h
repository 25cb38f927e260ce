/* ledger_flaky.h - which tests of a project are flaky, out of the runs that the ledger has. */
#ifndef ACTORS_COORDINATOR_LEDGER_FLAKY_H
#define ACTORS_COORDINATOR_LEDGER_FLAKY_H

#include "actors/common/flaky.h"
#include "actors/coordinator/ledger.h"

struct ledger_flaky_wanted {
    struct msg_str dir;    /* of the project */
    uint64_t runs;         /* newest ones to look at, at least 1 */
    struct msg_str runner; /* only tests that it ran; empty: all */
};

struct ledger_flaky {
    char file[MSG_MAX_run_file_file + 1];
    char test[MSG_MAX_test_done_test + 1];
    uint64_t runs;    /* in which it passed or failed; results from the cache are none */
    uint64_t failed;  /* of them, after all attempts */
    uint64_t events;  /* of them, in which it did both with the same code */
    uint64_t flips;   /* of them, that ended otherwise than the one before, or did both */
    uint64_t seen_ms; /* wall clock of the newest event; 0: none */
    double rate;      /* how often an attempt fails, estimated; 0 to 1 */
    bool is;          /* flaky */
};

/* Tells each test once, by file and name.  An error of `each` ends it and is returned. */
enum err ledger_flaky(struct store_txn *txn, const struct ledger_flaky_wanted *wanted,
                      enum err (*each)(void *arg, const struct ledger_flaky *flaky),
                      void *arg) MUST_CHECK;

#endif
