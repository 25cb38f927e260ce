/* test_store.c - the one writer: groups, savepoints, order, failures, crashes. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/store.h"

static const char *const scripts[] = {
    "CREATE TABLE item (id INTEGER PRIMARY KEY, text TEXT NOT NULL, number REAL);",
    "CREATE TABLE child (id INTEGER PRIMARY KEY, item INTEGER NOT NULL REFERENCES item (id));",
};
static const struct store_schema schema = {0x7465, 2, scripts};
static const struct cfg_store cfg = {.group_max = 4, .group_ms_max = 2, .busy_ms_max = 1000};

/* An operation that inserts one item and then returns `answer`. */
struct insert {
    struct rt_store_op op;
    uint64_t id;
    enum err answer;
    int fd; /* where to report to; -1 for none */
    uint64_t *freed;
};

struct seen {
    uint64_t ids[64];
    enum err errs[64];
    size_t count;
    size_t failed;
};

static enum err insert_apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct insert *self = (struct insert *)op;
    enum err err = store_exec(txn, "INSERT INTO item VALUES (?, ?, ?)",
                              STORE_WITH(store_u64(self->id), store_string("x"), store_f64(0.5)));
    return err == ERR_OK ? self->answer : err;
}

static void insert_fini(struct rt_store_op *op)
{
    struct insert *self = (struct insert *)op;
    ++*self->freed;
}

static struct rt_store_op *insert_new(uint64_t id, enum err answer)
{
    struct insert *self = calloc(1, sizeof *self);
    cr_assert(self);
    self->op.apply = insert_apply;
    self->id = id;
    self->answer = answer;
    self->fd = -1;
    return &self->op;
}

static void submit(struct store *store, uint64_t id, enum err answer)
{
    struct rt_store_op *op = insert_new(id, answer);
    store_submit(store, &op);
    cr_assert_null(op);
}

static void on_done(void *arg, struct rt_store_op **op)
{
    struct seen *seen = arg;
    struct insert *insert = (struct insert *)*op;
    if (seen->count < 64) {
        seen->ids[seen->count] = insert->id;
        seen->errs[seen->count] = insert->op.err;
    }
    seen->count++;
    free(insert);
    *op = NULL;
}

static void on_failed(void *arg, const char *why)
{
    struct seen *seen = arg;
    cr_expect(strlen(why) > 0);
    seen->failed++;
}

static struct store_events events_of(struct seen *seen)
{
    return (struct store_events){.arg = seen, .done = on_done, .failed = on_failed};
}

static struct store *open_memory(void)
{
    struct store *store = NULL;
    cr_assert_eq(store_open(":memory:", &cfg, &schema, NULL, &store), ERR_OK);
    return store;
}

static char dir[64];

