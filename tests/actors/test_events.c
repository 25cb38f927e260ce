/* test_events.c - the log of events against a recorded life of a run, and the views of the ledger.
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/coordinator/ledger_finding.h"
#include "actors/coordinator/ledger_view.h"
#include "tests/actors/ledger_txn.h"

static struct store *store;
static uint64_t epoch;
#define RUN  "01JD0000000000000000000000"
#define T0   UINT64_C(1700000000000)
#define HARD "a\"b\\c\n\x01\xff</script>"

typedef enum err body(struct store_txn *txn, void *arg);

static enum err run(body *what, void *arg)
{
    return ledger_txn(store, what, arg);
}

static struct ledger_key key(void)
{
    return (struct ledger_key){epoch, msg_str(RUN)};
}

static enum err sql(struct store_txn *txn, void *arg)
{
    return store_exec(txn, *(const char **)arg, STORE_WITHOUT);
}

static void change(const char *text)
{
    cr_assert_eq(run(sql, &text), ERR_OK, "%s", text);
}

static void setup(void)
{
    store = ledger_txn_open();
    epoch = ledger_txn_begin(store);
}

static void teardown(void)
{
    store_close(&store);
}

TestSuite(events, .init = setup, .fini = teardown);

/* ---- the recording ---- */

static enum err submit(struct store_txn *txn, void *arg)
{
    bool fresh;
    const struct ledger_submit submit = {.dir = msg_str("/p"),
                                         .runner = msg_str("auto"),
                                         .command = msg_str(""),
                                         .env = msg_str(""),
                                         .origin = msg_str(arg),
                                         .wall_ms = T0};
    return ledger_submit_run(txn, key(), &submit, &fresh);
}

/* As many files as *arg says, listed and planned. */
static enum err plan(struct store_txn *txn, void *arg)
{
    size_t count = *(size_t *)arg;
    enum err err = ERR_OK;
    struct ledger_place *places = calloc(count, sizeof *places);
    cr_assert(places);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, i == 0 ? HARD : "f%zu", i);
        const struct ledger_file file = {.job = i, .file = msg_str(name)};
        places[i] = (struct ledger_place){.job = i, .position = i, .expected_us = 7000};
        err = ledger_add_files(txn, key(), &file, 1);
    }
    const struct ledger_listing listing = {
        .runner = msg_str("vitest"), .version = msg_str("3"), .files = count};
    err = err == ERR_OK ? ledger_set_listed(txn, key(), &listing) : err;
    err = err == ERR_OK ? ledger_set_plan(txn, key(), places, count) : err;
    free(places);
    return err;
}

struct given {
    uint64_t job;
    uint64_t token;
    uint64_t wall_ms;
};

static enum err grant(struct store_txn *txn, void *arg)
{
    const struct given *lease = arg;
    const struct ledger_grant grant = {.token = epoch << 32 | lease->token,
                                       .worker = msg_str("w1"),
                                       .jobs = &lease->job,
                                       .count = 1,
                                       .wall_ms = lease->wall_ms};
    return ledger_grant(txn, key(), &grant);
}

static enum err release(struct store_txn *txn, void *arg)
{
    const struct given *lease = arg;
    return ledger_release(
        txn, key(),
        &(struct ledger_release){.job = lease->job, .token = epoch << 32 | lease->token});
}

/* A test that passes and one that fails; with the same index twice it is refused. */
static enum err finish_with(struct store_txn *txn, const struct given *lease, uint64_t second)
{
    const struct ledger_test tests[] = {{.name = msg_str("good"), .status = TERM_status_PASSED},
                                        {.name = msg_str(HARD),
                                         .index = second,
                                         .status = TERM_status_FAILED,
                                         .message = msg_str(HARD)}};
    struct ledger_finished finished;
    const struct ledger_result result = {.job = lease->job,
                                         .token = epoch << 32 | lease->token,
                                         .outcome = TERM_outcome_COMPLETE,
                                         .collected = 2,
                                         .duration_us = 5000,
                                         .wall_ms = lease->wall_ms,
                                         .message = msg_str(""),
                                         .tests = tests,
                                         .count = 2};
    return ledger_finish_job(txn, key(), &result, &finished);
}

