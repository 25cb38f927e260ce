/* ledger_finding.c - failures of a run, from their note to what became of them. */
#include "actors/coordinator/ledger_finding.h"

#include <string.h>

#include "actors/coordinator/ledger_fix.h"
#include "actors/coordinator/ledger_priv.h"

/* ---- noting ---- */

enum err ledger_note(struct store_txn *txn, uint64_t no, const struct ledger_noted *noted)
{
    uint64_t last = 0;
    enum err err = ledger_number(txn,
                                 "SELECT error FROM finding WHERE run = ?"
                                 " ORDER BY error DESC LIMIT 1",
                                 no, &last);
    if (err != ERR_OK || last == LEDGER_FINDINGS_MAX) {
        return err;
    }
    return store_exec(txn,
                      "INSERT INTO finding (run, error, job, place, noted_ms)"
                      " VALUES (?, ?, ?, ?, ?)",
                      STORE_WITH(store_u64(no), store_u64(last + 1), store_u64(noted->job),
                                 store_i64(noted->place), store_u64(noted->wall_ms)));
}

enum err ledger_keep_page(struct store_txn *txn, uint64_t no, uint64_t job,
                          const struct ledger_test *test)
{
    if (test->page.size == 0) {
        return ERR_OK;
    }
    if (!ledger_fits(test->page, MSG_MAX_test_done_page)) {
        return ERR_LIMIT;
    }
    if (test->status == TERM_status_FAILED) {
        return store_exec(txn, "INSERT INTO page (run, job, place, seen) VALUES (?, ?, ?, ?)",
                          STORE_WITH(store_u64(no), store_u64(job), store_u64(test->index),
                                     store_text(test->page)));
    }
    return store_exec(
        txn,
        "INSERT OR REPLACE INTO known (project, file, test, seen)"
        " SELECT " LEDGER_PROJECT("run") ", job.file, ?3, ?4 FROM run JOIN job ON job.run = run.no"
                                         " WHERE run.no = ?1 AND job.job = ?2",
        STORE_WITH(store_u64(no), store_u64(job), store_text(test->name), store_text(test->page)));
}

/* ---- reading ---- */

#define FINDING_COLUMNS                                                                            \
    " f.error, f.job, f.state, coalesce(t.line, 0), coalesce(t.col, 0), f.label, f.confidence,"    \
    " f.priority, coalesce(x.status, 0), coalesce(x.votes_for, 0), coalesce(x.votes_against, 0),"  \
    " coalesce(x.candidates, 0), coalesce(h.status, 0), coalesce(h.line, 0),"                      \
    " coalesce(h.confidence, 0), f.cause, f.noted_ms, f.routed_ms, coalesce(c.occurrences, 0),"    \
    " coalesce(c.kind, 0), coalesce(c.is_new, 0), coalesce(c.fixed, 0), coalesce(c.attempts, 0),"  \
    " coalesce(c.flake, 0), j.file, coalesce(t.name, ''), coalesce(t.message, j.message),"         \
    " f.queue, f.model, f.why, coalesce(x.source, ''), coalesce(x.diff, ''),"                      \
    " coalesce(x.reason, ''), coalesce(h.file, ''), coalesce(h.old, ''), coalesce(h.new, ''),"     \
    " coalesce(h.diff, ''), coalesce(h.reason, '')"

#define FINDING_TABLES                                                                             \
    " FROM finding f JOIN job j ON j.run = f.run AND j.job = f.job"                                \
    " LEFT JOIN test t ON t.run = f.run AND t.job = f.job AND t.place = f.place"                   \
    " LEFT JOIN fix x ON x.run = f.run AND x.error = f.error"                                      \
    " LEFT JOIN heal h ON h.run = f.run AND h.error = f.error"                                     \
    " LEFT JOIN cause c ON c.run = f.run AND c.cause = f.cause"

enum { FINDING_CAUSE_AT = 15, FINDING_TEXTS_AT = 24, FINDING_TEXTS = 14 };

