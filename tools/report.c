/* report.c - a run for people. */
#include "tools/report.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/paint.h"

enum {
    FAILURES_MAX = 25, /* shown in full at the end */
    MESSAGE_LINES_MAX = 12,
    LOST_MAX = 25,
    SLOWEST = 3,
    SLOW_US = 1000000 /* faster files are nobody's worry */
};

/* ---- small things ---- */

const char *report_duration(uint64_t us, char text[DURATION_SIZE])
{
    double seconds = (double)us / 1e6;
    if (us < 1000000) {
        (void)snprintf(text, DURATION_SIZE, "%" PRIu64 " ms", us / 1000);
    } else if (us < UINT64_C(100) * 1000000) {
        (void)snprintf(text, DURATION_SIZE, "%.2f s", seconds);
    } else {
        uint64_t whole = us / 1000000;
        (void)snprintf(text, DURATION_SIZE, "%" PRIu64 " min %02" PRIu64 " s", whole / 60,
                       whole % 60);
    }
    return text;
}

/* Where an escape sequence that begins here ends. */
static const char *skip_escape(const char *at)
{
    at++;
    if (*at == '[') {
        at++;
        while (*at && (unsigned char)*at < 0x40) {
            at++;
        }
        return *at ? at + 1 : at;
    }
    if (*at == ']') {
        while (*at && *at != '\a' && *at != '\x1b') {
            at++;
        }
        return *at == '\a' ? at + 1 : at;
    }
    return *at ? at + 1 : at;
}

/* Prints a line of somebody else's, what is not for the eye left out.  Where a log is read by a
 * service, "::" at the beginning of a line or "##[" in it are commands to that: a space parts them.
 */
static const char *put_line(FILE *out, const char *at)
{
    char before[2] = {0}; /* what was printed last, the latest first */
    size_t marks = 0;     /* printed, not counting spaces */
    while (*at && *at != '\n') {
        unsigned char c = (unsigned char)*at;
        if (c == 0x1b) {
            at = skip_escape(at);
            continue;
        }
        at++;
        if ((c < 32 && c != '\t') || c == 127) {
            continue;
        }
        if ((c == ':' && before[0] == ':' && marks == 1) ||
            (c == '[' && before[0] == '#' && before[1] == '#')) {
            (void)fputc(' ', out);
        }
        (void)fputc(c, out);
        before[1] = before[0];
        before[0] = (char)c;
        marks += c != ' ' && c != '\t';
    }
    return at;
}

void report_text(FILE *out, const char *text, size_t lines_max, const char *indent)
{
    while (*text == '\n') {
        text++;
    }
    for (size_t i = 0; *text; i++) {
        if (i == lines_max) {
            (void)fprintf(out, "%s...\n", indent);
            return;
        }
        (void)fputs(indent, out);
        text = put_line(out, text);
        (void)fputc('\n', out);
        text += *text == '\n';
    }
}

void report_name(FILE *out, const char *text)
{
    while (*text) {
        text = put_line(out, text);
        if (*text == '\n') {
            (void)fputc(' ', out);
            text++;
        }
    }
}

static uint64_t count_tests(const struct file_result *file, enum term status)
{
    uint64_t count = 0;
    for (size_t i = 0; i < file->count; i++) {
        count += file->tests[i].status == status && file->tests[i].name[0];
    }
    return count;
}

struct file_counts report_count_files(const struct results *results)
{
    struct file_counts counts = {0};
    for (size_t i = 0; i < results->count; i++) {
        switch (results->files[i]->status) {
        case TERM_status_PASSED:
            counts.passed++;
            break;
        case TERM_status_FAILED:
            counts.failed++;
            break;
        case TERM_status_SKIPPED:
            counts.skipped++;
            break;
        case TERM_status_FLAKY:
            counts.flaky++;
            break;
        default:
            counts.lost++;
            break;
        }
    }
    return counts;
}

/* ---- a file ---- */

struct look {
    const char *sign;
    const char *plain;
    enum paint paint;
};

