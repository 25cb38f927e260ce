/* store_statement.c - SQL inside a transaction: statements, their values, rows. */
#include "runtime/store_priv.h"

#include <assert.h>

enum err store_note(struct store_txn *txn, int code)
{
    switch (code) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return ERR_OK;
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_ROWID:
        return ERR_EXISTS;
    case SQLITE_IOERR_FSYNC: /* the kernel may have dropped what it could not write */
    case SQLITE_IOERR_DIR_FSYNC:
        txn->damaged = true;
        return ERR_STORE;
    default:
        break;
    }
    switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
        return ERR_REFUSED;
    case SQLITE_TOOBIG:
        return ERR_LIMIT;
    case SQLITE_NOMEM:
        return ERR_MEMORY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        txn->damaged = true;
        return ERR_STORE;
    default:
        return ERR_STORE;
    }
}

/* The kept statement's place for `sql`, or the free one where it belongs; NULL: all are taken. */
static struct store_kept *kept_find(struct store_txn *txn, const char *sql)
{
    size_t start = ((uintptr_t)sql >> 4) % STORE_KEPT_MAX;
    for (size_t i = 0; i < STORE_KEPT_MAX; i++) {
        struct store_kept *kept = &txn->kept[(start + i) % STORE_KEPT_MAX];
        /* The text is compared too: a pointer may have come to hold another one. */
        if (!kept->sql || (kept->sql == sql && strcmp(sqlite3_sql(kept->statement), sql) == 0)) {
            return kept;
        }
    }
    return NULL;
}

static enum err prepare(struct store_txn *txn, const char *sql, sqlite3_stmt **ret_statement,
                        bool *ret_kept)
{
    struct store_kept *kept = kept_find(txn, sql);
    *ret_kept = false;
    if (kept && kept->sql && !sqlite3_stmt_busy(kept->statement)) {
        *ret_statement = kept->statement;
        *ret_kept = true;
        return ERR_OK;
    }
    bool keep = kept && !kept->sql;
    int code = sqlite3_prepare_v3(txn->db, sql, -1, keep ? SQLITE_PREPARE_PERSISTENT : 0,
                                  ret_statement, NULL);
    if (code == SQLITE_OK && keep) {
        kept->sql = sql;
        kept->statement = *ret_statement;
        *ret_kept = true;
    }
    return store_note(txn, code);
}

static int bind_one(sqlite3_stmt *statement, int index, const struct store_value *value)
{
    switch (value->kind) {
    case STORE_NULL:
        return sqlite3_bind_null(statement, index);
    case STORE_INT:
        return sqlite3_bind_int64(statement, index, value->integer);
    case STORE_REAL:
        return sqlite3_bind_double(statement, index, value->real);
    case STORE_TEXT:
        return sqlite3_bind_text64(statement, index, value->text.at ? value->text.at : "",
                                   value->text.size, SQLITE_STATIC, SQLITE_UTF8);
    }
    return SQLITE_MISUSE;
}

static void unprepare(sqlite3_stmt *statement, bool kept)
{
    if (!kept) {
        (void)sqlite3_finalize(statement);
        return;
    }
    /* The error of a failed step comes again here; it has been noted. */
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement); /* they point to borrowed text */
}

static enum err begin_statement(struct store_txn *txn, const char *sql,
                                const struct store_value *values, size_t count,
                                struct store_rows *ret_rows)
{
    sqlite3_stmt *statement = NULL;
    bool kept = false;
    enum err err = prepare(txn, sql, &statement, &kept);
    *ret_rows = (struct store_rows){.txn = txn, .statement = statement, .kept = kept, .err = err};
    if (err != ERR_OK) {
        return err;
    }
    assert((size_t)sqlite3_bind_parameter_count(statement) == count);
    for (size_t i = 0; i < count && ret_rows->err == ERR_OK; i++) {
        ret_rows->err = store_note(txn, bind_one(statement, (int)i + 1, &values[i]));
    }
    return ret_rows->err;
}

enum err store_exec(struct store_txn *txn, const char *sql, const struct store_value *values,
                    size_t count)
{
    assert(txn);
    assert(sql);
    struct store_rows rows;
    enum err err = begin_statement(txn, sql, values, count, &rows);
    if (err == ERR_OK) {
        int code = sqlite3_step(rows.statement);
        assert(code != SQLITE_ROW);
        err = store_note(txn, code);
    }
    unprepare(rows.statement, rows.kept);
    return err;
}

uint64_t store_changes(const struct store_txn *txn)
{
    return (uint64_t)sqlite3_changes64(txn->db);
}

void store_query(struct store_txn *txn, const char *sql, const struct store_value *values,
                 size_t count, struct store_rows *ret_rows)
{
    assert(txn);
    assert(sql);
    txn->open++;
    (void)begin_statement(txn, sql, values, count, ret_rows);
}

bool store_next(struct store_rows *rows)
{
    if (rows->err != ERR_OK) {
        return false;
    }
    int code = sqlite3_step(rows->statement);
    rows->err = store_note(rows->txn, code);
    rows->row = code == SQLITE_ROW;
    return rows->row;
}

enum err store_rows_end(struct store_rows *rows)
{
    assert(rows->txn);
    assert(rows->txn->open > 0);
    rows->txn->open--;
    unprepare(rows->statement, rows->kept);
    rows->statement = NULL;
    rows->row = false;
    rows->txn = NULL;
    return rows->err;
}

uint64_t store_column_u64(const struct store_rows *rows, int column)
{
    return (uint64_t)store_column_i64(rows, column);
}

int64_t store_column_i64(const struct store_rows *rows, int column)
{
    assert(rows->row);
    return sqlite3_column_int64(rows->statement, column);
}

double store_column_f64(const struct store_rows *rows, int column)
{
    assert(rows->row);
    return sqlite3_column_double(rows->statement, column);
}

struct msg_str store_column_text(const struct store_rows *rows, int column)
{
    assert(rows->row);
    const void *at = sqlite3_column_text(rows->statement, column);
    int size = sqlite3_column_bytes(rows->statement, column);
    return at ? (struct msg_str){at, (uint32_t)size} : msg_str(NULL);
}

const char *store_message(const struct store_txn *txn)
{
    return sqlite3_errmsg(txn->db);
}

void store_txn_fini(struct store_txn *txn)
{
    assert(txn->open == 0);
    for (size_t i = 0; i < STORE_KEPT_MAX; i++) {
        (void)sqlite3_finalize(txn->kept[i].statement);
    }
    int code = sqlite3_close(txn->db);
    assert(code == SQLITE_OK);
    (void)code;
}
