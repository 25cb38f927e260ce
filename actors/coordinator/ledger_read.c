/* ledger_read.c - runs and rows for recovery and for those who watch; history. */
#include <assert.h>

#include "actors/coordinator/ledger_priv.h"

/* ---- a run's line ---- */

#define SUMS_COLUMNS(prefix)                                                                       \
    prefix "_planned, " prefix "_passed, " prefix "_failed, " prefix "_skipped, " prefix           \
           "_flaky, " prefix "_lost"

static const char run_sql[] =
    "SELECT no, workers, retries, fail_fast, timeout_ms, files_named, accepted_ms, serial, files,"
    " listed, planned, seq, files_done, verdict, wall_ms, cpu_us,"
    " " SUMS_COLUMNS("files") ", " SUMS_COLUMNS(
        "tests") ","
                 " id, dir, runner, command, env, root, snapshot, runner_found, version, reason,"
                 " origin, note, quarantine, shared, fix, heal, settled, held, affected,"
                 " files_not_affected, keyed, files_cached, files_audited, flaky_fails, selects,"
                 " part_token, slot_us, usd, budget FROM run"
                 " WHERE id = ?";

static struct ledger_sums read_sums(const struct store_rows *rows, int column)
{
    return (struct ledger_sums){
        .planned = store_column_u64(rows, column),
        .passed = store_column_u64(rows, column + 1),
        .failed = store_column_u64(rows, column + 2),
        .skipped = store_column_u64(rows, column + 3),
        .flaky = store_column_u64(rows, column + 4),
        .lost = store_column_u64(rows, column + 5),
    };
}

static void read_numbers(const struct store_rows *rows, struct ledger_run *run)
{
    run->submit.workers = store_column_u64(rows, 1);
    run->submit.retries = store_column_u64(rows, 2);
    run->submit.fail_fast = store_column_u64(rows, 3) != 0;
    run->submit.timeout_ms = store_column_u64(rows, 4);
    run->submit.files = store_column_u64(rows, 5);
    run->submit.wall_ms = store_column_u64(rows, 6);
    run->listing.serial = store_column_u64(rows, 7) != 0;
    run->listing.files = store_column_u64(rows, 8);
    run->listed = store_column_u64(rows, 9) != 0;
    run->planned = store_column_u64(rows, 10) != 0;
    run->seq = store_column_u64(rows, 11);
    run->files_done = store_column_u64(rows, 12);
    run->totals.verdict = (enum term)store_column_u64(rows, 13);
    run->wall_ms = store_column_u64(rows, 14);
    run->totals.cpu_us = store_column_u64(rows, 15);
    run->totals.files = read_sums(rows, 16);
    run->totals.tests = read_sums(rows, 22);
    run->listing.shared = store_column_u64(rows, 41) != 0;
    run->submit.fix = (enum term)store_column_u64(rows, 42);
    run->submit.heal = (enum term)store_column_u64(rows, 43);
    run->settled = store_column_u64(rows, 44) != 0;
    run->submit.held = store_column_u64(rows, 45) != 0;
    run->submit.affected = store_column_u64(rows, 46) != 0;
    run->files_not_affected = store_column_u64(rows, 47);
    run->submit.keyed = store_column_u64(rows, 48) != 0;
    run->files_cached = store_column_u64(rows, 49);
    run->files_audited = store_column_u64(rows, 50);
    run->submit.flaky_fails = store_column_u64(rows, 51) != 0;
    run->listing.selects = store_column_u64(rows, 52) != 0;
    run->part_token = store_column_u64(rows, 53);
    run->slot_us = store_column_u64(rows, 54);
    run->usd = store_column_f64(rows, 55);
    run->budget = store_column_u64(rows, 56);
}

