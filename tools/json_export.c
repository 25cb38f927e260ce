/* json_export.c - a run in formats of others: CTRF for dashboards, SARIF for code scanning. */
#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "actors/common/ulid.h"
#include "tools/json.h"
#include "tools/report.h"

enum { INDENT = 2 };

static json_int_t as_int(uint64_t number)
{
    return (json_int_t)number;
}

static enum err write_out(FILE *out, json_t *object, int bad)
{
    enum err err = !object || bad ? ERR_MEMORY : ERR_OK;
    if (err == ERR_OK &&
        (json_dumpf(object, out, JSON_INDENT(INDENT)) != 0 || fputc('\n', out) == EOF)) {
        err = ERR_IO;
    }
    json_decref(object);
    return err;
}

/* ---- CTRF ---- */

struct counts {
    uint64_t all, passed, failed, skipped, other, flaky;
};

static const char *ctrf_status(struct counts *counts, enum term status)
{
    counts->all++;
    switch (status) {
    case TERM_status_FLAKY:
        counts->flaky++;
        counts->passed++;
        return "passed";
    case TERM_status_PASSED:
        counts->passed++;
        return "passed";
    case TERM_status_FAILED:
        counts->failed++;
        return "failed";
    case TERM_status_SKIPPED:
        counts->skipped++;
        return "skipped";
    default:
        counts->other++;
        return "other";
    }
}

static int add_ctrf_test(json_t *tests, struct counts *counts, const struct file_result *file,
                         const struct test_result *test)
{
    const char *message = test->message[0] ? test->message : file->message;
    bool bad_one = test->status == TERM_status_FAILED || test->status == TERM_status_LOST;
    json_t *row = json_pack(
        "{s:o, s:s, s:s, s:I, s:[o], s:o, s:I, s:b, s:o}", "name",
        json_words(test->name[0] ? test->name : REPORT_FILE_ITSELF), "status",
        ctrf_status(counts, test->status), "rawStatus", term_word("status", test->status),
        "duration", as_int(test->duration_us / 1000), "suite", json_words(file->file), "filePath",
        json_words(file->file), "retries", as_int(file->attempts > 0 ? file->attempts - 1 : 0),
        "flaky", test->status == TERM_status_FLAKY, "threadId", json_words(file->worker));
    int bad = !row;
    if (bad_one && message[0]) {
        bad |= json_object_set_new(row, "message", json_words(message));
    }
    if (file->cached || file->audited) {
        bad |= json_object_set_new(row, "extra",
                                   json_pack("{s:b}", file->cached ? "cached" : "audited", true));
    }
    if (test->line > 0) {
        bad |= json_object_set_new(row, "line", json_integer(as_int(test->line)));
    }
    return json_array_append_new(tests, row) | bad;
}

static int add_ctrf_file(json_t *tests, struct counts *counts, const struct file_result *file)
{
    int bad = 0;
    for (size_t i = 0; i < file->count; i++) {
        bad |= add_ctrf_test(tests, counts, file, &file->tests[i]);
    }
    bool itself = file->status == TERM_status_LOST ||
                  (file->count == 0 && file->status == TERM_status_FAILED);
    if (itself) {
        struct test_result row = {
            .name = (char[]){""}, .message = file->message, .status = file->status};
        bad |= add_ctrf_test(tests, counts, file, &row);
    }
    return bad;
}

enum err report_ctrf(FILE *out, const struct report *report)
{
    json_t *tests = json_array();
    struct counts counts = {0};
    int bad = !tests;
    for (size_t i = 0; i < report->results.count && !bad; i++) {
        bad |= add_ctrf_file(tests, &counts, report->results.files[i]);
    }
    if (bad) {
        json_decref(tests);
        return ERR_MEMORY;
    }
    uint64_t start_ms = ulid_is_valid(report->run) ? ulid_wall_ms(report->run) : 0;
    json_t *summary =
        json_pack("{s:I, s:I, s:I, s:I, s:i, s:I, s:I, s:I, s:I, s:I}", "tests", as_int(counts.all),
                  "passed", as_int(counts.passed), "failed", as_int(counts.failed), "skipped",
                  as_int(counts.skipped), "pending", 0, "other", as_int(counts.other), "flaky",
                  as_int(counts.flaky), "suites", as_int(report->results.count), "start",
                  as_int(start_ms), "stop", as_int(start_ms + report->wall_ms));
    json_t *object = json_pack("{s:s, s:s, s:s, s:{s:{s:s}, s:o, s:o}}", "reportFormat", "CTRF",
                               "specVersion", "0.0.0", "generatedBy", "troupe", "results", "tool",
                               "name", "troupe", "summary", summary, "tests", tests);
    return write_out(out, object, 0);
}

