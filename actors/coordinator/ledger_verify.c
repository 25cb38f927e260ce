/* ledger_verify.c - does a run still add up, row by row? */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "actors/coordinator/ledger_priv.h"

struct verify {
    struct store_txn *txn;
    struct ledger_check *check;
    struct store_rows tests; /* all of the run's, in order of job and place */
    bool test;               /* there is a current one */
    uint64_t no;
    uint64_t jobs;
    uint64_t done;
};

/* One more contradiction; the first is kept for people. */
__attribute__((format(printf, 2, 3))) static void problem(struct verify *verify, const char *format,
                                                          ...)
{
    va_list args;
    verify->check->problems++;
    if (verify->check->problems == 1) {
        va_start(args, format);
        (void)vsnprintf(verify->check->why, sizeof verify->check->why, format, args);
        va_end(args);
    }
}

static bool sums_equal(const struct ledger_sums *a, const struct ledger_sums *b)
{
    return a->planned == b->planned && a->passed == b->passed && a->failed == b->failed &&
           a->skipped == b->skipped && a->flaky == b->flaky && a->lost == b->lost;
}

/* ---- jobs ---- */

/* What a job's row claims. */
struct claim {
    uint64_t job;
    enum job_state state;
    uint64_t seq;
    enum term status;
    uint64_t digest;
    struct ledger_facts facts;
};

static void read_claim(const struct store_rows *rows, struct claim *claim)
{
    *claim = (struct claim){
        .job = store_column_u64(rows, 0),
        .state = (enum job_state)store_column_u64(rows, 1),
        .seq = store_column_u64(rows, 2),
        .status = (enum term)store_column_u64(rows, 3),
        .digest = store_column_u64(rows, 4),
        .facts = {.outcome = (enum term)store_column_u64(rows, 5),
                  .failed = store_column_u64(rows, 6) != 0,
                  .failed_before = store_column_u64(rows, 7) > 0,
                  .tests = {.planned = store_column_u64(rows, 8),
                            .passed = store_column_u64(rows, 9),
                            .failed = store_column_u64(rows, 10),
                            .skipped = store_column_u64(rows, 11),
                            .flaky = store_column_u64(rows, 12),
                            .lost = store_column_u64(rows, 13)}},
    };
}

static uint64_t file_digest(const struct store_rows *rows, const struct claim *claim)
{
    return ledger_digest_file(&(struct ledger_digest){
        .status = claim->status,
        .outcome = claim->facts.outcome,
        .planned = claim->facts.tests.planned,
        .duration_us = store_column_u64(rows, 14),
        .token = store_column_u64(rows, 15),
        .file = store_column_text(rows, 16),
        .message = store_column_text(rows, 17),
    });
}

/* Counts the tests of one job, and adds their digests.  The cursor stands at the first of them. */
static uint64_t add_tests(struct verify *verify, uint64_t job, struct ledger_sums *sums)
{
    uint64_t digest = 0;
    const struct store_rows *rows = &verify->tests;
    while (verify->test && store_column_u64(rows, 0) == job) {
        struct ledger_test test = {
            .index = store_column_u64(rows, 1),
            .status = (enum term)store_column_u64(rows, 2),
            .duration_us = store_column_u64(rows, 3),
            .line = store_column_u64(rows, 4),
            .column = store_column_u64(rows, 5),
            .name = store_column_text(rows, 6),
            .message = store_column_text(rows, 7),
        };
        digest += ledger_digest_test(&test);
        ledger_add(sums, test.status, 1);
        verify->test = store_next(&verify->tests);
    }
    return digest;
}

/* A job without a result has nothing; one that was lost when its run was closed, nearly so. */
static void check_empty(struct verify *verify, const struct claim *claim, uint64_t rows)
{
    if (rows > 0 || claim->facts.tests.planned > 0) {
        problem(verify, "job %llu has tests but no result", (unsigned long long)claim->job);
    }
    if (claim->status && (claim->status != TERM_status_LOST || claim->state != JOB_DEAD ||
                          !ledger_is_infra(claim->facts.outcome))) {
        problem(verify, "job %llu has a result without its digest", (unsigned long long)claim->job);
    }
}

static void check_job(struct verify *verify, const struct store_rows *rows)
{
    struct claim claim;
    struct ledger_sums sums = {.planned = 0};
    read_claim(rows, &claim);
    const struct ledger_sums *claimed = &claim.facts.tests;
    unsigned long long job = claim.job;
    if (claim.job != verify->jobs) {
        problem(verify, "job %llu is missing", (unsigned long long)verify->jobs);
        verify->jobs = claim.job;
    }
    verify->jobs++;
    uint64_t digest = add_tests(verify, claim.job, &sums);
    uint64_t reported = sums.passed + sums.failed + sums.skipped + sums.flaky + sums.lost;
    if (claim.status) {
        verify->done++;
    }
    if (!claim.status || claim.digest == 0) {
        check_empty(verify, &claim, reported);
        return;
    }
    sums.planned = claimed->planned;
    sums.lost = sums.planned > reported ? sums.planned - reported : 0;
    if (!sums_equal(&sums, claimed)) {
        problem(verify, "job %llu: its tests are not those that were counted", job);
    } else if (digest + file_digest(rows, &claim) != claim.digest) {
        problem(verify, "job %llu: its rows are not those that were committed", job);
    }
    if (ledger_judge_file(&claim.facts) != claim.status ||
        ledger_state(claim.status) != claim.state) {
        problem(verify, "job %llu: its status does not follow from its tests", job);
    }
}