static enum err read_texts(const struct store_rows *rows, struct ledger_pool *pool,
                           struct ledger_run *run)
{
    struct msg_str *const texts[] = {
        &run->run,
        &run->submit.dir,
        &run->submit.runner,
        &run->submit.command,
        &run->submit.env,
        &run->submit.root,
        &run->submit.snapshot,
        &run->listing.runner,
        &run->listing.version,
        &run->reason,
        &run->submit.origin,
        &run->note,
        &run->submit.quarantine,
    };
    enum err err = ERR_OK;
    for (int i = 0; i < (int)(sizeof texts / sizeof texts[0]) && err == ERR_OK; i++) {
        err = ledger_pool_text(pool, store_column_text(rows, 28 + i), texts[i]);
    }
    return err;
}

enum err ledger_read_run(struct store_txn *txn, struct msg_str run, struct ledger_pool *pool,
                         struct ledger_run *ret_run, uint64_t *ret_no)
{
    struct store_rows rows;
    enum err found = ERR_NOT_FOUND;
    store_query(txn, run_sql, STORE_WITH(store_text(run)), &rows);
    if (store_next(&rows)) {
        *ret_no = store_column_u64(&rows, 0);
        read_numbers(&rows, ret_run);
        found = read_texts(&rows, pool, ret_run);
    }
    enum err err = store_rows_end(&rows);
    return err == ERR_OK ? found : err;
}

/* ---- recovery ---- */

static enum err read_job(const struct store_rows *rows, struct ledger_pool *pool,
                         struct ledger_open_job *job)
{
    *job = (struct ledger_open_job){
        .job = store_column_u64(rows, 0),
        .state = (enum job_state)store_column_u64(rows, 1),
        .token = store_column_u64(rows, 2),
        .attempts = store_column_u64(rows, 3),
        .counts = {.crashes = store_column_u64(rows, 4),
                   .infra = store_column_u64(rows, 5),
                   .poison = store_column_u64(rows, 6),
                   .failures = store_column_u64(rows, 7)},
        .position = store_column_u64(rows, 8),
        .expected_us = store_column_u64(rows, 9),
        .status = (enum term)store_column_u64(rows, 10),
        .audited = store_column_u64(rows, 14) != 0,
    };
    struct msg_str *const texts[] = {&job->file, &job->worker, &job->runner};
    enum err err = ERR_OK;
    for (int i = 0; i < 3 && err == ERR_OK; i++) {
        err = ledger_pool_text(pool, store_column_text(rows, 11 + i), texts[i]);
    }
    return err;
}

static enum err read_jobs(struct store_txn *txn, uint64_t no, struct ledger_pool *pool,
                          struct ledger_open_run *run)
{
    uint64_t count = 0;
    enum err err = ledger_number(txn, "SELECT count(*) FROM job WHERE run = ?", no, &count);
    if (err != ERR_OK) {
        return err;
    }
    run->jobs = ledger_pool_take(pool, count, sizeof *run->jobs);
    if (!run->jobs) {
        return ERR_MEMORY;
    }
    struct store_rows rows;
    enum err read = ERR_OK;
    store_query(
        txn,
        "SELECT job, state, token, attempts, crashes, infra, poison, failures, position,"
        " expected_us, status, file, worker, runner, audited FROM job WHERE run = ? ORDER BY job",
        STORE_WITH(store_u64(no)), &rows);
    while (read == ERR_OK && run->count < count && store_next(&rows)) {
        read = read_job(&rows, pool, &run->jobs[run->count]);
        run->count++;
    }
    err = store_rows_end(&rows);
    return err == ERR_OK ? read : err;
}

/* Ids first, so that no cursor is open while the runs are read. */
static enum err read_open_ids(struct store_txn *txn, struct ledger_open *open)
{
    uint64_t count = 0;
    enum err err = ledger_number(txn, "SELECT count(*) FROM run WHERE verdict = ?", 0, &count);
    if (err != ERR_OK) {
        return err;
    }
    open->runs = ledger_pool_take(open->pool, count, sizeof *open->runs);
    if (!open->runs) {
        return ERR_MEMORY;
    }
    struct store_rows rows;
    enum err read = ERR_OK;
    store_query(txn, "SELECT id FROM run WHERE verdict = 0 ORDER BY no", STORE_WITHOUT, &rows);
    while (read == ERR_OK && open->count < count && store_next(&rows)) {
        read = ledger_pool_text(open->pool, store_column_text(&rows, 0),
                                &open->runs[open->count].run.run);
        open->count++;
    }
    err = store_rows_end(&rows);
    return err == ERR_OK ? read : err;
}

