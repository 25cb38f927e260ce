/* queues.h - which queues of SQS there should be, from distributed-queues.yml.
 *
 * Pure but for queues_load; any thread.  A file is believed as a whole or not at all, and the
 * report lists every problem of it.
 */
#ifndef ACTORS_SQS_BRIDGE_QUEUES_H
#define ACTORS_SQS_BRIDGE_QUEUES_H

#include <stdbool.h>
#include <stddef.h>

#include "config/report.h"
#include "proto/error.h"

#define QUEUES_FILE_NAME "distributed-queues.yml"

enum {
    QUEUES_FILE_SIZE_MAX = 64 * 1024, /* bytes */
    QUEUES_MAX = 32,
    QUEUE_NAME_MAX = 80 /* characters, .fifo included: the limit of SQS */
};

enum queue_number {
    QUEUE_VISIBILITY_S,
    QUEUE_RETENTION_S,
    QUEUE_WAIT_S,
    QUEUE_DELAY_S,
    QUEUE_SIZE_MAX,
    QUEUE_NUMBERS
};

/* What a number is called in the file and by SQS, and its range. */
struct queue_number_row {
    const char *key;
    const char *attribute;
    unsigned least;
    unsigned most;
};

extern const struct queue_number_row queue_numbers[QUEUE_NUMBERS];

struct queue_spec {
    const char *name;
    bool fifo;
    bool has[QUEUE_NUMBERS]; /* those that the file says */
    unsigned numbers[QUEUE_NUMBERS];
    bool has_deduplicate;
    bool deduplicate;
    const char *dead_letter; /* name of another queue of the file; NULL: none */
    size_t dead_letter_at;   /* its place in the list */
    unsigned receives_max;   /* with dead_letter: 1 to 1000 */
};

/* Dead-letter queues stand before those that use them. */
struct queues {
    size_t count;
    struct queue_spec list[QUEUES_MAX];
    char *strings; /* where all texts lie */
};

/* Reads `size` bytes of text; `name` stands for the file in both reports.  Keys have older names,
 * among them those of SQS itself: they are taken, and each is told in `warnings`.  The caller owns
 * *ret_queues, which is written on ERR_OK only.
 * ERR_CONFIG: the report says what is wrong, and where.  ERR_MEMORY. */
enum err queues_load_text(const char *name, const char *text, size_t size,
                          struct queues **ret_queues, struct config_report reports[2]) MUST_CHECK;

/* Of `reports`. */
enum { QUEUES_PROBLEMS, QUEUES_WARNINGS };

/* Reads the file at `path`.  ERR_CONFIG and ERR_IO (the report says why), ERR_MEMORY. */
enum err queues_load(const char *path, struct queues **ret_queues,
                     struct config_report reports[2]) MUST_CHECK;

/* NULL inside is fine; *queues is NULL afterwards. */
void queues_destroy(struct queues **queues);

#endif
