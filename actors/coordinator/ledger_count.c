/* ledger_count.c - what the rows of a run add up to. */
#include <assert.h>

#include "actors/coordinator/ledger_priv.h"

void ledger_add(struct ledger_sums *sums, enum term status, uint64_t count)
{
    switch ((int)status) {
    case TERM_status_PASSED:
        sums->passed += count;
        break;
    case TERM_status_FAILED:
        sums->failed += count;
        break;
    case TERM_status_SKIPPED:
        sums->skipped += count;
        break;
    case TERM_status_FLAKY:
        sums->flaky += count;
        break;
    case TERM_status_LOST:
        sums->lost += count;
        break;
    default:
        break;
    }
}

bool ledger_is_infra(enum term outcome)
{
    return outcome == TERM_outcome_NOT_FOUND || outcome == TERM_outcome_INTERRUPTED ||
           outcome == TERM_outcome_NOT_STARTED;
}

static bool is_complete(enum term outcome)
{
    return outcome == TERM_outcome_COMPLETE || outcome == TERM_outcome_UNHANDLED ||
           outcome == TERM_outcome_NO_TESTS;
}

enum term ledger_judge_file(const struct ledger_facts *facts)
{
    const struct ledger_sums *tests = &facts->tests;
    if (!is_complete(facts->outcome) || tests->lost > 0) {
        return TERM_status_LOST;
    }
    /* Judged, but not simply complete: an error outside the tests, or no test where one must be. */
    if (facts->failed || facts->outcome != TERM_outcome_COMPLETE || tests->failed > 0) {
        return TERM_status_FAILED;
    }
    if (facts->failed_before || tests->flaky > 0) {
        return TERM_status_FLAKY;
    }
    return tests->passed > 0 ? TERM_status_PASSED : TERM_status_SKIPPED;
}

enum job_state ledger_state(enum term status)
{
    if (status == TERM_status_LOST) {
        return JOB_DEAD;
    }
    return status == TERM_status_FAILED ? JOB_FAILED : JOB_DONE;
}

/* ---- digests: FNV-1a, with lengths so that fields cannot run into each other ---- */

static uint64_t mix_bytes(uint64_t hash, const void *at, size_t size)
{
    const unsigned char *bytes = at;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static uint64_t mix_u64(uint64_t hash, uint64_t number)
{
    for (unsigned i = 0; i < 64; i += 8) {
        hash = (hash ^ (number >> i & 0xff)) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static uint64_t mix_text(uint64_t hash, struct msg_str text)
{
    return mix_bytes(mix_u64(hash, text.size), text.at, text.size);
}

#define MIX_START (UINT64_C(0xcbf29ce484222325))

uint64_t ledger_digest_file(const struct ledger_digest *digest)
{
    uint64_t hash = mix_text(MIX_START, digest->file);
    hash = mix_text(hash, digest->message);
    hash = mix_u64(hash, (uint64_t)digest->status);
    hash = mix_u64(hash, (uint64_t)digest->outcome);
    hash = mix_u64(hash, digest->planned);
    hash = mix_u64(hash, digest->duration_us);
    return mix_u64(hash, digest->token);
}

uint64_t ledger_digest_test(const struct ledger_test *test)
{
    uint64_t hash = mix_text(MIX_START, test->name);
    hash = mix_text(hash, test->message);
    hash = mix_u64(hash, test->index);
    hash = mix_u64(hash, (uint64_t)test->status);
    hash = mix_u64(hash, test->duration_us);
    hash = mix_u64(hash, test->line);
    return mix_u64(hash, test->column);
}

uint64_t ledger_draw(struct msg_str run, struct msg_str file)
{
    uint64_t hash = mix_text(mix_text(MIX_START, run), file);
    return hash ^ hash >> 32; /* the lower bits of FNV-1a alone are not even */
}

/* ---- totals ---- */

/* Files by status and, apart, those that were lost by their own doing. */
static enum err count_files(struct store_txn *txn, uint64_t no, struct ledger_totals *totals,
                            uint64_t *own_losses)
{
    struct store_rows rows;
    store_query(txn,
                "SELECT status, outcome, lost > 0, count(*), sum(planned), sum(cpu_us) FROM job"
                " WHERE run = ? GROUP BY 1, 2, 3",
                STORE_WITH(store_u64(no)), &rows);
    while (store_next(&rows)) {
        enum term status = (enum term)store_column_u64(&rows, 0);
        uint64_t files = store_column_u64(&rows, 3);
        /* A job without a result is as good as lost. */
        ledger_add(&totals->files, status ? status : TERM_status_LOST, files);
        totals->files.planned += files;
        totals->tests.planned += store_column_u64(&rows, 4);
        totals->cpu_us += store_column_u64(&rows, 5);
        enum term outcome = (enum term)store_column_u64(&rows, 1);
        if (status == TERM_status_LOST && !ledger_is_infra(outcome)) {
            *own_losses += files;
        }
    }
    return store_rows_end(&rows);
}

static enum err count_tests(struct store_txn *txn, uint64_t no, struct ledger_sums *sums)
{
    struct store_rows rows;
    uint64_t count = 0;
    store_query(txn, "SELECT status, count(*) FROM test WHERE run = ? GROUP BY status",
                STORE_WITH(store_u64(no)), &rows);
    while (store_next(&rows)) {
        ledger_add(sums, (enum term)store_column_u64(&rows, 0), store_column_u64(&rows, 1));
        count += store_column_u64(&rows, 1);
    }
    enum err err = store_rows_end(&rows);
    /* More rows than planned leave the sums out of balance, and the caller sees it. */
    sums->lost = sums->planned > count ? sums->planned - count : 0;
    return err;
}

/* Green without a test is only a run of which no listed file was affected. */
static enum term judge_run(const struct ledger_totals *totals, uint64_t own_losses,
                           uint64_t not_affected, bool flaky_fails)
{
    const struct ledger_sums *files = &totals->files;
    const struct ledger_sums *tests = &totals->tests;
    uint64_t judged = files->passed + files->failed + files->flaky + tests->passed + tests->failed +
                      tests->flaky + own_losses;
    if (not_affected > 0 && files->planned == 0 && tests->planned == 0) {
        return TERM_verdict_PASSED;
    }
    if (judged == 0) {
        return TERM_verdict_ERROR;
    }
    bool red = files->failed + files->lost + tests->failed + tests->lost > 0 ||
               (flaky_fails && files->flaky + tests->flaky > 0);
    return red ? TERM_verdict_FAILED : TERM_verdict_PASSED;
}

enum err ledger_count(struct store_txn *txn, uint64_t no, struct ledger_totals *ret_totals)
{
    struct ledger_totals totals = {.cpu_us = 0};
    uint64_t own_losses = 0;
    uint64_t not_affected = 0;
    uint64_t flaky_fails = 0;
    enum err err = count_files(txn, no, &totals, &own_losses);
    if (err == ERR_OK) {
        err = count_tests(txn, no, &totals.tests);
    }
    if (err == ERR_OK) {
        err = ledger_number(txn, "SELECT files_not_affected FROM run WHERE no = ?", no,
                            &not_affected);
    }
    if (err == ERR_OK) {
        err = ledger_number(txn, "SELECT flaky_fails FROM run WHERE no = ?", no, &flaky_fails);
    }
    if (err == ERR_OK) {
        totals.verdict = judge_run(&totals, own_losses, not_affected, flaky_fails != 0);
        *ret_totals = totals;
    }
    return err;
}
