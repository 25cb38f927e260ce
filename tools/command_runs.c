/* command_runs.c - troupe runs list and show: what the ledger has. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/coordinator/ledger.h"
#include "tools/history.h"
#include "tools/json.h"
#include "tools/logline.h"
#include "tools/paint.h"
#include "tools/report.h"
#include "tools/run_read.h"

enum { LIST_DEFAULT = 20, LIST_MAX = 10000, PAGE_FILES = 256, PAGE_BYTES = 4 << 20 };

/* ---- list ---- */

struct listed {
    char run[ULID_SIZE + 1];
    char dir[4097];
    char accepted[LOG_TIME_SIZE];
};

struct list {
    struct listed *texts;
    struct json_run *runs;
    size_t count;
};

static const char sql_list[] =
    "SELECT id, dir, verdict, accepted_ms, wall_ms, files_planned, files_lost, tests_planned, "
    "tests_failed, tests_lost FROM run ORDER BY no DESC LIMIT ?";

static void read_row(const struct store_rows *rows, struct list *list)
{
    struct listed *texts = &list->texts[list->count];
    (void)snprintf(texts->run, sizeof texts->run, "%s", store_column_text(rows, 0).at);
    (void)snprintf(texts->dir, sizeof texts->dir, "%s", store_column_text(rows, 1).at);
    log_time(store_column_u64(rows, 3), texts->accepted);
    uint64_t verdict = store_column_u64(rows, 2);
    list->runs[list->count++] =
        (struct json_run){.run = texts->run,
                          .dir = texts->dir,
                          .verdict = verdict ? term_word("verdict", verdict) : "open",
                          .accepted = texts->accepted,
                          .wall_ms = store_column_u64(rows, 4),
                          .files_planned = store_column_u64(rows, 5),
                          .files_lost = store_column_u64(rows, 6),
                          .tests_planned = store_column_u64(rows, 7),
                          .tests_failed = store_column_u64(rows, 8),
                          .tests_lost = store_column_u64(rows, 9)};
}

static enum paint paint_of(const char *verdict)
{
    return strcmp(verdict, "passed") == 0                                    ? PAINT_GREEN
           : strcmp(verdict, "failed") == 0 || strcmp(verdict, "error") == 0 ? PAINT_RED
                                                                             : PAINT_YELLOW;
}

static void show_list(const struct invocation *invocation, const struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct json_run *run = &list->runs[i];
        char duration[DURATION_SIZE];
        (void)printf("%s  %.19sZ  %s%-9s%s  %10s  %5" PRIu64 " tests", run->run, run->accepted,
                     paint(invocation->color, paint_of(run->verdict)), run->verdict,
                     paint(invocation->color, PAINT_RESET),
                     report_duration(run->wall_ms * 1000, duration), run->tests_planned);
        if (run->tests_failed > 0) {
            (void)printf(", %" PRIu64 " failed", run->tests_failed);
        }
        if (run->files_lost > 0) {
            (void)printf(", %" PRIu64 " files lost", run->files_lost);
        }
        (void)printf("  %s%s%s\n", paint(invocation->color, PAINT_DIM), run->dir,
                     paint(invocation->color, PAINT_RESET));
    }
    if (list->count == 0) {
        (void)printf("No run yet.\n");
    }
}

static int list_runs(struct invocation *invocation, struct store_reader *reader, size_t limit)
{
    struct list list = {.texts = calloc(limit + 1, sizeof *list.texts),
                        .runs = calloc(limit + 1, sizeof *list.runs)};
    enum err err = list.texts && list.runs ? ERR_OK : ERR_MEMORY;
    if (err == ERR_OK) {
        struct store_rows rows;
        store_query(store_reader_txn(reader), sql_list, STORE_WITH(store_u64(limit)), &rows);
        while (list.count < limit && store_next(&rows)) {
            read_row(&rows, &list);
        }
        err = store_rows_end(&rows);
    }
    if (err == ERR_OK && invocation->json) {
        err = json_runs(stdout, list.runs, list.count);
    } else if (err == ERR_OK) {
        show_list(invocation, &list);
    }
    free(list.texts);
    free(list.runs);
    return err == ERR_OK ? EXIT_DONE : complain(EXIT_COULD_NOT, err_text(err), NULL);
}

static int list_limit(const struct invocation *invocation, size_t *ret_limit)
{
    const char *text = invocation_value(invocation, "limit");
    char *end = NULL;
    unsigned long limit = text ? strtoul(text, &end, 10) : LIST_DEFAULT;
    if (text &&
        (*end != '\0' || text[0] < '0' || text[0] > '9' || limit == 0 || limit > LIST_MAX)) {
        return complainf(EXIT_USAGE, NULL, "--limit %.32s: a number from 1 to %d", text, LIST_MAX);
    }
    *ret_limit = limit;
    return EXIT_DONE;
}

/* ---- show ---- */

