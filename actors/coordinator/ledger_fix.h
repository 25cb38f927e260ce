/* ledger_fix.h - the evidence for a fix, and what people have decided about it.
 *
 * Candidates are written with the fix that they led to and never change.  A decision is made by
 * whoever holds the lock of the fixes (tools/kept.c), beside the coordinator, which writes none:
 *
 *     (none), REVERTED --apply--> APPLYING --made--> APPLIED --revert--> REVERTING --> REVERTED
 *     (none), REVERTED --reject--> REJECTED
 *
 * A fix that a run itself has applied has no decision and counts as APPLIED.  APPLYING and
 * REVERTING outlast a crash: the same again goes on with it.
 */
#ifndef ACTORS_COORDINATOR_LEDGER_FIX_H
#define ACTORS_COORDINATOR_LEDGER_FIX_H

#include "actors/coordinator/ledger_finding.h"

enum { LEDGER_CANDIDATES_MAX = 8, LEDGER_KEPT_MAX = 65536 };

enum decision {
    DECISION_NONE,
    DECISION_APPLYING,
    DECISION_APPLIED,
    DECISION_REJECTED,
    DECISION_REVERTING,
    DECISION_REVERTED
};

struct ledger_candidate {
    struct msg_str source;
    struct msg_str diff;
    struct msg_str reason; /* of the verdict */
    uint64_t votes;
    enum term proof; /* 0: not tried, another one was enough */
    uint64_t passes; /* proofs that passed */
    uint64_t proofs;
};

struct ledger_kept {
    struct ledger_finding finding;
    enum decision decision;
    uint64_t decided_ms; /* wall clock; 0: nobody has */
    struct msg_str
        files;         /* of the decision: "BEFORE AFTER PATH" lines, contents as git names them */
    uint64_t failures; /* attempts at its job that failed, of… */
    uint64_t attempts;
    struct msg_str dir; /* of the project */
    struct ledger_candidate candidates[LEDGER_CANDIDATES_MAX];
    size_t count;
    struct ledger_pool *pool;
};

/* What was tried for an error, in a transaction with its fix. */
enum err ledger_put_candidate(struct store_txn *txn, uint64_t no, uint64_t error, size_t place,
                              const struct ledger_candidate *candidate) MUST_CHECK;

/* *ret_kept is the caller's: ledger_kept_free.  ERR_NOT_FOUND: no such run, or no fix for that
 * error was looked for. */
enum err ledger_read_kept(struct store_txn *txn, struct msg_str run, uint64_t error,
                          struct ledger_kept **ret_kept) MUST_CHECK;
void ledger_kept_free(struct ledger_kept **kept);

struct ledger_decision {
    enum decision from; /* what it must be now */
    enum decision to;
    uint64_t now_ms;
    struct msg_str files;
};

/* ERR_STALE: it is another one by now.  ERR_NOT_FOUND, ERR_LIMIT. */
enum err ledger_decide(struct store_txn *txn, struct msg_str run, uint64_t error,
                       const struct ledger_decision *decision) MUST_CHECK;

#endif
