/* ledger_finding.h - failures of a run, from their note to what became of them.
 *
 * A finding is noted in the transaction of the result that it belongs to, so that none is missed;
 * its numbers begin at 1 in each run.  It is NEW until it is classified, OPEN until everything that
 * was to be done about it is done, and then SETTLED.  Findings with one cause are counted together,
 * and how urgent the cause is orders them: ledger_cause.c.  A closed run without unsettled findings
 * is settled itself.
 *
 * The rules of ledger.h hold for all functions.
 */
#ifndef ACTORS_COORDINATOR_LEDGER_FINDING_H
#define ACTORS_COORDINATOR_LEDGER_FINDING_H

#include "actors/common/priority.h"
#include "actors/coordinator/ledger.h"

enum { LEDGER_FINDINGS_MAX = 10000 /* of one run; further failures are only counted */ };

enum finding_state { FINDING_NEW, FINDING_OPEN, FINDING_SETTLED };

struct ledger_label {
    enum term label;
    double confidence;
    uint64_t priority;
    struct msg_str queue;
    struct msg_str model;
    struct msg_str why;
    uint64_t cause;   /* fingerprint.h */
    uint64_t wall_ms; /* when it came */
};

struct ledger_candidate;

struct ledger_fix {
    enum term status; /* 0: none was tried */
    struct msg_str source;
    uint64_t votes_for;
    uint64_t votes_against;
    uint64_t candidates;
    struct msg_str diff;
    struct msg_str reason;
    const struct ledger_candidate *tried; /* to be settled: all candidates, ledger_fix.h */
    size_t tried_count;
};

struct ledger_heal {
    enum term status; /* 0: none was tried */
    struct msg_str file;
    uint64_t line;
    struct msg_str before;
    struct msg_str after;
    double confidence;
    struct msg_str diff;
    struct msg_str reason;
};

struct ledger_finding {
    uint64_t error;
    uint64_t job;
    enum finding_state state;
    struct msg_str file;
    struct msg_str test;
    uint64_t line;
    uint64_t column;
    struct msg_str message;
    struct ledger_label label; /* zero while NEW; its priority is the kind's */
    uint64_t noted_ms;         /* wall time of its result */
    uint64_t occurrences;      /* in the run, with one cause; 0 while NEW */
    unsigned priority;         /* 0 to 100, 0 while NEW */
    struct msg_str terms;      /* of it: "kind +45, fan-out +8" */
    struct ledger_fix fix;
    struct ledger_heal heal;
};

/* Findings of a run, by number. */
struct ledger_findings {
    struct ledger_finding *all;
    size_t count;
    bool more; /* there was not room for all */
    struct ledger_run run;
    struct ledger_pool *pool;
};

enum { FINDINGS_OF_ALL_STATES = -1 };

struct ledger_wanted {
    uint64_t after; /* number seen last */
    int state;      /* enum finding_state, or FINDINGS_OF_ALL_STATES */
    size_t count_max;
    uint64_t now_ms;   /* wall time, for their age; 0: nothing has aged */
    bool urgent_first; /* by priority; `after` is 0 then */
};

/* *ret_findings is the caller's: ledger_findings_free.  ERR_NOT_FOUND: no such run. */
enum err ledger_read_findings(struct store_txn *txn, struct msg_str run,
                              const struct ledger_wanted *wanted,
                              struct ledger_findings **ret_findings) MUST_CHECK;
void ledger_findings_free(struct ledger_findings **findings);

/* All that is needed to do something about one finding. */
struct ledger_case {
    struct ledger_run run;
    struct ledger_finding finding;
    struct msg_str runner;   /* of the job */
    struct msg_str messages; /* of all failures of the job, cut to what FIX takes */
    struct msg_str page;     /* what a browser test saw; empty: nothing */
    struct msg_str known;    /* what it saw when it passed last; empty: unknown */
    bool first;              /* no other unsettled or fixed finding of the job comes before it */
    struct ledger_pool *pool;
};

/* *ret_case is the caller's: ledger_case_free.  ERR_NOT_FOUND: no such run or finding. */
enum err ledger_read_case(struct store_txn *txn, struct msg_str run, uint64_t error,
                          struct ledger_case **ret_case) MUST_CHECK;
void ledger_case_free(struct ledger_case **found);

/* NEW -> OPEN.  ERR_STALE also when it was not NEW: the first answer counts. */
enum err ledger_classify(struct store_txn *txn, struct ledger_key key, uint64_t error,
                         const struct ledger_label *label) MUST_CHECK;

/* OPEN -> SETTLED with what became of it; a status of 0 writes nothing.  ERR_STALE also when it
 * was not OPEN. */
enum err ledger_settle(struct store_txn *txn, struct ledger_key key, uint64_t error,
                       const struct ledger_fix *fix, const struct ledger_heal *heal) MUST_CHECK;

/* Settles all OPEN findings of a run, and the run when it is closed and nothing is left of it. */
enum err ledger_settle_rest(struct store_txn *txn, struct ledger_key key,
                            bool *ret_settled) MUST_CHECK;

/* The run, when it is closed and no finding is unsettled. */
enum err ledger_settle_run(struct store_txn *txn, struct ledger_key key,
                           bool *ret_settled) MUST_CHECK;

/* ---- runs by what is still to be done about them ---- */

struct ledger_id {
    char run[LEDGER_RUN_SIZE + 1];
    char origin[MSG_MAX_submit_origin + 1];
    bool settled;
    bool held; /* open, and its code is not there yet; of ledger_unreported alone */
};

/* A page of them: room for `max`, `count` are there. */
struct ledger_ids {
    struct ledger_id *all;
    size_t max;
    size_t count;
};

/* Runs with findings that are not settled, by id. */
enum err ledger_unsettled(struct store_txn *txn, struct msg_str after,
                          struct ledger_ids *ret_ids) MUST_CHECK;

/* Runs with an origin that were not reported, by id. */
enum err ledger_unreported(struct store_txn *txn, struct msg_str after,
                           struct ledger_ids *ret_ids) MUST_CHECK;

/* Again: changes nothing. */
enum err ledger_set_reported(struct store_txn *txn, struct ledger_key key) MUST_CHECK;

#endif
