/* command_heal_health.c - troupe heal health: how a project's browser tests fare, what in them will
 * break without a fault in the product, and what healing has saved. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/text_file.h"
#include "actors/healer/edit.h"
#include "tools/command_heal_kept.h"
#include "tools/history.h"
#include "tools/json_health.h"
#include "tools/paint.h"
#include "tools/report.h"

enum {
    RUNS_DEFAULT = 50,
    RUNS_MAX = 10000,
    REPAIR_MINUTES = 15,
    REVIEW_MINUTES = 3,
    MINUTES_MAX = 1000,
    TESTS_MAX = 2000,
    SEEN_MAX = 20000,
    FILES_MAX = 2000,
    PLACES_MAX = 2000,
    SHOWN_MAX = 20,
    FILE_BYTES_MAX = 1 << 20
};

/* A call that hit its element when the test passed last. */
struct seen {
    char *file;
    uint64_t line;
    char *locator;
    char *instead; /* NULL: nothing is known that says what the element is */
};

struct work {
    struct health health;
    struct seen *seen;
    size_t seen_count;
    char **files; /* of the tests, and of the calls that they made */
    size_t files_count;
    const char *file; /* being scanned */
    bool failed;      /* memory ran out */
};

static void work_free(struct work *self)
{
    for (size_t i = 0; i < self->seen_count; i++) {
        free(self->seen[i].file);
        free(self->seen[i].locator);
        free(self->seen[i].instead);
    }
    for (size_t i = 0; i < self->files_count; i++) {
        free(self->files[i]);
    }
    for (size_t i = 0; i < self->health.places_count; i++) {
        free(self->health.places[i].file);
        free(self->health.places[i].instead);
    }
    free(self->seen);
    free(self->files);
    free(self->health.places);
    free(self->health.tests);
}

/* Room for one more item of `size` bytes; NULL: memory ran out, or there are `max`. */
static void *room(struct work *self, void **items, size_t count, size_t max, size_t size)
{
    if (count == max) {
        return NULL;
    }
    if ((count & (count - 1)) == 0) { /* 0, 1, 2, 4, 8…: it is full */
        void *grown = reallocarray(*items, count > 0 ? 2 * count : 1, size);
        self->failed |= !grown;
        if (!grown) {
            return NULL;
        }
        *items = grown;
    }
    return (char *)*items + count * size;
}

static void add_file(struct work *self, const char *file)
{
    if (!edit_is_path(file)) {
        return;
    }
    for (size_t i = self->files_count; i-- > 0;) { /* mostly it is the last one */
        if (strcmp(self->files[i], file) == 0) {
            return;
        }
    }
    void *items = self->files;
    char **at = room(self, &items, self->files_count, FILES_MAX, sizeof *at);
    self->files = items;
    if (at) {
        *at = strdup(file);
        self->failed |= !*at;
        self->files_count += *at != NULL;
    }
}

/* ---- out of the ledger ---- */

static enum err take_test(void *arg, const struct ledger_flaky *test)
{
    struct work *self = arg;
    struct health *health = &self->health;
    void *items = health->tests;
    struct ledger_flaky *at = room(self, &items, health->tests_count, TESTS_MAX, sizeof *at);
    health->tests = items;
    if (at) {
        *at = *test;
        health->tests_count++;
    }
    add_file(self, test->file);
    return self->failed ? ERR_MEMORY : ERR_OK;
}

static void take_call(struct work *self, const struct page_call *call)
{
    char instead[LOCATOR_PRINT_SIZE];
    void *items = self->seen;
    struct seen *at = room(self, &items, self->seen_count, SEEN_MAX, sizeof *at);
    self->seen = items;
    if (!at) {
        return;
    }
    bool known = brittle_instead(&call->element, instead);
    *at = (struct seen){.file = strdup(call->file),
                        .line = call->line,
                        .locator = strdup(call->locator),
                        .instead = known ? strdup(instead) : NULL};
    self->failed |= !at->file || !at->locator || (known && !at->instead);
    self->seen_count++;
    add_file(self, call->file);
}

static enum err take_page(void *arg, struct msg_str seen)
{
    struct work *self = arg;
    struct page page = {.url = ""};
    enum err err = page_read(seen.at, seen.size, &page);
    if (err != ERR_OK) {
        return err == ERR_MEMORY ? err : ERR_OK; /* it came from a test: then nothing is known */
    }
    for (size_t i = 0; i < page.used_count; i++) {
        take_call(self, &page.used[i]);
    }
    page_free(&page);
    return self->failed ? ERR_MEMORY : ERR_OK;
}

