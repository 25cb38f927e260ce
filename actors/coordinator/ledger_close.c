/* ledger_close.c - the end of a run, and forgetting old ones. */
#include <assert.h>

#include "actors/coordinator/ledger_priv.h"

/* What has no result is lost, and says so in the rows that watchers see. */
static enum err lose_rest(struct store_txn *txn, const struct ledger_line *line)
{
    return store_exec(txn,
                      "UPDATE job SET state = 5, status = 5, seq = ?1 + job + 1,"
                      " outcome = CASE state WHEN 1 THEN ?2 ELSE ?3 END"
                      " WHERE run = ?4 AND state IN (0, 1)",
                      STORE_WITH(store_u64(line->seq), store_u64(TERM_outcome_INTERRUPTED),
                                 store_u64(TERM_outcome_NOT_STARTED), store_u64(line->no)));
}

static enum err put_sums(struct store_txn *txn, const struct ledger_line *line,
                         const struct ledger_totals *totals)
{
    const struct ledger_sums *files = &totals->files;
    const struct ledger_sums *tests = &totals->tests;
    return store_exec(
        txn,
        "UPDATE run SET cpu_us = ?, files_planned = ?, files_passed = ?, files_failed = ?,"
        " files_skipped = ?, files_flaky = ?, files_lost = ?, tests_planned = ?, tests_passed = ?,"
        " tests_failed = ?, tests_skipped = ?, tests_flaky = ?, tests_lost = ? WHERE no = ?",
        STORE_WITH(store_u64(totals->cpu_us), store_u64(files->planned), store_u64(files->passed),
                   store_u64(files->failed), store_u64(files->skipped), store_u64(files->flaky),
                   store_u64(files->lost), store_u64(tests->planned), store_u64(tests->passed),
                   store_u64(tests->failed), store_u64(tests->skipped), store_u64(tests->flaky),
                   store_u64(tests->lost), store_u64(line->no)));
}

/* The last word on a run; only an open one takes it. */
static enum err put_verdict(struct store_txn *txn, const struct ledger_line *line,
                            const struct ledger_closing *closing,
                            const struct ledger_totals *totals)
{
    uint64_t seq = line->seq;
    enum err err = ledger_number(
        txn, "SELECT max(seq) FROM job WHERE run = ? AND seq > 0 HAVING max(seq) IS NOT NULL",
        line->no, &seq);
    if (err != ERR_OK) {
        return err;
    }
    err = store_exec(txn,
                     "UPDATE run SET verdict = ?, reason = ?, wall_ms = ?, seq = ?, files = ?,"
                     " files_done = ?, settled = NOT EXISTS"
                     " (SELECT 1 FROM finding WHERE finding.run = run.no AND state < 2)"
                     " WHERE no = ? AND verdict = 0",
                     STORE_WITH(store_u64((uint64_t)totals->verdict), store_text(closing->reason),
                                store_u64(closing->wall_ms), store_u64(seq),
                                store_u64(totals->files.planned), store_u64(totals->files.planned),
                                store_u64(line->no)));
    if (err == ERR_OK && store_changes(txn) != 1) {
        err = ERR_REFUSED;
    }
    return err;
}

static enum err put_cost(struct store_txn *txn, const struct ledger_line *line,
                         const struct ledger_closing *closing)
{
    uint64_t slot_us = 0;
    enum err err =
        ledger_number(txn, "SELECT sum(duration_us) FROM job WHERE run = ?", line->no, &slot_us);
    if (err != ERR_OK) {
        return err;
    }
    slot_us = slot_us > closing->slot_us ? slot_us : closing->slot_us;
    return store_exec(txn, "UPDATE run SET slot_us = ?, usd = ?, budget = ? WHERE no = ?",
                      STORE_WITH(store_u64(slot_us),
                                 store_f64((double)slot_us / 3.6e9 * closing->usd_per_slot_hour),
                                 store_u64(closing->budget), store_u64(line->no)));
}

static bool closing_fits(const struct ledger_closing *closing)
{
    return ledger_fits(closing->reason, MSG_MAX_run_closed_reason) &&
           closing->wall_ms <= INT64_MAX && closing->slot_us <= INT64_MAX &&
           (closing->verdict == 0 || closing->verdict == TERM_verdict_ERROR ||
            closing->verdict == TERM_verdict_CANCELLED ||
            closing->verdict == TERM_verdict_TIMED_OUT);
}