static struct look look_of(enum term status)
{
    switch (status) {
    case TERM_status_PASSED:
        return (struct look){"✓", "pass", PAINT_GREEN};
    case TERM_status_FAILED:
        return (struct look){"✗", "FAIL", PAINT_RED};
    case TERM_status_SKIPPED:
        return (struct look){"-", "skip", PAINT_DIM};
    case TERM_status_FLAKY:
        return (struct look){"~", "flaky", PAINT_YELLOW};
    default:
        return (struct look){"?", "LOST", PAINT_RED};
    }
}

static void put_sign(FILE *out, const struct style *style, enum term status)
{
    struct look look = look_of(status);
    if (style->utf8) {
        (void)fprintf(out, "%s%s%s", paint(style->color, look.paint), look.sign,
                      paint(style->color, PAINT_RESET));
    } else {
        (void)fprintf(out, "%s%-5s%s", paint(style->color, look.paint), look.plain,
                      paint(style->color, PAINT_RESET));
    }
}

static void put_first_line(FILE *out, const struct style *style, const char *text)
{
    while (*text == '\n' || *text == ' ') {
        text++;
    }
    if (*text) {
        (void)fprintf(out, "      %s", paint(style->color, PAINT_DIM));
        (void)put_line(out, text);
        (void)fprintf(out, "%s\n", paint(style->color, PAINT_RESET));
    }
}

void report_file(FILE *out, const struct style *style, const struct file_result *file)
{
    char duration[DURATION_SIZE];
    uint64_t failed = count_tests(file, TERM_status_FAILED);
    put_sign(out, style, file->status);
    (void)fputc(' ', out);
    report_name(out, file->file);
    (void)fprintf(out, "%s  %" PRIu64 " %s", paint(style->color, PAINT_DIM), file->planned,
                  file->planned == 1 ? "test" : "tests");
    if (failed > 0) {
        (void)fprintf(out, ", %" PRIu64 " failed", failed);
    }
    (void)fprintf(out, ", %s%s", report_duration(file->duration_us, duration),
                  paint(style->color, PAINT_RESET));
    if (file->cached || file->audited) {
        (void)fprintf(out, "%s, %s%s", paint(style->color, PAINT_DIM),
                      file->cached ? "cached" : "audit", paint(style->color, PAINT_RESET));
    }
    if (file->attempts > 1) {
        (void)fprintf(out, "%s, attempt %" PRIu64 "%s", paint(style->color, PAINT_YELLOW),
                      file->attempts, paint(style->color, PAINT_RESET));
    }
    (void)fputc('\n', out);
    if (file->status == TERM_status_LOST) {
        (void)fprintf(out, "      %slost: %s%s\n", paint(style->color, PAINT_RED),
                      term_word("outcome", file->outcome), paint(style->color, PAINT_RESET));
    }
    for (size_t i = 0; i < file->count; i++) {
        if (file->tests[i].status != TERM_status_FAILED) {
            continue;
        }
        if (file->tests[i].name[0]) {
            (void)fprintf(out, "    %s", paint(style->color, PAINT_RED));
            report_name(out, file->tests[i].name);
            (void)fprintf(out, "%s\n", paint(style->color, PAINT_RESET));
        }
        put_first_line(out, style, file->tests[i].message);
    }
    put_first_line(out, style, file->message);
}

/* ---- the summary ---- */

void report_heading(FILE *out, const struct style *style, const char *text)
{
    (void)fprintf(out, "\n%s%s%s\n", paint(style->color, PAINT_BOLD), text,
                  paint(style->color, PAINT_RESET));
}

/* Causes that were shown with their text. */
struct causes {
    const struct findings *findings;
    uint64_t shown[FAILURES_MAX];
    size_t count; /* of failures */
};

/* Whether a failure with this cause stands above. */
static bool is_again(struct causes *causes, uint64_t cause)
{
    for (size_t i = 0; cause != 0 && i + 1 < causes->count; i++) {
        if (causes->shown[i] == cause) {
            return true;
        }
    }
    causes->shown[causes->count - 1] = cause;
    return false;
}