static const char *path_in_dir(const char *name)
{
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void make_dir(void)
{
    (void)strcpy(dir, "/tmp/troupe-store-XXXXXX");
    cr_assert(mkdtemp(dir));
}

static void remove_dir(void)
{
    static const char *const names[] = {"db", "db-wal", "db-shm", "db-journal"};
    for (size_t i = 0; i < 4; i++) {
        (void)unlink(path_in_dir(names[i]));
    }
    cr_expect_eq(rmdir(dir), 0);
}

static uint64_t count_items(const char *path)
{
    struct store_reader *reader = NULL;
    struct store_rows rows;
    struct store_why why;
    cr_assert_eq(store_open_read(path, &schema, &why, &reader), ERR_OK, "%s", why.text);
    store_query(store_reader_txn(reader), "SELECT count(*) FROM item", STORE_WITHOUT, &rows);
    cr_assert(store_next(&rows));
    uint64_t count = store_column_u64(&rows, 0);
    cr_assert_eq(store_rows_end(&rows), ERR_OK);
    store_reader_close(&reader);
    cr_assert_null(reader);
    return count;
}

/* ---- stepping ---- */

Test(store, commits_in_groups_and_hands_back_in_order)
{
    struct store *store = open_memory();
    struct seen seen = {.count = 0};
    struct store_events events = events_of(&seen);
    struct store_stats stats;
    for (uint64_t id = 1; id <= 10; id++) {
        submit(store, id, ERR_OK);
    }
    store_stats(store, &stats);
    cr_expect_eq(stats.queued, 10);
    cr_expect_eq(store_run(store, &events), 4);
    cr_expect_eq(store_run(store, &events), 4);
    cr_expect_eq(store_run(store, &events), 2);
    cr_expect_eq(store_run(store, &events), 0);
    cr_assert_eq(seen.count, 10);
    for (size_t i = 0; i < 10; i++) {
        cr_expect_eq(seen.ids[i], i + 1);
        cr_expect_eq(seen.errs[i], ERR_OK);
    }
    store_stats(store, &stats);
    cr_expect_eq(stats.commits, 3);
    cr_expect_eq(stats.operations, 10);
    cr_expect_eq(stats.group_most, 4);
    cr_expect_eq(stats.queued, 0);
    store_close(&store);
    cr_expect_null(store);
    store_close(&store);
}

Test(store, rolls_back_a_failing_operation_alone)
{
    struct store *store = open_memory();
    struct seen seen = {.count = 0};
    struct store_events events = events_of(&seen);
    submit(store, 1, ERR_OK);
    submit(store, 2, ERR_STALE);
    submit(store, 1, ERR_OK); /* the key is taken by its neighbour */
    submit(store, 2, ERR_OK); /* the key is free again */
    cr_expect_eq(store_run(store, &events), 4);
    cr_expect_eq(seen.errs[0], ERR_OK);
    cr_expect_eq(seen.errs[1], ERR_STALE);
    cr_expect_eq(seen.errs[2], ERR_EXISTS);
    cr_expect_eq(seen.errs[3], ERR_OK);
    struct store_stats stats;
    store_stats(store, &stats);
    cr_expect_eq(stats.commits, 1);
    cr_expect_eq(stats.operations, 2);
    cr_expect_eq(stats.refused, 2);
    store_close(&store);
}

static enum err orphan_apply(struct store_txn *txn, struct rt_store_op *op)
{
    (void)op;
    return store_exec(txn, "INSERT INTO child VALUES (1, 99)", STORE_WITHOUT);
}

Test(store, enforces_foreign_keys)
{
    struct store *store = open_memory();
    struct seen seen = {.count = 0};
    struct store_events events = events_of(&seen);
    struct rt_store_op *op = insert_new(1, ERR_OK);
    op->apply = orphan_apply;
    store_submit(store, &op);
    cr_expect_eq(store_run(store, &events), 1);
    cr_expect_eq(seen.errs[0], ERR_REFUSED);
    store_close(&store);
}

static enum err types_apply(struct store_txn *txn, struct rt_store_op *op)
{
    (void)op;
    struct store_rows rows;
    struct store_rows inner;
    static const char sql[] = "SELECT ?, ?, ?, ?, ? UNION ALL SELECT 1, 2, 3, 4, 5";
    store_query(txn, sql,
                STORE_WITH(store_u64(UINT64_MAX), store_i64(-7), store_f64(1.5),
                           store_text((struct msg_str){"a\0b", 3}), store_null()),
                &rows);
    cr_assert(store_next(&rows));
    cr_expect_eq(store_column_u64(&rows, 0), UINT64_MAX);
    cr_expect_eq(store_column_i64(&rows, 1), -7);
    cr_expect_float_eq(store_column_f64(&rows, 2), 1.5, 1e-9);
    cr_expect_eq(store_column_text(&rows, 3).size, 3);
    cr_expect_eq(memcmp(store_column_text(&rows, 3).at, "a\0b", 4), 0);
    cr_expect_eq(store_column_text(&rows, 4).size, 0);
    /* The same statement again while its cursor is open. */
    store_query(txn, sql,
                STORE_WITH(store_u64(1), store_null(), store_null(), store_null(), store_null()),
                &inner);
    cr_assert(store_next(&inner));
    cr_expect_eq(store_column_u64(&inner, 0), 1);
    cr_expect_eq(store_rows_end(&inner), ERR_OK);
    cr_assert(store_next(&rows));
    cr_expect_eq(store_column_u64(&rows, 4), 5);
    cr_expect_not(store_next(&rows));
    cr_expect_eq(store_rows_end(&rows), ERR_OK);

    store_query(txn, "SELECT nonsense", STORE_WITHOUT, &rows);
    cr_expect_not(store_next(&rows));
    cr_expect_eq(store_rows_end(&rows), ERR_STORE);
    cr_expect(strstr(store_message(txn), "nonsense"));
    cr_expect_eq(store_exec(txn, "UPDATE item SET id = id", STORE_WITHOUT), ERR_OK);
    cr_expect_eq(store_changes(txn), 0);
    return ERR_OK;
}

Test(store, carries_every_type_and_nests_cursors)
{
    struct store *store = open_memory();
    struct seen seen = {.count = 0};
    struct store_events events = events_of(&seen);
    struct rt_store_op *op = insert_new(1, ERR_OK);
    op->apply = types_apply;
    store_submit(store, &op);
    cr_expect_eq(store_run(store, &events), 1);
    cr_expect_eq(seen.errs[0], ERR_OK);
    store_close(&store);
}

static enum err many_apply(struct store_txn *txn, struct rt_store_op *op)
{
    (void)op;
    static char sqls[400][32];
    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 400; i++) {
            struct store_rows rows;
            /* Another text behind the same pointer in the second round. */
            (void)snprintf(sqls[i], sizeof sqls[i], "SELECT %u", i * 2 + (unsigned)round);
            store_query(txn, sqls[i], STORE_WITHOUT, &rows);
            cr_assert(store_next(&rows));
            cr_assert_eq(store_column_u64(&rows, 0), i * 2 + (unsigned)round);
            cr_assert_eq(store_rows_end(&rows), ERR_OK);
        }
    }
    return ERR_OK;
}

