/* ledger_job.c - leases and results of jobs: each guarded by its token, each counted once. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "actors/coordinator/ledger_priv.h"

static uint64_t cut(uint64_t number, uint64_t max)
{
    return number < max ? number : max;
}

/* ---- leases ---- */

enum err ledger_grant(struct store_txn *txn, struct ledger_key key,
                      const struct ledger_grant *grant)
{
    struct ledger_line line;
    if (!ledger_fits(grant->worker, MSG_MAX_pull_worker) || grant->token > INT64_MAX) {
        return ERR_LIMIT;
    }
    if (grant->token >> 32 != key.epoch) {
        return ERR_STALE; /* no token of ours */
    }
    enum err err = ledger_find_open(txn, key, &line);
    if (err == ERR_OK && !line.listed) {
        err = ERR_REFUSED;
    }
    for (size_t i = 0; i < grant->count && err == ERR_OK; i++) {
        err = store_exec(txn,
                         "UPDATE job SET state = 1, token = ?1, worker = ?2,"
                         " attempts = attempts + 1, started_ms = ?5"
                         " WHERE run = ?3 AND job = ?4 AND state = 0 AND token < ?1",
                         STORE_WITH(store_u64(grant->token), store_text(grant->worker),
                                    store_u64(line.no), store_u64(grant->jobs[i]),
                                    store_u64(grant->wall_ms)));
        if (err == ERR_OK && store_changes(txn) != 1) {
            err = ERR_STALE;
        }
    }
    return err;
}

enum err ledger_note_part(struct store_txn *txn, struct ledger_key key, uint64_t token)
{
    struct ledger_line line;
    if (token > INT64_MAX) {
        return ERR_LIMIT;
    }
    enum err err = ledger_find_open(txn, key, &line);
    return err != ERR_OK ? err
                         : store_exec(txn, "UPDATE run SET part_token = ? WHERE no = ?",
                                      STORE_WITH(store_u64(token), store_u64(line.no)));
}

/* Names that failed in an attempt that does not count. */
static enum err remember_failures(struct store_txn *txn, uint64_t no,
                                  const struct ledger_release *release)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < release->failed_count && err == ERR_OK; i++) {
        const struct ledger_failed *failed = &release->failed[i];
        if (!ledger_fits(failed->test, MSG_MAX_test_done_test) ||
            !ledger_fits(failed->message, MSG_MAX_test_done_message)) {
            return ERR_LIMIT;
        }
        err = store_exec(txn,
                         "INSERT OR IGNORE INTO failure (run, job, name, worker, message)"
                         " SELECT ?1, ?2, ?3, worker, ?4 FROM job WHERE run = ?1 AND job = ?2",
                         STORE_WITH(store_u64(no), store_u64(release->job),
                                    store_text(failed->test), store_text(failed->message)));
    }
    return err;
}

static bool counts_fit(const struct ledger_counts *counts)
{
    return counts->crashes <= INT32_MAX && counts->infra <= INT32_MAX &&
           counts->poison <= INT32_MAX && counts->failures <= INT32_MAX;
}

enum err ledger_release(struct store_txn *txn, struct ledger_key key,
                        const struct ledger_release *release)
{
    struct ledger_line line;
    const struct ledger_counts *counts = &release->counts;
    if (!counts_fit(counts)) {
        return ERR_LIMIT;
    }
    enum err err = ledger_find_open(txn, key, &line);
    if (err != ERR_OK) {
        return err;
    }
    err = store_exec(txn,
                     "UPDATE job SET state = 0, crashes = ?, infra = ?, poison = ?, failures = ?"
                     " WHERE run = ? AND job = ? AND token = ? AND state = 1",
                     STORE_WITH(store_u64(counts->crashes), store_u64(counts->infra),
                                store_u64(counts->poison), store_u64(counts->failures),
                                store_u64(line.no), store_u64(release->job),
                                store_u64(release->token)));
    if (err == ERR_OK && store_changes(txn) != 1) {
        err = ERR_STALE;
    }
    return err == ERR_OK ? remember_failures(txn, line.no, release) : err;
}

/* ---- a result ---- */

