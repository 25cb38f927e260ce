/* store_open.c - opening the database: whose it is, its version, for writing and for reading. */
#include "runtime/store_priv.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_BUSY_MS = 5000 };

struct store_reader {
    struct store_txn txn;
};

void store_explain(struct store_why *why, const char *path, const char *what)
{
    if (why) {
        (void)snprintf(why->text, sizeof why->text, "%s: %s", path, what);
    }
}

/* Runs a script of ours that needs no parameters. */
static enum err script(struct store_txn *txn, const char *sql)
{
    return store_note(txn, sqlite3_exec(txn->db, sql, NULL, NULL, NULL));
}

static enum err number(struct store_txn *txn, const char *sql, int64_t *ret_number)
{
    struct store_rows rows;
    int64_t found = 0;
    store_query(txn, sql, STORE_WITHOUT, &rows);
    if (store_next(&rows)) {
        found = store_column_i64(&rows, 0);
    }
    enum err err = store_rows_end(&rows);
    if (err == ERR_OK) {
        *ret_number = found;
    }
    return err;
}

/* What a file says about itself. */
struct identity {
    int64_t application_id;
    int64_t version;
    int64_t objects;
};

static enum err identify(struct store_txn *txn, struct identity *ret_identity)
{
    enum err err = number(txn, "PRAGMA application_id", &ret_identity->application_id);
    if (err == ERR_OK) {
        err = number(txn, "PRAGMA user_version", &ret_identity->version);
    }
    if (err == ERR_OK) {
        err = number(txn, "SELECT count(*) FROM sqlite_schema", &ret_identity->objects);
    }
    return err;
}

/* Refuses files that are not ours, and those from the future. */
static enum err admit(const struct identity *identity, const struct store_schema *schema,
                      const char *path, struct store_why *why)
{
    bool empty = identity->application_id == 0 && identity->version == 0 && identity->objects == 0;
    if (empty) {
        return ERR_OK;
    }
    if (identity->application_id != (int64_t)schema->application_id) {
        store_explain(why, path, "is a database of another program");
        return ERR_VERSION;
    }
    if (identity->version > (int64_t)schema->count) {
        if (why) {
            (void)snprintf(why->text, sizeof why->text,
                           "%s: has schema version %lld, this program knows up to %zu; use a newer "
                           "program",
                           path, (long long)identity->version, schema->count);
        }
        return ERR_VERSION;
    }
    return ERR_OK;
}

/* Runs the scripts that the file lacks; inside a transaction. */
static enum err migrate(struct store_txn *txn, const struct store_schema *schema, int64_t version)
{
    char pragma[64];
    enum err err = ERR_OK;
    for (size_t i = (size_t)version; i < schema->count && err == ERR_OK; i++) {
        err = script(txn, schema->migrations[i]);
    }
    if (err == ERR_OK) {
        (void)snprintf(pragma, sizeof pragma, "PRAGMA user_version = %zu", schema->count);
        err = script(txn, pragma);
    }
    if (err == ERR_OK) {
        (void)snprintf(pragma, sizeof pragma, "PRAGMA application_id = %u", schema->application_id);
        err = script(txn, pragma);
    }
    return err;
}

/* Brings the file to the newest version, or leaves it as it was. */
static enum err upgrade(struct store_txn *txn, const struct store_schema *schema, const char *path,
                        struct store_why *why)
{
    /* Looked at under the lock: another process may be about to do the same. */
    enum err err = script(txn, "BEGIN IMMEDIATE");
    if (err != ERR_OK) {
        store_explain(why, path, store_message(txn));
        return err;
    }
    struct identity identity = {0, 0, 0};
    err = identify(txn, &identity);
    if (err == ERR_OK) {
        err = admit(&identity, schema, path, why);
        if (err != ERR_OK) {
            goto out;
        }
    }
    if (err == ERR_OK && (size_t)identity.version < schema->count) {
        err = migrate(txn, schema, identity.version);
    }
    if (err == ERR_OK) {
        err = script(txn, "COMMIT");
    }
    if (err != ERR_OK) {
        store_explain(why, path, store_message(txn));
        err = err == ERR_MEMORY ? ERR_MEMORY : ERR_STORE;
    }
out:
    if (err != ERR_OK) {
        (void)sqlite3_exec(txn->db, "ROLLBACK", NULL, NULL, NULL);
    }
    return err;
}

