/* results.h - the results of a run as plain data, and the rows they are collected from.
 *
 * Pure.  Rows arrive in pages, may come again, and may have holes: a file counts once its FILE_ROW
 * has come with all of its TEST_ROWs before it, and once only.
 */
#ifndef TOOLS_RESULTS_H
#define TOOLS_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actors/common/cost.h"
#include "proto/error.h"
#include "proto/message.h"
#include "proto/terms.h"

struct test_result {
    char *name;    /* owned; "" for the file itself */
    char *message; /* owned */
    uint64_t index;
    enum term status;
    uint64_t duration_us;
    uint64_t line;
    uint64_t column;
};

struct file_result {
    char *file; /* owned, as the following */
    char *worker;
    char *message; /* of the file itself */
    uint64_t job;
    uint64_t seq;
    enum term status;
    enum term outcome;
    uint64_t planned;
    uint64_t duration_us;
    uint64_t attempts;
    bool cached;               /* it did not run */
    bool audited;              /* it could have been left out */
    uint64_t seen_ms;          /* since the client began; 0: nobody watched */
    struct test_result *tests; /* by index */
    size_t count;
};

void file_result_free(struct file_result **file);

/* Counts of a run, from RUN_CLOSED or the ledger. */
struct run_totals {
    enum term verdict;
    uint64_t wall_ms;
    uint64_t cpu_us;
    uint64_t slot_us; /* time of slots, and what it cost; 0 on machines of one's own */
    double usd;
    uint64_t budget; /* enum budget_stage: how far the month's budget held it back */
    uint64_t files_planned, files_done, files_lost, files_not_affected;
    uint64_t files_cached, files_audited;
    uint64_t tests_planned, tests_passed, tests_failed, tests_skipped, tests_flaky, tests_lost;
    char runner[80];
    char reason[4097];
    char note[4097]; /* what an audit has found */
};

/* All of a run. */
struct results {
    struct file_result **files; /* owned */
    size_t count;
    size_t capacity;
};

/* Takes over *file.  ERR_MEMORY leaves it. */
enum err results_add(struct results *self, struct file_result **file) MUST_CHECK;

/* By file name. */
void results_sort(struct results *self);
void results_fini(struct results *self);

/* ---- collecting ---- */

struct collect;

enum err collect_new(struct collect **ret_collect) MUST_CHECK;
void collect_destroy(struct collect **collect);

enum err collect_test(struct collect *self, const struct msg_test_row *row) MUST_CHECK;

/* *ret_file: the file is complete for the first time, and now the caller's; else NULL. */
enum err collect_file(struct collect *self, const struct msg_file_row *row,
                      struct file_result **ret_file) MUST_CHECK;

/* A page of rows up to `seq` has ended.  False: some of it was missing, collect_after() has moved
 * no further than that. */
bool collect_page(struct collect *self, uint64_t seq);

/* Where to ask next. */
uint64_t collect_after(const struct collect *self);

/* Complete files so far. */
uint64_t collect_count(const struct collect *self);

/* Something is missing, nobody knows where: asks from the beginning; what is known stays known. */
void collect_again(struct collect *self);

#endif
