/* ledger_reuse.c - what a run can leave out, and the audit of that.
 *
 * A file is left out because no change reaches it, or because it has passed with the very same
 * inputs.  Of both a sample is run all the same.  If one of it fails, nobody knows what else has
 * been missed: from then on nothing of that project is left out, until somebody says `trust`.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "actors/coordinator/ledger_priv.h"

/* Of the run `?1`: the project's miss. */
#define MISS_OF_RUN "FROM miss JOIN run ON run.no = ?1 AND miss.project = " LEDGER_PROJECT("run")

/* ---- misses ---- */

enum err ledger_forget_miss(struct store_txn *txn, struct msg_str run)
{
    return store_exec(txn,
                      "DELETE FROM miss WHERE project ="
                      " (SELECT " LEDGER_PROJECT("run") " FROM run WHERE id = ?)",
                      STORE_WITH(store_text(run)));
}

/* Whether anything may be left out; if not, the run says so. */
static enum err may_leave_out(struct store_txn *txn, uint64_t no, bool *ret_may)
{
    uint64_t missed = 0;
    enum err err = ledger_number(txn, "SELECT 1 " MISS_OF_RUN, no, &missed);
    *ret_may = missed == 0;
    if (err != ERR_OK || !missed) {
        return err;
    }
    return store_exec(txn,
                      "UPDATE run SET note = (SELECT 'everything is run: in run ' || miss.run ||"
                      " ' ' || substr(miss.file, 1, 3000) || ' failed, which could have been left"
                      " out; --trust-selection forgets that' " MISS_OF_RUN ") WHERE no = ?1",
                      STORE_WITH(store_u64(no)));
}

enum err ledger_missed(struct store_txn *txn, uint64_t no, struct msg_str file)
{
    /* Who was red before is no news: leaving it out has hidden nothing that the change did. */
    enum err err = store_exec(
        txn,
        "INSERT OR IGNORE INTO miss (project, file, run, at_ms)"
        " SELECT " LEDGER_PROJECT(
            "run") ", ?2, run.id, run.accepted_ms FROM run"
                   " WHERE run.no = ?1 AND coalesce((SELECT job.status FROM job JOIN run r"
                   "  ON r.no = job.run AND r.dir = run.dir WHERE job.file = ?2 AND job.run < ?1"
                   "  AND job.status BETWEEN 1 AND 4 ORDER BY job.run DESC LIMIT 1), 0) <> 2",
        STORE_WITH(store_u64(no), store_text(file)));
    if (err != ERR_OK || store_changes(txn) == 0) {
        return err;
    }
    return store_exec(txn,
                      "UPDATE run SET note = substr(?2, 1, 3000) || ' failed, which could have been"
                      " left out: from now on everything is run in this project;"
                      " --trust-selection forgets that' WHERE no = ?1",
                      STORE_WITH(store_u64(no), store_text(file)));
}

/* ---- the sample ---- */

/* What of a run decides about leaving out. */
struct policy {
    uint64_t no;
    bool keyed;
    bool shares; /* ledger_submit_shares */
    uint64_t named;
    uint64_t reuse_ms;
    uint64_t audit;
    uint64_t accepted_ms;
    struct msg_str run;
    bool may;
};

static enum err read_policy(struct store_txn *txn, struct ledger_key key, uint64_t no,
                            struct policy *policy)
{
    struct store_rows rows;
    bool leaves_out = false;
    *policy = (struct policy){.no = no, .run = key.run, .may = true};
    store_query(txn,
                "SELECT keyed, reuse_ms, audit, accepted_ms, affected, files_named FROM run"
                " WHERE no = ?",
                STORE_WITH(store_u64(no)), &rows);
    if (store_next(&rows)) {
        policy->keyed = store_column_u64(&rows, 0) != 0;
        policy->reuse_ms = store_column_u64(&rows, 1);
        policy->audit = store_column_u64(&rows, 2);
        policy->accepted_ms = store_column_u64(&rows, 3);
        policy->named = store_column_u64(&rows, 5);
        bool affected = store_column_u64(&rows, 4) != 0;
        policy->shares = policy->named > 0 && !affected && !policy->keyed;
        leaves_out = affected || policy->reuse_ms > 0;
    }
    enum err err = store_rows_end(&rows);
    return err == ERR_OK && leaves_out ? may_leave_out(txn, no, &policy->may) : err;
}

/* Another sample in each run, the same one however often this is done. */
static bool is_audited(const struct policy *policy, struct msg_str file)
{
    return ledger_draw(policy->run, file) % 100 < policy->audit;
}

/* ---- selection ---- */

struct named {
    bool is;
    char input[MSG_MAX_run_file_input + 1];
};

static enum err find_named(struct store_txn *txn, uint64_t no, struct msg_str file,
                           struct named *named)
{
    struct store_rows rows;
    *named = (struct named){.is = false};
    store_query(txn, "SELECT input FROM named WHERE run = ? AND file = ?",
                STORE_WITH(store_u64(no), store_text(file)), &rows);
    if (store_next(&rows)) {
        named->is = true;
        (void)snprintf(named->input, sizeof named->input, "%s", store_column_text(&rows, 0).at);
    }
    return store_rows_end(&rows);
}

