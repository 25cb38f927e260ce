/* schedule.c - longest first, and guided batches. */
#include "actors/common/schedule.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* A batch is at most this part of a worker's even share of what is left. */
enum { BATCH_PART = 3, BOOTS_WANTED = 10, BOOTS_MIN = 2 };

static int by_time_descending(const void *a, const void *b)
{
    const struct schedule_file *x = a;
    const struct schedule_file *y = b;
    int unknown = (y->expected_us < 0) - (x->expected_us < 0);
    if (unknown != 0) {
        return unknown;
    }
    if (x->expected_us >= 0 && x->expected_us != y->expected_us) {
        return x->expected_us < y->expected_us ? 1 : -1;
    }
    if (x->expected_us < 0 && x->longest_us != y->longest_us) {
        return x->longest_us < y->longest_us ? 1 : -1;
    }
    return (x->index > y->index) - (x->index < y->index);
}

void schedule_order(struct schedule_file *files, size_t count, uint64_t unknown_us)
{
    if (count == 0) {
        return;
    }
    qsort(files, count, sizeof *files, by_time_descending);
    size_t unknown = 0;
    while (unknown < count && files[unknown].expected_us < 0) {
        unknown++;
    }
    uint64_t guess_us =
        unknown < count ? (uint64_t)files[unknown + (count - unknown) / 2].expected_us : unknown_us;
    for (size_t i = 0; i < count; i++) {
        files[i].estimate_us = i < unknown ? guess_us : (uint64_t)files[i].expected_us;
    }
}

/* ---- guesses ---- */

/* Before anything is known: files with more tests have somewhat shorter ones.  It counts as much as
 * a spread of 4 in the logarithms of what was seen. */
static const double SLOPE = -0.3, SLOPE_WEIGHT = 4.0;

void schedule_saw_tests(struct schedule_guess *guess, uint64_t tests, uint64_t spent_us)
{
    guess->tests += (double)tests;
    guess->spent_us += (double)spent_us;
}

void schedule_saw_file(struct schedule_guess *guess, uint64_t tests, uint64_t spent_us)
{
    assert(tests > 0);
    double x = log((double)tests);
    double y = log(fmax((double)spent_us, 1.0) / (double)tests);
    guess->files += 1;
    guess->x += x;
    guess->y += y;
    guess->xx += x * x;
    guess->xy += x * y;
}

double schedule_test_us(const struct schedule_guess *guess, uint64_t tests, uint64_t unknown_us)
{
    assert(tests > 0);
    if (guess->tests < 1) {
        return (double)unknown_us / (double)tests;
    }
    double mean_us = guess->spent_us / guess->tests;
    if (guess->files < 1) {
        return mean_us;
    }
    double spread = guess->xx - guess->x * guess->x / guess->files;
    double common = guess->xy - guess->x * guess->y / guess->files;
    double slope = (common + SLOPE_WEIGHT * SLOPE) / (spread + SLOPE_WEIGHT);
    return mean_us * exp(slope * (log((double)tests) - guess->x / guess->files));
}

double schedule_longest(uint64_t count)
{
    static const double EULER = 0.5772156649;
    return count <= 1 ? 1.0 : log((double)count) + EULER + 0.5 / (double)count;
}

/* ---- batches and plans ---- */

uint64_t schedule_batch_us(uint64_t left_us, uint64_t workers, uint64_t boot_us)
{
    assert(workers > 0);
    uint64_t share_us = left_us / workers;
    uint64_t least_us = BOOTS_WANTED * boot_us < share_us ? BOOTS_WANTED * boot_us : share_us;
    if (least_us < BOOTS_MIN * boot_us) {
        least_us = BOOTS_MIN * boot_us;
    }
    uint64_t guided_us = share_us / BATCH_PART;
    return guided_us > least_us ? guided_us : least_us;
}

/* A heap of workers, the one that is free first on top. */
struct worker {
    uint64_t busy_us;
    size_t number;
};

static int before(const struct worker *a, const struct worker *b)
{
    return a->busy_us != b->busy_us ? a->busy_us < b->busy_us : a->number < b->number;
}

static void sink(struct worker *heap, size_t count, size_t at)
{
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++) {
            if (before(&heap[child], &heap[least])) {
                least = child;
            }
        }
        if (least == at) {
            return;
        }
        struct worker worker = heap[at];
        heap[at] = heap[least];
        heap[least] = worker;
        at = least;
    }
}

enum err schedule_cut(const struct schedule_file *files, size_t count, size_t workers,
                      size_t *ret_worker, struct schedule_plan *ret_plan)
{
    assert(workers > 0);
    struct worker *heap = calloc(workers, sizeof *heap);
    if (!heap) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < workers; i++) {
        heap[i].number = i;
    }
    uint64_t sum_us = 0;
    uint64_t longest_us = 0;
    struct schedule_plan plan = {0};
    for (size_t i = 0; i < count; i++) {
        uint64_t us = files[i].estimate_us;
        sum_us += us;
        longest_us = us > longest_us ? us : longest_us;
        ret_worker[i] = heap[0].number;
        heap[0].busy_us += us;
        plan.makespan_us = heap[0].busy_us > plan.makespan_us ? heap[0].busy_us : plan.makespan_us;
        sink(heap, workers, 0);
    }
    free(heap);
    uint64_t mean_us = (sum_us + workers - 1) / workers;
    plan.lower_bound_us = mean_us > longest_us ? mean_us : longest_us;
    *ret_plan = plan;
    return ERR_OK;
}