static char *copy(struct msg_str text)
{
    return strndup(text.at ? text.at : "", text.size);
}

static enum err copy_tests(struct file_result *file, const struct ledger_row *row)
{
    file->tests = calloc(row->count + 1, sizeof *file->tests);
    if (!file->tests) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < row->count; i++) {
        const struct ledger_test *test = &row->tests[i];
        file->tests[i] = (struct test_result){.name = copy(test->name),
                                              .message = copy(test->message),
                                              .index = test->index,
                                              .status = test->status,
                                              .duration_us = test->duration_us,
                                              .line = test->line,
                                              .column = test->column};
        file->count++;
        if (!file->tests[i].name || !file->tests[i].message) {
            return ERR_MEMORY;
        }
    }
    return ERR_OK;
}

static enum err add_row(struct report *report, const struct ledger_row *row)
{
    struct file_result *file = calloc(1, sizeof *file);
    if (!file) {
        return ERR_MEMORY;
    }
    *file = (struct file_result){.file = copy(row->file),
                                 .worker = copy(row->worker),
                                 .message = copy(row->message),
                                 .job = row->job,
                                 .seq = row->seq,
                                 .status = row->status,
                                 .outcome = row->outcome,
                                 .planned = row->planned,
                                 .duration_us = row->duration_us,
                                 .attempts = row->attempts,
                                 .cached = row->cached,
                                 .audited = row->audited};
    enum err err = file->file && file->worker && file->message ? copy_tests(file, row) : ERR_MEMORY;
    if (err == ERR_OK) {
        err = results_add(&report->results, &file);
    }
    file_result_free(&file);
    return err;
}

static void take_totals(struct report *report, const struct ledger_run *run)
{
    const struct ledger_sums *files = &run->totals.files;
    const struct ledger_sums *tests = &run->totals.tests;
    report->workers = run->submit.workers;
    report->wall_ms = run->wall_ms;
    report->totals = (struct run_totals){.verdict = run->totals.verdict,
                                         .wall_ms = run->wall_ms,
                                         .cpu_us = run->totals.cpu_us,
                                         .slot_us = run->slot_us,
                                         .usd = run->usd,
                                         .budget = run->budget,
                                         .files_planned = files->planned,
                                         .files_done = files->planned - files->lost,
                                         .files_lost = files->lost,
                                         .files_not_affected = run->files_not_affected,
                                         .files_cached = run->files_cached,
                                         .files_audited = run->files_audited,
                                         .tests_planned = tests->planned,
                                         .tests_passed = tests->passed,
                                         .tests_failed = tests->failed,
                                         .tests_skipped = tests->skipped,
                                         .tests_flaky = tests->flaky,
                                         .tests_lost = tests->lost};
    (void)snprintf(report->totals.runner, sizeof report->totals.runner, "%s %s",
                   run->listing.runner.at, run->listing.version.at);
    (void)snprintf(report->totals.reason, sizeof report->totals.reason, "%.4096s", run->reason.at);
    (void)snprintf(report->totals.note, sizeof report->totals.note, "%.4096s", run->note.at);
}

static enum err read_run(struct store_reader *reader, const char *run, struct report *report)
{
    const struct ledger_limits limits = {.files_max = PAGE_FILES, .bytes_max = PAGE_BYTES};
    uint64_t seq = 0;
    bool more = true;
    enum err err = ERR_OK;
    while (more && err == ERR_OK) {
        struct ledger_page *page = NULL;
        err = ledger_rows_after(store_reader_txn(reader), msg_str(run), seq, limits, &page);
        if (err != ERR_OK) {
            break;
        }
        for (size_t i = 0; i < page->count && err == ERR_OK; i++) {
            err = add_row(report, &page->rows[i]);
        }
        take_totals(report, &page->run);
        seq = page->seq;
        more = page->more;
        ledger_page_free(&page);
    }
    return err;
}

static void show_files(const struct style *style, const struct report *report)
{
    for (size_t i = 0; i < report->results.count; i++) {
        report_file(stdout, style, report->results.files[i]);
    }
}

static int show_run(struct invocation *invocation, struct store_reader *reader, const char *word)
{
    char run[ULID_SIZE + 1];
    int code = history_find(reader, word, run);
    if (code != EXIT_DONE) {
        return code;
    }
    struct report *report = calloc(1, sizeof *report);
    enum err err = report ? read_run(reader, run, report) : ERR_MEMORY;
    err = err == ERR_OK ? run_read_findings(reader, run, &report->findings) : err;
    if (err == ERR_OK) {
        const struct style style = {.color = invocation->color,
                                    .utf8 = paint_utf8(),
                                    .quiet = invocation->quiet,
                                    .verbose = invocation->verbose};
        report->run = run;
        results_sort(&report->results);
        if (invocation->json) {
            err = report_json(stdout, report);
        } else {
            show_files(&style, report);
            report_summary(stdout, &style, report);
        }
    }
    if (err == ERR_NOT_FOUND) {
        code = complainf(EXIT_COULD_NOT, "troupe runs list shows them.", "there is no run %s", run);
    } else if (err != ERR_OK) {
        code = complain(EXIT_COULD_NOT, err_text(err), NULL);
    }
    if (report) {
        results_fini(&report->results);
        findings_fini(&report->findings);
    }
    free(report);
    return code;
}

