/* report_junit.c - JUnit XML, as Jenkins and its kin read it. */
#include <inttypes.h>

#include "actors/common/ulid.h"
#include "actors/gateway/text.h"
#include "tools/report.h"

enum { NAME_MAX_BYTES = 8192, MESSAGE_MAX = 16384, SHORT_MAX = 300 };

static void put_attribute(struct text *out, const char *name, const char *value, size_t max)
{
    text_add(out, " %s=\"", name);
    text_html(out, msg_str(value), max);
    text_add(out, "\"");
}

static void put_time(struct text *out, uint64_t us)
{
    text_add(out, " time=\"%" PRIu64 ".%03" PRIu64 "\"", us / 1000000, us / 1000 % 1000);
}

/* The lines of a message, each by itself: text_html makes one line of what it is given. */
static void put_lines(struct text *out, const char *message)
{
    size_t left = MESSAGE_MAX;
    while (*message && left > 0) {
        size_t size = strcspn(message, "\n");
        size_t shown = size < left ? size : left;
        text_html(out, (struct msg_str){message, (uint32_t)shown}, shown);
        left -= shown;
        message += size;
        if (*message == '\n') {
            text_add(out, "\n");
            message++;
        }
    }
}

static void put_problem(struct text *out, const char *element, const char *type,
                        const char *message)
{
    text_add(out, "<%s", element);
    put_attribute(out, "type", type, SHORT_MAX);
    const char *first = message + strspn(message, "\n ");
    text_add(out, " message=\"");
    text_html(out, (struct msg_str){first, (uint32_t)strcspn(first, "\n")}, SHORT_MAX);
    text_add(out, "\">");
    put_lines(out, message);
    text_add(out, "</%s>", element);
}

static void put_case(struct text *out, const struct file_result *file,
                     const struct test_result *test)
{
    text_add(out, "    <testcase");
    put_attribute(out, "name", test->name[0] ? test->name : REPORT_FILE_ITSELF, NAME_MAX_BYTES);
    put_attribute(out, "classname", file->file, NAME_MAX_BYTES);
    put_time(out, test->duration_us);
    text_add(out, ">");
    switch (test->status) {
    case TERM_status_PASSED:
        if (file->cached) {
            text_add(out, "<system-out>cached: passed in an earlier run with the same inputs"
                          "</system-out>");
        }
        break;
    case TERM_status_SKIPPED:
        text_add(out, "<skipped/>");
        break;
    case TERM_status_FAILED:
        put_problem(out, "failure", "failed", test->message[0] ? test->message : file->message);
        break;
    case TERM_status_FLAKY:
        text_add(out, "<system-out>flaky: passed in attempt %" PRIu64 "</system-out>",
                 file->attempts);
        break;
    default:
        put_problem(out, "error", term_word("status", test->status),
                    test->message[0] ? test->message : file->message);
        break;
    }
    text_add(out, "</testcase>\n");
}

struct counts {
    uint64_t tests, failures, errors, skipped;
};

static void count(struct counts *counts, enum term status)
{
    counts->tests++;
    counts->failures += status == TERM_status_FAILED;
    counts->skipped += status == TERM_status_SKIPPED;
    counts->errors += status == TERM_status_LOST;
}

/* A row for the file itself beside those of its tests. */
static bool file_row(const struct file_result *file, struct test_result *ret_row)
{
    bool lost = file->status == TERM_status_LOST;
    bool failed = file->count == 0 && file->status == TERM_status_FAILED;
    *ret_row = (struct test_result){.name = (char[]){""},
                                    .message = file->message,
                                    .status = file->status,
                                    .duration_us = lost ? 0 : file->duration_us};
    if (lost && !file->message[0]) {
        static char unknown[] = "no complete result";
        ret_row->message = unknown;
    }
    return lost || failed;
}

static struct counts count_file(const struct file_result *file)
{
    struct counts counts = {0};
    struct test_result row;
    for (size_t i = 0; i < file->count; i++) {
        count(&counts, file->tests[i].status);
    }
    if (file_row(file, &row)) {
        count(&counts, row.status);
    }
    return counts;
}

static void put_suite(struct text *out, const struct file_result *file)
{
    struct counts counts = count_file(file);
    struct test_result row;
    text_add(out, "  <testsuite");
    put_attribute(out, "name", file->file, NAME_MAX_BYTES);
    text_add(out,
             " tests=\"%" PRIu64 "\" failures=\"%" PRIu64 "\" errors=\"%" PRIu64
             "\" skipped=\"%" PRIu64 "\"",
             counts.tests, counts.failures, counts.errors, counts.skipped);
    put_time(out, file->duration_us);
    put_attribute(out, "hostname", file->worker, SHORT_MAX);
    text_add(out, ">\n");
    for (size_t i = 0; i < file->count; i++) {
        put_case(out, file, &file->tests[i]);
    }
    if (file_row(file, &row)) {
        put_case(out, file, &row);
    }
    text_add(out, "  </testsuite>\n");
}

void report_junit(struct text *out, const struct report *report)
{
    struct counts all = {0};
    for (size_t i = 0; i < report->results.count; i++) {
        struct counts counts = count_file(report->results.files[i]);
        all.tests += counts.tests;
        all.failures += counts.failures;
        all.errors += counts.errors;
    }
    /* A run that could judge nothing must not read as one without failures. */
    bool error = report->totals.verdict != TERM_verdict_PASSED &&
                 report->totals.verdict != TERM_verdict_FAILED;
    text_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    put_attribute(out, "name", report->run, SHORT_MAX);
    text_add(out, " tests=\"%" PRIu64 "\" failures=\"%" PRIu64 "\" errors=\"%" PRIu64 "\"",
             all.tests + error, all.failures, all.errors + error);
    put_time(out, report->wall_ms * 1000);
    text_add(out, ">\n");
    for (size_t i = 0; i < report->results.count; i++) {
        put_suite(out, report->results.files[i]);
    }
    if (error) {
        text_add(out, "  <testsuite name=\"run\" tests=\"1\" failures=\"0\" errors=\"1\""
                      " skipped=\"0\"><testcase name=\"(the run itself)\">");
        put_problem(out, "error", term_word("verdict", report->totals.verdict),
                    report->totals.reason);
        text_add(out, "</testcase></testsuite>\n");
    }
    text_add(out, "</testsuites>\n");
}
