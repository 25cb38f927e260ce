/* store.c - the database, its writer, and the statements of operations. */
#include "runtime/store.h"

#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    KEPT_MAX = 256,          /* prepared statements; more are prepared each time */
    CHECKPOINT_AFTER = 4000, /* pages in the log; each is 4 KiB */
    READ_BUSY_MS = 5000
};

struct kept {
    const char *sql; /* the caller's pointer: found without reading the text */
    sqlite3_stmt *statement;
};

struct store_txn {
    sqlite3 *db;
    size_t open;  /* cursors that have not ended */
    bool damaged; /* an error after which the disk is not trusted */
    struct kept kept[KEPT_MAX];
};

struct list {
    struct rt_store_op *head;
    struct rt_store_op **tail;
};

struct store {
    struct store_txn txn; /* the writer's */
    struct cfg_store cfg;
    struct list ahead; /* the writer's: taken off the queue, not applied yet */
    int log_pages;     /* the writer's: length of the write-ahead log */
    pthread_t thread;
    bool started;
    struct store_events events;
    atomic_bool trusted;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wake;
    struct list queue;
    bool stopping;
    struct store_stats stats;
};

struct store_reader {
    struct store_txn txn;
};

/* ---- lists of operations ---- */

static void list_init(struct list *list)
{
    list->head = NULL;
    list->tail = &list->head;
}

static void list_push(struct list *list, struct rt_store_op *op)
{
    op->next = NULL;
    *list->tail = op;
    list->tail = &op->next;
}

static struct rt_store_op *list_pop(struct list *list)
{
    struct rt_store_op *op = list->head;
    if (!op) {
        return NULL;
    }
    list->head = op->next;
    if (!list->head) {
        list->tail = &list->head;
    }
    op->next = NULL;
    return op;
}

/* Moves all of `from` behind `to`. */
static void list_move(struct list *to, struct list *from)
{
    if (from->head) {
        *to->tail = from->head;
        to->tail = from->tail;
        list_init(from);
    }
}

static size_t list_free(struct list *list)
{
    size_t count = 0;
    struct rt_store_op *op;
    while ((op = list_pop(list))) {
        if (op->fini) {
            op->fini(op);
        }
        free(op);
        count++;
    }
    return count;
}

/* ---- statements ---- */