static void show_failed_test(FILE *out, const struct style *style, const struct file_result *file,
                             const struct test_result *test, bool again)
{
    (void)fprintf(out, "\n  %s", paint(style->color, PAINT_RED));
    report_name(out, test->name[0] ? test->name : "(the file itself)");
    (void)fprintf(out, "%s\n  %s", paint(style->color, PAINT_RESET),
                  paint(style->color, PAINT_CYAN));
    report_name(out, file->file);
    if (test->line > 0) {
        (void)fprintf(out, ":%" PRIu64, test->line);
        if (test->column > 0) {
            (void)fprintf(out, ":%" PRIu64, test->column);
        }
    }
    (void)fprintf(out, "%s\n", paint(style->color, PAINT_RESET));
    if (again) {
        (void)fprintf(out, "    %sthe same cause as above%s\n", paint(style->color, PAINT_DIM),
                      paint(style->color, PAINT_RESET));
    }
    report_text(out, test->message[0] ? test->message : file->message,
                again ? 1 : MESSAGE_LINES_MAX, "    ");
}

/* A file that failed though none of its tests did. */
static bool failed_itself(const struct file_result *file)
{
    if (file->status != TERM_status_FAILED) {
        return false;
    }
    for (size_t i = 0; i < file->count; i++) {
        if (file->tests[i].status == TERM_status_FAILED) {
            return false;
        }
    }
    return true;
}

/* Those of one file; beyond FAILURES_MAX of all they are only counted. */
static void show_failures_of(FILE *out, const struct style *style, const struct file_result *file,
                             struct causes *causes)
{
    const struct test_result itself = {.name = (char[]){""}, .message = file->message};
    for (size_t i = 0; i <= file->count; i++) {
        const struct test_result *test = i < file->count ? &file->tests[i] : &itself;
        bool failed = i < file->count ? test->status == TERM_status_FAILED : failed_itself(file);
        if (!failed || ++causes->count > FAILURES_MAX) {
            continue;
        }
        if (causes->count == 1) {
            report_heading(out, style, "Failed");
        }
        const struct finding *finding = findings_find(causes->findings, file->job, test->name);
        show_failed_test(out, style, file, test, is_again(causes, finding_cause(finding)));
    }
}

static void show_failures(FILE *out, const struct style *style, const struct report *report)
{
    struct causes causes = {.findings = &report->findings};
    for (size_t i = 0; i < report->results.count; i++) {
        show_failures_of(out, style, report->results.files[i], &causes);
    }
    if (causes.count > FAILURES_MAX) {
        (void)fprintf(out, "\n  ... and %zu more: troupe errors list %s\n",
                      causes.count - FAILURES_MAX, report->run);
    }
}

static void show_lost(FILE *out, const struct style *style, const struct report *report)
{
    size_t count = 0;
    for (size_t i = 0; i < report->results.count; i++) {
        const struct file_result *file = report->results.files[i];
        if (file->status != TERM_status_LOST || count++ >= LOST_MAX) {
            continue;
        }
        if (count == 1) {
            report_heading(out, style, "Lost: no complete result");
            (void)fputc('\n', out);
        }
        (void)fprintf(out, "  %s", paint(style->color, PAINT_RED));
        report_name(out, file->file);
        (void)fprintf(out, "%s  %s after %" PRIu64 " %s, %zu of %" PRIu64 " tests reported\n",
                      paint(style->color, PAINT_RESET), term_word("outcome", file->outcome),
                      file->attempts, file->attempts == 1 ? "attempt" : "attempts", file->count,
                      file->planned);
        report_text(out, file->message, MESSAGE_LINES_MAX, "    ");
    }
    if (count > LOST_MAX) {
        (void)fprintf(out, "  ... and %zu more\n", count - LOST_MAX);
    }
}