enum err ledger_close_run(struct store_txn *txn, struct ledger_key key,
                          const struct ledger_closing *closing, struct ledger_totals *ret_totals)
{
    struct ledger_line line;
    struct ledger_totals totals = {.cpu_us = 0};
    if (!closing_fits(closing)) {
        return ERR_LIMIT;
    }
    enum err err = ledger_find_open(txn, key, &line);
    if (err == ERR_OK) {
        err = lose_rest(txn, &line);
    }
    if (err == ERR_OK) {
        err = ledger_count(txn, line.no, &totals);
    }
    if (err != ERR_OK) {
        return err;
    }
    if (!ledger_balanced(&totals.files) || !ledger_balanced(&totals.tests)) {
        return ERR_STORE;
    }
    totals.verdict = closing->verdict ? closing->verdict : totals.verdict;
    err = put_sums(txn, &line, &totals);
    if (err == ERR_OK) {
        err = put_verdict(txn, &line, closing, &totals);
    }
    if (err == ERR_OK) {
        err = put_cost(txn, &line, closing);
    }
    if (err == ERR_OK) {
        *ret_totals = totals;
    }
    return err;
}

enum err ledger_spend(struct store_txn *txn, uint64_t epoch, uint64_t month,
                      struct ledger_spending *spending)
{
    struct store_rows rows;
    uint64_t current = 0;
    enum err err = ledger_number(txn, "SELECT epoch FROM meta WHERE one = ?", 1, &current);
    if (err != ERR_OK || current != epoch) {
        return err != ERR_OK ? err : ERR_STALE;
    }
    err = store_exec(
        txn,
        "INSERT INTO month VALUES (?, ?, ?) ON CONFLICT (month) DO UPDATE SET"
        " slot_us = slot_us + excluded.slot_us, usd = usd + excluded.usd",
        STORE_WITH(store_u64(month), store_u64(spending->slot_us), store_f64(spending->usd)));
    if (err != ERR_OK) {
        return err;
    }
    store_query(txn, "SELECT usd FROM month WHERE month = ?", STORE_WITH(store_u64(month)), &rows);
    if (store_next(&rows)) {
        spending->usd = store_column_f64(&rows, 0);
    }
    return store_rows_end(&rows);
}

/* ---- forgetting ---- */

static enum err forget(struct store_txn *txn, uint64_t no)
{
    /* Children first: the cascade would go row by row. */
    static const char *const steps[] = {
        "DELETE FROM fix WHERE run = ?",
        "DELETE FROM heal WHERE run = ?",
        "DELETE FROM finding WHERE run = ?",
        "DELETE FROM cause WHERE run = ?",
        "DELETE FROM page WHERE run = ?",
        "DELETE FROM test WHERE run = ?",
        "DELETE FROM failure WHERE run = ?",
        "DELETE FROM job WHERE run = ?",
        "DELETE FROM named WHERE run = ?",
        "UPDATE run SET pruned = 1, command = '', env = '' WHERE no = ?",
    };
    enum err err = ERR_OK;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && err == ERR_OK; i++) {
        err = store_exec(txn, steps[i], STORE_WITH(store_u64(no)));
    }
    return err;
}

enum err ledger_prune(struct store_txn *txn, uint64_t epoch, uint64_t kept, bool *ret_more)
{
    struct store_rows rows;
    uint64_t current = 0;
    uint64_t count = 0;
    uint64_t oldest = 0;
    store_query(txn,
                "SELECT meta.epoch, count(run.no), min(run.no) FROM meta"
                " LEFT JOIN run ON run.verdict > 0 AND run.pruned = 0",
                STORE_WITHOUT, &rows);
    if (store_next(&rows)) {
        current = store_column_u64(&rows, 0);
        count = store_column_u64(&rows, 1);
        oldest = store_column_u64(&rows, 2);
    }
    enum err err = store_rows_end(&rows);
    if (err == ERR_OK && (current == 0 || current != epoch)) {
        err = ERR_STALE;
    }
    if (err == ERR_OK && count > kept) {
        err = forget(txn, oldest);
    }
    if (err == ERR_OK) {
        *ret_more = count > kept && count - 1 > kept;
    }
    return err;
}
