/* ledger_cause.c - findings with one cause, and how urgent it is. */
#include "actors/coordinator/ledger_priv.h"

/* clang-format off */
/* Of the same project, before this run. */
#define EARLIER(number)                                                                            \
    " JOIN run o ON o.no = " number " AND o.no < run.no"                                           \
    " AND " LEDGER_PROJECT("o") " = " LEDGER_PROJECT("run")

/* The first finding of a cause says what was known of it before: whether it was seen, a fix was
 * proved or refused, and how often its file was flaky, of which three runs say too little. */
static const char sql_begin[] =
    "INSERT INTO cause (run, cause, occurrences, kind, is_new, fixed, attempts, flake, score)"
    " SELECT ?1, ?2, 1, ?3,"
    " NOT EXISTS (SELECT 1 FROM cause k" EARLIER("k.run") " WHERE k.cause = ?2),"
    " EXISTS (SELECT 1 FROM finding e JOIN fix x ON x.run = e.run AND x.error = e.error"
    "  AND x.status IN (1, 3)" EARLIER("e.run") " WHERE e.cause = ?2),"
    " (SELECT count(*) FROM finding e JOIN fix x ON x.run = e.run AND x.error = e.error"
    "  AND x.status = 2" EARLIER("e.run") " WHERE e.cause = ?2),"
    " coalesce((SELECT CAST(h.flaky AS REAL) / h.runs FROM history h"
    "  WHERE h.project = " LEDGER_PROJECT("run")
    "  AND h.runner = " LEDGER_RUNNER("job.runner")
    "  AND h.file = job.file AND h.runs > 3), 0), 0"
    " FROM run JOIN finding f ON f.run = run.no AND f.error = ?4"
    " JOIN job ON job.run = f.run AND job.job = f.job WHERE run.no = ?1";
/* clang-format on */

static enum err count(struct store_txn *txn, uint64_t no, uint64_t error,
                      const struct ledger_label *label)
{
    enum err err =
        store_exec(txn,
                   "UPDATE cause SET occurrences = occurrences + 1, kind = max(kind, ?3)"
                   " WHERE run = ?1 AND cause = ?2",
                   STORE_WITH(store_u64(no), store_u64(label->cause), store_u64(label->priority)));
    if (err != ERR_OK || store_changes(txn) == 1) {
        return err;
    }
    return store_exec(txn, sql_begin,
                      STORE_WITH(store_u64(no), store_u64(label->cause), store_u64(label->priority),
                                 store_u64(error)));
}

enum err ledger_count_cause(struct store_txn *txn, uint64_t no, uint64_t error,
                            const struct ledger_label *label)
{
    struct store_rows rows;
    struct priority_facts facts = {.occurrences = 0};
    struct priority priority;
    enum err err = count(txn, no, error, label);
    if (err != ERR_OK) {
        return err;
    }
    store_query(txn,
                "SELECT kind, occurrences, is_new, fixed, attempts, flake FROM cause"
                " WHERE run = ? AND cause = ?",
                STORE_WITH(store_u64(no), store_u64(label->cause)), &rows);
    if (store_next(&rows)) {
        facts = (struct priority_facts){
            .kind = (unsigned)store_column_u64(&rows, 0),
            .occurrences = (uint32_t)store_column_u64(&rows, 1),
            .is_new = store_column_u64(&rows, 2) != 0,
            .has_fix = store_column_u64(&rows, 3) != 0,
            .attempts = (uint32_t)store_column_u64(&rows, 4),
            .flake = (float)store_column_f64(&rows, 5),
        };
    }
    err = store_rows_end(&rows);
    if (err != ERR_OK) {
        return err;
    }
    priority_of(&facts, &priority);
    return store_exec(
        txn, "UPDATE cause SET score = ? WHERE run = ? AND cause = ?",
        STORE_WITH(store_i64(priority.value), store_u64(no), store_u64(label->cause)));
}