/* How urgent it is at `now_ms`, with the terms as a text. */
static enum err read_priority(const struct store_rows *rows, struct ledger_pool *pool,
                              uint64_t now_ms, struct ledger_finding *to)
{
    char text[MSG_MAX_error_row_terms];
    struct priority priority;
    to->noted_ms = store_column_u64(rows, FINDING_CAUSE_AT + 1);
    to->occurrences = store_column_u64(rows, FINDING_CAUSE_AT + 3);
    to->label.cause = (uint64_t)store_column_i64(rows, FINDING_CAUSE_AT);
    to->label.wall_ms = store_column_u64(rows, FINDING_CAUSE_AT + 2);
    if (to->occurrences == 0) {
        return ledger_pool_text(pool, msg_str(""), &to->terms);
    }
    priority_of(
        &(struct priority_facts){
            .kind = (unsigned)store_column_u64(rows, FINDING_CAUSE_AT + 4),
            .occurrences = (uint32_t)to->occurrences,
            .is_new = store_column_u64(rows, FINDING_CAUSE_AT + 5) != 0,
            .has_fix = store_column_u64(rows, FINDING_CAUSE_AT + 6) != 0,
            .attempts = (uint32_t)store_column_u64(rows, FINDING_CAUSE_AT + 7),
            .flake = (float)store_column_f64(rows, FINDING_CAUSE_AT + 8),
            /* What is settled does not age. */
            .waited_ms =
                to->state != FINDING_SETTLED && now_ms > to->noted_ms ? now_ms - to->noted_ms : 0,
        },
        &priority);
    to->priority = (unsigned)priority.value;
    priority_explain(&priority, text, sizeof text);
    return ledger_pool_text(pool, msg_str(text), &to->terms);
}

static enum err read_finding(const struct store_rows *rows, struct ledger_pool *pool,
                             uint64_t now_ms, struct ledger_finding *to)
{
    *to = (struct ledger_finding){
        .error = store_column_u64(rows, 0),
        .job = store_column_u64(rows, 1),
        .state = (enum finding_state)store_column_u64(rows, 2),
        .line = store_column_u64(rows, 3),
        .column = store_column_u64(rows, 4),
        .label = {.label = (enum term)store_column_u64(rows, 5),
                  .confidence = store_column_f64(rows, 6),
                  .priority = store_column_u64(rows, 7)},
        .fix = {.status = (enum term)store_column_u64(rows, 8),
                .votes_for = store_column_u64(rows, 9),
                .votes_against = store_column_u64(rows, 10),
                .candidates = store_column_u64(rows, 11)},
        .heal = {.status = (enum term)store_column_u64(rows, 12),
                 .line = store_column_u64(rows, 13),
                 .confidence = store_column_f64(rows, 14)},
    };
    struct msg_str *const texts[FINDING_TEXTS] = {
        &to->file,        &to->test,       &to->message,   &to->label.queue, &to->label.model,
        &to->label.why,   &to->fix.source, &to->fix.diff,  &to->fix.reason,  &to->heal.file,
        &to->heal.before, &to->heal.after, &to->heal.diff, &to->heal.reason,
    };
    enum err err = read_priority(rows, pool, now_ms, to);
    for (int i = 0; i < FINDING_TEXTS && err == ERR_OK; i++) {
        err = ledger_pool_text(pool, store_column_text(rows, FINDING_TEXTS_AT + i), texts[i]);
    }
    return err;
}

#define URGENT         " LEFT JOIN cause c ON c.run = e.run AND c.cause = e.cause"
#define SCORE(finding) "coalesce(c.score, 0) + max(0, ?5 - " finding ".noted_ms) / ?6"

static enum err read_all(struct store_txn *txn, uint64_t no, const struct ledger_wanted *wanted,
                         struct ledger_findings *to)
{
    to->all = ledger_pool_take(to->pool, wanted->count_max, sizeof *to->all);
    if (!to->all) {
        return ERR_MEMORY;
    }
    struct store_rows rows;
    enum err read = ERR_OK;
    /* Numbers are sorted before texts are read: there may be thousands. */
    const struct store_value values[] = {
        store_u64(no),
        store_u64(wanted->after),
        store_i64(wanted->state),
        store_u64(wanted->count_max + 1),
        store_u64(wanted->now_ms), /* this and the next only where age counts */
        store_u64(PRIORITY_AGE_POINT_MS),
    };
    store_query(txn,
                wanted->urgent_first
                    ? "SELECT" FINDING_COLUMNS FINDING_TABLES
                      " WHERE f.run = ?1 AND f.error IN (SELECT e.error FROM finding e" URGENT
                      " WHERE e.run = ?1 AND e.error > ?2 AND (?3 < 0 OR e.state = ?3)"
                      " ORDER BY " SCORE("e") " DESC, e.error LIMIT ?4)"
                                              " ORDER BY " SCORE("f") " DESC, f.error"
                    : "SELECT" FINDING_COLUMNS FINDING_TABLES
                      " WHERE f.run = ?1 AND f.error > ?2 AND (?3 < 0 OR f.state = ?3)"
                      " ORDER BY f.error LIMIT ?4",
                values, wanted->urgent_first ? 6 : 4, &rows);
    while (read == ERR_OK && store_next(&rows)) {
        if (to->count == wanted->count_max) {
            to->more = true;
            break;
        }
        read = read_finding(&rows, to->pool, wanted->now_ms, &to->all[to->count]);
        to->count++;
    }
    enum err err = store_rows_end(&rows);
    return err == ERR_OK ? read : err;
}