static void show_slowest(FILE *out, const struct style *style, const struct results *results)
{
    const struct file_result *slowest[SLOWEST] = {NULL};
    for (size_t i = 0; i < results->count; i++) {
        const struct file_result *file = results->files[i];
        for (size_t j = 0; j < SLOWEST; j++) {
            if (!slowest[j] || file->duration_us > slowest[j]->duration_us) {
                memmove(&slowest[j + 1], &slowest[j], (SLOWEST - 1 - j) * sizeof slowest[0]);
                slowest[j] = file;
                break;
            }
        }
    }
    for (size_t j = 0; j < SLOWEST && results->count > SLOWEST; j++) {
        char duration[DURATION_SIZE];
        if (!slowest[j] || slowest[j]->duration_us < SLOW_US) {
            break;
        }
        (void)fprintf(out, "  %s%-9s%s", paint(style->color, PAINT_DIM), j == 0 ? "Slowest" : "",
                      paint(style->color, PAINT_RESET));
        (void)fprintf(out, "%8s  ", report_duration(slowest[j]->duration_us, duration));
        report_name(out, slowest[j]->file);
        (void)fputc('\n', out);
    }
}

static void put_count(FILE *out, const struct style *style, uint64_t count, enum term status)
{
    struct look look = look_of(status);
    bool painted = style->color && count > 0;
    (void)fprintf(out, "%s%" PRIu64 " %s%s", paint(painted, look.paint), count,
                  term_word("status", status), paint(painted, PAINT_RESET));
}

static void show_balance(FILE *out, const struct style *style, const char *what, uint64_t planned,
                         const struct file_counts *counts)
{
    (void)fprintf(out, "  %s%-9s%s%" PRIu64 " planned = ", paint(style->color, PAINT_DIM), what,
                  paint(style->color, PAINT_RESET), planned);
    put_count(out, style, counts->passed, TERM_status_PASSED);
    (void)fputs(" + ", out);
    put_count(out, style, counts->failed, TERM_status_FAILED);
    (void)fputs(" + ", out);
    put_count(out, style, counts->skipped, TERM_status_SKIPPED);
    (void)fputs(" + ", out);
    put_count(out, style, counts->flaky, TERM_status_FLAKY);
    (void)fputs(" + ", out);
    put_count(out, style, counts->lost, TERM_status_LOST);
    (void)fputc('\n', out);
}

static void show_verdict(FILE *out, const struct style *style, const struct report *report,
                         const struct file_counts *files)
{
    const struct run_totals *totals = &report->totals;
    static const struct {
        const char *word;
        enum paint paint;
    } looks[] = {
        [TERM_verdict_PASSED] = {" PASSED ", PAINT_GREEN_BLOCK},
        [TERM_verdict_FAILED] = {" FAILED ", PAINT_RED_BLOCK},
        [TERM_verdict_ERROR] = {" ERROR ", PAINT_RED_BLOCK},
        [TERM_verdict_CANCELLED] = {" CANCELLED ", PAINT_YELLOW_BLOCK},
        [TERM_verdict_TIMED_OUT] = {" TIMED OUT ", PAINT_YELLOW_BLOCK},
    };
    size_t verdict = totals->verdict;
    if (verdict == 0 || verdict >= sizeof looks / sizeof looks[0]) {
        return;
    }
    const char *word = looks[verdict].word;
    assert(word);
    (void)fputc('\n', out);
    if (style->color) {
        (void)fprintf(out, "%s%s%s ", paint(true, looks[verdict].paint), word,
                      paint(true, PAINT_RESET));
    } else {
        (void)fprintf(out, "%.*s:", (int)(strlen(word) - 2), word + 1);
    }
    if (totals->reason[0]) {
        (void)fputc(' ', out);
        report_name(out, totals->reason);
    } else if (files->failed + files->lost > 0) {
        (void)fprintf(out, " %" PRIu64 " failed %s in %" PRIu64 " %s", totals->tests_failed,
                      totals->tests_failed == 1 ? "test" : "tests", files->failed,
                      files->failed == 1 ? "file" : "files");
        if (files->lost > 0) {
            (void)fprintf(out, ", %" PRIu64 " %s lost", files->lost,
                          files->lost == 1 ? "file" : "files");
        }
    } else {
        (void)fprintf(out, " %" PRIu64 " %s in %" PRIu64 " %s", totals->tests_planned,
                      totals->tests_planned == 1 ? "test" : "tests", totals->files_planned,
                      totals->files_planned == 1 ? "file" : "files");
    }
    (void)fputs("\n\n", out);
}