/* A result on its way into the ledger. */
struct intake {
    struct store_txn *txn;
    const struct ledger_result *result;
    struct ledger_line line;
    struct msg_str file;
    char file_text[MSG_MAX_run_file_file];
    struct msg_str runner;
    char runner_text[MSG_MAX_submit_runner];
    bool audited;
    bool quarantine;  /* there is one */
    bool retried;     /* there may be earlier failures */
    uint64_t repeats; /* earlier attempts that passed */
    struct ledger_facts facts;
    uint64_t digest;
    uint64_t findings;
};

static enum err check_result(const struct ledger_result *result)
{
    if (result->collected > LEDGER_TESTS_MAX || result->count > LEDGER_TESTS_MAX ||
        !counts_fit(&result->counts) || (uint64_t)result->outcome > INT32_MAX ||
        !ledger_fits(result->message, MSG_MAX_job_done_message)) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < result->count; i++) {
        const struct ledger_test *test = &result->tests[i];
        if (test->index > INT64_MAX || !ledger_fits(test->name, MSG_MAX_test_done_test) ||
            !ledger_fits(test->message, MSG_MAX_test_done_message)) {
            return ERR_LIMIT;
        }
        /* Nobody reports a test as lost; `0` and numbers of a newer version are no results. */
        if (test->status < TERM_status_PASSED || test->status > TERM_status_FLAKY) {
            return ERR_MALFORMED;
        }
    }
    return ERR_OK;
}

/* The fence: only the current lease has a say. */
static enum err find_job(struct intake *in)
{
    struct store_rows rows;
    bool current = false;
    store_query(in->txn,
                "SELECT file, attempts, failures, runner, audited,"
                " (SELECT quarantine <> '' FROM run WHERE no = job.run), repeats FROM job"
                " WHERE run = ? AND job = ? AND token = ? AND state = 1",
                STORE_WITH(store_u64(in->line.no), store_u64(in->result->job),
                           store_u64(in->result->token)),
                &rows);
    if (store_next(&rows)) {
        current = true;
        struct msg_str file = store_column_text(&rows, 0);
        in->file.size = (uint32_t)cut(file.size, sizeof in->file_text);
        memcpy(in->file_text, file.at, in->file.size);
        in->file.at = in->file_text;
        struct msg_str runner = store_column_text(&rows, 3);
        in->runner.size = (uint32_t)cut(runner.size, sizeof in->runner_text);
        memcpy(in->runner_text, runner.at, in->runner.size);
        in->runner.at = in->runner_text;
        in->audited = store_column_u64(&rows, 4) != 0;
        in->quarantine = store_column_u64(&rows, 5) != 0;
        in->repeats = store_column_u64(&rows, 6);
        in->retried = store_column_u64(&rows, 1) > 1;
        in->facts.failed_before = store_column_u64(&rows, 2) > 0 || in->result->counts.failures > 0;
    }
    enum err err = store_rows_end(&rows);
    if (err != ERR_OK) {
        return err;
    }
    return current ? ERR_OK : ERR_STALE;
}

/* One that failed in an earlier attempt of this run is flaky, with that failure as the evidence. */
static enum err find_flaky(struct intake *in, struct ledger_test *test, char *room)
{
    struct store_rows rows;
    store_query(
        in->txn, "SELECT worker, message FROM failure WHERE run = ? AND job = ? AND name = ?",
        STORE_WITH(store_u64(in->line.no), store_u64(in->result->job), store_text(test->name)),
        &rows);
    if (store_next(&rows)) {
        test->status = TERM_status_FLAKY;
        if (test->message.size == 0) {
            (void)snprintf(room, MSG_MAX_test_done_message, "passed, but first failed on %s: %s",
                           store_column_text(&rows, 0).at, store_column_text(&rows, 1).at);
            test->message = msg_str(room);
        }
    }
    return store_rows_end(&rows);
}

/* One in quarantine counts as flaky, if it has ever passed: what never did is broken. */
static enum err find_quarantined(struct intake *in, struct ledger_test *test, char *room,
                                 bool *ret_quarantined)
{
    char until[LEDGER_UNTIL_SIZE];
    enum err err = ledger_quarantined(in->txn, in->line.no, in->file, test->name, until);
    *ret_quarantined = err == ERR_OK && until[0] != '\0';
    if (*ret_quarantined) {
        test->status = TERM_status_FLAKY;
        (void)snprintf(room, MSG_MAX_test_done_message, "failed, in quarantine until %s: %.*s",
                       until, (int)test->message.size, test->message.at ? test->message.at : "");
        test->message = msg_str(room);
    }
    return err;
}