static int worst_first(const void *a, const void *b)
{
    const struct ledger_flaky *x = a;
    const struct ledger_flaky *y = b;
    double xs = (double)(x->failed + x->flips) / (double)(x->runs > 0 ? x->runs : 1);
    double ys = (double)(y->failed + y->flips) / (double)(y->runs > 0 ? y->runs : 1);
    return (xs < ys) - (xs > ys);
}

static enum err read_ledger(struct work *self, struct store_txn *txn)
{
    struct health *health = &self->health;
    const struct ledger_flaky_wanted wanted = {
        .dir = msg_str(health->dir), .runs = health->runs, .runner = msg_str("playwright")};
    enum err err = ledger_flaky(txn, &wanted, take_test, self);
    err = err == ERR_OK ? ledger_known(txn, wanted.dir, take_page, self) : err;
    err = err == ERR_OK ? ledger_count_heals(txn, wanted.dir, wanted.runs, &health->heals) : err;
    if (health->tests_count > 1) {
        qsort(health->tests, health->tests_count, sizeof *health->tests, worst_first);
    }
    return err;
}

/* ---- out of the sources ---- */

/* What the call that stands there hit; NULL: it is not known, or not so that it can be said. */
static const char *instead_of(const struct work *self, const struct brittle_place *place)
{
    for (size_t i = 0; i < self->seen_count; i++) {
        const struct seen *seen = &self->seen[i];
        if (seen->instead && seen->line == place->line && strcmp(seen->file, self->file) == 0 &&
            strstr(seen->locator, place->text)) {
            return strcmp(seen->instead, seen->locator) == 0 ? NULL : seen->instead;
        }
    }
    return NULL;
}

static void take_place(void *arg, const struct brittle_place *place)
{
    struct work *self = arg;
    struct health *health = &self->health;
    health->locators += place->kind < BRITTLE_SLEEP;
    health->brittle[place->kind]++;
    if (place->kind == BRITTLE_NONE) {
        return;
    }
    void *items = health->places;
    struct health_place *at = room(self, &items, health->places_count, PLACES_MAX, sizeof *at);
    health->places = items;
    if (!at) {
        health->left_out++;
        return;
    }
    const char *instead = place->kind < BRITTLE_SLEEP ? instead_of(self, place) : NULL;
    *at = (struct health_place){
        .file = strdup(self->file), .place = *place, .instead = instead ? strdup(instead) : NULL};
    self->failed |= !at->file || (instead && !at->instead);
    health->places_count++;
}

static enum err read_sources(struct work *self)
{
    struct config_report why;
    char path[PATH_MAX];
    for (size_t i = 0; i < self->files_count && !self->failed; i++) {
        char *text = NULL;
        size_t size = 0;
        int length = snprintf(path, sizeof path, "%s/%s", self->health.dir, self->files[i]);
        config_report_clear(&why);
        if (length < 0 || (size_t)length >= sizeof path ||
            text_file_read(path, FILE_BYTES_MAX, &text, &size, &why) != ERR_OK) {
            continue; /* it is gone since */
        }
        self->file = self->files[i];
        self->health.files++;
        brittle_scan(text, size, take_place, self);
        free(text);
    }
    return self->failed ? ERR_MEMORY : ERR_OK;
}

/* ---- for people ---- */

static void show_tests(const struct invocation *invocation, const struct health *health)
{
    size_t worst = 0;
    while (worst < health->tests_count &&
           health->tests[worst].failed + health->tests[worst].flips > 0) {
        worst++;
    }
    (void)printf("%zu browser tests, %zu of them failed or flipped in the newest %" PRIu64
                 " runs\n",
                 health->tests_count, worst, health->runs);
    for (size_t i = 0; i < worst && i < SHOWN_MAX; i++) {
        const struct ledger_flaky *test = &health->tests[i];
        double runs = (double)(test->runs > 0 ? test->runs : 1);
        (void)printf("  %s%-5s%s passed %3.0f %% of %" PRIu64 " runs, flipped in %" PRIu64 "  ",
                     paint(invocation->color, test->is ? PAINT_YELLOW : PAINT_DIM),
                     test->is ? "flaky" : "", paint(invocation->color, PAINT_RESET),
                     100 * (1 - (double)test->failed / runs), test->runs, test->flips);
        report_name(stdout, test->file);
        (void)printf(" > ");
        report_name(stdout, test->test);
        (void)putchar('\n');
    }
}

