/* cluster_check.c - one run, three accounts of it: they must agree. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/coordinator/ledger.h"
#include "tests/support/cluster_priv.h"

/* What the ledger says of the run. */
struct told {
    const char *run;
    const struct client_view *view;
    size_t first; /* number of its first job outside */
    struct ledger_page *page;
    struct ledger_check check;
    uint64_t tokens[CLUSTER_JOBS_MAX];
};

static enum err read_tokens(struct store_txn *txn, struct told *told)
{
    struct store_rows rows;
    store_query(txn, "SELECT j.job, j.token FROM job j JOIN run r ON r.no = j.run WHERE r.id = ?",
                STORE_WITH(store_string(told->run)), &rows);
    while (store_next(&rows)) {
        uint64_t job = store_column_u64(&rows, 0);
        if (job < CLUSTER_JOBS_MAX) {
            told->tokens[job] = store_column_u64(&rows, 1);
        }
    }
    return store_rows_end(&rows);
}

static enum err read_all(struct store_txn *txn, void *arg)
{
    struct told *told = arg;
    struct ledger_limits limits = {.files_max = CLUSTER_JOBS_MAX, .bytes_max = SIZE_MAX};
    enum err err = ledger_verify(txn, msg_str(told->run), &told->check);
    if (err == ERR_OK) {
        err = ledger_rows_after(txn, msg_str(told->run), 0, limits, &told->page);
    }
    return err == ERR_OK ? read_tokens(txn, told) : err;
}

#define WRONG(...) (snprintf(why, CLUSTER_WHY_SIZE, __VA_ARGS__), false)
typedef unsigned long long ull;

/* What the file does, by its name; it may never have been started. */
static enum job_kind kind_of(const struct told *told, uint64_t job)
{
    const char *dash = strchr(told->view->files[job], '-');
    return dash ? (enum job_kind)dash[1] : KIND_PASS;
}

/* The status that a file's name promises, when its run ends by itself. */
static bool is_as_named(enum job_kind kind, const struct ledger_row *row)
{
    switch (kind) {
    case KIND_PASS:
    case KIND_STUMBLE:
        return row->status == TERM_status_PASSED;
    case KIND_FAIL:
        return row->status == TERM_status_FAILED;
    case KIND_ONCE:
        return row->status == TERM_status_FLAKY || row->status == TERM_status_PASSED;
    case KIND_DIES:
    case KIND_HANGS:
        return row->status == TERM_status_LOST;
    }
    return false;
}

static bool check_row(struct cluster *cluster, const struct told *told, size_t at, char *why)
{
    const struct ledger_row *row = &told->page->rows[at];
    const struct client_row *seen = &told->view->rows[row->job];
    if (at > 0 && row->seq <= row[-1].seq) {
        return WRONG("row %zu has sequence number %llu", at, (ull)row->seq);
    }
    if (seen->seq != row->seq || seen->status != row->status || seen->outcome != row->outcome ||
        seen->tests != row->count || seen->attempts != row->attempts) {
        return WRONG("job %llu: the client was told status %llu, the ledger has %d", (ull)row->job,
                     (ull)seen->status, (int)row->status);
    }
    const struct job_seen *job = &cluster->jobs[told->first + row->job];
    bool ended = row->outcome == TERM_outcome_COMPLETE;
    if (ended && (job->exited == 0 || row->count != 1)) {
        return WRONG("job %llu: %zu results of %llu executions", (ull)row->job, row->count,
                     (ull)job->exited);
    }
    const struct job_judged *judged = &cluster->judged[told->first + row->job];
    if (judged->good_acked != 0 && judged->good_acked != told->tokens[row->job]) {
        return WRONG("job %llu: acknowledged under token %llx, but the ledger has %llx",
                     (ull)row->job, (ull)judged->good_acked, (ull)told->tokens[row->job]);
    }
    return true;
}

static bool check_rows(struct cluster *cluster, const struct told *told,
                       const struct cluster_expected *expected, char *why)
{
    static bool had[CLUSTER_JOBS_MAX];
    memset(had, 0, sizeof had);
    for (size_t i = 0; i < told->page->count; i++) {
        const struct ledger_row *row = &told->page->rows[i];
        if (row->job >= told->view->count || had[row->job]) {
            return WRONG("job %llu has two results", (ull)row->job);
        }
        had[row->job] = true;
        if (!check_row(cluster, told, i, why)) {
            return false;
        }
        const struct job_seen *job = &cluster->jobs[told->first + row->job];
        if (expected->all && !is_as_named(kind_of(told, row->job), row)) {
            return WRONG("job %llu (%c) is %s after %llu executions", (ull)row->job,
                         (char)kind_of(told, row->job), term_word("status", row->status),
                         (ull)job->exited);
        }
        if (expected->once && job->started != 1) {
            return WRONG("job %llu was started %llu times", (ull)row->job, (ull)job->started);
        }
    }
    return true;
}