/* Whether what the file depends on is followed (tools/affected.h): only such a one can be left out
 * by name.  A project of tsc, a package of go, a test of pytest depends on files that it does not
 * name. */
static bool is_followed(struct msg_str file)
{
    static const char *const extensions[] = {"js",  "jsx", "ts",  "tsx",    "mjs",   "cjs",
                                             "mts", "cts", "vue", "svelte", "astro", "mdx"};
    const char *dot = memrchr(file.at, '.', file.size);
    size_t size = dot ? (size_t)(file.at + file.size - dot) - 1 : 0;
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++) {
        if (size == strlen(extensions[i]) && memcmp(dot + 1, extensions[i], size) == 0) {
            return true;
        }
    }
    return false;
}

static bool chooses(const struct policy *policy, const struct named *named, struct msg_str file)
{
    if (policy->shares) {
        return named->is;
    }
    return named->is || policy->keyed || !policy->may || (policy->named > 0 && !is_followed(file));
}

/* What was named and listed by nobody, for the first runner to say so. */
static enum err add_unlisted(struct store_txn *txn, uint64_t no, uint64_t *kept)
{
    enum err err = store_exec(
        txn,
        "INSERT INTO job (run, job, file, position, runner, input)"
        " SELECT ?1, ?2 + row_number() OVER (ORDER BY file) - 1, file,"
        "  ?2 + row_number() OVER (ORDER BY file) - 1,"
        "  (SELECT substr(runner, 1, instr(runner, ',') - 1) FROM run WHERE no = ?1), input"
        " FROM named WHERE run = ?1 AND NOT EXISTS (SELECT 1 FROM job WHERE job.run = ?1"
        "  AND job.job < ?2 AND job.file = named.file)",
        STORE_WITH(store_u64(no), store_u64(*kept)));
    *kept += err == ERR_OK ? (uint64_t)store_changes(txn) : 0;
    return err;
}

enum err ledger_add_affected(struct store_txn *txn, struct ledger_key key,
                             const struct ledger_file *files, size_t count, uint64_t *ret_kept)
{
    struct ledger_line line;
    struct policy policy;
    uint64_t kept = 0;
    enum err err = ledger_find_open(txn, key, &line);
    if (err == ERR_OK && line.listed) {
        err = ERR_EXISTS;
    }
    err = err == ERR_OK ? read_policy(txn, key, line.no, &policy) : err;
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        struct named named;
        struct ledger_file file = files[i];
        err = find_named(txn, line.no, file.file, &named);
        bool chosen = chooses(&policy, &named, file.file);
        bool audited = !policy.shares && is_audited(&policy, file.file);
        if (err == ERR_OK && (chosen || audited)) {
            file.job = kept++;
            file.input = msg_str(named.input);
            file.audited = !chosen;
            err = ledger_add_files(txn, key, &file, 1);
        }
    }
    if (err == ERR_OK && policy.shares) {
        err = add_unlisted(txn, line.no, &kept);
    } else if (err == ERR_OK) {
        err = store_exec(txn, "UPDATE run SET files_not_affected = ? WHERE no = ?",
                         STORE_WITH(store_u64(count - kept), store_u64(line.no)));
    }
    if (err == ERR_OK) {
        *ret_kept = kept;
    }
    return err;
}

/* ---- reuse ---- */

/* Runners whose files have no inputs but those that the client follows, in WHERE. */
#define FOLLOWED "('vitest', 'jest')"

/* A job that has the inputs of the job `?2` of run `?1`, in order of preference.  Any that was not
 * plainly green speaks against all of them: then the result is not a matter of the inputs. */
static const char same_inputs[] =
    "SELECT old.run, old.job, old.made_ms, old.token, old.digest, old.planned, old.duration_us,"
    " old.file FROM job new JOIN run ON run.no = new.run"
    " JOIN job old ON old.input = new.input AND old.input <> '' AND old.run < new.run"
    " JOIN run r ON r.no = old.run"
    " WHERE new.run = ?1 AND new.job = ?2 AND old.file = new.file AND old.runner = new.runner"
    " AND r.dir = run.dir AND r.runner_found = run.runner_found AND r.version = run.version"
    " AND CASE new.runner WHEN '' THEN run.runner_found ELSE new.runner END IN " FOLLOWED
    " AND r.sealed = 1 AND old.status = 1 AND old.outcome = 1 AND old.lost = 0 AND old.flaky = 0"
    " AND old.failures = 0 AND old.message = '' AND old.made_ms >= ?3"
    " AND NOT EXISTS (SELECT 1 FROM job x WHERE x.input = new.input"
    "  AND (x.status IN (2, 4) OR x.failures > 0))"
    " ORDER BY old.run DESC LIMIT 1";

struct source {
    uint64_t run; /* 0: there is none */
    uint64_t job;
    uint64_t made_ms;
    uint64_t digest; /* of its tests alone */
    uint64_t planned;
    uint64_t duration_us;
    char file[MSG_MAX_run_file_file + 1];
};

