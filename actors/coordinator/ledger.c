/* ledger.c - the writer's epoch, and runs up to their plan. */
#include "actors/coordinator/ledger.h"

#include <assert.h>
#include <stdlib.h>

#include "actors/coordinator/ledger_priv.h"
#include "actors/coordinator/schema.h"

#define EPOCH_MAX (UINT64_C(0x7ffffffe))

static const char *const migrations[] = {
    schema_runs,  schema_jobs,  schema_findings, schema_held,   schema_affected, schema_fixes,
    schema_split, schema_truth, schema_cost,     schema_causes, schema_events,   schema_repeats};

const struct store_schema ledger_schema = {
    .application_id = LEDGER_APPLICATION_ID,
    .count = sizeof migrations / sizeof migrations[0],
    .migrations = migrations,
};

/* ---- the writer ---- */

enum err ledger_number(struct store_txn *txn, const char *sql, uint64_t no, uint64_t *ret_number)
{
    struct store_rows rows;
    uint64_t number = *ret_number;
    store_query(txn, sql, STORE_WITH(store_u64(no)), &rows);
    if (store_next(&rows)) {
        number = store_column_u64(&rows, 0);
    }
    enum err err = store_rows_end(&rows);
    if (err == ERR_OK) {
        *ret_number = number;
    }
    return err;
}

enum err ledger_begin(struct store_txn *txn, uint64_t *ret_epoch)
{
    uint64_t epoch = EPOCH_MAX;
    enum err err = ledger_number(txn, "SELECT epoch FROM meta WHERE one = ?", 1, &epoch);
    if (err != ERR_OK) {
        return err;
    }
    if (epoch >= EPOCH_MAX) {
        return ERR_LIMIT;
    }
    err = store_exec(txn, "UPDATE meta SET epoch = ?", STORE_WITH(store_u64(epoch + 1)));
    if (err == ERR_OK) {
        *ret_epoch = epoch + 1;
    }
    return err;
}

enum err ledger_find(struct store_txn *txn, struct ledger_key key, struct ledger_line *ret_line)
{
    struct store_rows rows;
    struct ledger_line line = {.no = 0};
    uint64_t epoch = 0;
    store_query(txn,
                "SELECT meta.epoch, run.no, run.verdict, run.listed, run.files, run.seq"
                " FROM meta LEFT JOIN run ON run.id = ?",
                STORE_WITH(store_text(key.run)), &rows);
    if (store_next(&rows)) {
        epoch = store_column_u64(&rows, 0);
        line = (struct ledger_line){
            .no = store_column_u64(&rows, 1),
            .verdict = store_column_u64(&rows, 2),
            .listed = store_column_u64(&rows, 3) != 0,
            .files = store_column_u64(&rows, 4),
            .seq = store_column_u64(&rows, 5),
        };
    }
    enum err err = store_rows_end(&rows);
    if (err != ERR_OK) {
        return err;
    }
    if (epoch == 0 || epoch != key.epoch) {
        return ERR_STALE;
    }
    if (line.no == 0) {
        return ERR_NOT_FOUND;
    }
    *ret_line = line;
    return ERR_OK;
}

enum err ledger_find_open(struct store_txn *txn, struct ledger_key key,
                          struct ledger_line *ret_line)
{
    struct ledger_line line;
    enum err err = ledger_find(txn, key, &line);
    if (err == ERR_OK && line.verdict != 0) {
        err = ERR_REFUSED;
    }
    if (err == ERR_OK) {
        *ret_line = line;
    }
    return err;
}

/* ---- submitting ---- */

static bool submit_fits(struct ledger_key key, const struct ledger_submit *submit)
{
    return key.run.size > 0 && ledger_fits(key.run, LEDGER_RUN_SIZE) &&
           ledger_fits(submit->dir, MSG_MAX_submit_dir) &&
           ledger_fits(submit->runner, MSG_MAX_submit_runner) &&
           ledger_fits(submit->command, MSG_MAX_submit_command) &&
           ledger_fits(submit->env, MSG_MAX_submit_env) &&
           ledger_fits(submit->root, MSG_MAX_submit_root) &&
           ledger_fits(submit->snapshot, MSG_MAX_submit_snapshot) &&
           ledger_fits(submit->origin, MSG_MAX_submit_origin) &&
           ledger_fits(submit->quarantine, MSG_MAX_submit_quarantine) &&
           submit->files <= LEDGER_JOBS_MAX && submit->reuse_ms <= INT64_MAX &&
           submit->workers <= INT64_MAX && submit->retries <= INT64_MAX &&
           submit->timeout_ms <= INT64_MAX && submit->wall_ms <= INT64_MAX;
}

