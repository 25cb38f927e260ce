/* store.h - the one SQLite database of a process, and its one writer.
 *
 * Whatever changes durable state is a struct rt_store_op (runtime/actor.h): it is queued by any
 * thread, applied by the one writer inside a transaction that it shares with its neighbours (group
 * commit; a savepoint each), and handed back in order after the commit is on disk.  The writer
 * commits whenever its queue is empty, and at the latest after store.group_max operations or
 * store.group_ms_max: both are limits, not delays.  Only where all that is queued is patient
 * (rt_store_op) it waits, store.patience_ms_max from the first of them.
 *
 * After a failed fsync nobody knows what the disk holds.  The store then refuses everything with
 * ERR_STORE for good, and says so once (struct store_events, failed): the process must end and
 * recover from the file.  An operation that came back with ERR_STORE may yet turn out to have been
 * committed, so operations must be repeatable.
 *
 * Only this file's implementation uses sqlite3.
 */
#ifndef RUNTIME_STORE_H
#define RUNTIME_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "proto/error.h"
#include "proto/message.h"
#include "runtime/actor.h"

struct store;
struct store_txn;
struct store_reader;

enum {
    STORE_QUEUE_MAX = 262144, /* operations waiting; more come back with ERR_FULL, in order */
    STORE_WHY_SIZE = 256
};

/* What a database must look like.  migrations[i] (SQL, any number of statements) leads from
 * version i to i + 1; a script that has been released never changes.  All borrowed, static. */
struct store_schema {
    uint32_t application_id; /* of the file; one of somebody else is refused */
    size_t count;
    const char *const *migrations;
};

/* A sentence for people about why something could not be opened. */
struct store_why {
    char text[STORE_WHY_SIZE];
};

/* Where the writer reports to.  Called on the writer's thread, or by store_run on its caller's. */
struct store_events {
    void *arg;
    /* Takes over an operation: op->err says how it went.  Must not block for long. */
    void (*done)(void *arg, struct rt_store_op **op);
    /* The disk can no longer be trusted; once.  May be NULL. */
    void (*failed)(void *arg, const char *why);
};

/* ---- life ---- */

/* Opens (or makes) the database for writing and brings it to the schema's newest version; path
 * ":memory:" makes a private one.  `cfg` is copied.  ret_why (may be NULL) is written on an error.
 * ERR_VERSION: the file was written by a newer program, or by a different one altogether.
 * ERR_STORE: it cannot be opened, is damaged, or a migration failed (nothing of it remains).
 * ERR_MEMORY. */
enum err store_open(const char *path, const struct cfg_store *cfg,
                    const struct store_schema *schema, struct store_why *ret_why,
                    struct store **ret_store) MUST_CHECK;

/* Starts the writer's thread; `events` is copied.  Once in the life of a store.  ERR_MEMORY. */
enum err store_start(struct store *store, const struct store_events *events) MUST_CHECK;

/* Commits and hands back what is queued, then ends the writer's thread.  Not from that thread. */
void store_stop(struct store *store);

/* Stops, frees operations that are still queued (fini, free; not done), and closes.  NULL is fine.
 */
void store_close(struct store **store);

/* ---- work ---- */

/* Takes over *op; any thread; does not block.  Always comes back through events.done, in order,
 * with ERR_FULL when more than STORE_QUEUE_MAX operations wait and ERR_STORE when the store is no
 * longer trusted; those were not applied.  What is submitted after store_stop waits for
 * store_close. */
void store_submit(struct store *store, struct rt_store_op **op);

/* Without a thread (tests, the simulator): applies and commits one group of what is queued and
 * hands it back; the same code as the writer's, but the clock has no say in the group.  Returns
 * the number of operations handed back, 0 when none was queued.  What done() submits waits for the
 * next call.  `events` is borrowed for the call. */
size_t store_run(struct store *store, const struct store_events *events);

/* A crash before the commit: frees what is queued (fini, free), without done.  Returns how many. */
size_t store_drop_queue(struct store *store);

/* False after a failed fsync or a damaged file; for good.  Any thread. */
bool store_trusted(const struct store *store);

struct store_stats {
    uint64_t queued;     /* operations waiting now */
    uint64_t operations; /* applied and committed */
    uint64_t refused;    /* handed back with an error */
    uint64_t commits;    /* groups committed */
    uint64_t group_most; /* operations of the largest group */
};