Test(store, works_beyond_the_statements_it_can_keep)
{
    struct store *store = open_memory();
    struct seen seen = {.count = 0};
    struct store_events events = events_of(&seen);
    struct rt_store_op *op = insert_new(1, ERR_OK);
    op->apply = many_apply;
    store_submit(store, &op);
    cr_expect_eq(store_run(store, &events), 1);
    store_close(&store);
}

Test(store, drops_its_queue_like_a_crash)
{
    struct store *store = open_memory();
    struct seen seen = {.count = 0};
    struct store_events events = events_of(&seen);
    uint64_t freed = 0;
    for (uint64_t id = 1; id <= 6; id++) {
        struct rt_store_op *op = insert_new(id, ERR_OK);
        op->fini = insert_fini;
        ((struct insert *)op)->freed = &freed;
        store_submit(store, &op);
    }
    cr_expect_eq(store_run(store, &events), 4);
    cr_expect_eq(store_drop_queue(store), 2);
    cr_expect_eq(freed, 2);
    cr_expect_eq(store_run(store, &events), 0);
    cr_expect_eq(seen.count, 4);
    store_close(&store);
}

Test(store, refuses_more_than_its_queue_holds_but_in_order)
{
    struct store *store = open_memory();
    struct seen seen = {.count = 0};
    struct store_events events = events_of(&seen);
    for (uint64_t id = 1; id <= STORE_QUEUE_MAX + 1; id++) {
        submit(store, id, ERR_CANCELLED);
    }
    while (seen.count < STORE_QUEUE_MAX) {
        cr_assert_gt(store_run(store, &events), 0);
    }
    seen.count = 0;
    (void)store_run(store, &events);
    cr_expect_eq(seen.count, 1);
    cr_expect_eq(seen.ids[0], STORE_QUEUE_MAX + 1);
    cr_expect_eq(seen.errs[0], ERR_FULL);
    store_close(&store);
}

/* ---- schema ---- */

Test(store, migrates_forward_and_refuses_the_future, .init = make_dir, .fini = remove_dir)
{
    const char *path = path_in_dir("db");
    struct store_schema old = {schema.application_id, 1, scripts};
    struct store *store = NULL;
    struct store_reader *reader = NULL;
    struct store_why why = {""};
    cr_assert_eq(store_open(path, &cfg, &old, NULL, &store), ERR_OK);
    store_close(&store);
    cr_expect_eq(store_open_read(path, &schema, &why, &reader), ERR_VERSION);
    cr_expect(strstr(why.text, "older"));
    cr_assert_eq(store_open(path, &cfg, &schema, NULL, &store), ERR_OK);
    store_close(&store);
    cr_assert_eq(store_open(path, &cfg, &schema, NULL, &store), ERR_OK); /* again: no change */
    store_close(&store);
    cr_expect_eq(store_open(path, &cfg, &old, &why, &store), ERR_VERSION);
    cr_expect(strstr(why.text, "version 2"));
    cr_expect(strstr(why.text, "newer"));
    cr_expect_null(store);
    cr_expect_eq(store_open_read(path, &old, &why, &reader), ERR_VERSION);
    struct store_schema other = {1, 2, scripts};
    cr_expect_eq(store_open(path, &cfg, &other, &why, &store), ERR_VERSION);
    cr_expect(strstr(why.text, "another program"));
    struct stat stat_of;
    cr_assert_eq(stat(path, &stat_of), 0);
    cr_expect_eq(stat_of.st_mode & 0777, 0600);
}