enum err ledger_read_findings(struct store_txn *txn, struct msg_str run,
                              const struct ledger_wanted *wanted,
                              struct ledger_findings **ret_findings)
{
    struct ledger_pool *pool = ledger_pool_new();
    struct ledger_findings *findings = pool ? ledger_pool_take(pool, 1, sizeof *findings) : NULL;
    if (!findings) {
        ledger_pool_free(pool);
        return ERR_MEMORY;
    }
    findings->pool = pool;
    uint64_t no = 0;
    enum err err = ledger_read_run(txn, run, pool, &findings->run, &no);
    err = err == ERR_OK ? read_all(txn, no, wanted, findings) : err;
    if (err != ERR_OK) {
        ledger_pool_free(pool);
        return err;
    }
    *ret_findings = findings;
    return ERR_OK;
}

void ledger_findings_free(struct ledger_findings **findings)
{
    if (*findings) {
        ledger_pool_free((*findings)->pool); /* it holds *findings, too */
        *findings = NULL;
    }
}

/* Whole messages only, as many as there is room for. */
static enum err gather_messages(struct store_txn *txn, uint64_t no, struct ledger_case *to)
{
    char *text = ledger_pool_take(to->pool, MSG_MAX_fix_message, 1);
    if (!text) {
        return ERR_MEMORY;
    }
    struct store_rows rows;
    uint32_t size = 0;
    store_query(txn,
                "SELECT message FROM test WHERE run = ? AND job = ? AND status = 2 ORDER BY place",
                STORE_WITH(store_u64(no), store_u64(to->finding.job)), &rows);
    while (store_next(&rows)) {
        struct msg_str message = store_column_text(&rows, 0);
        if (message.size + 1 > MSG_MAX_fix_message - size) {
            break;
        }
        memcpy(text + size, message.at, message.size);
        size += message.size;
        text[size++] = '\n';
    }
    to->messages = size > 0 ? (struct msg_str){text, size} : to->finding.message;
    return store_rows_end(&rows);
}

static enum err fill_case(struct store_txn *txn, uint64_t no, uint64_t error,
                          struct ledger_case *to)
{
    struct store_rows rows;
    enum err read = ERR_NOT_FOUND;
    store_query(txn,
                "SELECT" FINDING_COLUMNS ", j.runner, coalesce(p.seen, ''), coalesce(k.seen, ''),"
                " NOT EXISTS (SELECT 1 FROM finding e LEFT JOIN fix y"
                "  ON y.run = e.run AND y.error = e.error WHERE e.run = f.run AND e.job = f.job"
                "  AND e.error < f.error AND (e.state < 2 OR y.status IS NOT NULL))" FINDING_TABLES
                " JOIN run r ON r.no = f.run"
                " LEFT JOIN page p ON p.run = f.run AND p.job = f.job AND p.place = f.place"
                " LEFT JOIN known k ON k.project = " LEDGER_PROJECT(
                    "r") " AND k.file = j.file AND k.test = t.name"
                         " WHERE f.run = ? AND f.error = ?",
                STORE_WITH(store_u64(no), store_u64(error)), &rows);
    if (store_next(&rows)) {
        read = read_finding(&rows, to->pool, 0, &to->finding);
        struct msg_str *const texts[] = {&to->runner, &to->page, &to->known};
        const int at = FINDING_TEXTS_AT + FINDING_TEXTS;
        for (int i = 0; i < 3 && read == ERR_OK; i++) {
            read = ledger_pool_text(to->pool, store_column_text(&rows, at + i), texts[i]);
        }
        to->first = store_column_u64(&rows, at + 3) != 0;
    }
    enum err err = store_rows_end(&rows);
    return err == ERR_OK ? read : err;
}