static enum err finish(struct store_txn *txn, void *arg)
{
    return finish_with(txn, arg, 1);
}

static enum err finish_wrongly(struct store_txn *txn, void *arg)
{
    return finish_with(txn, arg, 0);
}

static enum err close_run(struct store_txn *txn, void *arg)
{
    struct ledger_totals totals;
    (void)arg;
    return ledger_close_run(
        txn, key(), &(struct ledger_closing){.wall_ms = 900, .reason = msg_str("")}, &totals);
}

static enum err classify(struct store_txn *txn, void *arg)
{
    (void)arg;
    return ledger_classify(txn, key(), 1,
                           &(struct ledger_label){.label = TERM_label_TEST,
                                                  .confidence = 0.5,
                                                  .queue = msg_str("test"),
                                                  .model = msg_str(""),
                                                  .why = msg_str("because"),
                                                  .cause = UINT64_MAX,
                                                  .wall_ms = T0 + 400});
}

static void play(void)
{
    size_t count = 2;
    struct given first = {0, 1, T0 + 10};
    struct given again = {0, 2, T0 + 30};
    char origin[] = "cli";
    cr_assert_eq(run(submit, origin), ERR_OK);
    cr_assert_eq(run(plan, &count), ERR_OK);
    cr_assert_eq(run(grant, &first), ERR_OK);
    cr_assert_eq(run(release, &first), ERR_OK);
    cr_assert_eq(run(grant, &again), ERR_OK);
    again.wall_ms = T0 + 300;
    cr_assert_eq(run(finish, &again), ERR_OK);
    cr_assert_eq(run(classify, NULL), ERR_OK);
    cr_assert_eq(run(close_run, NULL), ERR_OK);
    change("INSERT INTO fix VALUES (1, 1, 1, 'typescript', 2, 0, 3, 'd', 'r')");
    change("INSERT INTO heal VALUES (1, 1, 2, 'a.ts', 3, 'old', 'new', 0.5, 'd', 'r')");
    change("INSERT OR REPLACE INTO decision VALUES (1, 1, 2, 1700000000999, '')");
    change("INSERT OR REPLACE INTO decision VALUES (1, 1, 5, 1700000001999, '')");
    change("UPDATE run SET settled = 1, reported = 1");
}

/* ---- events ---- */

static char told[16384];

static void tell(void *arg, const struct ledger_event *event)
{
    (void)arg;
    size_t used = strlen(told);
    (void)snprintf(told + used, sizeof told - used, "%llu +%llu %s %llu %llu %s|%s\n",
                   (unsigned long long)event->no, (unsigned long long)(event->at_ms - T0),
                   event->kind.at, (unsigned long long)event->number,
                   (unsigned long long)event->value, event->who.at, event->text.at);
    cr_expect_str_eq(event->run.at, RUN);
}

static enum err events_of(struct store_txn *txn, void *arg)
{
    told[0] = '\0';
    return ledger_events(txn, msg_str(RUN), *(uint64_t *)arg, tell, NULL);
}

static const char *events_after(uint64_t after)
{
    cr_assert_eq(run(events_of, &after), ERR_OK);
    return told;
}

Test(events, are_the_recorded_life_of_a_run)
{
    play();
    cr_expect_str_eq(events_after(0), "1 +0 run-accepted 0 0 cli|/p\n"
                                      "2 +0 run-planned 2 0 vitest|\n"
                                      "3 +10 file-started 0 0 w1|" HARD "\n"
                                      "4 +10 file-requeued 0 0 w1|" HARD "\n"
                                      "5 +30 file-started 0 0 w1|" HARD "\n"
                                      "6 +300 error-found 1 0 |" HARD "\n"
                                      "7 +300 file-done 0 2 w1|" HARD "\n"
                                      "8 +400 error-labelled 1 3 test|" HARD "\n"
                                      "9 +400 file-done 1 5 |f1\n"
                                      "10 +900 run-closed 0 2 |\n"
                                      "11 +900 fix 1 1 typescript|r\n"
                                      "12 +900 heal 1 2 a.ts|r\n"
                                      "13 +999 fix-decided 1 2 |\n"
                                      "14 +1999 fix-decided 1 5 |\n"
                                      "15 +1999 run-settled 0 0 |\n"
                                      "16 +1999 run-reported 0 0 cli|\n");
    cr_expect_str_eq(events_after(15), "16 +1999 run-reported 0 0 cli|\n");
    cr_expect_str_eq(events_after(16), "");
}