/* ---- SARIF ---- */

/* A path as a relative URI: whatever is not plain is percent-encoded. */
static json_t *uri(const char *path)
{
    char *text = malloc(3 * strlen(path) + 1);
    if (!text) {
        return NULL;
    }
    size_t size = 0;
    for (; *path; path++) {
        unsigned char c = (unsigned char)*path;
        bool plain = c < 128 && (isalnum(c) || strchr("-._~/@+", c));
        if (plain) {
            text[size++] = (char)c;
        } else {
            size += (size_t)snprintf(text + size, 4, "%%%02X", c);
        }
    }
    json_t *value = json_stringn(text, size);
    free(text);
    return value;
}

static const char *rule_of(const struct failure *failure)
{
    if (failure->file->status == TERM_status_LOST && !failure->test[0]) {
        return "lost";
    }
    const struct finding *finding = failure->finding;
    return finding && finding->row->label ? term_word("label", (enum term)finding->row->label)
                                          : "failed";
}

static int add_sarif_result(json_t *results, const struct failure *failure)
{
    char id[ERROR_ID_SIZE];
    report_error_id(failure->file->file, failure->test, id);
    /* A region has a line, and lines count from 1. */
    uint64_t line = failure->line > 0 ? failure->line : 1;
    json_t *region = json_pack("{s:I}", "startLine", as_int(line));
    if (failure->line > 0 && failure->column > 0) {
        (void)json_object_set_new(region, "startColumn", /* said less precisely without memory */
                                  json_integer(as_int(failure->column)));
    }
    const char *test = failure->test[0] ? failure->test : REPORT_FILE_ITSELF;
    size_t size = strlen(test) + strlen(failure->message) + 3;
    char *message = malloc(size);
    if (message) {
        (void)snprintf(message, size, "%s\n%s", test, failure->message);
    }
    json_t *row = json_pack(
        "{s:s, s:s, s:{s:o}, s:[{s:{s:{s:o, s:s}, s:o}}], s:{s:s}}", "ruleId", rule_of(failure),
        "level", "error", "message", "text", message ? json_words(message) : NULL, "locations",
        "physicalLocation", "artifactLocation", "uri", uri(failure->file->file), "uriBaseId",
        "%SRCROOT%", "region", region, "partialFingerprints", "troupeError/v1", id);
    free(message);
    return json_array_append_new(results, row);
}

static json_t *sarif_rules(void)
{
    static const char *const rules[][2] = {{"failed", "A test failed."},
                                           {"lost", "A test file has no complete result."},
                                           {"typescript", "A type error."},
                                           {"react", "A failure of a component."},
                                           {"test", "A failure of the test itself."},
                                           {"general", "Another failure."}};
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof rules / sizeof rules[0] && list; i++) {
        if (json_array_append_new(list, json_pack("{s:s, s:{s:s}}", "id", rules[i][0],
                                                  "shortDescription", "text", rules[i][1]))) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

enum err report_sarif(FILE *out, const struct report *report)
{
    json_t *results = json_array();
    int bad = !results;
    struct failure failure;
    for (size_t i = 0; i < report->results.count && !bad; i++) {
        const struct file_result *file = report->results.files[i];
        for (size_t at = 0; report_next_failure(file, &report->findings, &at, &failure);) {
            bad |= add_sarif_result(results, &failure);
        }
    }
    if (bad) {
        json_decref(results);
        return ERR_MEMORY;
    }
    bool judged = report->totals.verdict == TERM_verdict_PASSED ||
                  report->totals.verdict == TERM_verdict_FAILED;
    json_t *object = json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:o}}, s:[{s:b}], s:o}]}", "$schema",
                               "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0",
                               "runs", "tool", "driver", "name", "Troupe", "rules", sarif_rules(),
                               "invocations", "executionSuccessful", judged, "results", results);
    return write_out(out, object, 0);
}
