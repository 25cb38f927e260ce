/* ledger_history.c - how long files have taken, so that the next plan can be good. */
#include <assert.h>

#include "actors/coordinator/ledger_priv.h"

/* A third of the files' runs may be outliers (a cold cache, a busy machine) without moving this. */
static uint64_t median(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t low = a < b ? a : b;
    uint64_t high = a < b ? b : a;
    if (c < low) {
        return low;
    }
    return c < high ? c : high;
}

struct known {
    uint64_t expected_us;
    uint64_t last_us;
    uint64_t before_us;
    uint64_t runs;
    uint64_t whole;
    uint64_t flaky;
};

/* Complete results without a try at parts after parts that failed where the whole passed: its
 * tests lean on each other. */
enum { WHOLE_RESULTS = 50 };

/* Each so many results of a file one is of the whole, whatever is known: tests that disturb one
 * another may pass in parts. */
enum { AUDIT_RESULTS = 20 };

static uint64_t whole(const struct known *known, const struct ledger_sample *sample)
{
    if (sample->parts_failed && sample->passed) {
        return WHOLE_RESULTS;
    }
    return known->whole > 0 ? known->whole - 1 : 0;
}

/* The average with one more duration: a quarter of the way towards the median of the last three. */
static uint64_t average(const struct known *known, uint64_t duration_us)
{
    switch (known->runs) {
    case 0:
        return duration_us;
    case 1:
        return (known->last_us + duration_us) / 2;
    case 2:
        return median(known->before_us, known->last_us, duration_us);
    default:
        break;
    }
    uint64_t middle = median(known->before_us, known->last_us, duration_us);
    return known->expected_us - known->expected_us / 4 + middle / 4;
}

enum err ledger_learn(struct store_txn *txn, const struct ledger_sample *sample)
{
    struct store_rows rows;
    struct known known = {.runs = 0};
    store_query(
        txn,
        "SELECT h.expected_us, h.last_us, h.before_us, h.runs, h.whole, h.flaky FROM run CROSS"
        " JOIN history h"
        " ON h.project = " LEDGER_PROJECT("run") " AND h.runner = " LEDGER_RUNNER(
            "?3") " AND h.file = ?2 WHERE run.no = ?1",
        STORE_WITH(store_u64(sample->run), store_text(sample->file), store_text(sample->runner)),
        &rows);
    if (store_next(&rows)) {
        known = (struct known){
            .expected_us = store_column_u64(&rows, 0),
            .last_us = store_column_u64(&rows, 1),
            .before_us = store_column_u64(&rows, 2),
            .runs = store_column_u64(&rows, 3),
            .whole = store_column_u64(&rows, 4),
            .flaky = store_column_u64(&rows, 5),
        };
    }
    enum err err = store_rows_end(&rows);
    if (err != ERR_OK) {
        return err;
    }
    return store_exec(
        txn,
        "INSERT OR REPLACE INTO history (project, runner, file, expected_us, last_us,"
        " before_us, tests, runs, run, job, whole, flaky) SELECT " LEDGER_PROJECT(
            "run") ", " LEDGER_RUNNER("?8") ", ?2, ?3, ?4, ?5, ?6, ?7, ?9, ?10, ?11, ?12"
                                            " FROM run WHERE no = ?1",
        STORE_WITH(store_u64(sample->run), store_text(sample->file),
                   store_u64(average(&known, sample->duration_us)), store_u64(sample->duration_us),
                   store_u64(known.last_us), store_u64(sample->tests), store_u64(known.runs + 1),
                   store_text(sample->runner), store_u64(sample->passed ? sample->run : 0),
                   store_u64(sample->job), store_u64(whole(&known, sample)),
                   store_u64(known.flaky + sample->is_flaky)));
}

enum err ledger_expected(struct store_txn *txn, struct msg_str run, int64_t *expected_us,
                         size_t count)
{
    struct store_rows rows;
    bool found = false;
    store_query(txn, "SELECT no FROM run WHERE id = ?", STORE_WITH(store_text(run)), &rows);
    found = store_next(&rows);
    enum err err = store_rows_end(&rows);
    if (err != ERR_OK || !found) {
        return err != ERR_OK ? err : ERR_NOT_FOUND;
    }
    for (size_t i = 0; i < count; i++) {
        expected_us[i] = -1;
    }
    store_query(txn,
                "SELECT job.job, h.expected_us FROM run CROSS JOIN job ON job.run = run.no"
                " CROSS JOIN history h ON h.project = " LEDGER_PROJECT(
                    "run") " AND h.runner = " LEDGER_RUNNER("job.runner") " AND h.file = job.file "
                                                                          "WHERE run.id = ?",
                STORE_WITH(store_text(run)), &rows);
    while (store_next(&rows)) {
        uint64_t job = store_column_u64(&rows, 0);
        if (job < count) {
            expected_us[job] = store_column_i64(&rows, 1);
        }
    }
    return store_rows_end(&rows);
}

