/* ledger_repeat.c - files with tests that no earlier run knows pass several times before it counts.
 *
 * A test that is flaky shows it by chance: a new one gets its chances before it can trouble others.
 * What failed in a repetition has passed in the same run, so it is flaky.
 */
#include <stdlib.h>
#include <string.h>

#include "actors/coordinator/ledger_priv.h"

enum { LEAST_US = 30 * 1000000, LOOK_BACK = 3, KNOWN_MAX = 100000 };

enum err ledger_allow_repeats(struct store_txn *txn, struct ledger_key key, uint64_t percent)
{
    struct ledger_line line;
    enum err err = ledger_find_open(txn, key, &line);
    if (err != ERR_OK || percent == 0) {
        return err;
    }
    return store_exec(
        txn,
        "UPDATE run SET repeat_us = max(?2, ?3 * (SELECT coalesce(sum(expected_us), 0) FROM job"
        "  WHERE job.run = ?1) / 100) WHERE no = ?1 AND EXISTS (SELECT 1 FROM run r WHERE"
        "  r.no < ?1 AND r.verdict IN (1, 2) AND " LEDGER_PROJECT("r") " = " LEDGER_PROJECT(
            "run") ")",
        STORE_WITH(store_u64(line.no), store_u64(LEAST_US), store_u64(percent)));
}

/* ---- which tests are new ---- */

struct known {
    char **names; /* owned, each of them too; sorted */
    size_t count;
};

static void known_fini(struct known *known)
{
    for (size_t i = 0; i < known->count; i++) {
        free(known->names[i]);
    }
    free(known->names);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of the file's last results. */
static enum err load_known(struct store_txn *txn, uint64_t no, uint64_t job, struct known *known)
{
    struct store_rows rows;
    store_query(
        txn,
        "SELECT test.name FROM test JOIN (SELECT old.run, old.job FROM job"
        " JOIN run ON run.no = job.run JOIN job old ON old.file = job.file AND old.run < job.run"
        " JOIN run r ON r.no = old.run WHERE job.run = ?1 AND job.job = ?2 AND old.status <> 0"
        "  AND " LEDGER_PROJECT("r") " = " LEDGER_PROJECT(
            "run") " ORDER BY old.run DESC LIMIT ?3) last ON test.run = last.run AND test.job = "
                   "last.job"
                   " LIMIT ?4",
        STORE_WITH(store_u64(no), store_u64(job), store_u64(LOOK_BACK), store_u64(KNOWN_MAX)),
        &rows);
    size_t room = 0;
    enum err err = ERR_OK;
    while (err == ERR_OK && store_next(&rows)) {
        if (known->count == room) {
            room = room ? 2 * room : 64;
            char **grown = realloc(known->names, room * sizeof *grown);
            known->names = grown ? grown : known->names;
            err = grown ? ERR_OK : ERR_MEMORY;
        }
        char *name = err == ERR_OK ? strdup(store_column_text(&rows, 0).at) : NULL;
        if (name) {
            known->names[known->count++] = name;
        } else {
            err = ERR_MEMORY;
        }
    }
    enum err end = store_rows_end(&rows);
    if (known->count > 0) {
        qsort(known->names, known->count, sizeof *known->names, by_text);
    }
    return err != ERR_OK ? err : end;
}

static int by_name(const void *key, const void *element)
{
    struct msg_str name = *(const struct msg_str *)key;
    const char *other = *(const char *const *)element;
    int order = strncmp(name.at, other, name.size);
    return order ? order : (other[name.size] ? -1 : 0);
}

static enum err has_new(struct store_txn *txn, uint64_t no, const struct ledger_result *result,
                        bool *ret_new)
{
    struct known known = {NULL, 0};
    enum err err = load_known(txn, no, result->job, &known);
    bool all = known.count < KNOWN_MAX;
    *ret_new = false;
    for (size_t i = 0; i < result->count && err == ERR_OK && all && !*ret_new; i++) {
        *ret_new = known.count == 0 || !bsearch(&result->tests[i].name, known.names, known.count,
                                                sizeof *known.names, by_name);
    }
    known_fini(&known);
    return err;
}

/* ---- once more ---- */

static bool has_passed(const struct ledger_result *result)
{
    bool passed = result->outcome == TERM_outcome_COMPLETE && !result->failed &&
                  result->count > 0 && result->collected <= result->count;
    for (size_t i = 0; i < result->count && passed; i++) {
        passed = result->tests[i].status == TERM_status_PASSED ||
                 result->tests[i].status == TERM_status_SKIPPED;
    }
    return passed;
}

static enum err release(struct store_txn *txn, uint64_t no, const struct ledger_result *result,
                        uint64_t cost_us)
{
    enum err err =
        store_exec(txn,
                   "UPDATE job SET state = 0, repeats = repeats + 1, crashes = ?,"
                   " infra = ?, poison = ? WHERE run = ? AND job = ? AND token = ?"
                   " AND state = 1",
                   STORE_WITH(store_u64(result->counts.crashes), store_u64(result->counts.infra),
                              store_u64(result->counts.poison), store_u64(no),
                              store_u64(result->job), store_u64(result->token)));
    if (err == ERR_OK && store_changes(txn) != 1) {
        err = ERR_STALE;
    }
    return err != ERR_OK ? err
                         : store_exec(txn, "UPDATE run SET repeat_us = repeat_us - ? WHERE no = ?",
                                      STORE_WITH(store_u64(cost_us), store_u64(no)));
}

enum err ledger_repeat(struct store_txn *txn, uint64_t no, const struct ledger_result *result,
                       uint64_t repeats, bool *ret_again)
{
    uint64_t left_us = 0;
    uint64_t more = result->new_runs > repeats + 1 ? result->new_runs - repeats - 1 : 0;
    *ret_again = false;
    if (more == 0 || !has_passed(result)) {
        return ERR_OK;
    }
    if (repeats > 0) {
        *ret_again = true; /* what it costs was taken the first time */
        return release(txn, no, result, 0);
    }
    enum err err = ledger_number(txn, "SELECT repeat_us FROM run WHERE no = ?", no, &left_us);
    if (err != ERR_OK || left_us == 0 || result->duration_us > left_us / more) {
        return err;
    }
    err = has_new(txn, no, result, ret_again);
    return err == ERR_OK && *ret_again ? release(txn, no, result, more * result->duration_us) : err;
}