static void show_places(const struct invocation *invocation, const struct health *health)
{
    uint64_t brittle = 0;
    for (int i = BRITTLE_NONE + 1; i < BRITTLE_SLEEP; i++) {
        brittle += health->brittle[i];
    }
    (void)printf("\n%" PRIu64 " of %" PRIu64 " locators in %" PRIu64 " files are brittle\n",
                 brittle, health->locators, health->files);
    for (size_t i = 0; i < health->places_count && i < SHOWN_MAX; i++) {
        const struct health_place *at = &health->places[i];
        (void)printf("  ");
        report_name(stdout, at->file);
        (void)printf(":%" PRIu64 ":%" PRIu64 "  %s%s%s  ", at->place.line, at->place.column,
                     paint(invocation->color, PAINT_YELLOW), brittle_word(at->place.kind),
                     paint(invocation->color, PAINT_RESET));
        report_name(stdout, at->place.text);
        if (at->instead) {
            (void)printf("\n      it hit what can be called ");
            report_name(stdout, at->instead);
        }
        (void)putchar('\n');
    }
    if (health->places_count + health->left_out > SHOWN_MAX) {
        (void)printf("  ... and %zu more; --json says all\n",
                     health->places_count + health->left_out - SHOWN_MAX);
    }
    for (int i = BRITTLE_NONE + 1; i < BRITTLES; i++) {
        if (health->brittle[i] > 0) {
            (void)printf("  %s%-10s%s %4" PRIu64 "  %s\n", paint(invocation->color, PAINT_DIM),
                         brittle_word((enum brittle)i), paint(invocation->color, PAINT_RESET),
                         health->brittle[i], brittle_sentence((enum brittle)i));
        }
    }
}

static void show_heals(const struct health *health)
{
    const struct ledger_heals *heals = &health->heals;
    (void)printf("\n%" PRIu64 " locators healed, %" PRIu64 " proposed, for %" PRIu64
                 " failures; %" PRIu64 " failures refused\n",
                 heals->healed, heals->proposed, heals->failures, heals->refused);
    (void)printf("saved %.0f minutes = " HEALTH_FORMULA ", with repair = %" PRIu64
                 " and review = %" PRIu64 " minutes (assumed; --repair-minutes)\n",
                 health_minutes(health), health->minutes_repair, health->minutes_review);
}

/* ---- the command ---- */

static int number_of(const struct invocation *invocation, const char *option, uint64_t max,
                     uint64_t *number)
{
    const char *text = invocation_value(invocation, option);
    char *end = NULL;
    unsigned long long value = text ? strtoull(text, &end, 10) : *number;
    if (text && (text[0] < '0' || text[0] > '9' || *end || value < 1 || value > max)) {
        return complainf(EXIT_USAGE, NULL, "--%s %.32s: a number from 1 to %" PRIu64, option, text,
                         max);
    }
    *number = value;
    return EXIT_DONE;
}

int command_heal_health(struct invocation *invocation)
{
    char dir[PATH_MAX];
    struct work self = {.health = {.dir = dir,
                                   .runs = RUNS_DEFAULT,
                                   .minutes_repair = REPAIR_MINUTES,
                                   .minutes_review = REVIEW_MINUTES}};
    struct store_reader *reader = NULL;
    const char *word = invocation->words_count > 1 ? invocation->words[1] : ".";
    if (!realpath(word, dir)) {
        return complainf(EXIT_USAGE, "Say which directory holds the project.", "%.300s: %s", word,
                         strerrordesc_np(errno));
    }
    int code = number_of(invocation, "runs", RUNS_MAX, &self.health.runs);
    code = code == EXIT_DONE
               ? number_of(invocation, "repair-minutes", MINUTES_MAX, &self.health.minutes_repair)
               : code;
    code = code == EXIT_DONE ? history_open(invocation, &reader) : code;
    if (code != EXIT_DONE) {
        return code;
    }
    enum err err = read_ledger(&self, store_reader_txn(reader));
    store_reader_close(&reader);
    err = err == ERR_OK ? read_sources(&self) : err;
    if (err == ERR_OK && invocation->json) {
        err = json_health(stdout, &self.health);
    } else if (err == ERR_OK) {
        show_tests(invocation, &self.health);
        show_places(invocation, &self.health);
        show_heals(&self.health);
    }
    work_free(&self);
    return err == ERR_OK ? EXIT_DONE : complain(EXIT_COULD_NOT, err_text(err), NULL);
}