/* Turns SQLite's answer into ours, and remembers when the disk has lost our trust. */
static enum err note(struct store_txn *txn, int code)
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
static struct kept *kept_find(struct store_txn *txn, const char *sql)
{
    size_t start = ((uintptr_t)sql >> 4) % KEPT_MAX;
    for (size_t i = 0; i < KEPT_MAX; i++) {
        struct kept *kept = &txn->kept[(start + i) % KEPT_MAX];
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
    struct kept *kept = kept_find(txn, sql);
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
    return note(txn, code);
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
        ret_rows->err = note(txn, bind_one(statement, (int)i + 1, &values[i]));
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
        err = note(txn, code);
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
    rows->err = note(rows->txn, code);
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

static void txn_fini(struct store_txn *txn)
{
    assert(txn->open == 0);
    for (size_t i = 0; i < KEPT_MAX; i++) {
        (void)sqlite3_finalize(txn->kept[i].statement);
    }
    int code = sqlite3_close(txn->db);
    assert(code == SQLITE_OK);
    (void)code;
}

/* ---- opening ---- */

static void explain(struct store_why *why, const char *path, const char *what)
{
    if (why) {
        (void)snprintf(why->text, sizeof why->text, "%s: %s", path, what);
    }
}

/* Runs a script of ours that needs no parameters. */
static enum err script(struct store_txn *txn, const char *sql)
{
    return note(txn, sqlite3_exec(txn->db, sql, NULL, NULL, NULL));
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
        explain(why, path, "is a database of another program");
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
        explain(why, path, store_message(txn));
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
        explain(why, path, store_message(txn));
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
    int *log_pages = arg;
    *log_pages = pages;
    return SQLITE_OK;
}

static enum err open_file(const char *path, int flags, uint64_t busy_ms, struct store_txn *txn,
                          struct store_why *why)
{
    int code = sqlite3_open_v2(path, &txn->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (!txn->db) {
        explain(why, path, "out of memory");
        return ERR_MEMORY;
    }
    if (code != SQLITE_OK) {
        explain(why, path, sqlite3_errmsg(txn->db));
        return ERR_STORE;
    }
    (void)sqlite3_extended_result_codes(txn->db, 1);
    (void)sqlite3_busy_timeout(txn->db, (int)busy_ms);
    return ERR_OK;
}

static enum err open_writer(struct store *store, const char *path,
                            const struct store_schema *schema, struct store_why *why)
{
    struct store_txn *txn = &store->txn;
    enum err err = open_file(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                             store->cfg.busy_ms_max, txn, why);
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
        explain(why, path, store_message(txn));
        return err;
    }
    /* The writer checkpoints between groups, and looks at the result. */
    (void)sqlite3_wal_hook(txn->db, on_log, &store->log_pages);
    return upgrade(txn, schema, path, why);
}

enum err store_open(const char *path, const struct cfg_store *cfg,
                    const struct store_schema *schema, struct store_why *ret_why,
                    struct store **ret_store)
{
    assert(path);
    assert(cfg && cfg->group_max > 0);
    assert(schema);
    assert(ret_store);
    struct store *store = calloc(1, sizeof *store);
    if (!store) {
        explain(ret_why, path, "out of memory");
        return ERR_MEMORY;
    }
    store->cfg = *cfg;
    list_init(&store->ahead);
    list_init(&store->queue);
    atomic_init(&store->trusted, true);
    (void)pthread_mutex_init(&store->lock, NULL);
    (void)pthread_cond_init(&store->wake, NULL);
    if (strcmp(path, ":memory:") != 0) {
        create_private(path);
    }
    enum err err = open_writer(store, path, schema, ret_why);
    if (err != ERR_OK) {
        store_close(&store);
        return err;
    }
    *ret_store = store;
    return ERR_OK;
}

/* ---- the queue ---- */

void store_submit(struct store *store, struct rt_store_op **op)
{
    assert(store);
    assert(op && *op && (*op)->apply);
    (void)pthread_mutex_lock(&store->lock);
    (*op)->err = store->stats.queued < STORE_QUEUE_MAX ? ERR_OK : ERR_FULL;
    bool idle = !store->queue.head;
    list_push(&store->queue, *op);
    store->stats.queued++;
    (void)pthread_mutex_unlock(&store->lock);
    if (idle) {
        (void)pthread_cond_signal(&store->wake);
    }
    *op = NULL;
}

/* The next operation to apply; NULL when the queue is empty.  The writer's. */
static struct rt_store_op *next_op(struct store *store)
{
    if (!store->ahead.head) {
        (void)pthread_mutex_lock(&store->lock);
        list_move(&store->ahead, &store->queue);
        (void)pthread_mutex_unlock(&store->lock);
    }
    return list_pop(&store->ahead);
}

size_t store_drop_queue(struct store *store)
{
    assert(!store->started);
    list_move(&store->ahead, &store->queue);
    store->stats.queued = 0;
    return list_free(&store->ahead);
}

bool store_trusted(const struct store *store)
{
    return atomic_load_explicit(&store->trusted, memory_order_acquire);
}

void store_stats(const struct store *store, struct store_stats *ret_stats)
{
    /* The lock is no part of what const promises to leave alone. */
    pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&store->lock;
    (void)pthread_mutex_lock(lock);
    *ret_stats = store->stats;
    (void)pthread_mutex_unlock(lock);
}

/* ---- groups ---- */

/* Operations that share a commit. */
struct group {
    struct list ops;
    size_t count;
    bool begun;
    bool broken; /* SQLite has rolled it all back, or could not begin */
};

static uint64_t clock_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static bool plain(struct store_txn *txn, const char *sql)
{
    return store_exec(txn, sql, STORE_WITHOUT) == ERR_OK;
}

static void begin(struct store *store, struct group *group)
{
    if (!group->begun) {
        group->begun = true;
        group->broken = !plain(&store->txn, "BEGIN IMMEDIATE");
    }
}

/* Applies one operation in its savepoint. */
static void apply(struct store *store, struct group *group, struct rt_store_op *op)
{
    struct store_txn *txn = &store->txn;
    if (op->err != ERR_OK) {
        return; /* refused when it was submitted */
    }
    if (store_trusted(store)) {
        begin(store, group);
    }
    if (!store_trusted(store) || group->broken || !plain(txn, "SAVEPOINT op")) {
        op->err = ERR_STORE;
        return;
    }
    op->err = op->apply(txn, op);
    assert(txn->open == 0); /* store_rows_end was forgotten */
    bool sound = true;
    if (op->err != ERR_OK) {
        sound = plain(txn, "ROLLBACK TO op");
    }
    /* A full disk may have ended the whole transaction under our feet. */
    group->broken =
        !plain(txn, "RELEASE op") || !sound || txn->damaged || sqlite3_get_autocommit(txn->db);
}

static enum err commit(struct store *store, struct group *group)
{
    struct store_txn *txn = &store->txn;
    if (!group->begun) {
        return ERR_OK;
    }
    if (!group->broken && plain(txn, "COMMIT")) {
        return ERR_OK;
    }
    if (!sqlite3_get_autocommit(txn->db)) {
        (void)plain(txn, "ROLLBACK");
    }
    return ERR_STORE;
}

/* Ends trust, once, and says so. */
static void judge_disk(struct store *store, const struct store_events *events)
{
    if (store->txn.damaged && store_trusted(store)) {
        atomic_store_explicit(&store->trusted, false, memory_order_release);
        if (events->failed) {
            events->failed(events->arg, "the ledger's disk failed: it may not hold what was "
                                        "written; nothing more will be");
        }
    }
}

static void count_group(struct store *store, const struct group *group, enum err err)
{
    uint64_t refused = 0;
    for (const struct rt_store_op *op = group->ops.head; op; op = op->next) {
        refused += op->err != ERR_OK;
    }
    (void)pthread_mutex_lock(&store->lock);
    struct store_stats *stats = &store->stats;
    stats->queued -= group->count;
    stats->refused += refused;
    stats->operations += group->count - refused;
    stats->commits += group->begun && err == ERR_OK;
    if (group->count > stats->group_most) {
        stats->group_most = group->count;
    }
    (void)pthread_mutex_unlock(&store->lock);
}

/* Commits, and hands the operations back. */
static void finish(struct store *store, struct group *group, const struct store_events *events)
{
    enum err err = commit(store, group);
    for (struct rt_store_op *op = group->ops.head; err != ERR_OK && op; op = op->next) {
        op->err = op->err == ERR_OK ? err : op->err;
    }
    judge_disk(store, events);
    count_group(store, group, err);
    struct rt_store_op *op;
    while ((op = list_pop(&group->ops))) {
        events->done(events->arg, &op);
    }
}

/* Moves the log's pages into the file; between groups, when nobody waits for the answer. */
static void checkpoint(struct store *store, const struct store_events *events)
{
    if (store->log_pages >= CHECKPOINT_AFTER && store_trusted(store)) {
        store->log_pages = 0; /* when a reader is in the way, look again after the next commit */
        (void)note(&store->txn, sqlite3_wal_checkpoint_v2(store->txn.db, NULL,
                                                          SQLITE_CHECKPOINT_PASSIVE, NULL, NULL));
        judge_disk(store, events);
    }
}

/* One group of what is queued, or of what comes until `deadline_us`. */
static size_t run_group(struct store *store, const struct store_events *events,
                        uint64_t deadline_us)
{
    struct group group = {.count = 0};
    list_init(&group.ops);
    while (group.count < store->cfg.group_max) {
        struct rt_store_op *op = next_op(store);
        if (!op) {
            break;
        }
        apply(store, &group, op);
        list_push(&group.ops, op);
        group.count++;
        if (deadline_us != UINT64_MAX && clock_us() >= deadline_us) {
            break;
        }
    }
    if (group.count > 0) {
        size_t count = group.count;
        finish(store, &group, events);
        checkpoint(store, events);
        return count;
    }
    return 0;
}

size_t store_run(struct store *store, const struct store_events *events)
{
    assert(store && !store->started);
    assert(events && events->done);
    return run_group(store, events, UINT64_MAX);
}

/* ---- the writer's thread ---- */

/* False when there is nothing left to do. */
static bool wait_for_work(struct store *store)
{
    if (store->ahead.head) {
        return true;
    }
    (void)pthread_mutex_lock(&store->lock);
    while (!store->queue.head && !store->stopping) {
        (void)pthread_cond_wait(&store->wake, &store->lock);
    }
    bool work = store->queue.head;
    (void)pthread_mutex_unlock(&store->lock);
    return work;
}

static void *writer(void *arg)
{
    struct store *store = arg;
    while (wait_for_work(store)) {
        (void)run_group(store, &store->events, clock_us() + store->cfg.group_ms_max * 1000);
    }
    return NULL;
}

enum err store_start(struct store *store, const struct store_events *events)
{
    assert(store && !store->started);
    assert(events && events->done);
    store->events = *events;
    store->started = pthread_create(&store->thread, NULL, writer, store) == 0;
    if (!store->started) {
        return ERR_MEMORY;
    }
    (void)pthread_setname_np(store->thread, "store");
    return ERR_OK;
}

void store_stop(struct store *store)
{
    if (!store->started) {
        return;
    }
    (void)pthread_mutex_lock(&store->lock);
    store->stopping = true;
    (void)pthread_cond_signal(&store->wake);
    (void)pthread_mutex_unlock(&store->lock);
    (void)pthread_join(store->thread, NULL);
    store->started = false;
}

void store_close(struct store **store)
{
    assert(store);
    struct store *self = *store;
    if (!self) {
        return;
    }
    store_stop(self);
    (void)store_drop_queue(self);
    txn_fini(&self->txn);
    (void)pthread_cond_destroy(&self->wake);
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
    *store = NULL;
}

/* ---- reading beside the writer ---- */

static enum err open_snapshot(struct store_txn *txn, const char *path,
                              const struct store_schema *schema, struct store_why *why)
{
    if (access(path, F_OK) != 0) {
        explain(why, path, "does not exist");
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
        explain(why, path, store_message(txn));
        return err;
    }
    err = admit(&identity, schema, path, why);
    if (err == ERR_OK && identity.version != (int64_t)schema->count) {
        explain(why, path, "was written by an older program; start its coordinator once");
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
        explain(ret_why, path, "out of memory");
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
        txn_fini(&(*reader)->txn);
        free(*reader);
        *reader = NULL;
    }
}