Test(store, leaves_nothing_of_a_failed_migration, .init = make_dir, .fini = remove_dir)
{
    const char *path = path_in_dir("db");
    static const char *const broken[] = {"CREATE TABLE a (x);", "CREATE TABLE b (y); NONSENSE;"};
    struct store_schema first = {7, 1, broken};
    struct store_schema second = {7, 2, broken};
    struct store *store = NULL;
    struct store_why why = {""};
    cr_assert_eq(store_open(path, &cfg, &first, NULL, &store), ERR_OK);
    store_close(&store);
    cr_expect_eq(store_open(path, &cfg, &second, &why, &store), ERR_STORE);
    cr_expect(strstr(why.text, "NONSENSE"), "%s", why.text);
    cr_assert_eq(store_open(path, &cfg, &first, NULL, &store), ERR_OK);
    store_close(&store);
}

Test(store, refuses_what_is_no_database, .init = make_dir, .fini = remove_dir)
{
    const char *path = path_in_dir("db");
    struct store *store = NULL;
    struct store_reader *reader = NULL;
    struct store_why why = {""};
    cr_expect_eq(store_open_read(path, &schema, &why, &reader), ERR_NOT_FOUND);
    FILE *file = fopen(path, "we");
    cr_assert(file);
    for (int i = 0; i < 1000; i++) {
        (void)fputs("this is no database\n", file);
    }
    (void)fclose(file);
    cr_expect_eq(store_open(path, &cfg, &schema, &why, &store), ERR_STORE);
    cr_expect(strlen(why.text) > 0);
    cr_expect_eq(store_open("/nonexistent/db", &cfg, &schema, &why, &store), ERR_STORE);
    cr_expect_null(store);
}

Test(store, reads_beside_the_writer_but_cannot_write, .init = make_dir, .fini = remove_dir)
{
    const char *path = path_in_dir("db");
    struct store *store = NULL;
    struct store_reader *reader = NULL;
    struct store_rows rows;
    struct seen seen = {.count = 0};
    struct store_events events = events_of(&seen);
    cr_assert_eq(store_open(path, &cfg, &schema, NULL, &store), ERR_OK);
    submit(store, 1, ERR_OK);
    (void)store_run(store, &events);
    cr_assert_eq(store_open_read(path, &schema, NULL, &reader), ERR_OK);
    submit(store, 2, ERR_OK);
    (void)store_run(store, &events);
    store_query(store_reader_txn(reader), "SELECT count(*) FROM item", STORE_WITHOUT, &rows);
    cr_assert(store_next(&rows));
    cr_expect_eq(store_column_u64(&rows, 0), 1, "a snapshot of the opening");
    cr_expect_eq(store_rows_end(&rows), ERR_OK);
    cr_expect_eq(store_exec(store_reader_txn(reader), "DELETE FROM item", STORE_WITHOUT),
                 ERR_STORE);
    store_reader_close(&reader);
    cr_expect_eq(count_items(path), 2);
    store_close(&store);
    cr_expect_eq(count_items(path), 2);
}

/* ---- a disk that fails ---- */

static int (*real_sync)(sqlite3_file *, int);
static int (*real_write)(sqlite3_file *, const void *, int, sqlite3_int64);
static int (*real_open)(sqlite3_vfs *, const char *, sqlite3_file *, int, int *);
static sqlite3_io_methods methods;
static bool sync_fails;
static bool write_fails;

static int failing_sync(sqlite3_file *file, int flags)
{
    return sync_fails ? SQLITE_IOERR_FSYNC : real_sync(file, flags);
}

static int failing_write(sqlite3_file *file, const void *at, int size, sqlite3_int64 offset)
{
    return write_fails ? SQLITE_FULL : real_write(file, at, size, offset);
}

static int open_failing(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    int code = real_open(vfs, name, file, flags, out);
    if (code == SQLITE_OK && file->pMethods && flags & SQLITE_OPEN_WAL) {
        methods = *file->pMethods;
        real_sync = methods.xSync;
        real_write = methods.xWrite;
        methods.xSync = failing_sync;
        methods.xWrite = failing_write;
        file->pMethods = &methods;
    }
    return code;
}