/* Any thread. */
void store_stats(const struct store *store, struct store_stats *ret_stats);

/* ---- inside apply(), on the transaction it was given ---- */

/* A parameter of a statement.  Text is borrowed until the statement has run or its rows ended. */
struct store_value {
    enum { STORE_NULL, STORE_INT, STORE_REAL, STORE_TEXT } kind;
    union {
        int64_t integer;
        double real;
        struct msg_str text;
    };
};

static inline struct store_value store_i64(int64_t integer)
{
    return (struct store_value){.kind = STORE_INT, .integer = integer};
}

/* Kept as the int64_t of the same bits: beyond INT64_MAX it comes back whole but sorts wrongly. */
static inline struct store_value store_u64(uint64_t integer)
{
    return (struct store_value){.kind = STORE_INT, .integer = (int64_t)integer};
}

static inline struct store_value store_f64(double real)
{
    return (struct store_value){.kind = STORE_REAL, .real = real};
}

/* `at` may be NULL: the empty text. */
static inline struct store_value store_text(struct msg_str text)
{
    return (struct store_value){.kind = STORE_TEXT, .text = text};
}

static inline struct store_value store_string(const char *text)
{
    return store_text(msg_str(text));
}

static inline struct store_value store_null(void)
{
    return (struct store_value){.kind = STORE_NULL};
}

/* The last two arguments of store_exec and store_query:
 *     store_exec(txn, "UPDATE job SET state = ? WHERE id = ?", STORE_WITH(store_u64(2), ...)) */
#define STORE_WITH(...)                                                                            \
    (const struct store_value[]){__VA_ARGS__},                                                     \
        sizeof((const struct store_value[]){__VA_ARGS__}) / sizeof(struct store_value)
#define STORE_WITHOUT NULL, (size_t)0

/* Runs one statement that returns no rows.  `sql` is static: its prepared form is kept.
 * ERR_EXISTS: a key is taken.  ERR_REFUSED: another constraint.  ERR_LIMIT: too large a value.
 * ERR_MEMORY, ERR_STORE. */
enum err store_exec(struct store_txn *txn, const char *sql, const struct store_value *values,
                    size_t count) MUST_CHECK;

/* Rows that the last store_exec inserted, changed or deleted. */
uint64_t store_changes(const struct store_txn *txn);

/* A cursor; lives on the caller's stack, members are the store's own. */
struct store_rows {
    struct store_txn *txn;
    void *statement;
    bool kept;
    bool row;
    enum err err;
};

/* Begins a query; store_rows_end must follow whatever is returned.
 *     struct store_rows rows;
 *     store_query(txn, SQL, STORE_WITH(...), &rows);
 *     while (store_next(&rows)) { … store_column_u64(&rows, 0) … }
 *     err = store_rows_end(&rows); */
void store_query(struct store_txn *txn, const char *sql, const struct store_value *values,
                 size_t count, struct store_rows *ret_rows);

/* Goes to the next row; false at the end and on an error. */
bool store_next(struct store_rows *rows);

/* Ends the cursor, early or not.  The errors of store_exec. */
enum err store_rows_end(struct store_rows *rows) MUST_CHECK;

/* Columns of the current row, from 0; NULL reads as zero or the empty text. */
uint64_t store_column_u64(const struct store_rows *rows, int column);
int64_t store_column_i64(const struct store_rows *rows, int column);
double store_column_f64(const struct store_rows *rows, int column);
/* Borrowed until the next store_next or store_rows_end; ends with a NUL behind its size. */
struct msg_str store_column_text(const struct store_rows *rows, int column);

/* What SQLite said about the last error of a statement; borrowed until the next statement. */
const char *store_message(const struct store_txn *txn);

/* ---- for tools that only look ---- */

/* Opens an existing database read-only, beside its writer if there is one.  Everything read
 * through it is one snapshot, that of the opening.  One thread.
 * ERR_NOT_FOUND, ERR_VERSION (not exactly the schema's version), ERR_STORE, ERR_MEMORY. */
enum err store_open_read(const char *path, const struct store_schema *schema,
                         struct store_why *ret_why, struct store_reader **ret_reader) MUST_CHECK;

/* The transaction to query; lives as long as the reader. */
struct store_txn *store_reader_txn(struct store_reader *reader);

void store_reader_close(struct store_reader **reader);

#endif
