/* flaky.c - events, and how many of them are no accident. */
#include "actors/common/flaky.h"

#include <math.h>
#include <stdlib.h>

enum err flaky_add_run(struct flaky_runs *runs, const struct flaky_run *run, const char *snapshot)
{
    if (runs->count == runs->capacity) {
        size_t capacity = runs->capacity ? 2 * runs->capacity : 64;
        struct flaky_run *all = realloc(runs->all, capacity * sizeof *all);
        if (!all) {
            return ERR_MEMORY;
        }
        runs->all = all;
        runs->capacity = capacity;
    }
    struct flaky_run *to = &runs->all[runs->count++];
    *to = *run;
    to->tree = *snapshot ? UINT64_C(0xcbf29ce484222325) : 0;
    for (; *snapshot; snapshot++) {
        to->tree = (to->tree ^ (unsigned char)*snapshot) * UINT64_C(0x100000001b3);
    }
    return ERR_OK;
}

void flaky_runs_fini(struct flaky_runs *runs)
{
    free(runs->all);
    *runs = (struct flaky_runs){.count = 0};
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;
    return (*x > *y) - (*x < *y);
}

/* More than chance makes of the usual number: four standard deviations, were each of them rare and
 * on its own, and three for suites in which there are hardly any. */
static double limit_of(const uint64_t *sorted, size_t count)
{
    size_t middle = count / 2;
    double usual = (double)sorted[middle];
    return usual + 4 * sqrt(usual) + 3;
}

void flaky_judge_runs(struct flaky_runs *runs)
{
    uint64_t *numbers = calloc(runs->count + 1, sizeof *numbers);
    if (!numbers || runs->count == 0) {
        free(numbers); /* without memory every run counts as quiet */
        return;
    }
    for (size_t i = 0; i < runs->count; i++) {
        numbers[i] = runs->all[i].flaky;
    }
    qsort(numbers, runs->count, sizeof *numbers, by_number);
    double flaky_max = limit_of(numbers, runs->count);
    for (size_t i = 0; i < runs->count; i++) {
        numbers[i] = runs->all[i].failed;
    }
    qsort(numbers, runs->count, sizeof *numbers, by_number);
    double failed_max = limit_of(numbers, runs->count);
    for (size_t i = 0; i < runs->count; i++) {
        runs->all[i].noisy = (double)runs->all[i].flaky > flaky_max;
        runs->all[i].broken = (double)runs->all[i].failed > failed_max;
    }
    free(numbers);
}

static size_t find_run(const struct flaky_runs *runs, uint64_t no, size_t from)
{
    while (from < runs->count && runs->all[from].no < no) {
        from++;
    }
    return from;
}

/* The same tree passed and failed, one run after the other. */
static bool has_flipped(const struct flaky_test *test, const struct flaky_runs *runs, size_t at,
                        enum term status)
{
    if (test->at == 0) {
        return false;
    }
    const struct flaky_run *old = &runs->all[test->at - 1];
    const struct flaky_run *new = &runs->all[at];
    bool differ = (test->last == TERM_status_FAILED && status == TERM_status_PASSED) ||
                  (test->last == TERM_status_PASSED && status == TERM_status_FAILED);
    return differ && old->tree != 0 && old->tree == new->tree && !old->broken && !new->broken;
}

void flaky_add(struct flaky_test *test, const struct flaky_runs *runs, uint64_t no,
               enum term status)
{
    size_t at = find_run(runs, no, test->at > 0 ? test->at - 1 : 0);
    bool counts =
        status == TERM_status_PASSED || status == TERM_status_FAILED || status == TERM_status_FLAKY;
    if (!counts || at == runs->count || runs->all[at].no != no) {
        return;
    }
    bool event =
        status == TERM_status_FLAKY ? !runs->all[at].noisy : has_flipped(test, runs, at, status);
    bool turned =
        test->at > 0 && (test->last == TERM_status_FAILED) != (status == TERM_status_FAILED);
    test->flips += turned || status == TERM_status_FLAKY;
    test->runs++;
    test->failed += status == TERM_status_FAILED;
    test->events += event;
    test->seen_ms = event ? runs->all[at].at_ms : test->seen_ms;
    test->at = at + 1;
    test->last = status;
}

void flaky_count(struct flaky_suite *suite, const struct flaky_test *test)
{
    suite->once += test->events == 1;
    suite->again += test->events > 1;
}

/* Of tests that fail once in twenty times, a fifth has one event in fifty runs, and of all others
 * less: so those with one are fewer than those with more, but for a few by chance. */
bool flaky_is(const struct flaky_test *test, const struct flaky_suite *suite)
{
    enum { CHANCE = 3 };
    return test->events > 1 || (test->events == 1 && suite->once <= suite->again + CHANCE);
}

double flaky_rate(const struct flaky_test *test)
{
    return test->runs > 0 ? (double)test->events / (double)test->runs : 0;
}