enum err ledger_read_case(struct store_txn *txn, struct msg_str run, uint64_t error,
                          struct ledger_case **ret_case)
{
    struct ledger_pool *pool = ledger_pool_new();
    struct ledger_case *found = pool ? ledger_pool_take(pool, 1, sizeof *found) : NULL;
    if (!found) {
        ledger_pool_free(pool);
        return ERR_MEMORY;
    }
    found->pool = pool;
    uint64_t no = 0;
    enum err err = ledger_read_run(txn, run, pool, &found->run, &no);
    err = err == ERR_OK ? fill_case(txn, no, error, found) : err;
    err = err == ERR_OK ? gather_messages(txn, no, found) : err;
    if (err != ERR_OK) {
        ledger_pool_free(pool);
        return err;
    }
    if (found->runner.size == 0) {
        found->runner = found->run.listing.runner.size > 0 ? found->run.listing.runner
                                                           : found->run.submit.runner;
    }
    *ret_case = found;
    return ERR_OK;
}

void ledger_case_free(struct ledger_case **found)
{
    if (*found) {
        ledger_pool_free((*found)->pool); /* it holds *found, too */
        *found = NULL;
    }
}

/* ---- transitions ---- */

static enum err one_changed(struct store_txn *txn, enum err err)
{
    return err == ERR_OK && store_changes(txn) != 1 ? ERR_STALE : err;
}

enum err ledger_classify(struct store_txn *txn, struct ledger_key key, uint64_t error,
                         const struct ledger_label *label)
{
    struct ledger_line line;
    enum err err = ledger_find(txn, key, &line);
    if (err != ERR_OK) {
        return err;
    }
    if (!ledger_fits(label->queue, MSG_MAX_classified_queue) ||
        !ledger_fits(label->model, MSG_MAX_classified_model) ||
        !ledger_fits(label->why, MSG_MAX_classified_why) || label->priority > PRIORITY_KIND_MAX) {
        return ERR_LIMIT;
    }
    err = store_exec(txn,
                     "UPDATE finding SET state = 1, label = ?, confidence = ?, priority = ?,"
                     " queue = ?, model = ?, why = ?, cause = ?, routed_ms = ?"
                     " WHERE run = ? AND error = ? AND state = 0",
                     STORE_WITH(store_u64((uint64_t)label->label), store_f64(label->confidence),
                                store_u64(label->priority), store_text(label->queue),
                                store_text(label->model), store_text(label->why),
                                store_u64(label->cause), store_u64(label->wall_ms),
                                store_u64(line.no), store_u64(error)));
    err = one_changed(txn, err);
    return err == ERR_OK ? ledger_count_cause(txn, line.no, error, label) : err;
}

static enum err put_fix(struct store_txn *txn, uint64_t no, uint64_t error,
                        const struct ledger_fix *fix)
{
    if (!ledger_fits(fix->diff, MSG_MAX_fix_row_diff) ||
        !ledger_fits(fix->source, MSG_MAX_fix_row_source) ||
        !ledger_fits(fix->reason, MSG_MAX_fix_row_reason)) {
        return ERR_LIMIT;
    }
    enum err err =
        store_exec(txn,
                   "INSERT INTO fix (run, error, status, source, votes_for, votes_against,"
                   " candidates, diff, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   STORE_WITH(store_u64(no), store_u64(error), store_u64((uint64_t)fix->status),
                              store_text(fix->source), store_u64(fix->votes_for),
                              store_u64(fix->votes_against), store_u64(fix->candidates),
                              store_text(fix->diff), store_text(fix->reason)));
    for (size_t i = 0; err == ERR_OK && i < fix->tried_count; i++) {
        err = ledger_put_candidate(txn, no, error, i, &fix->tried[i]);
    }
    return err;
}

static enum err put_heal(struct store_txn *txn, uint64_t no, uint64_t error,
                         const struct ledger_heal *heal)
{
    if (!ledger_fits(heal->diff, MSG_MAX_heal_row_diff) ||
        !ledger_fits(heal->file, MSG_MAX_heal_row_file) ||
        !ledger_fits(heal->before, MSG_MAX_heal_row_before) ||
        !ledger_fits(heal->after, MSG_MAX_heal_row_after) ||
        !ledger_fits(heal->reason, MSG_MAX_heal_row_reason)) {
        return ERR_LIMIT;
    }
    return store_exec(
        txn,
        "INSERT INTO heal (run, error, status, file, line, old, new, confidence, diff, reason)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        STORE_WITH(store_u64(no), store_u64(error), store_u64((uint64_t)heal->status),
                   store_text(heal->file), store_u64(heal->line), store_text(heal->before),
                   store_text(heal->after), store_f64(heal->confidence), store_text(heal->diff),
                   store_text(heal->reason)));
}

