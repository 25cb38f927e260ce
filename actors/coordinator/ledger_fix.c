/* ledger_fix.c - see ledger_fix.h. */
#include "actors/coordinator/ledger_fix.h"

#include "actors/coordinator/ledger_priv.h"

enum err ledger_put_candidate(struct store_txn *txn, uint64_t no, uint64_t error, size_t place,
                              const struct ledger_candidate *candidate)
{
    if (!ledger_fits(candidate->diff, MSG_MAX_candidate_diff) ||
        !ledger_fits(candidate->source, MSG_MAX_candidate_source) ||
        !ledger_fits(candidate->reason, MSG_MAX_validated_reason)) {
        return ERR_LIMIT;
    }
    return store_exec(
        txn,
        "INSERT INTO candidate (run, error, place, source, votes, proof, passes, proofs, diff,"
        " reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        STORE_WITH(store_u64(no), store_u64(error), store_u64(place), store_text(candidate->source),
                   store_u64(candidate->votes), store_u64((uint64_t)candidate->proof),
                   store_u64(candidate->passes), store_u64(candidate->proofs),
                   store_text(candidate->diff), store_text(candidate->reason)));
}

/* ---- reading ---- */

static enum err read_decision(struct store_txn *txn, uint64_t no, struct ledger_kept *to)
{
    struct store_rows rows;
    enum err read = ERR_NOT_FOUND;
    store_query(txn,
                "SELECT coalesce(d.state, 0), coalesce(d.at_ms, 0), coalesce(d.files, ''),"
                " j.failures, j.attempts, x.status FROM fix x"
                " JOIN finding f ON f.run = x.run AND f.error = x.error"
                " JOIN job j ON j.run = f.run AND j.job = f.job"
                " LEFT JOIN decision d ON d.run = x.run AND d.error = x.error"
                " WHERE x.run = ? AND x.error = ?",
                STORE_WITH(store_u64(no), store_u64(to->finding.error)), &rows);
    if (store_next(&rows)) {
        to->decision = (enum decision)store_column_u64(&rows, 0);
        to->decided_ms = store_column_u64(&rows, 1);
        to->failures = store_column_u64(&rows, 3);
        to->attempts = store_column_u64(&rows, 4);
        if (to->decision == DECISION_NONE && store_column_u64(&rows, 5) == TERM_fix_APPLIED) {
            to->decision = DECISION_APPLIED;
        }
        read = ledger_pool_text(to->pool, store_column_text(&rows, 2), &to->files);
    }
    enum err err = store_rows_end(&rows);
    return err == ERR_OK ? read : err;
}

static enum err read_candidates(struct store_txn *txn, uint64_t no, struct ledger_kept *to)
{
    struct store_rows rows;
    enum err read = ERR_OK;
    store_query(txn,
                "SELECT votes, proof, passes, proofs, source, diff, reason FROM candidate"
                " WHERE run = ? AND error = ? ORDER BY place",
                STORE_WITH(store_u64(no), store_u64(to->finding.error)), &rows);
    while (read == ERR_OK && to->count < LEDGER_CANDIDATES_MAX && store_next(&rows)) {
        struct ledger_candidate *candidate = &to->candidates[to->count++];
        struct msg_str *const texts[] = {&candidate->source, &candidate->diff, &candidate->reason};
        candidate->votes = store_column_u64(&rows, 0);
        candidate->proof = (enum term)store_column_u64(&rows, 1);
        candidate->passes = store_column_u64(&rows, 2);
        candidate->proofs = store_column_u64(&rows, 3);
        for (int i = 0; i < 3 && read == ERR_OK; i++) {
            read = ledger_pool_text(to->pool, store_column_text(&rows, 4 + i), texts[i]);
        }
    }
    enum err err = store_rows_end(&rows);
    return err == ERR_OK ? read : err;
}

enum err ledger_read_kept(struct store_txn *txn, struct msg_str run, uint64_t error,
                          struct ledger_kept **ret_kept)
{
    const struct ledger_wanted wanted = {
        .after = error - 1, .state = FINDINGS_OF_ALL_STATES, .count_max = 1};
    struct ledger_findings *findings = NULL;
    uint64_t no = 0;
    enum err err = error > 0 ? ledger_read_findings(txn, run, &wanted, &findings) : ERR_NOT_FOUND;
    if (err != ERR_OK) {
        return err;
    }
    struct ledger_kept *kept = ledger_pool_take(findings->pool, 1, sizeof *kept);
    bool found = findings->count == 1 && findings->all[0].error == error;
    if (kept && found) {
        *kept = (struct ledger_kept){.finding = findings->all[0], .pool = findings->pool};
    }
    err = !kept ? ERR_MEMORY : !found ? ERR_NOT_FOUND : ERR_OK;
    if (err == ERR_OK) {
        err = ledger_read_run(txn, run, findings->pool, &findings->run, &no);
        kept->dir = findings->run.submit.dir;
    }
    err = err == ERR_OK ? read_decision(txn, no, kept) : err;
    err = err == ERR_OK ? read_candidates(txn, no, kept) : err;
    if (err != ERR_OK) {
        ledger_findings_free(&findings);
        return err;
    }
    *ret_kept = kept;
    return ERR_OK;
}

void ledger_kept_free(struct ledger_kept **kept)
{
    if (*kept) {
        ledger_pool_free((*kept)->pool); /* it holds *kept, too */
        *kept = NULL;
    }
}

/* ---- deciding ---- */

enum err ledger_decide(struct store_txn *txn, struct msg_str run, uint64_t error,
                       const struct ledger_decision *decision)
{
    if (!ledger_fits(decision->files, LEDGER_KEPT_MAX)) {
        return ERR_LIMIT;
    }
    struct ledger_kept *kept = NULL;
    enum err err = ledger_read_kept(txn, run, error, &kept);
    if (err != ERR_OK) {
        return err;
    }
    bool stale = kept->decision != decision->from;
    ledger_kept_free(&kept);
    if (stale) {
        return ERR_STALE;
    }
    return store_exec(txn,
                      "INSERT OR REPLACE INTO decision (run, error, state, at_ms, files)"
                      " SELECT no, ?, ?, ?, ? FROM run WHERE id = ?",
                      STORE_WITH(store_u64(error), store_u64((uint64_t)decision->to),
                                 store_u64(decision->now_ms), store_text(decision->files),
                                 store_text(run)));
}