/* One that has passed in this run is flaky. */
static void set_disagreed(struct ledger_test *test, char *room)
{
    test->status = TERM_status_FLAKY;
    (void)snprintf(room, MSG_MAX_test_done_message, "failed, but first passed: %.*s",
                   (int)test->message.size, test->message.at ? test->message.at : "");
    test->message = msg_str(room);
}

static enum err insert_test(struct intake *in, const struct ledger_test *test, bool quarantined)
{
    return store_exec(in->txn,
                      "INSERT INTO test (run, job, place, name, status, duration_us, line, col,"
                      " message, quarantined) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                      STORE_WITH(store_u64(in->line.no), store_u64(in->result->job),
                                 store_u64(test->index), store_text(test->name),
                                 store_u64((uint64_t)test->status), store_u64(test->duration_us),
                                 store_u64(test->line), store_u64(test->column),
                                 store_text(test->message), store_u64(quarantined)));
}

static enum err put_test(struct intake *in, const struct ledger_test *from)
{
    struct ledger_test test = *from;
    char room[MSG_MAX_test_done_message + 1];
    bool quarantined = false;
    enum err err = ERR_OK;
    test.duration_us = cut(test.duration_us, LEDGER_US_MAX);
    test.line = cut(test.line, INT32_MAX);
    test.column = cut(test.column, INT32_MAX);
    if (in->retried && test.status == TERM_status_PASSED) {
        err = find_flaky(in, &test, room);
    } else if (in->repeats > 0 && test.status == TERM_status_FAILED) {
        set_disagreed(&test, room);
    } else if (in->quarantine && test.status == TERM_status_FAILED) {
        err = find_quarantined(in, &test, room, &quarantined);
    }
    if (err != ERR_OK) {
        return err;
    }
    ledger_add(&in->facts.tests, test.status, 1);
    in->digest += ledger_digest_test(&test);
    err = insert_test(in, &test, quarantined);
    if (err == ERR_OK && test.status == TERM_status_FAILED) {
        in->findings++;
        err = ledger_note(
            in->txn, in->line.no,
            &(struct ledger_noted){in->result->job, (int64_t)test.index, in->result->wall_ms});
    }
    return err == ERR_OK ? ledger_keep_page(in->txn, in->line.no, in->result->job, &test) : err;
}

/* All rows, and the one that stands for a file that failed without any. */
static enum err put_tests(struct intake *in)
{
    const struct ledger_result *result = in->result;
    struct ledger_facts *facts = &in->facts;
    enum err err = ERR_OK;
    for (size_t i = 0; i < result->count && err == ERR_OK; i++) {
        err = put_test(in, &result->tests[i]);
    }
    facts->outcome = result->outcome;
    facts->failed = result->failed;
    facts->tests.planned = result->collected > result->count ? result->collected : result->count;
    facts->tests.lost = facts->tests.planned - result->count;
    if (err == ERR_OK && facts->tests.planned == 0 &&
        ledger_judge_file(facts) == TERM_status_FAILED) {
        facts->tests.planned = 1;
        err = put_test(in, &(struct ledger_test){.name = msg_str(""),
                                                 .status = TERM_status_FAILED,
                                                 .duration_us = result->duration_us,
                                                 .message = result->message});
    }
    return err;
}

