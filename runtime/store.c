/* store.c - operations: queued by anybody, applied in groups by the one writer. */
#include "runtime/store.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/store_priv.h"

/* Pages in the log; each is 4 KiB.  Few, because the log then begins again at its front: a page
 * that is written over is on disk in half the time of one that makes the file longer. */
enum { CHECKPOINT_AFTER = 250 };

struct list {
    struct rt_store_op *head;
    struct rt_store_op **tail;
};

struct store {
    struct store_txn txn; /* the writer's */
    struct cfg_store cfg;
    struct list ahead; /* the writer's: taken off the queue, not applied yet */
    pthread_t thread;
    bool started;
    struct store_events events;
    atomic_bool trusted;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wake;
    struct list queue;
    uint64_t due_us; /* when the queue is to be worked off: 0 at once, UINT64_MAX while empty */
    bool stopping;
    struct store_stats stats;
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

/* ---- life ---- */

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
        store_explain(ret_why, path, "out of memory");
        return ERR_MEMORY;
    }
    store->cfg = *cfg;
    list_init(&store->ahead);
    list_init(&store->queue);
    store->due_us = UINT64_MAX;
    atomic_init(&store->trusted, true);
    (void)pthread_mutex_init(&store->lock, NULL);
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&store->wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    enum err err = store_open_writer(&store->txn, path, cfg, schema, ret_why);
    if (err != ERR_OK) {
        store_close(&store);
        return err;
    }
    *ret_store = store;
    return ERR_OK;
}

/* ---- the queue ---- */

static uint64_t clock_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void store_submit(struct store *store, struct rt_store_op **op)
{
    assert(store);
    assert(op && *op && (*op)->apply);
    (void)pthread_mutex_lock(&store->lock);
    (*op)->err = store->stats.queued < STORE_QUEUE_MAX ? ERR_OK : ERR_FULL;
    uint64_t due_us = 0;
    if ((*op)->patient && store->stats.queued + 1 < store->cfg.group_max) {
        due_us = clock_us() + store->cfg.patience_ms_max * 1000;
    }
    bool sooner = due_us < store->due_us;
    store->due_us = sooner ? due_us : store->due_us;
    list_push(&store->queue, *op);
    store->stats.queued++;
    (void)pthread_mutex_unlock(&store->lock);
    if (sooner) {
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
        store->due_us = UINT64_MAX;
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
    if (store->txn.log_pages >= CHECKPOINT_AFTER && store_trusted(store)) {
        /* When a reader is in the way, look again after the next commit. */
        store->txn.log_pages = 0;
        (void)store_note(
            &store->txn,
            sqlite3_wal_checkpoint_v2(store->txn.db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL));
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
    while (!store->stopping && store->due_us > 0) {
        uint64_t due_us = store->due_us;
        if (due_us == UINT64_MAX) {
            (void)pthread_cond_wait(&store->wake, &store->lock);
            continue;
        }
        const struct timespec until = {.tv_sec = (time_t)(due_us / 1000000),
                                       .tv_nsec = (long)(due_us % 1000000 * 1000)};
        if (pthread_cond_timedwait(&store->wake, &store->lock, &until) == ETIMEDOUT) {
            break;
        }
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
    store_txn_fini(&self->txn);
    (void)pthread_cond_destroy(&self->wake);
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
    *store = NULL;
}