enum err ledger_submit_run(struct store_txn *txn, struct ledger_key key,
                           const struct ledger_submit *submit, bool *ret_new)
{
    struct ledger_line line;
    if (!submit_fits(key, submit)) {
        return ERR_LIMIT;
    }
    enum err err = ledger_find(txn, key, &line);
    if (err != ERR_NOT_FOUND) {
        if (err == ERR_OK) {
            *ret_new = false;
        }
        return err;
    }
    err = store_exec(
        txn,
        "INSERT INTO run (id, dir, runner, command, env, root, snapshot, workers, retries,"
        " fail_fast, timeout_ms, files_named, accepted_ms, fix, heal, origin, held, affected,"
        " keyed, reuse_ms, audit, flaky_fails, quarantine)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        STORE_WITH(
            store_text(key.run), store_text(submit->dir), store_text(submit->runner),
            store_text(submit->command), store_text(submit->env), store_text(submit->root),
            store_text(submit->snapshot), store_u64(submit->workers), store_u64(submit->retries),
            store_u64(submit->fail_fast), store_u64(submit->timeout_ms), store_u64(submit->files),
            store_u64(submit->wall_ms), store_u64((uint64_t)submit->fix),
            store_u64((uint64_t)submit->heal), store_text(submit->origin), store_u64(submit->held),
            store_u64(submit->affected), store_u64(submit->keyed), store_u64(submit->reuse_ms),
            store_u64(submit->audit < 100 ? submit->audit : 100), store_u64(submit->flaky_fails),
            store_text(submit->quarantine)));
    if (err == ERR_OK && submit->trust) {
        err = ledger_forget_miss(txn, key.run);
    }
    if (err == ERR_OK) {
        *ret_new = true;
    }
    return err;
}

enum err ledger_set_prepared(struct store_txn *txn, struct ledger_key key)
{
    struct ledger_line line;
    enum err err = ledger_find_open(txn, key, &line);
    return err != ERR_OK ? err
                         : store_exec(txn, "UPDATE run SET held = 0 WHERE no = ?",
                                      STORE_WITH(store_u64(line.no)));
}

/* ---- listing ---- */

enum err ledger_add_files(struct store_txn *txn, struct ledger_key key,
                          const struct ledger_file *files, size_t count)
{
    struct ledger_line line;
    enum err err = ledger_find_open(txn, key, &line);
    if (err == ERR_OK && line.listed) {
        err = ERR_EXISTS;
    }
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        if (files[i].job >= LEDGER_JOBS_MAX || files[i].file.size == 0 ||
            !ledger_fits(files[i].file, MSG_MAX_run_file_file) ||
            !ledger_fits(files[i].runner, MSG_MAX_submit_runner) ||
            !ledger_fits(files[i].input, MSG_MAX_run_file_input)) {
            return ERR_LIMIT;
        }
        err =
            store_exec(txn,
                       "INSERT INTO job (run, job, file, position, runner, input, audited)"
                       " VALUES (?1, ?2, ?3, ?2, ?4, ?5, ?6)"
                       " ON CONFLICT DO UPDATE SET file = excluded.file, runner = excluded.runner,"
                       " input = excluded.input, audited = excluded.audited",
                       STORE_WITH(store_u64(line.no), store_u64(files[i].job),
                                  store_text(files[i].file), store_text(files[i].runner),
                                  store_text(files[i].input), store_u64(files[i].audited)));
    }
    return err;
}