static enum err close_job(struct intake *in, enum term status)
{
    const struct ledger_result *result = in->result;
    const struct ledger_sums *tests = &in->facts.tests;
    const struct ledger_counts *counts = &result->counts;
    uint64_t duration_us = cut(result->duration_us, LEDGER_US_MAX);
    in->digest += ledger_digest_file(&(struct ledger_digest){.file = in->file,
                                                             .message = result->message,
                                                             .status = status,
                                                             .outcome = result->outcome,
                                                             .planned = tests->planned,
                                                             .duration_us = duration_us,
                                                             .token = result->token});
    enum err err = store_exec(
        in->txn,
        "UPDATE job SET state = ?, seq = ?, status = ?, outcome = ?, file_failed = ?,"
        " planned = ?, passed = ?, failed = ?, skipped = ?, flaky = ?, lost = ?,"
        " crashes = ?, infra = ?, poison = ?, failures = max(failures, ?),"
        " duration_us = ?, cpu_us = ?, digest = ?, message = ?,"
        " made_ms = (SELECT accepted_ms FROM run WHERE no = job.run), ended_ms = ?"
        " WHERE run = ? AND job = ? AND token = ? AND state = 1",
        STORE_WITH(store_u64((uint64_t)ledger_state(status)), store_u64(in->line.seq + 1),
                   store_u64((uint64_t)status), store_u64((uint64_t)result->outcome),
                   store_u64(result->failed), store_u64(tests->planned), store_u64(tests->passed),
                   store_u64(tests->failed), store_u64(tests->skipped), store_u64(tests->flaky),
                   store_u64(tests->lost), store_u64(counts->crashes), store_u64(counts->infra),
                   store_u64(counts->poison), store_u64(counts->failures), store_u64(duration_us),
                   store_u64(cut(result->cpu_us, LEDGER_US_MAX)), store_u64(in->digest),
                   store_text(result->message), store_u64(result->wall_ms), store_u64(in->line.no),
                   store_u64(result->job), store_u64(result->token)));
    if (err == ERR_OK && store_changes(in->txn) != 1) {
        err = ERR_STALE;
    }
    return err;
}

static enum err take_result(struct intake *in, struct ledger_finished *ret_finished)
{
    bool again = false;
    enum err err = find_job(in);
    if (err == ERR_OK && !in->facts.failed_before) {
        err = ledger_repeat(in->txn, in->line.no, in->result, in->repeats, &again);
    }
    if (err == ERR_OK && again) {
        *ret_finished = (struct ledger_finished){.again = true};
        return ERR_OK;
    }
    if (err == ERR_OK) {
        err = put_tests(in);
    }
    if (err != ERR_OK) {
        return err;
    }
    assert(ledger_balanced(&in->facts.tests));
    enum term status = ledger_judge_file(&in->facts);
    err = close_job(in, status);
    bool red = status == TERM_status_FAILED || status == TERM_status_LOST;
    if (err == ERR_OK && red && in->findings == 0) {
        in->findings++;
        err = ledger_note(
            in->txn, in->line.no,
            &(struct ledger_noted){in->result->job, LEDGER_PLACE_FILE, in->result->wall_ms});
    }
    if (err == ERR_OK) {
        err = store_exec(in->txn,
                         "UPDATE run SET seq = seq + 1, files_done = files_done + 1 WHERE no = ?",
                         STORE_WITH(store_u64(in->line.no)));
    }
    if (err == ERR_OK && in->audited && red && !ledger_is_infra(in->result->outcome)) {
        err = ledger_missed(in->txn, in->line.no, in->file);
    }
    if (err == ERR_OK && status != TERM_status_LOST) {
        err = ledger_learn(in->txn, &(struct ledger_sample){
                                        .run = in->line.no,
                                        .file = in->file,
                                        .runner = in->runner,
                                        .duration_us = cut(in->result->duration_us, LEDGER_US_MAX),
                                        .tests = in->facts.tests.planned,
                                        .job = in->result->job,
                                        .passed = status == TERM_status_PASSED,
                                        .parts_failed = in->result->parts_failed,
                                        .is_flaky = status == TERM_status_FLAKY,
                                    });
    }
    if (err == ERR_OK) {
        *ret_finished = (struct ledger_finished){
            .seq = in->line.seq + 1,
            .status = status,
            .planned = in->facts.tests.planned,
            .findings = in->findings,
        };
    }
    return err;
}

enum err ledger_finish_job(struct store_txn *txn, struct ledger_key key,
                           const struct ledger_result *result, struct ledger_finished *ret_finished)
{
    struct intake in = {.txn = txn, .result = result};
    enum err err = check_result(result);
    if (err == ERR_OK) {
        err = ledger_find_open(txn, key, &in.line);
    }
    if (err != ERR_OK) {
        return err;
    }
    return take_result(&in, ret_finished);
}