/* The settings on which durability rests.  Not before the file is known to be ours. */
static enum err configure(struct store_txn *txn)
{
    struct store_rows rows;
    bool wal = false;
    store_query(txn, "PRAGMA journal_mode = WAL", STORE_WITHOUT, &rows);
    if (store_next(&rows)) {
        struct msg_str mode = store_column_text(&rows, 0);
        wal = msg_str_is(mode, "wal") || msg_str_is(mode, "memory");
    }
    enum err err = store_rows_end(&rows);
    if (err == ERR_OK && !wal) {
        err = ERR_STORE;
    }
    if (err == ERR_OK) {
        err = script(txn, "PRAGMA synchronous = FULL;"
                          "PRAGMA foreign_keys = ON;"
                          "PRAGMA trusted_schema = OFF;"
                          "PRAGMA temp_store = MEMORY;"
                          "PRAGMA cache_size = -32768;"
                          "PRAGMA journal_size_limit = 67108864;");
    }
    return err;
}

/* The owner alone may read it.  An existing file keeps its mode (and, because it is not opened
 * here, any locks that this process holds on it). */
static void create_private(const char *path)
{
    int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) {
        (void)close(fd);
    }
}

static int on_log(void *arg, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    struct store_txn *txn = arg;
    txn->log_pages = pages;
    return SQLITE_OK;
}

static enum err open_file(const char *path, int flags, uint64_t busy_ms, struct store_txn *txn,
                          struct store_why *why)
{
    int code = sqlite3_open_v2(path, &txn->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (!txn->db) {
        store_explain(why, path, "out of memory");
        return ERR_MEMORY;
    }
    if (code != SQLITE_OK) {
        store_explain(why, path, sqlite3_errmsg(txn->db));
        return ERR_STORE;
    }
    (void)sqlite3_extended_result_codes(txn->db, 1);
    (void)sqlite3_busy_timeout(txn->db, (int)busy_ms);
    /* A kept statement stays as it is: otherwise other values would have it prepared anew. */
    (void)sqlite3_db_config(txn->db, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
    return ERR_OK;
}

enum err store_open_writer(struct store_txn *txn, const char *path, const struct cfg_store *cfg,
                           const struct store_schema *schema, struct store_why *why)
{
    if (strcmp(path, ":memory:") != 0) {
        create_private(path);
    }
    enum err err =
        open_file(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, cfg->busy_ms_max, txn, why);
    if (err != ERR_OK) {
        return err;
    }
    struct identity identity = {0, 0, 0};
    err = identify(txn, &identity);
    if (err == ERR_OK) {
        err = admit(&identity, schema, path, why);
        if (err != ERR_OK) {
            return err;
        }
        err = configure(txn);
    }
    if (err != ERR_OK) {
        store_explain(why, path, store_message(txn));
        return err;
    }
    /* The writer checkpoints between groups, and looks at the result. */
    (void)sqlite3_wal_hook(txn->db, on_log, txn);
    return upgrade(txn, schema, path, why);
}

/* ---- reading beside the writer ---- */

static enum err open_snapshot(struct store_txn *txn, const char *path,
                              const struct store_schema *schema, struct store_why *why)
{
    if (access(path, F_OK) != 0) {
        store_explain(why, path, "does not exist");
        return ERR_NOT_FOUND;
    }
    enum err err = open_file(path, SQLITE_OPEN_READONLY, READ_BUSY_MS, txn, why);
    if (err != ERR_OK) {
        return err;
    }
    struct identity identity = {0, 0, 0};
    err = script(txn, "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; BEGIN");
    if (err == ERR_OK) {
        err = identify(txn, &identity);
    }
    if (err != ERR_OK) {
        store_explain(why, path, store_message(txn));
        return err;
    }
    err = admit(&identity, schema, path, why);
    if (err == ERR_OK && identity.version != (int64_t)schema->count) {
        store_explain(why, path, "was written by an older program; start its coordinator once");
        err = ERR_VERSION;
    }
    return err;
}

enum err store_open_read(const char *path, const struct store_schema *schema,
                         struct store_why *ret_why, struct store_reader **ret_reader)
{
    assert(path);
    assert(schema);
    assert(ret_reader);
    struct store_reader *reader = calloc(1, sizeof *reader);
    if (!reader) {
        store_explain(ret_why, path, "out of memory");
        return ERR_MEMORY;
    }
    enum err err = open_snapshot(&reader->txn, path, schema, ret_why);
    if (err != ERR_OK) {
        store_reader_close(&reader);
        return err;
    }
    *ret_reader = reader;
    return ERR_OK;
}

struct store_txn *store_reader_txn(struct store_reader *reader)
{
    return &reader->txn;
}

void store_reader_close(struct store_reader **reader)
{
    assert(reader);
    if (*reader) {
        store_txn_fini(&(*reader)->txn);
        free(*reader);
        *reader = NULL;
    }
}
