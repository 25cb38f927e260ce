/* report_markdown.c - a run on the page of a step at GitHub. */
#include <inttypes.h>

#include "actors/gateway/text.h"
#include "tools/report.h"

enum { FAILURES_MAX = 25, NAME_MAX_BYTES = 300, MESSAGE_MAX = 4000, DIFF_MAX = 8000 };

static void put_failure(struct text *out, const struct failure *failure)
{
    text_add(out, "\n**");
    text_code(out, msg_str(failure->test[0] ? failure->test : REPORT_FILE_ITSELF), NAME_MAX_BYTES);
    text_add(out, "** in ");
    text_code(out, msg_str(failure->file->file), NAME_MAX_BYTES);
    if (failure->line > 0) {
        text_add(out, " line %" PRIu64, failure->line);
    }
    if (failure->file->status == TERM_status_LOST && !failure->test[0]) {
        text_add(out, " (lost)");
    }
    const struct finding *finding = failure->finding;
    if (finding && finding->row->occurrences > 1) {
        text_add(out, ", one of %" PRIu64 " with this cause", finding->row->occurrences);
    }
    text_add(out, "\n\n");
    text_fence(out, "", msg_str(failure->message), MESSAGE_MAX);
    if (finding && finding->fix && finding->fix->diff.size > 0) {
        text_add(out, "\nFix %s:\n\n", term_word("fix", (enum term)finding->fix->status));
        text_fence(out, "diff", finding->fix->diff, DIFF_MAX);
    }
    if (finding && finding->heal && finding->heal->diff.size > 0) {
        text_add(out, "\nHeal %s:\n\n", term_word("heal", (enum term)finding->heal->status));
        text_fence(out, "diff", finding->heal->diff, DIFF_MAX);
    }
}

static void put_failures(struct text *out, const struct report *report)
{
    uint64_t count = 0;
    struct failure failure;
    for (size_t i = 0; i < report->results.count; i++) {
        const struct file_result *file = report->results.files[i];
        for (size_t at = 0; report_next_failure(file, &report->findings, &at, &failure);) {
            if (++count == 1) {
                text_add(out, "\n### Failed and lost\n");
            }
            if (count <= FAILURES_MAX) {
                put_failure(out, &failure);
            }
        }
    }
    if (count > FAILURES_MAX) {
        text_add(out, "\nand %" PRIu64 " more\n", count - FAILURES_MAX);
    }
}

void report_markdown(struct text *out, const struct report *report)
{
    const struct run_totals *totals = &report->totals;
    struct file_counts files = report_count_files(&report->results);
    char wall[DURATION_SIZE];
    text_add(out, "## Troupe: %s\n\n", term_word("verdict", totals->verdict));
    if (totals->budget != BUDGET_OPEN) {
        text_add(out, "Budget: %s.\n\n", budget_text(totals->budget));
    }
    if (totals->reason[0]) {
        text_fence(out, "", msg_str(totals->reason), MESSAGE_MAX);
        text_add(out, "\n");
    }
    text_add(out, "| | planned | passed | failed | skipped | flaky | lost |\n"
                  "|---|--:|--:|--:|--:|--:|--:|\n");
    text_add(out,
             "| tests | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " | %" PRIu64
             " | %" PRIu64 " |\n",
             totals->tests_planned, totals->tests_passed, totals->tests_failed,
             totals->tests_skipped, totals->tests_flaky, totals->tests_lost);
    text_add(out,
             "| files | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " | %" PRIu64
             " | %" PRIu64 " |\n",
             totals->files_planned, files.passed, files.failed, files.skipped, files.flaky,
             files.lost);
    text_add(out, "\n%s, %" PRIu64 " %s, run `%s`\n", report_duration(report->wall_ms * 1000, wall),
             report->workers, report->workers == 1 ? "worker" : "workers", report->run);
    char left_out[REPORT_LEFT_OUT_SIZE];
    if (report_left_out(totals, left_out)) {
        text_add(out, "\nFiles left out: %s\n", left_out);
    }
    if (totals->note[0]) {
        text_add(out, "\n");
        text_fence(out, "", msg_str(totals->note), MESSAGE_MAX);
    }
    put_failures(out, report);
}