/* ---- the run ---- */

static enum err check_jobs(struct verify *verify)
{
    struct store_rows rows;
    store_query(verify->txn,
                "SELECT job, place, status, duration_us, line, col, name, message FROM test"
                " WHERE run = ? ORDER BY job, place",
                STORE_WITH(store_u64(verify->no)), &verify->tests);
    verify->test = store_next(&verify->tests);
    store_query(verify->txn,
                "SELECT job, state, seq, status, digest, outcome, file_failed, failures, planned,"
                " passed, failed, skipped, flaky, lost, duration_us, token, file, message"
                " FROM job WHERE run = ? ORDER BY job",
                STORE_WITH(store_u64(verify->no)), &rows);
    while (store_next(&rows)) {
        check_job(verify, &rows);
    }
    if (verify->test) {
        problem(verify, "there are tests of job %llu, which does not exist",
                (unsigned long long)store_column_u64(&verify->tests, 0));
    }
    enum err err = store_rows_end(&rows);
    enum err tests = store_rows_end(&verify->tests);
    return err == ERR_OK ? tests : err;
}

static void check_run(struct verify *verify, const struct ledger_run *run)
{
    struct ledger_totals *found = &verify->check->totals;
    enum term verdict = run->totals.verdict;
    if (!ledger_balanced(&found->files) || !ledger_balanced(&found->tests)) {
        problem(verify, "planned is not passed + failed + skipped + flaky + lost");
    }
    if (run->files_done != verify->done) {
        problem(verify, "%llu files have a result, %llu were committed",
                (unsigned long long)verify->done, (unsigned long long)run->files_done);
    }
    if (run->listed && run->listing.files != verify->jobs) {
        problem(verify, "%llu files are there, %llu were listed", (unsigned long long)verify->jobs,
                (unsigned long long)run->listing.files);
    }
    if (verdict == 0) {
        found->verdict = 0;
        return;
    }
    if (!sums_equal(&found->files, &run->totals.files) ||
        !sums_equal(&found->tests, &run->totals.tests)) {
        problem(verify, "the rows do not add up to the totals of the closed run");
    }
    if ((verdict == TERM_verdict_PASSED || verdict == TERM_verdict_FAILED) &&
        verdict != found->verdict) {
        problem(verify, "the verdict does not follow from the rows");
    }
    found->verdict = verdict;
}

static enum err check_seq(struct verify *verify, const struct ledger_run *run)
{
    struct store_rows rows;
    store_query(verify->txn,
                "SELECT count(DISTINCT seq), max(seq) FROM job WHERE run = ? AND seq > 0",
                STORE_WITH(store_u64(verify->no)), &rows);
    if (store_next(&rows) &&
        (store_column_u64(&rows, 0) != verify->done || store_column_u64(&rows, 1) != run->seq)) {
        problem(verify, "the sequence of commits has gaps or doubles");
    }
    return store_rows_end(&rows);
}

static enum err verify_run(struct verify *verify, struct msg_str id, struct ledger_pool *pool)
{
    struct ledger_run run = {.seq = 0};
    uint64_t pruned = 0;
    enum err err = ledger_read_run(verify->txn, id, pool, &run, &verify->no);
    if (err == ERR_OK) {
        err =
            ledger_number(verify->txn, "SELECT pruned FROM run WHERE no = ?", verify->no, &pruned);
    }
    if (err == ERR_OK && pruned) {
        err = ERR_NOT_FOUND;
    }
    if (err == ERR_OK) {
        err = ledger_count(verify->txn, verify->no, &verify->check->totals);
    }
    if (err == ERR_OK) {
        err = check_jobs(verify);
    }
    if (err != ERR_OK) {
        return err;
    }
    check_run(verify, &run);
    return check_seq(verify, &run);
}

enum err ledger_verify(struct store_txn *txn, struct msg_str run, struct ledger_check *ret_check)
{
    struct ledger_check check = {.problems = 0};
    struct verify verify = {.txn = txn, .check = &check};
    struct ledger_pool *pool = ledger_pool_new();
    if (!pool) {
        return ERR_MEMORY;
    }
    enum err err = verify_run(&verify, run, pool);
    ledger_pool_free(pool);
    if (err == ERR_OK) {
        check.balanced = check.problems == 0;
        *ret_check = check;
    }
    return err;
}