static bool check_totals(const struct told *told, const struct cluster_expected *expected,
                         char *why)
{
    const struct client_view *view = told->view;
    const struct ledger_totals *totals = &told->check.totals;
    if (!told->check.balanced) {
        return WRONG("the ledger does not verify: %.400s", told->check.why);
    }
    if (view->doubled) {
        return WRONG("the client was told one thing and then another");
    }
    if (view->have != view->count || told->page->count != view->count) {
        return WRONG("%zu files, the client has %llu rows, the ledger %zu", view->count,
                     (ull)view->have, told->page->count);
    }
    if (expected->verdict != 0 && view->verdict != expected->verdict) {
        return WRONG("verdict %s instead of %s", term_word("verdict", view->verdict),
                     term_word("verdict", expected->verdict));
    }
    if (view->verdict != (uint64_t)totals->verdict || view->sums[0] != totals->files.planned ||
        view->sums[2] != totals->files.lost || view->sums[3] != totals->tests.planned ||
        view->sums[4] != totals->tests.failed || view->sums[5] != totals->tests.lost) {
        return WRONG("the client's sums are not the ledger's");
    }
    return true;
}

/* Failures that somebody has to say something about. */
struct unsettled {
    const char *run;
    uint64_t settled;
    uint64_t wrong[4];
};

static enum err read_unsettled(struct store_txn *txn, void *arg)
{
    struct unsettled *self = arg;
    struct store_rows rows;
    store_query(
        txn,
        "SELECT settled,"
        " (SELECT count(*) FROM finding f WHERE f.run = r.no AND (f.state < 2 OR f.label = 0)),"
        " (SELECT count(*) FROM job j WHERE j.run = r.no AND j.status = 2 AND NOT EXISTS"
        "   (SELECT 1 FROM finding f WHERE f.run = j.run AND f.job = j.job)),"
        " (SELECT count(*) FROM finding f WHERE f.run = r.no AND r.fix > 1 AND r.verdict = 2"
        "   AND NOT EXISTS (SELECT 1 FROM fix x WHERE x.run = f.run AND x.error = f.error)),"
        " (SELECT count(*) FROM fix x WHERE x.run = r.no AND (r.fix <= 1 OR r.verdict <> 2))"
        " FROM run r WHERE r.id = ?",
        STORE_WITH(store_string(self->run)), &rows);
    if (store_next(&rows)) {
        self->settled = store_column_u64(&rows, 0);
        for (int i = 0; i < 4; i++) {
            self->wrong[i] = store_column_u64(&rows, 1 + i);
        }
    }
    return store_rows_end(&rows);
}

bool cluster_settled(struct cluster *cluster, size_t run)
{
    struct unsettled told = {.run = cluster->views[run].run};
    return cluster_query(cluster, read_unsettled, &told) == ERR_OK && told.settled == 1;
}

static bool check_settled(struct cluster *cluster, const struct told *told, char *why)
{
    struct unsettled rest = {.run = told->run};
    if (cluster_query(cluster, read_unsettled, &rest) != ERR_OK || rest.settled != 1) {
        return WRONG("its failures are not settled: %llu are open", (ull)rest.wrong[0]);
    }
    static const char *const what[] = {"failures are open or have no label",
                                       "failed files have no failure", "failures have no fix",
                                       "fixes were not wanted"};
    for (size_t i = 0; i < 4; i++) {
        if (rest.wrong[i] > 0) {
            return WRONG("%llu %s", (ull)rest.wrong[i], what[i]);
        }
    }
    return true;
}

static bool check_told(struct cluster *cluster, const struct told *told,
                       const struct cluster_expected *expected, char *why)
{
    if (cluster->why[0]) {
        return WRONG("%.500s", cluster->why);
    }
    if (!check_totals(told, expected, why) || !check_rows(cluster, told, expected, why) ||
        (expected->settled && !check_settled(cluster, told, why))) {
        return false;
    }
    uint64_t unaccounted = cluster_unaccounted(cluster);
    if (unaccounted > 0) {
        return WRONG("%llu messages have no outcome", (ull)unaccounted);
    }
    return true;
}

bool cluster_check(struct cluster *cluster, size_t run, const struct cluster_expected *expected,
                   char *why)
{
    struct told *told = calloc(1, sizeof *told);
    if (!told) {
        abort();
    }
    const struct client_view *view = &cluster->views[run];
    told->view = view;
    told->run = view->run;
    told->first = run * CLUSTER_RUN_JOBS;
    bool right = false;
    if (!view->closed) {
        (void)WRONG("stuck: %llu of %zu rows after %llu ms%s%.400s", (ull)view->have, view->count,
                    (ull)cluster->now_ms, cluster->why[0] ? ": " : "", cluster->why);
    } else if (cluster_query(cluster, read_all, told) != ERR_OK) {
        (void)WRONG("the ledger cannot be read");
    } else {
        right = check_told(cluster, told, expected, why);
    }
    ledger_page_free(&told->page);
    free(told);
    return right;
}