static void show_time(FILE *out, const struct style *style, const struct report *report)
{
    char wall[DURATION_SIZE];
    char cpu[DURATION_SIZE];
    (void)fprintf(out, "  %s%-9s%s%s", paint(style->color, PAINT_DIM), "Time",
                  paint(style->color, PAINT_RESET), report_duration(report->wall_ms * 1000, wall));
    if (report->totals.cpu_us > 0) { /* a warm runner cannot tell whose time it was */
        (void)fprintf(out, ", %s of processor time", report_duration(report->totals.cpu_us, cpu));
    }
    if (report->workers > 0) {
        (void)fprintf(out, ", %" PRIu64 " %s", report->workers,
                      report->workers == 1 ? "worker" : "workers");
    }
    if (report->totals.runner[0] && report->totals.runner[0] != ' ') {
        (void)fputs(", ", out);
        report_name(out, report->totals.runner);
    }
    if (report->totals.usd > 0) {
        (void)fprintf(out, "\n  %s%-9s%s$%.6f for %s of slots", paint(style->color, PAINT_DIM),
                      "Cost", paint(style->color, PAINT_RESET), report->totals.usd,
                      report_duration(report->totals.slot_us, wall));
    }
    if (report->totals.budget != BUDGET_OPEN) {
        (void)fprintf(out, "\n  %s%-9s%s%s", paint(style->color, PAINT_YELLOW), "Budget",
                      paint(style->color, PAINT_RESET), budget_text(report->totals.budget));
    }
    (void)fprintf(out, "\n  %s%-9s%s%s  %s(again: troupe runs show, recount: troupe verify)%s\n",
                  paint(style->color, PAINT_DIM), "Run", paint(style->color, PAINT_RESET),
                  report->run, paint(style->color, PAINT_DIM), paint(style->color, PAINT_RESET));
}

/* What was left out, and what came of the sample of it. */
static void show_left_out(FILE *out, const struct style *style, const struct run_totals *totals)
{
    char text[REPORT_LEFT_OUT_SIZE];
    if (report_left_out(totals, text)) {
        (void)fprintf(out, "  %s%-9s%s%s\n", paint(style->color, PAINT_DIM), "Left out",
                      paint(style->color, PAINT_RESET), text);
    }
    if (totals->note[0]) {
        (void)fprintf(out, "  %s%-9s", paint(style->color, PAINT_YELLOW), "Audit");
        report_name(out, totals->note);
        (void)fprintf(out, "%s\n", paint(style->color, PAINT_RESET));
    }
}

bool report_left_out(const struct run_totals *totals, char text[REPORT_LEFT_OUT_SIZE])
{
    (void)snprintf(text, REPORT_LEFT_OUT_SIZE,
                   "%" PRIu64 " cached, %" PRIu64 " not affected; %" PRIu64
                   " that could have been were run all the same",
                   totals->files_cached, totals->files_not_affected, totals->files_audited);
    return totals->files_cached + totals->files_not_affected + totals->files_audited > 0;
}

void report_summary(FILE *out, const struct style *style, const struct report *report)
{
    const struct run_totals *totals = &report->totals;
    struct file_counts files = report_count_files(&report->results);
    if (!style->quiet) {
        show_failures(out, style, report);
        show_lost(out, style, report);
        report_remedies(out, style, &report->findings);
    }
    show_verdict(out, style, report, &files);
    if (style->quiet) {
        return;
    }
    struct file_counts tests = {totals->tests_passed, totals->tests_failed, totals->tests_skipped,
                                totals->tests_flaky, totals->tests_lost};
    show_balance(out, style, "Files", totals->files_planned, &files);
    show_balance(out, style, "Tests", totals->tests_planned, &tests);
    show_left_out(out, style, totals);
    show_slowest(out, style, &report->results);
    show_time(out, style, report);
}
