/* ledger_flaky.c - tests that pass and fail with the same code: quarantine, and what the runs of a
 * project tell about each of them. */
#include "actors/coordinator/ledger_flaky.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/coordinator/ledger_priv.h"

/* ---- quarantine ---- */

static enum err has_passed(struct store_txn *txn, uint64_t no, struct msg_str file,
                           struct msg_str test, bool *ret_passed)
{
    struct store_rows rows;
    store_query(txn,
                "SELECT 1 FROM run JOIN job ON job.file = ?2 AND job.run < run.no"
                " JOIN run r ON r.no = job.run AND r.dir = run.dir"
                " JOIN test ON test.run = job.run AND test.job = job.job AND test.name = ?3"
                " AND test.status IN (1, 4) AND test.quarantined = 0"
                " WHERE run.no = ?1 LIMIT 1",
                STORE_WITH(store_u64(no), store_text(file), store_text(test)), &rows);
    *ret_passed = store_next(&rows);
    return store_rows_end(&rows);
}

/* The line of a test, UNTIL FILE > TEST; NULL: there is none. */
static const char *find_line(const char *text, struct msg_str file, struct msg_str test)
{
    enum { DATE = LEDGER_UNTIL_SIZE - 1 };
    static const char arrow[] = " > ";
    size_t want = DATE + 1 + (size_t)file.size + strlen(arrow) + test.size;
    for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
        if (strcspn(text, "\n") != want) {
            continue;
        }
        const char *at = text + DATE + 1;
        if (memcmp(at, file.at, file.size) == 0 &&
            memcmp(at + file.size, arrow, strlen(arrow)) == 0 &&
            memcmp(at + file.size + strlen(arrow), test.at, test.size) == 0) {
            return text;
        }
    }
    return NULL;
}

enum err ledger_quarantined(struct store_txn *txn, uint64_t no, struct msg_str file,
                            struct msg_str test, char ret_until[LEDGER_UNTIL_SIZE])
{
    struct store_rows rows;
    bool passed = false;
    ret_until[0] = '\0';
    store_query(txn, "SELECT quarantine FROM run WHERE no = ?", STORE_WITH(store_u64(no)), &rows);
    if (store_next(&rows)) {
        const char *line = find_line(store_column_text(&rows, 0).at, file, test);
        if (line) {
            (void)snprintf(ret_until, LEDGER_UNTIL_SIZE, "%s", line);
        }
    }
    enum err err = store_rows_end(&rows);
    if (err != ERR_OK || !ret_until[0]) {
        return err;
    }
    err = has_passed(txn, no, file, test, &passed);
    if (!passed) {
        ret_until[0] = '\0';
    }
    return err;
}

/* ---- the list ---- */

static enum err read_runs(struct store_txn *txn, const struct ledger_flaky_wanted *wanted,
                          struct flaky_runs *runs)
{
    struct store_rows rows;
    enum err err = ERR_OK;
    store_query(txn,
                "SELECT run.no, (SELECT count(*) FROM test WHERE test.run = run.no"
                " AND test.status = 4 AND test.quarantined = 0), (SELECT count(*) FROM test"
                " WHERE test.run = run.no AND test.status = 2), run.accepted_ms, run.snapshot"
                " FROM (SELECT * FROM run WHERE dir = ?1 AND pruned = 0 AND verdict > 0"
                "  ORDER BY no DESC LIMIT ?2) run ORDER BY run.no",
                STORE_WITH(store_text(wanted->dir), store_u64(wanted->runs)), &rows);
    while (err == ERR_OK && store_next(&rows)) {
        err = flaky_add_run(runs,
                            &(struct flaky_run){.no = store_column_u64(&rows, 0),
                                                .flaky = store_column_u64(&rows, 1),
                                                .failed = store_column_u64(&rows, 2),
                                                .at_ms = store_column_u64(&rows, 3)},
                            store_column_text(&rows, 4).at);
    }
    enum err end = store_rows_end(&rows);
    flaky_judge_runs(runs);
    return end == ERR_OK ? err : end;
}

/* A walk over all results of a project, test by test. */
struct walk {
    const struct ledger_flaky_wanted *wanted;
    struct flaky_runs runs;
    struct flaky_suite suite;
    enum err (*each)(void *arg, const struct ledger_flaky *flaky); /* NULL: only counted */
    void *arg;
};

static const char results_sql[] =
    "SELECT job.file, test.name, test.status, test.run, test.quarantined FROM job"
    " JOIN test ON test.run = job.run AND test.job = job.job"
    " JOIN run ON run.no = job.run AND run.dir = ?1"
    " WHERE job.run >= ?2 AND job.cached = 0"
    " AND (?3 = '' OR ?3 = " LEDGER_RUNNER("job.runner") ") ORDER BY 1, 2, 4";

/* Reads on to the next test. */
static void read_test(struct walk *walk, struct store_rows *rows, bool *more,
                      struct ledger_flaky *flaky, struct flaky_test *test)
{
    *flaky = (struct ledger_flaky){.runs = 0};
    *test = (struct flaky_test){.runs = 0};
    (void)snprintf(flaky->file, sizeof flaky->file, "%s", store_column_text(rows, 0).at);
    (void)snprintf(flaky->test, sizeof flaky->test, "%s", store_column_text(rows, 1).at);
    while (*more && strcmp(flaky->file, store_column_text(rows, 0).at) == 0 &&
           strcmp(flaky->test, store_column_text(rows, 1).at) == 0) {
        bool quarantined = store_column_u64(rows, 4) != 0;
        flaky_add(test, &walk->runs, store_column_u64(rows, 3),
                  quarantined ? TERM_status_FAILED : (enum term)store_column_u64(rows, 2));
        *more = store_next(rows);
    }
}

static enum err go(struct store_txn *txn, struct walk *walk)
{
    struct store_rows rows;
    struct flaky_test test;
    struct ledger_flaky *flaky = calloc(1, sizeof *flaky);
    enum err err = ERR_OK;
    if (!flaky) {
        return ERR_MEMORY;
    }
    store_query(txn, results_sql,
                STORE_WITH(store_text(walk->wanted->dir), store_u64(walk->runs.all[0].no),
                           walk->wanted->runner.size > 0 ? store_text(walk->wanted->runner)
                                                         : store_string("")),
                &rows);
    for (bool more = store_next(&rows); more && err == ERR_OK;) {
        read_test(walk, &rows, &more, flaky, &test);
        if (!walk->each) {
            flaky_count(&walk->suite, &test);
            continue;
        }
        flaky->runs = test.runs;
        flaky->failed = test.failed;
        flaky->events = test.events;
        flaky->flips = test.flips;
        flaky->seen_ms = test.seen_ms;
        flaky->rate = flaky_rate(&test);
        flaky->is = flaky_is(&test, &walk->suite);
        err = walk->each(walk->arg, flaky);
    }
    enum err end = store_rows_end(&rows);
    free(flaky);
    return err == ERR_OK ? end : err;
}

enum err ledger_flaky(struct store_txn *txn, const struct ledger_flaky_wanted *wanted,
                      enum err (*each)(void *arg, const struct ledger_flaky *flaky), void *arg)
{
    struct walk walk = {.wanted = wanted, .arg = arg};
    enum err err = read_runs(txn, wanted, &walk.runs);
    if (err == ERR_OK && walk.runs.count > 0) {
        err = go(txn, &walk);
        walk.each = each;
        err = err == ERR_OK ? go(txn, &walk) : err;
    }
    flaky_runs_fini(&walk.runs);
    return err;
}