Test(events, come_with_their_change_or_not_at_all)
{
    size_t count = 1;
    struct given lease = {0, 1, T0 + 10};
    char origin[] = "";
    cr_assert_eq(run(submit, origin), ERR_OK);
    cr_assert_eq(run(plan, &count), ERR_OK);
    cr_assert_eq(run(grant, &lease), ERR_OK);
    cr_assert_eq(run(finish_wrongly, &lease), ERR_EXISTS);
    cr_expect_str_eq(events_after(3), "", "%s", told);
    cr_assert_eq(run(finish, &lease), ERR_OK);
    cr_assert_eq(run(finish, &lease), ERR_STALE);
    cr_expect_str_eq(events_after(3), "4 +10 error-found 1 0 |" HARD "\n"
                                      "5 +10 file-done 0 2 w1|" HARD "\n");
    cr_assert_eq(run(submit, origin), ERR_OK, "again");
    cr_expect_str_eq(events_after(5), "");
}

static enum err newest(struct store_txn *txn, void *arg)
{
    return ledger_events_begin(txn, 100, arg);
}

static enum err count_events(struct store_txn *txn, void *arg)
{
    struct store_rows rows;
    store_query(txn, "SELECT count(*) FROM event", STORE_WITHOUT, &rows);
    *(uint64_t *)arg = store_next(&rows) ? store_column_u64(&rows, 0) : 0;
    return store_rows_end(&rows);
}

Test(events, keep_the_newest_hundred_thousand_under_numbers_that_only_grow)
{
    uint64_t count = 0;
    uint64_t after = 0;
    change("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 102500)"
           " INSERT INTO event (at_ms, run, kind, number, value, who, text)"
           " SELECT i, 'r', 'file-done', i, 1, '', '' FROM n");
    cr_assert_eq(run(count_events, &count), ERR_OK);
    cr_expect_eq(count, 100500, "%llu", (unsigned long long)count);
    cr_assert_eq(run(newest, &after), ERR_OK);
    cr_expect_eq(after, 102400);
}

/* ---- views ---- */

struct look {
    const char *view;
    const char *run;
    const char *word;
    uint64_t after;
    struct ledger_looked looked;
};

static enum err look(struct store_txn *txn, void *arg)
{
    struct look *self = arg;
    return ledger_view(txn,
                       &(struct ledger_look){.view = msg_str(self->view),
                                             .run = msg_str(self->run),
                                             .after = self->after,
                                             .word = msg_str(self->word),
                                             .wall_ms = T0 + 5000},
                       &self->looked);
}

/* The rows as an array; what is no UTF-8 is replaced, as a browser does. */
static json_t *rows_of(struct look *self)
{
    static char text[MSG_MAX_looked_rows + 3];
    cr_assert_eq(run(look, self), ERR_OK, "%s", self->view);
    (void)snprintf(text, sizeof text, "[%s]", self->looked.rows);
    for (char *at = text; *at; at++) {
        *at = *at == '\xff' ? '?' : *at;
    }
    json_error_t error;
    json_t *rows = json_loads(text, 0, &error);
    cr_assert(rows, "%s: %s in %s", self->view, error.text, text);
    return rows;
}