/* ---- why ---- */

static const char sql_why[] =
    "SELECT run.affected, run.files_named AND NOT run.keyed, run.listed, named.why,"
    " EXISTS (SELECT 1 FROM job WHERE job.run = run.no AND job.file = ?2),"
    " (SELECT max(cached) + 2 * max(audited) FROM job WHERE job.run = run.no AND job.file = ?2)"
    " FROM run LEFT JOIN named ON named.run = run.no AND named.file = ?2 WHERE run.id = ?1";

struct reason {
    bool chosen;
    char text[MSG_MAX_run_file_why + 64];
};

static void find_reason(const struct store_rows *rows, struct reason *reason)
{
    bool affected = store_column_u64(rows, 0) != 0;
    bool named = store_column_u64(rows, 1) != 0;
    bool listed = store_column_u64(rows, 2) != 0;
    const char *why = store_column_text(rows, 3).at;
    reason->chosen = store_column_u64(rows, 4) != 0;
    uint64_t left_out = store_column_u64(rows, 5);
    if (left_out == 1) {
        (void)snprintf(reason->text, sizeof reason->text,
                       "not run: it has passed with the same inputs");
    } else if (left_out >= 2) {
        (void)snprintf(reason->text, sizeof reason->text,
                       "for the audit: it could have been left out");
    } else if (!listed && (affected || !named)) {
        (void)snprintf(reason->text, sizeof reason->text, "the runner has not listed its files");
    } else if (affected && reason->chosen) {
        (void)snprintf(reason->text, sizeof reason->text, "affected: %s", why);
    } else if (affected && why && why[0]) {
        (void)snprintf(reason->text, sizeof reason->text,
                       "affected, but the runner does not list it: %s", why);
    } else if (affected) {
        (void)snprintf(reason->text, sizeof reason->text,
                       "no change reaches it, or the runner does not list it");
    } else if (named) {
        (void)snprintf(reason->text, sizeof reason->text, "%s by --files-from",
                       reason->chosen ? "named" : "not named");
    } else {
        (void)snprintf(reason->text, sizeof reason->text, "%s by the runner",
                       reason->chosen ? "listed" : "not listed");
    }
}

static int show_why(struct invocation *invocation, struct store_reader *reader)
{
    char run[ULID_SIZE + 1];
    const char *file = invocation->words[2];
    int code = history_find(reader, invocation->words[1], run);
    if (code != EXIT_DONE) {
        return code;
    }
    struct reason reason = {.text = ""};
    struct store_rows rows;
    store_query(store_reader_txn(reader), sql_why,
                STORE_WITH(store_text(msg_str(run)), store_text(msg_str(file))), &rows);
    bool found = store_next(&rows);
    if (found) {
        find_reason(&rows, &reason);
    }
    enum err err = store_rows_end(&rows);
    if (err != ERR_OK || !found) {
        return err != ERR_OK ? complain(EXIT_COULD_NOT, err_text(err), NULL)
                             : complainf(EXIT_COULD_NOT, "troupe runs list shows them.",
                                         "there is no run %s", run);
    }
    if (invocation->json) {
        err = json_why(stdout, run, file, reason.chosen, reason.text);
    } else {
        report_name(stdout, reason.text);
        (void)putchar('\n');
    }
    return err == ERR_OK ? EXIT_DONE : complain(EXIT_COULD_NOT, err_text(err), NULL);
}

int command_runs(struct invocation *invocation)
{
    const char *word = invocation->words_count > 0 ? invocation->words[0] : "";
    bool list = strcmp(word, "list") == 0 && invocation->words_count == 1;
    bool show = strcmp(word, "show") == 0 && invocation->words_count == 2;
    bool why = strcmp(word, "why") == 0 && invocation->words_count == 3;
    if (!list && !show && !why) {
        return complain(EXIT_USAGE,
                        "say troupe runs list, troupe runs show RUN or troupe runs why RUN FILE",
                        "`last` is the newest.");
    }
    size_t limit = 0;
    struct store_reader *reader = NULL;
    int code = list_limit(invocation, &limit);
    if (code == EXIT_DONE && !list) {
        code = history_check(invocation->words[1]);
    }
    if (code == EXIT_DONE) {
        code = history_open(invocation, &reader);
    }
    if (code != EXIT_DONE) {
        return code;
    }
    code = list   ? list_runs(invocation, reader, limit)
           : show ? show_run(invocation, reader, invocation->words[1])
                  : show_why(invocation, reader);
    store_reader_close(&reader);
    return code;
}