enum err ledger_add_named(struct store_txn *txn, struct ledger_key key,
                          const struct ledger_file *files, size_t count)
{
    struct ledger_line line;
    enum err err = ledger_find_open(txn, key, &line);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        if (!ledger_fits(files[i].file, MSG_MAX_run_file_file) ||
            !ledger_fits(files[i].why, MSG_MAX_run_file_why) ||
            !ledger_fits(files[i].input, MSG_MAX_run_file_input)) {
            return ERR_LIMIT;
        }
        err = store_exec(txn,
                         "INSERT OR REPLACE INTO named (run, file, why, input)"
                         " VALUES (?, ?, ?, ?)",
                         STORE_WITH(store_u64(line.no), store_text(files[i].file),
                                    store_text(files[i].why), store_text(files[i].input)));
    }
    return err;
}

enum err ledger_set_listed(struct store_txn *txn, struct ledger_key key,
                           const struct ledger_listing *listing)
{
    struct ledger_line line;
    uint64_t count = 0;
    if (listing->files > LEDGER_JOBS_MAX || !ledger_fits(listing->runner, MSG_MAX_listed_runner) ||
        !ledger_fits(listing->version, MSG_MAX_listed_version)) {
        return ERR_LIMIT;
    }
    enum err err = ledger_find_open(txn, key, &line);
    if (err != ERR_OK) {
        return err;
    }
    if (line.listed) {
        return ERR_EXISTS;
    }
    /* An earlier listing, cut short by a restart, may have found more. */
    err = store_exec(txn, "DELETE FROM job WHERE run = ? AND job >= ?",
                     STORE_WITH(store_u64(line.no), store_u64(listing->files)));
    if (err == ERR_OK) {
        err = ledger_number(txn, "SELECT count(*) FROM job WHERE run = ?", line.no, &count);
    }
    if (err != ERR_OK) {
        return err;
    }
    if (count != listing->files) {
        return ERR_MALFORMED;
    }
    err = store_exec(
        txn,
        "UPDATE run SET listed = 1, runner_found = ?, version = ?, serial = ?, shared = ?,"
        " selects = ?, files = ? WHERE no = ?",
        STORE_WITH(store_text(listing->runner), store_text(listing->version),
                   store_u64(listing->serial), store_u64(listing->shared),
                   store_u64(listing->selects), store_u64(count), store_u64(line.no)));
    return err == ERR_OK ? ledger_reuse(txn, key) : err;
}

/* ---- planning ---- */

/* True when the places are a permutation of the jobs, and so are their positions. */
static enum err check_places(const struct ledger_place *places, size_t count)
{
    unsigned char *seen = calloc(count ? count : 1, 1);
    enum err err = seen ? ERR_OK : ERR_MEMORY;
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        const struct ledger_place *place = &places[i];
        if (place->job >= count || place->position >= count || seen[place->job] & 1) {
            err = ERR_MALFORMED;
            break;
        }
        seen[place->job] |= 1;
        if (seen[place->position] & 2) {
            err = ERR_MALFORMED;
            break;
        }
        seen[place->position] |= 2;
    }
    free(seen);
    return err;
}

static uint64_t cut_us(uint64_t us)
{
    return us < LEDGER_US_MAX ? us : LEDGER_US_MAX;
}

enum err ledger_set_plan(struct store_txn *txn, struct ledger_key key,
                         const struct ledger_place *places, size_t count)
{
    struct ledger_line line;
    enum err err = ledger_find_open(txn, key, &line);
    if (err != ERR_OK) {
        return err;
    }
    if (!line.listed) {
        return ERR_REFUSED;
    }
    if (count != line.files) {
        return ERR_MALFORMED;
    }
    err = check_places(places, count);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        err = store_exec(
            txn, "UPDATE job SET position = ?, expected_us = ? WHERE run = ? AND job = ?",
            STORE_WITH(store_u64(places[i].position), store_u64(cut_us(places[i].expected_us)),
                       store_u64(line.no), store_u64(places[i].job)));
        if (err == ERR_OK && store_changes(txn) != 1) {
            err = ERR_MALFORMED;
        }
    }
    if (err == ERR_OK) {
        err = store_exec(txn, "UPDATE run SET planned = 1 WHERE no = ?",
                         STORE_WITH(store_u64(line.no)));
    }
    return err;
}