enum err ledger_settle(struct store_txn *txn, struct ledger_key key, uint64_t error,
                       const struct ledger_fix *fix, const struct ledger_heal *heal)
{
    struct ledger_line line;
    enum err err = ledger_find(txn, key, &line);
    if (err == ERR_OK) {
        err = store_exec(txn,
                         "UPDATE finding SET state = 2 WHERE run = ? AND error = ? AND state = 1",
                         STORE_WITH(store_u64(line.no), store_u64(error)));
        err = one_changed(txn, err);
    }
    if (err == ERR_OK && fix->status != 0) {
        err = put_fix(txn, line.no, error, fix);
    }
    return err == ERR_OK && heal->status != 0 ? put_heal(txn, line.no, error, heal) : err;
}

enum err ledger_settle_run(struct store_txn *txn, struct ledger_key key, bool *ret_settled)
{
    struct ledger_line line;
    enum err err = ledger_find(txn, key, &line);
    if (err != ERR_OK) {
        return err;
    }
    err = store_exec(txn,
                     "UPDATE run SET settled = 1 WHERE no = ? AND verdict > 0 AND NOT EXISTS"
                     " (SELECT 1 FROM finding WHERE finding.run = run.no AND state < 2)",
                     STORE_WITH(store_u64(line.no)));
    if (err == ERR_OK) {
        *ret_settled = store_changes(txn) == 1;
    }
    return err;
}

enum err ledger_settle_rest(struct store_txn *txn, struct ledger_key key, bool *ret_settled)
{
    struct ledger_line line;
    enum err err = ledger_find(txn, key, &line);
    if (err == ERR_OK) {
        err = store_exec(txn, "UPDATE finding SET state = 2 WHERE run = ? AND state = 1",
                         STORE_WITH(store_u64(line.no)));
    }
    return err == ERR_OK ? ledger_settle_run(txn, key, ret_settled) : err;
}

/* ---- runs by what is still to be done about them ---- */

static enum err read_ids(struct store_txn *txn, const char *sql, struct msg_str after,
                         struct ledger_ids *ret_ids)
{
    struct store_rows rows;
    ret_ids->count = 0;
    store_query(txn, sql, STORE_WITH(store_text(after), store_u64(ret_ids->max)), &rows);
    while (ret_ids->count < ret_ids->max && store_next(&rows)) {
        struct ledger_id *id = &ret_ids->all[ret_ids->count++];
        struct msg_str run = store_column_text(&rows, 0);
        struct msg_str origin = store_column_text(&rows, 1);
        memcpy(id->run, run.at, run.size < LEDGER_RUN_SIZE ? run.size + 1 : sizeof id->run);
        memcpy(id->origin, origin.at, origin.size + 1);
        id->settled = store_column_u64(&rows, 2) != 0;
        id->held = store_column_u64(&rows, 3) != 0;
    }
    return store_rows_end(&rows);
}

enum err ledger_unsettled(struct store_txn *txn, struct msg_str after, struct ledger_ids *ret_ids)
{
    return read_ids(txn,
                    "SELECT id, origin, settled, 0 FROM run WHERE settled = 0 AND id > ?"
                    " AND EXISTS (SELECT 1 FROM finding WHERE finding.run = run.no)"
                    " ORDER BY id LIMIT ?",
                    after, ret_ids);
}

enum err ledger_unreported(struct store_txn *txn, struct msg_str after, struct ledger_ids *ret_ids)
{
    return read_ids(txn,
                    "SELECT id, origin, settled, held AND verdict = 0 FROM run"
                    " WHERE origin <> '' AND reported = 0 AND id > ? ORDER BY id LIMIT ?",
                    after, ret_ids);
}

enum err ledger_set_reported(struct store_txn *txn, struct ledger_key key)
{
    struct ledger_line line;
    enum err err = ledger_find(txn, key, &line);
    return err != ERR_OK ? err
                         : store_exec(txn, "UPDATE run SET reported = 1 WHERE no = ?",
                                      STORE_WITH(store_u64(line.no)));
}