static enum err open_new(struct ledger_open **ret_open)
{
    struct ledger_pool *pool = ledger_pool_new();
    struct ledger_open *open = pool ? ledger_pool_take(pool, 1, sizeof *open) : NULL;
    if (!open) {
        ledger_pool_free(pool);
        return ERR_MEMORY;
    }
    open->pool = pool;
    *ret_open = open;
    return ERR_OK;
}

/* Reads the runs whose ids are there already. */
static enum err fill_open(struct store_txn *txn, struct ledger_open *open)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < open->count && err == ERR_OK; i++) {
        struct ledger_open_run *run = &open->runs[i];
        uint64_t no = 0;
        err = ledger_read_run(txn, run->run.run, open->pool, &run->run, &no);
        if (err == ERR_OK) {
            err = read_jobs(txn, no, open->pool, run);
        }
    }
    return err;
}

enum err ledger_load_open_runs(struct store_txn *txn, struct ledger_open **ret_open)
{
    struct ledger_open *open;
    enum err err = open_new(&open);
    if (err != ERR_OK) {
        return err;
    }
    err = read_open_ids(txn, open);
    err = err == ERR_OK ? fill_open(txn, open) : err;
    if (err != ERR_OK) {
        ledger_open_free(&open);
        return err;
    }
    *ret_open = open;
    return ERR_OK;
}

enum err ledger_load_run(struct store_txn *txn, struct msg_str run, struct ledger_open **ret_open)
{
    struct ledger_open *open;
    enum err err = open_new(&open);
    if (err != ERR_OK) {
        return err;
    }
    open->runs = ledger_pool_take(open->pool, 1, sizeof *open->runs);
    err = open->runs ? ledger_pool_text(open->pool, run, &open->runs[0].run.run) : ERR_MEMORY;
    open->count = 1;
    err = err == ERR_OK ? fill_open(txn, open) : err;
    if (err == ERR_OK && open->runs[0].run.totals.verdict != 0) {
        err = ERR_REFUSED;
    }
    if (err != ERR_OK) {
        ledger_open_free(&open);
        return err;
    }
    *ret_open = open;
    return ERR_OK;
}

void ledger_open_free(struct ledger_open **open)
{
    assert(open);
    if (*open) {
        ledger_pool_free((*open)->pool); /* it holds *open, too */
        *open = NULL;
    }
}

/* ---- pages ---- */

static enum err read_row(const struct store_rows *rows, struct ledger_pool *pool,
                         struct ledger_row *row)
{
    *row = (struct ledger_row){
        .job = store_column_u64(rows, 0),
        .seq = store_column_u64(rows, 1),
        .status = (enum term)store_column_u64(rows, 2),
        .outcome = (enum term)store_column_u64(rows, 3),
        .planned = store_column_u64(rows, 4),
        .duration_us = store_column_u64(rows, 5),
        .attempts = store_column_u64(rows, 6),
        .count = store_column_u64(rows, 7),
        .cached = store_column_u64(rows, 11) != 0,
        .audited = store_column_u64(rows, 12) != 0,
    };
    struct msg_str *const texts[] = {&row->file, &row->worker, &row->message};
    enum err err = ERR_OK;
    for (int i = 0; i < 3 && err == ERR_OK; i++) {
        err = ledger_pool_text(pool, store_column_text(rows, 8 + i), texts[i]);
    }
    return err;
}

static enum err read_test(const struct store_rows *rows, struct ledger_pool *pool,
                          struct ledger_test *test)
{
    *test = (struct ledger_test){
        .index = store_column_u64(rows, 0),
        .status = (enum term)store_column_u64(rows, 1),
        .duration_us = store_column_u64(rows, 2),
        .line = store_column_u64(rows, 3),
        .column = store_column_u64(rows, 4),
    };
    enum err err = ledger_pool_text(pool, store_column_text(rows, 5), &test->name);
    return err == ERR_OK ? ledger_pool_text(pool, store_column_text(rows, 6), &test->message) : err;
}

