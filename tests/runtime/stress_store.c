/* stress_store.c - four producers against one writer; prints transitions/s and ack latency.
 *
 * A plain program, because Criterion does not start under ThreadSanitizer.
 *
 *     stress_store [OPERATIONS_PER_PRODUCER [OUTSTANDING [DIRECTORY]]]
 *
 * Each operation is one guarded transition of a job.  Exit 0 when every one was acknowledged once,
 * in its producer's order, and the file holds them all.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/store.h"

enum { PRODUCERS = 4 };

static const char *const scripts[] = {
    "CREATE TABLE job (producer INTEGER, id INTEGER, state INTEGER, token INTEGER,"
    " PRIMARY KEY (producer, id)) WITHOUT ROWID;",
};
static const struct store_schema schema = {0x7374, 1, scripts};

struct producer {
    struct bench *bench;
    uint64_t number;
    pthread_mutex_t lock;
    pthread_cond_t room;
    uint64_t outstanding; /* guarded by lock */
    uint64_t acked;       /* the writer's */
};

struct bench {
    struct store *store;
    uint64_t count;
    uint64_t window;
    uint64_t *latencies_ns; /* the writer's */
    uint64_t acked;         /* the writer's */
    atomic_uint wrong;
    struct producer producers[PRODUCERS];
};

struct transition {
    struct rt_store_op op;
    struct producer *producer;
    uint64_t id;
    uint64_t since_ns;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Even operations queue a job, odd ones finish it under its token. */
static enum err apply(struct store_txn *txn, struct rt_store_op *op)
{
    struct transition *self = (struct transition *)op;
    uint64_t job = self->id / 2;
    if (self->id % 2 == 0) {
        return store_exec(txn, "INSERT INTO job VALUES (?, ?, 0, 7)",
                          STORE_WITH(store_u64(self->producer->number), store_u64(job)));
    }
    enum err err = store_exec(txn,
                              "UPDATE job SET state = 3 WHERE producer = ? AND id = ?"
                              " AND token = 7 AND state = 0",
                              STORE_WITH(store_u64(self->producer->number), store_u64(job)));
    return err == ERR_OK && store_changes(txn) != 1 ? ERR_STALE : err;
}

static void on_done(void *arg, struct rt_store_op **op)
{
    struct bench *bench = arg;
    struct transition *self = (struct transition *)*op;
    struct producer *producer = self->producer;
    if (self->op.err != ERR_OK || self->id != producer->acked) {
        atomic_fetch_add(&bench->wrong, 1);
    }
    producer->acked++;
    bench->latencies_ns[bench->acked++] = now_ns() - self->since_ns;
    free(self);
    *op = NULL;
    (void)pthread_mutex_lock(&producer->lock);
    producer->outstanding--;
    (void)pthread_cond_signal(&producer->room);
    (void)pthread_mutex_unlock(&producer->lock);
}

static void *produce(void *arg)
{
    struct producer *self = arg;
    for (uint64_t id = 0; id < self->bench->count; id++) {
        (void)pthread_mutex_lock(&self->lock);
        while (self->outstanding >= self->bench->window) {
            (void)pthread_cond_wait(&self->room, &self->lock);
        }
        self->outstanding++;
        (void)pthread_mutex_unlock(&self->lock);
        struct transition *transition = calloc(1, sizeof *transition);
        if (!transition) {
            abort();
        }
        struct rt_store_op *op = &transition->op;
        op->apply = apply;
        transition->producer = self;
        transition->id = id;
        transition->since_ns = now_ns();
        store_submit(self->bench->store, &op);
        if (id % 1024 == 0) {
            struct store_stats stats; /* any thread may look */
            store_stats(self->bench->store, &stats);
            if (!store_trusted(self->bench->store)) {
                atomic_fetch_add(&self->bench->wrong, 1);
            }
        }
    }
    return NULL;
}

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static void run(struct bench *bench)
{
    pthread_t threads[PRODUCERS];
    for (uint64_t i = 0; i < PRODUCERS; i++) {
        struct producer *producer = &bench->producers[i];
        producer->bench = bench;
        producer->number = i;
        (void)pthread_mutex_init(&producer->lock, NULL);
        (void)pthread_cond_init(&producer->room, NULL);
        if (pthread_create(&threads[i], NULL, produce, producer) != 0) {
            abort();
        }
    }
    for (size_t i = 0; i < PRODUCERS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    store_stop(bench->store);
}

static void print(const struct bench *bench, uint64_t total, double seconds)
{
    struct store_stats stats;
    store_stats(bench->store, &stats);
    qsort(bench->latencies_ns, total, sizeof(uint64_t), compare);
    printf("producers=%d outstanding=%llu transitions=%llu per_s=%.0f ack_p50_ms=%.3f "
           "ack_p99_ms=%.3f commits=%llu group_most=%llu wrong=%u\n",
           PRODUCERS, (unsigned long long)bench->window, (unsigned long long)total,
           (double)total / seconds, (double)bench->latencies_ns[total / 2] / 1e6,
           (double)bench->latencies_ns[total * 99 / 100] / 1e6, (unsigned long long)stats.commits,
           (unsigned long long)stats.group_most, atomic_load(&bench->wrong));
}

/* The number of finished jobs in the file. */
static uint64_t finished(const char *path)
{
    struct store_reader *reader = NULL;
    struct store_rows rows;
    uint64_t count = 0;
    if (store_open_read(path, &schema, NULL, &reader) != ERR_OK) {
        return 0;
    }
    store_query(store_reader_txn(reader), "SELECT count(*) FROM job WHERE state = 3", STORE_WITHOUT,
                &rows);
    if (store_next(&rows)) {
        count = store_column_u64(&rows, 0);
    }
    if (store_rows_end(&rows) != ERR_OK) {
        count = 0;
    }
    store_reader_close(&reader);
    return count;
}

static void remove_files(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char name[4300];
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        (void)unlink(name);
    }
}

int main(int argc, char **argv)
{
    static struct bench bench;
    char path[4200];
    const char *where = argc > 3 ? argv[3] : "/tmp";
    bench.count = argc > 1 ? strtoull(argv[1], NULL, 10) & ~UINT64_C(1) : 20000;
    bench.window = argc > 2 ? strtoull(argv[2], NULL, 10) : 16;
    uint64_t total = bench.count * PRODUCERS;
    struct cfg_store cfg = {.group_max = 256, .group_ms_max = 2, .busy_ms_max = 5000};
    struct store_events events = {.arg = &bench, .done = on_done};
    struct store_why why = {""};
    (void)snprintf(path, sizeof path, "%s/troupe-stress-%ld.db", where, (long)getpid());
    bench.latencies_ns = calloc(total ? total : 1, sizeof(uint64_t));
    if (total == 0 || bench.window == 0 || !bench.latencies_ns ||
        store_open(path, &cfg, &schema, &why, &bench.store) != ERR_OK ||
        store_start(bench.store, &events) != ERR_OK) {
        (void)fprintf(stderr, "stress_store: cannot start: %s\n", why.text);
        return 2;
    }
    uint64_t since_ns = now_ns();
    run(&bench);
    print(&bench, total, (double)(now_ns() - since_ns) / 1e9);
    store_close(&bench.store);
    bool whole = finished(path) == total / 2 && bench.acked == total;
    remove_files(path);
    free(bench.latencies_ns);
    if (!whole) {
        (void)fprintf(stderr, "stress_store: something was lost\n");
    }
    return whole && atomic_load(&bench.wrong) == 0 ? 0 : 1;
}