/* ---- tests by name ---- */

static enum err read_known(struct store_txn *txn, struct msg_str run, struct ledger_known *known,
                           size_t *ret_count)
{
    struct store_rows rows;
    size_t count = 0;
    uint64_t left_us = 0;
    store_query(txn,
                "SELECT sum(job.expected_us) FROM run CROSS JOIN job ON job.run = run.no"
                " WHERE run.id = ? AND job.state < 3",
                STORE_WITH(store_text(run)), &rows);
    if (store_next(&rows)) {
        left_us = store_column_u64(&rows, 0);
    }
    enum err err = store_rows_end(&rows);
    if (err != ERR_OK) {
        return err;
    }
    store_query(
        txn,
        "SELECT job.job, h.run, h.job, job.expected_us FROM run CROSS JOIN job ON job.run = run.no"
        " CROSS JOIN history h ON h.project = " LEDGER_PROJECT(
            "run") " AND h.runner = " LEDGER_RUNNER("job.runner") " AND h.file = job.file"
                                                                  " WHERE run.id = ?1 AND "
                                                                  "job.state = 0 AND job.attempts "
                                                                  "= 0"
                                                                  " AND job.expected_us >= ?2 AND "
                                                                  "h.run > 0 AND h.whole = 0 AND "
                                                                  "h.runs % "
                                                                  "?4 > 0"
                                                                  " AND job.expected_us > ?3",
        STORE_WITH(store_text(run), store_u64(LEDGER_SPLIT_US_MIN),
                   store_u64(left_us / LEDGER_WORKERS_MAX), store_u64(AUDIT_RESULTS)),
        &rows);
    while (count < LEDGER_WORKERS_MAX && store_next(&rows)) {
        known[count++] = (struct ledger_known){.job = store_column_u64(&rows, 0),
                                               .past_run = store_column_u64(&rows, 1),
                                               .past_job = store_column_u64(&rows, 2),
                                               .expected_us = store_column_u64(&rows, 3)};
    }
    *ret_count = count;
    return store_rows_end(&rows);
}

/* A pruned run has left none. */
static enum err read_tests(struct store_txn *txn, struct ledger_pool *pool,
                           struct ledger_known *known)
{
    struct store_rows rows;
    uint64_t count = 0;
    store_query(txn, "SELECT count(*) FROM test WHERE run = ? AND job = ?",
                STORE_WITH(store_u64(known->past_run), store_u64(known->past_job)), &rows);
    if (store_next(&rows)) {
        count = store_column_u64(&rows, 0);
    }
    enum err err = store_rows_end(&rows);
    known->tests = err == ERR_OK ? ledger_pool_take(pool, count, sizeof *known->tests) : NULL;
    if (!known->tests) {
        return err != ERR_OK ? err : ERR_MEMORY;
    }
    enum err read = ERR_OK;
    store_query(txn, "SELECT name, duration_us FROM test WHERE run = ? AND job = ? ORDER BY place",
                STORE_WITH(store_u64(known->past_run), store_u64(known->past_job)), &rows);
    while (read == ERR_OK && known->count < count && store_next(&rows)) {
        struct parts_test *test = &known->tests[known->count++];
        read = ledger_pool_text(pool, store_column_text(&rows, 0), &test->name);
        test->duration_us = store_column_u64(&rows, 1);
    }
    err = store_rows_end(&rows);
    return err == ERR_OK ? read : err;
}

enum err ledger_load_known(struct store_txn *txn, struct ledger_open *open,
                           struct ledger_known **ret_known, size_t *ret_count)
{
    struct ledger_known *known = ledger_pool_take(open->pool, LEDGER_WORKERS_MAX, sizeof *known);
    if (!known) {
        return ERR_MEMORY;
    }
    size_t count = 0;
    enum err err = read_known(txn, open->runs[0].run.run, known, &count);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        err = read_tests(txn, open->pool, &known[i]);
    }
    *ret_known = known;
    *ret_count = count;
    return err;
}

enum err ledger_history(struct store_txn *txn, struct msg_str project, struct msg_str runner,
                        struct msg_str file, struct ledger_past *ret_past)
{
    struct store_rows rows;
    bool found = false;
    store_query(txn,
                "SELECT expected_us, tests, runs FROM history"
                " WHERE project = ? AND runner = ? AND file = ?",
                STORE_WITH(store_text(project), store_text(runner), store_text(file)), &rows);
    if (store_next(&rows)) {
        found = true;
        *ret_past = (struct ledger_past){
            .expected_us = store_column_u64(&rows, 0),
            .tests = store_column_u64(&rows, 1),
            .runs = store_column_u64(&rows, 2),
        };
    }
    enum err err = store_rows_end(&rows);
    if (err != ERR_OK) {
        return err;
    }
    return found ? ERR_OK : ERR_NOT_FOUND;
}