/* The tests of one file; returns their text's size in *bytes. */
static enum err read_tests(struct store_txn *txn, uint64_t no, struct ledger_pool *pool,
                           struct ledger_row *row, size_t *bytes)
{
    struct ledger_test *tests = ledger_pool_take(pool, row->count, sizeof *tests);
    if (!tests) {
        return ERR_MEMORY;
    }
    struct store_rows rows;
    enum err read = ERR_OK;
    size_t count = 0;
    store_query(txn,
                "SELECT place, status, duration_us, line, col, name, message FROM test"
                " WHERE run = ? AND job = ? ORDER BY place",
                STORE_WITH(store_u64(no), store_u64(row->job)), &rows);
    while (read == ERR_OK && count < row->count && store_next(&rows)) {
        read = read_test(&rows, pool, &tests[count]);
        *bytes += (size_t)tests[count].name.size + tests[count].message.size;
        count++;
    }
    enum err err = store_rows_end(&rows);
    row->tests = tests;
    row->count = count;
    return err == ERR_OK ? read : err;
}

static enum err read_page(struct store_txn *txn, uint64_t no, struct ledger_limits limits,
                          struct ledger_page *page)
{
    uint64_t done = page->run.files_done;
    size_t room = limits.files_max < done ? limits.files_max : (size_t)done;
    page->rows = ledger_pool_take(page->pool, room, sizeof *page->rows);
    if (!page->rows) {
        return ERR_MEMORY;
    }
    struct store_rows rows;
    enum err read = ERR_OK;
    size_t bytes = 0;
    store_query(
        txn,
        "SELECT job, seq, status, outcome, planned, duration_us, attempts,"
        " passed + failed + skipped + flaky, file, worker, message, cached, audited FROM job"
        " WHERE run = ? AND seq > ? AND seq > 0 ORDER BY seq",
        STORE_WITH(store_u64(no), store_u64(page->seq)), &rows);
    while (read == ERR_OK && store_next(&rows)) {
        if (page->count == room || (page->count > 0 && bytes >= limits.bytes_max)) {
            page->more = true;
            break;
        }
        struct ledger_row *row = &page->rows[page->count];
        read = read_row(&rows, page->pool, row);
        if (read == ERR_OK) {
            read = read_tests(txn, no, page->pool, row, &bytes);
        }
        bytes += (size_t)row->file.size + row->message.size;
        page->seq = row->seq;
        page->count++;
    }
    enum err err = store_rows_end(&rows);
    return err == ERR_OK ? read : err;
}

enum err ledger_rows_after(struct store_txn *txn, struct msg_str run, uint64_t seq,
                           struct ledger_limits limits, struct ledger_page **ret_page)
{
    assert(limits.files_max > 0);
    struct ledger_pool *pool = ledger_pool_new();
    struct ledger_page *page = pool ? ledger_pool_take(pool, 1, sizeof *page) : NULL;
    if (!page) {
        ledger_pool_free(pool);
        return ERR_MEMORY;
    }
    uint64_t no = 0;
    page->pool = pool;
    page->seq = seq < INT64_MAX ? seq : INT64_MAX; /* it came from a stranger */
    enum err err = ledger_read_run(txn, run, pool, &page->run, &no);
    if (err == ERR_OK) {
        err = read_page(txn, no, limits, page);
    }
    if (err != ERR_OK) {
        ledger_page_free(&page);
        return err;
    }
    if (!page->more) {
        page->seq = page->run.seq;
    }
    *ret_page = page;
    return ERR_OK;
}

void ledger_page_free(struct ledger_page **page)
{
    assert(page);
    if (*page) {
        ledger_pool_free((*page)->pool); /* it holds *page, too */
        *page = NULL;
    }
}