static uint64_t digest_of(const struct source *source, uint64_t token)
{
    return ledger_digest_file(&(struct ledger_digest){.file = msg_str(source->file),
                                                      .message = msg_str(""),
                                                      .status = TERM_status_PASSED,
                                                      .outcome = TERM_outcome_COMPLETE,
                                                      .planned = source->planned,
                                                      .duration_us = source->duration_us,
                                                      .token = token});
}

static enum err find_source(struct store_txn *txn, const struct policy *policy, uint64_t job,
                            struct source *source)
{
    struct store_rows rows;
    uint64_t from_ms =
        policy->accepted_ms > policy->reuse_ms ? policy->accepted_ms - policy->reuse_ms : 0;
    source->run = 0;
    store_query(txn, same_inputs,
                STORE_WITH(store_u64(policy->no), store_u64(job), store_u64(from_ms)), &rows);
    if (store_next(&rows)) {
        source->run = store_column_u64(&rows, 0);
        source->job = store_column_u64(&rows, 1);
        source->made_ms = store_column_u64(&rows, 2);
        source->planned = store_column_u64(&rows, 5);
        source->duration_us = store_column_u64(&rows, 6);
        (void)snprintf(source->file, sizeof source->file, "%s", store_column_text(&rows, 7).at);
        source->digest = store_column_u64(&rows, 4) - digest_of(source, store_column_u64(&rows, 3));
    }
    return store_rows_end(&rows);
}

/* Takes the rows over; verify counts them as it counts all others. */
static enum err take_over(struct store_txn *txn, const struct policy *policy, uint64_t job,
                          const struct source *source)
{
    enum err err = store_exec(
        txn,
        "INSERT INTO test (run, job, place, name, status, duration_us, line, col, message)"
        " SELECT ?1, ?2, place, name, status, duration_us, line, col, message FROM test"
        " WHERE run = ?3 AND job = ?4",
        STORE_WITH(store_u64(policy->no), store_u64(job), store_u64(source->run),
                   store_u64(source->job)));
    if (err != ERR_OK) {
        return err;
    }
    uint64_t digest = source->digest + digest_of(source, LEDGER_TOKEN_CACHED);
    err = store_exec(
        txn,
        "UPDATE job SET (state, status, outcome, planned, passed, skipped, duration_us, message)"
        " = (SELECT state, status, outcome, planned, passed, skipped, duration_us, '' FROM job"
        " WHERE run = ?3 AND job = ?4), token = ?5, digest = ?6, made_ms = ?7, cached = 1,"
        " seq = 1 + (SELECT seq FROM run WHERE no = ?1) WHERE run = ?1 AND job = ?2 AND state = 0",
        STORE_WITH(store_u64(policy->no), store_u64(job), store_u64(source->run),
                   store_u64(source->job), store_u64(LEDGER_TOKEN_CACHED), store_u64(digest),
                   store_u64(source->made_ms)));
    if (err == ERR_OK && store_changes(txn) != 1) {
        err = ERR_STORE;
    }
    return err != ERR_OK ? err
                         : store_exec(txn,
                                      "UPDATE run SET seq = seq + 1, files_done = files_done + 1,"
                                      " files_cached = files_cached + 1 WHERE no = ?",
                                      STORE_WITH(store_u64(policy->no)));
}

static enum err reuse_one(struct store_txn *txn, const struct policy *policy, uint64_t job)
{
    struct source source;
    enum err err = find_source(txn, policy, job, &source);
    if (err != ERR_OK || source.run == 0) {
        return err;
    }
    if (is_audited(policy, msg_str(source.file))) {
        return store_exec(txn, "UPDATE job SET audited = 1 WHERE run = ? AND job = ?",
                          STORE_WITH(store_u64(policy->no), store_u64(job)));
    }
    return take_over(txn, policy, job, &source);
}

enum err ledger_reuse(struct store_txn *txn, struct ledger_key key)
{
    struct ledger_line line;
    struct policy policy;
    uint64_t count = 0;
    enum err err = ledger_find_open(txn, key, &line);
    err = err == ERR_OK ? read_policy(txn, key, line.no, &policy) : err;
    err = err == ERR_OK ? ledger_number(txn, "SELECT files FROM run WHERE no = ?", line.no, &count)
                        : err;
    for (uint64_t i = 0; i < count && err == ERR_OK && policy.reuse_ms > 0 && policy.may; i++) {
        err = reuse_one(txn, &policy, i);
    }
    return err != ERR_OK ? err
                         : store_exec(txn,
                                      "UPDATE run SET files_audited = (SELECT count(*) FROM job"
                                      " WHERE run = ?1 AND audited = 1) WHERE no = ?1",
                                      STORE_WITH(store_u64(line.no)));
}

enum err ledger_seal(struct store_txn *txn, struct ledger_key key)
{
    struct ledger_line line;
    enum err err = ledger_find(txn, key, &line);
    return err != ERR_OK ? err
                         : store_exec(txn, "UPDATE run SET sealed = 1 WHERE no = ?",
                                      STORE_WITH(store_u64(line.no)));
}