Test(events, every_view_is_sound_json_with_and_without_a_run)
{
    static const struct {
        const char *view;
        size_t rows;
    } views[] = {{"runs", 1},     {"run", 1},     {"today", 1}, {"files", 2}, {"tests", 2},
                 {"failures", 2}, {"errors", 1},  {"fixes", 1}, {"heals", 1}, {"queue", 0},
                 {"dead", 1},     {"events", 16}, {"head", 1},  {"months", 0}};
    static struct look wanted;
    play();
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
        wanted = (struct look){.view = views[i].view, .run = RUN, .word = ""};
        json_t *rows = rows_of(&wanted);
        cr_expect_eq(json_array_size(rows), views[i].rows, "%s: %zu", views[i].view,
                     json_array_size(rows));
        cr_expect_not(wanted.looked.more);
        json_decref(rows);
        wanted = (struct look){.view = views[i].view, .run = "", .word = ""};
        json_decref(rows_of(&wanted));
        wanted = (struct look){.view = views[i].view, .run = RUN, .word = "", .after = 1000};
        rows = rows_of(&wanted);
        cr_expect_eq(json_array_size(rows), strcmp(views[i].view, "runs") == 0, "%s behind its end",
                     views[i].view);
        json_decref(rows);
    }
    wanted = (struct look){.view = "tests; DROP TABLE run", .run = RUN, .word = ""};
    cr_expect_eq(run(look, &wanted), ERR_NOT_FOUND);
    wanted =
        (struct look){.view = "tests", .run = RUN, .word = "", .after = LEDGER_VIEW_AFTER_MAX + 1};
    cr_expect_eq(run(look, &wanted), ERR_LIMIT);
}

Test(events, a_view_tells_what_the_ledger_has)
{
    static struct look wanted = {.view = "failures", .run = RUN, .word = ""};
    play();
    json_t *rows = rows_of(&wanted);
    const json_t *row = json_array_get(rows, 0);
    cr_expect_str_eq(json_string_value(json_object_get(row, "message")), "a\"b\\c\n\x01?</script>");
    cr_expect_eq(json_integer_value(json_object_get(row, "status")), TERM_status_FAILED);
    cr_expect_eq(json_integer_value(json_object_get(json_array_get(rows, 1), "status")),
                 TERM_status_LOST, "a file that never ran");
    json_decref(rows);
    wanted = (struct look){.view = "errors", .run = RUN, .word = ""};
    rows = rows_of(&wanted);
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(rows, 0), "cause")),
                     "ffffffffffffffff", "64 bits are text");
    json_decref(rows);
    wanted = (struct look){.view = "files", .run = RUN, .word = "F1"};
    rows = rows_of(&wanted);
    cr_expect_eq(json_array_size(rows), 1);
    row = json_array_get(rows, 0);
    cr_expect_eq(json_integer_value(json_object_get(row, "expected_us")), 7000);
    json_decref(rows);
}

Test(events, a_long_view_comes_in_pages_without_gap_or_repetition)
{
    size_t count = 1234;
    int64_t next = 0;
    static struct look wanted;
    char origin[] = "";
    cr_assert_eq(run(submit, origin), ERR_OK);
    cr_assert_eq(run(plan, &count), ERR_OK);
    wanted = (struct look){.view = "files", .run = RUN, .word = ""};
    do {
        json_t *rows = rows_of(&wanted);
        cr_assert_leq(json_array_size(rows), LEDGER_VIEW_ROWS_MAX);
        for (size_t i = 0; i < json_array_size(rows); i++) {
            const json_t *job = json_object_get(json_array_get(rows, i), "job");
            cr_assert_eq(json_integer_value(job), next++);
        }
        json_decref(rows);
        wanted.after = wanted.looked.reached;
    } while (wanted.looked.more);
    cr_expect_eq(next, 1234);
    /* Rows of 4,000 bytes fill a page before there are 500. */
    change("INSERT INTO event (at_ms, run, kind, number, value, who, text) SELECT 1, 'x',"
           " 'file-done', 1, 1, '', printf('%.*c', 9000, 'x') FROM job LIMIT 300");
    wanted = (struct look){.view = "events", .run = "x", .word = ""};
    json_t *rows = rows_of(&wanted);
    size_t first = json_array_size(rows);
    cr_expect(wanted.looked.more && first > 50 && first < 70, "%zu", first);
    json_decref(rows);
}