static void use_failing_disk(void)
{
    static sqlite3_vfs vfs;
    vfs = *sqlite3_vfs_find(NULL);
    vfs.zName = "failing";
    real_open = vfs.xOpen;
    vfs.xOpen = open_failing;
    cr_assert_eq(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
    make_dir();
}

Test(store, ends_trust_for_good_when_fsync_fails, .init = use_failing_disk, .fini = remove_dir)
{
    struct store *store = NULL;
    struct seen seen = {.count = 0};
    struct store_events events = events_of(&seen);
    cr_assert_eq(store_open(path_in_dir("db"), &cfg, &schema, NULL, &store), ERR_OK);
    submit(store, 1, ERR_OK);
    (void)store_run(store, &events);
    cr_expect(store_trusted(store));
    sync_fails = true;
    submit(store, 2, ERR_OK);
    submit(store, 3, ERR_STALE);
    (void)store_run(store, &events);
    cr_expect_not(store_trusted(store));
    cr_expect_eq(seen.failed, 1);
    sync_fails = false;
    submit(store, 4, ERR_OK);
    (void)store_run(store, &events);
    cr_assert_eq(seen.count, 4);
    cr_expect_eq(seen.errs[0], ERR_OK);
    cr_expect_eq(seen.errs[1], ERR_STORE);
    cr_expect_eq(seen.errs[2], ERR_STALE);
    cr_expect_eq(seen.errs[3], ERR_STORE);
    cr_expect_eq(seen.failed, 1, "said once");
    store_close(&store);
}

Test(store, survives_a_full_disk, .init = use_failing_disk, .fini = remove_dir)
{
    struct store *store = NULL;
    struct seen seen = {.count = 0};
    struct store_events events = events_of(&seen);
    cr_assert_eq(store_open(path_in_dir("db"), &cfg, &schema, NULL, &store), ERR_OK);
    write_fails = true;
    submit(store, 1, ERR_OK);
    submit(store, 2, ERR_OK);
    (void)store_run(store, &events);
    cr_expect_eq(seen.errs[0], ERR_STORE);
    cr_expect_eq(seen.errs[1], ERR_STORE);
    cr_expect(store_trusted(store));
    write_fails = false;
    submit(store, 1, ERR_OK);
    (void)store_run(store, &events);
    cr_expect_eq(seen.errs[2], ERR_OK);
    cr_expect_eq(seen.failed, 0);
    store_close(&store);
    cr_expect_eq(count_items(path_in_dir("db")), 1);
}

/* ---- the thread, and real crashes ---- */

Test(store, stops_only_when_all_is_committed, .init = make_dir, .fini = remove_dir)
{
    struct store *store = NULL;
    struct seen seen = {.count = 0};
    struct store_events events = events_of(&seen);
    cr_assert_eq(store_open(path_in_dir("db"), &cfg, &schema, NULL, &store), ERR_OK);
    cr_assert_eq(store_start(store, &events), ERR_OK);
    for (uint64_t id = 1; id <= 50; id++) {
        submit(store, id, ERR_OK);
    }
    store_stop(store);
    cr_expect_eq(seen.count, 50);
    submit(store, 51, ERR_OK); /* too late: freed with the store */
    store_close(&store);
    cr_expect_eq(seen.count, 50);
    cr_expect_eq(count_items(path_in_dir("db")), 50);
}

/* Acknowledges to the parent, as a coordinator would to a worker. */
static void acknowledge(void *arg, struct rt_store_op **op)
{
    struct insert *insert = (struct insert *)*op;
    int fd = *(int *)arg;
    if (insert->op.err == ERR_OK && write(fd, &insert->id, sizeof insert->id) < 0) {
        _exit(1);
    }
    free(insert);
    *op = NULL;
}

/* Waits until so many operations have been handed back. */
static void wait_for(const struct store *store, uint64_t operations, struct store_stats *ret_stats)
{
    for (int i = 0; i < 10000; i++) {
        store_stats(store, ret_stats);
        if (ret_stats->operations >= operations) {
            return;
        }
        (void)usleep(1000);
    }
    cr_assert_fail("not handed back");
}

Test(store, lets_what_is_patient_share_the_commit_of_the_next)
{
    struct cfg_store slow = cfg;
    slow.patience_ms_max = 600000;
    struct seen seen = {.count = 0};
    struct store_events events = events_of(&seen);
    struct store *store = NULL;
    struct store_stats stats;
    cr_assert_eq(store_open(":memory:", &slow, &schema, NULL, &store), ERR_OK);
    cr_assert_eq(store_start(store, &events), ERR_OK);
    for (uint64_t id = 1; id <= 2; id++) {
        struct rt_store_op *op = insert_new(id, ERR_OK);
        op->patient = true;
        store_submit(store, &op);
    }
    (void)usleep(20000);
    store_stats(store, &stats);
    cr_expect_eq(stats.queued, 2, "nobody has come");
    submit(store, 3, ERR_OK);
    wait_for(store, 3, &stats);
    cr_expect_eq(stats.commits, 1);
    struct rt_store_op *op = insert_new(4, ERR_OK);
    op->patient = true;
    store_submit(store, &op);
    store_stop(store);
    cr_assert_eq(seen.count, 4, "its end waits for nobody");
    for (uint64_t i = 0; i < 4; i++) {
        cr_expect_eq(seen.ids[i], i + 1);
        cr_expect_eq(seen.errs[i], ERR_OK);
    }
    store_close(&store);
}

Test(store, waits_for_others_no_longer_than_its_patience)
{
    struct cfg_store quick = cfg;
    quick.patience_ms_max = 20;
    struct seen seen = {.count = 0};
    struct store_events events = events_of(&seen);
    struct store *store = NULL;
    struct store_stats stats;
    cr_assert_eq(store_open(":memory:", &quick, &schema, NULL, &store), ERR_OK);
    cr_assert_eq(store_start(store, &events), ERR_OK);
    struct rt_store_op *op = insert_new(1, ERR_OK);
    op->patient = true;
    store_submit(store, &op);
    wait_for(store, 1, &stats);
    store_close(&store);
}

/* Writes without end, from `first` on. */
static void write_until_killed(const char *path, uint64_t first, int fd)
{
    struct store *store = NULL;
    struct store_events events = {.arg = &fd, .done = acknowledge};
    struct store_stats stats;
    struct cfg_store wide = {.group_max = 256, .group_ms_max = 2, .busy_ms_max = 5000};
    if (store_open(path, &wide, &schema, NULL, &store) != ERR_OK ||
        store_start(store, &events) != ERR_OK) {
        _exit(2);
    }
    for (uint64_t id = first;;) {
        store_stats(store, &stats);
        for (uint64_t i = stats.queued; i < 64; i++, id++) {
            struct insert *insert = calloc(1, sizeof *insert);
            struct rt_store_op *op = &insert->op;
            op->apply = insert_apply;
            insert->id = id;
            store_submit(store, &op);
        }
    }
}

static bool has_item(struct store_reader *reader, uint64_t id)
{
    struct store_rows rows;
    store_query(store_reader_txn(reader), "SELECT 1 FROM item WHERE id = ?",
                STORE_WITH(store_u64(id)), &rows);
    bool found = store_next(&rows);
    cr_assert_eq(store_rows_end(&rows), ERR_OK);
    return found;
}

/* One life of a writer: killed after `acks` acknowledgements; returns the last id acknowledged. */
static uint64_t one_life(const char *path, uint64_t first, size_t acks)
{
    int fds[2];
    uint64_t id = 0;
    uint64_t last = first - 1;
    cr_assert_eq(pipe(fds), 0);
    pid_t pid = fork();
    cr_assert(pid >= 0);
    if (pid == 0) {
        (void)close(fds[0]);
        write_until_killed(path, first, fds[1]);
    }
    (void)close(fds[1]);
    for (size_t i = 0; i < acks; i++) {
        cr_assert_eq(read(fds[0], &id, sizeof id), sizeof id);
    }
    cr_assert_eq(kill(pid, SIGKILL), 0);
    last = id;
    while (read(fds[0], &id, sizeof id) == sizeof id) {
        cr_assert_eq(id, last + 1, "acknowledged in order");
        last = id;
    }
    int status = 0;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFSIGNALED(status));
    (void)close(fds[0]);
    return last;
}

Test(store, keeps_every_acknowledged_write_through_kill_9, .init = make_dir, .fini = remove_dir,
     .timeout = 120)
{
    const char *path = path_in_dir("db");
    uint64_t first = 1;
    for (size_t life = 0; life < 20; life++) {
        uint64_t last = one_life(path, first, 1 + life * 331 % 4000);
        struct store_reader *reader = NULL;
        cr_assert_eq(store_open_read(path, &schema, NULL, &reader), ERR_OK);
        for (uint64_t id = first; id <= last; id++) {
            cr_assert(has_item(reader, id), "life %zu lost %llu", life, (unsigned long long)id);
        }
        /* What was committed and not acknowledged is there without a gap. */
        uint64_t next = last + 1;
        while (has_item(reader, next)) {
            next++;
        }
        store_reader_close(&reader);
        cr_assert_eq(count_items(path), next - 1);
        first = next;
    }
}
