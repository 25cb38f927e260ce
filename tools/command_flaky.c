/* command_flaky.c - troupe flaky: tests of a project that pass and fail with the same code. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "actors/coordinator/ledger_flaky.h"
#include "tools/history.h"
#include "tools/json.h"
#include "tools/paint.h"
#include "tools/report.h"

enum { RUNS_DEFAULT = 50, RUNS_MAX = 10000, LISTED_MAX = 1000 };

struct list {
    struct ledger_flaky *all; /* owned: flaky and suspected ones */
    size_t count;
    size_t left_out; /* beyond LISTED_MAX */
    uint64_t tests;
    uint64_t flaky;
};

static enum err take(void *arg, const struct ledger_flaky *flaky)
{
    struct list *self = arg;
    self->tests++;
    self->flaky += flaky->is;
    if (flaky->events == 0) {
        return ERR_OK;
    }
    if (self->count == LISTED_MAX) {
        self->left_out++;
        return ERR_OK;
    }
    struct ledger_flaky *all = realloc(self->all, (self->count + 1) * sizeof *all);
    if (!all) {
        return ERR_MEMORY;
    }
    self->all = all;
    self->all[self->count++] = *flaky;
    return ERR_OK;
}

static int worst_first(const void *a, const void *b)
{
    const struct ledger_flaky *x = a;
    const struct ledger_flaky *y = b;
    if (x->is != y->is) {
        return y->is - x->is;
    }
    return (x->rate < y->rate) - (x->rate > y->rate);
}

static void show_one(const struct invocation *invocation, const struct ledger_flaky *flaky)
{
    char day[16] = "";
    time_t at = (time_t)(flaky->seen_ms / 1000);
    struct tm tm;
    if (gmtime_r(&at, &tm)) {
        (void)strftime(day, sizeof day, "%Y-%m-%d", &tm);
    }
    (void)printf("  %s%-9s%s %3.0f %% of %" PRIu64 " runs, last on %s  ",
                 paint(invocation->color, flaky->is ? PAINT_YELLOW : PAINT_DIM),
                 flaky->is ? "flaky" : "suspected", paint(invocation->color, PAINT_RESET),
                 100 * flaky->rate, flaky->runs, day);
    report_name(stdout, flaky->file);
    (void)printf(" > ");
    report_name(stdout, flaky->test);
    (void)putchar('\n');
}

static enum err show(const struct invocation *invocation, const struct list *list)
{
    if (invocation->json) {
        return json_flaky(stdout, list->all, list->count, list->tests);
    }
    for (size_t i = 0; i < list->count; i++) {
        show_one(invocation, &list->all[i]);
    }
    if (list->left_out > 0) {
        (void)printf("  ... and %zu more\n", list->left_out);
    }
    (void)printf("%" PRIu64 " of %" PRIu64 " tests are flaky\n", list->flaky, list->tests);
    return ERR_OK;
}

static int runs_wanted(const struct invocation *invocation, uint64_t *ret_runs)
{
    const char *text = invocation_value(invocation, "runs");
    char *end = NULL;
    unsigned long long runs = text ? strtoull(text, &end, 10) : RUNS_DEFAULT;
    if (text && (text[0] < '0' || text[0] > '9' || *end || runs < 1 || runs > RUNS_MAX)) {
        return complainf(EXIT_USAGE, NULL, "--runs %.32s: a number from 1 to %d", text, RUNS_MAX);
    }
    *ret_runs = runs;
    return EXIT_DONE;
}

int command_flaky(struct invocation *invocation)
{
    char dir[PATH_MAX];
    const char *word = invocation->words_count > 0 ? invocation->words[0] : ".";
    struct ledger_flaky_wanted wanted = {.runner = msg_str("")};
    struct store_reader *reader = NULL;
    struct list list = {.count = 0};
    if (invocation->words_count > 1 || !realpath(word, dir)) {
        return complainf(EXIT_USAGE, "Say which directory holds the project.", "%.300s: %s", word,
                         strerrordesc_np(invocation->words_count > 1 ? EINVAL : errno));
    }
    int code = runs_wanted(invocation, &wanted.runs);
    code = code == EXIT_DONE ? history_open(invocation, &reader) : code;
    if (code != EXIT_DONE) {
        return code;
    }
    wanted.dir = msg_str(dir);
    enum err err = ledger_flaky(store_reader_txn(reader), &wanted, take, &list);
    store_reader_close(&reader);
    if (list.count > 1) {
        qsort(list.all, list.count, sizeof *list.all, worst_first);
    }
    err = err == ERR_OK ? show(invocation, &list) : err;
    free(list.all);
    return err == ERR_OK ? EXIT_DONE : complain(EXIT_COULD_NOT, err_text(err), NULL);
}
